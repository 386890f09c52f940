//! Models in files.
//!
//! | file | what | for |
//! |---|---|---|
//! | [`Predictor::save`] | everything, as versioned JSON | a program that answers |
//! | [`Checkpoint::save`](crate::nn::Checkpoint::save) | numbers, optimiser and epochs | a training that goes on |
//! | [`Model::save_safetensors`] | the blocks by name, `[out, in]` | PyTorch, and back |
//! | [`write_npy`] | one array | NumPy |
//! | `Predictor::to_onnx` | the graph, as ONNX (feature `onnx`) | onnxruntime, Netron |
//!
//! A file is written beside its place and moved there when it is whole: a full disk or a crash
//! leaves the old one.

mod error;
mod json;
mod npy;
#[cfg(feature = "onnx")]
mod onnx;
mod predictor;
mod safetensors;
mod write;

pub use error::KeepError;
pub(crate) use json::{SavedBlock, load_json, save_json};
pub use npy::{read_npy, write_npy};
#[cfg(feature = "onnx")]
pub use onnx::Onnx;
pub use predictor::Predictor;
pub use safetensors::{Dtype, Tensor, read_safetensors, write_safetensors};

use std::path::Path;

use wengert::Scalar;

use super::model::Model;

impl<S: Scalar> Model<S> {
    /// The blocks as tensors, in the order of the layers.
    #[must_use]
    pub fn tensors(&self) -> Vec<Tensor> {
        self.tensors_of(self.values())
    }

    /// The blocks, with these numbers instead of the model's.
    pub(crate) fn tensors_of(&self, values: &[S]) -> Vec<Tensor> {
        let dtype = if size_of::<S>() == 4 { Dtype::F32 } else { Dtype::F64 };
        let tensor = |block: &super::model::Owned| Tensor {
            name: block.name.clone(),
            shape: block.shape.clone(),
            values: values[block.start..][..block.len].iter().map(|v| v.to_f64()).collect(),
            dtype,
        };
        self.blocks().iter().map(tensor).collect()
    }

    /// Takes every block from a tensor of its name and shape: no more and no fewer.
    ///
    /// # Errors
    ///
    /// [`KeepError::Names`], [`KeepError::Shape`], [`KeepError::Model`] for numbers that are not
    /// finite; then nothing has changed. `file` is what they call the source.
    pub fn set_tensors(&mut self, file: &str, tensors: &[Tensor]) -> Result<(), KeepError> {
        let names: Vec<&str> = tensors.iter().map(|tensor| tensor.name.as_str()).collect();
        let missing: Vec<&str> =
            self.params().map(|block| block.name).filter(|name| !names.contains(name)).collect();
        let own: Vec<&str> = self.params().map(|block| block.name).collect();
        let extra: Vec<&str> = names.iter().copied().filter(|name| !own.contains(name)).collect();
        if !missing.is_empty() || !extra.is_empty() {
            let list = |names: &[&str]| match names {
                [] => "none".to_owned(),
                _ => names.join(", "),
            };
            let (missing, extra) = (list(&missing), list(&extra));
            return Err(KeepError::Names { file: file.to_owned(), missing, extra });
        }
        let mut values = Vec::with_capacity(self.values().len());
        for block in self.params() {
            let found = tensors.iter().find(|tensor| tensor.name == block.name);
            let Some(tensor) = found else { continue };
            if tensor.shape != block.shape {
                return Err(KeepError::Shape {
                    file: file.to_owned(),
                    name: block.name.to_owned(),
                    expected: block.shape.to_vec(),
                    found: tensor.shape.clone(),
                });
            }
            let (expected, found) = (block.values.len(), tensor.values.len());
            if expected != found {
                let what = tensor.name.clone();
                return Err(super::ModelError::Length { what, expected, found }.into());
            }
            values.extend(tensor.values.iter().map(|&value| S::from_f64(value)));
        }
        self.set_values(&values)?;
        Ok(())
    }

    /// Writes the blocks as a safetensors file: for a [`Sequential`](super::Sequential) of dense
    /// layers what `torch.load` of the same modules takes as their state.
    ///
    /// # Errors
    ///
    /// [`KeepError::File`].
    pub fn save_safetensors(&self, path: impl AsRef<Path>) -> Result<(), KeepError> {
        write_safetensors(path, &self.tensors())
    }

    /// Takes the blocks of a safetensors file.
    ///
    /// # Errors
    ///
    /// Those of [`read_safetensors`] and [`set_tensors`](Model::set_tensors); then nothing has
    /// changed.
    pub fn load_safetensors(&mut self, path: impl AsRef<Path>) -> Result<(), KeepError> {
        let tensors = read_safetensors(&path)?;
        self.set_tensors(&path.as_ref().display().to_string(), &tensors)
    }
}

#[cfg(test)]
mod tests;
