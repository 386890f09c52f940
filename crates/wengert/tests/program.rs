//! Compiled programs against the tape that they were made of: bit for bit in `Exact`, within the stated bound in `Fast`, whichever
//! passes run, at the recorded inputs and at others.

#[path = "random/scalars.rs"]
mod scalars;
#[path = "random/tensors.rs"]
mod tensors;

use proptest::prelude::*;
use wengert::{Compiler, Numerics, Options, Pass, Program, Tape, Var, Workspace};

/// Every set of passes that is tried: all, none, and each switched off alone.
fn variants() -> Vec<Vec<Pass>> {
    let mut off = vec![vec![], Pass::ALL.to_vec()];
    off.extend(Pass::ALL.iter().map(|&pass| vec![pass]));
    off
}

fn exact() -> Tape {
    Tape::with(Options::default().numerics(Numerics::Exact))
}

/// The program of `y` and its gradient by each leaf.
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

fn run(program: &Program, workspace: &mut Workspace, leaves: &[Var<'_>], at: &[Vec<f64>]) -> Vec<Vec<f64>> {
    for (leaf, values) in leaves.iter().zip(at) {
        workspace.set(program.input(leaf.id()).unwrap(), values).unwrap();
    }
    program.run(workspace).unwrap();
    program.outputs().into_iter().map(|output| workspace.values(output)).collect()
}

/// The tape's own answer.
fn by_tape(y: Var<'_>, leaves: &[Var<'_>]) -> Vec<Vec<f64>> {
    let gradients = y.backward();
    let mut all = vec![vec![y.value()]];
    all.extend(leaves.iter().map(|&leaf| gradients.values_wrt(leaf)));
    all
}

fn same_bits(a: &[Vec<f64>], b: &[Vec<f64>]) -> bool {
    let bits = |all: &[Vec<f64>]| all.iter().flatten().map(|x| x.to_bits()).collect::<Vec<_>>();
    let nan = |all: &[Vec<f64>]| all.iter().flatten().map(|x| x.is_nan()).collect::<Vec<_>>();
    nan(a) == nan(b) && bits(a).iter().zip(bits(b)).zip(nan(a)).all(|((&x, y), nan)| nan || x == y)
}

#[test]
fn exact_programs_of_tensors_are_the_tape_bit_for_bit() {
    tensors::run(200, |program| {
        let tape = exact();
        let (first, second) = (tensors::leaf_values(program, 0), tensors::leaf_values(program, 1));
        let (leaves, y) = tensors::record(&tape, program, &first);
        let here = by_tape(y, &leaves);
        let inputs: Vec<(Var<'_>, &[f64])> = leaves.iter().zip(&second).map(|(&x, v)| (x, &v[..])).collect();
        let programs: Vec<(Vec<Pass>, Program)> =
            variants().into_iter().map(|off| (off.clone(), compiled(y, &leaves, Numerics::Exact, &off))).collect();
        tape.replay(&inputs).unwrap();
        let there = by_tape(y, &leaves);
        for (off, program) in programs {
            let mut workspace = program.workspace();
            for (at, expected) in [(&first, &here), (&second, &there), (&first, &here)] {
                let found = run(&program, &mut workspace, &leaves, at);
                prop_assert!(same_bits(&found, expected), "without {off:?}:\n{found:?}\n{expected:?}\n{tape}");
            }
        }
        Ok(())
    });
}

#[test]
fn exact_programs_of_scalars_are_the_tape_bit_for_bit() {
    scalars::run(200, |program| {
        let tape = exact();
        let (leaves, y) = scalars::record(&tape, program, &program.at);
        let here = by_tape(y, &leaves);
        let programs: Vec<(Vec<Pass>, Program)> =
            variants().into_iter().map(|off| (off.clone(), compiled(y, &leaves, Numerics::Exact, &off))).collect();
        let values = |at: &[f64]| at.iter().map(|&x| vec![x]).collect::<Vec<_>>();
        let (first, second) = (values(&program.at), values(&program.elsewhere));
        let inputs: Vec<(Var<'_>, &[f64])> = leaves.iter().zip(&second).map(|(&x, v)| (x, &v[..])).collect();
        tape.replay(&inputs).unwrap();
        let there = by_tape(y, &leaves);
        for (off, program) in programs {
            let mut workspace = program.workspace();
            for (at, expected) in [(&first, &here), (&second, &there)] {
                let found = run(&program, &mut workspace, &leaves, at);
                prop_assert!(same_bits(&found, expected), "without {off:?}:\n{found:?}\n{expected:?}\n{tape}");
            }
        }
        Ok(())
    });
}
