//! Layers as a file has them.

use serde::{Deserialize, Serialize};
use wengert::Scalar;

use super::{
    Dense, Dropout, Embedding, Layer, LayerNorm, Recurrent, Reshape, Residual, RmsNorm,
    SelfAttention, Sequential, Softmax,
};
use crate::activation::{Activation, UnknownActivation};

/// What a layer of this crate is built again from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant is the layer of its name")]
pub enum Spec {
    Dense(Dense),
    Embedding(Embedding),
    LayerNorm(LayerNorm),
    RmsNorm(RmsNorm),
    SelfAttention(SelfAttention),
    Recurrent(Recurrent),
    Activation(String),
    Softmax,
    Dropout(Dropout),
    Reshape(Reshape),
    Sequential(Vec<(String, Spec)>),
    Residual(Box<Spec>),
}

impl Spec {
    /// The layer.
    ///
    /// # Errors
    ///
    /// [`UnknownActivation`].
    pub fn build<S: Scalar>(self) -> Result<Box<dyn Layer<S>>, UnknownActivation> {
        Ok(match self {
            Spec::Dense(layer) => Box::new(layer),
            Spec::Embedding(layer) => Box::new(layer),
            Spec::LayerNorm(layer) => Box::new(layer),
            Spec::RmsNorm(layer) => Box::new(layer),
            Spec::SelfAttention(layer) => Box::new(layer),
            Spec::Recurrent(layer) => Box::new(layer),
            Spec::Activation(name) => Box::new(name.parse::<Activation>()?),
            Spec::Softmax => Box::new(Softmax),
            Spec::Dropout(layer) => Box::new(layer),
            Spec::Reshape(layer) => Box::new(layer),
            Spec::Sequential(layers) => {
                let mut all = Sequential::new();
                for (name, spec) in layers {
                    all = all.boxed(&name, spec.build()?);
                }
                Box::new(all)
            }
            Spec::Residual(spec) => Box::new(Residual::boxed(spec.build()?)),
        })
    }
}
