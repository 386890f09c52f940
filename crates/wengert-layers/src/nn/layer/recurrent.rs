//! A recurrent cell.

use serde::{Deserialize, Serialize};
use wengert::{Error, Leaf, Scalar, Scan, Var};

use super::{Layer, Param, Pass, Spec, Start};
use crate::init::Law;

/// Of `[rows, positions, inputs]` the state after the last position, `[rows, width]`:
/// `h ← tanh(W x + U h + b)` from 0 on (Elman 1990; PyTorch's `RNN`). `weight` is `[width,
/// inputs]`, `state` is `[width, width]`, `bias` is `[width]`.
///
/// The loop is one node of the tape, a [`Scan`], however many positions there are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recurrent {
    pub(crate) inputs: usize,
    pub(crate) width: usize,
    #[serde(default)]
    unrolled: bool,
    #[serde(default)]
    pub(crate) every_position: bool,
}

impl Recurrent {
    /// A cell of so many inputs at a position, and so many numbers of state.
    #[must_use]
    pub fn new(inputs: usize, width: usize) -> Self {
        Recurrent { inputs, width, unrolled: false, every_position: false }
    }

    /// With nodes of their own for every position, `position 3/state`, to look at. The numbers are
    /// the same; the tape is as long as the sequence.
    #[must_use]
    pub fn unrolled(self) -> Self {
        Recurrent { unrolled: true, ..self }
    }

    /// With the state after every position, `[rows, positions, width]`: for a layer that takes
    /// sequences too.
    #[must_use]
    pub fn every_position(self) -> Self {
        Recurrent { every_position: true, ..self }
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
        let first = pass.tape().tensor(Leaf::Const, &zeros, [rows, self.width])?;
        // Position by position: what each gives to the state does not wait for the one before.
        let flat = x.try_permute(&[1, 0, 2])?.try_reshape([positions * rows, inputs])?;
        let given = Var::try_affine(bias, weight, flat)?;
        let given = given.try_reshape([positions, rows, self.width])?.named("given");
        if self.unrolled {
            let (mut state, mut states) = (first, Vec::with_capacity(positions));
            for position in 0..positions {
                let _scope = pass.tape().scope(&format!("position {position}"));
                let z = given.try_at(position)?.try_add(state.try_matmul(back)?)?;
                state = z.tanh().named("state");
                states.push(state);
            }
            return match self.every_position {
                true => pass.tape().try_stack(&states)?.try_permute(&[1, 0, 2])?.try_contiguous(),
                false => Ok(state),
            };
        }
        let scan = Scan::new().state(first).rows(given).fixed(back).record(|step| {
            let next = (step.row(0) + step.state(0).matmul(step.fixed(0))).tanh();
            let turn = step.next([next]);
            if self.every_position { turn.with([next]) } else { turn }
        })?;
        match self.every_position {
            true => scan.rows(0).try_permute(&[1, 0, 2])?.try_contiguous(),
            false => Ok(scan.state(0).named("state")),
        }
    }

    fn spec(&self) -> Option<Spec> {
        Some(Spec::Recurrent(self.clone()))
    }
}
