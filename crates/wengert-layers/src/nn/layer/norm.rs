//! Norms of the last axis.

use serde::{Deserialize, Serialize};
use wengert::{Axes, Error, Last, Scalar, Var};

use super::{Layer, Param, Pass, Spec, Start};

/// `(x − mean) / √(variance + epsilon) · weight + bias` over the last axis, the variance being the
/// mean square of the distances (Ba, Kiros and Hinton 2016; PyTorch's `LayerNorm`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerNorm {
    pub(crate) width: usize,
    pub(crate) epsilon: f64,
}

impl LayerNorm {
    /// Of so many numbers, with ε 1e-5.
    #[must_use]
    pub fn new(width: usize) -> Self {
        LayerNorm { width, epsilon: 1e-5 }
    }

    /// Another ε.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> Self {
        LayerNorm { epsilon, ..self }
    }
}

impl<S: Scalar> Layer<S> for LayerNorm {
    fn params(&self) -> Vec<Param> {
        vec![
            Param::new("weight", [self.width], Start::Ones).undecayed(),
            Param::new("bias", [self.width], Start::Zeros).undecayed(),
        ]
    }

    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, S>, pass: &Pass<'_, 't, S>) -> Result<Var<'t, S>, Error> {
        let centred = x.try_sub(x.try_mean_axes(Axes::keep(Last))?)?;
        let variance = centred.square().try_mean_axes(Axes::keep(Last))?;
        let deviation = variance.try_add(S::from_f64(self.epsilon))?.sqrt();
        centred.try_div(deviation)?.try_mul(pass.param("weight")?)?.try_add(pass.param("bias")?)
    }

    fn spec(&self) -> Option<Spec> {
        Some(Spec::LayerNorm(self.clone()))
    }
}

/// `x / √(mean of x² + epsilon) · weight` over the last axis (Zhang and Sennrich 2019; PyTorch's
/// `RMSNorm`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RmsNorm {
    pub(crate) width: usize,
    pub(crate) epsilon: f64,
}

impl RmsNorm {
    /// Of so many numbers, with ε 1e-5.
    #[must_use]
    pub fn new(width: usize) -> Self {
        RmsNorm { width, epsilon: 1e-5 }
    }

    /// Another ε.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> Self {
        RmsNorm { epsilon, ..self }
    }
}

impl<S: Scalar> Layer<S> for RmsNorm {
    fn params(&self) -> Vec<Param> {
        vec![Param::new("weight", [self.width], Start::Ones).undecayed()]
    }

    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, S>, pass: &Pass<'_, 't, S>) -> Result<Var<'t, S>, Error> {
        let mean_square = x.square().try_mean_axes(Axes::keep(Last))?;
        let size = mean_square.try_add(S::from_f64(self.epsilon))?.sqrt();
        x.try_div(size)?.try_mul(pass.param("weight")?)
    }

    fn spec(&self) -> Option<Spec> {
        Some(Spec::RmsNorm(self.clone()))
    }
}
