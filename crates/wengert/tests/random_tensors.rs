//! Random programs over runs: every structural op, broadcasting, views, on random shapes. As in `random_scalars`, the programs are drawn from a
//! fixed seed.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use wengert::{Binary, Contribution, Gradients, Leaf, Numerics, Op, Options, Structural, Tape, Unary, Var};

/// One step: what to do, on which earlier runs, and numbers to choose shapes, axes and positions with.
type Instruction = (u8, usize, usize, u32);

#[derive(Clone, Debug)]
struct Program {
    shapes: Vec<Vec<usize>>,
    instructions: Vec<Instruction>,
    seed: u32,
}

fn programs() -> impl Strategy<Value = Program> {
    let shape = prop::collection::vec(1..4_usize, 0..4);
    let instruction = (0..28_u8, 0..64_usize, 0..64_usize, any::<u32>());
    (prop::collection::vec(shape, 1..4), prop::collection::vec(instruction, 1..14), any::<u32>())
        .prop_map(|(shapes, instructions, seed)| Program { shapes, instructions, seed })
}

/// Numbers in -1.5..1.5 that do not tie, from a small generator (Knuth's multiplier, upper bits).
fn numbers(seed: u32, len: usize) -> Vec<f64> {
    let mut state = u64::from(seed);
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1_u64 << 24) as f64 * 3.0 - 1.5
    };
    (0..len).map(|_| next()).collect()
}

/// The leaves' values; `salt` gives other ones for the same program.
fn leaf_values(program: &Program, salt: u32) -> Vec<Vec<f64>> {
    let of = |(i, shape): (usize, &Vec<usize>)| {
        numbers(program.seed.wrapping_add(salt).wrapping_add(97 * i as u32), shape.iter().product())
    };
    program.shapes.iter().enumerate().map(of).collect()
}

/// Records a program; its structure depends on shapes only, never on values.
fn record<'t>(tape: &'t Tape, program: &Program, values: &[Vec<f64>]) -> (Vec<Var<'t>>, Var<'t>) {
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
        if run.len() <= 64 {
            runs.push(run);
        }
    }
    let mut y = tape.input(0.0);
    for run in runs.iter().rev().take(3) {
        y += (run.tanh() * *run).sum();
    }
    (leaves, y)
}

/// A matrix made of the elements of `x`, repeated as needed.
fn matrix<'t>(x: Var<'t>, rows: usize, columns: usize) -> Var<'t> {
    let positions: Vec<usize> = (0..rows * columns).map(|i| i * 7 % x.len()).collect();
    x.gather(&positions).reshape([rows, columns])
}

fn step<'t>(tape: &'t Tape, what: u8, x: Var<'t>, y: Var<'t>, choice: usize) -> Var<'t> {
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
        13 if rank > 0 => x.sum_axes(&[axis]),
        14 if rank > 1 => x.sum_axes(&[0, rank - 1]),
        15 => tape.stack(&[x, x.cos(), x]),
        16 => x.gather(&(0..1 + choice % 5).map(|i| (i * 5 + choice) % x.len()).collect::<Vec<_>>()),
        17 => x.scatter_add(&(0..x.len()).map(|i| (i * 3 + choice) % (m * k)).collect::<Vec<_>>(), [m, k]),
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
            0 => x.max_axes(&[axis]),
            1 => x.min_axes(&[axis]),
            _ => x.log_sum_exp(&[axis]),
        },
        25 if rank > 0 => x.cumsum(axis),
        26 if rank > 0 => tape.concat(axis, &[x, x.slice(axis, 0..1).tanh()]),
        27 if rank > 0 => x.softmax(axis),
        _ => x.atan(),
    }
}

/// What rounding errors of an adjoint are relative to: the sum over all paths to the output of the absolute products of partials.
fn path_products(y: Var<'_>) -> Vec<f64> {
    // The adjoint itself is never larger; the ledgers have every partial.
    let gradients = y.backward();
    let mut sums = vec![0.0; gradients.adjoints().len()];
    sums[y.id().slot()] = 1.0;
    let mut ledgers = gradients.ledgers(|_| true);
    ledgers.reverse();
    for (slot, ledger) in ledgers {
        for entry in ledger {
            sums[slot.slot()] += entry.partial.abs() * sums[entry.reader.slot()];
        }
    }
    sums
}

