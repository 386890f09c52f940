//! What can be wrong with the numbers of a network.

use crate::init::InitError;

/// Why numbers don't make a network.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MlpError {
    /// There are no layers: fewer than two sizes, or no weights.
    #[error(
        "the network has no layers; it needs a number of inputs and at least one layer of neurons"
    )]
    NoLayers,

    /// A layer has no neurons, or the network no inputs.
    #[error("{layer} has width 0; every layer needs at least one")]
    ZeroWidth {
        /// `input`, or the layer.
        layer: String,
    },

    /// The network has more parameters than a tape can hold.
    #[error("{layer} would bring the network to more than {bound} parameters, which no tape holds")]
    TooLarge {
        /// The layer that is too much.
        layer: String,
        /// The most parameters a network can have.
        bound: usize,
    },

    /// There are not as many activations as layers.
    #[error("{found} activations were given for {expected} layers")]
    Activations {
        /// The number of layers.
        expected: usize,
        /// The number of activations.
        found: usize,
    },

    /// A neuron does not have one weight per input and a bias.
    #[error(
        "{layer}/{neuron} has {found} numbers, expected {expected}: one weight per input, and the bias"
    )]
    Weights {
        /// The layer.
        layer: String,
        /// The neuron, from 0.
        neuron: usize,
        /// The number of inputs, and one.
        expected: usize,
        /// The numbers given.
        found: usize,
    },

    /// There are not as many parameters as the sizes ask for.
    #[error("{found} parameters were given for a network that has {expected}")]
    Params {
        /// The number of parameters of the network.
        expected: usize,
        /// The numbers given.
        found: usize,
    },

    /// A parameter is NaN or infinite.
    #[error("{param} is {value:?}, expected a finite number")]
    NotFinite {
        /// The parameter: `hidden/0.w[1]`, `hidden/0.b`.
        param: String,
        /// Its value.
        value: f64,
    },

    /// The initialiser refused.
    #[error(transparent)]
    Init(#[from] InitError),
}
