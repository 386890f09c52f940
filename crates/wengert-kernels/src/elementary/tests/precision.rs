//! The vector forms against exact results, at every level that the processor has.
//!
//! ```text
//! cargo test --release -p wengert --lib elementary::tests::precision -- --ignored --nocapture
//! ```
//!
//! prints the largest error found for every function, type and level.

use super::reference::exact;
use crate::elementary::map;
use crate::op::Unary;
use crate::real::Real;
use crate::simd::Level;

/// The bound that the documentation promises.
const ULPS: f64 = 2.0;

const FUNCTIONS: [Unary; 12] = [
    Unary::Exp,
    Unary::Exp2,
    Unary::ExpM1,
    Unary::Ln,
    Unary::Ln1p,
    Unary::Log2,
    Unary::Log10,
    Unary::Sin,
    Unary::Cos,
    Unary::Tanh,
    Unary::Sigmoid,
    Unary::Softplus,
];

/// Sebastiano Vigna's SplitMix64.
struct SplitMix(u64);

impl SplitMix {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Numbers for `op`: of every size, in the range where the function changes, and at the seams of
/// its formula.
fn numbers(op: Unary, count: usize) -> Vec<f64> {
    let mut random = SplitMix(op as u64);
    let seam = match op {
        Unary::Sin | Unary::Cos => std::f64::consts::FRAC_PI_4,
        Unary::Exp2 => 0.5,
        _ => std::f64::consts::LN_2 / 2.0,
    };
    let far = match op {
        Unary::Exp | Unary::Softplus => 750.0,
        Unary::Sigmoid => 746.0,
        Unary::ExpM1 => 710.0,
        Unary::Exp2 => 1080.0,
        Unary::Sin | Unary::Cos => 1e6,
        _ => 40.0,
    };
    let mut out = Vec::with_capacity(count);
    while out.len() < count {
        let x = match out.len() % 5 {
            0 => f64::from_bits(random.bits()),
            1 => random.between(-far, far),
            2 => random.between(-2.0, 2.0),
            3 => random.between(-1.0, 1.0).exp() * if random.bits() & 1 == 0 { 1.0 } else { -1.0 },
            _ => {
                let near = (random.between(-far, far) / seam).round() * seam;
                f64::from_bits(near.to_bits().wrapping_add(random.bits() % 65).wrapping_sub(32))
            }
        };
        let x = if matches!(op, Unary::Ln | Unary::Log2 | Unary::Log10) { x.abs() } else { x };
        out.push(x);
    }
    out
}

/// Whether the reference knows the result: the function is finite, not 0, and not `libm`'s.
fn in_domain(op: Unary, x: f64) -> bool {
    let inside = match op {
        Unary::Ln | Unary::Log2 | Unary::Log10 => x > 0.0 && x != 1.0,
        Unary::Ln1p => x > -1.0 && x != 0.0,
        Unary::Sin | Unary::Cos => x.abs() <= 1e6 && x != 0.0,
        Unary::Exp | Unary::Exp2 | Unary::Sigmoid | Unary::Softplus => x.abs() < 1100.0,
        Unary::ExpM1 => x.abs() < 1100.0 && x != 0.0,
        Unary::Tanh => x != 0.0,
        _ => unreachable!("no domain for {op:?}"),
    };
    inside && x.is_finite()
}

/// The largest error of a sweep, and where it is.
#[derive(Clone, Copy, Debug, Default)]
struct Worst {
    ulps: f64,
    at: f64,
}

impl Worst {
    fn see(&mut self, ulps: f64, at: f64) {
        if ulps > self.ulps || ulps.is_nan() {
            *self = Worst { ulps, at };
        }
    }

