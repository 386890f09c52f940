//! Passes of very many steps, which are cut into several functions, and sums of what passes compute.

use wengert::program::Compile;
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
    // Vectors and a rest; whole vectors; longer than its many registers, which is not cut.
    for (len, is_cut) in [(33, true), (64, true), (700, false)] {
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

/// Sums of `(x w + x) x − w`, whose terms nothing reads but the sum, or which are an output too;
/// how many reductions the interpreter has left.
fn sums<S: Compile>(len: usize, terms_are_read: bool) -> usize {
    let epsilon = if size_of::<S>() == 4 { f64::from(f32::EPSILON) } else { f64::EPSILON };
    let some = |seed: f64| -> Vec<S> {
        (0..len).map(|i| S::from_f64(0.9 * f64::sin(seed + 1.3 * i as f64))).collect()
    };
    let tape = Tape::<S>::with(Options::default());
    let (x, w) = (tape.param(some(0.1)), tape.param(some(2.0)));
    let terms = (x * w + x) * x - w;
    let loss = terms.sum() + w.at(0);
    let mut compiler = Compiler::new(&tape).numerics(Numerics::Fast);
    let value = compiler.output(loss).unwrap();
    if terms_are_read {
        compiler.output(terms).unwrap();
    }
    compiler.gradient(loss, x).unwrap();
    let program = compiler.compile().unwrap();
    let jit = Jit::new(&program).unwrap();
    let (mut by_program, mut by_code) = (program.workspace(), jit.workspace());
    for seed in [0.1, 5.0] {
        for workspace in [&mut by_program, &mut by_code] {
            workspace.set(program.input(x).unwrap(), &some(seed)).unwrap();
        }
        program.run(&mut by_program).unwrap();
        jit.run(&mut by_code).unwrap();
        let numbers =
            some(seed).into_iter().map(S::to_f64).zip(some(2.0).into_iter().map(S::to_f64));
        let terms: Vec<f64> = numbers.map(|(x, w)| (x * w + x) * x - w).collect();
        let right = terms.iter().sum::<f64>() + some(2.0)[0].to_f64();
        let size: f64 = terms.iter().map(|term| term.abs()).sum();
        // Of the terms, each of which is rounded too, and of their sum.
        let bound = 8.0 * (len as f64 + 4.0) * epsilon * (size + 1.0);
        let off = (by_code.value(value).to_f64() - right).abs();
        assert!(off <= bound, "{len}: off by {off:e} of {bound:e}, {}", jit.report());
        for output in program.outputs().into_iter().skip(1) {
            let bits = |numbers: Vec<S>| numbers.into_iter().map(|x| x.to_f64().to_bits());
            let (found, expected) = (by_code.values(output), by_program.values(output));
            assert!(bits(found).eq(bits(expected)), "{len}, {output:?}, {}", jit.report());
        }
    }
    jit.report().interpreted.get("reduction").copied().unwrap_or(0)
}

#[test]
fn sums_are_taken_into_the_loops_that_compute_their_terms() {
    // With a rest that fills no register, and without. Longer ones are recorded in parts.
    for len in [65, 67, 128] {
        for terms_are_read in [false, true] {
            assert_eq!(sums::<f64>(len, terms_are_read), 0, "{len}");
            assert_eq!(sums::<f32>(len, terms_are_read), 0, "{len}");
        }
    }
}

/// Rosenbrock's function, whose terms are a chain of sums.
fn chained(variables: usize) {
    let term = |x: f64, next: f64| 100.0 * (next - x * x).powi(2) + (1.0 - x).powi(2);
    let some =
        |seed: f64| -> Vec<f64> { (0..variables).map(|i| f64::sin(seed + i as f64)).collect() };
    let tape = Tape::new();
    let x = tape.input(some(0.3));
    let of = |i: usize| {
        let (x, next) = (x.at(i), x.at(i + 1));
        100.0 * (next - x.square()).square() + (1.0 - x).square()
    };
    let sum = (1..variables - 1).fold(of(0), |sum, i| sum + of(i));
    let mut compiler = Compiler::new(&tape);
    let value = compiler.output(sum).unwrap();
    let gradient = compiler.gradient(sum, x).unwrap();
    let program = compiler.compile().unwrap();
    let jit = Jit::new(&program).unwrap();
    assert!(!jit.report().interpreted.contains_key("reduction"), "{}", jit.report());
    let (mut by_program, mut by_code) = (program.workspace(), jit.workspace());
    for workspace in [&mut by_program, &mut by_code] {
        workspace.set(program.input(x).unwrap(), &some(4.0)).unwrap();
    }
    program.run(&mut by_program).unwrap();
    jit.run(&mut by_code).unwrap();
    let at = some(4.0);
    let right: f64 = at.windows(2).map(|pair| term(pair[0], pair[1])).sum();
    let off = (by_code.value(value) - right).abs();
    assert!(off <= 8.0 * variables as f64 * f64::EPSILON * right, "off by {off:e} of {right}");
    // In fast numerics the interpreter rounds a product and its sum once. A derivative's terms are
    // less than 2000 together.
    let both = by_code.values(gradient).into_iter().zip(by_program.values(gradient));
    for (found, expected) in both {
        assert!((found - expected).abs() <= 8.0 * f64::EPSILON * 2000.0, "{found} {expected}");
    }
}

#[test]
fn a_chain_of_sums_in_scalar_code_is_taken_in_too() {
    // Less than a block of a sum; two blocks and more.
    chained(126);
    chained(5001);
}
