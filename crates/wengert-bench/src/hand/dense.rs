//! W2, W3: a sigmoid network over a batch, `f32`, loss `1/2 sum (output - target)²`.
//!
//! ```text
//! H_0 = X        Z_l = H_(l-1) W_lᵀ + b_l        H_l = sigmoid Z_l
//! D_last = (H_last - T) H_last (1 - H_last)      D_(l-1) = (D_l W_l) H_(l-1) (1 - H_(l-1))
//! dW_l = D_lᵀ H_(l-1)                            db_l = sum of D_l over the rows
//! ```
//!
//! Bias and sigmoid are one pass over a product's result, so is the sigmoid's derivative; a step
//! adds the last products straight into the parameters, so no gradient is stored. Over two threads
//! each has half of the rows.

use crate::product::{Matrix, product};
use crate::simd::{Kernel, dispatch, sigmoid_f32};
use crate::threads::Threads;

/// A network and what a pass over a block of rows leaves behind. Parameters are one slice: by layer
/// the weights `[m, n]`, then the biases `[m]`.
#[derive(Clone, Debug)]
pub(crate) struct Dense {
    sizes: Vec<usize>,
    rows: usize,
    /// By layer, `[rows, m]`.
    outputs: Vec<Vec<f32>>,
    /// By layer, `[rows, m]`.
    deltas: Vec<Vec<f32>>,
}

/// The number of parameters of a network of these sizes.
pub(crate) fn parameters(sizes: &[usize]) -> usize {
    sizes.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum()
}

impl Dense {
    pub(crate) fn new(sizes: &[usize], rows: usize) -> Self {
        let layers: Vec<Vec<f32>> = sizes[1..].iter().map(|m| vec![0.0; rows * m]).collect();
        Dense { sizes: sizes.to_vec(), rows, outputs: layers.clone(), deltas: layers }
    }

    /// The gradient of the loss by all parameters, over this block's rows.
    pub(crate) fn gradient(
        &mut self,
        params: &[f32],
        x: &[f32],
        target: &[f32],
        gradient: &mut [f32],
    ) {
        self.forward(params, x);
        self.back(params, target);
        self.weights(x, gradient, 0.0, 1.0);
    }

    /// A step against the gradient.
    pub(crate) fn step(&mut self, params: &mut [f32], x: &[f32], target: &[f32], rate: f32) {
        self.forward(params, x);
        self.back(params, target);
        self.weights(x, params, 1.0, -rate);
    }

    fn forward(&mut self, params: &[f32], x: &[f32]) {
        let (rows, mut rest) = (self.rows, params);
        for (l, pair) in self.sizes.windows(2).enumerate() {
            let &[n, m] = pair else { unreachable!("windows of two") };
            let (before, from) = self.outputs.split_at_mut(l);
            let input = before.last().map_or(x, Vec::as_slice);
            let (weights, biases);
            (weights, rest) = rest.split_at(m * n);
            (biases, rest) = rest.split_at(m);
            let output = &mut from[0];
            product(output, 0.0, 1.0, Matrix::new(input, rows, n), Matrix::new(weights, m, n).t());
            dispatch(BiasAndSigmoid { z: output, biases });
        }
    }

    fn back(&mut self, params: &[f32], target: &[f32]) {
        let last = self.deltas.len() - 1;
        dispatch(OutputDelta {
            output: &self.outputs[last],
            target,
            delta: &mut self.deltas[last],
        });
        let mut end = params.len();
        for l in (1..=last).rev() {
            let (n, m) = (self.sizes[l], self.sizes[l + 1]);
            let start = end - m * (n + 1);
            let (before, from) = self.deltas.split_at_mut(l);
            let (delta, weights) =
                (Matrix::new(&from[0], self.rows, m), &params[start..start + m * n]);
            product(&mut before[l - 1], 0.0, 1.0, delta, Matrix::new(weights, m, n));
            dispatch(HiddenDelta { output: &self.outputs[l - 1], delta: &mut before[l - 1] });
            end = start;
        }
    }

    /// `into = keep into + scale gradient`
    fn weights(&self, x: &[f32], into: &mut [f32], keep: f32, scale: f32) {
        let mut rest = into;
        for (l, pair) in self.sizes.windows(2).enumerate() {
            let &[n, m] = pair else { unreachable!("windows of two") };
            let input = if l == 0 { x } else { &self.outputs[l - 1] };
            let (weights, biases);
            (weights, rest) = rest.split_at_mut(m * n);
            (biases, rest) = rest.split_at_mut(m);
            let delta = &self.deltas[l];
            product(
                weights,
                keep,
                scale,
                Matrix::new(delta, self.rows, m).t(),
                Matrix::new(input, self.rows, n),
            );
            dispatch(SumOfRows { delta, into: biases, keep, scale });
        }
    }
}

