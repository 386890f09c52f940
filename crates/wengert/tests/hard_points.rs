//! Every elementwise operation at its hard points, in every mode, in both types: first and second
//! derivatives against numbers of 50 digits, which `hard_points/make.py` writes.
//!
//! ```console
//! cargo test -p wengert --test all hard_points:: -- --nocapture
//! ```
//!
//! prints the worst error of each operation in each mode, in units of the last place of the right
//! number.

use std::collections::BTreeMap;

use wengert::op::{Binary, Unary};
use wengert::{Compiler, Numerics, Options, Scalar, Tape, Var};

#[path = "hard_points/points.rs"]
mod points;

use points::{Point, points};

/// How many ulps a value, a first and a second derivative may be off.
const ALLOWED: [f64; 3] = [2.0, 4.0, 8.0];

/// A unit of a result below the smallest normal number, in the smallest numbers of the type.
const SUBNORMAL: f64 = 256.0;

/// Where a number crosses zero as a sum or difference of two terms, the larger of them: the error
/// is in its units there.
fn terms(op: &str, which: usize, at: &[f64]) -> f64 {
    match (op, which) {
        ("gaussian", 3) => 2.0 * (-at[0] * at[0]).exp(),
        ("norm_pdf", 3) => 0.4 * (-at[0] * at[0] / 2.0).exp(),
        ("logaddexp", 0) => at[0].abs().max(at[1].abs()),
        ("powf", 4) if at[0] > 0.0 => at[0].powf(at[1] - 1.0) * (at[1] * at[0].ln()).abs().max(1.0),
        _ => 0.0,
    }
}

/// A type of numbers, as the table sees it.
trait Number: Scalar + wengert::program::Compile {
    const NAME: &'static str;
    const LEAST_NORMAL: f64;
    /// The distance to the next number of the type.
    fn spacing(x: f64) -> f64;
    fn holds(x: f64) -> bool;
}

impl Number for f64 {
    const LEAST_NORMAL: f64 = f64::MIN_POSITIVE;
    const NAME: &'static str = "f64";

    fn spacing(x: f64) -> f64 {
        x.abs().next_up() - x.abs()
    }

    fn holds(x: f64) -> bool {
        x.is_finite()
    }
}

impl Number for f32 {
    const LEAST_NORMAL: f64 = f32::MIN_POSITIVE as f64;
    const NAME: &'static str = "f32";

    fn spacing(x: f64) -> f64 {
        let x = (x as f32).abs();
        f64::from(x.next_up()) - f64::from(x)
    }

    fn holds(x: f64) -> bool {
        (x as f32).is_finite()
    }
}

/// The order and the place of each exact number of a point: value, dx, dy, dxx, dxy, dyy.
const ORDERS: [usize; 6] = [0, 1, 1, 2, 2, 2];

/// The worst error so far, by operation and mode.
#[derive(Default)]
struct Table {
    worst: BTreeMap<(String, &'static str), [(f64, String); 3]>,
    wrong: Vec<String>,
}

impl Table {
    /// Compares the numbers that a mode has found for `which` of each point.
    fn compare<S: Number>(
        &mut self,
        op: &str,
        mode: &'static str,
        points: &[Point],
        which: usize,
        found: &[S],
    ) {
        assert_eq!(points.len(), found.len());
        for (point, found) in points.iter().zip(found) {
            let Some(exact) = point.exact[which].filter(|&exact| S::holds(exact)) else { continue };
            let found = found.to_f64();
            let unit = S::spacing(exact.abs().max(terms(op, which, &point.at)));
            let off = if found == exact { 0.0 } else { (found - exact).abs() / unit };
            // Factors below the normal numbers have lost digits already.
            let off = if exact.abs() < S::LEAST_NORMAL { off / SUBNORMAL } else { off };
            let off = if off.is_nan() { f64::INFINITY } else { off };
            let order = ORDERS[which];
            let worst = self.worst.entry((format!("{op} {}", S::NAME), mode)).or_default();
            let text = || format!("{:?}: {found:e}, exact {exact:e}", point.at);
            if off > worst[order].0 {
                worst[order] = (off, text());
            }
            if off > ALLOWED[order] {
                self.wrong.push(format!(
                    "{op} {} {mode}, order {order}, {off:.1} ulp at {}",
                    S::NAME,
                    text()
                ));
            }
        }
    }
}

/// An operation of one or two operands.
#[derive(Clone, Copy)]
enum Op {
    One(Unary),
    Two(Binary),
}

impl Op {
    fn named(name: &str) -> Self {
        let one = Unary::ALL.iter().find(|op| op.name() == name).map(|&op| Op::One(op));
        one.or_else(|| Binary::ALL.iter().find(|op| op.name() == name).map(|&op| Op::Two(op)))
            .expect(name)
    }

