//! The tensors of a pickle that PyTorch wrote: their names, and where their values lie.

use std::collections::{BTreeMap, BTreeSet};

use super::pickle::{Id, Object, Pickle};

/// The most tensors of a file, and the most places that are looked at for them.
const MAX_TENSORS: usize = 200_000;
const MAX_STEPS: usize = 4_000_000;
/// The deepest nesting of dictionaries and modules.
const MAX_DEPTH: usize = 64;

/// How a number is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dtype {
    F64,
    F32,
    F16,
    Bf16,
    I64,
    I32,
    I16,
    I8,
    U8,
    Bool,
}

impl Dtype {
    /// Bytes of a number.
    pub(super) const fn size(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::Bf16 | Self::I16 => 2,
            Self::I8 | Self::U8 | Self::Bool => 1,
        }
    }

    fn of_storage(class: &str) -> Option<Self> {
        Some(match class {
            "DoubleStorage" => Self::F64,
            "FloatStorage" => Self::F32,
            "HalfStorage" => Self::F16,
            "BFloat16Storage" => Self::Bf16,
            "LongStorage" => Self::I64,
            "IntStorage" => Self::I32,
            "ShortStorage" => Self::I16,
            "CharStorage" => Self::I8,
            "ByteStorage" => Self::U8,
            "BoolStorage" => Self::Bool,
            _ => return None,
        })
    }
}

/// A run of numbers of which tensors are parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Storage {
    /// What it is called in the file.
    pub(super) key: String,
    pub(super) dtype: Dtype,
    /// Numbers in it.
    pub(super) len: usize,
}

/// Where the values of a tensor lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) storage: Storage,
    /// Numbers before the first.
    pub(super) offset: usize,
    pub(super) shape: Vec<usize>,
    /// Numbers from one entry of each axis to the next.
    pub(super) strides: Vec<usize>,
}

impl Place {
    /// Values of the tensor.
    pub(super) fn len(&self) -> usize {
        self.shape.iter().product()
    }
}

/// The tensors of a pickle by name, and all storages that it names.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) tensors: BTreeMap<String, Place>,
    pub(super) storages: BTreeMap<String, Storage>,
}

/// What a pickle holds.
///
/// A saved module is read as its `state_dict` would be.
///
/// # Errors
/// When a tensor reaches out of its storage, or there are too many.
pub(super) fn named(pickle: &Pickle) -> Result<Contents, String> {
    let mut walk = Walk { pickle, tensors: BTreeMap::new(), steps: 0 };
    walk.visit(pickle.root(), "", 0)?;
    let storages = pickle.ids().filter_map(|id| storage(pickle, id));
    let storages = storages.map(|storage| (storage.key.clone(), storage)).collect();
    Ok(Contents { tensors: walk.tensors, storages })
}

struct Walk<'a> {
    pickle: &'a Pickle,
    tensors: BTreeMap<String, Place>,
    steps: usize,
}

