//! The closed list of operations: what a node can be.
//!
//! This file answers three questions: which ops there are, how many operands each has, and how a
//! person writes it. What an op computes is in `real` and `number`, its derivative in
//! [`rules`](crate::rules).

use std::fmt;

/// Calls a macro with the table of unary functions: variant, method, formula, derivative, domain
/// and policy.
///
/// The same rows make the [`Unary`] enum, the methods of [`Real`](crate::Real) and those of
/// [`Var`](crate::Var), with their documentation.
#[macro_export]
#[doc(hidden)]
macro_rules! unary_functions {
    ($callback:ident) => {
        $callback! {
            Recip, recip, "1/x", "-1/x²", "all x except 0; at 0 the value is infinite";
            Sqrt, sqrt, "√x", "1/(2√x)",
                "x ≥ 0, NaN below; at 0 the derivative is +∞ (−∞ at −0, whose root is −0)";
            Cbrt, cbrt, "∛x", "1/(3 (∛x)²)", "all x; at 0 the derivative is +∞";
            Exp, exp, "eˣ", "eˣ", "all x; +∞ above about 709.78 (f64)";
            Exp2, exp2, "2ˣ", "2ˣ ln 2", "all x";
            ExpM1, exp_m1, "eˣ − 1", "eˣ", "all x; accurate near 0";
            Ln, ln, "ln x", "1/x",
                "x > 0, NaN below; −∞ at 0. Outside the domain the value is NaN and the derivative \
is that of ln|x|";
            Ln1p, ln_1p, "ln(1 + x)", "1/(1 + x)", "x > −1, NaN below; accurate near 0";
            Log2, log2, "log₂ x", "1/(x ln 2)", "as `ln`";
            Log10, log10, "log₁₀ x", "1/(x ln 10)", "as `ln`";
            Sin, sin, "sin x", "cos x", "all finite x, NaN at ±∞";
            Cos, cos, "cos x", "−sin x", "all finite x, NaN at ±∞";
            Tan, tan, "tan x", "1 + tan² x", "all finite x, NaN at ±∞";
            Asin, asin, "arcsin x", "1/√((1 − x)(1 + x))",
                "|x| ≤ 1, NaN outside; at ±1 the derivative is +∞";
            Acos, acos, "arccos x", "−1/√((1 − x)(1 + x))",
                "|x| ≤ 1, NaN outside; at ±1 the derivative is −∞";
            Atan, atan, "arctan x", "1/(1 + x²)", "all x";
            Sinh, sinh, "sinh x", "cosh x", "all x";
            Cosh, cosh, "cosh x", "sinh x", "all x";
            Tanh, tanh, "tanh x", "(1 − tanh x)(1 + tanh x)",
                "all x; where tanh x is near ±1 the derivative is computed from x, and keeps its \
digits";
            Asinh, asinh, "arsinh x", "1/√(x² + 1)", "all x";
            Acosh, acosh, "arcosh x", "1/(√(x − 1) √(x + 1))",
                "x ≥ 1, NaN below; at 1 the derivative is +∞";
            Atanh, atanh, "artanh x", "1/((1 − x)(1 + x))", "|x| < 1; ±∞ at ±1, NaN outside";
            Abs, abs, "|x|", "sign x",
                "all x; the derivative at the kink 0 is 0, the middle of [−1, 1]";
            Signum, signum, "sign x", "0",
                "−1, 0 or 1: unlike `f64::signum`, x itself at ±0; NaN at NaN";
            Floor, floor, "⌊x⌋", "0",
                "all x; piecewise constant, so the derivative is declared 0 at the jumps too";
            Ceil, ceil, "⌈x⌉", "0", "all x; piecewise constant, as `floor`";
            Round, round, "round x", "0", "half away from zero; piecewise constant, as `floor`";
            Trunc, trunc, "trunc x", "0", "toward zero; piecewise constant, as `floor`";
            Sigmoid, sigmoid, "1/(1 + e⁻ˣ)", "y (1 − y), y = sigmoid x",
                "all x; no overflow on either side; where y is near 1 the derivative is computed \
from x, and keeps its digits";
            Softplus, softplus, "ln(1 + eˣ)", "sigmoid x",
                "all x; computed as max(x, 0) + ln(1 + e^−|x|)";
            Relu, relu, "max(x, 0)", "1 if x > 0, else 0",
                "all x; the derivative at the kink 0 is 0; NaN at NaN";
            Erf, erf, "erf x", "2/√π e^(−x²)", "all x";
            Gaussian, gaussian, "e^(−x²)", "−2x e^(−x²)", "all x; x² is not rounded on the way";
            OneMinusSquare, one_minus_square, "1 − x²", "−2x",
                "all x; computed as (1 − x)(1 + x), which keeps its digits near ±1";
            LogSigmoid, log_sigmoid, "ln(1/(1 + e⁻ˣ))", "1 − sigmoid x",
                "all x; computed as min(x, 0) − ln(1 + e^−|x|)";
            Log1mExp, log1mexp, "ln(1 − e⁻ˣ)", "1/(eˣ − 1)",
                "x > 0, NaN below; −∞ at 0. The sign of x is that of R's and JAX's function of \
this name";
            Erfc, erfc, "1 − erf x", "−2/√π e^(−x²)", "all x; accurate where it is small";
            NormPdf, norm_pdf, "φ(x) = e^(−x²/2)/√(2π), the normal distribution's density",
                "−x φ(x)", "all x; x² is not rounded on the way";
            NormCdf, norm_cdf, "Φ(x) = ∫ φ from −∞ to x, the normal distribution", "φ(x)",
                "all x; accurate where it is small";
            NormLogCdf, norm_log_cdf, "ln Φ(x)", "φ(x)/Φ(x)", "all x; accurate on both sides";
            NormLogCdfSlope, norm_log_cdf_slope, "φ(x)/Φ(x), the slope of ln Φ",
                "−v (x + v), v being the value", "all x; accurate where both factors are small";
            NormLogCdfExcess, norm_log_cdf_excess,
                "x + φ(x)/Φ(x), by which the slope of ln Φ is more than −x",
                "1 − v φ(x)/Φ(x), v being the value",
                "all x; accurate where x is far below 0, though its derivative is not: that loses \
as many digits as x² has";
            NormPpf, norm_ppf, "Φ⁻¹(x), the normal distribution's quantile", "1/φ(Φ⁻¹(x))",
                "0 < x < 1; ±∞ at the ends, NaN outside";
            Lgamma, lgamma, "ln |Γ(x)|", "ψ(x)",
                "all x; +∞ at 0 and the negative whole numbers. Accurate near its zeros 1 and 2; near \
those below 0 its error is absolute";
            Digamma, digamma, "ψ(x) = Γ′(x)/Γ(x)", "ψ′(x)",
                "all x but the negative whole numbers, where it is NaN; −∞ at 0, +∞ at −0. Accurate \
near its positive zero; near those below 0 its error is absolute";
            I0e, i0e, "e^(−|x|) I₀(x), I₀ being the modified Bessel function of order 0",
                "e^(−|x|) I₁(x) − sign(x) e^(−|x|) I₀(x), without cancellation",
                "all x; the derivative at the kink 0 is 0, the middle of [−1, 1]";
            I1e, i1e, "e^(−|x|) I₁(x), I₁ being the modified Bessel function of order 1",
                "of e^(−|x|) I₁(x), without cancellation; 1/2 at 0", "all x";
        }
    };
}
#[doc(hidden)]
pub use unary_functions;