    fn of<'t, S: Scalar>(self, operands: &[Var<'t, S>]) -> Var<'t, S> {
        match self {
            Op::One(op) => operands[0].try_unary(op).unwrap(),
            Op::Two(op) => operands[0].try_binary(op, operands[1]).unwrap(),
        }
    }
}

/// All points as single numbers: `leaves[i]` are the i-th operands of all points.
fn single_numbers<S: Number>(table: &mut Table, name: &str, points: &[Point]) {
    let (op, operands) = (Op::named(name), points[0].at.len());
    let tape = Tape::<S>::with(Options::default().numerics(Numerics::Exact));
    let leaves: Vec<Vec<Var<'_, S>>> = (0..operands)
        .map(|i| points.iter().map(|point| tape.input(S::from_f64(point.at[i]))).collect())
        .collect();
    let at =
        |point: usize| -> Vec<Var<'_, S>> { leaves.iter().map(|leaves| leaves[point]).collect() };
    let results: Vec<Var<'_, S>> = (0..points.len()).map(|point| op.of(&at(point))).collect();
    let values: Vec<S> = results.iter().map(|y| y.value()).collect();
    table.compare(name, "value", points, 0, &values);
    let total = results.iter().copied().reduce(|a, b| a + b).unwrap();
    let gradients = total.backward();
    let one = [S::from_f64(1.0)];
    let every: Vec<Var<'_, S>> = leaves.iter().flatten().copied().collect();
    let recorded = total.record_gradient(&every).unwrap();
    for i in 0..operands {
        let reverse: Vec<S> = leaves[i].iter().map(|&x| gradients.wrt(x)).collect();
        table.compare(name, "reverse", points, 1 + i, &reverse);
        let direction: Vec<(Var<'_, S>, &[S])> = leaves[i].iter().map(|&x| (x, &one[..])).collect();
        let tangents = tape.tangents(&direction).unwrap();
        let forward: Vec<S> = results.iter().map(|&y| tangents.value(y)).collect();
        table.compare(name, "forward", points, 1 + i, &forward);
        let partials = &recorded[i * points.len()..(i + 1) * points.len()];
        let zero = S::from_f64(0.0);
        let nodes: Vec<S> = partials.iter().map(|d| d.map_or(zero, |d| d.value())).collect();
        table.compare(name, "recorded", points, 1 + i, &nodes);
        let rows = tape.hvp(total, &direction, &every).unwrap();
        let again =
            partials.iter().flatten().copied().reduce(|a, b| a + b).map(|sum| sum.backward());
        for (j, leaves) in leaves.iter().enumerate().take(operands).skip(i) {
            let duals: Vec<S> =
                (0..points.len()).map(|point| rows[j * points.len() + point][0]).collect();
            table.compare(name, "hessian by duals", points, 3 + i + j, &duals);
            let twice: Vec<S> = leaves
                .iter()
                .map(|&x| again.as_ref().map_or(zero, |gradients| gradients.wrt(x)))
                .collect();
            table.compare(name, "hessian recorded", points, 3 + i + j, &twice);
        }
    }
    for (mode, numerics) in [("program exact", Numerics::Exact), ("program fast", Numerics::Fast)] {
        let mut compiler = Compiler::new(&tape).numerics(numerics);
        let asked: Vec<_> = every.iter().map(|&x| compiler.gradient(total, x).unwrap()).collect();
        let program = compiler.compile().unwrap();
        let mut workspace = program.workspace();
        program.run(&mut workspace).unwrap();
        let found: Vec<S> = asked.into_iter().map(|output| workspace.value(output)).collect();
        for i in 0..operands {
            table.compare(
                name,
                mode,
                points,
                1 + i,
                &found[i * points.len()..(i + 1) * points.len()],
            );
        }
    }
}

/// All points as runs, recorded at other numbers and replayed.
fn runs<S: Number>(table: &mut Table, name: &str, points: &[Point], numerics: Numerics) {
    let (op, operands) = (Op::named(name), points[0].at.len());
    let modes: [&'static str; 7] = match numerics {
        Numerics::Exact => [
            "run value",
            "run reverse",
            "run forward",
            "run recorded",
            "run hessian",
            "run program",
            "compiled hessian",
        ],
        Numerics::Fast => [
            "fast value",
            "fast reverse",
            "fast forward",
            "fast recorded",
            "fast hessian",
            "fast program",
            "fast comp. hessian",
        ],
    };
    let tape = Tape::<S>::with(Options::default().numerics(numerics));
    let leaves: Vec<Var<'_, S>> =
        (0..operands).map(|_| tape.input(vec![S::from_f64(0.5); points.len()])).collect();
    let y = op.of(&leaves);
    let total = y.sum();
    let recorded = total.record_gradient(&leaves).unwrap();
    let sums: Vec<Option<Var<'_, S>>> = recorded.iter().map(|d| d.map(|d| d.sum())).collect();
    let numbers: Vec<Vec<S>> = (0..operands)
        .map(|i| points.iter().map(|point| S::from_f64(point.at[i])).collect())
        .collect();
    let inputs: Vec<(Var<'_, S>, &[S])> =
        leaves.iter().zip(&numbers).map(|(&x, n)| (x, &n[..])).collect();
    tape.replay(&inputs).unwrap();
    table.compare(name, modes[0], points, 0, &y.values());
    let gradients = total.backward();
    let ones = vec![S::from_f64(1.0); points.len()];
    let zeros = vec![S::from_f64(0.0); points.len()];
    let mut compiler = Compiler::new(&tape).numerics(numerics);
    let asked: Vec<_> = leaves.iter().map(|&x| compiler.gradient(total, x).unwrap()).collect();
    let mut twice = vec![vec![None; operands]; operands];
    for (row, sum) in twice.iter_mut().zip(&sums) {
        for (entry, &x) in row.iter_mut().zip(&leaves) {
            *entry = sum.map(|sum| compiler.gradient(sum, x).unwrap());
        }
    }
    let program = compiler.compile().unwrap();
    let mut workspace = program.workspace();
    program.run(&mut workspace).unwrap();
    for i in 0..operands {
        table.compare(name, modes[1], points, 1 + i, &gradients.values_wrt(leaves[i]));
        let tangents = tape.tangents(&[(leaves[i], &ones)]).unwrap();
        table.compare(name, modes[2], points, 1 + i, &tangents.values(y));
        table.compare(
            name,
            modes[3],
            points,
            1 + i,
            &recorded[i].map_or(zeros.clone(), |d| d.values()),
        );
        table.compare(name, modes[5], points, 1 + i, &workspace.values(asked[i]));
        let again = sums[i].map(|sum| sum.backward());
        for (j, &leaf) in leaves.iter().enumerate().take(operands).skip(i) {
            let found =
                again.as_ref().map_or(zeros.clone(), |gradients| gradients.values_wrt(leaf));
            table.compare(name, modes[4], points, 3 + i + j, &found);
            let compiled = twice[i][j].map_or(zeros.clone(), |output| workspace.values(output));
            table.compare(name, modes[6], points, 3 + i + j, &compiled);
        }
    }
}

fn every_op<S: Number>(table: &mut Table) {
    let mut by_op: BTreeMap<String, Vec<Point>> = BTreeMap::new();
    for point in points(S::NAME) {
        by_op.entry(point.op.clone()).or_default().push(point);
    }
    for (name, points) in by_op {
        single_numbers::<S>(table, &name, &points);
        runs::<S>(table, &name, &points, Numerics::Exact);
        runs::<S>(table, &name, &points, Numerics::Fast);
    }
}

#[test]
fn every_elementwise_op_is_right_at_its_hard_points() {
    let mut table = Table::default();
    every_op::<f64>(&mut table);
    every_op::<f32>(&mut table);
    println!(
        "{:<22}{:<18}{:>8}{:>8}{:>8}   (ulp: value, first, second)",
        "op", "mode", "0", "1", "2"
    );
    for ((op, mode), worst) in &table.worst {
        let [value, first, second] = [0, 1, 2].map(|order| worst[order].0);
        println!("{op:<22}{mode:<18}{value:>8.2}{first:>8.2}{second:>8.2}");
    }
    let shown: Vec<&String> = table.wrong.iter().take(40).collect();
    assert!(shown.is_empty(), "{} wrong, the first:\n{shown:#?}", table.wrong.len());
}
