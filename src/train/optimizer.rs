//! Adam over a whole module, with its state kept by parameter path.
//!
//! burn keys an optimizer's state by parameter ids, which a safetensors file does not carry; a path
//! survives the disk, so a resumed run takes the very step that an unbroken one would have taken.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};

use super::settings::Settings;
use crate::array::{Array, NamedArrays};
use crate::fused::{AdamRule, adam};
use crate::model::params::{self, ParamError};

/// Beside the length of a gradient that is cut, so that none divides by zero; as PyTorch has it.
const TINY_LENGTH: f64 = 1e-6;
/// Beside the root of the mean of squares; as PyTorch has it.
const EPSILON: f64 = 1e-8;

/// How far an update goes, and what of a network it leaves alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Rates {
    /// Learning rate.
    pub lr: f64,
    /// Share of the learning rate by which every weight shrinks, beside its gradient; biases, scales of
    /// normalizations and codes do not.
    pub weight_decay: f64,
    /// A longer gradient of the whole network is cut to this length; none is at 0.
    pub clip: f64,
    /// The part whose parameters rest, by the first piece of their names; no part's name for none.
    pub frozen: String,
}

impl Rates {
    /// A learning rate alone.
    pub fn plain(lr: f64) -> Self {
        Self { lr, weight_decay: 0.0, clip: 0.0, frozen: String::new() }
    }

    /// What settings ask for, at the learning rate of the key `lr`; recipes without a key do without.
    pub fn of(settings: &Settings, lr: &str) -> Self {
        let number = |name| settings.value(name).map_or(0.0, |_| settings.number(name));
        Self {
            lr: settings.number(lr),
            weight_decay: number("weight_decay"),
            clip: number("clip"),
            frozen: settings.word("freeze").to_owned(),
        }
    }

    /// Whether a parameter's values shrink: kernels and matrices of layers do.
    fn shrinks(&self, path: &str, axes: usize) -> bool {
        self.weight_decay > 0.0 && axes > 1 && !path.starts_with("quantize")
    }

    /// Whether a parameter rests.
    fn rests(&self, path: &str) -> bool {
        params::lies_under(path, &self.frozen)
    }
}

/// Adam (Kingma & Ba, 2014, arXiv:1412.6980) with PyTorch's ε of 1e-8, and with weight decay apart from the gradient
/// (Loshchilov & Hutter, 2017, algorithm 2, arXiv:1711.05101).
pub struct Adam {
    betas: [f32; 2],
    state: BTreeMap<String, Moments>,
}

/// What is known of the gradients of a parameter.
struct Moments {
    /// Updates so far.
    updates: usize,
    /// Their mean and that of their squares, `[n]` each.
    means: [Tensor<1>; 2],
}

const NAMES: [&str; 2] = ["moment_1", "moment_2"];

impl Adam {
    /// A fresh optimizer with decay rates `beta_1` and `beta_2` of its two moments.
    pub fn new(beta_1: f32, beta_2: f32) -> Self {
        Self { betas: [beta_1, beta_2], state: BTreeMap::new() }
    }

    /// One update of every parameter that has a gradient and does not rest.
    pub fn step<M: Module>(&mut self, rates: &Rates, module: M, grads: GradientsParams) -> M {
        // The factor stays on the device: reading it back would be a sync point.
        let scale = (rates.clip > 0.0).then(|| {
            let length = gradient_norm(&module, &grads) + TINY_LENGTH;
            (length.recip() * rates.clip).clamp_max(1.0)
        });
        let mut mapper = Step { path: params::Path::default(), adam: self, rates, scale, grads };
        module.map(&mut mapper)
    }

    /// The moments as `PATH.moment_1` and `PATH.moment_2`, flat, and the number of updates behind them.
    ///
    /// A sync point: every moment is read back.
    pub fn save(&self) -> (NamedArrays, u64) {
        let mut arrays = NamedArrays::new();
        let mut updates = 0;
        for (path, moments) in &self.state {
            updates = moments.updates as u64;
            for (name, moment) in NAMES.iter().zip(&moments.means) {
                arrays.insert(format!("{path}.{name}"), params::array_from_tensor(moment.clone()));
            }
        }
        (arrays, updates)
    }

