//! Networks built from the nodes of a [`wengert`] tape.
//!
//! **Which to choose.** To train on data of your own, take the module [`nn`]: layers by composition,
//! losses, Adam and others, CSV files, a trainer, saved models. To follow the teaching notebook, or
//! to see every neuron's `z` and delta as a node, take what stands here at the root: the notebook's
//! sigmoid networks, trained row by row by plain gradient descent, digit for digit.
//!
//! ```text
//! Init ──> Mlp ──bind(&tape)──> Bound ──forward(x)──> Forward ──half_squared_error──> L
//!           ^                                                                          |
//!           └──────────── Sgd <── ∂L/∂params ──── Gradients <──── L.backward() ────────┘
//! ```
//!
//! ```
//! use wengert::{Numerics, Options, Tape};
//! use wengert_layers::{Activation, Granularity, Init, Mlp, Sgd};
//!
//! let mut mlp = Mlp::new(&[2, 1, 2], Activation::Sigmoid, Init::Notebook { seed: 1 })?;
//! let tape = Tape::with(Options::default().numerics(Numerics::Exact)); // the notebook's digits
//! let bound = mlp.bind(&tape, Granularity::PerNeuron);
//! let pass = bound.forward(tape.data([1.0, 0.0]).named("x"));
//! let loss = pass.half_squared_error(tape.data([0.0, 1.0]).named("target"));
//! let gradients = loss.backward();
//! println!("{tape}\ndeltas: {:?}", pass.deltas(&gradients));
//!
//! let mut params = mlp.params().to_vec();
//! Sgd { rate: 0.02 }.step(&mut params, &gradients.values_wrt(bound.params()));
//! mlp.set_params(&params)?;
//! # assert_eq!(pass.deltas(&gradients)[0], [-0.002711797799238243]);
//! # Ok::<(), wengert_layers::MlpError>(())
//! ```
//!
//! The goals are those of [`wengert`], in its order. **See**: a network can be recorded [per
//! neuron](Granularity::PerNeuron), so that every `z`, output and delta is a node with a name, or
//! [per layer](Granularity::PerLayer), from the same parameters with the same results. **Trust**:
//! it reproduces a [teaching notebook](Init::Notebook) that derives backpropagation by hand, digit
//! for digit; bad input is a typed error that names the row, the layer or the field and leaves
//! everything as it was. **Fast**: parameters are one block of the tape, an update is one loop, and
//! training [replays](Passes::Replayed) one recording, or runs it [compiled](Passes::Compiled).
//!
//! It uses the public API of [`wengert`] only: whatever these layers do, yours can.
//!
//! What it is not: a deep-learning framework. There are no convolutions and no devices.
//!
//! # The order of things
//!
//! [`Init`] chooses first weights and [`Dataset`] checks rows. An [`Mlp`] owns the numbers of a
//! network; [`SavedMlp`] is its form in files. [`Bound`] is the network on a tape and [`Forward`] a
//! pass through it, with its loss and its deltas. [`Trainer`] learns row by row; [`Mlp::predict`]
//! and [`Mlp::accuracy`] ask.

// A module uses only modules listed above it.
mod activation;
mod data;
mod python;
mod init;
mod mlp;
mod saved;

mod bind;
mod forward;
mod predict;
mod sgd;
mod warning;
mod train;

pub mod nn;

pub use activation::{Activation, UnknownActivation};
pub use bind::{Bound, BoundLayer, Granularity};
pub use data::{DataError, Dataset};
pub use forward::{Forward, LayerPass};
pub use init::{Init, InitError, Initialiser, Law, LayerParams};
pub use mlp::{Layer, Mlp, MlpError, Neuron};
pub use predict::FitError;
pub use python::PythonRandom;
pub use saved::{LoadError, SavedMlp};
pub use sgd::Sgd;
pub use train::{Epoch, Passes, RowPass, TrainError, Trained, Trainer};
pub use warning::Warning;
