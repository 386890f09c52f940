//! A 784-30-10 sigmoid network, one sample, forward and backward: one node a neuron, one node a layer, and by hand.

use std::cell::RefCell;
use std::hint::black_box;
use std::time::Duration;

use wengert::Tape;
use wengert_layers::{Activation, Granularity, Law, Mlp};

use crate::timing::medians;

const SIZES: [usize; 3] = [784, 30, 10];

/// The gradient written by hand: the notebook's formulas over slices, nothing allocated, the same `exp`.
struct ByHand {
    outputs: [Vec<f64>; 2],
    deltas: [Vec<f64>; 2],
    gradient: Vec<f64>,
}

impl ByHand {
    fn new(params: usize) -> Self {
        let layers = || [vec![0.0; SIZES[1]], vec![0.0; SIZES[2]]];
        ByHand { outputs: layers(), deltas: layers(), gradient: vec![0.0; params] }
    }

    fn run(&mut self, params: &[f64], x: &[f64], target: &[f64]) {
        let (first, second) = params.split_at(SIZES[1] * (SIZES[0] + 1));
        let [hidden, output] = &mut self.outputs;
        forward(first, x, hidden);
        forward(second, hidden, output);
        let [hidden_delta, output_delta] = &mut self.deltas;
        for (delta, (&o, &t)) in output_delta.iter_mut().zip(output.iter().zip(target)) {
            *delta = (o - t) * o * (1.0 - o);
        }
        hidden_delta.fill(0.0);
        for (row, &delta) in second.chunks_exact(SIZES[1] + 1).zip(output_delta.iter()) {
            for (sum, &w) in hidden_delta.iter_mut().zip(row) {
                *sum += w * delta;
            }
        }
        for (delta, &o) in hidden_delta.iter_mut().zip(hidden.iter()) {
            *delta *= o * (1.0 - o);
        }
        let (first, second) = self.gradient.split_at_mut(SIZES[1] * (SIZES[0] + 1));
        outer(hidden_delta, x, first);
        outer(output_delta, hidden, second);
    }
}

fn forward(params: &[f64], x: &[f64], outputs: &mut [f64]) {
    for (row, output) in params.chunks_exact(x.len() + 1).zip(outputs) {
        let (weights, bias) = row.split_at(x.len());
        // Eight partial sums, so that the additions need not wait for each other.
        let mut sums = [0.0; 8];
        let (pairs, rest) = (weights.chunks_exact(8).zip(x.chunks_exact(8)), x.len() / 8 * 8);
        for (w, x) in pairs {
            for lane in 0..8 {
                sums[lane] += w[lane] * x[lane];
            }
        }
        let tail: f64 = weights[rest..].iter().zip(&x[rest..]).map(|(w, x)| w * x).sum();
        let z = bias[0] + tail + sums.iter().sum::<f64>();
        *output = 1.0 / (1.0 + libm::exp(-z));
    }
}

fn outer(deltas: &[f64], x: &[f64], gradient: &mut [f64]) {
    for (row, &delta) in gradient.chunks_exact_mut(x.len() + 1).zip(deltas) {
        for (g, &x) in row.iter_mut().zip(x) {
            *g = delta * x;
        }
        row[x.len()] = delta;
    }
}

/// Prints the table.
pub(crate) fn run() {
    let mlp = Mlp::new(&SIZES, Activation::Sigmoid, Law::GlorotUniform.seeded(1)).expect("a network of three sizes");
    let x: Vec<f64> = (0..SIZES[0]).map(|i| f64::from((i * 37 % 101) as u32) / 101.0).collect();
    let target: Vec<f64> = (0..SIZES[2]).map(|i| f64::from(u8::from(i == 3))).collect();
    let mut hand = ByHand::new(mlp.params().len());
    hand.run(mlp.params(), &x, &target);

    println!("\n784-30-10 sigmoid network (f64), one sample, forward and backward; us, medians of interleaved runs");
    println!("{:24} {:>9} {:>9} {:>7}", "", "recorded", "replayed", "hand");
    for granularity in [Granularity::PerNeuron, Granularity::PerLayer] {
        let kept = Tape::new();
        let bound = mlp.bind(&kept, granularity);
        let input = kept.data(&x);
        let loss = bound.forward(input).half_squared_error(kept.data(&target));
        let mut gradients = loss.backward();
        // Gradients are compared before anything is timed.
        for (ours, theirs) in gradients.values_wrt(bound.params()).iter().zip(&hand.gradient) {
            assert!((ours - theirs).abs() <= 1e-12 * theirs.abs().max(1e-3), "gradients differ: {ours} {theirs}");
        }
        let mut tape = Tape::new();
        let hand = RefCell::new(&mut hand);
        let times = medians(
            &mut [
                Box::new(|| {
                    tape.clear();
                    let bound = mlp.bind(&tape, granularity);
                    let loss = bound.forward(tape.data(&x)).half_squared_error(tape.data(&target));
                    black_box(loss.backward().adjoints()[0]);
                }),
                Box::new(|| {
                    kept.replay(&[(input, &x)]).expect("no guard");
                    loss.backward_into(&mut gradients).expect("a single number");
                    black_box(gradients.adjoints()[0]);
                }),
                Box::new(|| hand.borrow_mut().run(black_box(mlp.params()), &x, &target)),
            ],
            15,
            Duration::from_millis(20),
        );
        let [recorded, replayed, by_hand] = [0, 1, 2].map(|i| times[i] * 1e6);
        let name = format!("{granularity:?}");
        println!("{name:24} {recorded:>9.2} {replayed:>9.2} {by_hand:>7.2}");
        println!("{:24} {:>9.2} {:>9.2}", "  ratio to hand", recorded / by_hand, replayed / by_hand);
    }
}
