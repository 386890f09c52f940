//! Other shapes of rows.

use serde::{Deserialize, Serialize};
use wengert::{Error, Scalar, Var};

use super::{Layer, Pass, Spec};

/// Each row of a batch in another shape: `Reshape(vec![8, 8])` makes `[rows, 8, 8]` of `[rows,
/// 64]`, `Reshape(vec![64])` flattens it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reshape(pub Vec<usize>);

impl<S: Scalar> Layer<S> for Reshape {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, S>, _: &Pass<'_, 't, S>) -> Result<Var<'t, S>, Error> {
        let rows = x.shape().dims().first().copied().unwrap_or(1);
        let shape: Vec<usize> = std::iter::once(rows).chain(self.0.iter().copied()).collect();
        x.try_reshape(shape)
    }

    fn spec(&self) -> Option<Spec> {
        Some(Spec::Reshape(self.clone()))
    }
}
