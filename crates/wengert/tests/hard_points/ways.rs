//! A function's value, gradient and second derivatives in every mode.

use wengert::program::Compile;
use wengert::{Compiler, Leaf, Numerics, Options, Tape, Var};

fn numbers<S: Compile>(n: &[S]) -> Vec<f64> {
    n.iter().map(|x| x.to_f64()).collect()
}

fn of_type<S: Compile>(at: &[f64]) -> Vec<S> {
    at.iter().map(|&x| S::from_f64(x)).collect()
}

/// The i-th direction of n.
fn unit<S: Compile>(i: usize, n: usize) -> Vec<S> {
    (0..n).map(|j| S::from_f64(f64::from(u8::from(i == j)))).collect()
}

/// A tape on which `f` was recorded at some number, not at the point.
fn elsewhere<S: Compile>(numerics: Numerics) -> Tape<S> {
    Tape::with(Options::default().numerics(numerics))
}

/// Value and gradient of `f` at a point, in every mode.
pub(crate) fn every_way<S: Compile>(
    at: &[f64],
    f: impl for<'t> Fn(Var<'t, S>) -> Var<'t, S>,
) -> Vec<(String, f64, Vec<f64>)> {
    let (point, n) = (of_type::<S>(at), at.len());
    let mut found = Vec::new();
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let mut note = |mode: &str, value: S, gradient: &[S]| {
            found.push((format!("{numerics:?} {mode}"), value.to_f64(), numbers(gradient)));
        };
        {
            let tape = elsewhere::<S>(numerics);
            let x = tape.input(point.clone());
            let y = f(x);
            note("eager", y.value(), &y.backward().values_wrt(x));
        }
        let tape = elsewhere::<S>(numerics);
        let x = tape.input(vec![S::from_f64(0.5); n]);
        let y = f(x);
        let recorded = y.record_gradient(&[x]).unwrap()[0];
        let direction = tape.tensor(Leaf::Data, &unit::<S>(0, n), [n]).unwrap();
        let tangent = y.record_tangent(&[(x, direction)]).unwrap();
        tape.replay(&[(x, &point)]).unwrap();
        note("reverse", y.value(), &y.backward().values_wrt(x));
        let zeros = vec![S::from_f64(0.0); n];
        note("recorded", y.value(), &recorded.map_or(zeros, |d| d.values()));
        let along = |i| tape.tangents(&[(x, &unit::<S>(i, n))]).unwrap().value(y);
        note("forward", y.value(), &(0..n).map(along).collect::<Vec<S>>());
        let mut compiler = Compiler::new(&tape).numerics(numerics);
        let (value, gradient) = (compiler.output(y).unwrap(), compiler.gradient(y, x).unwrap());
        let program = compiler.compile().unwrap();
        let mut workspace = program.workspace();
        program.run(&mut workspace).unwrap();
        note("program", workspace.value(value), &workspace.values(gradient));
        let mut along = |i| {
            tape.replay(&[(direction, &unit::<S>(i, n))]).unwrap();
            tangent.map_or(S::from_f64(0.0), |t| t.value())
        };
        let along: Vec<S> = (0..n).map(&mut along).collect();
        note("recorded forward", y.value(), &along);
    }
    found
}

/// The Hessian of `f` at a point, row after row, in every mode.
pub(crate) fn every_hessian<S: Compile>(
    at: &[f64],
    f: impl for<'t> Fn(Var<'t, S>) -> Var<'t, S>,
) -> Vec<(String, Vec<f64>)> {
    let (point, n) = (of_type::<S>(at), at.len());
    let mut found = Vec::new();
    let eager: Vec<S> = wengert::hessian(&f, &point).unwrap().concat();
    found.push(("eager duals".to_owned(), numbers(&eager)));
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let tape = elsewhere::<S>(numerics);
        let x = tape.input(vec![S::from_f64(0.5); n]);
        let y = f(x);
        let mut note = |mode: &str, rows: Vec<Vec<S>>| {
            found.push((format!("{numerics:?} {mode}"), numbers(&rows.concat())));
        };
        let by_duals = || -> Vec<Vec<S>> {
            let row = |i| tape.hvp(y, &[(x, &unit::<S>(i, n))], &[x]).unwrap().concat();
            (0..n).map(row).collect()
        };
        let Some(gradient) = y.record_gradient(&[x]).unwrap()[0] else {
            tape.replay(&[(x, &point)]).unwrap();
            note("duals", by_duals());
            continue;
        };
        let direction = tape.tensor(Leaf::Data, &unit::<S>(0, n), [n]).unwrap();
        let tangent = gradient.record_tangent(&[(x, direction)]).unwrap();
        let twice: Vec<Option<Var<'_, S>>> =
            (0..n).map(|i| gradient.at(i).record_gradient(&[x]).unwrap()[0]).collect();
        tape.replay(&[(x, &point)]).unwrap();
        note("duals", by_duals());
        let row = |i| gradient.at(i).backward().values_wrt(x);
        note("of the recorded gradient", (0..n).map(row).collect());
        let row = |i| tape.tangents(&[(x, &unit::<S>(i, n))]).unwrap().values(gradient);
        note("tangents of the recorded gradient", (0..n).map(row).collect());
        let zeros = vec![S::from_f64(0.0); n];
        let row = |row: &Option<Var<'_, S>>| row.map_or(zeros.clone(), |row| row.values());
        note("recorded twice", twice.iter().map(row).collect());

        let mut compiler = Compiler::new(&tape).numerics(numerics);
        let asked: Vec<_> = (0..n).map(|i| compiler.gradient(gradient.at(i), x).unwrap()).collect();
        let listed: Vec<_> =
            twice.iter().map(|row| row.map(|row| compiler.output(row).unwrap())).collect();
        let program = compiler.compile().unwrap();
        let mut workspace = program.workspace();
        program.run(&mut workspace).unwrap();
        let rows = asked.into_iter().map(|row| workspace.values(row));
        note("program of the recorded gradient", rows.collect());
        let rows =
            listed.into_iter().map(|row| row.map_or(zeros.clone(), |row| workspace.values(row)));
        note("program of what is recorded twice", rows.collect());

        let mut row = |i| {
            tape.replay(&[(direction, &unit::<S>(i, n))]).unwrap();
            tangent.map_or(zeros.clone(), |t| t.values())
        };
        let rows: Vec<Vec<S>> = (0..n).map(&mut row).collect();
        note("recorded tangent of the recorded gradient", rows);
    }
    found
}
