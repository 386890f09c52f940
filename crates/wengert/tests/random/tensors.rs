//! Random programs over runs: every structural op, broadcasting, views, on random shapes. Drawn
//! from a fixed seed, so every run looks at the same ones, and a failure is shrunk.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use wengert::{Leaf, Tape, Var};

/// One step: what to do, on which earlier runs, and numbers to choose shapes, axes and positions
/// with.
pub(crate) type Instruction = (u8, usize, usize, u32);

#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) shapes: Vec<Vec<usize>>,
    pub(crate) instructions: Vec<Instruction>,
    pub(crate) seed: u32,
}

pub(crate) fn programs() -> impl Strategy<Value = Program> {
    let shape = prop::collection::vec(1..4_usize, 0..4);
    let instruction = (0..28_u8, 0..64_usize, 0..64_usize, any::<u32>());
    (prop::collection::vec(shape, 1..4), prop::collection::vec(instruction, 1..14), any::<u32>())
        .prop_map(|(shapes, instructions, seed)| Program { shapes, instructions, seed })
}

/// Numbers in -1.5..1.5 that do not tie, from a small generator (Knuth's multiplier, upper bits).
pub(crate) fn numbers(seed: u32, len: usize) -> Vec<f64> {
    let mut state = u64::from(seed);
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1_u64 << 24) as f64 * 3.0 - 1.5
    };
    (0..len).map(|_| next()).collect()
}

/// The leaves' values; `salt` gives other ones for the same program.
pub(crate) fn leaf_values(program: &Program, salt: u32) -> Vec<Vec<f64>> {
    let of = |(i, shape): (usize, &Vec<usize>)| {
        numbers(program.seed.wrapping_add(salt).wrapping_add(97 * i as u32), shape.iter().product())
    };
    program.shapes.iter().enumerate().map(of).collect()
}

/// Records a program; its structure depends on shapes only, never on values.
#[allow(dead_code, reason = "not every test that includes this file uses it")]
pub(crate) fn record<'t>(
    tape: &'t Tape,
    program: &Program,
    values: &[Vec<f64>],
) -> (Vec<Var<'t>>, Var<'t>) {
    record_up_to(64, tape, program, values)
}

/// The same program with every extent so many times as large.
#[allow(dead_code, reason = "not every test that includes this file uses it")]
pub(crate) fn widened(program: &Program, times: usize) -> Program {
    let wide = |shape: &Vec<usize>| shape.iter().map(|extent| extent * times).collect();
    Program { shapes: program.shapes.iter().map(wide).collect(), ..program.clone() }
}

/// As `record`, with runs of up to `most` elements.
#[allow(dead_code, reason = "not every test that includes this file uses it")]
pub(crate) fn record_up_to<'t>(
    most: usize,
    tape: &'t Tape,
    program: &Program,
    values: &[Vec<f64>],
) -> (Vec<Var<'t>>, Var<'t>) {
    let (leaves, runs) = record_runs(most, tape, program, values);
    let mut y = tape.input(0.0);
    for run in runs.iter().rev().take(3) {
        y += (run.tanh() * *run).sum();
    }
    (leaves, y)
}

/// The leaves, and all runs of a program, the leaves among them.
pub(crate) fn record_runs<'t>(
    most: usize,
    tape: &'t Tape,
    program: &Program,
    values: &[Vec<f64>],
) -> (Vec<Var<'t>>, Vec<Var<'t>>) {
    let leaves: Vec<Var<'t>> = program
        .shapes
        .iter()
        .zip(values)
        .map(|(shape, values)| tape.tensor(Leaf::Input, values, shape).unwrap())
        .collect();
    let mut runs = leaves.clone();
    for &(what, a, b, choice) in &program.instructions {
        let (x, y) = (runs[a % runs.len()], runs[b % runs.len()]);
        let run = step(tape, what, x, y, choice as usize);
        if run.len() <= most {
            runs.push(run);
        }
    }
    (leaves, runs)
}

