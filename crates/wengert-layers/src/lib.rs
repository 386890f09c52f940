//! Sigmoid multilayer perceptrons built from the nodes of a Wengert tape

mod init;

pub use init::{Init, InitError, Initialiser, Law, LayerParams};
