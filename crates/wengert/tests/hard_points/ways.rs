//! A function's value and gradient in every mode.

use wengert::program::Compile;
use wengert::{Compiler, Numerics, Options, Tape, Var};

/// Value and gradient of `f` at a point, in every mode.
pub(crate) fn every_way<S: Compile>(
    at: &[f64],
    f: impl for<'t> Fn(Var<'t, S>) -> Var<'t, S>,
) -> Vec<(String, f64, Vec<f64>)> {
    let numbers = |n: &[S]| n.iter().map(|x| x.to_f64()).collect::<Vec<f64>>();
    let point: Vec<S> = at.iter().map(|&x| S::from_f64(x)).collect();
    let mut found = Vec::new();
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let tape = Tape::<S>::with(Options::default().numerics(numerics));
        let x = tape.input(vec![S::from_f64(0.5); at.len()]);
        let y = f(x);
        let recorded = y.record_gradient(&[x]).unwrap()[0];
        tape.replay(&[(x, &point)]).unwrap();
        let mut note = |mode: &str, value: S, gradient: &[S]| {
            found.push((format!("{numerics:?} {mode}"), value.to_f64(), numbers(gradient)));
        };
        note("reverse", y.value(), &y.backward().values_wrt(x));
        let zeros = vec![S::from_f64(0.0); at.len()];
        note("recorded", y.value(), &recorded.map_or(zeros.clone(), |d| d.values()));
        let forward: Vec<S> = (0..at.len())
            .map(|i| {
                let mut direction = zeros.clone();
                direction[i] = S::from_f64(1.0);
                tape.tangents(&[(x, &direction)]).unwrap().value(y)
            })
            .collect();
        note("forward", y.value(), &forward);
        let mut compiler = Compiler::new(&tape).numerics(numerics);
        let (value, gradient) = (compiler.output(y).unwrap(), compiler.gradient(y, x).unwrap());
        let program = compiler.compile().unwrap();
        let mut workspace = program.workspace();
        program.run(&mut workspace).unwrap();
        note("program", workspace.value(value), &workspace.values(gradient));
    }
    found
}
