//! A network on burn's tape: how its output errs, and which way its input has to move.

use burn::tensor::{Device, Tensor, TensorData};

use super::{CpuNetwork, read};
use crate::array::Array;
use crate::engine::caches::Caches;
use crate::engine::gradient::Fit;
use crate::engine::{EngineError, Results};
use crate::graph::{Graph, ValueId};
use crate::watch::Part;

impl CpuNetwork {
    /// As [`CpuNetwork::new`], for [`CpuNetwork::fit`].
    pub(in crate::engine) fn with_gradients(graph: &Graph) -> Self {
        Self::on(Device::flex().autodiff(), graph)
    }

    /// The mean squared error of the only output for every item, and its gradient. Reads them back: a sync point.
    ///
    /// # Shapes
    /// `input [b, ..]`, `target` one item of the output.
    pub(in crate::engine) fn fit(
        &self,
        graph: &Graph,
        output: ValueId,
        [input, target]: [&Array; 2],
        part: Part<'_>,
    ) -> Result<Fit, EngineError> {
        let tensor = |array: &Array, shape: [usize; 2]| -> Tensor<2> {
            Tensor::from_data(TensorData::new(array.data().to_vec(), shape), &self.device)
        };
        let batch = input.num_rows();
        let at = tensor(input, [batch, input.row_len()]).require_grad();
        let wanted = tensor(target, [1, target.data().len()]);
        let mut results = Results::new(graph);
        let caches = &mut Caches::default();
        let outputs = self.forward(graph, at.clone(), &mut results, caches, part, None)?;
        let made = outputs.into_iter().next().unwrap_or_else(|| at.clone()); // [b, values]
        let errors = (made.clone() - wanted).square().mean_dim(1); // [b, 1]
        // Items do not touch each other, so that one pass back serves them all.
        let grads = errors.clone().sum().backward();
        let gradient = at.grad(&grads).unwrap_or_else(|| at.clone().inner().zeros_like());
        let mut shape = vec![batch];
        shape.extend_from_slice(&graph.node(output).shape);
        let array = |shape: Vec<usize>, values| {
            Array::new(shape, values).map_err(|error| EngineError::Backend {
                what: "fitting the input".to_owned(),
                message: error.to_string(),
            })
        };
        Ok(Fit {
            errors: read(errors.inner(), || "reading the errors".to_owned())?,
            gradient: array(
                input.shape().to_vec(),
                read(gradient, || "reading the gradient".to_owned())?,
            )?,
            outputs: array(shape, read(made.inner(), || "reading the outputs".to_owned())?)?,
        })
    }
}