/// A matrix made of the elements of `x`, repeated as needed.
pub(crate) fn matrix<'t>(x: Var<'t>, rows: usize, columns: usize) -> Var<'t> {
    let positions: Vec<usize> = (0..rows * columns).map(|i| i * 7 % x.len()).collect();
    x.gather(&positions).reshape([rows, columns])
}

pub(crate) fn step<'t>(tape: &'t Tape, what: u8, x: Var<'t>, y: Var<'t>, choice: usize) -> Var<'t> {
    let shape = x.shape();
    let rank = shape.rank();
    let axis = choice % rank.max(1);
    let (m, k, n) = (1 + choice % 3, 1 + choice / 3 % 4, 1 + choice / 12 % 3);
    match what {
        0 => x.sin(),
        1 => x.sigmoid(),
        2 => (x * 0.25).exp(),
        3..=6 => {
            // A tensor of another shape is broadcast, or its sum is.
            let y = if shape.broadcast(&y.shape()).is_some() { y } else { y.sum().tanh() };
            match what {
                3 => x + y,
                4 => x * y,
                5 => x - y.detach(),
                _ => x / (y * y + 1.0),
            }
        }
        7 => Var::affine(y.sum().tanh(), matrix(x, m, k), matrix(y, n, k)),
        8 => Var::affine(matrix(y, 1, m).at(0), matrix(x, m, k), matrix(y, 1, k).at(0)),
        9 => matrix(x, m, k).matmul(matrix(y, k, n)),
        10 => matrix(x, k, m).t().matmul(matrix(y, n, k).t()),
        11 => {
            // A batch of matrices by one.
            let batch = matrix(x, 2 * m, k).reshape([2, m, k]);
            batch.matmul(matrix(y, k, n))
        }
        12 => matrix(x, 1, k).at(0).dot(matrix(y, 1, k).at(0)),
        13 if rank > 0 => x.sum_axes(axis),
        14 if rank > 1 => x.sum_axes([0, rank - 1]),
        15 => tape.stack(&[x, x.cos(), x]),
        // Rows by numbers that the tape holds.
        16 if rank > 0 && choice % 4 == 3 => {
            let extent = shape.dims()[0];
            let rows: Vec<f64> = (0..k).map(|i| ((i * 5 + choice) % extent) as f64).collect();
            x.take(tape.data(rows))
        }
        16 => {
            x.gather(&(0..1 + choice % 5).map(|i| (i * 5 + choice) % x.len()).collect::<Vec<_>>())
        }
        17 => x.scatter_add(
            &(0..x.len()).map(|i| (i * 3 + choice) % (m * k)).collect::<Vec<_>>(),
            [m, k],
        ),
        18 => x.indicator_gt(0.1).select(x * x, y.sum().tanh()),
        19 if rank > 0 => {
            let extent = shape.dims()[axis];
            let first = choice / 8 % extent;
            x.slice(axis, first..first + 1 + choice / 64 % (extent - first))
        }
        20 if rank > 1 => x.t(),
        // A view where strides can describe it, else a copy.
        21 if rank > 1 => x.t().reshape([x.len()]),
        21 => x.reshape([x.len()]),
        22 if rank > 0 => x.at(choice % shape.dims()[0]),
        23 => {
            let mut dims = vec![1 + choice % 3];
            dims.extend_from_slice(shape.dims());
            x.broadcast_to(dims) * 0.5
        }
        24 if rank > 0 => match choice % 3 {
            0 => x.max_axes(axis),
            1 => x.min_axes(axis),
            _ => x.log_sum_exp_axes(axis),
        },
        25 if rank > 0 && choice % 2 == 1 => x.cumprod(axis),
        25 if rank > 0 => x.cumsum(axis),
        26 if rank > 0 => tape.concat(axis, &[x, x.slice(axis, 0..1).tanh()]),
        27 if rank > 0 => x.softmax(axis),
        _ => x.atan(),
    }
}

pub(crate) fn run(cases: u32, test: impl Fn(&Program) -> Result<(), TestCaseError>) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    if let Err(error) =
        TestRunner::new_with_rng(config, rng).run(&programs(), |program| test(&program))
    {
        panic!("{error}");
    }
}
