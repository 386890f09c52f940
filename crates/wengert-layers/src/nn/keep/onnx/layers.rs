//! What each layer is in ONNX's operators, opset 20.

use super::graph::{Wire, Writer};
use super::messages::{Attribute, INT64};
use crate::activation::Activation;
use crate::nn::keep::KeepError;
use crate::nn::layer::{Dense, Embedding, LayerNorm, Recurrent, RmsNorm, SelfAttention, Spec};

/// Writes layers, block names at hand.
pub(super) struct Layers<'a> {
    pub(super) writer: Writer,
    /// The names of the model's blocks.
    pub(super) names: Vec<&'a str>,
}

impl Layers<'_> {
    /// What a layer makes of a wire. `place` is its path: `0`, `block.1`.
    pub(super) fn layer(&mut self, place: &str, spec: &Spec, x: Wire) -> Result<Wire, KeepError> {
        Ok(match spec {
            Spec::Dense(dense) => self.dense(place, dense, x),
            Spec::Embedding(embedding) => self.embedding(place, embedding, x),
            Spec::LayerNorm(norm) => self.layer_norm(place, norm, x),
            Spec::RmsNorm(norm) => self.rms_norm(place, norm, x),
            Spec::SelfAttention(attention) => self.attention(place, attention, x)?,
            Spec::Recurrent(cell) => self.recurrent(place, cell, x)?,
            Spec::Activation(name) => self.activation(place, name, x)?,
            Spec::Softmax => {
                let axis = vec![Attribute::int("axis", -1)];
                Wire { name: self.writer.node(place, "Softmax", &[&x.name], axis), ..x }
            }
            Spec::Dropout(_) => x,
            Spec::Reshape(shape) => self.reshape(place, &shape.0, x),
            Spec::Sequential(layers) => {
                let mut x = x;
                for (name, spec) in layers {
                    x = self.layer(&inside(place, name), spec, x)?;
                }
                x
            }
            Spec::Residual(spec) => {
                let more = self.layer(place, spec, x.clone())?;
                Wire { name: self.writer.node(place, "Add", &[&x.name, &more.name], vec![]), ..x }
            }
        })
    }

    /// The name of a layer's block: that of its place, or a shared one.
    fn block(&self, place: &str, name: &str) -> String {
        let path = inside(place, name);
        if self.names.contains(&path.as_str()) { path } else { name.to_owned() }
    }

    fn dense(&mut self, place: &str, dense: &Dense, x: Wire) -> Wire {
        let weight = self.block(place, dense.weight_name());
        let bias = dense.bias.is_some().then(|| self.block(place, "bias"));
        let mut row = x.row;
        let name = if row.len() == 1 {
            let inputs = [Some(x.name.as_str()), Some(&weight), bias.as_deref()];
            let inputs: Vec<&str> = inputs.into_iter().flatten().collect();
            self.writer.node(place, "Gemm", &inputs, vec![Attribute::int("transB", 1)])
        } else {
            let turned = self.turned(place, &weight);
            let product = self.writer.node(place, "MatMul", &[&x.name, &turned], vec![]);
            match bias {
                Some(bias) => self.writer.node(place, "Add", &[&product, &bias], vec![]),
                None => product,
            }
        };
        if let Some(last) = row.last_mut() {
            *last = dense.outputs;
        }
        Wire { name, row }
    }

    /// A matrix `[out, in]` as `[in, out]`.
    fn turned(&mut self, place: &str, weight: &str) -> String {
        self.writer.node(place, "Transpose", &[weight], vec![Attribute::ints("perm", &[1, 0])])
    }

    fn embedding(&mut self, place: &str, embedding: &Embedding, x: Wire) -> Wire {
        let weight = self.block(place, embedding.weight_name());
        let to = vec![Attribute::int("to", i64::from(INT64))];
        let indices = self.writer.node(place, "Cast", &[&x.name], to);
        let axis = vec![Attribute::int("axis", 0)];
        let name = self.writer.node(place, "Gather", &[&weight, &indices], axis);
        let row = x.row.into_iter().chain([embedding.width]).collect();
        Wire { name, row }
    }

    fn layer_norm(&mut self, place: &str, norm: &LayerNorm, x: Wire) -> Wire {
        let (weight, bias) = (self.block(place, "weight"), self.block(place, "bias"));
        let settings = vec![Attribute::int("axis", -1), Attribute::float("epsilon", norm.epsilon)];
        let inputs = [&x.name, &weight, &bias].map(String::as_str);
        Wire { name: self.writer.node(place, "LayerNormalization", &inputs, settings), ..x }
    }

    fn rms_norm(&mut self, place: &str, norm: &RmsNorm, x: Wire) -> Wire {
        let weight = self.block(place, "weight");
        let epsilon = self.writer.constant(&inside(place, "epsilon"), &[], &[norm.epsilon]);
        let axes = self.writer.whole(&inside(place, "axes"), &[-1]);
        let square = self.writer.node(place, "Mul", &[&x.name, &x.name], vec![]);
        let mean = self.writer.node(place, "ReduceMean", &[&square, &axes], vec![]);
        let above = self.writer.node(place, "Add", &[&mean, &epsilon], vec![]);
        let size = self.writer.node(place, "Sqrt", &[&above], vec![]);
        let even = self.writer.node(place, "Div", &[&x.name, &size], vec![]);
        Wire { name: self.writer.node(place, "Mul", &[&even, &weight], vec![]), ..x }
    }

    fn reshape(&mut self, place: &str, row: &[usize], x: Wire) -> Wire {
        let name = self.reshaped(place, &x.name, row);
        Wire { name, row: row.to_vec() }
    }

    /// With as many rows as there are: a 0 keeps an extent.
    fn reshaped(&mut self, place: &str, x: &str, row: &[usize]) -> String {
        let shape: Vec<i64> =
            std::iter::once(0).chain(row.iter().map(|&extent| extent as i64)).collect();
        let shape = self.writer.whole(&inside(place, "shape"), &shape);
        self.writer.node(place, "Reshape", &[x, &shape], vec![])
    }

    fn permuted(&mut self, place: &str, x: &str, perm: &[i64]) -> String {
        self.writer.node(place, "Transpose", &[x], vec![Attribute::ints("perm", perm)])
    }

    fn attention(
        &mut self,
        place: &str,
        attention: &SelfAttention,
        x: Wire,
    ) -> Result<Wire, KeepError> {
        let &[positions, width] = &x.row[..] else {
            return Err(shape("self-attention", "[positions, width]", &x.row));
        };
        let (heads, of_head) = (attention.heads, width / attention.heads.max(1));
        let split = |layers: &mut Self, name: &str, perm: &[i64]| {
            let matrix = layers.block(place, name);
            let turned = layers.turned(place, &matrix);
            let all = layers.writer.node(place, "MatMul", &[&x.name, &turned], vec![]);
            let all = layers.reshaped(place, &all, &[positions, heads, of_head]);
            layers.permuted(place, &all, perm)
        };
        let q = split(self, "query", &[0, 2, 1, 3]);
        let k = split(self, "key", &[0, 2, 3, 1]);
        let v = split(self, "value", &[0, 2, 1, 3]);
        let scale = 1.0 / (of_head as f64).sqrt();
        let scale = self.writer.constant(&inside(place, "scale"), &[], &[scale]);
        let products = self.writer.node(place, "MatMul", &[&q, &k], vec![]);
        let mut scores = self.writer.node(place, "Mul", &[&products, &scale], vec![]);
        if attention.causal {
            let hidden = |i: usize, j: usize| if j > i { f64::NEG_INFINITY } else { 0.0 };
            let mask: Vec<f64> =
                (0..positions).flat_map(|i| (0..positions).map(move |j| hidden(i, j))).collect();
            let mask = self.writer.constant(&inside(place, "mask"), &[positions, positions], &mask);
            scores = self.writer.node(place, "Add", &[&scores, &mask], vec![]);
        }
        let axis = vec![Attribute::int("axis", -1)];
        let shares = self.writer.node(place, "Softmax", &[&scores], axis);
        let taken = self.writer.node(place, "MatMul", &[&shares, &v], vec![]);
        let taken = self.permuted(place, &taken, &[0, 2, 1, 3]);
        let taken = self.reshaped(place, &taken, &[positions, width]);
        let out = self.block(place, "out");
        let out = self.turned(place, &out);
        Ok(Wire { name: self.writer.node(place, "MatMul", &[&taken, &out], vec![]), ..x })
    }

    /// ONNX's own cell, which takes positions first and all matrices within one axis more.
    fn recurrent(&mut self, place: &str, cell: &Recurrent, x: Wire) -> Result<Wire, KeepError> {
        let &[positions, _] = &x.row[..] else {
            return Err(shape("a recurrent layer", "[positions, inputs]", &x.row));
        };
        let width = cell.width;
        let first = self.writer.whole(&inside(place, "axis"), &[0]);
        let within = |layers: &mut Self, name: &str| {
            layers.writer.node(place, "Unsqueeze", &[name, &first], vec![])
        };
        let (weight, state) = (self.block(place, "weight"), self.block(place, "state"));
        let (weight, state) = (within(self, &weight), within(self, &state));
        // It adds a bias of the inputs and one of the state.
        let bias = self.block(place, "bias");
        let zeros = self.writer.constant(&inside(place, "zeros"), &[width], &vec![0.0; width]);
        let axis = vec![Attribute::int("axis", 0)];
        let both = self.writer.node(place, "Concat", &[&bias, &zeros], axis);
        let both = within(self, &both);
        let x = self.permuted(place, &x.name, &[1, 0, 2]);
        let all = self.writer.free(&format!("{place}/RNN.all"));
        let last = self.writer.free(&format!("{place}/RNN.last"));
        let size = vec![Attribute::int("hidden_size", width as i64)];
        let inputs = [&x, &weight, &state, &both].map(String::as_str);
        self.writer.node_of("RNN", &inputs, &[all.clone(), last.clone()], size);
        if cell.every_position {
            let axis = self.writer.whole(&inside(place, "direction"), &[1]);
            let all = self.writer.node(place, "Squeeze", &[&all, &axis], vec![]);
            let name = self.permuted(place, &all, &[1, 0, 2]);
            return Ok(Wire { name, row: vec![positions, width] });
        }
        let name = self.writer.node(place, "Squeeze", &[&last, &first], vec![]);
        Ok(Wire { name, row: vec![width] })
    }

    fn activation(&mut self, place: &str, name: &str, x: Wire) -> Result<Wire, KeepError> {
        let activation = name.parse::<Activation>().map_err(|_| KeepError::OwnLayer)?;
        let (op, settings) = match activation {
            Activation::Sigmoid => ("Sigmoid", vec![]),
            Activation::Tanh => ("Tanh", vec![]),
            Activation::Relu => ("Relu", vec![]),
            Activation::Softplus => ("Softplus", vec![]),
            Activation::Identity => return Ok(x),
            Activation::LeakyRelu => ("LeakyRelu", vec![Attribute::float("alpha", 0.01)]),
            Activation::Elu => ("Elu", vec![Attribute::float("alpha", 1.0)]),
            Activation::Gelu => ("Gelu", vec![]),
            Activation::Silu => {
                let share = self.writer.node(place, "Sigmoid", &[&x.name], vec![]);
                let name = self.writer.node(place, "Mul", &[&x.name, &share], vec![]);
                return Ok(Wire { name, ..x });
            }
        };
        Ok(Wire { name: self.writer.node(place, op, &[&x.name], settings), ..x })
    }
}

/// The path of what stands within a place.
fn inside(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") }
}

fn shape(what: &str, expected: &str, found: &[usize]) -> KeepError {
    KeepError::Row { what: format!("{what} takes rows of {expected}"), found: found.to_vec() }
}
