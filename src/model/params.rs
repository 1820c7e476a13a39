//! A module's parameters as plain named arrays, and back.
//!
//! Names are the module paths, layouts are PyTorch's: burn keeps a linear weight as `[in, out]`,
//! the arrays hold `[out, in]`.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};

use crate::array::{Array, NamedArrays};
pub use crate::array::{lies_under, prefixed, under, without};
use crate::random::{self, Purpose};

/// Named arrays do not fit a module.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamError {
    /// A parameter has no array.
    #[error("the tensor {name} of shape {expected:?} is missing")]
    Missing {
        /// The parameter's path.
        name: String,
        /// The shape it should have.
        expected: Vec<usize>,
    },
    /// An array has another shape than its parameter.
    #[error("the tensor {name} has shape {found:?}, expected {expected:?}")]
    Shape {
        /// The parameter's path.
        name: String,
        /// The array's shape.
        found: Vec<usize>,
        /// The parameter's shape.
        expected: Vec<usize>,
    },
    /// An array belongs to no parameter.
    #[error("the tensor {name} belongs to no part of the model")]
    Unused {
        /// The array's name.
        name: String,
    },
}

/// Where a traversal stands in a module.
#[derive(Default)]
pub(crate) struct Path {
    names: Vec<String>,
    containers: Vec<String>,
}

impl Path {
    /// Steps into the child `name` that lives in a container of type `container`.
    pub(crate) fn enter(&mut self, name: &str, container: &str) {
        self.names.push(name.to_owned());
        self.containers.push(container.to_owned());
    }

    /// Steps back out.
    pub(crate) fn exit(&mut self) {
        self.names.pop();
        self.containers.pop();
    }

    /// The dotted path of the parameter that the traversal stands at, as PyTorch has it: which variant of an enum a
    /// part is does not belong to it.
    pub(crate) fn name(&self) -> String {
        let steps = self.names.iter().zip(&self.containers);
        let places = steps.filter(|(_, container)| !container.starts_with("Enum:"));
        places.map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(".")
    }

    fn is_linear_weight(&self, rank: usize) -> bool {
        rank == 2 && self.is_in(&["Struct:Linear"])
    }

    fn is_of_norm(&self) -> bool {
        self.is_in(&["Struct:GroupNorm", "Struct:BatchNorm", "Struct:LayerNorm"])
    }

    /// Whether the traversal stands at a parameter of one of these containers.
    fn is_in(&self, containers: &[&str]) -> bool {
        self.containers.last().is_some_and(|last| containers.contains(&last.as_str()))
    }
}

/// All float parameters by path.
///
/// A sync point: every parameter is read back.
pub fn collect<M: Module>(module: &M) -> NamedArrays {
    let mut visitor = Collect { path: Path::default(), arrays: NamedArrays::new() };
    module.visit(&mut visitor);
    visitor.arrays
}

struct Collect {
    path: Path,
    arrays: NamedArrays,
}

impl ModuleVisitor for Collect {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let tensor = if self.path.is_linear_weight(D) { tensor.swap_dims(0, 1) } else { tensor };
        self.arrays.insert(self.path.name(), array_from_tensor(tensor));
    }
}

/// Replaces every float parameter by the array of its path.
///
/// # Errors
/// When an array is missing, has another shape, or belongs to no parameter.
pub fn load<M: Module>(module: M, arrays: &NamedArrays) -> Result<M, ParamError> {
    let mut mapper = Load { path: Path::default(), arrays, used: 0, error: None };
    let module = module.map(&mut mapper);
    if let Some(error) = mapper.error {
        return Err(error);
    }
    if mapper.used != arrays.len() {
        let known = collect(&module);
        if let Some(name) = arrays.keys().find(|name| !known.contains_key(*name)) {
            return Err(ParamError::Unused { name: name.clone() });
        }
    }
    Ok(module)
}

struct Load<'a> {
    path: Path,
    arrays: &'a NamedArrays,
    used: usize,
    error: Option<ParamError>,
}

impl Load<'_> {
    fn array_for(&mut self, expected: Vec<usize>) -> Option<&Array> {
        let name = self.path.name();
        match self.arrays.get(&name) {
            Some(array) if array.shape() == expected => {
                self.used += 1;
                Some(array)
            }
            Some(array) => {
                let found = array.shape().to_vec();
                self.error.get_or_insert(ParamError::Shape { name, found, expected });
                None
            }
            None => {
                self.error.get_or_insert(ParamError::Missing { name, expected });
                None
            }
        }
    }
}