    #[track_caller]
    fn check(self, op: Unary, number: &str, level: Level) {
        let level = format!("{level:?}");
        println!("{:9} {number} {level:8}  {:.3} ulp at {:e}", op.name(), self.ulps, self.at);
        assert!(self.ulps <= ULPS, "{op:?} {number} {level}: {} ulp at {:e}", self.ulps, self.at);
    }
}

fn sweep_f64(count: usize) {
    for op in FUNCTIONS {
        let mut x = numbers(op, count);
        x.retain(|&x| in_domain(op, x));
        assert!(x.len() > count / 4);
        let exact: Vec<_> = x.iter().map(|&x| exact(op, x)).collect();
        for level in Level::available() {
            let mut out = vec![0.0; x.len()];
            assert!(map(op, level, &x, &mut out));
            let mut worst = Worst::default();
            for ((&x, &found), exact) in x.iter().zip(&out).zip(&exact) {
                worst.see(exact.ulps_from(found), x);
            }
            worst.check(op, "f64", level);
        }
    }
}

#[test]
fn the_reference_agrees_with_numbers_of_60_digits() {
    let mut count = 0;
    for line in include_str!("../../../../wengert/tests/precision/functions.csv").lines() {
        let cells: Vec<&str> = line.split(',').collect();
        let Some(&op) = FUNCTIONS.iter().find(|op| op.name() == cells[0]) else { continue };
        let (x, value): (f64, f64) = (cells[1].parse().unwrap(), cells[3].parse().unwrap());
        if in_domain(op, x) && value != 0.0 {
            let ulps = exact(op, x).ulps_from(value);
            assert!(ulps <= 0.5, "{op:?} at {x:e}: the reference is {ulps} ulp from {value:e}");
            count += 1;
        }
    }
    assert!(count > 100, "only {count} numbers compared");
}

#[test]
fn doubles_are_within_the_bound() {
    sweep_f64(10_000);
}

#[test]
#[ignore = "minutes; with --release"]
fn many_doubles_are_within_the_bound() {
    sweep_f64(3_000_000);
}

/// The function in `f64`, whose rounding is nothing beside a float's.
fn in_double(op: Unary, x: f64) -> f64 {
    match op {
        Unary::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        _ => x.unary(op),
    }
}

fn sweep_f32(stride: usize) {
    for op in FUNCTIONS {
        let mut worst = vec![Worst::default(); Level::available().count()];
        let of_all_sizes = (0..=u32::MAX).step_by(stride).map(f32::from_bits);
        // The floats whose reduced angle is small, so that an error of π/2 counts most.
        let multiples = if matches!(op, Unary::Sin | Unary::Cos) { 636_620 } else { 0 };
        let near_multiples =
            (0..multiples).map(|n| (f64::from(n) * std::f64::consts::FRAC_PI_2) as f32);
        let mut numbers = of_all_sizes.chain(near_multiples);
        loop {
            let x: Vec<f32> = numbers.by_ref().take(4096).collect();
            if x.is_empty() {
                break;
            }
            let exact: Vec<f64> = x.iter().map(|&x| in_double(op, x.into())).collect();
            let mut out = vec![0.0; x.len()];
            for (level, worst) in Level::available().zip(&mut worst) {
                assert!(map(op, level, &x, &mut out));
                for ((&x, &found), &exact) in x.iter().zip(&out).zip(&exact) {
                    worst.see(float_ulps(found, exact), x.into());
                }
            }
        }
        for (level, worst) in Level::available().zip(worst) {
            worst.check(op, "f32", level);
        }
    }
}

/// How far `found` is from `exact`, in units of the last place that a float of its size has.
fn float_ulps(found: f32, exact: f64) -> f64 {
    // Halfway between the largest float and what would be the next.
    let limit = (2.0 - 2.0_f64.powi(-24)) * 2.0_f64.powi(127);
    if exact.is_nan() || found.is_nan() {
        return if exact.is_nan() && found.is_nan() { 0.0 } else { f64::INFINITY };
    }
    if found.is_infinite() || exact.is_infinite() {
        let rounds_to_infinity =
            exact.abs() >= limit && found.is_infinite() && (found > 0.0) == (exact > 0.0);
        return if rounds_to_infinity { 0.0 } else { f64::INFINITY };
    }
    let exponent = ((exact.abs().to_bits() >> 52) as i32 - 1023).clamp(-126, 127);
    (f64::from(found) - exact).abs() * 2.0_f64.powi(23 - exponent)
}

#[test]
fn floats_are_within_the_bound() {
    sweep_f32(400_009);
}

#[test]
#[ignore = "minutes; with --release"]
fn a_seventeenth_of_all_floats_is_within_the_bound() {
    sweep_f32(17);
}
