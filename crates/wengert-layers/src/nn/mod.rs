//! What a practitioner trains with: layers by composition, losses, optimisers, tables, a trainer.
//!
//! ```
//! use wengert_layers::Activation;
//! use wengert_layers::nn::{Csv, Dense, Model, Optimiser, Scaling, Sequential, Trainer, loss};
//! # let text: String = (0..60).map(|i| {
//! #     let x = f64::from(i % 3) * 4.0 + f64::from(i * 7 % 10) / 10.0;
//! #     format!("{x},{},{}\n", 5.0 - x, ["kama", "rosa", "canadian"][i as usize % 3])
//! # }).collect();
//!
//! let table = Csv::new().parse("seeds.csv", &text)?; // or .read("seeds.csv")
//! let (train, held) = table.split(0.25, 1)?;
//! let scaling = Scaling::standard(&train);
//! let (train, held) = (scaling.apply(&train)?, scaling.apply(&held)?);
//! let layers = Sequential::new()
//!     .then(Dense::new(2, 8))
//!     .then(Activation::Tanh)
//!     .then(Dense::new(8, 3));
//! let mut model: Model = Model::new(layers, 1)?;
//! let history = Trainer::new(Optimiser::adam(0.02), loss::CrossEntropy::default())
//!     .validate(&held)
//!     .train(&mut model, &train)?;
//! println!("{}\n{}", history.kept().unwrap(), model.answers(&held)?);
//! # assert_eq!(model.answers(&held)?.accuracy(), 1.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The order of things
//!
//! A [`Csv`] reads a [`Table`]; a [`Scaling`] is fitted on one part of it. A [`Layer`] says what it
//! makes of a node and which parameters it needs; a [`Model`] owns their numbers. A
//! [`loss`](loss::Loss) is what training makes small, an [`Optimiser`] how parameters move. The
//! [`Trainer`] does it, and the [`History`] says what came of it; [`Answers`] are a model's answers
//! beside what is right. A [`Predictor`] is a model with its scaling and the names of its classes,
//! in one file.
//!
//! Everything is recorded with the public interface of [`wengert`]: [`Model::record`] puts a model
//! on your tape, where its nodes have names and can be explained.

pub mod layer;
pub mod loss;
pub mod metrics;
mod model;
pub mod optim;
mod picture;
mod table;
mod answers;
#[cfg(feature = "ndarray")]
mod arrays;
mod keep;
mod trainer;

pub use crate::warning::Warning;
pub use answers::Answers;
#[cfg(feature = "onnx")]
pub use keep::Onnx;
pub use keep::{
    Dtype, KeepError, Predictor, Tensor, read_npy, read_safetensors, write_npy, write_safetensors,
};
pub use layer::{
    Dense, Dropout, Embedding, Layer, LayerNorm, Param, Pass, Recurrent, Reshape, Residual,
    RmsNorm, SelfAttention, Sequential, Softmax, Spec, Start,
};
pub use metrics::Confusion;
pub use model::{Model, ModelError, ModelPass, ParamBlock};
pub use optim::{
    Block, Clip, Lbfgs, Minimum, OptimError, Optimiser, RecordedStep, Rule, Schedule, State,
    Stepper,
};
pub use picture::{Curve, curves};
pub use table::{Column, Csv, Header, Missing, Scaling, Table, TableError};
pub use trainer::{
    Checkpoint, Ended, Engine, EngineStep, EpochReport, History, Method, Show, StepOnTape, Trainer,
    TrainerError,
};
