//! The vector forms against `libm`, at the numbers where a formula may have a seam.
use super::*;
use crate::op::Unary;
use crate::simd::Level;
#[test]
fn special_numbers_are_as_libm_says() {
    for level in Level::available() {
        for &op in Unary::ALL {
            let x: Vec<f64> = [
                -3.0,
                -0.0,
                0.0,
                1e-310,
                0.5,
                1.0,
                2.0,
                100.0,
                f64::INFINITY,
                f64::NEG_INFINITY,
                f64::NAN,
                -1.0,
                -800.0,
                800.0,
            ]
            .to_vec();
            let mut out = vec![0.0; x.len()];
            if map(op, level, &x, &mut out) {
                let exact: Vec<f64> = x.iter().map(|&x| crate::Real::unary(x, op)).collect();
                for (&out, &exact) in out.iter().zip(&exact) {
                    let close = (out - exact).abs() <= exact.abs() * 4.0 * f64::EPSILON;
                    assert!(
                        out.to_bits() == exact.to_bits() || close || (out.is_nan() && exact.is_nan()),
                        "{level:?} {op:?}: {out} {exact}"
                    );
                }
            }
        }
    }
}
