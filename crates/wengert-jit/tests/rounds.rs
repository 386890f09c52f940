//! Recurrences recorded round by round: their operations repeat, and become loops.

use wengert::{CompileTape, Numerics, Options, Tape, Var};
use wengert_jit::Jit;

/// Holds the value and the derivatives of what `record` makes of some inputs to the program's, and
/// in exact numerics to the tape's; how many loops over rounds there were.
fn hold(at: &[f64], numerics: Numerics, record: impl for<'t> Fn(&[Var<'t>]) -> Var<'t>) -> usize {
    let tape = Tape::with(Options::default().numerics(numerics));
    let x: Vec<Var<'_>> = at.iter().map(|&x| tape.input(x)).collect();
    let y = record(&x);
    let program = tape.compile(&[y], &x).unwrap();
    let jit = Jit::new(&program).unwrap();
    assert!(jit.report().interpreted.is_empty(), "{}", jit.report());
    let mut both = [&program, jit.program()].map(|program| (program, program.workspace()));
    // Again and again: what a run leaves behind is not read by the next.
    for round in 0..3 {
        let [expected, found] = both.each_mut().map(|(program, workspace)| {
            for (&x, at) in x.iter().zip(at) {
                let moved = at * (1.0 + 0.01 * f64::from(round));
                workspace.set(program.input(x).unwrap(), &[moved]).unwrap();
            }
            program.run(workspace).unwrap();
            let outputs = program.outputs().into_iter();
            outputs.map(|output| workspace.value(output).to_bits()).collect::<Vec<u64>>()
        });
        assert_eq!(found, expected, "{numerics:?}, {}", jit.report());
        if round == 0 && numerics == Numerics::Exact {
            let gradients = y.backward();
            let by_tape = [y.value()].into_iter().chain(x.iter().map(|&x| gradients.wrt(x)));
            assert_eq!(found, by_tape.map(f64::to_bits).collect::<Vec<u64>>());
        }
    }
    jit.report().rolled
}

#[test]
fn a_chain_of_functions() {
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let rolled = hold(&[0.7], numerics, |x| (0..2000).fold(x[0], |y, _| y.sin().exp().ln()));
        assert!(rolled >= 2, "forward and back");
    }
}

/// Its parameter is read in every round, and gets something in every round.
#[test]
fn a_logistic_map() {
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let rolled =
            hold(&[0.3, 3.7], numerics, |x| (0..1500).fold(x[0], |y, _| x[1] * y * (1.0 - y)));
        assert!(rolled >= 2, "forward and back");
    }
}

/// Two states, of which one is chosen by the other: zero adjoints, and infinite slopes beside them.
#[test]
fn a_recurrence_with_choices() {
    let rolled = hold(&[0.3, -0.2, 0.9], Numerics::Exact, |x| {
        let (mut a, mut b) = (x[0], x[1]);
        for _ in 0..400 {
            let c = (a * x[2] + b).tanh();
            (a, b) = (c.indicator_gt(0.1).select(c.abs().sqrt(), c * 0.5), a.min(c) + b.square());
        }
        a - b * x[0]
    });
    assert!(rolled >= 1);
}

/// A period of 16 whose rounds read eight nodes of the round before, as the benchmarks' nodes do.
#[test]
fn a_long_period() {
    let at: Vec<f64> = (0..16).map(|i| 1.0 + 0.001 * f64::from(i - 8)).collect();
    let rolled = hold(&at, Numerics::Exact, |x| {
        let mut all: Vec<Var<'_>> = x[..8].to_vec();
        for _ in 0..200 {
            for (i, &x) in x.iter().enumerate() {
                let (to, from) = (i % 8, (i * 3 + 1) % 8);
                all[to] = if i % 2 == 0 { all[from] * x } else { all[from] + x };
            }
        }
        all.into_iter().sum()
    });
    assert!(rolled >= 1);
}