/// Calls a macro with the table of binary functions: variant, method, formula, derivatives, domain
/// and policy.
#[macro_export]
#[doc(hidden)]
macro_rules! binary_functions {
    ($callback:ident) => {
        $callback! {
            Powf, powf, "xʸ", "∂x: y xʸ⁻¹, ∂y: xʸ ln x",
                "x > 0, or x ≥ 0 and y > 0, or x < 0 and y an integer, where the derivative by y \
is NaN; at x = 0 and y > 0 the derivative by y is 0";
            Atan2, atan2, "atan2(x, y), the angle of the point (y, x)",
                "∂x: y/(x² + y²), ∂y: −x/(x² + y²)",
                "all finite x, y but the origin, where the derivatives are NaN";
            Hypot, hypot, "√(x² + y²)", "∂x: x/h, ∂y: y/h",
                "all finite x, y, without overflow; at the origin both derivatives are 0, the \
middle of the subdifferential";
            Min, min, "min(x, y)", "1 to the smaller, 0 to the other",
                "all x, y; at a tie each gets 1/2; NaN if either is NaN, unlike `f64::min`";
            Max, max, "max(x, y)", "1 to the larger, 0 to the other",
                "all x, y; at a tie each gets 1/2; NaN if either is NaN, unlike `f64::max`";
            Gt, indicator_gt, "[x > y]: 1 if x > y, else 0", "0",
                "NaN if either is NaN; a number on the tape, not a guard";
            Ge, indicator_ge, "[x ≥ y]: 1 if x ≥ y, else 0", "0",
                "NaN if either is NaN; a number on the tape, not a guard";
            Eq, indicator_eq, "[x = y]: 1 if x = y, else 0", "0",
                "NaN if either is NaN; a number on the tape, not a guard";
            MulNoNan, mul_no_nan, "x·y, and 0 where x = 0 even if y is infinite or NaN", "∂x: y, ∂y: x",
                "the chain rule's product, adjoint times partial: a zero adjoint passes nothing on";
            MulNoNanEither, mul_no_nan_either,
                "x·y, and 0 where x or y is 0, even if the other is infinite or NaN",
                "∂x: y, ∂y: x",
                "the chain rule's product where the partial is that of a choice: what is not \
chosen passes nothing on";
            SigmoidSlope, sigmoid_slope, "sigmoid′ x, y being sigmoid x",
                "∂x: −sigmoid′(x) tanh(x/2), which is all of it: ∂y: 0",
                "all x; y (1 − y) where that loses nothing, else e/(1 + e)² with e = e⁻ˣ";
            TanhSlope, tanh_slope, "tanh′ x, y being tanh x",
                "∂x: −2 tanh′(x) tanh x, which is all of it: ∂y: 0",
                "all x; (1 − y)(1 + y) where that loses nothing, else 4e/(1 + e)² with e = \
e^(−2|x|)";
            HypotSlope, hypot_slope, "x/√(x² + y²)", "with h = √(x² + y²), ∂x: y²/h³, ∂y: −xy/h³",
                "all finite x, y, without overflow; 0 at the origin, where the derivatives are NaN";
            OverSquares, over_squares, "x/(x² + y²)",
                "with h² = x² + y², ∂x: (y² − x²)/h⁴, ∂y: −2xy/h⁴",
                "all finite x, y but the origin, without overflow of the squares";
            PowSlope, pow_slope, "y xʸ⁻¹, the slope of xʸ by x",
                "∂x: y (y − 1) xʸ⁻², ∂y: xʸ⁻¹ (1 + y ln x)", "as `powf`; 0 where y is 0";
            PowCurve, pow_curve, "y (y − 1) xʸ⁻², the slope of that",
                "∂x: y (y − 1) (y − 2) xʸ⁻³, ∂y: xʸ⁻² (2y − 1 + y (y − 1) ln x)",
                "as `powf`; 0 where y is 0 or 1";
            LogAddExp, logaddexp, "ln(eˣ + eʸ)", "∂x: eˣ/(eˣ + eʸ), ∂y: eʸ/(eˣ + eʸ)",
                "all x, y, without overflow; where it crosses 0 its error is that of the larger of \
x and y. The derivatives are NaN if x and y are the same infinity";
            XLogY, xlogy, "x ln y, and 0 where x is 0", "∂x: ln y, ∂y: x/y, and 0 where both are 0",
                "y > 0, or x = 0 and any y";
            DifferenceSigmoid, difference_sigmoid, "1/(1 + e^(y − x)), the sigmoid of x − y",
                "with v the value and w that of y − x, ∂x: v w, ∂y: −v w",
                "all x, y; x − y is not rounded on the way. NaN if x and y are the same infinity";
            NormPpfSlope, norm_ppf_slope, "1/φ(y), y being Φ⁻¹(x)",
                "∂x: y/φ(y)², which is all of it: ∂y: 0",
                "0 < x < 1; computed from x and y, so that it keeps its digits in the tails";
            Polygamma, polygamma, "ψ⁽ʸ⁾(x), the derivative of order y of ψ; SciPy's polygamma(y, x)",
                "∂x: ψ⁽ʸ⁺¹⁾(x), and none by y",
                "whole y from 0 to 170, else NaN; all x but 0 and the negative whole numbers, where \
it is +∞ for odd y and NaN for even";
            I0eDerivative, i0e_derivative, "the derivative of order y of e^(−|x|) I₀(x)",
                "∂x: that of order y + 1, and none by y",
                "whole y from 0 to 64, else NaN; all x; at 0 those of odd order are 0, the middle of \
the jump";
            I1eDerivative, i1e_derivative, "the derivative of order y of e^(−|x|) I₁(x)",
                "∂x: that of order y + 1, and none by y",
                "whole y from 0 to 64, else NaN; all x; at 0 those of even order are 0, the middle \
of the jump";
            PowLn, pow_ln, "xʸ ln x, the slope of xʸ by y", "∂x: xʸ⁻¹ (1 + y ln x), ∂y: xʸ (ln x)²",
                "as `powf`; 0 where xʸ is 0, though ln x is not a number there";
        }
    };
}
#[doc(hidden)]
pub use binary_functions;

