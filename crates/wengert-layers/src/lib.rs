//! Sigmoid multilayer perceptrons built from the nodes of a Wengert tape

mod data;
mod init;

pub use data::{DataError, Dataset};
pub use init::{Init, InitError, Initialiser, Law, LayerParams};
