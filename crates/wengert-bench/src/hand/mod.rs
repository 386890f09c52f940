//! The gradients derived and written by hand: the limit that a tape is measured against, so written for speed.

pub(crate) mod dense;
pub(crate) mod notebook;
pub(crate) mod tiny;