    /// Takes over what [`Adam::save`] gave, for the parameters of `module`.
    ///
    /// # Errors
    /// When a moment is missing, has another length than its parameter, or belongs to none.
    pub fn load<M: Module>(
        &mut self,
        module: &M,
        mut arrays: NamedArrays,
        updates: u64,
        device: &Device,
    ) -> Result<(), ParamError> {
        self.state.clear();
        if updates == 0 {
            return Ok(());
        }
        for (path, parameter) in params::collect(module) {
            let len = parameter.data().len();
            let names = NAMES.map(|name| format!("{path}.{name}"));
            // A parameter that no gradient has reached has no moments yet.
            if names.iter().all(|name| !arrays.contains_key(name)) {
                continue;
            }
            let mut take = |name: &str| match arrays.remove(name) {
                Some(array) if array.shape() == [len] => {
                    Ok(params::tensor_from_array::<1>(&array, device))
                }
                Some(array) => Err(ParamError::Shape {
                    name: name.to_owned(),
                    found: array.shape().to_vec(),
                    expected: vec![len],
                }),
                None => Err(ParamError::Missing { name: name.to_owned(), expected: vec![len] }),
            };
            let means = [take(&names[0])?, take(&names[1])?];
            self.state.insert(path, Moments { updates: updates as usize, means });
        }
        if self.state.is_empty() {
            let first = params::collect(module).into_iter().next();
            let (name, expected) = first.map_or_else(Default::default, |(path, parameter)| {
                (format!("{path}.moment_1"), vec![parameter.data().len()])
            });
            return Err(ParamError::Missing { name, expected });
        }
        match arrays.into_keys().next() {
            Some(name) => Err(ParamError::Unused { name }),
            None => Ok(()),
        }
    }
}

/// The state of a network's optimizer and of its adversary's as one, as a checkpoint keeps it: the adversary's is
/// under `name`, its updates are in `NAME_updates`.
///
/// A sync point, as [`Adam::save`].
pub fn save_two(own: &Adam, adversary: &Adam, name: &str) -> (NamedArrays, u64) {
    let (mut arrays, updates) = own.save();
    let (of_adversary, count) = adversary.save();
    arrays.extend(params::prefixed(name, of_adversary));
    arrays.insert(format!("{name}_updates"), Array::filled([1], count as f32));
    (arrays, updates)
}

/// What [`save_two`] gave: the network's own moments, its adversary's, and the updates of that.
pub fn split_two(mut arrays: NamedArrays, name: &str) -> (NamedArrays, NamedArrays, u64) {
    let count = arrays.remove(&format!("{name}_updates"));
    let count = count.and_then(|array| array.data().first().copied()).unwrap_or(0.0);
    (params::without(&arrays, name), params::under(&arrays, name), count as u64)
}

/// The Euclidean length of all gradients together, `[1]`, on the device that they are on.
pub fn gradient_norm<M: Module>(module: &M, grads: &GradientsParams) -> Tensor<1> {
    let mut visitor = SumSquares { grads, sum: None };
    module.visit(&mut visitor);
    visitor.sum.map_or_else(|| Tensor::zeros([1], &Device::default()), Tensor::sqrt)
}

struct SumSquares<'a> {
    grads: &'a GradientsParams,
    sum: Option<Tensor<1>>,
}

impl ModuleVisitor for SumSquares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(grad) = self.grads.get::<D>(param.id) else { return };
        let square = grad.square().sum();
        self.sum = Some(match self.sum.take() {
            Some(sum) => sum + square,
            None => square,
        });
    }
}

struct Step<'a> {
    path: params::Path,
    adam: &'a mut Adam,
    rates: &'a Rates,
    /// What every gradient is multiplied with, `[1]`; nothing where none is cut.
    scale: Option<Tensor<1>>,
    grads: GradientsParams,
}

impl ModuleMapper for Step<'_> {
    fn enter_module(&mut self, name: &str, container_type: &str) {
        self.path.enter(name, container_type);
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(grad) = self.grads.remove::<D>(param.id) else { return param };
        let path = self.path.name();
        if self.rates.rests(&path) {
            return param;
        }
        let tensor = param.val().inner();
        let shape = tensor.shape();
        let len = shape.num_elements();
        let flat = tensor.reshape([len]); // [len]
        let mut grad = grad.reshape([len]); // [len]
        if let Some(scale) = &self.scale {
            grad = grad * scale.clone();
        }
        let moments = self.adam.state.remove(&path).unwrap_or_else(|| {
            let zeros = || Tensor::zeros([len], &flat.device());
            Moments { updates: 0, means: [zeros(), zeros()] }
        });
        let updates = moments.updates + 1;
        let shrinks = self.rates.shrinks(&path, D);
        let weight_decay = if shrinks { self.rates.weight_decay } else { 0.0 };
        let rule = AdamRule::new(self.adam.betas, EPSILON, updates, self.rates.lr, weight_decay);
        let (flat, means) = adam(flat, grad, moments.means, rule);
        self.adam.state.insert(path, Moments { updates, means });
        let updated = flat.reshape(shape); // the parameter's own shape
        params::replaced(param, Tensor::from_inner(updated))
    }
}
