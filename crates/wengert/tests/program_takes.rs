//! Programs whose rows are taken by computed numbers: what such a row gets is added to what it has
//! got before, one by one and in the sweep's order.

use wengert::{Compiler, Numerics, Options, Tape, Var};

fn some(n: usize, step: f64) -> Vec<f64> {
    (0..n).map(|i| f64::sin(i as f64 * step + 0.5)).collect()
}

/// Holds a program's gradient to the tape's, at several rows that are taken.
fn hold(name: &str, loss: impl for<'t> Fn(Var<'t>, Var<'t>) -> Var<'t>) {
    let tape = Tape::with(Options::default().numerics(Numerics::Exact));
    let x = tape.input(some(12, 0.7)).named("x");
    let rows = tape.data([0.0, 0.0, 0.0, 0.0, 0.0]).named("rows");
    let y = loss(x, rows);
    let mut compiler = Compiler::new(&tape).numerics(Numerics::Exact);
    let gradient = compiler.gradient(y, x).unwrap();
    let program = compiler.compile().unwrap();
    let mut workspace = program.workspace();
    // The last is no row.
    for taken in [[1.0, 0.0, 1.0, 1.0, 2.0], [2.0; 5], [0.0, 1.0, 2.0, 0.0, 3.0]] {
        for step in [0.7, 1.9, 2.3, 3.1] {
            let at = some(12, step);
            tape.replay(&[(x, &at), (rows, &taken)]).unwrap();
            workspace.set(program.input(x).unwrap(), &at).unwrap();
            workspace.set(program.input(rows).unwrap(), &taken).unwrap();
            program.run(&mut workspace).unwrap();
            let bits =
                |numbers: Vec<f64>| numbers.into_iter().map(f64::to_bits).collect::<Vec<_>>();
            let (found, expected) = (workspace.values(gradient), y.backward().values_wrt(x));
            assert_eq!(bits(found), bits(expected), "{name}: rows {taken:?}, {step}\n{program}");
        }
    }
}

/// What is taken, one by one different, so that its order shows.
fn told(taken: Var<'_>) -> Var<'_> {
    let weights = taken.tape().constant(some(taken.len(), 1.1));
    (taken.tanh().reshape([taken.len()]) * weights).sum()
}

#[test]
fn what_rows_get_is_added_as_the_sweep_adds_it() {
    hold("alone", |x, rows| told(x.reshape([3, 4]).take(rows)));
    hold("before the rest", |x, rows| told(x.reshape([3, 4]).take(rows)) + x.exp().sum());
    hold("after the rest", |x, rows| x.exp().sum() + told(x.reshape([3, 4]).take(rows)));
    hold("twice", |x, rows| {
        let x = x.reshape([3, 4]);
        let first = told(x.take(rows));
        first * told(x.take(rows.reshape([5, 1]))) + x.sin().sum()
    });
    hold("single numbers", |x, rows| told(x.take(rows)) + x.exp().sum());
    hold("a row's turn", |x, rows| told(x.reshape([3, 4]).take(rows.at(0))) + x.exp().sum());
    hold("columns", |x, rows| told(x.reshape([4, 3]).t().take(rows)) + x.exp().sum());
    hold("of a part, where a part has got something", |x, rows| {
        told(x.slice(0, 3..9).reshape([3, 2]).take(rows)) + x.slice(0, 0..5).exp().sum()
    });
    hold("of a part, where single numbers have", |x, rows| {
        told(x.slice(0, 3..9).reshape([3, 2]).take(rows)) + x.at(4).exp() * x.at(7).sin()
    });
    hold("rows that are the same", |x, rows| {
        told(x.broadcast_to([3, 12]).take(rows)) + x.exp().sum()
    });
}
