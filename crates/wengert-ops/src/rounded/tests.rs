//! The three ways held against each other, and against right values.

use super::{Binary, DOUBLE, DoubleDouble, Pair, Real, SINGLE, Unary, careful, exact};

/// A generator of which nothing is asked but that it is the same everywhere (`splitmix64`).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * ((self.next() >> 11) as f64 / 9_007_199_254_740_992.0)
    }
}

type Quick = fn(f64) -> Option<f64>;

/// Each function with where its operands are drawn from.
const FUNCTIONS: [(Unary, Quick, f64, f64); 20] = [
    (Unary::Exp, super::exponential::e_to, -660.0, 690.0),
    (Unary::Exp2, super::exponential::two_to, -960.0, 990.0),
    (Unary::ExpM1, super::exponential::e_to_less_one, -30.0, 690.0),
    (Unary::Ln, super::logarithm::ln, 1e-3, 10.0),
    (Unary::Ln1p, super::logarithm::ln_1p, -0.999, 10.0),
    (Unary::Log2, super::logarithm::log2, 1e-3, 10.0),
    (Unary::Log10, super::logarithm::log10, 1e-3, 10.0),
    (Unary::Sin, super::trigonometric::sin, -1.1e6, 1.1e6),
    (Unary::Cos, super::trigonometric::cos, -1.1e6, 1.1e6),
    (Unary::Tan, super::trigonometric::tan, -1.1e6, 1.1e6),
    (Unary::Asin, super::angle::asin, -1.0, 1.0),
    (Unary::Acos, super::angle::acos, -1.0, 1.0),
    (Unary::Atan, super::angle::atan, -10.0, 10.0),
    (Unary::Sinh, super::exponential::sinh, -20.0, 20.0),
    (Unary::Cosh, super::exponential::cosh, -20.0, 20.0),
    (Unary::Tanh, super::exponential::tanh, -20.0, 20.0),
    (Unary::Asinh, super::logarithm::asinh, -20.0, 20.0),
    (Unary::Acosh, super::logarithm::acosh, 1.0, 20.0),
    (Unary::Atanh, super::logarithm::atanh, -1.0, 1.0),
    (Unary::Erf, super::special::erf, -5.9, 5.9),
];

/// A pair that a quick way looked at, as a part of its error: how far it is from the right number.
fn off(quick: Pair, error: f64, right: DoubleDouble) -> f64 {
    // The quick way leaves out signs and powers of two.
    let ratio = (right.high() / quick.hi).abs();
    let by = libm::exp2(libm::rint(libm::log2(ratio))) * f64::signum(right.high() / quick.hi);
    let (hi, lo) = (quick.hi * by, quick.lo * by);
    let distance = (DoubleDouble::new(hi, lo) - right).high().abs();
    // The right number is off too.
    (distance - right.high().abs() * super::CAREFUL).max(0.0) / (error * by).abs()
}

type QuickOfTwo = fn(f64, f64) -> Option<f64>;

/// As [`FUNCTIONS`], for both operands.
const FUNCTIONS_OF_TWO: [(Binary, QuickOfTwo, [f64; 2], [f64; 2]); 3] = [
    (Binary::Powf, super::exponential::power, [1e-3, 10.0], [-60.0, 60.0]),
    (Binary::Atan2, super::angle::atan2, [-10.0, 10.0], [-10.0, 10.0]),
    (Binary::Hypot, super::special::hypot, [-10.0, 10.0], [-10.0, 10.0]),
];

