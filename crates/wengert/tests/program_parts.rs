//! Programs that compute a part of a gradient where the whole is read, in short rows.

use wengert::{Compiler, Leaf, Numerics, Options, Tape, Var};

fn some(n: usize, salt: usize) -> Vec<f64> {
    (0..n).map(|i| 1.5 * f64::sin(salt as f64 + i as f64 * 1.7 + (i * i) as f64 * 0.01)).collect()
}

/// Reads a part of the middle axis, and all.
fn loss<'t>(x: Var<'t>, from: usize, to: usize) -> Var<'t> {
    x.slice(1, from..to).square().sum() + x.exp().sum()
}

#[test]
fn parts_of_short_rows_are_the_tape_bit_for_bit() {
    let shapes = [[100, 5, 4], [200, 5, 2], [40, 5, 7], [40, 5, 8], [130, 3, 3], [2, 2, 33]];
    for (shape, rows) in shapes.into_iter().flat_map(|shape| (0..10).map(move |n| (shape, n))) {
        let len = shape.iter().product();
        for (from, to) in [(0, 1), (1, shape[1]), (1, 2)] {
            let tape = Tape::with(Options::default().numerics(Numerics::Exact));
            let x = tape.tensor(Leaf::Input, &some(len, 0), shape).unwrap();
            let y = loss(x, from, to);
            let mut compiler = Compiler::new(&tape).numerics(Numerics::Exact);
            let gradient = if rows > 0 {
                compiler.rows(rows, &[x]).unwrap();
                compiler.gradient_per_row(y, x).unwrap()
            } else {
                compiler.gradient(y, x).unwrap()
            };
            let program = compiler.compile().unwrap();
            let at: Vec<Vec<f64>> = (0..rows.max(1)).map(|row| some(len, 1 + row)).collect();
            let mut workspace = program.workspace();
            workspace.set(program.input(x).unwrap(), &at.concat()).unwrap();
            program.run(&mut workspace).unwrap();
            let by_tape = at.iter().flat_map(|at| {
                tape.replay(&[(x, at)]).unwrap();
                y.backward().values_wrt(x)
            });
            let same = workspace.values(gradient).into_iter().map(f64::to_bits);
            assert!(
                same.eq(by_tape.map(f64::to_bits)),
                "{shape:?}, {from}..{to}, {rows} rows\n{program}"
            );
        }
    }
}
