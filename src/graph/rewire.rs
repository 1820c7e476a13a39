//! Networks made of others: the part that some values need, and one whose values are changed on their way.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Epilogue, Graph, GraphError, Node, Op, ValueId, shape};
use crate::array::Array;

/// Between the name of a node and the number of a change of its values.
const CHANGED: &str = " ~";
/// Ends the name of what cuts a channel out to change it.
const CUT: &str = " cut";

/// A change of a node's values before anything reads them, `scale * x + shift`. Weights stay as they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Perturbation {
    /// The node's name.
    pub node: String,
    /// One entry of its outermost axis: a channel of planes, an entry of a vector; nothing for all values.
    pub channel: Option<usize>,
    /// Factor; 0 takes the values out.
    pub scale: f32,
    /// Summand, in the values' own units.
    pub shift: f32,
}

impl Graph {
    /// The value of the node of that name.
    pub fn find(&self, node: &str) -> Option<ValueId> {
        self.nodes.iter().position(|other| other.name == node).map(ValueId)
    }

    /// Whether the values of a node number codes: arithmetic on them means nothing.
    pub fn holds_codes(&self, value: ValueId) -> bool {
        let chosen = matches!(
            self.node(value).op,
            Op::NearestCode { .. } | Op::ArgMax { .. } | Op::Draw { .. }
        );
        let named = |node: &Node| matches!(&node.op, Op::Gather { input, .. } if *input == value);
        chosen || self.nodes.iter().any(named)
    }

    /// The part of the network that these values need, which are its outputs under the names given.
    ///
    /// # Errors
    /// When there are no outputs, two have one name, or a value does not exist.
    pub fn part(&self, outputs: &[(&str, ValueId)]) -> Result<Self, GraphError> {
        if outputs.is_empty() {
            return Err(GraphError::NoOutput);
        }
        let mut needed = vec![false; self.nodes.len()];
        needed[0] = true;
        for (place, (name, value)) in outputs.iter().enumerate() {
            let (node, value, count) = ((*name).to_owned(), value.index(), needed.len());
            if outputs[..place].iter().any(|(other, _)| other == name) {
                return Err(GraphError::DuplicateName { name: node });
            }
            match needed.get_mut(value) {
                Some(needed) => *needed = true,
                None => return Err(GraphError::UnknownValue { node, value, count }),
            }
        }
        for index in (0..needed.len()).rev().filter(|&index| needed[index]).collect::<Vec<_>>() {
            mark_inputs(&self.nodes, index, &mut needed);
        }
        let mut places = vec![ValueId(0); self.nodes.len()];
        let mut nodes = Vec::new();
        for (index, node) in self.nodes.iter().enumerate().filter(|(index, _)| needed[*index]) {
            places[index] = ValueId(nodes.len());
            let op = node.op.with_values(|value| places[value.index()]);
            nodes.push(Node { op, ..node.clone() });
        }
        let named =
            |weight: &String| nodes.iter().any(|node| node.op.weights().any(|name| name == weight));
        let weights: BTreeMap<_, _> = self
            .weights
            .iter()
            .filter(|(weight, _)| named(weight))
            .map(|(weight, array)| (weight.clone(), Arc::clone(array)))
            .collect();
        let outputs =
            outputs.iter().map(|(name, value)| ((*name).to_owned(), places[value.index()]));
        let outputs = outputs.collect();
        Ok(Self { nodes, weights, outputs })
    }

