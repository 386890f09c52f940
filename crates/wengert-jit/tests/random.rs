//! Random programs, bit for bit: machine code, the interpreter and the tape.

#[path = "../../wengert/tests/random/scalars.rs"]
mod scalars;
#[path = "../../wengert/tests/random/tensors.rs"]
mod tensors;

use std::cell::Cell;

use proptest::prelude::*;
use wengert::program::Pass;
use wengert::{Compiler, Numerics, Options, Program, Tape, Var};
use wengert_jit::Jit;

fn exact() -> Tape {
    Tape::with(Options::default().numerics(Numerics::Exact))
}

/// Sets of passes that a program is compiled without: what is made of it looks different.
fn variants() -> [&'static [Pass]; 4] {
    [&[], Pass::ALL, &[Pass::Group], &[Pass::Fuse]]
}

fn compiled(y: Var<'_>, leaves: &[Var<'_>], numerics: Numerics, off: &[Pass]) -> Program {
    let mut compiler = Compiler::new(y.tape()).numerics(numerics);
    for &pass in off {
        compiler = compiler.without(pass);
    }
    compiler.output(y).unwrap();
    for &leaf in leaves {
        compiler.gradient(y, leaf).unwrap();
    }
    compiler.compile().unwrap()
}

/// What a program gives, in two runs of one workspace: the second shows what the first left behind.
fn run(program: &Program, leaves: &[Var<'_>], at: [&[Vec<f64>]; 2]) -> Vec<Vec<f64>> {
    let mut workspace = program.workspace();
    let mut all = Vec::new();
    for at in at {
        for (leaf, values) in leaves.iter().zip(at) {
            workspace.set(program.input(*leaf).unwrap(), values).unwrap();
        }
        program.run(&mut workspace).unwrap();
        all.extend(program.outputs().into_iter().map(|output| workspace.values(output)));
        let inputs = program.inputs().iter();
        all.extend(inputs.map(|info| workspace.input(program.input(info.id).unwrap()).to_vec()));
    }
    all
}

/// The tape's own answer.
fn by_tape(y: Var<'_>, leaves: &[Var<'_>]) -> Vec<Vec<f64>> {
    let gradients = y.backward();
    let mut all = vec![vec![y.value()]];
    all.extend(leaves.iter().map(|&leaf| gradients.values_wrt(leaf)));
    all
}

/// Bits, every NaN alike.
fn bits(all: &[Vec<f64>]) -> Vec<u64> {
    let bits = |x: &f64| if x.is_nan() { u64::MAX } else { x.to_bits() };
    all.iter().flatten().map(bits).collect()
}

/// Nearness in fast numerics, where a function of one number may be another within the bounds, else
/// bits.
fn agree(found: &[Vec<f64>], expected: &[Vec<f64>], numerics: Numerics) -> bool {
    if numerics == Numerics::Exact {
        return bits(found) == bits(expected);
    }
    let near = |(a, b): (&f64, &f64)| {
        (a - b).abs() <= 1e-10 * a.abs().max(1.0) || a == b || a.is_nan() && b.is_nan()
    };
    found.iter().flatten().zip(expected.iter().flatten()).all(near)
}

/// Holds machine code to the interpreter, and the first answers to the tape's if they are exact.
/// How many operations on single numbers were machine code, and how many loops.
fn hold(
    y: Var<'_>,
    leaves: &[Var<'_>],
    at: [&[Vec<f64>]; 2],
    numerics: Numerics,
) -> Result<[usize; 2], TestCaseError> {
    let by_tape = by_tape(y, leaves);
    let [mut operations, mut loops] = [0; 2];
    for off in variants() {
        let program = compiled(y, leaves, numerics, off);
        let jit = Jit::new(&program).unwrap();
        let (expected, found) = (run(&program, leaves, at), run(jit.program(), leaves, at));
        prop_assert!(
            agree(&found, &expected, numerics),
            "without {off:?}, {}:\n{found:?}\n{expected:?}\n{}{program}",
            jit.report(),
            y.tape()
        );
        if numerics == Numerics::Exact {
            let first = &found[..by_tape.len()];
            prop_assert!(bits(first) == bits(&by_tape), "without {off:?}: {first:?} {by_tape:?}");
        }
        operations += jit.report().operations;
        loops += jit.report().loops;
    }
    Ok([operations, loops])
}

fn scalars(programs: u32) {
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let operations = Cell::new(0);
        scalars::run(programs, |program| {
            let tape = exact();
            let (leaves, y) = scalars::record(&tape, program, &program.at);
            let values = |at: &[f64]| at.iter().map(|&x| vec![x]).collect::<Vec<_>>();
            let (first, second) = (values(&program.at), values(&program.elsewhere));
            let [count, _] = hold(y, &leaves, [&first, &second], numerics)?;
            operations.set(operations.get() + count);
            Ok(())
        });
        assert!(operations.get() > 1000, "only {} operations", operations.get());
    }
}

fn tensors(programs: u32) {
    // Larger ones have loops.
    for (times, most) in [(1, 64), (7, 600)] {
        for numerics in [Numerics::Exact, Numerics::Fast] {
            let [operations, loops] = [Cell::new(0), Cell::new(0)];
            tensors::run(programs, |program| {
                let program = tensors::widened(program, times);
                let tape = exact();
                let [first, second] = [0, 1].map(|seed| tensors::leaf_values(&program, seed));
                let (leaves, y) = match times {
                    1 => tensors::record(&tape, &program, &first),
                    _ => tensors::record_up_to(most, &tape, &program, &first),
                };
                let [count, looped] = hold(y, &leaves, [&first, &second], numerics)?;
                operations.set(operations.get() + count);
                loops.set(loops.get() + looped);
                Ok(())
            });
            assert!(operations.get() > 100, "only {} operations", operations.get());
            assert!(times == 1 || loops.get() > 0, "there were no loops");
        }
    }
}

#[test]
fn programs_of_scalars() {
    scalars(12);
}

#[test]
fn programs_of_tensors() {
    tensors(10);
}

#[test]
#[ignore = "minutes: cargo test --release -p wengert-jit -- --ignored"]
fn many_programs() {
    scalars(1000);
    tensors(500);
}
