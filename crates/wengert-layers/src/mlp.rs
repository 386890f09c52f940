//! The network as plain numbers.

use std::ops::Range;

pub use error::MlpError;
pub use layer::{Layer, Neuron};

use crate::activation::Activation;
use crate::init::Init;

mod error;
mod layer;

/// A multilayer perceptron: layers of neurons, each of which sees every output of the layer before
/// it.
///
/// For each neuron, `z = bias + Σ wᵢ inputᵢ`, summed from the bias in the order of the inputs, and
/// `output = f(z)` with the layer's [`Activation`]. A network owns numbers and nothing else: no
/// tape, no handle, no lifetime. [`bind`](Mlp::bind) puts its parameters on a tape.
///
/// # Layout
///
/// All parameters are one vector, in the order in which the teaching notebook draws and prints
/// them: layer by layer from the inputs on, neuron by neuron, the weights in the order of the
/// inputs and then the bias. So a layer of `m` neurons with `n` inputs is a row-major block
/// `[m, n + 1]`: a neuron is a row, the weights are its first `n` columns and the biases its last.
/// Both granularities of [`bind`](Mlp::bind) are views of this one block.
///
/// # Names
///
/// The last layer is `output`. A single layer before it is `hidden`; several are `hidden1`,
/// `hidden2`, ... Neurons are counted from 0. `hidden/0.w[1]` is the weight of the first hidden
/// neuron for the second input, `hidden/0.b` its bias; errors, tapes and snapshots use these names.
///
/// # Invariants
///
/// There is at least one layer, no width is 0, and every parameter is finite. Whatever could break
/// this returns an error and leaves the network as it was.
///
/// # Examples
///
/// ```
/// use wengert_layers::{Activation, Init, Mlp};
///
/// let mlp = Mlp::new(&[2, 1, 2], Activation::Sigmoid, Init::Notebook { seed: 1 })?;
/// assert_eq!(mlp.params().len(), (2 + 1) * 1 + (1 + 1) * 2);
/// let output = mlp.layer(1);
/// assert_eq!((output.name(), output.neuron(1).bias), ("output", 0.651592972722763));
/// # Ok::<(), wengert_layers::MlpError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Mlp {
    /// Inputs, then the neurons of each layer.
    sizes: Vec<usize>,
    /// One per layer.
    activations: Vec<Activation>,
    params: Vec<f64>,
}

/// What a tape can hold, so that a size read from a file can't ask for all memory.
const MAX_PARAMS: usize = 1 << 28;

impl Mlp {
    /// A network of these sizes, inputs first (`[2, 1, 2]`: two inputs, one hidden neuron, two
    /// outputs), with the same activation in every layer.
    ///
    /// # Errors
    ///
    /// [`MlpError::NoLayers`] for fewer than two sizes, [`MlpError::ZeroWidth`],
    /// [`MlpError::TooLarge`], [`MlpError::Init`], and [`MlpError::NotFinite`] if the initialiser's
    /// numbers are.
    pub fn new(sizes: &[usize], activation: Activation, init: Init) -> Result<Self, MlpError> {
        Mlp::with_activations(sizes, &vec![activation; sizes.len().saturating_sub(1)], init)
    }

    /// As [`new`](Mlp::new), with an activation for each layer.
    ///
    /// # Errors
    ///
    /// As [`new`](Mlp::new), and [`MlpError::Activations`].
    pub fn with_activations(
        sizes: &[usize],
        activations: &[Activation],
        init: Init,
    ) -> Result<Self, MlpError> {
        let expected = check_sizes(sizes)?;
        check_activations(sizes, activations)?;
        let mut initialiser = init.start()?;
        let mut params = Vec::with_capacity(expected);
        for pair in sizes.windows(2) {
            let layer = initialiser.layer_params(pair[0], pair[1]);
            for (weights, bias) in layer.weights.chunks_exact(pair[0]).zip(&layer.biases) {
                params.extend_from_slice(weights);
                params.push(*bias);
            }
        }
        Mlp::from_params(sizes, activations, params)
    }

