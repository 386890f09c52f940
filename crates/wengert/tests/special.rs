//! The gamma function, its derivatives and the Bessel functions, against numbers of 50 digits, which
//! `special/make.py` writes: value, first and second derivative by sweeps, duals and programs, in
//! both types.
//!
//! ```console
//! cargo test -p wengert --test all special:: -- --nocapture
//! ```
//!
//! prints the worst error of each operation, in units of the last place of the right number.

use std::collections::BTreeMap;

use wengert::op::{Binary, Unary};
use wengert::program::Compile;
use wengert::{Compiler, Scalar, Tape, Var};

/// How many ulps a value, a first and a second derivative may be off.
const ALLOWED: f64 = 1.0;

struct Row {
    op: String,
    x: f64,
    order: Option<f64>,
    exact: [f64; 3],
}

fn rows(kind: &str) -> Vec<Row> {
    let lines = include_str!("special/points.csv").lines().filter(|line| !line.starts_with('#'));
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |i: usize| cells[i].parse::<f64>().unwrap();
        (cells[0] == kind).then(|| Row {
            op: cells[1].to_owned(),
            x: number(2),
            order: cells[3].parse().ok(),
            exact: [number(4), number(5), number(6)],
        })
    };
    lines.filter_map(row).collect()
}

fn record<'t, S: Scalar>(row: &Row, x: Var<'t, S>) -> Var<'t, S> {
    let named = |name: &str| name == row.op;
    match row.order {
        None => x.try_unary(*Unary::ALL.iter().find(|op| named(op.name())).unwrap()),
        Some(order) => {
            let op = *Binary::ALL.iter().find(|op| named(op.name())).unwrap();
            x.try_binary(op, S::from_f64(order))
        }
    }
    .unwrap()
}

/// The errors of a point in ulps: of the value, and of its derivatives by three ways each.
fn errors<S: Scalar + Compile>(row: &Row, spacing: fn(f64) -> f64) -> [f64; 3] {
    let off = |found: S, exact: f64| {
        let found = found.to_f64();
        // What is no number of the type, or has lost digits below the normal ones.
        let representable = S::from_f64(exact).to_f64();
        if !representable.is_finite() || found == exact || found == representable {
            return 0.0;
        }
        (found - exact).abs() / spacing(exact)
    };
    let tape = Tape::<S>::default();
    let x = tape.input(S::from_f64(row.x));
    let y = record(row, x);
    let slope = y.record_gradient(&[x]).unwrap()[0].unwrap();
    let one = S::from_f64(1.0);
    let mut compiler = Compiler::new(&tape);
    let asked = [compiler.output(y), compiler.gradient(y, x), compiler.gradient(slope, x)];
    let asked = asked.map(Result::unwrap);
    let program = compiler.compile().unwrap();
    let mut workspace = program.workspace();
    program.run(&mut workspace).unwrap();
    let by_program = asked.map(|output| workspace.values(output)[0]);
    let by_duals = tape.tangents(&[(x, &[one])]).unwrap();
    let hvp = tape.hvp(y, &[(x, &[one])], &[x]).unwrap()[0][0];
    let found = [
        vec![y.value(), by_program[0]],
        vec![y.backward().wrt(x), slope.value(), by_duals.value(y), by_program[1]],
        vec![slope.backward().wrt(x), hvp, by_duals.value(slope), by_program[2]],
    ];
    std::array::from_fn(|i| {
        found[i].iter().map(|&found| off(found, row.exact[i])).fold(0.0, f64::max)
    })
}

fn all<S: Scalar + Compile>(kind: &str, spacing: fn(f64) -> f64) {
    let mut worst: BTreeMap<String, [f64; 3]> = BTreeMap::new();
    let mut wrong = Vec::new();
    for row in rows(kind) {
        let errors = errors::<S>(&row, spacing);
        let so_far = worst.entry(row.op.clone()).or_default();
        for (i, &error) in errors.iter().enumerate() {
            so_far[i] = so_far[i].max(error);
            if error.is_nan() || error > ALLOWED {
                let (op, x, order) = (&row.op, row.x, row.order);
                wrong.push(format!("{op} {kind} at {x:e} {order:?}, order {i}: {error:.2} ulp"));
            }
        }
    }
    for (op, [value, first, second]) in &worst {
        println!("{op:16} {kind} {value:6.3} {first:6.3} {second:6.3}");
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(worst.len(), 7, "every operation has points");
}

#[test]
fn special_functions_of_f64() {
    all::<f64>("f64", |x| x.abs().next_up() - x.abs());
}

#[test]
fn special_functions_of_f32() {
    all::<f32>("f32", |x| {
        let x = (x as f32).abs();
        f64::from(x.next_up()) - f64::from(x)
    });
}
