//! The mean log-softmax loss of an LSTM whose weights are diagonal, differentiated by (main,
//! extra).
//!
//! ```text
//! x = inputₜ in_weight; then per layer, elementwise:
//!   forget = σ(x w_f + b_f)   ingate = σ(hidden w_i + b_i)   outgate = σ(x w_o + b_o)   change = tanh(hidden w_c + b_c)
//!   cell ← cell forget + ingate change;   hidden ← outgate tanh cell;   x = hidden
//! y = x out_weight + out_bias
//! loss = -1/((c-1) b) Σₜ Σᵢ inputₜ₊₁ᵢ (yᵢ - ln(2 + Σⱼ exp yⱼ))       t from 0 to c-2
//! ```

use wengert::Var;
use wengert::number::Real;

use super::oracle::{Answer, Words, adbench, text};

pub(crate) struct Lstm {
    layers: usize,
    /// How many characters the sequence has (c).
    pub(crate) length: usize,
    /// How many numbers a character has (b).
    pub(crate) bits: usize,
    /// main: per layer the weights of forget, ingate, outgate, change, then their biases. extra:
    /// in_weight, out_weight, out_bias.
    pub(crate) parameters: Vec<f64>,
    /// The first state, per layer hidden and cell; then the sequence.
    pub(crate) data: Vec<f64>,
}

/// Weights and biases of a layer's gates.
const GATES: usize = 8;

impl Lstm {
    /// ADBench's example: 2 layers, 1024 characters of 14 bits.
    pub(crate) fn adbench() -> (Lstm, Answer) {
        let file = text("lstm_l2_c1024.txt");
        let mut words = Words::of(&file);
        let [layers, length, bits] = words.counts();
        let parameters = words.take((GATES * layers + 3) * bits);
        let data = words.take((2 * layers + length) * bits);
        words.finish();
        (Lstm { layers, length, bits, parameters, data }, adbench("lstm"))
    }

    /// The same network on the first characters alone.
    pub(crate) fn beginning(mut self, length: usize) -> Lstm {
        self.data.truncate((2 * self.layers + length) * self.bits);
        Lstm { length, ..self }
    }

    /// Element by element.
    pub(crate) fn scalar<R: Real>(&self, parameters: &[R], data: &[R]) -> R {
        let b = self.bits;
        let parameters: Vec<&[R]> = parameters.chunks(b).collect();
        let (main, extra) = parameters.split_at(GATES * self.layers);
        let (state, sequence) = data.split_at(2 * self.layers * b);
        let mut state: Vec<R> = state.to_vec();
        let two = data[0].like(2.0);

        let mut total: Option<R> = None;
        for pair in sequence.chunks(b).collect::<Vec<_>>().windows(2) {
            let mut x: Vec<R> =
                pair[0].iter().zip(extra[0]).map(|(&input, &weight)| input * weight).collect();
            for (layer, state) in main.chunks(GATES).zip(state.chunks_mut(2 * b)) {
                let (hidden, cell) = state.split_at_mut(b);
                for i in 0..b {
                    let before = |gate: usize, of: R| of * layer[gate][i] + layer[4 + gate][i];
                    let (forget, ingate) =
                        (before(0, x[i]).sigmoid(), before(1, hidden[i]).sigmoid());
                    let (outgate, change) =
                        (before(2, x[i]).sigmoid(), before(3, hidden[i]).tanh());
                    cell[i] = cell[i] * forget + ingate * change;
                    hidden[i] = outgate * cell[i].tanh();
                    x[i] = hidden[i];
                }
            }
            let y: Vec<R> = (0..b).map(|i| x[i] * extra[1][i] + extra[2][i]).collect();
            let normaliser = y.iter().fold(two, |sum, y| sum + y.exp()).ln();
            for (&target, &y) in pair[1].iter().zip(&y) {
                let term = target * (y - normaliser);
                total = Some(total.map_or(term, |total| total + term));
            }
        }
        let total = total.expect("the sequence has two characters or more");
        total * total.like(self.scale())
    }

    /// A step's bits at once, and what does not recur for all steps at once.
    pub(crate) fn tensor<'t>(&self, parameters: Var<'t>, data: Var<'t>) -> Var<'t> {
        let (l, c, b) = (self.layers, self.length, self.bits);
        let parameters = parameters.reshape([GATES * l + 3, b]);
        let [in_weight, out_weight, out_bias] =
            std::array::from_fn(|i| parameters.at(GATES * l + i));
        let data = data.reshape([2 * l + c, b]);
        let mut state: Vec<Var<'t>> = (0..2 * l).map(|i| data.at(i)).collect();
        let sequence = data.slice(0, 2 * l..2 * l + c);

        let layers: Vec<[Var<'t>; GATES]> =
            (0..l).map(|layer| std::array::from_fn(|i| parameters.at(GATES * layer + i))).collect();
        let inputs = sequence.slice(0, 0..c - 1) * in_weight;
        let outputs: Vec<Var<'t>> = inputs
            .iter()
            .map(|mut x| {
                for (&[w_f, w_i, w_o, w_c, b_f, b_i, b_o, b_c], state) in
                    layers.iter().zip(state.chunks_mut(2))
                {
                    let (hidden, cell) = (state[0], state[1]);
                    let (forget, ingate) =
                        ((x * w_f + b_f).sigmoid(), (hidden * w_i + b_i).sigmoid());
                    let (outgate, change) =
                        ((x * w_o + b_o).sigmoid(), (hidden * w_c + b_c).tanh());
                    state[1] = cell * forget + ingate * change;
                    state[0] = outgate * state[1].tanh();
                    x = state[0];
                }
                x
            })
            .collect();
        let y = parameters.tape().stack(&outputs) * out_weight + out_bias;
        let normaliser = (y.exp().sum_axes(1) + 2.0).ln().reshape([c - 1, 1]);
        (sequence.slice(0, 1..c) * (y - normaliser)).sum() * self.scale()
    }

    fn scale(&self) -> f64 {
        -1.0 / ((self.length - 1) * self.bits) as f64
    }
}
