//! Numbers that were wrong once, each in every mode that it can be computed in. Right values by
//! hand or by mpmath.

use wengert::number::Real;
use wengert::program::Compile;
use wengert::{Compiler, Error, Numerics, Options, Tape, Var, grad, hessian, jvp};

#[path = "hard_points/ways.rs"]
mod ways;

use ways::every_way;

/// All modes within a relative error of the right numbers.
#[track_caller]
fn holds<S: Compile>(
    at: &[f64],
    f: impl for<'t> Fn(Var<'t, S>) -> Var<'t, S>,
    value: f64,
    gradient: &[f64],
    relative: f64,
) {
    let near = |a: f64, b: f64| a == b || (a - b).abs() <= relative * b.abs();
    for (mode, found, slopes) in every_way::<S>(at, f) {
        assert!(near(found, value), "{mode}: value {found:e}, not {value:e}");
        let right = slopes.len() == gradient.len()
            && slopes.iter().zip(gradient).all(|(&a, &b)| near(a, b));
        assert!(right, "{mode}: gradient {slopes:?}, not {gradient:?}");
    }
}

const EPS: f64 = f64::EPSILON;
const EPS32: f64 = f32::EPSILON as f64;

#[test]
fn what_is_not_chosen_passes_nothing_on() {
    holds::<f64>(&[1000.0], |x| x.exp().min(1.0).sum(), 1.0, &[0.0], 0.0);
    holds::<f64>(&[1000.0], |x| x.exp().clamp(0.0, 1.0).sum(), 1.0, &[0.0], 0.0);
    holds::<f64>(&[0.0], |x| (-x.ln()).max(3.0).recip().sum(), 0.0, &[0.0], 0.0);
    // ln x is −∞ with an infinite slope: relu does not choose it.
    holds::<f64>(&[0.0], |x| x.ln().relu().sum(), 0.0, &[0.0], 0.0);
    // An infinite adjoint, and a slope of 0 on the way from it.
    holds::<f64>(&[0.0], |x| x.relu().sqrt().sum(), 0.0, &[0.0], 0.0);
    holds::<f64>(&[0.0], |x| x.abs().sqrt().sum(), 0.0, &[0.0], 0.0);
    holds::<f64>(&[-1.0], |x| x.max(0.0).sqrt().sum(), 0.0, &[0.0], 0.0);
    holds::<f64>(&[0.0, 3.0], |x| (x - 3.0).max_axes(0).sqrt(), 0.0, &[0.0, f64::INFINITY], 0.0);
    holds::<f64>(&[0.0, 0.0], |x| x.norm_l2().sqrt(), 0.0, &[0.0, 0.0], 0.0);
    holds::<f64>(&[0.0], |x| x.hypot(0.0).sqrt().sum(), 0.0, &[0.0], 0.0);
    let slope = (1.0 / f64::from(1e-20_f32)).ln();
    holds::<f32>(&[0.0], |x| (S32(1.0) / x.max(1e-20)).ln().sum(), slope, &[0.0], EPS32);
    assert_eq!(jvp(|x| x.exp().min(1.0), &[1000.0], &[1.0]).unwrap(), (vec![1.0], vec![0.0]));
}

/// A number before an operator.
struct S32(f32);

impl<'t> std::ops::Div<Var<'t, f32>> for S32 {
    type Output = Var<'t, f32>;

    #[expect(
        clippy::suspicious_arithmetic_impl,
        reason = "the quotient as the report has it: a reciprocal, scaled"
    )]
    fn div(self, x: Var<'t, f32>) -> Var<'t, f32> {
        x.recip() * self.0
    }
}

#[test]
fn log_sum_exp_of_an_infinite_number() {
    let inf = f64::INFINITY;
    holds::<f64>(&[inf, 0.0], |x| x.log_sum_exp_axes(0), inf, &[1.0, 0.0], 0.0);
    holds::<f64>(&[-inf, 0.0], |x| x.log_sum_exp_axes(0), 0.0, &[0.0, 1.0], 0.0);
    holds::<f64>(&[-inf, -inf], |x| x.log_sum_exp_axes(0), -inf, &[0.5, 0.5], 0.0);
}

