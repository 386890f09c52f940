//! Self-attention.

use serde::{Deserialize, Serialize};
use wengert::{Error, Last, Leaf, Scalar, Var};

use super::{Layer, Param, Pass, Spec, Start};
use crate::init::Law;

/// Of `[rows, positions, width]` the same shape: each position takes the values of all positions of
/// its row by the softmax of `q·k / √(width / heads)` (Vaswani and others 2017). Four matrices
/// `[width, width]` without biases: `query`, `key`, `value`, `out`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SelfAttention {
    pub(crate) width: usize,
    pub(crate) heads: usize,
    pub(crate) causal: bool,
}

impl SelfAttention {
    /// Every position sees every position.
    #[must_use]
    pub fn new(width: usize, heads: usize) -> Self {
        SelfAttention { width, heads, causal: false }
    }

    /// A position sees itself and those before it.
    #[must_use]
    pub fn causal(self) -> Self {
        SelfAttention { causal: true, ..self }
    }
}

impl<S: Scalar> Layer<S> for SelfAttention {
    fn params(&self) -> Vec<Param> {
        let matrix =
            |name| Param::new(name, [self.width, self.width], Start::Law(Law::GlorotUniform));
        ["query", "key", "value", "out"].map(matrix).to_vec()
    }

    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, S>, pass: &Pass<'_, 't, S>) -> Result<Var<'t, S>, Error> {
        let shape = x.shape();
        let (&[rows, positions, width], true) =
            (shape.dims(), self.heads > 0 && self.width.is_multiple_of(self.heads))
        else {
            let rule = format!(
                "self-attention with {} heads takes [rows, positions, {}], a multiple of the heads",
                self.heads, self.width
            );
            return Err(x.operand_error("self_attention", rule));
        };
        let of_head = width / self.heads;
        let flat = x.try_reshape([rows * positions, width])?;
        let split = |name: &str| {
            let all = flat.try_matmul(pass.param(name)?.try_t()?)?;
            let heads = all.try_reshape([rows, positions, self.heads, of_head])?;
            heads.try_permute(&[0, 2, 1, 3])?.named(name).try_contiguous()
        };
        let (q, k, v) = (split("query")?, split("key")?, split("value")?);
        let scale = S::from_f64(1.0 / (of_head as f64).sqrt());
        let mut scores = q.try_matmul(k.try_permute(&[0, 1, 3, 2])?)?.try_mul(scale)?;
        if self.causal {
            let hidden = |i: usize, j: usize| if j > i { f64::NEG_INFINITY } else { 0.0 };
            let mask = (0..positions).flat_map(|i| (0..positions).map(move |j| hidden(i, j)));
            let mask: Vec<S> = mask.map(S::from_f64).collect();
            let mask = pass.tape().tensor(Leaf::Const, &mask, [positions, positions])?;
            scores = scores.try_add(mask)?;
        }
        let shares = scores.try_softmax(Last)?.named("shares");
        let taken = shares.try_matmul(v)?.try_permute(&[0, 2, 1, 3])?;
        let out = taken.try_reshape([rows * positions, width])?;
        out.try_matmul(pass.param("out")?.try_t()?)?.try_reshape(shape)
    }

    fn spec(&self) -> Option<Spec> {
        Some(Spec::SelfAttention(self.clone()))
    }
}
