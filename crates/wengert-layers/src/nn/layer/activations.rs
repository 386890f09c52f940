//! Layers without parameters that work number by number, or along the last axis.

use serde::{Deserialize, Serialize};
use wengert::op::Binary;
use wengert::{Error, Last, Leaf, Scalar, Var};

use super::{Layer, Pass, Spec};
use crate::activation::Activation;
use crate::bind::Granularity;

/// An activation is a layer: `.then(Activation::Relu)`.
impl<S: Scalar> Layer<S> for Activation {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, S>, pass: &Pass<'_, 't, S>) -> Result<Var<'t, S>, Error> {
        let shape = x.shape();
        let (rows, units) = match (pass.granularity(), shape.dims()) {
            (Granularity::PerNeuron, &[units]) => (None, units),
            (Granularity::PerNeuron, &[rows, units]) => (Some(rows), units),
            _ => return self.try_apply(x),
        };
        pass.by_neuron(rows, units, "output", |row, j| {
            self.try_apply(row.map_or(Ok(x), |row| x.try_at(row))?.try_at(j)?)
        })
    }

    fn spec(&self) -> Option<Spec> {
        Some(Spec::Activation(self.name().to_owned()))
    }
}

/// Shares along the last axis. For a loss take the logits, and
/// [`CrossEntropy`](crate::nn::loss::CrossEntropy), which keeps their digits.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Softmax;

impl<S: Scalar> Layer<S> for Softmax {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, S>, _: &Pass<'_, 't, S>) -> Result<Var<'t, S>, Error> {
        x.try_softmax(Last)
    }

    fn spec(&self) -> Option<Spec> {
        Some(Spec::Softmax)
    }
}

/// In training each number becomes 0 with probability `share`, and is divided by `1 − share`
/// otherwise (Srivastava and others 2014); in an answer nothing happens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Dropout {
    /// From 0 up to below 1.
    pub share: f64,
}

impl<S: Scalar> Layer<S> for Dropout {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, S>, pass: &Pass<'_, 't, S>) -> Result<Var<'t, S>, Error> {
        if !(0.0..1.0).contains(&self.share) {
            let rule = format!("a share of {:?} is not from 0 up to below 1", self.share);
            return Err(x.operand_error("dropout", rule));
        }
        let Some(drawn) = pass.uniform(x.shape())? else { return Ok(x) };
        let share = pass.tape().try_leaf(Leaf::Const, S::from_f64(self.share))?;
        let kept = drawn.try_binary(Binary::Ge, share)?;
        x.try_mul(kept)?.try_mul(S::from_f64(1.0 / (1.0 - self.share)))
    }

    fn spec(&self) -> Option<Spec> {
        Some(Spec::Dropout(*self))
    }
}
