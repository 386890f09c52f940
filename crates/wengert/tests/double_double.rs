//! Numbers of 32 digits against mpmath's 60. `double_double/make.py` writes the numbers.

use wengert::number::{DoubleDouble, Number, Real};
use wengert::op::{Binary, Unary};

/// The bound that the documentation states, as a power of two.
fn stated(op: &str, x: DoubleDouble, y: Option<DoubleDouble>, exact: DoubleDouble) -> f64 {
    let power = match op {
        "logaddexp" | "xlogy" | "difference_sigmoid" => -97,
        _ if op.starts_with("norm_") || op == "erfc" => -97,
        "add" | "mul" | "div" | "recip" | "sqrt" | "cbrt" | "hypot" | "abs" => -102,
        "floor" | "ceil" | "round" | "trunc" => -1000,
        _ => -98,
    };
    let grows = match (op, y) {
        ("powf" | "pow_slope" | "pow_curve" | "pow_ln", Some(y)) => {
            1.0 + ((y.abs() + DoubleDouble::from(2.0)) * x.ln()).to_f64().abs()
        }
        ("norm_ppf", None) => 1.0 + (exact * exact).to_f64(),
        ("gaussian" | "erfc", None) => 1.0 + (x * x).to_f64(),
        (op, None) if op.starts_with("norm_") => 1.0 + (x * x).to_f64(),
        ("logaddexp", Some(y)) => (x.abs().max(y.abs()) / exact).to_f64().abs().max(1.0),
        // The logarithm's relative error, where it is small, is of its operand.
        ("difference_sigmoid", Some(y)) => 1.0 + (x.abs() + y.abs()).to_f64(),
        _ => 1.0,
    };
    libm::exp2(f64::from(power)) * grows
}

