//! Models as ONNX files: for onnxruntime, and to be looked at in Netron.
//!
//! Needs the feature `onnx`. The initialisers have the names of the model's blocks; the graph takes
//! any number of rows. Layers are written with the operators of opset 20, and those of a training
//! (dropout) are left out.

mod graph;
mod layers;
mod messages;

use std::fmt;
use std::path::Path;

use prost::Message;
use wengert::Scalar;

use self::graph::{Wire, Writer};
use self::layers::Layers;
use self::messages::{Entry, OperatorSet, Value};
use super::{Dtype, KeepError, Predictor, write};
use crate::nn::model::Model;
use crate::nn::table::Scaling;

/// A model as an ONNX file. Printed, it lists the nodes of its graph.
///
/// # Examples
///
/// ```
/// use wengert_layers::Activation;
/// use wengert_layers::nn::{Dense, Dtype, Model, Sequential};
///
/// let layers = Sequential::new().then(Dense::new(2, 8)).then(Activation::Tanh);
/// let model: Model = Model::new(layers.then(Dense::new(8, 1)), 1)?;
/// let onnx = model.to_onnx(&[2], Dtype::F32)?;
/// assert_eq!(
///     onnx.to_string(),
///     "0/Gemm = Gemm(x, 0.weight, 0.bias) transB=1\n\
///      1/Tanh = Tanh(0/Gemm)\n\
///      output = Gemm(1/Tanh, 2.weight, 2.bias) transB=1\n"
/// );
/// let folder = tempfile::tempdir()?;
/// onnx.save(folder.path().join("net.onnx"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Onnx {
    model: messages::Model,
}

/// The version of the file's form, and of the operators.
const IR_VERSION: i64 = 10;
const OPSET: i64 = 20;

impl<S: Scalar> Model<S> {
    /// The model as an ONNX file that takes rows of a shape, `[rows, ..]`, and computes in numbers
    /// of a type. `F32` is what runtimes are made for; onnxruntime has some operators in no other.
    ///
    /// # Errors
    ///
    /// [`KeepError::OwnLayer`]; [`KeepError::Row`] if a layer does not take rows of this shape.
    pub fn to_onnx(&self, row: &[usize], dtype: Dtype) -> Result<Onnx, KeepError> {
        self.onnx(row, dtype, None, Vec::new())
    }

    fn onnx(
        &self,
        row: &[usize],
        dtype: Dtype,
        scaling: Option<&Scaling>,
        metadata: Vec<Entry>,
    ) -> Result<Onnx, KeepError> {
        let spec = self.spec().ok_or(KeepError::OwnLayer)?;
        // What does not fit is refused by the layers themselves.
        let zeros = vec![S::from_f64(0.0); row.iter().product()];
        let answer = self.answer(&zeros, row);
        answer.map_err(|error| KeepError::Row { what: error.to_string(), found: row.to_vec() })?;
        let mut writer = Writer::new(dtype);
        for block in self.params() {
            let values: Vec<f64> = block.values.iter().map(|value| value.to_f64()).collect();
            writer.block(block.name, block.shape, &values);
        }
        let mut x = Wire { name: "x".to_owned(), row: row.to_vec() };
        let input = Value::rows(&x.name, writer.data_type(), row);
        if let Some(scaling) = scaling {
            x.name = scaled(&mut writer, scaling, &x.name);
        }
        let names = self.params().map(|block| block.name).collect();
        let mut layers = Layers { writer, names };
        let last = layers.layer("", &spec, x)?;
        let graph = layers.writer.finish("wengert", input, &last);
        debug_assert_eq!(graph.fault(), None);
        let model = messages::Model {
            ir_version: IR_VERSION,
            producer_name: "wengert-layers".to_owned(),
            producer_version: env!("CARGO_PKG_VERSION").to_owned(),
            graph: Some(graph),
            opset_import: vec![OperatorSet { domain: String::new(), version: OPSET }],
            metadata,
        };
        Ok(Onnx { model })
    }
}

/// What a [`Scaling`] does to a row: fill what is missing, take off, divide.
fn scaled(writer: &mut Writer, scaling: &Scaling, x: &str) -> String {
    let [from, by, means] = scaling.numbers();
    let mut constant = |name: &str, numbers: &[f64]| {
        writer.constant(&format!("scaling.{name}"), &[numbers.len()], numbers)
    };
    let (from, by, means) = (constant("from", from), constant("by", by), constant("mean", means));
    let missing = writer.node("scaling", "IsNaN", &[x], vec![]);
    let filled = writer.node("scaling", "Where", &[&missing, &means, x], vec![]);
    let centred = writer.node("scaling", "Sub", &[&filled, &from], vec![]);
    writer.node("scaling", "Div", &[&centred, &by], vec![])
}

impl<S: Scalar> Predictor<S> {
    /// As [`Model::to_onnx`], with the scaling as the graph's first nodes: it takes rows as they
    /// stand in a file. The names of features, classes and targets, and the threshold of a single
    /// output, are its metadata.
    ///
    /// # Errors
    ///
    /// As [`Model::to_onnx`].
    pub fn to_onnx(&self, dtype: Dtype) -> Result<Onnx, KeepError> {
        let entry = |key: &str, value: String| Entry { key: key.to_owned(), value };
        let names = |names: &[String]| serde_json::Value::from(names).to_string();
        let mut metadata = vec![entry("features", names(self.feature_names()))];
        for (key, list) in [("classes", self.class_names()), ("targets", self.target_names())] {
            if !list.is_empty() {
                metadata.push(entry(key, names(list)));
            }
        }
        metadata.push(entry("threshold", format!("{:?}", self.model().threshold())));
        let row = [self.feature_names().len()];
        self.model().onnx(&row, dtype, self.scaling(), metadata)
    }
}

impl Onnx {
    /// The file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.model.encode_to_vec()
    }

    /// Writes the file. A full disk or a crash leaves the old one.
    ///
    /// # Errors
    ///
    /// [`KeepError::File`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), KeepError> {
        write::whole(path.as_ref(), &self.to_bytes())
    }
}

/// A line for each node.
impl fmt::Display for Onnx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for node in self.model.graph.iter().flat_map(|graph| &graph.nodes) {
            let (outputs, inputs) = (node.outputs.join(", "), node.inputs.join(", "));
            write!(f, "{outputs} = {}({inputs})", node.op)?;
            for attribute in &node.attributes {
                write!(f, " {}=", attribute.name)?;
                match attribute.kind {
                    1 => write!(f, "{}", attribute.float)?,
                    2 => write!(f, "{}", attribute.int)?,
                    _ => write!(f, "{:?}", attribute.ints)?,
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
