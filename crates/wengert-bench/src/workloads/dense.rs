//! W2, W3: steps of gradient descent of a sigmoid network over a batch, recorded a layer at a time;
//! and the same steps in exact numerics beside the fast ones.

use std::borrow::Cow;

use wengert::{Gradients, Key, Leaf, Mark, Numerics, Options, Tape, Var};

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
pub(crate) const W2_THREADS: Batch = Batch {
    threads: 2,
    reference: "hand 136; torch compile 225, torch 286, burn 296, jax 372",
    ..W2
};

/// 784-512-512-10 over 128 rows.
pub(crate) const W3: Batch = Batch {
    id: "W3",
    sizes: &[784, 512, 512, 10],
    rows: 128,
    threads: 1,
    reference: "hand 2633; torch compile 2752, jax 2884, torch 3068, burn 4227",
};

/// The same over two threads.
pub(crate) const W3_THREADS: Batch = Batch {
    threads: 2,
    reference: "hand 1558; torch compile 1684, torch 1791, jax 2247, burn 4735",
    ..W3
};

/// What a step begins with.
struct Inputs {
    params: Vec<f32>,
    x: Vec<f32>,
    target: Vec<f32>,
}

impl Batch {
    fn inputs(&self) -> Inputs {
        let (sizes, outputs) = (self.sizes, self.sizes[self.sizes.len() - 1]);
        let mut numbers = Numbers::seeded(1);
        let params = numbers.take_f32(parameters(sizes), 0.05);
        let x = numbers.take_f32(self.rows * sizes[0], 1.0);
        let target = (0..self.rows * outputs)
            .map(|i| if i / outputs * 7 % outputs == i % outputs { 1.0 } else { 0.0 })
            .collect();
        Inputs { params, x, target }
    }
}

/// The loss as a program has it: parameters by layer, weights `[m, n]` and then biases `[m]`.
fn record<'t>(
    sizes: &[usize],
    params: Var<'t, f32>,
    x: Var<'t, f32>,
    target: Var<'t, f32>,
) -> Var<'t, f32> {
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

    /// Features and targets on a tape, and the loss.
    fn put<'t>(&self, params: Var<'t, f32>) -> Recorded<'t> {
        let data = |values: &[f32], columns: usize| {
            let shape = [self.count(), columns];
            params.tape().tensor(Leaf::Data, values, shape).expect("there is room for the batch")
        };
        let (x, target) =
            (data(self.x, self.sizes[0]), data(self.target, self.sizes[self.sizes.len() - 1]));
        Recorded { params, x, target, loss: record(self.sizes, params, x, target) }
    }
}

/// A loss on a tape, and what it is a function of.
#[derive(Clone, Copy)]
struct Recorded<'t> {
    params: Var<'t, f32>,
    x: Var<'t, f32>,
    target: Var<'t, f32>,
    loss: Var<'t, f32>,
}

impl<'t> Recorded<'t> {
    fn of_params<'g>(&self, gradients: &'g Gradients<'t, f32>) -> &'g [f32] {
        let start = self.params.id().slot();
        &gradients.adjoints()[start..start + self.params.len()]
    }

    /// Moves the parameters, which stay on their tape.
    fn descend(&self, gradients: &Gradients<'t, f32>) {
        let moved = self.params.tape().update(self.params, |params| {
            descend(&Threads::here(), params, &[self.of_params(gradients)], RATE);
        });
        moved.expect("parameters can be set");
    }
}

/// A tape whose parameters stay while the rest is recorded anew.
struct Again {
    tape: Tape<f32>,
    params: Key,
    mark: Mark,
}

impl Again {
    fn new(params: &[f32]) -> Self {
        let tape = Tape::default();
        Again { params: tape.param(params).key(), mark: tape.mark(), tape }
    }