macro_rules! define_unary {
    ($(
        $variant:ident, $method:ident, $formula:literal,
        $derivative:literal, $domain:literal;
    )*) => {
        /// A function of one number.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Unary {
            /// `−x`. Derivative: −1.
            Neg,
            $(
                #[doc = concat!(
                    "`", $formula, "`. Derivative: ", $derivative,
                    ". Domain: ", $domain, "."
                )]
                $variant,
            )*
        }

        impl Unary {
            /// Every unary op, in the order of their codes.
            pub const ALL: &'static [Unary] = &[Unary::Neg, $(Unary::$variant),*];

            /// The name in listings, paths and files: `neg`, `exp`, `sigmoid`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { Unary::Neg => "neg", $(Unary::$variant => stringify!($method)),* }
            }

            pub const fn from_code(code: u8) -> Option<Self> {
                // A chain of equalities that the optimiser folds into one range check.
                if code == Unary::Neg as u8 { return Some(Unary::Neg); }
                $(if code == Unary::$variant as u8 { return Some(Unary::$variant); })*
                None
            }
        }

        /// Runs `$body` with the constant `$k` set to the op that `$op` holds, one copy of the body
        /// per op, so that each copy's inner match folds away.
        #[macro_export]
        #[doc(hidden)]
        macro_rules! dispatch_unary {
            ($op:expr, $k:ident => $body:expr) => {
                match $op {
                    $crate::op::Unary::Neg => {
                        const $k: $crate::op::Unary = $crate::op::Unary::Neg;
                        $body
                    }
                    $($crate::op::Unary::$variant => {
                        const $k: $crate::op::Unary = $crate::op::Unary::$variant;
                        $body
                    })*
                }
            };
        }
        #[doc(hidden)]
        pub use dispatch_unary;
    };
}

