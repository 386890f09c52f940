//! Layers: functions of nodes with parameters of their own.
//!
//! A layer of one's own is a few lines:
//!
//! ```
//! use wengert::{Error, Var};
//! use wengert_layers::nn::{Layer, Model, Param, Pass, Sequential, Start};
//!
//! /// Each of `n` features times a number of its own.
//! #[derive(Debug)]
//! struct Scale(usize);
//!
//! impl Layer for Scale {
//!     fn params(&self) -> Vec<Param> {
//!         vec![Param::new("factor", [self.0], Start::Ones)]
//!     }
//!
//!     fn forward<'t>(&self, x: Var<'t>, pass: &Pass<'_, 't>) -> Result<Var<'t>, Error> {
//!         x.try_mul(pass.param("factor")?)
//!     }
//! }
//!
//! let model = Model::new(Sequential::new().then(Scale(2)), 1)?;
//! assert_eq!(model.answer(&[3.0, 4.0], &[2])?, [3.0, 4.0]);
//! # Ok::<(), wengert_layers::nn::ModelError>(())
//! ```

mod activations;
mod attention;
mod compose;
mod dense;
mod norm;
mod param;
mod pass;
mod recurrent;
mod shape;
mod spec;

pub use activations::{Dropout, Softmax};
pub use attention::SelfAttention;
pub use compose::{Residual, Sequential};
pub use dense::{Dense, Embedding};
pub use norm::{LayerNorm, RmsNorm};
pub use param::{Param, Start};
pub use pass::Pass;
pub(crate) use pass::{Noise, uniform};
pub use recurrent::Recurrent;
pub use shape::Reshape;
pub use spec::Spec;

use std::fmt::Debug;

use wengert::{Error, Scalar, Var};

/// A function of a node, with parameters.
///
/// `x` has the rows of a batch as its first axis.
pub trait Layer<S: Scalar = f64>: Debug + Send + Sync {
    /// Its parameters: their names within the layer, their shapes, where they start. None, unless
    /// said otherwise.
    fn params(&self) -> Vec<Param> {
        Vec::new()
    }

    /// Records what it makes of `x`; `pass` has its parameters.
    ///
    /// # Errors
    ///
    /// What recording meets: [`Error::Shapes`] where `x` does not fit.
    fn forward<'t>(&self, x: Var<'t, S>, pass: &Pass<'_, 't, S>) -> Result<Var<'t, S>, Error>;

    /// What a file can build it again from. None for layers of one's own: then the file's numbers
    /// are read into a model that the program builds.
    fn spec(&self) -> Option<Spec> {
        None
    }
}

#[cfg(test)]
mod tests;
