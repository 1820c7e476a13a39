//! Adam over a whole module, with its state kept by parameter path.
//!
//! burn keys an optimizer's state by parameter ids, which a safetensors file does not carry; a path
//! survives the disk, so a resumed run takes the very step that an unbroken one would have taken.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::{
    Adam as AdamRule, AdamConfig, AdamState, AdaptiveMomentumState, GradientsParams, Optimizer as _,
};
use burn::tensor::{Device, Tensor};

use crate::array::NamedArrays;
use crate::model::params::{self, ParamError};

/// Adam (Kingma & Ba, 2014, arXiv:1412.6980) with PyTorch's ε of 1e-8.
pub struct Adam {
    rule: AdamRule,
    state: BTreeMap<String, AdamState<1>>,
}

impl Adam {
    /// A fresh optimizer with decay rates `beta_1` and `beta_2` of its two moments.
    pub fn new(beta_1: f32, beta_2: f32) -> Self {
        let config = AdamConfig::new().with_beta_1(beta_1).with_beta_2(beta_2).with_epsilon(1e-8);
        Self { rule: config.build(), state: BTreeMap::new() }
    }

    /// One update of every parameter that has a gradient.
    pub fn step<M: Module>(&mut self, lr: f64, module: M, grads: GradientsParams) -> M {
        let mut mapper = Step { path: params::Path::default(), adam: self, lr, grads };
        module.map(&mut mapper)
    }

    /// The moments as `PATH.moment_1` and `PATH.moment_2`, flat, and the number of updates behind them.
    ///
    /// A sync point: every moment is read back.
    pub fn save(&self) -> (NamedArrays, u64) {
        let mut arrays = NamedArrays::new();
        let mut updates = 0;
        for (path, AdamState { momentum }) in &self.state {
            updates = momentum.time as u64;
            let moments = [("moment_1", &momentum.moment_1), ("moment_2", &momentum.moment_2)];
            for (name, moment) in moments {
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
            let names = [format!("{path}.moment_1"), format!("{path}.moment_2")];
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
            let (moment_1, moment_2) = (take(&names[0])?, take(&names[1])?);
            let momentum = AdaptiveMomentumState {
                time: updates as usize,
                moment_1,
                moment_2,
                max_moment_2: None,
            };
            self.state.insert(path, AdamState { momentum });
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
    lr: f64,
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
        let tensor = param.val().inner();
        let shape = tensor.shape();
        let len = shape.num_elements();
        let path = self.path.name();
        let state = self.adam.state.remove(&path);
        let flat = tensor.reshape([len]); // [len]
        let (flat, state) = self.adam.rule.step(self.lr, flat, grad.reshape([len]), state);
        if let Some(state) = state {
            self.adam.state.insert(path, state);
        }
        let updated = flat.reshape(shape); // the parameter's own shape
        params::replaced(param, Tensor::from_inner(updated))
    }
}