fn run(cases: u32, test: impl Fn(&Program) -> Result<(), TestCaseError>) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    if let Err(error) = TestRunner::new_with_rng(config, rng).run(&programs(), |program| test(&program)) {
        panic!("{error}");
    }
}

#[test]
fn reverse_agrees_with_duals_and_with_the_recorded_gradient() {
    run(300, |program| {
        let tape = Tape::new();
        let (leaves, y) = record(&tape, program, &leaf_values(program, 0));
        let gradients = y.backward();
        let bounds = path_products(y);
        let recorded = y.record_gradient(&leaves).unwrap();
        for (leaf, recorded) in leaves.iter().zip(recorded) {
            let reverse = gradients.values_wrt(*leaf);
            let by_nodes = recorded.map_or(vec![0.0; leaf.len()], Var::values);
            if let Some(recorded) = recorded {
                prop_assert_eq!(recorded.shape(), leaf.shape());
            }
            for i in 0..leaf.len() {
                // A ledger leaves out what an adjoint of exactly 0 would have passed on; there the output's own size stands in.
                let bound = 64.0 * f64::EPSILON * bounds[leaf.id().slot() + i].max(1.0);
                let mut direction = vec![0.0; leaf.len()];
                direction[i] = 1.0;
                let forward = tape.tangents(&[(*leaf, &direction)]).unwrap().of(y);
                let (reverse, by_nodes) = (reverse[i], by_nodes[i]);
                prop_assert!((reverse - forward).abs() <= bound, "{i}: {reverse} {forward} {bound}\n{tape}");
                prop_assert!((reverse - by_nodes).abs() <= bound, "{i}: {reverse} {by_nodes} {bound}\n{tape}");
            }
        }
        Ok(())
    });
}

#[test]
fn reverse_agrees_with_differences() {
    let (all, excluded) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    run(150, |program| {
        let tape = Tape::new();
        let (_, y) = record(&tape, program, &leaf_values(program, 0));
        let report = y.check().run().unwrap();
        prop_assert!(report.agrees(), "{report}\n{tape}");
        all.set(all.get() + report.rows.len());
        excluded.set(excluded.get() + report.excluded().count());
        Ok(())
    });
    println!("{} derivatives, {} excluded", all.get(), excluded.get());
    assert!(20 * excluded.get() <= all.get(), "{} of {} could not be compared", excluded.get(), all.get());
}

#[test]
fn ledgers_add_up_bit_for_bit() {
    run(200, |program| {
        let tape = Tape::with(Options::default().numerics(Numerics::Exact));
        let (_, y) = record(&tape, program, &leaf_values(program, 0));
        let gradients = y.backward();
        for (slot, ledger) in gradients.ledgers(|slot| slot != y.id()) {
            let sum = ledger.iter().fold(-0.0, |sum, entry| sum + entry.product);
            let adjoint = gradients.adjoints()[slot.slot()];
            // Running sums add their own contributions up first.
            let running = |entry: &Contribution<f64>| {
                let op = tape.node(entry.reader).unwrap().op;
                matches!(op, Op::Structural(Structural::CumSum | Structural::CumSumBack))
            };
            let size: f64 = ledger.iter().map(|entry| entry.product.abs()).sum();
            let near = (sum - adjoint).abs() <= 8.0 * f64::EPSILON * size;
            let zero = sum == 0.0 && adjoint == 0.0;
            let same = sum.to_bits() == adjoint.to_bits() || zero || (ledger.iter().any(running) && near);
            prop_assert!(same, "{slot}: {sum:e} {adjoint:e}\n{tape}");
        }
        Ok(())
    });
}

/// In Fast numerics an adjoint is the sum of its ledger to the stated bound, the ledger's terms being within it themselves.
#[test]
fn ledgers_add_up_to_the_bound_in_fast_numerics() {
    run(200, |program| {
        let tape = Tape::new();
        let (_, y) = record(&tape, program, &leaf_values(program, 0));
        let gradients = y.backward();
        for (slot, ledger) in gradients.ledgers(|slot| slot != y.id()) {
            let sum = ledger.iter().fold(-0.0, |sum, entry| sum + entry.product);
            let adjoint = gradients.adjoints()[slot.slot()];
            let size: f64 = ledger.iter().map(|entry| entry.product.abs()).sum();
            let bound = 8.0 * (ledger.len() + 2) as f64 * f64::EPSILON * size;
            prop_assert!((sum - adjoint).abs() <= bound, "{slot}: {sum:e} {adjoint:e}\n{tape}");
        }
        Ok(())
    });
}