#[test]
fn every_function_is_within_its_stated_bound() {
    let mut worst: Vec<(String, f64, String)> = Vec::new();
    let mut wrong = Vec::new();
    for line in include_str!("double_double/functions.csv").lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |i: usize| fields[i].parse::<f64>().ok();
        let pair = |i: usize| Some(DoubleDouble::new(number(i)?, number(i + 1)?));
        let (x, y, exact) = (pair(1).unwrap(), pair(3), pair(5).unwrap());
        let found = match y {
            None => x.unary(*Unary::ALL.iter().find(|op| op.name() == fields[0]).unwrap()),
            Some(y) => x.binary(*Binary::ALL.iter().find(|op| op.name() == fields[0]).unwrap(), y),
        };
        // The value's parts are themselves rounded, at 2⁻¹⁰⁷.
        let off = (found - exact).to_f64().abs();
        let relative = if off == 0.0 { 0.0 } else { off / exact.to_f64().abs() };
        if relative.is_nan() || relative > stated(fields[0], x, y, exact) {
            wrong.push(format!("{line}\n  found {found}, off by 2^{:.1}", relative.log2()));
        }
        match worst.iter_mut().find(|row| row.0 == fields[0]) {
            Some(row) if row.1 >= relative => {}
            Some(row) => *row = (fields[0].to_owned(), relative, line.to_owned()),
            None => worst.push((fields[0].to_owned(), relative, line.to_owned())),
        }
    }
    for (op, relative, _) in &worst {
        println!("{op:10} 2^{:.1}", relative.log2());
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn ends_and_signs_are_those_of_f64() {
    let ends = [
        0.0,
        -0.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        -2.0,
        1.0,
        -1.0,
        1e-310,
        800.0,
        -800.0,
    ];
    let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    // A zero has its sign.
    let near = |a: f64, b: f64| {
        same(a, b)
            || b != 0.0 && (a - b).abs() <= 4.0 * f64::EPSILON * b.abs().max(f64::MIN_POSITIVE)
    };
    for x in ends {
        for &op in Unary::ALL {
            let (wide, plain) = (DoubleDouble::from(x).unary(op).to_f64(), x.unary(op));
            let ends = plain == 0.0 || !plain.is_finite();
            // e⁻⁸⁰⁰ is a number that f64 rounds to 0, and its sum with 1 is not 1.
            let right = if ends && wide.abs() > 0.0 && wide.abs() < 1e-300 {
                true
            } else {
                near(wide, plain)
            };
            assert!(right, "{} {x:e}: {wide:e}, and {plain:e} in f64", op.name());
        }
        for y in ends {
            for &op in Binary::ALL {
                // A slope of a value that is not its operand's is no function of either; and the
                // exponent less one, rounded to an integer, is not that of the plain number.
                let value =
                    matches!(op, Binary::SigmoidSlope | Binary::TanhSlope | Binary::NormPpfSlope);
                let slope =
                    matches!(op, Binary::PowSlope | Binary::PowCurve | Binary::PowLn) && x < 0.0;
                if op == Binary::Powi && y != y.trunc() || value || slope {
                    continue;
                }
                let (wide, plain) =
                    (DoubleDouble::from(x).binary(op, y.into()).to_f64(), x.binary(op, y));
                let tiny = wide.abs() < 1e-300 && plain.abs() < 1e-300;
                assert!(
                    tiny || near(wide, plain),
                    "{} {x:e} {y:e}: {wide:e}, and {plain:e} in f64",
                    op.name()
                );
            }
        }
    }
}

#[test]
fn the_remainder_is_exact_for_plain_numbers_and_right_for_others() {
    let (x, y) = (DoubleDouble::from(1e17), DoubleDouble::from(0.3));
    assert_eq!((x % y).to_f64(), 1e17 % 0.3);
    // (n + f) y − n y
    let y = DoubleDouble::from(1.0) / 3.0.into();
    let x = y * 123_456_789.25.into();
    assert!(((x % y) - y * 0.25.into()).to_f64().abs() < 1e-22);
    assert!(((-x % y) + y * 0.25.into()).to_f64().abs() < 1e-22);
    // A zero keeps its sign, whatever the digits of the divisor are.
    let third = DoubleDouble::from(1.0) / DoubleDouble::from(3.0);
    let zero = DoubleDouble::from(-0.0) % third;
    assert!(zero.to_f64().is_sign_negative());
}

#[test]
fn text_has_the_digits() {
    let third = DoubleDouble::from(1.0) / 3.0.into();
    assert_eq!(format!("{third:.29e}"), "3.33333333333333333333333333333e-1");
    assert_eq!(format!("{:.3e}", DoubleDouble::from(-9.9996)), "-1.000e1");
    assert_eq!(format!("{:.0e}", DoubleDouble::from(2.0)), "2e0");
    assert_eq!(format!("{:.5e}", DoubleDouble::from(1e-300)), "1.00000e-300");
    assert_eq!(format!("{}", DoubleDouble::from(f64::NAN)), "NaN");
}

/// The rules of derivatives in 32 digits, and second derivatives by duals over them.
#[cfg(feature = "precision")]
#[test]
fn a_tape_of_them_has_a_gradient_and_a_hessian_vector_product_of_32_digits() {
    use wengert::Tape;
    use wengert::number::Dual;
    let tape: Tape<DoubleDouble> = Tape::default();
    let x = tape.input(DoubleDouble::new(0.7, 1e-18));
    let y = (x.sin() * x.exp2()).ln();
    let exact = x.value().cos() / x.value().sin() + DoubleDouble::from(2.0).ln();
    assert!((y.backward().wrt(x) - exact).to_f64().abs() < 1e-30);
    let second = tape.hvp(y, &[(x, &[1.0.into()])], &[x]).unwrap()[0][0];
    let sin = x.value().sin();
    assert!((second + (sin * sin).recip()).to_f64().abs() < 1e-29, "{second}");
    let tape: Tape<Dual<DoubleDouble>> = Tape::default();
    let x = tape.input(Dual::new(DoubleDouble::from(0.5), 1.0.into()));
    let y = x.erf();
    let slope = y.value().tangent;
    assert!((slope - y.backward().wrt(x).value).to_f64().abs() < 1e-31);
    assert!(slope.low() != 0.0 && DoubleDouble::from_f64(slope.high()) != slope);
}
