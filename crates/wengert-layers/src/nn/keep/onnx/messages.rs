//! The messages of an ONNX file that are written here, with the numbers of their fields: a part of
//! `onnx.proto3`, IR version 10. <https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3>

use std::collections::HashMap;

use prost::{Message, Oneof};

#[derive(Clone, PartialEq, Message)]
pub(super) struct Model {
    #[prost(int64, tag = "1")]
    pub(super) ir_version: i64,
    #[prost(string, tag = "2")]
    pub(super) producer_name: String,
    #[prost(string, tag = "3")]
    pub(super) producer_version: String,
    #[prost(message, optional, tag = "7")]
    pub(super) graph: Option<Graph>,
    #[prost(message, repeated, tag = "8")]
    pub(super) opset_import: Vec<OperatorSet>,
    #[prost(message, repeated, tag = "14")]
    pub(super) metadata: Vec<Entry>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct OperatorSet {
    /// Empty for ONNX's own operators.
    #[prost(string, tag = "1")]
    pub(super) domain: String,
    #[prost(int64, tag = "2")]
    pub(super) version: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Entry {
    #[prost(string, tag = "1")]
    pub(super) key: String,
    #[prost(string, tag = "2")]
    pub(super) value: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Graph {
    #[prost(message, repeated, tag = "1")]
    pub(super) nodes: Vec<Node>,
    #[prost(string, tag = "2")]
    pub(super) name: String,
    #[prost(message, repeated, tag = "5")]
    pub(super) initializers: Vec<Tensor>,
    #[prost(message, repeated, tag = "11")]
    pub(super) inputs: Vec<Value>,
    #[prost(message, repeated, tag = "12")]
    pub(super) outputs: Vec<Value>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Node {
    #[prost(string, repeated, tag = "1")]
    pub(super) inputs: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    pub(super) outputs: Vec<String>,
    #[prost(string, tag = "3")]
    pub(super) name: String,
    #[prost(string, tag = "4")]
    pub(super) op: String,
    #[prost(message, repeated, tag = "5")]
    pub(super) attributes: Vec<Attribute>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Attribute {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(float, tag = "2")]
    pub(super) float: f32,
    #[prost(int64, tag = "3")]
    pub(super) int: i64,
    #[prost(int64, repeated, tag = "8")]
    pub(super) ints: Vec<i64>,
    /// Which of them it is: 1 a float, 2 an integer, 7 integers.
    #[prost(int32, tag = "20")]
    pub(super) kind: i32,
}

impl Attribute {
    pub(super) fn float(name: &str, float: f64) -> Self {
        let float = float as f32;
        Attribute { name: name.to_owned(), float, kind: 1, ..Attribute::default() }
    }

    pub(super) fn int(name: &str, int: i64) -> Self {
        Attribute { name: name.to_owned(), int, kind: 2, ..Attribute::default() }
    }

    pub(super) fn ints(name: &str, ints: &[i64]) -> Self {
        Attribute { name: name.to_owned(), ints: ints.to_vec(), kind: 7, ..Attribute::default() }
    }
}

/// Types of numbers.
pub(super) const FLOAT: i32 = 1;
pub(super) const INT64: i32 = 7;
pub(super) const DOUBLE: i32 = 11;

#[derive(Clone, PartialEq, Message)]
pub(super) struct Tensor {
    #[prost(int64, repeated, tag = "1")]
    pub(super) dims: Vec<i64>,
    #[prost(int32, tag = "2")]
    pub(super) data_type: i32,
    #[prost(string, tag = "8")]
    pub(super) name: String,
    /// Little-endian.
    #[prost(bytes = "vec", tag = "9")]
    pub(super) raw_data: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Value {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(message, optional, tag = "2")]
    pub(super) kind: Option<Kind>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Kind {
    #[prost(message, optional, tag = "1")]
    pub(super) tensor: Option<TensorKind>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct TensorKind {
    #[prost(int32, tag = "1")]
    pub(super) data_type: i32,
    #[prost(message, optional, tag = "2")]
    pub(super) shape: Option<Shape>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Shape {
    #[prost(message, repeated, tag = "1")]
    pub(super) dims: Vec<Dimension>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Dimension {
    #[prost(oneof = "Extent", tags = "1, 2")]
    pub(super) extent: Option<Extent>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum Extent {
    #[prost(int64, tag = "1")]
    Known(i64),
    #[prost(string, tag = "2")]
    Called(String),
}

impl Value {
    /// Rows of a shape, as many as are given.
    pub(super) fn rows(name: &str, data_type: i32, row: &[usize]) -> Self {
        let known = row.iter().map(|&extent| Extent::Known(extent as i64));
        let extents = std::iter::once(Extent::Called("rows".to_owned())).chain(known);
        let dims = extents.map(|extent| Dimension { extent: Some(extent) }).collect();
        let tensor = Some(TensorKind { data_type, shape: Some(Shape { dims }) });
        Value { name: name.to_owned(), kind: Some(Kind { tensor }) }
    }
}

impl Graph {
    /// What is wrong with it by the rules that every reader relies on: a name is given once, and
    /// before it is read.
    pub(super) fn fault(&self) -> Option<String> {
        let mut known: HashMap<&str, ()> = HashMap::new();
        let given = self.inputs.iter().map(|value| &value.name);
        for name in given.chain(self.initializers.iter().map(|tensor| &tensor.name)) {
            if known.insert(name, ()).is_some() {
                return Some(format!("{name} is given twice"));
            }
        }
        for node in &self.nodes {
            let read = node.inputs.iter().filter(|name| !name.is_empty());
            if let Some(name) = read.into_iter().find(|name| !known.contains_key(name.as_str())) {
                return Some(format!("{} reads {name}, which is not there yet", node.name));
            }
            for name in node.outputs.iter().filter(|name| !name.is_empty()) {
                if known.insert(name, ()).is_some() {
                    return Some(format!("{name} is given twice"));
                }
            }
        }
        let missing = self.outputs.iter().find(|value| !known.contains_key(value.name.as_str()));
        missing.map(|value| format!("{} is nowhere given", value.name))
    }
}
