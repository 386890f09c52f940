//! W2, W3: steps of gradient descent of a sigmoid network over a batch, recorded a layer at a time.

use std::borrow::Cow;
use std::cell::RefCell;

use wengert::{Gradients, Leaf, Tape, Var};

use crate::compare::same_gradient_f32;
use crate::compiled::Compiled;
use crate::hand::dense::{Dense, Split, descend, parameters};
use crate::numbers::Numbers;
use crate::threads::Threads;
use crate::workload::{About, Aim, Contenders, Measure, Unit, Workload};

const RATE: f32 = 1e-3;

/// A network, a batch, and a number of threads.
pub(crate) struct Batch {
    pub(crate) id: &'static str,
    pub(crate) sizes: &'static [usize],
    pub(crate) rows: usize,
    pub(crate) threads: usize,
    pub(crate) reference: &'static str,
}

/// 784-128-10 over 64 rows.
pub(crate) const W2: Batch = Batch {
    id: "W2",
    sizes: &[784, 128, 10],
    rows: 64,
    threads: 1,
    reference: "hand 170; jax 211, torch compile 253, numpy by hand 283, burn 307",
};

/// The same over two threads.
pub(crate) const W2_THREADS: Batch =
    Batch { threads: 2, reference: "hand 136; torch compile 225, torch 286, burn 296, jax 372", ..W2 };

/// 784-512-512-10 over 128 rows.
pub(crate) const W3: Batch = Batch {
    id: "W3",
    sizes: &[784, 512, 512, 10],
    rows: 128,
    threads: 1,
    reference: "hand 2633; torch compile 2752, jax 2884, torch 3068, burn 4227",
};

/// The same over two threads.
pub(crate) const W3_THREADS: Batch =
    Batch { threads: 2, reference: "hand 1558; torch compile 1684, torch 1791, jax 2247, burn 4735", ..W3 };

/// The loss as a program has it: parameters by layer, weights `[m, n]` and then biases `[m]`.
fn record<'t>(sizes: &[usize], params: Var<'t, f32>, x: Var<'t, f32>, target: Var<'t, f32>) -> Var<'t, f32> {
    let (mut output, mut at) = (x, 0);
    for pair in sizes.windows(2) {
        let &[n, m] = pair else { unreachable!("windows of two") };
        let weights = params.slice(0, at..at + m * n).reshape([m, n]);
        let biases = params.slice(0, at + m * n..at + m * n + m);
        output = Var::affine(biases, weights, output).sigmoid();
        at += m * (n + 1);
    }
    0.5 * (output - target).square().sum()
}

/// Rows of a batch.
#[derive(Clone, Copy)]
struct Rows<'a> {
    sizes: &'a [usize],
    x: &'a [f32],
    target: &'a [f32],
}

impl<'a> Rows<'a> {
    fn count(&self) -> usize {
        self.x.len() / self.sizes[0]
    }

    /// Block `i` of `blocks` equal ones.
    fn block(&self, i: usize, blocks: usize) -> Rows<'a> {
        let part = |values: &'a [f32]| {
            let len = values.len() / blocks;
            &values[i * len..(i + 1) * len]
        };
        Rows { x: part(self.x), target: part(self.target), ..*self }
    }

    /// Parameters, features and targets on a tape, and the loss.
    fn put<'t>(&self, tape: &'t Tape<f32>, params: &[f32]) -> Kept<'t> {
        let data = |values: &[f32], columns: usize| {
            tape.tensor(Leaf::Data, values, [self.count(), columns]).expect("there is room for the batch")
        };
        let params = tape.params(params);
        let (x, target) = (data(self.x, self.sizes[0]), data(self.target, self.sizes[self.sizes.len() - 1]));
        let loss = record(self.sizes, params, x, target);
        Kept { params, x, target, loss }
    }

    fn record_gradient(&self, tape: &mut Tape<f32>, params: &[f32], into: &mut [f32]) {
        tape.clear();
        let kept = self.put(tape, params);
        into.copy_from_slice(kept.of_params(&kept.loss.backward()));
    }
}

/// What a tape that is replayed is known by.
#[derive(Clone, Copy)]
struct Kept<'t> {
    params: Var<'t, f32>,
    x: Var<'t, f32>,
    target: Var<'t, f32>,
    loss: Var<'t, f32>,
}

impl<'t> Kept<'t> {
    fn of_params<'g>(&self, gradients: &'g Gradients<'t, f32>) -> &'g [f32] {
        let start = self.params.id().slot();
        &gradients.adjoints()[start..start + self.params.len()]
    }

