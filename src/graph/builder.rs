//! Building a graph node by node, each checked as it comes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Graph, GraphError, Node, Op, USAGE, ValueId, shape};
use crate::array::{Array, NamedArrays};

/// What the node that holds the input is called.
const INPUT_NAME: &str = "input";

/// Collects nodes into a [`Graph`], inferring every shape; copies from the given weights only what nodes name.
#[derive(Debug)]
pub struct GraphBuilder<'a> {
    available: &'a NamedArrays,
    /// Weights that were made for this network, by name: they come before those that are available.
    made: NamedArrays,
    graph: Graph,
}

impl<'a> GraphBuilder<'a> {
    /// Begins with an input of `input_shape` (one item) and the weights that nodes may name.
    ///
    /// # Errors
    /// When the shape has no axes, an empty axis, or too many values.
    pub fn new(input_shape: &[usize], weights: &'a NamedArrays) -> Result<Self, GraphError> {
        shape::checked_len(INPUT_NAME, "input shape", input_shape)?;
        let input =
            Node { name: INPUT_NAME.to_owned(), op: Op::Input, shape: input_shape.to_vec() };
        let graph = Graph { nodes: vec![input], weights: BTreeMap::new(), outputs: Vec::new() };
        Ok(Self { available: weights, made: NamedArrays::new(), graph })
    }

    /// Makes a weight that nodes may name from now on, for what follows from others or from nothing.
    pub fn make(&mut self, name: impl Into<String>, weight: Array) {
        self.made.insert(name.into(), weight);
    }

    /// A weight that nodes may name.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn find(&self, node: &str, weight: &str) -> Result<&Array, GraphError> {
        let missing =
            || GraphError::MissingWeight { node: node.to_owned(), weight: weight.to_owned() };
        self.made.get(weight).or_else(|| self.available.get(weight)).ok_or_else(missing)
    }

    /// The network's input.
    pub fn input(&self) -> ValueId {
        ValueId(0)
    }

    /// The number of nodes that were added, with the input.
    pub fn num_nodes(&self) -> usize {
        self.graph.nodes.len()
    }

    /// The shape of one item of a value.
    ///
    /// # Panics
    /// When the value is of another builder and does not exist here.
    pub fn shape(&self, value: ValueId) -> &[usize] {
        &self.graph.node(value).shape
    }

    /// Adds a node and returns its output.
    ///
    /// # Errors
    /// When the name is taken, a value or weight does not exist, a weight holds values that are not finite,
    /// or shapes do not fit.
    pub fn add(&mut self, name: impl Into<String>, op: Op) -> Result<ValueId, GraphError> {
        let name = name.into();
        if self.graph.nodes.iter().any(|node| node.name == name) {
            return Err(GraphError::DuplicateName { name });
        }
        for value in op.inputs() {
            self.check_value(&name, value)?;
        }
        for weight in op.weights() {
            self.take_weight(&name, weight, op.codebook() == Some(weight))?;
        }
        let shape = shape::infer(&self.graph, &name, &op)?;
        self.graph.nodes.push(Node { name, op, shape });
        Ok(ValueId(self.graph.nodes.len() - 1))
    }

    /// Names a value as an output.
    ///
    /// # Errors
    /// When the name is taken, when it is [`USAGE`], or when the value does not exist.
    pub fn output(&mut self, name: impl Into<String>, value: ValueId) -> Result<(), GraphError> {
        let name = name.into();
        if name == USAGE {
            return Err(GraphError::ReservedName { name });
        }
        if self.graph.output(&name).is_some() {
            return Err(GraphError::DuplicateName { name });
        }
        self.check_value(&name, value)?;
        self.graph.outputs.push((name, value));
        Ok(())
    }

    /// The finished network.
    ///
    /// # Errors
    /// When nothing was named as an output.
    pub fn finish(self) -> Result<Graph, GraphError> {
        if self.graph.outputs.is_empty() { Err(GraphError::NoOutput) } else { Ok(self.graph) }
    }

    fn check_value(&self, reader: &str, value: ValueId) -> Result<(), GraphError> {
        let count = self.graph.nodes.len();
        if value.index() < count {
            Ok(())
        } else {
            Err(GraphError::UnknownValue { node: reader.to_owned(), value: value.index(), count })
        }
    }

    fn take_weight(
        &mut self,
        node: &str,
        weight: &str,
        is_codebook: bool,
    ) -> Result<(), GraphError> {
        if self.graph.weights.contains_key(weight) {
            return Ok(());
        }
        let array = self.find(node, weight)?;
        let what = format!("shape of weight `{weight}`");
        let len = shape::checked_len(node, &what, array.shape())?;
        if len != array.data().len() {
            return Err(GraphError::mismatch(
                node,
                what,
                array.data().len(),
                format!("{len} values"),
            ));
        }
        check_finite(weight, array, is_codebook)?;
        let array = Arc::new(array.clone());
        self.graph.weights.insert(weight.to_owned(), array);
        Ok(())
    }
}

/// Refuses infinities and values that are no numbers: shaders may not rely on either.
pub(super) fn check_finite(
    weight: &str,
    array: &Array,
    is_codebook: bool,
) -> Result<(), GraphError> {
    let count = array.data().iter().filter(|value| !value.is_finite()).count();
    if count == 0 {
        return Ok(());
    }
    let weight = weight.to_owned();
    if is_codebook {
        let broken = |code: &usize| array.row(*code).iter().any(|value| !value.is_finite());
        let codes = (0..array.num_rows()).filter(broken).collect();
        return Err(GraphError::NotFiniteCodes { codebook: weight, codes });
    }
    Err(GraphError::NotFinite { weight, count, total: array.data().len() })
}
