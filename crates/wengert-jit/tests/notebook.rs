//! The notebook's step of training, moved many times.

use wengert::{Compiler, Numerics, Options, Tape, Var};
use wengert_jit::Jit;

/// Two inputs, two hidden neurons, two outputs, and half the squared error: neuron by neuron.
fn loss<'t>(params: Var<'t>, x: Var<'t>, target: Var<'t>) -> Var<'t> {
    let neuron = |k: usize, x: [Var<'t>; 2]| {
        (params.at(k + 2) + params.at(k) * x[0] + params.at(k + 1) * x[1]).sigmoid()
    };
    let x = [x.at(0), x.at(1)];
    let hidden = [neuron(0, x), neuron(3, x)];
    let output = [neuron(6, hidden), neuron(9, hidden)];
    0.5 * ((target.at(0) - output[0]).square() + (target.at(1) - output[1]).square())
}

#[test]
fn a_step_of_training_is_all_machine_code() {
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let tape = Tape::with(Options::default().numerics(numerics));
        let start: Vec<f64> = (0..12).map(|i| f64::sin(f64::from(i) * 1.3)).collect();
        let params = tape.param(&start).named("params");
        let (x, target) = (tape.data([0.3, -1.2]).named("x"), tape.data([1.0, 0.0]).named("t"));
        let loss = loss(params, x, target);
        let gradient = tape.data([0.0; 12]);
        let moved = params - 0.5 * gradient;
        let mut compiler = Compiler::new(&tape).numerics(numerics);
        let value = compiler.output(loss).unwrap();
        compiler.gradient_as(loss, params, gradient).unwrap();
        let moved = compiler.output(moved).unwrap();
        compiler.feed(moved, params).unwrap();
        let program = compiler.compile().unwrap();
        let jit = Jit::new(&program).unwrap();
        assert!(jit.report().interpreted.is_empty(), "{}", jit.report());
        assert_eq!(jit.report().functions, 1, "{}", jit.report());

        let (mut by_program, mut by_code) = (program.workspace(), jit.workspace());
        let (x, target) = (program.input(x).unwrap(), program.input(target).unwrap());
        for step in 0..200 {
            let row = [f64::cos(f64::from(step)), f64::sin(f64::from(step) * 2.0)];
            let class = [f64::from(step % 2), f64::from(1 - step % 2)];
            for workspace in [&mut by_program, &mut by_code] {
                workspace.set(x, &row).unwrap();
                workspace.set(target, &class).unwrap();
            }
            program.run(&mut by_program).unwrap();
            jit.run(&mut by_code).unwrap();
            let (found, expected) = (by_code.values(moved), by_program.values(moved));
            if numerics == Numerics::Exact {
                assert_eq!(by_code.value(value).to_bits(), by_program.value(value).to_bits());
                assert_eq!(found, expected, "step {step}");
                continue;
            }
            // Sigmoids of two formulas, each of them within 2 ulp, at every step.
            for (found, expected) in found.iter().zip(&expected) {
                let off = (found - expected).abs();
                assert!(off <= 1e-12 * expected.abs().max(0.1), "step {step}: off by {off:e}");
            }
        }
        assert!(by_code.value(value) < 0.5, "it trains");
    }
}
