//! Passes of very many steps, which are cut into several functions.

use wengert::{Compiler, Numerics, Options, Tape, Var};
use wengert_jit::Jit;

/// Steps of a recurrence on all elements at once. Some results are read soon, some much later.
fn recurrence<'t>(x: Var<'t>, w: Var<'t>, steps: usize) -> Var<'t> {
    let (mut y, mut kept) = (x, Vec::new());
    for step in 0..steps {
        y = y * w + x;
        if step % 7 == 0 {
            kept.push(y);
        }
    }
    kept.into_iter().fold(y, |sum, y| sum * 0.5 - y)
}

#[test]
fn a_long_pass_is_cut_and_gives_the_interpreters_bits() {
    // Vectors and a rest; as long as a piece of a row; longer, which is not cut.
    for (len, is_cut) in [(33, true), (512, true), (700, false)] {
        let some = |seed: f64| -> Vec<f64> {
            (0..len).map(|i| 0.9 * f64::sin(seed + 1.3 * f64::from(i))).collect()
        };
        let tape = Tape::with(Options::default().numerics(Numerics::Exact));
        let (x, w) = (tape.param(some(0.1)), tape.param(some(2.0)));
        let y = recurrence(x, w, 400);
        let loss = y.square().sum();
        let mut compiler = Compiler::new(&tape).numerics(Numerics::Exact);
        compiler.output(y).unwrap();
        compiler.gradient(loss, x).unwrap();
        compiler.gradient(loss, w).unwrap();
        let program = compiler.compile().unwrap();
        let jit = Jit::new(&program).unwrap();
        assert_eq!(jit.report().loops > 5, is_cut, "{}", jit.report());
        let (mut by_program, mut by_code) = (program.workspace(), jit.workspace());
        for seed in [0.1, 5.0] {
            for workspace in [&mut by_program, &mut by_code] {
                workspace.set(program.input(x).unwrap(), &some(seed)).unwrap();
            }
            program.run(&mut by_program).unwrap();
            jit.run(&mut by_code).unwrap();
            for output in program.outputs() {
                let bits = |numbers: Vec<f64>| numbers.into_iter().map(f64::to_bits);
                let (found, expected) = (by_code.values(output), by_program.values(output));
                assert!(bits(found).eq(bits(expected)), "{len}, {output:?}, {}", jit.report());
            }
        }
        if len == 33 {
            tape.replay(&[(x, &some(5.0))]).unwrap();
            let by_tape = loss.backward().values_wrt(w);
            let [_, _, by_w] = program.outputs()[..] else { panic!("three outputs") };
            assert_eq!(by_code.values(by_w), by_tape);
        }
    }
}
