//! Nodes in words, for people.

use super::{Activation, Epilogue, Graph, Node, Op};

impl Graph {
    /// What a node computes, for example `conv 3×3, stride 2, relu`.
    pub fn describe(&self, node: &Node) -> String {
        let sides = |weight: &str| match self.weight(weight).shape() {
            [_, _, rows, columns] => format!("{rows}×{columns}"),
            _ => "1×1".to_owned(),
        };
        let strided = |stride: [usize; 2]| match stride {
            [1, 1] => String::new(),
            [down, right] if down == right => format!(", stride {down}"),
            [down, right] => format!(", stride {down}×{right}"),
        };
        let words = match &node.op {
            Op::Input => "input".to_owned(),
            Op::Linear { .. } => "linear".to_owned(),
            Op::Conv2d { weight, upsample, stride, .. } => {
                let doubled =
                    if *upsample > 1 { format!(" of {upsample}× up") } else { String::new() };
                format!("conv {}{doubled}{}", sides(weight), strided(*stride))
            }
            Op::ConvTranspose2d { weight, stride, .. } => {
                format!("transposed conv {}{}", sides(weight), strided(*stride))
            }
            Op::GroupNorm { groups, activation, .. } => {
                format!("norm of {groups} groups{}", applied(*activation))
            }
            Op::LayerNorm { .. } => "layer norm".to_owned(),
            Op::Attention { heads, causal, .. } => {
                let causal = if *causal { "causal " } else { "" };
                format!("{causal}attention{}", of_heads(*heads))
            }
            Op::CachedAttention { heads, slots, .. } => {
                format!("attention to {slots} places{}", of_heads(*heads))
            }
            Op::Modulate { activation, .. } => format!("modulate{}", applied(*activation)),
            Op::Reshape { .. } => "reshape".to_owned(),
            Op::Slice { start, len, .. } => format!("slice {start} to {}", start + len - 1),
            Op::Activate { activation, .. } => name(*activation).to_owned(),
            Op::Affine { scale, shift, .. } => format!("x · {scale} + {shift}"),
            Op::Clamp { lo, hi, .. } => format!("clamp to {lo} … {hi}"),
            Op::NearestCode { .. } => "nearest code".to_owned(),
            Op::ArgMax { .. } => "largest score".to_owned(),
            Op::Gather { .. } => "codes to vectors".to_owned(),
            Op::Draw { .. } => "draw by scores".to_owned(),
        };
        let Some(Epilogue { residual, activation, .. }) = node.op.epilogue() else { return words };
        let skip = if residual.is_some() { ", + skip" } else { "" };
        format!("{words}{skip}{}", applied(*activation))
    }

    /// The number of values in the weights that a node reads.
    pub fn parameters_of(&self, node: &Node) -> usize {
        node.op.weights().map(|weight| self.weight(weight).data().len()).sum()
    }
}

fn of_heads(heads: usize) -> String {
    if heads == 1 { String::new() } else { format!(", {heads} heads") }
}

fn applied(activation: Activation) -> String {
    match activation {
        Activation::None => String::new(),
        other => format!(", {}", name(other)),
    }
}

fn name(activation: Activation) -> &'static str {
    match activation {
        Activation::None => "identity",
        Activation::Relu => "relu",
        Activation::LeakyRelu(_) => "leaky relu",
        Activation::Silu => "silu",
        Activation::Tanh => "tanh",
        Activation::Sigmoid => "sigmoid",
        Activation::Gelu => "gelu",
    }
}
