//! A graph in the making.

use super::messages::{Attribute, DOUBLE, FLOAT, Graph, INT64, Node, Tensor, Value};
use crate::nn::keep::Dtype;

/// Nodes and constants so far.
pub(super) struct Writer {
    dtype: Dtype,
    nodes: Vec<Node>,
    initializers: Vec<Tensor>,
}

/// A value of the graph, and its shape without the rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wire {
    pub(super) name: String,
    pub(super) row: Vec<usize>,
}

impl Writer {
    pub(super) fn new(dtype: Dtype) -> Self {
        Writer { dtype, nodes: Vec::new(), initializers: Vec::new() }
    }

    pub(super) fn data_type(&self) -> i32 {
        match self.dtype {
            Dtype::F32 => FLOAT,
            Dtype::F64 => DOUBLE,
        }
    }

    /// A block of numbers under its own name.
    pub(super) fn block(&mut self, name: &str, shape: &[usize], values: &[f64]) {
        let raw_data = match self.dtype {
            Dtype::F32 => values.iter().flat_map(|&value| (value as f32).to_le_bytes()).collect(),
            Dtype::F64 => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        };
        let (dims, data_type) = (shape.iter().map(|&n| n as i64).collect(), self.data_type());
        self.initializers.push(Tensor { dims, data_type, name: name.to_owned(), raw_data });
    }

    /// Numbers that are no parameters.
    pub(super) fn constant(&mut self, name: &str, shape: &[usize], values: &[f64]) -> String {
        let name = self.free(name);
        self.block(&name, shape, values);
        name
    }

    /// Whole numbers: a shape, or axes.
    pub(super) fn whole(&mut self, name: &str, values: &[i64]) -> String {
        let name = self.free(name);
        let raw_data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let dims = vec![values.len() as i64];
        self.initializers.push(Tensor { dims, data_type: INT64, name: name.clone(), raw_data });
        name
    }

    /// A node with one output, which is called after its place and operation.
    pub(super) fn node(
        &mut self,
        place: &str,
        op: &str,
        inputs: &[&str],
        attributes: Vec<Attribute>,
    ) -> String {
        let name = if place.is_empty() { op.to_owned() } else { format!("{place}/{op}") };
        let name = self.free(&name);
        self.node_of(op, inputs, std::slice::from_ref(&name), attributes);
        name
    }

    /// A node with outputs of these names.
    pub(super) fn node_of(
        &mut self,
        op: &str,
        inputs: &[&str],
        outputs: &[String],
        attributes: Vec<Attribute>,
    ) {
        let inputs = inputs.iter().map(|&input| input.to_owned()).collect();
        let name = outputs.iter().find(|name| !name.is_empty()).cloned().unwrap_or_default();
        let (op, outputs) = (op.to_owned(), outputs.to_vec());
        self.nodes.push(Node { inputs, outputs, name, op, attributes });
    }

    /// The name, or with a number if it is taken.
    pub(super) fn free(&self, name: &str) -> String {
        let taken = |name: &String| {
            self.initializers.iter().any(|tensor| tensor.name == *name)
                || self.nodes.iter().any(|node| node.outputs.contains(name))
        };
        let numbered = (2..).map(|k| format!("{name}#{k}"));
        let mut names = std::iter::once(name.to_owned()).chain(numbered);
        names.find(|name| !taken(name)).unwrap_or_default()
    }

    /// The graph from an input to what a wire has, under the name `output`.
    pub(super) fn finish(mut self, name: &str, input: Value, last: &Wire) -> Graph {
        let output = "output".to_owned();
        let mut renamed = false;
        for node in &mut self.nodes {
            for name in node.outputs.iter_mut().filter(|name| **name == last.name) {
                (*name, renamed) = (output.clone(), true);
            }
            if renamed && node.inputs.contains(&last.name) {
                node.inputs.iter_mut().filter(|name| **name == last.name).for_each(|name| {
                    name.clone_from(&output);
                });
            }
        }
        if !renamed {
            self.node_of("Identity", &[&last.name], std::slice::from_ref(&output), vec![]);
        }
        let outputs = vec![Value::rows(&output, self.data_type(), &last.row)];
        Graph {
            nodes: self.nodes,
            name: name.to_owned(),
            initializers: self.initializers,
            inputs: vec![input],
            outputs,
        }
    }
}