/// Every node of a Fast tape is within the bound of what Exact numerics make of the same operands: the bound is a node's, and
/// errors of operands come on top of it.
#[test]
fn fast_values_are_within_the_bound_of_exact_ones() {
    run(300, |program| {
        let exact = Tape::with(Options::default().numerics(Numerics::Exact));
        let fast = Tape::new();
        let inputs = leaf_values(program, 0);
        let ((_, a), (leaves, b)) = (record(&exact, program, &inputs), record(&fast, program, &inputs));
        // Errors grow along the program: its values are of moderate size and few operations deep.
        let near = |x: f64, y: f64, size: f64| (x - y).abs() <= 1e-11 * size || x.to_bits() == y.to_bits();
        for (slot, (&x, &y)) in exact.all_values().iter().zip(&fast.all_values()).enumerate() {
            prop_assert!(near(x, y, 1.0 + x.abs()), "v{slot}: {x:e} and {y:e}\n{exact}");
        }
        let (x, y) = (a.backward(), b.backward());
        let size = x.adjoints().iter().fold(1.0, |size: f64, x| size.max(x.abs()));
        for (slot, (&x, &y)) in x.adjoints().iter().zip(y.adjoints()).enumerate() {
            prop_assert!(near(x, y, size), "adjoint of v{slot}: {x:e} and {y:e}\n{exact}");
        }
        // The same memory again, with what the first sweep left in it.
        let bits = |g: &Gradients<'_>| g.adjoints().iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        let first = bits(&y);
        drop(y);
        prop_assert!(first == bits(&b.backward()), "a second sweep differs\n{fast}");
        drop(leaves);
        Ok(())
    });
}

#[test]
fn replay_equals_recording_bit_for_bit() {
    let bits = |tape: &Tape| tape.all_values().iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let tape = || Tape::with(Options::default().numerics(numerics));
        run(200, |program| {
            let (tape, fresh) = (tape(), tape());
            let (leaves, y) = record(&tape, program, &leaf_values(program, 0));
            let before = bits(&tape);
            tape.replay(&[]).unwrap();
            prop_assert!(before == bits(&tape), "a replay at the same inputs changed bits");
            let new = leaf_values(program, 1);
            let inputs: Vec<(Var<'_>, &[f64])> = leaves.iter().zip(&new).map(|(&x, v)| (x, &v[..])).collect();
            tape.replay(&inputs).unwrap();
            let (_, fresh_y) = record(&fresh, program, &new);
            prop_assert!(bits(&tape) == bits(&fresh), "a replay differs from a recording:\n{tape}\n{fresh}");
            let (old, new) = (y.backward(), fresh_y.backward());
            let same = old.adjoints().iter().zip(new.adjoints()).all(|(a, b)| a.to_bits() == b.to_bits());
            prop_assert!(same, "adjoints differ\n{tape}");
            Ok(())
        });
    }
}

/// The programs do use every structural op, as runs and with runs that broadcast.
#[test]
fn the_programs_cover_the_ops() {
    let seen = std::cell::RefCell::new(BTreeMap::<&'static str, usize>::new());
    run(300, |program| {
        let tape = Tape::new();
        let (_, y) = record(&tape, program, &leaf_values(program, 0));
        let _ = y.record_gradient(&[y]).unwrap();
        for node in tape.nodes() {
            if !node.shape.is_scalar() || matches!(node.op, Op::Structural(_)) {
                *seen.borrow_mut().entry(node.op.name()).or_default() += 1;
            }
        }
        Ok(())
    });
    let seen = seen.into_inner();
    // The derivative of a running sum is recorded as one from the end, which no program asks for.
    for op in Structural::ALL.iter().filter(|op| **op != Structural::CumSumBack) {
        assert!(seen.contains_key(op.name()), "no program has a {}: {seen:?}", op.name());
    }
    assert!(seen.contains_key(Op::Unary(Unary::Sin).name()) && seen.contains_key(Op::Binary(Binary::Mul).name()));
}
