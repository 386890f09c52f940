//! The backpropagation that the notebook derives by hand, as plain numbers.
//!
//! The notebook's functions under the notebook's names, in the notebook's order of operations, so
//! that a number can be compared to its last digit. There is no tape here and nothing of Wengert,
//! `exp` included: whatever agrees with this file agrees with something written independently of
//! it.
//!
//! Two signs to keep apart. With the loss `L = 1/2 sum (target - output)^2` the notebook's `delta`
//! of a neuron is **minus** the derivative of the loss: `delta = -dL/dz`, where `z` is what the
//! sigmoid is applied to. And the "error" that training prints is `sum (target - output)^2 = 2 L`,
//! without the half.

#![allow(
    dead_code,
    reason = "the example and each test that include this file use their own part of it"
)]

use std::fmt;

/// Neurons by layer, the inputs not counted.
pub(crate) type Network = Vec<Vec<Neuron>>;

/// One neuron. What no pass has computed yet is NaN, so that a number read too early cannot pass
/// for a result.
#[derive(Debug, Clone)]
pub(crate) struct Neuron {
    /// One weight per input, then the bias.
    pub(crate) weights: Vec<f64>,
    /// `z = bias + sum weight * input`, which the notebook calls `activation` and does not keep.
    pub(crate) z: f64,
    /// `sigmoid(z)`.
    pub(crate) output: f64,
    /// `-dL/dz`.
    pub(crate) delta: f64,
}

/// One mistake in the formulas, to show that whoever compares with them would notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slip {
    /// The notebook's formulas.
    None,
    /// `output - target` for the error of an output.
    Sign,
    /// `delta = error`, without the factor `output * (1 - output)`.
    MissingDerivative,
    /// `2 (target - output)` for the error of an output: the derivative of `2 L`, which is what
    /// training prints.
    FactorTwo,
    /// The weights of a layer move before the deltas of the layer below are computed from them.
    UpdateTooEarly,
    /// `z * (1 - z)` for the derivative of a sigmoid: of what it is applied to, not of what it
    /// gives.
    DerivativeOfInput,
    /// The mean of the squared errors over the outputs where their sum is meant.
    MeanForSum,
    /// A hidden neuron's error is added up from the deltas alone: each weight taken as 1.
    WeightsForgotten,
}

impl Slip {
    /// Every mistake, without [`Slip::None`].
    pub(crate) const ALL: [Slip; 7] = [
        Slip::Sign,
        Slip::MissingDerivative,
        Slip::FactorTwo,
        Slip::UpdateTooEarly,
        Slip::DerivativeOfInput,
        Slip::MeanForSum,
        Slip::WeightsForgotten,
    ];

    /// What it is called on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Slip::None => "none",
            Slip::Sign => "sign",
            Slip::MissingDerivative => "missing-derivative",
            Slip::FactorTwo => "factor-two",
            Slip::UpdateTooEarly => "update-too-early",
            Slip::DerivativeOfInput => "derivative-of-input",
            Slip::MeanForSum => "mean-for-sum",
            Slip::WeightsForgotten => "weights-forgotten",
        }
    }

    /// Whether the deltas of the outputs are wrong too.
    pub(crate) fn is_at_the_outputs(self) -> bool {
        !matches!(self, Slip::None | Slip::UpdateTooEarly | Slip::WeightsForgotten)
    }
}

/// A network with these weights: by layer, by neuron, the bias last (the layout of cell 1).
pub(crate) fn network(weights: &[&[&[f64]]]) -> Network {
    let neuron = |weights: &&[f64]| Neuron {
        weights: weights.to_vec(),
        z: f64::NAN,
        output: f64::NAN,
        delta: f64::NAN,
    };
    weights.iter().map(|layer| layer.iter().map(neuron).collect()).collect()
}

/// `z = bias + w0 x0 + w1 x1 + ...` (cell 2), added up from the bias in the order of the inputs.
pub(crate) fn activate(weights: &[f64], inputs: &[f64]) -> f64 {
    let (bias, weights) = weights.split_last().expect("a neuron has a bias");
    let mut activation = *bias;
    for (weight, input) in weights.iter().zip(inputs) {
        activation += input * weight;
    }
    activation
}

/// `1 / (1 + exp(-z))` (cell 2).
pub(crate) fn sigmoid(activation: f64) -> f64 {
    1.0 / (1.0 + (-activation).exp())
}

/// Computes every `z` and output for one row, and returns the outputs of the last layer (cell 2).
pub(crate) fn forward_propagate(network: &mut Network, row: &[f64]) -> Vec<f64> {
    let mut inputs = row.to_vec();
    for layer in network {
        for neuron in layer.iter_mut() {
            neuron.z = activate(&neuron.weights, &inputs);
            neuron.output = sigmoid(neuron.z);
        }
        inputs = outputs(layer);
    }
    inputs
}

/// `d sigmoid(z) / dz = output * (1 - output)` (cell 5).
pub(crate) fn sigmoid_derivative(output: f64) -> f64 {
    output * (1.0 - output)
}