struct BiasAndSigmoid<'a> {
    z: &'a mut [f32],
    biases: &'a [f32],
}

impl Kernel for BiasAndSigmoid<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        for row in self.z.chunks_exact_mut(self.biases.len()) {
            for (z, bias) in row.iter_mut().zip(self.biases) {
                *z = sigmoid_f32(*z + bias);
            }
        }
    }
}

struct OutputDelta<'a> {
    output: &'a [f32],
    target: &'a [f32],
    delta: &'a mut [f32],
}

impl Kernel for OutputDelta<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        for ((delta, &o), &t) in self.delta.iter_mut().zip(self.output).zip(self.target) {
            *delta = (o - t) * o * (1.0 - o);
        }
    }
}

struct HiddenDelta<'a> {
    output: &'a [f32],
    delta: &'a mut [f32],
}

impl Kernel for HiddenDelta<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        for (delta, &o) in self.delta.iter_mut().zip(self.output) {
            *delta *= o * (1.0 - o);
        }
    }
}

struct SumOfRows<'a> {
    delta: &'a [f32],
    into: &'a mut [f32],
    keep: f32,
    scale: f32,
}

impl Kernel for SumOfRows<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        for into in &mut *self.into {
            *into *= self.keep;
        }
        for row in self.delta.chunks_exact(self.into.len()) {
            for (into, delta) in self.into.iter_mut().zip(row) {
                *into += self.scale * delta;
            }
        }
    }
}

/// A network whose rows are split over threads.
pub(crate) struct Split<'p> {
    threads: &'p Threads,
    blocks: Vec<Dense>,
    gradients: Vec<Vec<f32>>,
}

impl<'p> Split<'p> {
    /// # Panics
    ///
    /// If the threads don't divide the rows.
    pub(crate) fn new(sizes: &[usize], rows: usize, threads: &'p Threads) -> Self {
        let count = threads.count();
        assert!(rows.is_multiple_of(count), "{count} threads don't divide {rows} rows");
        Split {
            threads,
            blocks: vec![Dense::new(sizes, rows / count); count],
            gradients: vec![vec![0.0; parameters(sizes)]; count],
        }
    }

    /// A step against the gradient: each thread its rows, then each thread its part of the
    /// parameters.
    pub(crate) fn step(&mut self, params: &mut [f32], x: &[f32], target: &[f32], rate: f32) {
        self.gradients(params, x, target);
        descend(self.threads, params, &self.gradients, rate);
    }

    fn gradients(&mut self, params: &[f32], x: &[f32], target: &[f32]) {
        let (x_part, target_part) = (x.len() / self.blocks.len(), target.len() / self.blocks.len());
        let parts = x.chunks_exact(x_part).zip(target.chunks_exact(target_part));
        self.threads.each_with(
            self.blocks.iter_mut().zip(&mut self.gradients).zip(parts),
            |_, ((network, gradient), (x, target))| network.gradient(params, x, target, gradient),
        );
    }
}

/// `params -= rate (sum of the gradients)`, each thread a part of the parameters.
pub(crate) fn descend<G: AsRef<[f32]> + Sync>(
    threads: &Threads,
    params: &mut [f32],
    gradients: &[G],
    rate: f32,
) {
    let part = params.len().div_ceil(threads.count());
    threads.each_with(params.chunks_mut(part), |i, params| {
        let range = i * part..i * part + params.len();
        let gradients =
            gradients.iter().map(|gradient| &gradient.as_ref()[range.clone()]).collect();
        dispatch(Descend { params, gradients, rate });
    });
}

/// `params -= rate (sum of the gradients)`
struct Descend<'a> {
    params: &'a mut [f32],
    gradients: Vec<&'a [f32]>,
    rate: f32,
}

impl Kernel for Descend<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        // A piece at a time, so that it is in the nearest cache when the next gradient comes.
        const PIECE: usize = 1024;
        for (i, params) in self.params.chunks_mut(PIECE).enumerate() {
            for gradient in &self.gradients {
                let gradient = &gradient[i * PIECE..i * PIECE + params.len()];
                for (param, gradient) in params.iter_mut().zip(gradient) {
                    *param -= self.rate * gradient;
                }
            }
        }
    }
}