#[test]
fn softmax_is_not_rebuilt_from_a_rounded_sum() {
    let ln2 = std::f64::consts::LN_2;
    holds::<f32>(&[1e8, 1e8], |x| x.log_softmax(0).at(0), -ln2, &[0.5, -0.5], EPS32);
    holds::<f32>(&[1e8, 1e8], |x| x.softmax(0).at(0), 0.5, &[0.25, -0.25], 2.0 * EPS32);
    holds::<f32>(&[1e8, 1e8], |x| x.log_sum_exp_axes(0), 1e8, &[0.5, 0.5], EPS32);
    holds::<f64>(&[1e17, 1e17], |x| x.log_softmax(0).at(1), -ln2, &[-0.5, 0.5], EPS);
}

#[test]
fn norms_neither_overflow_nor_vanish() {
    for scale in [1e-170, 1e-300, 1.0, 1e160, 1e300] {
        let at = [3.0 * scale, 4.0 * scale];
        holds::<f64>(&at, |x| x.norm_l2(), 5.0 * scale, &[0.6, 0.8], 2.0 * EPS);
    }
    for scale in [1e-30, 1e30] {
        let at = [3.0 * scale, 4.0 * scale];
        holds::<f32>(&at, |x| x.norm_l2(), 5.0 * scale, &[0.6, 0.8], 2.0 * EPS32);
    }
    let inf = f64::INFINITY;
    holds::<f64>(&[0.0, 0.0], |x| x.norm_l2(), 0.0, &[0.0, 0.0], 0.0);
    let tape = Tape::new();
    assert_eq!(tape.input([inf, 1.0]).norm_l2().value(), inf);
    assert!(tape.input([f64::NAN, 1.0]).norm_l2().value().is_nan());
}

#[test]
fn factors_that_overflow_together_are_multiplied_one_by_one() {
    // Forward, the tangent of 1/x is no number on the way.
    let backward = |way: &(String, f64, Vec<f64>)| !way.0.contains("forward");
    for (mode, _, slopes) in
        every_way::<f32>(&[1e-20], |x| (x.recip() * 1e-30).sum()).into_iter().filter(backward)
    {
        assert!((slopes[0] / -1e10 - 1.0).abs() <= 4.0 * EPS32, "{mode}: {slopes:?}");
    }
    for (mode, _, slopes) in
        every_way::<f64>(&[1e-200], |x| (1.0 / x * 1e-300).sum()).into_iter().filter(backward)
    {
        assert!((slopes[0] / -1e100 - 1.0).abs() <= 4.0 * EPS, "{mode}: {slopes:?}");
    }
}

#[test]
fn slopes_where_the_value_has_saturated() {
    holds::<f32>(&[12.0], |x| x.sigmoid().sum(), 0.999_993_86, &[6.144_137_12e-6], 4.0 * EPS32);
    holds::<f64>(&[40.0], |x| x.sigmoid().sum(), 1.0, &[4.248_354_255_291_589e-18], 4.0 * EPS);
    holds::<f64>(&[20.0], |x| x.tanh().sum(), 1.0, &[1.699_341_702_116_635_5e-17], 4.0 * EPS);
    let second = |f: fn(Var<'_>) -> Var<'_>, at: f64| hessian(|x| f(x.at(0)), &[at]).unwrap();
    assert_eq!(second(|x| x.tanh(), 1e-300), [[-2e-300]]);
}

#[test]
fn a_detached_output_has_no_gradient() {
    assert_eq!(grad(|x| (x * x).sum().detach(), &[3.0]).unwrap(), [0.0]);
    let tape = Tape::new();
    let x = tape.input(3.0);
    let y = (x * x).detach();
    assert_eq!(y.backward().get(x), None);
    assert_eq!(y.backward_with(&[1.0]).unwrap().get(x), None);
    assert_eq!(tape.tangents(&[(x, &[1.0])]).unwrap().value(y), 0.0);
    assert!(y.record_gradient(&[x]).unwrap()[0].is_none());
    assert_eq!(tape.hvp(y, &[(x, &[1.0])], &[x]).unwrap(), [[0.0]]);
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let mut compiler = Compiler::new(&tape).numerics(numerics);
        let (open, closed) =
            (compiler.gradient(x * x, x).unwrap(), compiler.gradient(y, x).unwrap());
        let program = compiler.compile().unwrap();
        let mut workspace = program.workspace();
        program.run(&mut workspace).unwrap();
        assert_eq!((workspace.value(open), workspace.value(closed)), (6.0, 0.0));
    }
    assert!(y.check().run().unwrap().agrees());
    // A claim of the derivative that passes through is found out.
    assert!(!y.check().claim(x, &[6.0]).run().unwrap().agrees());
}

