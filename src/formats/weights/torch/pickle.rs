//! Python's pickles as a graph of plain objects. Nothing that a pickle names is looked up or run: a call is kept as the
//! name of what would be called with its arguments.
//!
//! Every opcode makes one small object at most and none is ever copied, so what a pickle takes is bounded by its
//! length, which is bounded itself.
//!
//! # Source
//! The opcodes: Python's `pickletools`, protocols 0 to 5.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read};

/// The longest pickle that is read, in bytes; real ones of thousands of tensors take a few hundred KiB.
const MAX_BYTES: u64 = 32 << 20;
/// The most opcodes in it.
const MAX_OPCODES: usize = 2_000_000;

/// The place of an object among those of its pickle.
pub(super) type Id = usize;

/// An object of a pickle.
#[derive(Debug, PartialEq)]
pub(super) enum Object {
    /// Nothing that matters here: none, floats, bytes, sets.
    Other,
    Bool(bool),
    Int(i64),
    Text(String),
    /// Lists and tuples.
    List(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// The module and the name of something that a program would import.
    Global(String, String),
    /// A call of the first with the second.
    Call(Id, Id),
    /// An instance of a class, with what it was told of its state.
    Instance(Option<Id>),
    /// What lies outside of the pickle, by this name.
    Outside(Id),
}

/// All objects of a pickle.
#[derive(Debug)]
pub(super) struct Pickle {
    objects: Vec<Object>,
    root: Id,
}

impl Pickle {
    /// Reads one pickle, up to its end.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(reader: &mut impl BufRead) -> Result<Self, String> {
        let mut limited = reader.take(MAX_BYTES);
        let read = Machine::default().run(&mut limited);
        match read {
            Err(_) if limited.limit() == 0 => {
                Err(format!("a pickle of more than {} MiB", MAX_BYTES >> 20))
            }
            other => other.map_err(|Wrong(what)| what),
        }
    }

    /// What the pickle stands for.
    pub(super) fn root(&self) -> Id {
        self.root
    }

    /// The places of all objects.
    pub(super) fn ids(&self) -> impl Iterator<Item = Id> + use<> {
        0..self.objects.len()
    }

    pub(super) fn get(&self, id: Id) -> &Object {
        &self.objects[id]
    }

