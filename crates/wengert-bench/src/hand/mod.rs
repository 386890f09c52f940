//! The gradients derived and written by hand: the limit that a tape is measured against, so written
//! for speed.

pub(crate) mod chain;
pub(crate) mod dense;
pub(crate) mod gmm;
pub(crate) mod notebook;
pub(crate) mod one_sample;
pub(crate) mod rosenbrock;
pub(crate) mod scalars;
pub(crate) mod tiny;
