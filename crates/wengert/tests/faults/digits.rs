//! Derivatives that lose digits which the function has: rebuilt from a rounded value, over- or
//! underflow on the way, integers kept as floats, a quotient rounded twice.

use wengert::number::Real;
use wengert::{Tape, Var, hessian};

use super::{EPS, EPS32, INF, every_way, holds};

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
    holds::<f64>(&[0.0, 0.0], |x| x.norm_l2(), 0.0, &[0.0, 0.0], 0.0);
    let tape = Tape::new();
    assert_eq!(tape.input([INF, 1.0]).norm_l2().value(), INF);
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