    /// A network of these parameters, laid out as [`Mlp`] says.
    ///
    /// # Errors
    ///
    /// Those of [`with_activations`](Mlp::with_activations), [`MlpError::Params`], and
    /// [`MlpError::NotFinite`].
    pub fn from_params(
        sizes: &[usize],
        activations: &[Activation],
        params: Vec<f64>,
    ) -> Result<Self, MlpError> {
        let expected = check_sizes(sizes)?;
        check_activations(sizes, activations)?;
        if params.len() != expected {
            return Err(MlpError::Params { expected, found: params.len() });
        }
        let mlp = Mlp { sizes: sizes.to_vec(), activations: activations.to_vec(), params };
        mlp.check_finite(&mlp.params)?;
        Ok(mlp)
    }

    /// A network from the notebook's form: by layer, by neuron, one weight per input and then the
    /// bias. The sizes are read off.
    ///
    /// # Errors
    ///
    /// [`MlpError::NoLayers`], [`MlpError::ZeroWidth`], [`MlpError::Activations`],
    /// [`MlpError::TooLarge`], [`MlpError::Weights`] for the first neuron that has not as many
    /// numbers as its inputs ask for, [`MlpError::NotFinite`].
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert_layers::{Activation, Mlp};
    ///
    /// let weights = [vec![vec![0.1, 0.8, 0.7]], vec![vec![0.2, 0.4], vec![0.4, 0.6]]];
    /// let mlp = Mlp::from_weights(&weights, &[Activation::Sigmoid; 2])?;
    /// assert_eq!(mlp.sizes(), [2, 1, 2]);
    /// assert_eq!(mlp.weights(), weights);
    /// # Ok::<(), wengert_layers::MlpError>(())
    /// ```
    pub fn from_weights<L, N>(layers: &[L], activations: &[Activation]) -> Result<Self, MlpError>
    where
        L: AsRef<[N]>,
        N: AsRef<[f64]>,
    {
        let first = layers.first().ok_or(MlpError::NoLayers)?.as_ref();
        let inputs = first.first().map_or(1, |neuron| neuron.as_ref().len().saturating_sub(1));
        let widths = layers.iter().map(|layer| layer.as_ref().len());
        let sizes: Vec<usize> = std::iter::once(inputs).chain(widths).collect();
        Mlp::from_sized_weights(&sizes, layers, activations)
    }

    /// As [`from_weights`](Mlp::from_weights), for as many layers and neurons as `sizes` says: a
    /// neuron is measured by it.
    pub(crate) fn from_sized_weights<L, N>(
        sizes: &[usize],
        layers: &[L],
        activations: &[Activation],
    ) -> Result<Self, MlpError>
    where
        L: AsRef<[N]>,
        N: AsRef<[f64]>,
    {
        check_sizes(sizes)?;
        let mut params = Vec::new();
        for (i, layer) in layers.iter().enumerate() {
            let expected = sizes[i] + 1;
            for (neuron, weights) in layer.as_ref().iter().enumerate() {
                let (weights, layer) = (weights.as_ref(), layer_name(i, layers.len()));
                if weights.len() != expected {
                    return Err(MlpError::Weights {
                        layer,
                        neuron,
                        expected,
                        found: weights.len(),
                    });
                }
                params.extend_from_slice(weights);
            }
        }
        Mlp::from_params(sizes, activations, params)
    }

