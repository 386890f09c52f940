//! What a layer says of its parameters.

use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use wengert::Shape;

use crate::init::Law;

/// A block of parameters, as its layer declares it.
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) start: Start,
    pub(crate) decays: bool,
    pub(crate) shared: bool,
}

/// Where a block of parameters starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Start {
    /// At 0.
    Zeros,
    /// At 1.
    Ones,
    /// Normal, with mean 0.
    Normal {
        /// The standard deviation.
        deviation: f64,
    },
    /// By a law, of a block `[out, in]`: its fans are its extents.
    Law(Law),
    /// By a law, of a block `[in, out]`.
    LawOfColumns(Law),
    /// At these numbers, row-major.
    Values(Vec<f64>),
}

impl Param {
    /// A block of weights. Its name is unique within the layer; weight decay and penalties apply.
    #[must_use]
    pub fn new(name: &str, shape: impl Into<Shape>, start: Start) -> Self {
        let shape = shape.into().dims().to_vec();
        Param { name: name.to_owned(), shape, start, decays: true, shared: false }
    }

    /// Left alone by weight decay and penalties: for biases, and gains of norms.
    #[must_use]
    pub fn undecayed(self) -> Self {
        Param { decays: false, ..self }
    }

    /// One block for every layer that declares this name, wherever it stands in the model: its
    /// gradient is the sum over them.
    #[must_use]
    pub fn shared(self) -> Self {
        Param { shared: true, ..self }
    }
}

impl Start {
    /// Without numbers that a file has anyway.
    pub(crate) fn for_a_file(&self) -> Start {
        if let Start::Values(_) = self { Start::Zeros } else { self.clone() }
    }

    /// How many numbers were given.
    pub(crate) fn given(&self) -> usize {
        if let Start::Values(values) = self { values.len() } else { 0 }
    }

    /// The first numbers, or how many there should have been.
    pub(crate) fn numbers(&self, shape: &[usize], rng: &mut ChaCha8Rng) -> Result<Vec<f64>, usize> {
        let count = shape.iter().product();
        let (rows, columns) = match shape {
            [] => (1, 1),
            [one] => (*one, *one),
            [first, rest @ ..] => (*first, rest.iter().product()),
        };
        Ok(match self {
            Start::Zeros => vec![0.0; count],
            Start::Ones => vec![1.0; count],
            Start::Normal { deviation } => crate::init::normals(rng, count, *deviation),
            Start::Law(law) => law.numbers(rng, count, columns, rows),
            Start::LawOfColumns(law) => law.numbers(rng, count, rows, columns),
            Start::Values(values) if values.len() == count => values.clone(),
            Start::Values(_) => return Err(count),
        })
    }
}
