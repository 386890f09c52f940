//! W4: a 4-16-3 sigmoid network over 16 rows, `f64`, loss `1/2 sum (output - target)²`: so small
//! that every array has a fixed size and stays in the nearest cache.
//!
//! The formulas are those of `dense.rs`. The hidden neurons stand side by side in vectors, the
//! three outputs and a fourth that is always right (weights 0, output and target 1/2) as well, so
//! no sum runs across a vector. A step holds the gradient in registers.

use crate::simd::{Kernel, dispatch, sigmoid};

pub(crate) const INPUTS: usize = 4;
pub(crate) const HIDDEN: usize = 16;
pub(crate) const OUTPUTS: usize = 3;
pub(crate) const ROWS: usize = 16;
/// By layer the weights `[m, n]`, then the biases `[m]`.
pub(crate) const PARAMS: usize = (INPUTS + 1) * HIDDEN + (HIDDEN + 1) * OUTPUTS;

const PADDED: usize = OUTPUTS + 1;

/// The batch: features, and targets with the fourth output's.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    x: [[f64; INPUTS]; ROWS],
    target: [[f64; PADDED]; ROWS],
}

impl Batch {
    /// # Panics
    ///
    /// If there are not 16 rows of 4 features and of 3 targets.
    pub(crate) fn new(x: &[f64], target: &[f64]) -> Self {
        assert_eq!((x.len(), target.len()), (ROWS * INPUTS, ROWS * OUTPUTS), "16 rows");
        Batch {
            x: std::array::from_fn(|r| std::array::from_fn(|i| x[r * INPUTS + i])),
            target: std::array::from_fn(|r| {
                std::array::from_fn(|k| if k < OUTPUTS { target[r * OUTPUTS + k] } else { 0.5 })
            }),
        }
    }
}

/// The parameters, or their gradient, as vectors over the neurons of a layer; those of the output
/// layer over the hidden neurons.
#[derive(Clone, Debug)]
pub(crate) struct Net {
    hidden: [[f64; HIDDEN]; INPUTS],
    hidden_biases: [f64; HIDDEN],
    output: [[f64; HIDDEN]; OUTPUTS],
    output_biases: [f64; PADDED],
}

impl Net {
    /// # Panics
    ///
    /// If there are not [`PARAMS`] parameters.
    pub(crate) fn new(params: &[f64]) -> Self {
        assert_eq!(params.len(), PARAMS, "two layers' weights and biases");
        let (hidden, rest) = params.split_at(INPUTS * HIDDEN);
        let (hidden_biases, rest) = rest.split_at(HIDDEN);
        let (output, output_biases) = rest.split_at(HIDDEN * OUTPUTS);
        Net {
            hidden: std::array::from_fn(|i| std::array::from_fn(|j| hidden[j * INPUTS + i])),
            hidden_biases: std::array::from_fn(|j| hidden_biases[j]),
            output: std::array::from_fn(|k| std::array::from_fn(|j| output[k * HIDDEN + j])),
            output_biases: std::array::from_fn(|k| output_biases.get(k).copied().unwrap_or(0.0)),
        }
    }

    /// By layer the weights, then the biases.
    pub(crate) fn params(&self) -> Vec<f64> {
        let hidden = (0..HIDDEN).flat_map(|j| self.hidden.iter().map(move |weights| weights[j]));
        let output = self.output.iter().flatten().copied();
        let biases =
            (self.hidden_biases.iter().copied(), self.output_biases[..OUTPUTS].iter().copied());
        hidden.chain(biases.0).chain(output).chain(biases.1).collect()
    }

    /// The gradient of the batch's loss.
    pub(crate) fn gradient(&self, batch: &Batch) -> Net {
        let mut gradient = Net::new(&[0.0; PARAMS]);
        dispatch(Pass { net: self, batch, gradient: &mut gradient });
        gradient
    }

    /// A step against the gradient.
    pub(crate) fn step(&mut self, batch: &Batch, rate: f64) {
        dispatch(Step { net: self, batch, rate });
    }
}

#[inline(always)]
fn add_scaled<const N: usize>(sum: &mut [f64; N], scale: f64, terms: &[f64; N]) {
    for (sum, term) in sum.iter_mut().zip(terms) {
        *sum = scale.mul_add(*term, *sum);
    }
}

#[inline(always)]
fn sigmoids<const N: usize>(z: &mut [[f64; N]; ROWS]) {
    for z in z.as_flattened_mut() {
        *z = sigmoid(*z);
    }
}

/// Adds nothing: the gradient is replaced.
struct Pass<'a> {
    net: &'a Net,
    batch: &'a Batch,
    gradient: &'a mut Net,
}

impl Kernel for Pass<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let Pass { net, batch, gradient } = self;
        let mut hidden = [net.hidden_biases; ROWS];
        for (z, x) in hidden.iter_mut().zip(&batch.x) {
            for (weights, x) in net.hidden.iter().zip(x) {
                add_scaled(z, *x, weights);
            }
        }
        sigmoids(&mut hidden);

        // The output weights once more, over the outputs.
        let mut to_outputs = [[0.0; PADDED]; HIDDEN];
        for (k, weights) in net.output.iter().enumerate() {
            for (to, weight) in to_outputs.iter_mut().zip(weights) {
                to[k] = *weight;
            }
        }
        let mut output = [net.output_biases; ROWS];
        for (z, hidden) in output.iter_mut().zip(&hidden) {
            for (weights, h) in to_outputs.iter().zip(hidden) {
                add_scaled(z, *h, weights);
            }
        }
        sigmoids(&mut output);
        let mut deltas = output;
        for (delta, target) in deltas.as_flattened_mut().iter_mut().zip(batch.target.as_flattened())
        {
            let o = *delta;
            *delta = (o - target) * (o * (1.0 - o));
        }

        let mut sums = Net {
            hidden: [[0.0; HIDDEN]; INPUTS],
            hidden_biases: [0.0; HIDDEN],
            output: [[0.0; HIDDEN]; OUTPUTS],
            output_biases: [0.0; PADDED],
        };
        for ((x, hidden), deltas) in batch.x.iter().zip(&hidden).zip(&deltas) {
            let mut back = [0.0; HIDDEN];
            for (weights, delta) in net.output.iter().zip(deltas) {
                add_scaled(&mut back, *delta, weights);
            }
            for (back, h) in back.iter_mut().zip(hidden) {
                *back *= h * (1.0 - h);
            }
            for (sums, delta) in sums.output.iter_mut().zip(deltas) {
                add_scaled(sums, *delta, hidden);
            }
            for (sums, x) in sums.hidden.iter_mut().zip(x) {
                add_scaled(sums, *x, &back);
            }
            add_scaled(&mut sums.hidden_biases, 1.0, &back);
            add_scaled(&mut sums.output_biases, 1.0, deltas);
        }
        *gradient = sums;
    }
}

struct Step<'a> {
    net: &'a mut Net,
    batch: &'a Batch,
    rate: f64,
}

impl Kernel for Step<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let Step { net, batch, rate } = self;
        let mut gradient = net.clone();
        Pass { net, batch, gradient: &mut gradient }.run();
        for (weights, gradient) in net.hidden.iter_mut().zip(&gradient.hidden) {
            add_scaled(weights, -rate, gradient);
        }
        for (weights, gradient) in net.output.iter_mut().zip(&gradient.output) {
            add_scaled(weights, -rate, gradient);
        }
        add_scaled(&mut net.hidden_biases, -rate, &gradient.hidden_biases);
        add_scaled(&mut net.output_biases, -rate, &gradient.output_biases);
    }
}