    /// As a batch that changes from step to step would have it: parameters, features and targets are new.
    fn replay(&self, gradients: &mut Gradients<'t, f32>, params: &[f32], rows: Rows<'_>) {
        let new = [(self.params, params), (self.x, rows.x), (self.target, rows.target)];
        self.params.tape().replay(&new).expect("there is no guard");
        self.loss.backward_into(gradients).expect("the loss is a single number");
    }
}

thread_local! {
    /// Handles don't leave their thread, so each thread keeps its tape. It lives as long as the process: a handle of a tape that is
    /// stored beside it would borrow from its neighbour.
    static KEPT: RefCell<Option<(Kept<'static>, Gradients<'static, f32>)>> = const { RefCell::new(None) };
}

fn replay_on_this_thread(rows: Rows<'_>, params: &[f32], into: &mut [f32]) {
    KEPT.with_borrow_mut(|kept| {
        let (kept, gradients) = kept.get_or_insert_with(|| {
            let tape: &'static Tape<f32> = Box::leak(Box::new(Tape::default()));
            let kept = rows.put(tape, params);
            (kept, kept.loss.backward())
        });
        kept.replay(gradients, params, rows);
        into.copy_from_slice(kept.of_params(gradients));
    });
}

impl Workload for Batch {
    fn about(&self) -> About {
        let sizes = self.sizes.iter().map(usize::to_string).collect::<Vec<_>>().join("-");
        About {
            id: self.id.to_owned(),
            what: format!("{sizes}, batch {}, f32, SGD step", self.rows),
            threads: self.threads,
            unit: Unit::us("us/step"),
            aims: [Some(Aim::Ratio(1.15)), Some(Aim::Ratio(1.1)), Some(Aim::Ratio(1.05))],
            reference: self.reference,
        }
    }

    fn run(&self, measure: Measure<'_>) {
        let (sizes, outputs) = (self.sizes, self.sizes[self.sizes.len() - 1]);
        let mut numbers = Numbers::seeded(1);
        let params = numbers.take_f32(parameters(sizes), 0.05);
        let x = numbers.take_f32(self.rows * sizes[0], 1.0);
        let target: Vec<f32> = (0..self.rows * outputs)
            .map(|i| if i / outputs * 7 % outputs == i % outputs { 1.0 } else { 0.0 })
            .collect();
        let rows = Rows { sizes, x: &x, target: &target };
        if self.threads == 1 {
            one_thread(rows, &params, measure)
        } else {
            threads(self.threads, rows, &params, measure)
        }
    }
}

/// Compares what a mode gives with the hand-written gradient.
fn compare(mode: &str, hand: &[f32], gradient: impl FnOnce(&mut [f32])) {
    let mut ours = vec![0.0; hand.len()];
    gradient(&mut ours);
    same_gradient_f32(mode, &ours, hand, 1e-3);
}

fn one_thread(rows: Rows<'_>, start: &[f32], measure: Measure<'_>) {
    let threads = Threads::here();
    let mut dense = Dense::new(rows.sizes, rows.count());
    let mut gradient = vec![0.0; start.len()];
    dense.gradient(start, rows.x, rows.target, &mut gradient);
    check_step(start, &gradient, |params| dense.step(params, rows.x, rows.target, 1.0));

    let mut tape = Tape::default();
    compare("recorded", &gradient, |into| rows.record_gradient(&mut tape, start, into));
    let kept_tape = Tape::default();
    let kept = rows.put(&kept_tape, start);
    let mut gradients = kept.loss.backward();
    compare("replayed", &gradient, |into| {
        kept.replay(&mut gradients, start, rows);
        into.copy_from_slice(kept.of_params(&gradients));
    });

    let mut compiled = Compiled::step(kept.loss, kept.params, RATE, &[kept.x, kept.target]);
    compiled.run(&[rows.x, rows.target]);
    check_step(start, &gradient, |params| {
        for (param, moved) in params.iter_mut().zip(&*compiled.result()) {
            *param -= (*param - moved) / RATE;
        }
    });

    let [mut by_hand, mut recorded, mut replayed] = [start.to_vec(), start.to_vec(), start.to_vec()];
    let here = &threads;
    let facts = compiled.facts();
    measure(Contenders {
        hand: Box::new(|| dense.step(&mut by_hand, rows.x, rows.target, RATE)),
        modes: [
            Some(Box::new(move || {
                tape.clear();
                let kept = rows.put(&tape, &recorded);
                descend(here, &mut recorded, &[kept.of_params(&kept.loss.backward())], RATE);
            })),
            Some(Box::new(move || {
                kept.replay(&mut gradients, &replayed, rows);
                descend(here, &mut replayed, &[kept.of_params(&gradients)], RATE);
            })),
            Some(Box::new(move || compiled.run(&[rows.x, rows.target]))),
        ],
        facts,
    });
}