#[test]
fn a_broadcast_view_is_not_set() {
    let tape = Tape::new();
    let x = tape.input(1.0);
    let wide = x.broadcast_to([3]);
    let is_operand = |error: Error| matches!(error, Error::Operand { .. });
    assert!(is_operand(tape.replay(&[(wide, &[7.0, 8.0, 9.0])]).unwrap_err()));
    assert!(is_operand(tape.update(wide, |_| ()).unwrap_err()));
    assert_eq!(x.value(), 1.0);
    // Every element once is fine, in whatever order.
    let m = tape.input([1.0, 2.0, 3.0, 4.0]).reshape([2, 2]);
    tape.replay(&[(m.t(), &[1.0, 2.0, 3.0, 4.0])]).unwrap();
    assert_eq!(m.values(), [1.0, 3.0, 2.0, 4.0]);
}

#[test]
fn powers_beyond_the_integers_of_the_type() {
    let n = 16_777_217;
    holds::<f32>(&[-1.0], |x| x.powi(16_777_217).sum(), -1.0, &[f64::from(n)], EPS32);
    holds::<f32>(&[-1.0], |x| x.powi(-16_777_217).sum(), -1.0, &[-f64::from(n)], EPS32);
    holds::<f32>(&[-1.0], |x| x.powi(16_777_216).sum(), 1.0, &[-16_777_216.0], EPS32);
    holds::<f32>(&[-1.0], |x| x.powi(i32::MAX).sum(), -1.0, &[f64::from(i32::MAX)], EPS32);
    holds::<f32>(&[-1.0], |x| x.powi(i32::MIN).sum(), 1.0, &[-f64::from(i32::MIN)], EPS32);
    holds::<f64>(&[-1.0], |x| x.powi(i32::MAX).sum(), -1.0, &[f64::from(i32::MAX)], EPS);
    assert_eq!(Real::powi(-1.0_f32, n), -1.0);
}

#[test]
fn the_quotient_of_a_remainder_is_that_of_its_value() {
    let tape = Tape::new();
    let (x, y) = (tape.input(1.0), tape.input(0.1));
    let r = x % y;
    assert_eq!((r.value(), r.backward().wrt(y)), (1.0 % 0.1, -9.0));
    assert!(r.check().run().unwrap().agrees(), "{}", r.check().run().unwrap());
    let wrong = r.check().claim(y, &[-10.0]).run().unwrap();
    assert!(!wrong.agrees());
    holds::<f64>(
        &[0.1],
        |y| (y * 0.0 + 1.0).try_binary(wengert::op::Binary::Rem, y).unwrap().sum(),
        1.0 % 0.1,
        &[-9.0],
        0.0,
    );
}

#[test]
fn second_derivatives_of_a_power_at_its_edge() {
    for expected in [[[2.0, 0.0], [0.0, 0.0]]] {
        let tape = Tape::new();
        let (x, y) = (tape.input(0.0), tape.input(2.0));
        let z = x.powf(y);
        let recorded = z.record_gradient(&[x, y]).unwrap();
        for i in 0..2 {
            let gradients = recorded[i].unwrap().backward();
            assert_eq!([gradients.wrt(x), gradients.wrt(y)], expected[i], "recorded, row {i}");
            let rows = tape.hvp(z, &[([x, y][i], &[1.0])], &[x, y]).unwrap();
            assert_eq!([rows[0][0], rows[1][0]], expected[i], "duals, row {i}");
        }
    }
}

#[test]
fn errors_name_what_was_called() {
    let (tape, other) = (Tape::new(), Tape::new());
    let (x, foreign) = (tape.input(1.0), other.input(1.0));
    let op = |error: Error| error.to_string();
    let y = x * x;
    assert!(op(tape.update(foreign, |_| ()).unwrap_err()).contains("update"));
    assert!(op(tape.hvp(y, &[(foreign, &[1.0])], &[x]).unwrap_err()).contains("hvp"));
    assert!(op(tape.tangents(&[(foreign, &[1.0])]).map(|_| ()).unwrap_err()).contains("tangents"));
}

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
