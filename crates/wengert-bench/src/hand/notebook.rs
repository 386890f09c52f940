//! W1: the notebook's 2-2-2 sigmoid network, `f64`, one step of gradient descent a row.
//!
//! ```text
//! z_j = b_j + w_j0 x_0 + w_j1 x_1       o_j = 1 / (1 + exp -z_j)
//! output:  d_j = (o_j - t_j) o_j (1 - o_j)
//! hidden:  d_j = (d_0 w_0j + d_1 w_1j) o_j (1 - o_j)
//! dw_ji = d_j x_i      db_j = d_j
//! ```
//!
//! A layer's two neurons go through everything as a pair. A step is one chain of dependent
//! operations, two `exp` and two divisions long; that is its limit, not the number of operations.

use crate::simd::{Kernel, dispatch, sigmoid};

/// Two neurons side by side.
type Pair = [f64; 2];

/// A layer: its neurons' weights by the first input, by the second, and their biases.
type Layer = [Pair; 3];

/// A row: two inputs and the target of each output.
pub(crate) type Row = ([f64; 2], [f64; 2]);

/// The network's parameters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Net {
    hidden: Layer,
    output: Layer,
}

impl Net {
    /// From the notebook's order: by layer, by neuron, the weights and then the bias.
    pub(crate) fn new(params: &[f64; 12]) -> Self {
        let layer = |p: &[f64]| [[p[0], p[3]], [p[1], p[4]], [p[2], p[5]]];
        Net { hidden: layer(&params[..6]), output: layer(&params[6..]) }
    }

    /// In the notebook's order.
    pub(crate) fn params(&self) -> [f64; 12] {
        let mut params = [0.0; 12];
        for (layer, params) in
            [&self.hidden, &self.output].into_iter().zip(params.chunks_exact_mut(6))
        {
            for (i, pair) in layer.iter().enumerate() {
                (params[i], params[3 + i]) = (pair[0], pair[1]);
            }
        }
        params
    }

    /// The gradient of half the squared error of one row.
    pub(crate) fn gradient(&self, row: &Row) -> [f64; 12] {
        let [hidden, output] = dispatch(Gradient { net: self, row });
        Net { hidden, output }.params()
    }

    /// A step a row, in order.
    pub(crate) fn epoch(&mut self, rows: &[Row], rate: f64) {
        *self = dispatch(Epoch { net: *self, rows, rate });
    }
}

#[inline(always)]
fn pair(f: impl Fn(usize) -> f64) -> Pair {
    [f(0), f(1)]
}

#[inline(always)]
fn forward(layer: &Layer, x: Pair) -> Pair {
    let z = pair(|j| x[1].mul_add(layer[1][j], x[0].mul_add(layer[0][j], layer[2][j])));
    pair(|j| sigmoid(z[j]))
}

#[inline(always)]
fn gradient(net: &Net, (x, target): &Row) -> [Layer; 2] {
    let h = forward(&net.hidden, *x);
    let o = forward(&net.output, h);
    let d_output = pair(|j| (o[j] - target[j]) * (o[j] * (1.0 - o[j])));
    let [to_first, to_second, _] = &net.output;
    let back = [
        d_output[0].mul_add(to_first[0], d_output[1] * to_first[1]),
        d_output[0].mul_add(to_second[0], d_output[1] * to_second[1]),
    ];
    let d_hidden = pair(|j| back[j] * (h[j] * (1.0 - h[j])));
    let layer = |d: Pair, x: Pair| [pair(|j| d[j] * x[0]), pair(|j| d[j] * x[1]), d];
    [layer(d_hidden, *x), layer(d_output, h)]
}

struct Gradient<'a> {
    net: &'a Net,
    row: &'a Row,
}

impl Kernel for Gradient<'_> {
    type Out = [Layer; 2];

    #[inline(always)]
    fn run(self) -> [Layer; 2] {
        gradient(self.net, self.row)
    }
}

struct Epoch<'a> {
    net: Net,
    rows: &'a [Row],
    rate: f64,
}

impl Kernel for Epoch<'_> {
    type Out = Net;

    #[inline(always)]
    fn run(mut self) -> Net {
        for row in self.rows {
            let [hidden, output] = gradient(&self.net, row);
            for (layer, gradient) in
                [(&mut self.net.hidden, hidden), (&mut self.net.output, output)]
            {
                for (params, gradient) in layer.iter_mut().zip(gradient) {
                    *params = pair(|j| params[j] - self.rate * gradient[j]);
                }
            }
        }
        self.net
    }
}