    /// The same network with values changed, one change after the other; changes of nodes that it does not have are
    /// left out. Whoever reads a changed node reads what came of it, outputs too.
    ///
    /// A channel is changed by what it is more: `x + (scale - 1) * x + shift`, as a sum over this channel alone with
    /// the whole value as its residual, so that every engine runs it.
    ///
    /// # Errors
    /// When a node has no such channel, its values number codes, or a factor or summand is not finite.
    pub fn perturbed(&self, changes: &[Perturbation]) -> Result<Self, GraphError> {
        let mut graph = Self { nodes: Vec::new(), outputs: Vec::new(), ..self.clone() };
        let mut places: Vec<ValueId> = Vec::with_capacity(self.nodes.len());
        for (index, node) in self.nodes.iter().enumerate() {
            let op = node.op.with_values(|value| places[value.index()]);
            graph.nodes.push(Node { op, ..node.clone() });
            let own = changes.iter().enumerate().filter(|(_, change)| change.node == node.name);
            let mut value = ValueId(graph.nodes.len() - 1);
            for (number, change) in own {
                if self.holds_codes(ValueId(index)) {
                    let found = "numbers of codes";
                    return Err(GraphError::mismatch(&node.name, "change", found, "values"));
                }
                value = graph.change(value, change, number)?;
            }
            places.push(value);
        }
        let outputs = self.outputs.iter();
        graph.outputs =
            outputs.map(|(name, value)| (name.clone(), places[value.index()])).collect();
        Ok(graph)
    }

    /// The node of the unchanged network whose values, changed or not, a node of [`Graph::perturbed`] holds; nothing
    /// for the parts of a change.
    pub fn original_name(node: &str) -> Option<&str> {
        match node.split_once(CHANGED) {
            None => Some(node),
            Some((name, rest)) => (!rest.ends_with(CUT)).then_some(name),
        }
    }

    /// Adds what makes one change of a value; `number` tells apart the weights of several.
    fn change(
        &mut self,
        value: ValueId,
        change: &Perturbation,
        number: usize,
    ) -> Result<ValueId, GraphError> {
        let name = format!("{}{CHANGED}{number}", change.node);
        let shape = self.node(value).shape.clone();
        let Some(channel) = change.channel else {
            let (scale, shift) = (change.scale, change.shift);
            return self.push(name, Op::Affine { input: value, scale, shift });
        };
        let finite = change.scale.is_finite() && change.shift.is_finite();
        let is_there = channel < shape[0] && matches!(shape.len(), 1 | 3) && finite;
        if !is_there {
            let found = format!("channel {channel} × {} + {}", change.scale, change.shift);
            let expected = format!("a channel of {shape:?} and finite numbers");
            return Err(GraphError::mismatch(&change.node, "change", found, expected));
        }
        let only = |value: f32| {
            let mut values = vec![0.0; shape[0]];
            values[channel] = value;
            values
        };
        let [weight, bias] = ["weight", "bias"].map(|part| format!("{name}.{part}"));
        let factors = Array::new([shape[0], 1], only(change.scale - 1.0));
        let summands = Array::new([shape[0]], only(change.shift));
        for (name, array) in [(&weight, factors), (&bias, summands)] {
            let array = array.expect("a value for every channel");
            self.weights.insert(name.clone(), Arc::new(array));
        }
        let cut = Op::Slice { input: value, start: channel, len: 1 };
        let input = self.push(format!("{name}{CUT}"), cut)?;
        let epilogue = Epilogue::bias(bias).with_residual(value);
        let op = if shape.len() == 1 {
            Op::Linear { input, weight, epilogue }
        } else {
            let (stride, padding) = ([1, 1], [0; 4]);
            Op::Conv2d { input, weight, upsample: 1, stride, padding, epilogue }
        };
        self.push(name, op)
    }

    fn push(&mut self, name: String, op: Op) -> Result<ValueId, GraphError> {
        let shape = shape::infer(self, &name, &op)?;
        self.nodes.push(Node { name, op, shape });
        Ok(ValueId(self.nodes.len() - 1))
    }
}

/// Marks whatever node `index` needs, directly or not.
fn mark_inputs(nodes: &[Node], index: usize, needed: &mut [bool]) {
    let mut open = vec![index];
    while let Some(index) = open.pop() {
        for value in nodes[index].op.inputs() {
            if !std::mem::replace(&mut needed[value.index()], true) {
                open.push(value.index());
            }
        }
    }
}