fn largest_share_of_the_bound(points: u64) {
    let mut wrong = Vec::new();
    for (op, quick, [x_low, x_high], [y_low, y_high]) in FUNCTIONS_OF_TWO {
        let mut random = Random(op as u64);
        let (mut worst, mut at, mut undecided) = (0.0_f64, (0.0, 0.0), 0);
        for _ in 0..points {
            let (x, y) = (random.between(x_low, x_high), random.between(y_low, y_high));
            super::pair::LAST.set(None);
            undecided += u64::from(quick(x, y).is_none());
            let Some((pair, error)) = super::pair::LAST.get() else { continue };
            let right = DoubleDouble::from(x).binary(op, y.into());
            let right = if op == Binary::Atan2 && pair.hi > 0.0 { right.abs() } else { right };
            let part = off(pair, error, right);
            if part > worst {
                (worst, at) = (part, (x, y));
            }
        }
        println!("{op:?}: {worst:.3} of its bound at {at:?}; undecided {undecided} of {points}");
        if worst.is_nan() || worst >= 0.8 {
            wrong.push((op.name(), worst, at.0));
        }
    }
    for (op, quick, low, high) in FUNCTIONS {
        let mut random = Random(op as u64);
        let (mut worst, mut at, mut undecided) = (0.0_f64, 0.0, 0);
        for i in 0..points {
            let x = match i % 3 {
                0 => random.between(low, high),
                1 => random.between(low.max(-1.2), high.min(1.2)),
                // Of all sizes.
                _ => random.between(low, high) * libm::exp2(-random.between(0.0, 40.0)),
            };
            super::pair::LAST.set(None);
            undecided += u64::from(quick(x).is_none());
            let Some((pair, error)) = super::pair::LAST.get() else { continue };
            let right = DoubleDouble::from(x).unary(op);
            let part = off(pair, error, right);
            if part > worst {
                (worst, at) = (part, x);
            }
        }
        println!("{op:?}: {worst:.3} of its bound at {at:e}; undecided {undecided} of {points}");
        if worst.is_nan() || worst >= 0.8 {
            wrong.push((op.name(), worst, at));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn quick_ways_keep_within_their_bounds() {
    largest_share_of_the_bound(6_000);
}

/// `cargo test --release -p wengert-ops rounded -- --ignored --nocapture`
#[test]
#[ignore = "takes minutes"]
fn quick_ways_keep_within_their_bounds_at_ten_million_points() {
    largest_share_of_the_bound(10_000_000);
}

/// A row of `points.csv`: whether it is of an `f32`, the op's name, operands, the right value.
fn rows() -> impl Iterator<Item = (bool, &'static str, f64, Option<f64>, f64)> {
    let lines = include_str!("../../../wengert/tests/rounded/points.csv").lines();
    lines.filter(|line| !line.starts_with('#')).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |i: usize| cells[i].parse::<f64>().ok();
        (cells[0] == "f32", cells[1], number(2).unwrap(), number(3), number(4).unwrap())
    })
}

fn unary_named(name: &str) -> Unary {
    *Unary::ALL.iter().find(|op| op.name() == name).unwrap()
}

fn binary_named(name: &str) -> Binary {
    *Binary::ALL.iter().find(|op| op.name() == name).unwrap()
}

#[test]
fn values_are_the_nearest_numbers() {
    let mut count = 0;
    for (single, name, x, y, right) in rows() {
        let found = match (single, y) {
            (false, None) => x.unary(unary_named(name)),
            (false, Some(y)) => x.binary(binary_named(name), y),
            (true, None) => (x as f32).unary(unary_named(name)).into(),
            (true, Some(y)) => (x as f32).binary(binary_named(name), y as f32).into(),
        };
        let at = format!("{name} {x:e} {y:?}, f32: {single}");
        assert_eq!(found.to_bits(), right.to_bits(), "{at}: {found:e}, right {right:e}");
        count += 1;
    }
    assert!(count > 5_000);
}

#[test]
fn so_are_those_of_the_third_way() {
    for (single, name, x, y, right) in rows() {
        let format = if single { SINGLE } else { DOUBLE };
        let found = match y {
            // Inside their domains, and not where an infinity says it all.
            None if name == "cbrt" || x == 0.0 || x.abs() >= 1.0 && name == "atanh" => continue,
            None => exact::unary(unary_named(name), x).rounded(format),
            Some(_) if right.is_infinite() || right == 0.0 && name == "powf" => continue,
            Some(y) => exact::binary(binary_named(name), x, y).rounded(format),
        };
        let found = if single { f64::from(found as f32) } else { found };
        assert_eq!(found, right, "{name} {x:e} {y:?}, f32: {single}");
    }
}

#[test]
fn the_second_way_is_that_of_the_third() {
    for (op, _, low, high) in FUNCTIONS {
        let mut random = Random(7 + op as u64);
        for _ in 0..40 {
            let x = random.between(low, high);
            let third = exact::unary(op, x).rounded(DOUBLE);
            assert_eq!(careful(op, x), third, "{op:?} {x:e}");
        }
    }
}

/// Zeros keep their sign, ends are ends, and what is outside a domain is no number, as libm says.
#[test]
fn special_operands_have_libm_s_results() {
    let ends =
        [0.0, 1.0, 2.0, 0.5, f64::INFINITY, f64::NAN, 5e-324, 2.3e-308, f64::MAX, 1e308, 3.0];
    let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    let near = |a: f64, b: f64| {
        same(a, b) || b != 0.0 && b.is_finite() && (a - b).abs() <= 4.0 * f64::EPSILON * b.abs()
    };
    type Function = fn(f64) -> f64;
    let libm: [(Unary, Function); 20] = [
        (Unary::Exp, libm::exp),
        (Unary::Exp2, libm::exp2),
        (Unary::ExpM1, libm::expm1),
        (Unary::Ln, libm::log),
        (Unary::Ln1p, libm::log1p),
        (Unary::Log2, libm::log2),
        (Unary::Log10, libm::log10),
        (Unary::Sin, libm::sin),
        (Unary::Cos, libm::cos),
        (Unary::Tan, libm::tan),
        (Unary::Asin, libm::asin),
        (Unary::Acos, libm::acos),
        (Unary::Atan, libm::atan),
        (Unary::Sinh, libm::sinh),
        (Unary::Cosh, libm::cosh),
        (Unary::Tanh, libm::tanh),
        (Unary::Asinh, libm::asinh),
        (Unary::Acosh, libm::acosh),
        (Unary::Atanh, libm::atanh),
        (Unary::Erf, libm::erf),
    ];
    assert!(Real::acosh(-404_630.28_f32).is_nan(), "libm has a number there");
    for x in ends.into_iter().flat_map(|x| [x, -x]) {
        for (op, libm) in libm {
            assert!(near(x.unary(op), libm(x)), "{op:?} {x:e}: {:e}, {:e}", x.unary(op), libm(x));
        }
        for y in ends.into_iter().flat_map(|x| [x, -x]) {
            let pairs = [
                (Binary::Powf, libm::pow(x, y)),
                (Binary::Atan2, libm::atan2(x, y)),
                (Binary::Hypot, libm::hypot(x, y)),
            ];
            for (op, right) in pairs {
                let found = x.binary(op, y);
                assert!(near(found, right), "{op:?} {x:e} {y:e}: {found:e}, {right:e}");
            }
        }
    }
}