/// Computes every delta from the outputs of the last forward pass, the last layer first (cell 5).
///
/// `delta = error * output * (1 - output)`, where the error of
/// - an output is `target - output`,
/// - hidden neuron `j` is `sum w_j * delta` over the neurons of the next layer, `w_j` the weight
///   from `j` to each.
///
/// A correct backward pass knows no step size: `l_rate` is read by [`Slip::UpdateTooEarly`] alone.
pub(crate) fn backward_propagate_error(
    network: &mut Network,
    expected: &[f64],
    l_rate: f64,
    slip: Slip,
) {
    for i in (0..network.len()).rev() {
        let (layers, later) = network.split_at_mut(i + 1);
        let layer = &mut layers[i];
        for (j, neuron) in layer.iter_mut().enumerate() {
            let error = match later.first() {
                None => output_error(expected[j], neuron.output, slip) / mean_of(expected, slip),
                Some(next) => hidden_error(next, j, neuron.output, l_rate, slip),
            };
            neuron.delta = match slip {
                Slip::MissingDerivative => error,
                Slip::DerivativeOfInput => error * sigmoid_derivative(neuron.z),
                _ => error * sigmoid_derivative(neuron.output),
            };
        }
    }
}

/// 1: the loss is a sum over the outputs.
fn mean_of(expected: &[f64], slip: Slip) -> f64 {
    if slip == Slip::MeanForSum { expected.len() as f64 } else { 1.0 }
}

/// `target - output`.
fn output_error(expected: f64, output: f64, slip: Slip) -> f64 {
    match slip {
        Slip::Sign => output - expected,
        Slip::FactorTwo => 2.0 * (expected - output),
        _ => expected - output,
    }
}

/// `sum w_j * delta` over the neurons of the next layer.
fn hidden_error(next: &[Neuron], j: usize, output: f64, l_rate: f64, slip: Slip) -> f64 {
    let mut error = 0.0;
    for neuron in next {
        let weight = match slip {
            // What `weights_update` is about to make of this weight.
            Slip::UpdateTooEarly => neuron.weights[j] + l_rate * neuron.delta * output,
            Slip::WeightsForgotten => 1.0,
            _ => neuron.weights[j],
        };
        error += weight * neuron.delta;
    }
    error
}

/// The gradient of `L`, laid out as the weights are: `dL/dw_j = -delta * input_j`, and
/// `dL/dbias = -delta`.
///
/// The notebook has no such function; its update uses `delta * input`, the same number with the
/// other sign.
pub(crate) fn gradients(network: &Network, row: &[f64]) -> Vec<Vec<Vec<f64>>> {
    let mut inputs = row.to_vec();
    let mut gradients = Vec::new();
    for layer in network {
        let of_neuron = |neuron: &Neuron| {
            let of_weights = inputs.iter().map(|input| -neuron.delta * input);
            of_weights.chain([-neuron.delta]).collect()
        };
        gradients.push(layer.iter().map(of_neuron).collect());
        inputs = outputs(layer);
    }
    gradients
}

/// `w_j += l_rate * delta * input_j` and `bias += l_rate * delta` (cell 7), from the deltas and
/// outputs as they stand.
pub(crate) fn weights_update(network: &mut Network, row: &[f64], l_rate: f64) {
    let mut inputs = row.to_vec();
    for layer in network {
        for Neuron { weights, delta, .. } in layer.iter_mut() {
            let (bias, weights) = weights.split_last_mut().expect("a neuron has a bias");
            for (weight, input) in weights.iter_mut().zip(&inputs) {
                *weight += l_rate * *delta * input;
            }
            *bias += l_rate * *delta;
        }
        inputs = outputs(layer);
    }
}

/// What training prints once in [`PRINT_EVERY`] epochs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct EpochLine {
    /// Counted from 0.
    pub(crate) epoch: usize,
    /// The learning rate.
    pub(crate) l_rate: f64,
    /// `sum (target - output)^2` over outputs and rows: twice the loss that is minimised. Each row
    /// is taken with the weights as they are when it is its turn.
    pub(crate) sum_error: f64,
}

/// Training prints epochs 0, 100, 200, ... (cell 7).
pub(crate) const PRINT_EVERY: usize = 100;

impl fmt::Display for EpochLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, ">epoch={}, lrate={:.3}, error={:.3}", self.epoch, self.l_rate, self.sum_error)
    }
}

/// Trains row by row for `n_epoch` epochs and returns what the notebook prints (cell 7).
///
/// A row is its inputs and its class; the target is 1 for the output of that class and 0 for the
/// others.
pub(crate) fn train_network<R: AsRef<[f64]>>(
    network: &mut Network,
    train: &[(R, usize)],
    l_rate: f64,
    n_epoch: usize,
    slip: Slip,
) -> Vec<EpochLine> {
    let mut lines = Vec::new();
    for epoch in 0..n_epoch {
        let mut sum_error = 0.0;
        for (row, class) in train {
            let outputs = forward_propagate(network, row.as_ref());
            let expected = one_hot(*class, outputs.len());
            sum_error += expected.iter().zip(&outputs).map(|(e, o)| (e - o) * (e - o)).sum::<f64>();
            backward_propagate_error(network, &expected, l_rate, slip);
            weights_update(network, row.as_ref(), l_rate);
        }
        if epoch % PRINT_EVERY == 0 {
            lines.push(EpochLine { epoch, l_rate, sum_error });
        }
    }
    lines
}

/// 1 at the class, 0 elsewhere (cell 7).
pub(crate) fn one_hot(class: usize, n_outputs: usize) -> Vec<f64> {
    let mut expected = vec![0.0; n_outputs];
    expected[class] = 1.0;
    expected
}

/// The index of the largest output, the first of equals (cell 11).
pub(crate) fn predict(network: &mut Network, row: &[f64]) -> usize {
    let outputs = forward_propagate(network, row);
    (1..outputs.len()).fold(0, |best, i| if outputs[i] > outputs[best] { i } else { best })
}

/// What a layer hands to the next one.
fn outputs(layer: &[Neuron]) -> Vec<f64> {
    layer.iter().map(|neuron| neuron.output).collect()
}
