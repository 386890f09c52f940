//! Parts of a network, to read.

use crate::activation::Activation;

/// One layer of an [`Mlp`](crate::Mlp).
#[derive(Debug, Clone, PartialEq)]
pub struct Layer<'a> {
    pub(super) name: String,
    pub(super) inputs: usize,
    pub(super) activation: Activation,
    pub(super) params: &'a [f64],
}

/// The parameters of one neuron.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neuron<'a> {
    /// One weight per input.
    pub weights: &'a [f64],
    /// Where `z` starts from.
    pub bias: f64,
}

impl<'a> Layer<'a> {
    /// `hidden`, `hidden2`, `output`: see [`Mlp`](crate::Mlp).
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of inputs of each neuron.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The number of neurons.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a layer is never empty")]
    pub fn len(&self) -> usize {
        self.params.len() / (self.inputs + 1)
    }

    /// What its neurons do to `z`.
    #[must_use]
    pub fn activation(&self) -> Activation {
        self.activation
    }

    /// Its block of the parameters, `[len, inputs + 1]`.
    #[must_use]
    pub fn params(&self) -> &'a [f64] {
        self.params
    }

    /// Its neurons in order.
    #[must_use]
    pub fn neurons(&self) -> impl ExactSizeIterator<Item = Neuron<'a>> {
        self.params.chunks_exact(self.inputs + 1).map(|row| {
            let (weights, bias) = row.split_at(row.len() - 1);
            Neuron { weights, bias: bias[0] }
        })
    }

    /// Neuron `j`, from 0.
    ///
    /// # Panics
    ///
    /// If there is no such neuron.
    #[must_use]
    #[track_caller]
    pub fn neuron(&self, j: usize) -> Neuron<'a> {
        match self.neurons().nth(j) {
            Some(neuron) => neuron,
            None => panic!("there is no neuron {j}: {} has {}", self.name, self.len()),
        }
    }
}
