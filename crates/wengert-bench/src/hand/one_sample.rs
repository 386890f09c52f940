//! A 784-30-10 sigmoid network, one sample, `f64`: the notebook's formulas over slices.
//!
//! Parameters are by layer, by neuron, the weights and then the bias. They are read once each way,
//! and their derivatives written once: from the second cache level on that is what the time is
//! spent on.

use crate::simd::{Kernel, dispatch, sigmoid};

/// Sums under way at once.
const LANES: usize = 32;

/// What a pass leaves behind.
#[derive(Clone, Debug)]
pub(crate) struct Pass {
    sizes: [usize; 3],
    outputs: [Vec<f64>; 2],
    deltas: [Vec<f64>; 2],
}

impl Pass {
    pub(crate) fn new(sizes: [usize; 3]) -> Self {
        let layers = || [vec![0.0; sizes[1]], vec![0.0; sizes[2]]];
        Pass { sizes, outputs: layers(), deltas: layers() }
    }

    /// The gradient of half the squared error.
    pub(crate) fn gradient(
        &mut self,
        params: &[f64],
        x: &[f64],
        target: &[f64],
        gradient: &mut [f64],
    ) {
        let [inputs, hidden, outputs] = self.sizes;
        assert_eq!(
            params.len(),
            (inputs + 1) * hidden + (hidden + 1) * outputs,
            "two layers' parameters"
        );
        assert_eq!(gradient.len(), params.len(), "a derivative for each");
        dispatch(Gradient { pass: self, params, x, target, gradient });
    }
}

#[inline(always)]
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let whole = a.len() / LANES * LANES;
    for (a, b) in a.chunks_exact(LANES).zip(b.chunks_exact(LANES)) {
        for lane in 0..LANES {
            sums[lane] = a[lane].mul_add(b[lane], sums[lane]);
        }
    }
    let rest: f64 = a[whole..].iter().zip(&b[whole..]).map(|(a, b)| a * b).sum();
    rest + sums.iter().sum::<f64>()
}

#[inline(always)]
fn forward(params: &[f64], x: &[f64], outputs: &mut [f64]) {
    for (row, output) in params.chunks_exact(x.len() + 1).zip(outputs.iter_mut()) {
        *output = row[x.len()] + dot(&row[..x.len()], x);
    }
    for output in outputs {
        *output = sigmoid(*output);
    }
}

#[inline(always)]
fn outer(deltas: &[f64], x: &[f64], gradient: &mut [f64]) {
    for (row, &delta) in gradient.chunks_exact_mut(x.len() + 1).zip(deltas) {
        for (g, &x) in row.iter_mut().zip(x) {
            *g = delta * x;
        }
        row[x.len()] = delta;
    }
}

struct Gradient<'a> {
    pass: &'a mut Pass,
    params: &'a [f64],
    x: &'a [f64],
    target: &'a [f64],
    gradient: &'a mut [f64],
}

impl Kernel for Gradient<'_> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let Gradient { pass, params, x, target, gradient } = self;
        let [inputs, hidden_size, _] = pass.sizes;
        let (first, second) = params.split_at(hidden_size * (inputs + 1));
        let [hidden, output] = &mut pass.outputs;
        forward(first, x, hidden);
        forward(second, hidden, output);
        let [hidden_delta, output_delta] = &mut pass.deltas;
        for (delta, (&o, &t)) in output_delta.iter_mut().zip(output.iter().zip(target)) {
            *delta = (o - t) * (o * (1.0 - o));
        }
        hidden_delta.fill(0.0);
        for (row, &delta) in second.chunks_exact(hidden_size + 1).zip(output_delta.iter()) {
            for (sum, &w) in hidden_delta.iter_mut().zip(row) {
                *sum = w.mul_add(delta, *sum);
            }
        }
        for (delta, &o) in hidden_delta.iter_mut().zip(hidden.iter()) {
            *delta *= o * (1.0 - o);
        }
        let (first, second) = gradient.split_at_mut(hidden_size * (inputs + 1));
        outer(hidden_delta, x, first);
        outer(output_delta, hidden, second);
    }
}