impl Walk<'_> {
    fn visit(&mut self, id: Id, name: &str, depth: usize) -> Result<(), String> {
        self.steps += 1;
        if self.steps > MAX_STEPS || self.tensors.len() > MAX_TENSORS {
            return Err("more entries than a checkpoint has".to_owned());
        }
        if depth > MAX_DEPTH {
            return Ok(());
        }
        let pickle = self.pickle;
        match pickle.get(id) {
            Object::Dict(entries) => {
                let mut known = BTreeSet::new();
                // The last of several entries of one key counts.
                for (key, value) in entries.iter().rev() {
                    let key = match pickle.get(*key) {
                        Object::Text(text) => text.clone(),
                        Object::Int(number) => number.to_string(),
                        _ => continue,
                    };
                    if known.insert(key.clone()) {
                        self.visit(*value, &joined(name, &key), depth + 1)?;
                    }
                }
            }
            Object::List(entries) => {
                for (index, entry) in entries.iter().enumerate() {
                    self.visit(*entry, &joined(name, &index.to_string()), depth + 1)?;
                }
            }
            Object::Instance(Some(state)) => {
                for part in ["_parameters", "_buffers", "_modules"] {
                    if let Some(part) = pickle.entry(*state, part) {
                        self.visit(part, name, depth + 1)?;
                    }
                }
            }
            Object::Call(called, arguments) => {
                if let Some(place) = tensor(pickle, *called, *arguments)? {
                    self.tensors.insert(name.to_owned(), place);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn joined(before: &str, name: &str) -> String {
    if before.is_empty() { name.to_owned() } else { format!("{before}.{name}") }
}

/// The tensor that a call would rebuild, if it is such a call.
fn tensor(pickle: &Pickle, called: Id, arguments: Id) -> Result<Option<Place>, String> {
    let (mut called, mut arguments) = (called, arguments);
    for _ in 0..MAX_DEPTH {
        let Object::Global(module, function) = pickle.get(called) else { return Ok(None) };
        let Some(given) = pickle.list(arguments) else { return Ok(None) };
        match (module.as_str(), function.as_str(), given) {
            (
                "torch._utils",
                "_rebuild_tensor" | "_rebuild_tensor_v2" | "_rebuild_tensor_v3",
                &[storage, offset, shape, strides, ..],
            ) => return place(pickle, storage, offset, shape, strides).map(Some),
            // A parameter is what it holds.
            (
                "torch._utils",
                "_rebuild_parameter" | "_rebuild_parameter_with_state",
                &[inner, ..],
            ) => {
                let Object::Call(function, inner) = pickle.get(inner) else { return Ok(None) };
                (called, arguments) = (*function, *inner);
            }
            ("torch._tensor", "_rebuild_from_type_v2", &[function, _, inner, ..]) => {
                (called, arguments) = (function, inner);
            }
            _ => return Ok(None),
        }
    }
    Ok(None)
}

fn place(
    pickle: &Pickle,
    storage: Id,
    offset: Id,
    shape: Id,
    strides: Id,
) -> Result<Place, String> {
    let counts = |id: Id| -> Option<Vec<usize>> {
        pickle.list(id)?.iter().map(|&count| pickle.count(count)).collect()
    };
    let storage = self::storage(pickle, storage).ok_or("a tensor of no known kind of storage")?;
    let (Some(offset), Some(shape), Some(strides)) =
        (pickle.count(offset), counts(shape), counts(strides))
    else {
        return Err("a tensor whose shape is no list of whole numbers".to_owned());
    };
    if shape.len() != strides.len() {
        return Err(format!("a tensor of the shape {shape:?} with the strides {strides:?}"));
    }
    let len = shape.iter().try_fold(1usize, |len, &extent| len.checked_mul(extent));
    let mut last = Some(offset);
    for (&extent, &stride) in shape.iter().zip(&strides) {
        let reach = extent.saturating_sub(1).checked_mul(stride);
        last = last.zip(reach).and_then(|(last, reach)| last.checked_add(reach));
    }
    let fits = len == Some(0) || last.is_some_and(|last| last < storage.len);
    // Strides of zero would let a few bytes stand for any number of values.
    if !fits || len.is_none_or(|len| len > storage.len) {
        return Err(format!(
            "a tensor of the shape {shape:?} in a storage of {} numbers",
            storage.len
        ));
    }
    Ok(Place { storage, offset, shape, strides })
}

/// `("storage", <class of torch>, key, place, length)` that lies outside.
fn storage(pickle: &Pickle, id: Id) -> Option<Storage> {
    let Object::Outside(name) = pickle.get(id) else { return None };
    let &[kind, class, key, _, len, ..] = pickle.list(*name)? else { return None };
    let Object::Global(module, class) = pickle.get(class) else { return None };
    let is_torch = module == "torch" || module.starts_with("torch.");
    let dtype = Dtype::of_storage(class).filter(|_| is_torch)?;
    let key = pickle.text(key)?.to_owned();
    (pickle.text(kind) == Some("storage")).then_some(Storage {
        key,
        dtype,
        len: pickle.count(len)?,
    })
}