impl ModuleMapper for Load<'_> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let transposed = self.path.is_linear_weight(D);
        let mut expected: Vec<usize> = param.lazy_shape().to_vec();
        if transposed {
            expected.reverse();
        }
        let device = param.lazy_device();
        let Some(array) = self.array_for(expected) else { return param };
        let tensor = tensor_from_array(array, &device);
        let tensor = if transposed { contiguous_transpose(tensor) } else { tensor };
        replaced(param, tensor)
    }
}

/// Draws every parameter from `U(-1/√fan_in, 1/√fan_in)`, which is what PyTorch's linear and convolution
/// layers start from (`kaiming_uniform_` with a = √5, and its bias rule). Each parameter has its own
/// stream, so the result depends on `seed` and the module alone.
///
/// Fan-in is the product of all extents but the first of the array in PyTorch's layout; a bias takes
/// that of the weight before it. Parameters whose path `keep` tells of and those of normalizations stay as they are.
pub fn init_uniform<M: Module>(module: M, seed: u64, keep: &dyn Fn(&str) -> bool) -> M {
    let mut mapper = Init { path: Path::default(), seed, index: 0, bound: 0.0, keep };
    module.map(&mut mapper)
}

struct Init<'a> {
    path: Path,
    seed: u64,
    index: u64,
    bound: f32,
    keep: &'a dyn Fn(&str) -> bool,
}

impl ModuleMapper for Init<'_> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        self.index += 1;
        if self.path.is_of_norm() || (self.keep)(&self.path.name()) {
            return param;
        }
        let shape: Vec<usize> = param.lazy_shape().to_vec();
        if D > 1 {
            let fan_in: usize =
                if self.path.is_linear_weight(D) { shape[0] } else { shape[1..].iter().product() };
            self.bound = 1.0 / (fan_in as f32).sqrt();
        }
        let len = shape.iter().product();
        let values =
            random::uniforms(self.seed, self.index, Purpose::Init, len, -self.bound, self.bound);
        let tensor = Tensor::from_data(TensorData::new(values, shape), &param.lazy_device());
        replaced(param, tensor)
    }
}

/// `average` moved towards `newest`, of which it keeps the share `decay` of the past.
pub fn averaged<M: Module>(average: M, newest: &M, decay: f64) -> M {
    let mut visitor = Flatten { path: Path::default(), values: BTreeMap::new() };
    newest.visit(&mut visitor);
    let mut mapper = Average { path: Path::default(), newest: visitor.values, decay };
    average.map(&mut mapper)
}

/// Every parameter as one row, on its device.
struct Flatten {
    path: Path,
    values: BTreeMap<String, Tensor<1>>,
}

impl ModuleVisitor for Flatten {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let len = tensor.shape().num_elements();
        self.values.insert(self.path.name(), tensor.reshape([len]));
    }
}

struct Average {
    path: Path,
    newest: BTreeMap<String, Tensor<1>>,
    decay: f64,
}

impl ModuleMapper for Average {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(newest) = self.newest.remove(&self.path.name()) else { return param };
        let old = param.val();
        let newest = newest.reshape(old.shape());
        let moved = old * self.decay + newest * (1.0 - self.decay);
        replaced(param, moved)
    }
}

/// The number of trainable values.
pub fn count<M: Module>(module: &M) -> u64 {
    module.num_params() as u64
}

/// A parameter with another value and the same identity.
pub(crate) fn replaced<const D: usize>(
    param: Param<Tensor<D>>,
    tensor: Tensor<D>,
) -> Param<Tensor<D>> {
    let (id, old, mapper) = param.consume();
    let tensor = tensor.set_require_grad(old.is_require_grad());
    Param::from_mapped_value(id, tensor, mapper)
}

/// Uploads an array. The rank must be the array's.
pub fn tensor_from_array<const D: usize>(array: &Array, device: &Device) -> Tensor<D> {
    let data = TensorData::new(array.data().to_vec(), array.shape().to_vec());
    Tensor::from_data(data, device)
}

/// Reads a tensor back.
///
/// # Panics
/// When the device is lost.
#[expect(clippy::disallowed_methods, reason = "sync point: the caller asked for the values")]
pub fn array_from_tensor<const D: usize>(tensor: Tensor<D>) -> Array {
    let shape = tensor.dims().to_vec();
    let values = tensor.try_into_vec_as::<f32>().expect("float tensors convert to f32");
    Array::new(shape, values).expect("a tensor holds as many values as its shape says")
}

/// The transpose of a matrix, laid out afresh rather than as a view.
fn contiguous_transpose<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    let device = tensor.device();
    let array = array_from_tensor(tensor.swap_dims(0, 1));
    tensor_from_array(&array, &device)
}