    /// The text at a place, if it is one.
    pub(super) fn text(&self, id: Id) -> Option<&str> {
        match self.get(id) {
            Object::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number at a place, if it is one that is not negative.
    pub(super) fn count(&self, id: Id) -> Option<usize> {
        match self.get(id) {
            Object::Int(number) => usize::try_from(*number).ok(),
            _ => None,
        }
    }

    /// The entries of the list or tuple at a place, if it is one.
    pub(super) fn list(&self, id: Id) -> Option<&[Id]> {
        match self.get(id) {
            Object::List(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of a text key in the dictionary at a place.
    pub(super) fn entry(&self, id: Id, key: &str) -> Option<Id> {
        let Object::Dict(entries) = self.get(id) else { return None };
        entries.iter().find(|(name, _)| self.text(*name) == Some(key)).map(|(_, value)| *value)
    }
}

struct Wrong(String);

impl From<io::Error> for Wrong {
    fn from(error: io::Error) -> Self {
        Self(match error.kind() {
            io::ErrorKind::UnexpectedEof => "a pickle that breaks off".to_owned(),
            _ => error.to_string(),
        })
    }
}

fn wrong(what: impl Into<String>) -> Wrong {
    Wrong(what.into())
}

/// The stack machine that a pickle is written for, of which only the objects are made.
#[derive(Default)]
struct Machine {
    objects: Vec<Object>,
    stack: Vec<Id>,
    /// Where on the stack each open group begins.
    marks: Vec<usize>,
    memo: BTreeMap<u64, Id>,
}

impl Machine {
    fn run(mut self, reader: &mut impl BufRead) -> Result<Pickle, Wrong> {
        for _ in 0..MAX_OPCODES {
            let [opcode] = take(reader)?;
            if opcode == b'.' {
                let root = self.pop()?;
                return Ok(Pickle { objects: self.objects, root });
            }
            self.step(opcode, reader)?;
        }
        Err(wrong(format!("a pickle of more than {MAX_OPCODES} opcodes")))
    }

    fn step(&mut self, opcode: u8, reader: &mut impl BufRead) -> Result<(), Wrong> {
        match opcode {
            // Protocol and frame: they only announce.
            0x80 => drop(take::<1>(reader)?),
            0x95 => drop(take::<8>(reader)?),
            b'N' => self.push(Object::Other),
            0x88 => self.push(Object::Bool(true)),
            0x89 => self.push(Object::Bool(false)),
            b'K' => self.push(Object::Int(u8::from_le_bytes(take(reader)?).into())),
            b'M' => self.push(Object::Int(u16::from_le_bytes(take(reader)?).into())),
            b'J' => self.push(Object::Int(i32::from_le_bytes(take(reader)?).into())),
            0x8a | 0x8b => {
                let digits = sized(opcode, reader)?;
                self.push(long(&digits));
            }
            b'I' | b'L' => {
                let text = line(reader)?;
                self.push(match text.as_str() {
                    "01" => Object::Bool(true),
                    "00" => Object::Bool(false),
                    digits => {
                        digits.trim_end_matches('L').parse().map_or(Object::Other, Object::Int)
                    }
                });
            }
            b'G' => {
                take::<8>(reader)?;
                self.push(Object::Other);
            }
            b'F' => {
                line(reader)?;
                self.push(Object::Other);
            }
            b'S' => {
                let text = line(reader)?;
                let inner = text.trim_matches(['\'', '"']).to_owned();
                self.push(Object::Text(inner));
            }
            b'V' => {
                let text = line(reader)?;
                self.push(Object::Text(text));
            }
            b'U' | b'T' | b'X' | 0x8c | 0x8d => {
                let text = sized(opcode, reader)?;
                self.push(Object::Text(String::from_utf8_lossy(&text).into_owned()));
            }
            b'C' | b'B' | 0x8e | 0x96 => {
                sized(opcode, reader)?;
                self.push(Object::Other);
            }
            b'h' => self.recall(u8::from_le_bytes(take(reader)?).into())?,
            b'j' => self.recall(u32::from_le_bytes(take(reader)?).into())?,
            b'g' => {
                let number = number(&line(reader)?)?;
                self.recall(number)?;
            }
            b'q' => self.remember(u8::from_le_bytes(take(reader)?).into())?,
            b'r' => self.remember(u32::from_le_bytes(take(reader)?).into())?,
            b'p' => {
                let number = number(&line(reader)?)?;
                self.remember(number)?;
            }
            0x94 => self.remember(self.memo.len() as u64)?,
            b'c' => {
                let (module, name) = (line(reader)?, line(reader)?);
                self.push(Object::Global(module, name));
            }
            b'P' => {
                let name = line(reader)?;
                self.push(Object::Text(name));
                let name = self.pop()?;
                self.push(Object::Outside(name));
            }
            b'i' => {
                line(reader)?;
                line(reader)?;
                self.group()?;
                self.push(Object::Instance(None));
            }
            other => self.rearrange(other)?,
        }
        Ok(())
    }

    /// The opcodes that have no argument of their own but what lies on the stack.
    fn rearrange(&mut self, opcode: u8) -> Result<(), Wrong> {
        match opcode {
            b'(' => self.marks.push(self.stack.len()),
            b'0' => {
                // A group that nothing was put into is dropped as a whole.
                if self.marks.last() == Some(&self.stack.len()) {
                    self.marks.pop();
                } else {
                    self.pop()?;
                }
            }
            // A group that is dropped, or put into a set.
            b'1' | 0x90 => drop(self.group()?),
            b'2' => self.stack.push(self.top()?),
            b')' | b']' => self.push(Object::List(Vec::new())),
            b'}' => self.push(Object::Dict(Vec::new())),
            0x8f => self.push(Object::Other),
            b't' | b'l' => {
                let entries = self.group()?;
                self.push(Object::List(entries));
            }
            0x85..=0x87 => {
                let len = usize::from(opcode - 0x84);
                let from = self.stack.len().checked_sub(len).ok_or_else(empty)?;
                self.guard(from)?;
                let entries = self.stack.split_off(from);
                self.push(Object::List(entries));
            }
            b'd' => {
                let entries = self.group()?;
                self.push(Object::Dict(pairs(&entries)?));
            }
            0x91 => {
                self.group()?;
                self.push(Object::Other);
            }
            b'a' => {
                let entry = self.pop()?;
                self.append(&[entry])?;
            }
            b'e' => {
                let entries = self.group()?;
                self.append(&entries)?;
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.set(&[(key, value)])?;
            }
            b'u' => {
                let entries = self.group()?;
                self.set(&pairs(&entries)?)?;
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let text = |id: Id| match &self.objects[id] {
                    Object::Text(text) => Ok(text.clone()),
                    _ => Err(wrong("a global whose name is no text")),
                };
                let global = Object::Global(text(module)?, text(name)?);
                self.push(global);
            }
            b'R' => {
                let (arguments, called) = (self.pop()?, self.pop()?);
                self.push(Object::Call(called, arguments));
            }
            0x81 => {
                self.pop()?;
                self.pop()?;
                self.push(Object::Instance(None));
            }
            0x92 => {
                for _ in 0..3 {
                    self.pop()?;
                }
                self.push(Object::Instance(None));
            }
            b'o' => {
                self.group()?;
                self.push(Object::Instance(None));
            }
            b'b' => {
                let state = self.pop()?;
                let built = self.top()?;
                if let Object::Instance(own) = &mut self.objects[built] {
                    *own = Some(state);
                }
            }
            b'Q' => {
                let name = self.pop()?;
                self.push(Object::Outside(name));
            }
            other => {
                return Err(wrong(format!("no pickle that can be read (a byte of {other:#04x})")));
            }
        }
        Ok(())
    }

    fn push(&mut self, object: Object) {
        self.stack.push(self.objects.len());
        self.objects.push(object);
    }

    /// What lies at the top belongs to the innermost group only as far down as its mark.
    fn guard(&self, from: usize) -> Result<(), Wrong> {
        let bottom = self.marks.last().copied().unwrap_or(0);
        (from >= bottom).then_some(()).ok_or_else(empty)
    }

    fn pop(&mut self) -> Result<Id, Wrong> {
        self.guard(self.stack.len().wrapping_sub(1))?;
        self.stack.pop().ok_or_else(empty)
    }

    fn top(&self) -> Result<Id, Wrong> {
        self.stack.last().copied().ok_or_else(empty)
    }

    /// All that was put onto the stack since the last mark.
    fn group(&mut self) -> Result<Vec<Id>, Wrong> {
        let from =
            self.marks.pop().ok_or_else(|| wrong("a pickle that ends a group it has not begun"))?;
        Ok(self.stack.split_off(from.min(self.stack.len())))
    }

    /// Adds to the list at the top; instances of list-like classes are not followed.
    fn append(&mut self, entries: &[Id]) -> Result<(), Wrong> {
        let list = self.top()?;
        if let Object::List(own) = &mut self.objects[list] {
            own.extend_from_slice(entries);
        }
        Ok(())
    }

    /// Adds to the dictionary at the top. One that is made by a call, as ordered ones are, becomes a plain one.
    fn set(&mut self, entries: &[(Id, Id)]) -> Result<(), Wrong> {
        let dict = self.top()?;
        match &mut self.objects[dict] {
            Object::Dict(own) => own.extend_from_slice(entries),
            made @ (Object::Call(..) | Object::Instance(_)) => {
                *made = Object::Dict(entries.to_vec());
            }
            _ => {}
        }
        Ok(())
    }

    fn recall(&mut self, number: u64) -> Result<(), Wrong> {
        let id = self.memo.get(&number).copied();
        self.stack.push(id.ok_or_else(|| wrong("a pickle that recalls what it has not kept"))?);
        Ok(())
    }

    fn remember(&mut self, number: u64) -> Result<(), Wrong> {
        let top = self.top()?;
        self.memo.insert(number, top);
        Ok(())
    }
}

fn empty() -> Wrong {
    wrong("a pickle that takes more than it has put down")
}

fn pairs(entries: &[Id]) -> Result<Vec<(Id, Id)>, Wrong> {
    let (pairs, rest) = entries.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(wrong("a key without a value"));
    }
    Ok(pairs.iter().map(|&[key, value]| (key, value)).collect())
}

/// A whole number of any length, least byte first; what is wider than 64 bits is nothing that matters here.
fn long(digits: &[u8]) -> Object {
    if digits.len() > 8 {
        return Object::Other;
    }
    let is_negative = digits.last().is_some_and(|last| last & 0x80 != 0);
    let mut wide = [if is_negative { 0xff } else { 0 }; 8];
    wide[..digits.len()].copy_from_slice(digits);
    Object::Int(i64::from_le_bytes(wide))
}

fn number(text: &str) -> Result<u64, Wrong> {
    text.parse().map_err(|error| wrong(format!("{text:?} as a number: {error}")))
}

fn take<const N: usize>(reader: &mut impl Read) -> Result<[u8; N], Wrong> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// The bytes behind an opcode that tells their number first; no more are kept ready for them than there are.
fn sized(opcode: u8, reader: &mut impl Read) -> Result<Vec<u8>, Wrong> {
    let len = match opcode {
        b'U' | b'C' | 0x8a | 0x8c => u8::from_le_bytes(take(reader)?).into(),
        b'T' | b'X' | b'B' | 0x8b => u32::from_le_bytes(take(reader)?).into(),
        _ => u64::from_le_bytes(take(reader)?),
    };
    let mut bytes = Vec::new();
    reader.take(len).read_to_end(&mut bytes)?;
    if (bytes.len() as u64) < len {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    Ok(bytes)
}

fn line(reader: &mut impl BufRead) -> Result<String, Wrong> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line)?;
    if line.pop() != Some(b'\n') {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    Ok(String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned())
}