    /// The number of inputs, then the number of neurons of each layer.
    #[must_use]
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// The number of inputs.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.sizes[0]
    }

    /// The number of outputs: the neurons of the last layer.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.sizes[self.sizes.len() - 1]
    }

    /// The activation of each layer.
    #[must_use]
    pub fn activations(&self) -> &[Activation] {
        &self.activations
    }

    /// Every parameter, laid out as [`Mlp`] says.
    #[must_use]
    pub fn params(&self) -> &[f64] {
        &self.params
    }

    /// Replaces every parameter.
    ///
    /// # Errors
    ///
    /// [`MlpError::Params`] for another number of them, [`MlpError::NotFinite`]; then the network
    /// is as it was.
    pub fn set_params(&mut self, params: &[f64]) -> Result<(), MlpError> {
        if params.len() != self.params.len() {
            return Err(MlpError::Params { expected: self.params.len(), found: params.len() });
        }
        self.check_finite(params)?;
        self.params.copy_from_slice(params);
        Ok(())
    }

    /// The layers from the inputs on.
    #[must_use]
    pub fn layers(&self) -> impl ExactSizeIterator<Item = Layer<'_>> {
        (0..self.activations.len()).map(|i| self.layer(i))
    }

    /// Layer `i`, the first after the inputs being 0.
    ///
    /// # Panics
    ///
    /// If there is no such layer.
    #[must_use]
    #[track_caller]
    pub fn layer(&self, i: usize) -> Layer<'_> {
        let name = layer_name(i, self.activations.len());
        let (inputs, activation) = (self.sizes[i], self.activations[i]);
        Layer { name, inputs, activation, params: &self.params[self.block(i)] }
    }

    /// The parameters in the notebook's form: by layer, by neuron, the weights and then the bias.
    #[must_use]
    pub fn weights(&self) -> Vec<Vec<Vec<f64>>> {
        self.layers()
            .map(|layer| layer.params.chunks_exact(layer.inputs + 1).map(<[f64]>::to_vec).collect())
            .collect()
    }

    /// What parameter `k` of [`params`](Mlp::params) is called: `hidden/0.w[1]`, `hidden/0.b`.
    ///
    /// # Panics
    ///
    /// If there is no such parameter.
    #[must_use]
    #[track_caller]
    pub fn param_name(&self, k: usize) -> String {
        let layers = self.activations.len();
        let Some(i) = (0..layers).find(|&i| self.block(i).contains(&k)) else {
            panic!("there is no parameter {k}: the network has {}", self.params.len())
        };
        let (row, of_row) = (self.sizes[i] + 1, k - self.block(i).start);
        let (layer, neuron) = (layer_name(i, layers), of_row / row);
        match of_row % row {
            column if column == self.sizes[i] => format!("{layer}/{neuron}.b"),
            column => format!("{layer}/{neuron}.w[{column}]"),
        }
    }

    /// Where layer `i` stands in the parameters.
    pub(crate) fn block(&self, i: usize) -> Range<usize> {
        let before = self.sizes.windows(2).take(i).map(|pair| block_len(pair[0], pair[1])).sum();
        before..before + block_len(self.sizes[i], self.sizes[i + 1])
    }

    /// The parameters to be moved; whoever moves them checks them.
    pub(crate) fn params_mut(&mut self) -> &mut [f64] {
        &mut self.params
    }

    /// Whether these, laid out as this network's parameters, are all finite.
    pub(crate) fn check_finite(&self, params: &[f64]) -> Result<(), MlpError> {
        match params.iter().position(|param| !param.is_finite()) {
            Some(k) => Err(MlpError::NotFinite { param: self.param_name(k), value: params[k] }),
            None => Ok(()),
        }
    }
}

/// What layer `i` of `layers` is called.
fn layer_name(i: usize, layers: usize) -> String {
    match layers {
        _ if i + 1 == layers => "output".to_owned(),
        2 => "hidden".to_owned(),
        _ => format!("hidden{}", i + 1),
    }
}

fn block_len(inputs: usize, neurons: usize) -> usize {
    (inputs + 1) * neurons
}

/// The number of parameters of a network of these sizes.
fn check_sizes(sizes: &[usize]) -> Result<usize, MlpError> {
    let layers = sizes.len().saturating_sub(1);
    if layers == 0 {
        return Err(MlpError::NoLayers);
    }
    let name = |i: usize| if i == 0 { "input".to_owned() } else { layer_name(i - 1, layers) };
    if let Some(i) = sizes.iter().position(|&size| size == 0) {
        return Err(MlpError::ZeroWidth { layer: name(i) });
    }
    let mut total = 0_usize;
    for (i, pair) in sizes.windows(2).enumerate() {
        let block = pair[0].checked_add(1).and_then(|row| row.checked_mul(pair[1]));
        total = block
            .and_then(|block| total.checked_add(block))
            .filter(|&total| total <= MAX_PARAMS)
            .ok_or_else(|| MlpError::TooLarge { layer: name(i + 1), bound: MAX_PARAMS })?;
    }
    Ok(total)
}

fn check_activations(sizes: &[usize], activations: &[Activation]) -> Result<(), MlpError> {
    match (sizes.len() - 1, activations.len()) {
        (expected, found) if expected != found => Err(MlpError::Activations { expected, found }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
