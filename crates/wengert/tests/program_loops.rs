//! Random loops in scalar code, compiled: in exact numerics they have the tape's bits, in fast
//! numerics they are near; with passes switched off, for many rows at a time and fed back as well.

#[path = "random/loops.rs"]
mod loops;

use loops::{Loop, Number, bits, cases, compiled, far, recorded, run, ways};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use wengert::program::Pass;
use wengert::{Compiler, Numerics, Options, Tape, Var};

fn exact<S: Number>() -> Tape<S> {
    Tape::with(Options::default().numerics(Numerics::Exact))
}

fn by_tape<S: Number>(
    leaves: [Var<'_, S>; 2],
    outputs: &[Var<'_, S>],
    at: &[[Vec<S>; 2]],
) -> Vec<Vec<S>> {
    let mut all = Vec::new();
    for at in at {
        let tape = leaves[0].tape();
        tape.replay(&[(leaves[0], &at[0]), (leaves[1], &at[1])]).unwrap();
        all.extend(outputs.iter().map(|output| output.values()));
        for &of in &outputs[..2] {
            let gradients = of.backward();
            all.extend(leaves.iter().map(|&wrt| gradients.values_wrt(wrt)));
        }
    }
    all
}

fn hold<S: Number>(of: &Loop) -> TestCaseResult {
    let tape = exact::<S>();
    let (leaves, outputs) = recorded(&tape, of);
    let at = [0.3, 1.1].map(|shift| [of.params::<S>(shift), of.data::<S>(shift)]);
    let expected = by_tape(leaves, &outputs, &at);
    let plain = compiled(leaves, &outputs, Numerics::Exact, &[]);
    let found = run(&plain, leaves, &at);
    for (k, (found, expected)) in found.iter().zip(&expected).enumerate() {
        for (i, (f, e)) in found.iter().zip(expected).enumerate() {
            prop_assert!(f.bits() == e.bits(), "output {k} element {i}: {f:?} for {e:?}");
        }
    }
    let by = S::UNIT;
    let ways = ways(&plain, leaves, &at, by);
    for off in [&[][..], &[Pass::Reuse], &[Pass::ReductionRaising]] {
        let fast = compiled(leaves, &outputs, Numerics::Fast, off);
        let found = run(&fast, leaves, &at);
        if let Some(far) = far(&found, &expected, &ways, by) {
            return Err(TestCaseError::fail(format!("without {off:?}, {far}")));
        }
    }
    Ok(())
}

#[test]
fn programs_of_loops_hold() {
    loops::each(cases(12), hold::<f64>);
}

#[test]
fn programs_of_loops_of_f32_hold() {
    loops::each(cases(12), hold::<f32>);
}

#[test]
fn passes_switched_off_leave_the_bits() {
    loops::each(cases(6), |of| {
        let tape = exact::<f64>();
        let (leaves, outputs) = recorded(&tape, of);
        let at = [0.3, 1.1].map(|shift| [of.params(shift), of.data(shift)]);
        let expected = bits(&by_tape(leaves, &outputs, &at));
        for pass in Pass::ALL {
            let program = compiled(leaves, &outputs, Numerics::Exact, &[*pass]);
            prop_assert!(bits(&run(&program, leaves, &at)) == expected, "without {pass:?}");
        }
        Ok(())
    });
}

/// A program that is fed its own parameters computes what one does that is set to them.
#[test]
fn loops_that_are_fed_back_hold() {
    loops::each(cases(12), |of| {
        let tape = exact::<f64>();
        let (leaves, outputs) = recorded(&tape, of);
        let next = leaves[0] * 0.75 + outputs[1].tanh() * 0.1 + leaves[0].sin();
        let shifted = leaves[1] * 0.5 + outputs[2].tanh() * leaves[1];
        for numerics in [Numerics::Exact, Numerics::Fast] {
            let program = |feeds: bool| {
                let mut compiler = Compiler::new(&tape).numerics(numerics);
                let y = compiler.output(outputs[0]).unwrap();
                let asked = [next, shifted].map(|new| compiler.output(new).unwrap());
                let gradient = compiler.gradient(outputs[1], leaves[0]).unwrap();
                if feeds {
                    asked
                        .iter()
                        .zip(leaves)
                        .for_each(|(&new, leaf)| compiler.feed(new, leaf).unwrap());
                }
                (compiler.compile().unwrap(), y, asked, gradient)
            };
            let (fed, fed_y, _, fed_gradient) = program(true);
            let (set, y, asked, gradient) = program(false);
            let (mut here, mut there) = (fed.workspace(), set.workspace());
            let mut at = [of.params(0.3), of.data(0.3)];
            for (leaf, values) in leaves.iter().zip(&at) {
                here.set(fed.input(*leaf).unwrap(), values).unwrap();
            }
            for _ in 0..3 {
                fed.run(&mut here).unwrap();
                for (leaf, values) in leaves.iter().zip(&at) {
                    there.set(set.input(*leaf).unwrap(), values).unwrap();
                }
                set.run(&mut there).unwrap();
                at = asked.map(|new| there.values(new));
                let found = [here.values(fed_y), here.values(fed_gradient)];
                let found_at = leaves.map(|leaf| here.input(fed.input(leaf).unwrap()).to_vec());
                prop_assert_eq!(bits(&found), bits(&[there.values(y), there.values(gradient)]));
                prop_assert_eq!(bits(&found_at), bits(&at));
            }
        }
        Ok(())
    });
}

/// A program for many rows has the numbers of a program for each.
#[test]
fn loops_over_rows_hold() {
    loops::each(cases(6), |of| {
        let tape = exact::<f64>();
        let (leaves, outputs) = recorded(&tape, of);
        let [params, data] = leaves;
        let shifts = [0.3, 1.1, 2.2];
        let at: Vec<[Vec<f64>; 2]> = shifts.map(|shift| [of.params(0.3), of.data(shift)]).into();
        let expected = by_tape(leaves, &outputs, &at);
        let mut compiler = Compiler::new(&tape);
        compiler.rows(3, &[data]).unwrap();
        let values: Vec<_> =
            outputs.iter().map(|&output| compiler.output(output).unwrap()).collect();
        let by_params = compiler.gradient_per_row(outputs[0], params).unwrap();
        let by_data = compiler.gradient_per_row(outputs[0], data).unwrap();
        let program = compiler.compile().unwrap();
        let mut workspace = program.workspace();
        workspace.set(program.input(params).unwrap(), &at[0][0]).unwrap();
        let rows: Vec<f64> = at.iter().flat_map(|at| at[1].clone()).collect();
        workspace.set(program.input(data).unwrap(), &rows).unwrap();
        program.run(&mut workspace).unwrap();
        let each = expected.len() / 3;
        for (k, &output) in values.iter().chain([&by_params, &by_data]).enumerate() {
            let rows = if program.is_per_row(output) { 3 } else { 1 };
            let rows: Vec<f64> =
                (0..rows).flat_map(|row| expected[row * each + k].clone()).collect();
            prop_assert!(bits(&[workspace.values(output)]) == bits(&[rows]), "output {k}");
        }
        Ok(())
    });
}

/// A step in place, over rows that are no whole vectors: none is ahead of what is read.
#[test]
fn rows_with_a_shift_each_are_fed_back_in_place() {
    for (rows, columns) in [(300, 9), (100, 20), (60, 33), (90, 16), (50, 100)] {
        for numerics in [Numerics::Exact, Numerics::Fast] {
            let tape = Tape::new();
            let w = tape.param(vec![vec![0.0; columns]; rows]);
            let shift: Vec<f64> = (0..columns).map(|i| 0.01 * i as f64).collect();
            let next = w * 0.5 + tape.data(shift.clone());
            let mut compiler = Compiler::new(&tape).numerics(numerics);
            let output = compiler.output(next).unwrap();
            compiler.feed(output, w).unwrap();
            let program = compiler.compile().unwrap();
            let mut workspace = program.workspace();
            let mut at: Vec<f64> = (0..rows * columns).map(|i| i as f64).collect();
            workspace.set(program.input(w).unwrap(), &at).unwrap();
            for _ in 0..2 {
                program.run(&mut workspace).unwrap();
                let step = |(i, x): (usize, &f64)| x * 0.5 + shift[i % columns];
                at = at.iter().enumerate().map(step).collect();
                assert_eq!(workspace.values(output), at, "{rows} rows of {columns}, {numerics:?}");
            }
        }
    }
}

/// The slope of tanh is 0 at an infinity, which is the factor of the parameter there.
#[test]
fn zero_adjoints_pass_nothing_on_round_by_round() {
    let tape = exact::<f64>();
    let params = tape.param([0.3, -0.7]);
    let data: Vec<f64> = (0..256).map(|i| (f64::from(i) * 0.77 + 0.3).sin()).collect();
    let input = tape.input(data.clone());
    let terms = (0..64).map(|round| {
        let [a, b, c] = [2, 3, 0].map(|column| input.at(4 * round + column));
        (a / b * params.at(0) + b / c * params.at(1)).tanh()
    });
    let y = terms.reduce(|a, b| a + b).unwrap();
    let mut at = data;
    at[4 * 14 + 3] = 0.0;
    tape.replay(&[(input, &at)]).unwrap();
    let expected = y.backward().values_wrt(params);
    let mut compiler = Compiler::new(&tape).numerics(Numerics::Fast);
    let gradient = compiler.gradient(y, params).unwrap();
    let program = compiler.compile().unwrap();
    let mut workspace = program.workspace();
    workspace.set(program.input(input).unwrap(), &at).unwrap();
    program.run(&mut workspace).unwrap();
    for (found, expected) in workspace.values(gradient).iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-12 * expected.abs(), "{found} {expected}");
    }
}