    /// Forgets the last recording and makes the next.
    fn record(&mut self, rows: Rows<'_>) -> Recorded<'_> {
        self.tape.rewind(self.mark);
        rows.put(self.tape.var(self.params))
    }

    /// A step whose parameters are the caller's, as threads share them.
    fn gradient(&mut self, rows: Rows<'_>, params: &[f32], into: &mut [f32]) {
        let on_tape = self.tape.var(self.params);
        self.tape.update(on_tape, |to| to.copy_from_slice(params)).expect("parameters can be set");
        let recorded = self.record(rows);
        into.copy_from_slice(recorded.of_params(&recorded.loss.backward()));
    }
}

/// A tape that is replayed, by keys, so that it can be lent to a thread.
struct Kept {
    tape: Tape<f32>,
    params: Key,
    x: Key,
    target: Key,
    loss: Key,
}

impl Kept {
    fn new(rows: Rows<'_>, params: &[f32]) -> Self {
        let tape = Tape::default();
        let Recorded { params, x, target, loss } = rows.put(tape.param(params));
        Kept { params: params.key(), x: x.key(), target: target.key(), loss: loss.key(), tape }
    }

    fn recorded(&self) -> Recorded<'_> {
        let [params, x, target, loss] =
            [self.params, self.x, self.target, self.loss].map(|key| self.tape.var(key));
        Recorded { params, x, target, loss }
    }

    /// As [`Again::gradient`]. Features and targets are new, as those of a batch that changes from
    /// step to step.
    fn gradient(&self, rows: Rows<'_>, params: &[f32], into: &mut [f32]) {
        let recorded = self.recorded();
        let new = [(recorded.params, params), (recorded.x, rows.x), (recorded.target, rows.target)];
        self.tape.replay(&new).expect("there is no guard");
        into.copy_from_slice(recorded.of_params(&recorded.loss.backward()));
    }
}

impl Workload for Batch {
    fn about(&self) -> About {
        let sizes = self.sizes.iter().map(usize::to_string).collect::<Vec<_>>().join("-");
        About {
            id: self.id.to_owned(),
            what: format!("{sizes}, batch {}, f32, SGD step", self.rows),
            threads: self.threads,
            unit: Unit::us("us/step"),
            aims: [Some(Aim::Ratio(1.05)), Some(Aim::Ratio(1.05)), Some(Aim::Ratio(1.05))],
            aims_below: [None, None],
            reference: self.reference,
        }
    }

    fn run(&self, measure: Measure<'_>) {
        let Inputs { params, x, target } = self.inputs();
        let rows = Rows { sizes: self.sizes, x: &x, target: &target };
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
    let mut dense = Dense::new(rows.sizes, rows.count());
    let mut gradient = vec![0.0; start.len()];
    dense.gradient(start, rows.x, rows.target, &mut gradient);
    check_step(start, &gradient, |params| dense.step(params, rows.x, rows.target, 1.0));

    let mut again = Again::new(start);
    compare("recorded", &gradient, |into| again.gradient(rows, start, into));
    let kept = Kept::new(rows, start);
    compare("replayed", &gradient, |into| kept.gradient(rows, start, into));
    let replayed = kept.recorded();
    let mut gradients = replayed.loss.backward();

    let to_compile = Tape::default();
    let mut compiled = {
        let Recorded { params, x, target, loss } = rows.put(to_compile.param(start));
        Compiled::step(loss, params, RATE, &[x, target])
    };
    compiled.run(&[rows.x, rows.target]);
    check_step(start, &gradient, |params| {
        for (param, moved) in params.iter_mut().zip(&*compiled.result()) {
            *param -= (*param - moved) / RATE;
        }
    });

    let mut by_hand = start.to_vec();
    let facts = compiled.facts();
    measure(Contenders {
        hand: Box::new(|| dense.step(&mut by_hand, rows.x, rows.target, RATE)),
        modes: [
            Some(Box::new(move || {
                let recorded = again.record(rows);
                recorded.descend(&recorded.loss.backward());
            })),
            Some(Box::new(|| {
                let new = [(replayed.x, rows.x), (replayed.target, rows.target)];
                kept.tape.replay(&new).expect("there is no guard");
                replayed.loss.backward_into(&mut gradients).expect("the loss is a single number");
                replayed.descend(&gradients);
            })),
            Some(Box::new(move || compiled.run(&[rows.x, rows.target]))),
        ],
        below: [None, None],
        facts,
    });
}

/// A batch's step as a program in exact numerics; beside it, in the place of the hand-written one,
/// the program in fast numerics.
pub(crate) struct InExact(pub(crate) Batch);

impl Workload for InExact {
    fn about(&self) -> About {
        let fast = self.0.about();
        About {
            id: format!("{}-exact", fast.id),
            what: format!("{}, exact programs over the fast one, which stands as hand", fast.what),
            aims: [None, None, Some(Aim::Ratio(3.0))],
            reference: "",
            ..fast
        }
    }

