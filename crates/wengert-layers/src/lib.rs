//! Sigmoid multilayer perceptrons built from the nodes of a Wengert tape

mod activation;
mod data;
mod init;
mod mlp;
mod saved;

pub use activation::{Activation, UnknownActivation};
pub use data::{DataError, Dataset};
pub use init::{Init, InitError, Initialiser, Law, LayerParams};
pub use mlp::{Layer, Mlp, MlpError, Neuron};
pub use saved::{LoadError, SavedMlp};