macro_rules! define_binary {
    ($(
        $variant:ident, $method:ident, $formula:literal,
        $derivative:literal, $domain:literal;
    )*) => {
        /// A function of two numbers.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Binary {
            /// `x + y`. Derivatives: 1, 1.
            Add,
            /// `x − y`. Derivatives: 1, −1.
            Sub,
            /// `x y`. Derivatives: y, x.
            Mul,
            /// `x / y`. Derivatives: 1/y, −(x/y)/y.
            Div,
            /// `x % y = x − n y` with an integer n, the sign of x. Derivatives: 1, −n, the n of
            /// that value.
            Rem,
            /// `xⁿ` for an integer n. Derivatives: n xⁿ⁻¹, and none by n.
            Powi,
            $(
                #[doc = concat!(
                    "`", $formula, "`. Derivatives: ", $derivative,
                    ". Domain: ", $domain, "."
                )]
                $variant,
            )*
        }

        impl Binary {
            /// Every binary op, in the order of their codes.
            pub const ALL: &'static [Binary] = &[
                Binary::Add, Binary::Sub, Binary::Mul, Binary::Div, Binary::Rem, Binary::Powi,
                $(Binary::$variant),*
            ];

            /// The name in listings, paths and files: `add`, `mul`, `powf`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    Binary::Add => "add", Binary::Sub => "sub", Binary::Mul => "mul",
                    Binary::Div => "div", Binary::Rem => "rem", Binary::Powi => "powi",
                    $(Binary::$variant => stringify!($method)),*
                }
            }

            /// Whether the second operand is an integer, by which there is no derivative.
            #[must_use]
            pub const fn takes_an_integer(self) -> bool {
                matches!(
                    self,
                    Binary::Powi
                        | Binary::Polygamma
                        | Binary::I0eDerivative
                        | Binary::I1eDerivative
                )
            }

            pub const fn from_code(code: u8) -> Option<Self> {
                let mut i = 0;
                while i < Binary::ALL.len() {
                    if code == Binary::ALL[i] as u8 { return Some(Binary::ALL[i]); }
                    i += 1;
                }
                None
            }
        }

        /// As `dispatch_unary`, for two operands.
        #[macro_export]
        #[doc(hidden)]
        macro_rules! dispatch_binary {
            ($op:expr, $k:ident => $body:expr) => {
                match $op {
                    $crate::op::Binary::Add => {
                        const $k: $crate::op::Binary = $crate::op::Binary::Add;
                        $body
                    }
                    $crate::op::Binary::Sub => {
                        const $k: $crate::op::Binary = $crate::op::Binary::Sub;
                        $body
                    }
                    $crate::op::Binary::Mul => {
                        const $k: $crate::op::Binary = $crate::op::Binary::Mul;
                        $body
                    }
                    $crate::op::Binary::Div => {
                        const $k: $crate::op::Binary = $crate::op::Binary::Div;
                        $body
                    }
                    $crate::op::Binary::Rem => {
                        const $k: $crate::op::Binary = $crate::op::Binary::Rem;
                        $body
                    }
                    $crate::op::Binary::Powi => {
                        const $k: $crate::op::Binary = $crate::op::Binary::Powi;
                        $body
                    }
                    $($crate::op::Binary::$variant => {
                        const $k: $crate::op::Binary = $crate::op::Binary::$variant;
                        $body
                    })*
                }
            };
        }
        #[doc(hidden)]
        pub use dispatch_binary;
    };
}

