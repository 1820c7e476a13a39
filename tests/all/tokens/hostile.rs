//! Networks that cannot be.

use zscope::array::Array;
use zscope::graph::{Graph, GraphError};

use super::layer_norm;
use crate::graph::{assert_refused, graph_of, named};

#[test]
fn impossible_layer_norms_are_refused() {
    let of =
        |input: &[usize], weight: &[usize], bias: &[usize], epsilon| -> Result<Graph, GraphError> {
            let weights = named([("w", Array::zeros(weight)), ("b", Array::zeros(bias))]);
            graph_of(input, &weights, |input| layer_norm(input, epsilon))
        };
    let fits = of(&[6, 1, 5], &[6], &[6], 1e-5).expect("a graph that fits");
    assert_eq!(fits.output_shape("y"), Some(&[6, 1, 5][..]), "the same shape");
    for epsilon in [0.0, -1e-5, f32::NAN, f32::INFINITY] {
        assert_refused(of(&[6, 1, 5], &[6], &[6], epsilon), "epsilon: found");
    }
    let words = "values of weight `b`: found 5, expected 6, one a channel";
    assert_refused(of(&[6, 1, 5], &[6], &[5], 1e-5), words);
    assert_refused(of(&[6], &[6], &[6], 1e-5), "expected [c, h, w]");
}
