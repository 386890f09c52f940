//! The elementary functions that are instructions in fast numerics, beside numbers of 32 digits.

use wengert::number::{DoubleDouble, Real};
use wengert::op::{Binary, Unary};
use wengert::program::Compile;
use wengert::{Compiler, Numerics, Options, Tape, Var};
use wengert_jit::Jit;
use wengert_kernels::simd::Level;

/// What fast numerics promise of an elementary function.
const ULPS: f64 = 2.0;
/// What is promised of a slope in both numerics.
const SLOPE_ULPS: f64 = 4.0;

/// Where formulas have their seams, and the ends of both types.
const AT: [f64; 28] = [
    0.0,
    f64::MIN_POSITIVE,
    1e-310,
    5e-324,
    1e-300,
    4.9e-17,
    5.1e-17,
    1e-45,
    2.4e-8,
    2.6e-8,
    0.346_573_590_279_972_6,
    0.346_573_590_279_972_7,
    1.0,
    10.0,
    19.99,
    20.01,
    36.8,
    40.1,
    87.5,
    103.9,
    104.6,
    690.1,
    708.5,
    709.8,
    744.5,
    746.1,
    1e300,
    f64::MAX,
];

/// Numbers of every size, and many where the functions bend.
fn numbers() -> Vec<f64> {
    // Sebastiano Vigna's SplitMix64.
    let mut state = 7_u64;
    let mut bits = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let mut all: Vec<f64> = AT.into_iter().flat_map(|x| [x, -x]).collect();
    for _ in 0..5000 {
        let part = (bits() >> 11) as f64 / (1_u64 << 53) as f64 - 0.5;
        all.extend([f64::from_bits(bits()), 4.0 * part, 80.0 * part, 1500.0 * part]);
    }
    all
}

/// How far `found` is from what is right, in units of the last place of the type.
fn ulps<S: Compile>(found: S, right: DoubleDouble) -> f64 {
    let (digits, smallest) = if size_of::<S>() == 4 { (23, -126) } else { (52, -1022) };
    let found = found.to_f64();
    let nearest = S::from_f64(right.high()).to_f64();
    if found.to_bits() == nearest.to_bits() || found.is_nan() && right.is_nan() {
        return 0.0;
    }
    if !found.is_finite() || !nearest.is_finite() {
        return f64::INFINITY;
    }
    let exponent = ((nearest.abs().to_bits() >> 52) as i32 - 1023).max(smallest);
    let off = DoubleDouble::from(found) - right;
    // In two steps: the unit may be no normal number.
    (off.high() * 2_f64.powi(digits)).abs() * 2_f64.powi(-exponent)
}

/// Holds a function of one number to a bound.
fn hold<S: Compile>(
    name: &str,
    bound: f64,
    f: impl for<'t> Fn(Var<'t, S>) -> Var<'t, S>,
    right: impl Fn(DoubleDouble) -> DoubleDouble,
) {
    let tape = Tape::<S>::with(Options::default());
    let x = tape.input(S::from_f64(0.5));
    let mut compiler = Compiler::new(&tape).numerics(Numerics::Fast);
    let y = compiler.output(f(x)).unwrap();
    let program = compiler.compile().unwrap();
    let jit = Jit::new(&program).unwrap();
    let (x, mut workspace) = (program.input(x).unwrap(), jit.workspace());
    let mut of = |number: S| {
        workspace.set(x, &[number]).unwrap();
        jit.run(&mut workspace).unwrap();
        workspace.value(y)
    };
    let mut worst = (0.0, 0.0);
    for number in numbers() {
        let number = S::from_f64(number);
        let off = ulps(of(number), right(DoubleDouble::from(number.to_f64())));
        if off > worst.0 || off.is_nan() {
            worst = (off, number.to_f64());
        }
    }
    println!("{name}, {} bytes: {:.3} ulp at {:e}", size_of::<S>(), worst.0, worst.1);
    assert!(worst.0 <= bound, "{name}: {} ulp at {:e}", worst.0, worst.1);
    // Ends, zeros and what is no number, to the bit.
    for end in [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY] {
        let (found, right) = (of(S::from_f64(end)).to_f64(), right(end.into()).high());
        assert_eq!(found.to_bits(), right.to_bits(), "{name} of {end}: {found}");
    }
    // Whatever stands in its last bits.
    for bits in [0x7ff8_0000_0000_0000, 0xfff8_0000_0000_0001, 0x7ff8_0000_2000_0000] {
        assert!(of(S::from_f64(f64::from_bits(bits))).to_f64().is_nan(), "{name} of NaN");
    }
}

/// `1/(1 + e⁻ˣ)`, and its slope, by an exponential that is at most 1.
fn sigmoid(x: DoubleDouble) -> [DoubleDouble; 2] {
    let one = DoubleDouble::from(1.0);
    let e = if x.high() > 0.0 { -x } else { x }.exp();
    let smaller = e / (one + e);
    let larger = one / (one + e);
    [if x.high() > 0.0 { larger } else { smaller }, smaller * larger]
}

fn every<S: Compile>() {
    // Where it is not so, they are calls.
    if !Level::detected().has_fma() {
        return;
    }
    hold::<S>("exp_m1", ULPS, |x| x.unary(Unary::ExpM1), |x| x.exp_m1());
    hold::<S>("tanh", ULPS, |x| x.unary(Unary::Tanh), |x| x.tanh());
    hold::<S>("sigmoid", ULPS, |x| x.unary(Unary::Sigmoid), |x| sigmoid(x)[0]);
    let slope = |x: DoubleDouble| sigmoid(x)[1];
    hold::<S>("its slope", SLOPE_ULPS, |x| x.binary(Binary::SigmoidSlope, x.sigmoid()), slope);
    let slope = |x: DoubleDouble| DoubleDouble::from(4.0) * sigmoid(x + x)[1];
    hold::<S>("the slope of tanh", SLOPE_ULPS, |x| x.binary(Binary::TanhSlope, x.tanh()), slope);
}

#[test]
fn every_formula_in_f64() {
    every::<f64>();
}

#[test]
fn every_formula_in_f32() {
    every::<f32>();
}