unary_functions!(define_unary);
binary_functions!(define_binary);

/// A node that nothing on the tape computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Leaf {
    /// A number that changes from run to run and can be differentiated by.
    Input,
    /// A number that training changes, kept in one contiguous block.
    Param,
    /// A number that changes from run to run and that no derivative is taken by: features, targets.
    Data,
    /// A number that never changes.
    Const,
}

impl Leaf {
    /// The name in listings, paths and files: `input`, `param`, `data`, `const`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Leaf::Input => "input",
            Leaf::Param => "param",
            Leaf::Data => "data",
            Leaf::Const => "const",
        }
    }
}

/// Calls a macro with the table of structural operations: variant, file in `structural`, name,
/// formula, derivative, domain and policy.
///
/// The rows make the [`Structural`] enum; everything else that there is to say of an operation is
/// in its file.
#[macro_export]
#[doc(hidden)]
macro_rules! structural_functions {
    ($callback:ident) => {
        $callback! {
            Affine, affine, "affine", "b + Σᵢ wᵢ xᵢ", "∂b: 1, ∂w: x, ∂x: w",
                "operands bias, weights `[n]` or `[m, n]`, inputs `[n]` or `[rows, n]`; summed \
from the bias in input order";
            MatMul, matmul, "matmul", "A B", "∂A: Ḡ Bᵀ, ∂B: Aᵀ Ḡ",
                "the matrix product of the last two axes, NumPy's `matmul`: a vector is a row on \
the left, a column on the right; leading axes broadcast";
            Sum, sum, "sum", "Σ x", "1 by every element", "over some axes, which are dropped";
            Max, extremum, "max_over", "max x",
                "1 by the largest element, shared equally at a tie; 0 by the others",
                "over some axes, which are dropped; NaN if one element is NaN";
            Min, extremum, "min_over", "min x",
                "1 by the smallest element, shared equally at a tie; 0 by the others",
                "over some axes, which are dropped; NaN if one element is NaN";
            LogSumExp, log_sum_exp, "log_sum_exp", "ln Σ eˣ", "e^(x − result), the softmax",
                "over some axes, which are dropped; without overflow";
            CumSum, cumsum, "cumsum", "Σⱼ≤ᵢ xⱼ", "1 by every element that was taken in",
                "along one axis, from its start";
            CumSumBack, cumsum, "cumsum_back", "Σⱼ≥ᵢ xⱼ", "1 by every element that was taken in",
                "along one axis, from its end";
            CumProd, cumprod, "cumprod", "Πⱼ≤ᵢ xⱼ",
                "by every element that was taken in, the product of the others",
                "along one axis, from its start; nothing is divided, so the derivative is right \
where elements are zero";
            Concat, concat, "concat", "[x, y, ..]", "1",
                "operands joined along an axis; their other extents are equal";
            Stack, stack, "stack", "[x, y, ..]", "1",
                "operands of one shape along a new first axis";
            Contiguous, contiguous, "contiguous", "x", "1",
                "the same elements, moved into a contiguous run";
            Gather, gather, "gather", "x[pᵢ]", "1 by the element picked",
                "elements picked by their row-major positions";
            ScatterAdd, scatter_add, "scatter_add", "Σ x[i] at pᵢ", "1",
                "a run's elements added into a run of zeros, at row-major positions";
            Select, select, "select", "cond ≠ 0 ? a : b",
                "1 by what was chosen, 0 by the other; 0 by cond",
                "elementwise, after broadcasting";
            Tril, triangle, "tril", "x on and below the diagonal, else 0", "1 by what is kept",
                "matrices in the last two axes";
            Triu, triangle, "triu", "x on and above the diagonal, else 0", "1 by what is kept",
                "matrices in the last two axes";
            SolveLower, solve_triangular, "solve_lower", "A⁻¹ B, A lower triangular",
                "∂B: A⁻ᵀ X̄, ∂A: the triangle of −B̄ Xᵀ",
                "square A, of which the lower triangle is read, and B with as many rows; leading \
axes count matrices; a diagonal without zeros";
            SolveUpper, solve_triangular, "solve_upper", "A⁻¹ B, A upper triangular",
                "∂B: A⁻ᵀ X̄, ∂A: the triangle of −B̄ Xᵀ",
                "square A, of which the upper triangle is read, and B with as many rows; leading \
axes count matrices; a diagonal without zeros";
            Cholesky, cholesky, "cholesky", "L, lower triangular, with L Lᵀ = A",
                "∂A: Φ(L⁻ᵀ (Φ(P) + Φ(P)ᵀ) L⁻¹) with P = Lᵀ L̄, Φ the lower triangle with half of \
the diagonal",
                "positive definite A, of which the lower triangle is read; leading axes count \
matrices";
            CholeskyBack, cholesky_back, "cholesky_back",
                "Φ(L⁻ᵀ (Φ(P) + Φ(P)ᵀ) L⁻¹) with P = Lᵀ G, the reverse rule of `cholesky`",
                "linear in G", "lower triangular L and G, of one shape";
            Solve, lu, "solve", "A⁻¹ B", "∂B: A⁻ᵀ X̄, ∂A: −B̄ Xᵀ",
                "square A that is not singular, and B with as many rows; leading axes count \
 matrices; by elimination with row pivots";
            LogAbsDet, lu, "log_abs_det", "ln |det A|", "A⁻ᵀ",
                "square A that is not singular; leading axes count matrices";
            DetSign, lu, "det_sign", "the sign of det A", "0",
                "square A that is not singular; leading axes count matrices";
            Lstsq, lstsq, "lstsq", "A⁺ B", "∂B: A⁺ᵀ X̄, ∂A: −B̄ Xᵀ and what the residual adds",
                "A of full rank, and B with as many rows; leading axes count matrices; by \
 Householder's reflections";
            SortBy, sort_by, "sort_by", "the values in the order of their keys",
                "by values 1 at each one's place; 0 by keys",
                "keys and values of one shape, along one axis; NaN if one key is NaN";
            UnsortBy, sort_by, "unsort_by", "the values back where a sort by the keys took them from",
                "by values 1 at each one's place; 0 by keys",
                "keys and values of one shape, along one axis; NaN if one key is NaN";
            Take, take, "take", "x[⌊iₖ⌋]", "1 by the rows that are taken, 0 by i",
                "rows, picked by computed numbers; a number that says no row gives NaN";
            TakeBack, take, "take_back", "Σ gₖ at ⌊iₖ⌋", "1",
                "rows added up in the places that they were taken from";
            Call, call, "call", "f(x, ..)", "that of f, or the one that was given for it",
                "a function recorded as a body, called as one step";
            Scan, scan, "scan", "sₜ₊₁, yₜ = f(sₜ, xₜ, p) for t = 0, 1, ..",
                "cotangents are carried back through the steps",
                "a body recorded once and run a number of times; the result is the last states, \
then the rows that were collected";
            Cond, cond, "cond", "c ≠ 0 ? f(x, ..) : g(x, ..)",
                "that of the body which is run; 0 by c",
                "two bodies of the same inputs and outputs, of which one is run";
            Root, root, "root", "x with f(x, θ) = 0",
                "by θ: −J⁻¹ ∂f/∂θ with J = ∂f/∂x; 0 by the start",
                "a start of Newton's method, and what f depends on; J not singular at the root";
            External, external, "external", "f(x, ..)", "the one that was given for it; no second",
                "a function of plain numbers, called as one step";
        }
    };
}
#[doc(hidden)]
pub use structural_functions;

