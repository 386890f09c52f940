//! A recurrent cell, position by position.

use serde::{Deserialize, Serialize};
use wengert::{Error, Leaf, Scalar, Var};

use super::{Layer, Param, Pass, Spec, Start};
use crate::init::Law;

/// Of `[rows, positions, inputs]` the state after the last position, `[rows, width]`:
/// `h ← tanh(W x + U h + b)` from 0 on (Elman 1990). `weight` is `[width, inputs]`, `state` is
/// `[width, width]`, `bias` is `[width]`.
///
/// Every position is recorded: the tape is as long as the sequence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recurrent {
    inputs: usize,
    width: usize,
}

impl Recurrent {
    /// A cell of so many inputs at a position, and so many numbers of state.
    #[must_use]
    pub fn new(inputs: usize, width: usize) -> Self {
        Recurrent { inputs, width }
    }
}

impl<S: Scalar> Layer<S> for Recurrent {
    fn params(&self) -> Vec<Param> {
        let law = || Start::Law(Law::GlorotUniform);
        vec![
            Param::new("weight", [self.width, self.inputs], law()),
            Param::new("state", [self.width, self.width], law()),
            Param::new("bias", [self.width], Start::Zeros).undecayed(),
        ]
    }

    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, S>, pass: &Pass<'_, 't, S>) -> Result<Var<'t, S>, Error> {
        let shape = x.shape();
        let &[rows, positions, inputs] = shape.dims() else {
            let rule = "a recurrent layer takes [rows, positions, inputs]".to_owned();
            return Err(x.operand_error("recurrent", rule));
        };
        if inputs != self.inputs {
            let rule = format!("each position of this layer's input has {}", self.inputs);
            return Err(x.operand_error("recurrent", rule));
        }
        let (weight, bias) = (pass.param("weight")?, pass.param("bias")?);
        let back = pass.param("state")?.try_t()?;
        let zeros = vec![S::from_f64(0.0); rows * self.width];
        let mut state = pass.tape().tensor(Leaf::Const, &zeros, [rows, self.width])?;
        for position in 0..positions {
            let _scope = pass.tape().scope(&format!("position {position}"));
            let x = x.try_slice(1, position..position + 1)?.try_reshape([rows, inputs])?;
            let z = Var::try_affine(bias, weight, x)?.try_add(state.try_matmul(back)?)?;
            state = z.tanh().named("state");
        }
        Ok(state)
    }

    fn spec(&self) -> Option<Spec> {
        Some(Spec::Recurrent(self.clone()))
    }
}
