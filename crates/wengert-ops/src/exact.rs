//! What every elementary function computes in `Exact` numerics, as free functions: what a program
//! that is written as Rust (`Program::to_rust_with`) calls where it is to have the program's bits.
//!
//! Each is [`Real`](crate::real::Real)'s method of that name, to the bit. `f64` has those of that
//! type, `f32` those of the other.
//!
//! ```
//! assert_eq!(wengert::exact::f64::sigmoid(0.0), 0.5);
//! ```

macro_rules! exact {
    ($($number:ident)*) => {$(
        #[doc = concat!("Of `", stringify!($number), "`.")]
        pub mod $number {
            use crate::op::{Binary, Unary};
            use crate::real::Real;

            exact! { $number, (x),
                Cbrt cbrt, Exp exp, Exp2 exp2, ExpM1 exp_m1, Ln ln, Ln1p ln_1p, Log2 log2,
                Log10 log10, Sin sin, Cos cos, Tan tan, Asin asin, Acos acos, Atan atan, Sinh sinh,
                Cosh cosh, Tanh tanh, Asinh asinh, Acosh acosh, Atanh atanh, Sigmoid sigmoid,
                Softplus softplus, Erf erf, Gaussian gaussian, LogSigmoid log_sigmoid,
                Log1mExp log1mexp, Erfc erfc, NormPdf norm_pdf, NormCdf norm_cdf,
                NormLogCdf norm_log_cdf, NormLogCdfSlope norm_log_cdf_slope,
                NormLogCdfExcess norm_log_cdf_excess, NormPpf norm_ppf,
                Lgamma lgamma, Digamma digamma, I0e i0e, I1e i1e
            }
            exact! { $number, (x, y),
                Powf powf, Atan2 atan2, Hypot hypot, SigmoidSlope sigmoid_slope,
                TanhSlope tanh_slope, HypotSlope hypot_slope, OverSquares over_squares,
                PowSlope pow_slope, PowCurve pow_curve, PowLn pow_ln, LogAddExp logaddexp, XLogY xlogy,
                DifferenceSigmoid difference_sigmoid, NormPpfSlope norm_ppf_slope,
                Polygamma polygamma, I0eDerivative i0e_derivative, I1eDerivative i1e_derivative
            }
        }
    )*};
    ($number:ident, (x), $($op:ident $name:ident),*) => {$(
        #[doc = concat!("[`Unary::", stringify!($op), "`]")]
        #[inline]
        #[must_use]
        pub fn $name(x: $number) -> $number {
            x.unary(Unary::$op)
        }
    )*};
    ($number:ident, (x, y), $($op:ident $name:ident),*) => {$(
        #[doc = concat!("[`Binary::", stringify!($op), "`]")]
        #[inline]
        #[must_use]
        pub fn $name(x: $number, y: $number) -> $number {
            x.binary(Binary::$op, y)
        }
    )*};
}
exact!(f64 f32);