fn threads(count: usize, rows: Rows<'_>, start: &[f32], measure: Measure<'_>) {
    let threads = Threads::new(count);
    let mut split = Split::new(rows.sizes, rows.count(), &threads);
    let mut gradient = vec![0.0; start.len()];
    Dense::new(rows.sizes, rows.count()).gradient(start, rows.x, rows.target, &mut gradient);
    check_step(start, &gradient, |params| split.step(params, rows.x, rows.target, 1.0));

    let mut tapes: Vec<Tape<f32>> = (0..count).map(|_| Tape::default()).collect();
    let mut record = |params: &[f32], gradients: &mut [Vec<f32>]| {
        threads.each_with(tapes.iter_mut().zip(gradients), |i, (tape, gradient)| {
            rows.block(i, count).record_gradient(tape, params, gradient);
        });
    };
    let replay = |params: &[f32], gradients: &mut [Vec<f32>]| {
        threads.each_with(gradients, |i, gradient| replay_on_this_thread(rows.block(i, count), params, gradient));
    };
    let mut programs: Vec<Compiled<f32>> = (0..count)
        .map(|i| {
            let tape = Tape::default();
            let kept = rows.block(i, count).put(&tape, start);
            Compiled::gradient(kept.loss, kept.params, &[kept.params, kept.x, kept.target])
        })
        .collect();
    let facts = programs[0].facts();
    let run = |programs: &mut [Compiled<f32>], params: &[f32]| {
        threads.each_with(programs, |i, program| {
            let rows = rows.block(i, count);
            program.run(&[params, rows.x, rows.target]);
        });
    };
    run(&mut programs, start);
    compare("compiled", &gradient, |into| {
        for program in &programs {
            for (into, part) in into.iter_mut().zip(&*program.result()) {
                *into += part;
            }
        }
    });

    let mut of_recorded = vec![vec![0.0; start.len()]; count];
    let mut of_replayed = of_recorded.clone();
    record(start, &mut of_recorded);
    replay(start, &mut of_replayed);
    for (mode, gradients) in [("recorded", &of_recorded), ("replayed", &of_replayed)] {
        compare(mode, &gradient, |into| {
            for (i, into) in into.iter_mut().enumerate() {
                *into = gradients.iter().map(|gradient| gradient[i]).sum();
            }
        });
    }

    let [mut by_hand, mut recorded, mut replayed, mut compiled] = std::array::from_fn(|_| start.to_vec());
    let pool = &threads;
    measure(Contenders {
        hand: Box::new(|| split.step(&mut by_hand, rows.x, rows.target, RATE)),
        modes: [
            Some(Box::new(move || {
                record(&recorded, &mut of_recorded);
                descend(pool, &mut recorded, &of_recorded, RATE);
            })),
            Some(Box::new(move || {
                replay(&replayed, &mut of_replayed);
                descend(pool, &mut replayed, &of_replayed, RATE);
            })),
            Some(Box::new(move || {
                run(&mut programs, &compiled);
                let gradients: Vec<Cow<'_, [f32]>> = programs.iter().map(Compiled::result).collect();
                descend(pool, &mut compiled, &gradients, RATE);
            })),
        ],
        facts,
    });
}

/// A step moves against the gradient, by as much as the gradient says.
fn check_step(start: &[f32], gradient: &[f32], step: impl FnOnce(&mut [f32])) {
    let mut params = start.to_vec();
    step(&mut params);
    let moved: Vec<f32> = start.iter().zip(&params).map(|(before, after)| before - after).collect();
    same_gradient_f32("the hand-written step", &moved, gradient, 1e-2);
}

#[cfg(test)]
mod tests {
    use super::{Batch, W2};
    use crate::workloads::tests::sets_up;

    #[test]
    fn hand_and_tape_agree() {
        for threads in [1, 2] {
            sets_up(&Batch { sizes: &[13, 9, 8, 3], rows: 10, threads, ..W2 });
        }
    }
}