    fn run(&self, measure: Measure<'_>) {
        let Inputs { params, x, target } = self.0.inputs();
        let rows = Rows { sizes: self.0.sizes, x: &x, target: &target };
        let [mut fast, mut exact] = [Numerics::Fast, Numerics::Exact].map(|numerics| {
            let tape = Tape::with(Options::default().numerics(numerics));
            let Recorded { params, x, target, loss } = rows.put(tape.param(&params));
            Compiled::step(loss, params, RATE, &[x, target])
        });
        let facts = exact.facts();
        fast.run(&[rows.x, rows.target]);
        exact.run(&[rows.x, rows.target]);
        same_gradient_f32("exact", &exact.result(), &fast.result(), 1e-3);
        measure(Contenders {
            hand: Box::new(move || fast.run(&[rows.x, rows.target])),
            modes: [None, None, Some(Box::new(move || exact.run(&[rows.x, rows.target])))],
            below: [None, None],
            facts,
        });
    }
}

fn threads(count: usize, rows: Rows<'_>, start: &[f32], measure: Measure<'_>) {
    let threads = Threads::new(count);
    let mut split = Split::new(rows.sizes, rows.count(), &threads);
    let mut gradient = vec![0.0; start.len()];
    Dense::new(rows.sizes, rows.count()).gradient(start, rows.x, rows.target, &mut gradient);
    check_step(start, &gradient, |params| split.step(params, rows.x, rows.target, 1.0));

    let mut tapes: Vec<Again> = (0..count).map(|_| Again::new(start)).collect();
    let mut record = |params: &[f32], gradients: &mut [Vec<f32>]| {
        threads.each_with(tapes.iter_mut().zip(gradients), |i, (tape, gradient)| {
            tape.gradient(rows.block(i, count), params, gradient);
        });
    };
    let mut kept: Vec<Kept> = (0..count).map(|i| Kept::new(rows.block(i, count), start)).collect();
    let mut replay = |params: &[f32], gradients: &mut [Vec<f32>]| {
        threads.each_with(kept.iter_mut().zip(gradients), |i, (kept, gradient)| {
            kept.gradient(rows.block(i, count), params, gradient);
        });
    };
    let mut programs: Vec<Compiled<f32>> = (0..count)
        .map(|i| {
            let tape = Tape::default();
            let Recorded { params, x, target, loss } = rows.block(i, count).put(tape.param(start));
            Compiled::gradient(loss, params, &[params, x, target])
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

    let [mut by_hand, mut recorded, mut replayed, mut compiled] =
        std::array::from_fn(|_| start.to_vec());
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
                let gradients: Vec<Cow<'_, [f32]>> =
                    programs.iter().map(Compiled::result).collect();
                descend(pool, &mut compiled, &gradients, RATE);
            })),
        ],
        below: [None, None],
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
    use super::{Batch, InExact, W2};
    use crate::workloads::tests::sets_up;

    #[test]
    fn hand_and_tape_agree() {
        for threads in [1, 2] {
            sets_up(&Batch { sizes: &[13, 9, 8, 3], rows: 10, threads, ..W2 });
        }
        sets_up(&InExact(Batch { sizes: &[13, 9, 8, 3], rows: 10, ..W2 }));
    }
}