macro_rules! define_structural {
    ($(
        $variant:ident, $file:ident, $name:literal,
        $formula:literal, $derivative:literal, $domain:literal;
    )*) => {
        /// An operation on whole runs that is not elementwise.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Structural {
            $(
                #[doc = concat!(
                    "`", $formula, "`. Derivative: ", $derivative,
                    ". Domain: ", $domain, "."
                )]
                $variant,
            )*
        }

        impl Structural {
            /// Every structural op.
            pub const ALL: &'static [Structural] = &[$(Structural::$variant),*];

            /// The name in listings, paths and files: `affine`, `matmul`, `sum`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Structural::$variant => $name),* }
            }

            /// The formula, as text.
            #[must_use]
            pub const fn formula(self) -> &'static str {
                match self { $(Structural::$variant => $formula),* }
            }

            /// Whether it runs a function that stands in its attributes: what it computes is not
            /// known by its name.
            #[must_use]
            pub const fn runs_a_body(self) -> bool {
                matches!(
                    self,
                    Structural::Call
                        | Structural::Scan
                        | Structural::Cond
                        | Structural::Root
                        | Structural::External
                )
            }
        }
    };
}
structural_functions!(define_structural);

impl fmt::Display for Structural {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a node computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// Nothing: a number given from outside.
    Leaf(Leaf),
    /// A function of one number, applied to every element.
    Unary(Unary),
    /// A function of two numbers, applied to every pair of elements after broadcasting.
    Binary(Binary),
    /// An operation on whole runs.
    Structural(Structural),
}

impl Op {
    /// The name in listings, paths and files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Op::Leaf(leaf) => leaf.name(),
            Op::Unary(op) => op.name(),
            Op::Binary(op) => op.name(),
            Op::Structural(op) => op.name(),
        }
    }

    /// Whether nothing on the tape computes this node.
    #[must_use]
    pub const fn is_leaf(self) -> bool {
        matches!(self, Op::Leaf(_))
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A comparison between recorded values, as a guard records it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `==`
    Eq,
}

impl Comparison {
    /// The outcome for two numbers, with IEEE's rules (any comparison with NaN is false).
    #[must_use]
    pub fn holds<T: PartialOrd>(self, a: &T, b: &T) -> bool {
        match self {
            Comparison::Lt => a < b,
            Comparison::Le => a <= b,
            Comparison::Gt => a > b,
            Comparison::Ge => a >= b,
            Comparison::Eq => a == b,
        }
    }

    /// The symbol a programmer writes.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Comparison::Lt => "<",
            Comparison::Le => "<=",
            Comparison::Gt => ">",
            Comparison::Ge => ">=",
            Comparison::Eq => "==",
        }
    }
}
