//! Long sums.

use wengert::{Compiler, Leaf, Numerics, Options, Tape};

use super::EPS32;

#[test]
fn long_sums_are_right_whatever_their_length() {
    let n = 1_000_000;
    let exact = f64::from(0.1_f32) * f64::from(n);
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let tape = Tape::<f32>::with(Options::default().numerics(numerics));
        let x = tape.input(vec![0.1; n as usize]);
        let near = |found: f32, exact: f64, what: &str| {
            let off = ((f64::from(found) - exact) / exact).abs() / EPS32;
            assert!(off <= 8.0, "{numerics:?} {what}: {found}, not {exact}: {off} ulp");
        };
        near(x.sum().value(), exact, "sum");
        near(x.mean().value(), f64::from(0.1_f32), "mean");
        // Rows beside each other, whose sums are columns; and the other way round.
        let wide = x.reshape([n as usize / 4, 4]);
        for column in wide.sum_axes(0).values() {
            near(column, exact / 4.0, "columns");
        }
        for row in wide.t().sum_axes(1).values() {
            near(row, exact / 4.0, "rows of a transpose");
        }
        near(x.log_sum_exp_axes(0).value(), f64::from(0.1_f32) + f64::from(n).ln(), "log_sum_exp");
    }
}

/// The order of a long sum is the same in a program, and a short one is what it was: in order.
#[test]
fn long_sums_have_one_order() {
    for n in [5, 127, 128, 129, 256, 300, 1000, 5 * 128 + 1] {
        let tape = Tape::<f64>::with(Options::default().numerics(Numerics::Exact));
        let numbers: Vec<f64> =
            (0..3 * n).map(|i| (i as f64 * 0.7).sin() * 10f64.powi(i % 7)).collect();
        let x = tape.input(&numbers).reshape([3, n as usize]);
        let (all, rows, columns) = (x.sum(), x.sum_axes(1), x.t().sum_axes(0));
        let spread = x.log_sum_exp_axes(1);
        assert_eq!(rows.values(), columns.values(), "n = {n}");
        if n <= 128 {
            let in_order: f64 = numbers[..n as usize].iter().fold(-0.0, |sum, x| sum + x);
            assert_eq!(rows.at(0).value(), in_order);
        }
        let mut compiler = Compiler::new(&tape).numerics(Numerics::Exact);
        let asked = [all, rows, columns, spread].map(|y| (compiler.output(y).unwrap(), y.values()));
        let program = compiler.compile().unwrap();
        let mut workspace = program.workspace();
        program.run(&mut workspace).unwrap();
        for (output, values) in asked {
            assert_eq!(workspace.values(output), values, "n = {n}");
        }
    }
}

/// What is made of a long sum, in every mode: compiled, with tangents, recorded, and the sum over
/// what reads a number many times.
#[test]
fn long_sums_are_right_in_every_mode() {
    let n = 50_000;
    let tenth = f64::from(0.1_f32);
    let near = |found: f32, exact: f64, what: &str| {
        let off = ((f64::from(found) - exact) / exact).abs() / EPS32;
        assert!(off <= 16.0, "{what}: {found}, not {exact}: {off} ulp");
    };
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let tape = Tape::<f32>::with(Options::default().numerics(numerics));
        let x = tape.input(vec![0.1; n as usize]);
        let total = f64::from(n) * tenth;
        // What it is, and its tangent where every number moves by 1.
        let cases = [
            ("sum", x.sum(), total, f64::from(n)),
            ("mean", x.mean(), tenth, 1.0),
            ("norm_l1", x.norm_l1(), total, f64::from(n)),
            ("norm_l2", x.norm_l2(), tenth * f64::from(n).sqrt(), f64::from(n).sqrt()),
            ("log_sum_exp", x.log_sum_exp_axes(0), tenth + f64::from(n).ln(), 1.0),
        ];
        let ones = vec![1.0; n as usize];
        let tangents = tape.tangents(&[(x, &ones)]).unwrap();
        let direction = tape.input(ones.clone());
        let mut compiler = Compiler::new(&tape).numerics(numerics);
        let mut asked = Vec::new();
        for (name, y, value, slope) in cases {
            near(y.value(), value, name);
            near(tangents.value(y), slope, &format!("{numerics:?}, tangent of {name}"));
            let tangent = y.record_tangent(&[(x, direction)]).unwrap().unwrap();
            near(tangent.value(), slope, &format!("{numerics:?}, recorded tangent of {name}"));
            let output = (compiler.output(y).unwrap(), compiler.output(tangent).unwrap());
            asked.push((name, output, value, slope));
        }
        let program = compiler.compile().unwrap();
        let mut workspace = program.workspace();
        program.run(&mut workspace).unwrap();
        for (name, (value, tangent), right, slope) in asked {
            near(workspace.value(value), right, &format!("{numerics:?} program of {name}"));
            near(
                workspace.value(tangent),
                slope,
                &format!("{numerics:?} program, tangent of {name}"),
            );
        }
    }
}

/// The adjoint of numbers that many read, in Fast numerics. In Exact ones a ledger adds up to it in
/// the order of the sweep, which is one running sum.
#[test]
fn numbers_that_many_read_have_right_adjoints() {
    let n = 40_000;
    let tape = Tape::<f32>::with(Options::default().numerics(Numerics::Fast));
    let right = f64::from(0.1_f32) * n as f64;
    let near = |found: f32, way: &str| {
        let off = ((f64::from(found) - right) / right).abs() / EPS32;
        // Up to 256 rows are added one after the other; in one running sum it would be hundreds.
        assert!(off <= 64.0, "{way}: {found}, not {right}: {off} ulp");
    };
    let mut compiler = Compiler::new(&tape);
    let mut asked = Vec::new();
    // One number for all; a row of them for all rows, and a column for all columns.
    for (own, all) in [(vec![], vec![n]), (vec![3], vec![n, 3]), (vec![3, 1], vec![3, n])] {
        let bias = tape.tensor(Leaf::Input, &vec![0.5; own.iter().product()], own).unwrap();
        let x = tape.tensor(Leaf::Data, &vec![0.1; all.iter().product()], all).unwrap();
        let loss = ((bias + x) * x).sum();
        let shape = format!("{} of {}", bias.shape(), x.shape());
        let all_near = |found: Vec<f32>, way: &str| {
            found.into_iter().for_each(|number| near(number, &format!("{way}, {shape}")));
        };
        all_near(loss.backward().values_wrt(bias), "reverse");
        all_near(loss.record_gradient(&[bias]).unwrap()[0].unwrap().values(), "recorded");
        if bias.is_scalar() {
            near(tape.tangents(&[(bias, &[1.0])]).unwrap().value(loss), "forward");
        }
        asked.push((compiler.gradient(loss, bias).unwrap(), shape));
    }
    let program = compiler.compile().unwrap();
    let mut workspace = program.workspace();
    program.run(&mut workspace).unwrap();
    for (output, shape) in asked {
        for number in workspace.values(output) {
            near(number, &format!("program, {shape}"));
        }
    }
}
