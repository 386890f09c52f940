//! Written by the test `the_committed_texts_are_those_that_are_written`.

/// Written by Wengert from a tape of 166 nodes: change what was recorded and write it anew, not
/// this.
///
/// - `x`
/// - `y`
///
/// Returns `sum of all`, the gradient of `sum of all` by `x`, the gradient of `sum of all` by `y`.
/// Elementary functions are those of `wengert::exact::f64`, every operation is rounded in the
/// program's order.
#[allow(clippy::all, unused_variables, unused_assignments, reason = "written so")]
pub(crate) fn functions(x: f64, y: f64) -> [f64; 3] {
    use wengert::exact::f64::{
        acos, acosh, asin, asinh, atan, atan2, atanh, cbrt, cos, cosh, difference_sigmoid, erf,
        erfc, exp, exp2, exp_m1, gaussian, hypot, hypot_slope, ln, ln_1p, log10, log1mexp, log2,
        log_sigmoid, logaddexp, norm_cdf, norm_log_cdf, norm_log_cdf_excess, norm_log_cdf_slope,
        norm_pdf, norm_ppf, norm_ppf_slope, over_squares, pow_curve, pow_ln, pow_slope, powf,
        sigmoid, sigmoid_slope, sin, sinh, softplus, tan, tanh, tanh_slope, xlogy,
    };

    /// 1 if x = y, else 0, and NaN where either is NaN.
    fn indicator_eq(x: f64, y: f64) -> f64 {
        if x == y { 1.0 } else if x < y || x > y { 0.0 } else { x + y }
    }

    /// 1 if x >= y, else 0, and NaN where either is NaN.
    fn indicator_ge(x: f64, y: f64) -> f64 {
        if x >= y { 1.0 } else if x < y { 0.0 } else { x + y }
    }

    /// 1 if x > y, else 0, and NaN where either is NaN.
    fn indicator_gt(x: f64, y: f64) -> f64 {
        if x > y { 1.0 } else if x <= y { 0.0 } else { x + y }
    }

    /// The larger, and NaN where either is NaN.
    fn max(x: f64, y: f64) -> f64 {
        if x > y { x } else if y >= x { y } else { x + y }
    }

    /// The smaller, and NaN where either is NaN.
    fn min(x: f64, y: f64) -> f64 {
        if x < y { x } else if y <= x { y } else { x + y }
    }

    /// The chain rule's product: a zero adjoint passes nothing on, not even times an infinity.
    #[inline(always)]
    fn mul_no_nan(adjoint: f64, partial: f64) -> f64 {
        if adjoint == 0.0 { adjoint } else { adjoint * partial }
    }

    /// The chain rule's product where the partial is that of a choice: what was not chosen passes
    /// nothing on.
    #[inline(always)]
    fn mul_no_nan_either(adjoint: f64, partial: f64) -> f64 {
        if adjoint == 0.0 {
            adjoint
        } else if partial == 0.0 {
            partial
        } else {
            adjoint * partial
        }
    }

    /// xⁿ for an integer n.
    fn powi(x: f64, n: f64) -> f64 {
        if n == 2.0 { x * x } else if n == 1.0 { x } else { powf(x, n) }
    }

    /// max(x, 0), and NaN where x is NaN.
    fn relu(x: f64) -> f64 {
        if x <= 0.0 { 0.0 } else { x }
    }

    /// The sign of x; x itself where x is 0 or NaN.
    fn signum(x: f64) -> f64 {
        if x > 0.0 { 1.0 } else if x < 0.0 { -1.0 } else { x }
    }


    // The reverse sweep: d_x is the adjoint of x.
    let d_v92_part_from = [2.0, -3.0, 1.0];
    let mut d_v92_part = [0.0; 3];
    for i in 0..3 {
        d_v92_part[i] = d_v92_part_from[i] - 1.0;
    }
    let v2 = -x;
    let v3 = 1.0 / x;
    let v4 = x.sqrt();
    let v5 = cbrt(x);
    let v6 = exp(x);
    let v7 = exp2(x);
    let v9 = ln(x);
    let v13 = sin(x);
    let v14 = cos(x);
    let v15 = tan(x);
    let v19 = sinh(x);
    let v20 = cosh(x);
    let v21 = tanh(x);
    let v24 = x + 1.0;
    let v28 = signum(x);
    let v33 = sigmoid(x);
    let v37 = gaussian(x);
    let v38 = (1.0 - x) * (1.0 + x);
    let v42 = norm_pdf(x);
    let v45 = norm_log_cdf_slope(x);
    let v46 = norm_log_cdf_excess(x);
    let v47 = norm_ppf(x);
    let v48 = x + y;
    let v50 = x * y;
    let v51 = x / y;
    let v52 = x % y;
    let v55 = powf(x, y);
    let v57 = hypot(x, y);
    let v60 = indicator_gt(x, y);
    let v61 = indicator_ge(x, y);
    let v66 = sigmoid_slope(x, v33);
    let v68 = tanh_slope(x, v21);
    let v69 = hypot_slope(x, y);
    let v70 = over_squares(x, y);
    let v71 = pow_slope(x, y);
    let v72 = pow_curve(x, y);
    let v75 = difference_sigmoid(x, y);
    let v76 = norm_ppf_slope(x, y);
    let v77 = pow_ln(x, y);
    let v79 = x * x;
    let v88 = x * 2.0;
    let v110 = v2 + v3 + v4 + v5 + v6 + v7 + exp_m1(x) + v9 + ln_1p(x) + log2(x);
    let v117 = v110 + log10(x) + v13 + v14 + v15 + asin(x) + acos(x) + atan(x);
    let v124 = v117 + v19 + v20 + v21 + asinh(x) + acosh(v24) + atanh(x) + x.abs();
    let v130 = v124 + v28 + x.floor() + x.ceil() + x.round() + x.trunc() + v33;
    let v136 = v130 + softplus(x) + relu(x) + erf(x) + v37 + v38 + log_sigmoid(x);
    let v141 = v136 + log1mexp(x) + erfc(x) + v42 + norm_cdf(x) + norm_log_cdf(x);
    let v150 = v141 + v45 + v46 + v47 + v48 + (x - y) + v50 + v51 + v52 + powf(x, 3.0);
    let v157 = v150 + v55 + atan2(x, y) + v57 + min(x, y) + max(x, y) + v60 + v61;
    let v160 = v157 + indicator_eq(x, y) + mul_no_nan(x, y) + mul_no_nan_either(x, y);
    let v168 = v160 + v66 + v68 + v69 + v70 + v71 + v72 + logaddexp(x, y) + xlogy(x, y);
    let v86 = v79 + v48 * v48 + (if v60 != 0.0 { v50 } else { y });
    let v172 = v168 + v75 + v76 + v77 + v86;
    let d_v84 = if v60 != 0.0 { 1.0 } else { -0.0 };
    let d_v80 = 2.0 * v48;
    let d_v24 = 1.0 / ((v24 - 1.0).sqrt() * (v24 + 1.0).sqrt());
    let d_y_part = if v60 != 0.0 { -0.0 } else { 1.0 };
    let d_y_part_2 = mul_no_nan(d_v84, x);
    let d_y_part_3 = mul_no_nan(v77, v9);
    let d_y_part_4 = x / (y + indicator_eq(x, 0.0) * indicator_eq(y, 0.0));
    let d_y_part_5 = (2.0 * y - 1.0) * powf(x, y - 2.0) + mul_no_nan(v72, v9);
    let d_y_part_6 = over_squares(y, x);
    let d_y_part_7 = -2.0 * (v70 * d_y_part_6);
    let d_y_part_8 = (indicator_gt(y, x) + indicator_ge(y, x)) * 0.5;
    let d_y_part_9 = -v70;
    let d_y_part_10 = -((x - v52) / y).round();
    let d_x_part = mul_no_nan(d_v84, y);
    let d_x_part_2 = 2.0 * x;
    let d_x_part_3 = indicator_gt(0.5, y);
    let d_x_part_4 = mul_no_nan(1.0 - d_x_part_3, v71 / (y + d_x_part_3));
    let d_x_part_5 = mul_no_nan(d_x_part_3, v55 / x) + d_x_part_4 + mul_no_nan(v71, v9);
    let d_x_part_6 = y * v76 * v76;
    let d_x_part_7 = difference_sigmoid(y, x);
    let d_x_part_8 = v75 * d_x_part_7;
    let d_y_part_11 = -d_x_part_8;
    let d_x_part_9 = ln(y);
    let d_x_part_10 = mul_no_nan(y, pow_curve(x, y - 1.0));
    let d_x_part_11 = (y - x) / v57 / v57 * (v48 / v57 / v57);
    let d_x_part_12 = hypot_slope(y, x);
    let d_y_part_12 = -(v69 * d_x_part_12 / v57);
    let d_x_part_13 = d_x_part_12 * d_x_part_12 / v57;
    let d_x_part_14 = -2.0 * (v68 * v21);
    let d_x_part_15 = -(v66 * tanh(x * 0.5));
    let d_x_part_16 = (v60 + v61) * 0.5;
    let d_x_part_17 = 3.0 * v79;
    let d_x_part_18 = 1.0 / y;
    let d_y_part_13 = mul_no_nan_either(d_x_part_18, -v51);
    let d_x_part_19 = norm_ppf_slope(x, v47);
    let d_x_part_20 = mul_no_nan(v45, v46);
    let d_x_part_21 = 1.0 - d_x_part_20;
    let d_x_part_22 = -d_x_part_20;
    let d_x_part_23 = -mul_no_nan(v42, x);
    let d_x_part_24 = 1.1283791670955126 * v37;
    let d_x_part_25 = -d_x_part_24;
    let d_x_part_26 = exp(v2) / -exp_m1(v2);
    let d_x_part_27 = sigmoid(v2);
    let d_x_part_28 = -2.0 * x;
    let d_x_part_29 = -2.0 * mul_no_nan(v37, x);
    let d_x_part_30 = indicator_gt(x, 0.0);
    let d_x_part_31 = 1.0 / v38;
    let d_x_part_32 = 1.0 / hypot(x, 1.0);
    let d_x_part_33 = over_squares(1.0, x);
    let d_x_part_34 = 1.0 / v38.sqrt();
    let d_x_part_35 = -d_x_part_34;
    let d_x_part_36 = 1.0 + v15 * v15;
    let d_x_part_37 = -v13;
    let d_x_part_38 = 0.4342944819032518 / x;
    let d_x_part_39 = 1.4426950408889634 / x;
    let d_x_part_40 = 1.0 / v24;
    let d_x_part_41 = v7 * 0.6931471805599453;
    let d_x_part_42 = 1.0 / (3.0 * (v5 * v5));
    let d_x_part_43 = 0.5 / v4;
    let d_x_part_44 = mul_no_nan_either(-v3, v3);
    let v92_from = [x, v88, y];
    let mut v98 = [0.0; 3];
    let mut d_v92 = [0.0; 3];
    for i in 0..3 {
        let v92 = 0.0 + v92_from[i];
        v98[i] = powi(v92, d_v92_part_from[i]);
        d_v92[i] = mul_no_nan(d_v92_part_from[i], powi(v92, d_v92_part[i]));
    }
    let sum_of_all = v172 + (v98[0] + v98[1] + v98[2]);
    let d_y_part_14 = d_v92[2] + d_y_part + d_y_part_2 + d_v80 + d_y_part_3 + d_y_part_11;
    let d_y_part_15 = d_y_part_14 + d_y_part_4 + d_x_part_7 + d_y_part_5 + d_x_part_5;
    let d_y_part_16 = d_y_part_15 + d_y_part_7 + d_y_part_12 + x + x + d_y_part_8 + d_x_part_16;
    let d_y_part_17 = d_y_part_16 + d_x_part_12 + d_y_part_9 + v77 + d_y_part_10 + d_y_part_13;
    let d_y = d_y_part_17 + x - 1.0 + 1.0;
    let d_x_part_45 = d_v92[0] + mul_no_nan(d_v92[1], 2.0) + d_x_part + d_v80 + d_x_part_2;
    let d_x_part_46 = d_x_part_45 + d_x_part_5 + d_x_part_6 + d_x_part_8 + d_x_part_9;
    let d_x_part_47 = d_x_part_46 + v75 + d_x_part_10 + v72 + d_x_part_11 + d_x_part_13;
    let d_x_part_48 = d_x_part_47 + d_x_part_14 + d_x_part_15 + y + y + d_x_part_16;
    let d_x_part_49 = d_x_part_48 + d_y_part_8 + v69 + d_y_part_6 + v71 + d_x_part_17;
    let d_x_part_50 = d_x_part_49 + 1.0 + d_x_part_18 + y + 1.0 + 1.0 + d_x_part_19;
    let d_x_part_51 = d_x_part_50 + d_x_part_21 + d_x_part_22 + v45 + v42 + d_x_part_23;
    let d_x_part_52 = d_x_part_51 + d_x_part_25 + d_x_part_26 + d_x_part_27 + d_x_part_28;
    let d_x_part_53 = d_x_part_52 + d_x_part_29 + d_x_part_24 + d_x_part_30 + v33 + v66;
    let d_x_part_54 = d_x_part_53 + v28 + d_x_part_31 + d_v24 + d_x_part_32 + v68 + v19;
    let d_x_part_55 = d_x_part_54 + v20 + d_x_part_33 + d_x_part_35 + d_x_part_34 + d_x_part_36;
    let d_x_part_56 = d_x_part_55 + d_x_part_37 + v14 + d_x_part_38 + d_x_part_39 + d_x_part_40;
    let d_x_part_57 = d_x_part_56 + v3 + v6 + d_x_part_41 + v6 + d_x_part_42 + d_x_part_43;
    let d_x = d_x_part_57 + d_x_part_44 - 1.0;
    [sum_of_all, d_x + 0.0, d_y + 0.0]
}

/// Written by Wengert from a tape of 75 nodes: change what was recorded and write it anew, not
/// this.
///
/// - `x`
/// - `y`
/// - `all`, shape `[60]`: gets the values of `all`
///
/// Elements are in row-major order. Elementary functions are the platform's, every other operation
/// is rounded in the program's order.
#[allow(clippy::all, unused_variables, unused_assignments, reason = "written so")]
pub(crate) fn of_platform(x: f64, y: f64, all: &mut [f64; 60]) {
    /// e^(-x²): x = a + b, where a has so few bits that a² is exact, and x² = a² + b (x + a).
    fn gaussian(x: f64) -> f64 {
        if x.abs() > 30.0 {
            return 0.0;
        }
        let a = f64::from_bits(x.to_bits() & !((1 << 27) - 1));
        (-(a * a)).exp() * ((a - x) * (x + a)).exp()
    }

    /// x/√(x² + y²), and 0 at the origin.
    fn hypot_slope(x: f64, y: f64) -> f64 {
        if x == 0.0 && y == 0.0 {
            return x;
        }
        let (x, h, _) = scaled(x, y);
        x / h
    }

    /// 1 if x = y, else 0, and NaN where either is NaN.
    fn indicator_eq(x: f64, y: f64) -> f64 {
        if x == y { 1.0 } else if x < y || x > y { 0.0 } else { x + y }
    }

    /// 1 if x >= y, else 0, and NaN where either is NaN.
    fn indicator_ge(x: f64, y: f64) -> f64 {
        if x >= y { 1.0 } else if x < y { 0.0 } else { x + y }
    }

    /// 1 if x > y, else 0, and NaN where either is NaN.
    fn indicator_gt(x: f64, y: f64) -> f64 {
        if x > y { 1.0 } else if x <= y { 0.0 } else { x + y }
    }

    /// The larger, and NaN where either is NaN.
    fn max(x: f64, y: f64) -> f64 {
        if x > y { x } else if y >= x { y } else { x + y }
    }

    /// The smaller, and NaN where either is NaN.
    fn min(x: f64, y: f64) -> f64 {
        if x < y { x } else if y <= x { y } else { x + y }
    }

    /// The chain rule's product: a zero adjoint passes nothing on, not even times an infinity.
    #[inline(always)]
    fn mul_no_nan(adjoint: f64, partial: f64) -> f64 {
        if adjoint == 0.0 { adjoint } else { adjoint * partial }
    }

    /// The chain rule's product where the partial is that of a choice: what was not chosen passes
    /// nothing on.
    #[inline(always)]
    fn mul_no_nan_either(adjoint: f64, partial: f64) -> f64 {
        if adjoint == 0.0 {
            adjoint
        } else if partial == 0.0 {
            partial
        } else {
            adjoint * partial
        }
    }

    /// x/(x² + y²)
    fn over_squares(x: f64, y: f64) -> f64 {
        let (x, h, scale) = scaled(x, y);
        x / h / h * scale
    }

    /// y (y - 1) xʸ⁻²
    fn pow_curve(x: f64, y: f64) -> f64 {
        let factor = y * (y - 1.0);
        if factor == 0.0 {
            factor
        } else if y < 1.0 && x != 0.0 && x.is_finite() {
            factor * x.powf(y) / x / x
        } else {
            factor * x.powf(y - 2.0)
        }
    }

    /// xʸ ln x, and 0 where xʸ is 0.
    fn pow_ln(x: f64, y: f64) -> f64 {
        let power = x.powf(y);
        if power == 0.0 { power } else { power * x.ln() }
    }

    /// y xʸ⁻¹. Below 1/2, y - 1 is rounded, and that counts ln x times in a power.
    fn pow_slope(x: f64, y: f64) -> f64 {
        if y == 0.0 {
            y
        } else if y < 0.5 && x != 0.0 && x.is_finite() {
            y * x.powf(y) / x
        } else {
            y * x.powf(y - 1.0)
        }
    }

    /// max(x, 0), and NaN where x is NaN.
    fn relu(x: f64) -> f64 {
        if x <= 0.0 { 0.0 } else { x }
    }

    /// A point scaled so that its distance from the origin is a normal number: x, the distance, the
    /// scale.
    fn scaled(x: f64, y: f64) -> (f64, f64, f64) {
        const UP: f64 = 2.582249878086909e120;
        let h = x.hypot(y);
        if h < UP.recip() {
            return (x * UP, (x * UP).hypot(y * UP), UP);
        }
        if h == f64::INFINITY && x.is_finite() && y.is_finite() {
            return (x * 0.25, (x * 0.25).hypot(y * 0.25), 0.25);
        }
        (x, h, 1.0)
    }

    /// 1/(1 + e⁻ˣ)
    fn sigmoid(x: f64) -> f64 {
        // Where e⁻ˣ overflows, it is eˣ to the last bit.
        if x < -709.0 { x.exp() } else { 1.0 / (1.0 + (-x).exp()) }
    }

    /// The slope of the sigmoid at x, where it is y.
    fn sigmoid_slope(x: f64, y: f64) -> f64 {
        // y (1 - y) while the rounding of y does not show in 1 - y.
        if y <= 0.75 {
            return y * (1.0 - y);
        }
        let e = (-x).exp();
        let sum = 1.0 + e;
        e / (sum * sum)
    }

    /// The sign of x; x itself where x is 0 or NaN.
    fn signum(x: f64) -> f64 {
        if x > 0.0 { 1.0 } else if x < 0.0 { -1.0 } else { x }
    }

    /// ln(1 + eˣ)
    fn softplus(x: f64) -> f64 {
        (if x > 0.0 { x } else { 0.0 }) + (-x.abs()).exp().ln_1p()
    }

    /// The slope of tanh at x, where it is y.
    fn tanh_slope(x: f64, y: f64) -> f64 {
        if y.abs() <= 0.5 {
            return (1.0 - y) * (1.0 + y);
        }
        let e = (-2.0 * x.abs()).exp();
        let sum = 1.0 + e;
        4.0 * e / (sum * sum)
    }

    let v2 = -x;
    let v3 = 1.0 / x;
    let v4 = x.sqrt();
    let v5 = x.cbrt();
    let v6 = x.exp();
    let v7 = x.exp2();
    let v8 = x.exp_m1();
    let v9 = x.ln();
    let v10 = x.ln_1p();
    let v11 = x.log2();
    let v12 = x.log10();
    let v13 = x.sin();
    let v14 = x.cos();
    let v15 = x.tan();
    let v16 = x.asin();
    let v17 = x.acos();
    let v18 = x.atan();
    let v19 = x.sinh();
    let v20 = x.cosh();
    let v21 = x.tanh();
    let v22 = x.asinh();
    let v25 = (x + 1.0).acosh();
    let v26 = x.atanh();
    let v27 = x.abs();
    let v28 = signum(x);
    let v29 = x.floor();
    let v30 = x.ceil();
    let v31 = x.round();
    let v32 = x.trunc();
    let v33 = sigmoid(x);
    let v34 = softplus(x);
    let v35 = relu(x);
    let v36 = gaussian(x);
    let v37 = (1.0 - x) * (1.0 + x);
    let v38 = x + y;
    let v39 = x - y;
    let v40 = x * y;
    let v41 = x / y;
    let v42 = x % y;
    let v44 = x.powf(3.0);
    let v45 = x.powf(y);
    let v46 = x.atan2(y);
    let v47 = x.hypot(y);
    let v48 = min(x, y);
    let v49 = max(x, y);
    let v50 = indicator_gt(x, y);
    let v51 = indicator_ge(x, y);
    let v52 = indicator_eq(x, y);
    let v53 = mul_no_nan(x, y);
    let v54 = mul_no_nan_either(x, y);
    let v56 = sigmoid_slope(x, v33);
    let v58 = tanh_slope(x, v21);
    let v59 = hypot_slope(x, y);
    let v60 = over_squares(x, y);
    let v61 = pow_slope(x, y);
    let v62 = pow_curve(x, y);
    let v63 = pow_ln(x, y);
    let v65 = x * 4.0;
    let v67 = sigmoid_slope(v65, sigmoid(v65));
    let v69 = tanh_slope(v65, v65.tanh());
    let v73 = hypot_slope(x * 1e-30, y * 1e-30);
    *all = [
        v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15, v16, v17, v18, v19, v20, v21,
        v22, v25, v26, v27, v28, v29, v30, v31, v32, v33, v34, v35, v36, v37, v38, v39, v40, v41,
        v42, v44, v45, v46, v47, v48, v49, v50, v51, v52, v53, v54, v56, v58, v59, v60, v61, v62,
        v63, v67, v69, v73,
    ];
}

/// Written by Wengert from a tape of 75 nodes: change what was recorded and write it anew, not
/// this.
///
/// - `x`
/// - `y`
/// - `all`, shape `[60]`: gets the values of `all`
///
/// Elements are in row-major order. Elementary functions are the platform's, every other operation
/// is rounded in the program's order.
#[allow(clippy::all, unused_variables, unused_assignments, reason = "written so")]
pub(crate) fn of_platform_f32(x: f32, y: f32, all: &mut [f32; 60]) {
    /// e^(-x²), of a square that is not rounded.
    fn gaussian(x: f32) -> f32 {
        let x = f64::from(x);
        (-(x * x)).exp() as f32
    }

    /// x/√(x² + y²), and 0 at the origin.
    fn hypot_slope(x: f32, y: f32) -> f32 {
        if x == 0.0 && y == 0.0 {
            return x;
        }
        let (x, h, _) = scaled(x, y);
        x / h
    }

    /// 1 if x = y, else 0, and NaN where either is NaN.
    fn indicator_eq(x: f32, y: f32) -> f32 {
        if x == y { 1.0 } else if x < y || x > y { 0.0 } else { x + y }
    }

    /// 1 if x >= y, else 0, and NaN where either is NaN.
    fn indicator_ge(x: f32, y: f32) -> f32 {
        if x >= y { 1.0 } else if x < y { 0.0 } else { x + y }
    }

    /// 1 if x > y, else 0, and NaN where either is NaN.
    fn indicator_gt(x: f32, y: f32) -> f32 {
        if x > y { 1.0 } else if x <= y { 0.0 } else { x + y }
    }

    /// The larger, and NaN where either is NaN.
    fn max(x: f32, y: f32) -> f32 {
        if x > y { x } else if y >= x { y } else { x + y }
    }

    /// The smaller, and NaN where either is NaN.
    fn min(x: f32, y: f32) -> f32 {
        if x < y { x } else if y <= x { y } else { x + y }
    }

    /// The chain rule's product: a zero adjoint passes nothing on, not even times an infinity.
    #[inline(always)]
    fn mul_no_nan(adjoint: f32, partial: f32) -> f32 {
        if adjoint == 0.0 { adjoint } else { adjoint * partial }
    }

    /// The chain rule's product where the partial is that of a choice: what was not chosen passes
    /// nothing on.
    #[inline(always)]
    fn mul_no_nan_either(adjoint: f32, partial: f32) -> f32 {
        if adjoint == 0.0 {
            adjoint
        } else if partial == 0.0 {
            partial
        } else {
            adjoint * partial
        }
    }

    /// x/(x² + y²)
    fn over_squares(x: f32, y: f32) -> f32 {
        let (x, h, scale) = scaled(x, y);
        x / h / h * scale
    }

    /// y (y - 1) xʸ⁻², by way of f64.
    fn pow_curve(x: f32, y: f32) -> f32 {
        let (x, y) = (f64::from(x), f64::from(y));
        let factor = y * (y - 1.0);
        let curve = if factor == 0.0 {
            factor
        } else if y < 1.0 && x != 0.0 && x.is_finite() {
            factor * x.powf(y) / x / x
        } else {
            factor * x.powf(y - 2.0)
        };
        curve as f32
    }

    /// xʸ ln x, by way of f64, and 0 where xʸ is 0.
    fn pow_ln(x: f32, y: f32) -> f32 {
        let (x, y) = (f64::from(x), f64::from(y));
        let power = x.powf(y);
        (if power == 0.0 { power } else { power * x.ln() }) as f32
    }

    /// y xʸ⁻¹, by way of f64. Below 1/2, y - 1 is rounded, and that counts ln x times in a power.
    fn pow_slope(x: f32, y: f32) -> f32 {
        let (x, y) = (f64::from(x), f64::from(y));
        let slope = if y == 0.0 {
            y
        } else if y < 0.5 && x != 0.0 && x.is_finite() {
            y * x.powf(y) / x
        } else {
            y * x.powf(y - 1.0)
        };
        slope as f32
    }

    /// max(x, 0), and NaN where x is NaN.
    fn relu(x: f32) -> f32 {
        if x <= 0.0 { 0.0 } else { x }
    }

    /// A point scaled so that its distance from the origin is a normal number: x, the distance, the
    /// scale.
    fn scaled(x: f32, y: f32) -> (f32, f32, f32) {
        const UP: f32 = 1.267_650_6e30;
        let h = x.hypot(y);
        if h < UP.recip() {
            return (x * UP, (x * UP).hypot(y * UP), UP);
        }
        if h == f32::INFINITY && x.is_finite() && y.is_finite() {
            return (x * 0.25, (x * 0.25).hypot(y * 0.25), 0.25);
        }
        (x, h, 1.0)
    }

    /// 1/(1 + e⁻ˣ)
    fn sigmoid(x: f32) -> f32 {
        // Where e⁻ˣ overflows, it is eˣ to the last bit.
        if x < -88.0 { x.exp() } else { 1.0 / (1.0 + (-x).exp()) }
    }

    /// The slope of the sigmoid at x, where it is y.
    fn sigmoid_slope(x: f32, y: f32) -> f32 {
        // y (1 - y) while the rounding of y does not show in 1 - y.
        if y <= 0.75 {
            return y * (1.0 - y);
        }
        let e = (-x).exp();
        let sum = 1.0 + e;
        e / (sum * sum)
    }

    /// The sign of x; x itself where x is 0 or NaN.
    fn signum(x: f32) -> f32 {
        if x > 0.0 { 1.0 } else if x < 0.0 { -1.0 } else { x }
    }

    /// ln(1 + eˣ)
    fn softplus(x: f32) -> f32 {
        (if x > 0.0 { x } else { 0.0 }) + (-x.abs()).exp().ln_1p()
    }

    /// The slope of tanh at x, where it is y.
    fn tanh_slope(x: f32, y: f32) -> f32 {
        if y.abs() <= 0.5 {
            return (1.0 - y) * (1.0 + y);
        }
        let e = (-2.0 * x.abs()).exp();
        let sum = 1.0 + e;
        4.0 * e / (sum * sum)
    }

    let v2 = -x;
    let v3 = 1.0 / x;
    let v4 = x.sqrt();
    let v5 = x.cbrt();
    let v6 = x.exp();
    let v7 = x.exp2();
    let v8 = x.exp_m1();
    let v9 = x.ln();
    let v10 = x.ln_1p();
    let v11 = x.log2();
    let v12 = x.log10();
    let v13 = x.sin();
    let v14 = x.cos();
    let v15 = x.tan();
    let v16 = x.asin();
    let v17 = x.acos();
    let v18 = x.atan();
    let v19 = x.sinh();
    let v20 = x.cosh();
    let v21 = x.tanh();
    let v22 = x.asinh();
    let v25 = (x + 1.0).acosh();
    let v26 = x.atanh();
    let v27 = x.abs();
    let v28 = signum(x);
    let v29 = x.floor();
    let v30 = x.ceil();
    let v31 = x.round();
    let v32 = x.trunc();
    let v33 = sigmoid(x);
    let v34 = softplus(x);
    let v35 = relu(x);
    let v36 = gaussian(x);
    let v37 = (1.0 - x) * (1.0 + x);
    let v38 = x + y;
    let v39 = x - y;
    let v40 = x * y;
    let v41 = x / y;
    let v42 = x % y;
    let v44 = x.powf(3.0);
    let v45 = x.powf(y);
    let v46 = x.atan2(y);
    let v47 = x.hypot(y);
    let v48 = min(x, y);
    let v49 = max(x, y);
    let v50 = indicator_gt(x, y);
    let v51 = indicator_ge(x, y);
    let v52 = indicator_eq(x, y);
    let v53 = mul_no_nan(x, y);
    let v54 = mul_no_nan_either(x, y);
    let v56 = sigmoid_slope(x, v33);
    let v58 = tanh_slope(x, v21);
    let v59 = hypot_slope(x, y);
    let v60 = over_squares(x, y);
    let v61 = pow_slope(x, y);
    let v62 = pow_curve(x, y);
    let v63 = pow_ln(x, y);
    let v65 = x * 4.0;
    let v67 = sigmoid_slope(v65, sigmoid(v65));
    let v69 = tanh_slope(v65, v65.tanh());
    let v73 = hypot_slope(x * 1e-30, y * 1e-30);
    *all = [
        v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15, v16, v17, v18, v19, v20, v21,
        v22, v25, v26, v27, v28, v29, v30, v31, v32, v33, v34, v35, v36, v37, v38, v39, v40, v41,
        v42, v44, v45, v46, v47, v48, v49, v50, v51, v52, v53, v54, v56, v58, v59, v60, v61, v62,
        v63, v67, v69, v73,
    ];
}

/// Written by Wengert from a tape of 17 nodes: change what was recorded and write it anew, not
/// this.
///
/// - `params`, shape `[57]`, moved: afterwards the values of `moved`
/// - `x`, shape `[4, 5]`
/// - `target`, shape `[4, 3]`
///
/// Returns `loss`. Elements are in row-major order. Elementary functions are those of
/// `wengert::exact::f64`, every operation is rounded in the program's order.
#[allow(clippy::all, unused_variables, unused_assignments, reason = "written so")]
pub(crate) fn network(params: &mut [f64; 57], x: &[f64; 20], target: &[f64; 12]) -> f64 {
    use wengert::exact::f64::{tanh, tanh_slope};

    /// The chain rule's product: a zero adjoint passes nothing on, not even times an infinity.
    #[inline(always)]
    fn mul_no_nan(adjoint: f64, partial: f64) -> f64 {
        if adjoint == 0.0 { adjoint } else { adjoint * partial }
    }

    let mut hidden_z = [0.0; 24];
    for i in 0..4 {
        for j in 0..6 {
            let mut sum = params[j + 30];
            for k in 0..5 {
                sum += x[5 * i + k] * params[5 * j + k];
            }
            hidden_z[6 * i + j] = sum;
        }
    }
    let mut hidden_output = [0.0; 24];
    let mut d_hidden_z_part = [0.0; 24];
    for i in 0..24 {
        let hidden_output_i = tanh(hidden_z[i]);
        hidden_output[i] = hidden_output_i;
        d_hidden_z_part[i] = tanh_slope(hidden_z[i], hidden_output_i);
    }
    let mut output_z = [0.0; 12];
    for i in 0..4 {
        for j in 0..3 {
            let mut sum = params[j + 54];
            for k in 0..6 {
                sum += hidden_output[6 * i + k] * params[6 * j + k + 36];
            }
            output_z[3 * i + j] = sum;
        }
    }
    let mut v174 = [0.0; 12];
    let mut d_output_z = [0.0; 12];
    for i in 0..12 {
        let output_output = tanh(output_z[i]);
        let v161 = output_output - target[i];
        let d_output_z_part = tanh_slope(output_z[i], output_output);
        v174[i] = v161 * v161;
        d_output_z[i] = mul_no_nan(0.5 * (2.0 * v161), d_output_z_part);
    }
    let mut v186 = -0.0;
    for i in 0..12 {
        v186 += v174[i];
    }

    // The reverse sweep: d_x is the adjoint of x.
    let mut d_output_b = [0.0; 3];
    for i in 0..3 {
        d_output_b[i] = d_output_z[i] + d_output_z[i + 3] + d_output_z[i + 6] + d_output_z[i + 9];
    }
    let mut d_output_w = [0.0; 18];
    for i in 0..3 {
        for j in 0..6 {
            let mut sum = -0.0;
            for k in 0..4 {
                if d_output_z[i + 3 * k] != 0.0 {
                    sum += d_output_z[i + 3 * k] * hidden_output[j + 6 * k];
                }
            }
            d_output_w[6 * i + j] = sum;
        }
    }
    let mut d_hidden_output = [0.0; 24];
    for i in 0..4 {
        for j in 0..6 {
            let mut sum = -0.0;
            for k in 0..3 {
                if d_output_z[3 * i + k] != 0.0 {
                    sum += d_output_z[3 * i + k] * params[j + 6 * k + 36];
                }
            }
            d_hidden_output[6 * i + j] = sum;
        }
    }
    let mut d_hidden_z = [0.0; 24];
    for i in 0..24 {
        d_hidden_z[i] = mul_no_nan(d_hidden_output[i], d_hidden_z_part[i]);
    }
    let mut d_hidden_b = [0.0; 6];
    for i in 0..6 {
        d_hidden_b[i] = d_hidden_z[i] + d_hidden_z[i + 6] + d_hidden_z[i + 12] + d_hidden_z[i + 18];
    }
    let mut d_hidden_w = [0.0; 30];
    for i in 0..6 {
        for j in 0..5 {
            let mut sum = -0.0;
            for k in 0..4 {
                if d_hidden_z[i + 6 * k] != 0.0 {
                    sum += d_hidden_z[i + 6 * k] * x[j + 5 * k];
                }
            }
            d_hidden_w[5 * i + j] = sum;
        }
    }
    let mut d_params = [0.0; 57];
    d_params[0..30].copy_from_slice(&d_hidden_w[0..30]);
    d_params[30..36].copy_from_slice(&d_hidden_b[0..6]);
    d_params[36..54].copy_from_slice(&d_output_w[0..18]);
    d_params[54..57].copy_from_slice(&d_output_b[0..3]);
    for i in 0..57 {
        params[i] -= 0.125 * d_params[i];
    }
    let loss = 0.5 * v186;
    loss
}

/// Written by Wengert from a tape of 17 nodes: change what was recorded and write it anew, not
/// this.
///
/// - `params`, shape `[57]`, moved: afterwards the values of `moved`
/// - `x`, shape `[4, 5]`
/// - `target`, shape `[4, 3]`
///
/// Returns `loss`. Elements are in row-major order. Elementary functions are those of
/// `wengert::exact::f64`; sums are in the order of their index, which the program leaves open.
#[allow(clippy::all, unused_variables, unused_assignments, reason = "written so")]
pub(crate) fn network_fast(params: &mut [f64; 57], x: &[f64; 20], target: &[f64; 12]) -> f64 {
    use wengert::exact::f64::{tanh, tanh_slope};

    /// The chain rule's product: a zero adjoint passes nothing on, not even times an infinity.
    #[inline(always)]
    fn mul_no_nan(adjoint: f64, partial: f64) -> f64 {
        if adjoint == 0.0 { adjoint } else { adjoint * partial }
    }

    let mut hidden_z = [0.0; 24];
    for i in 0..4 {
        for j in 0..6 {
            let mut sum = params[j + 30];
            for k in 0..5 {
                sum += x[5 * i + k] * params[5 * j + k];
            }
            hidden_z[6 * i + j] = sum;
        }
    }
    let mut hidden_output = [0.0; 24];
    let mut d_hidden_z_part = [0.0; 24];
    for i in 0..24 {
        let hidden_output_i = tanh(hidden_z[i]);
        hidden_output[i] = hidden_output_i;
        d_hidden_z_part[i] = tanh_slope(hidden_z[i], hidden_output_i);
    }
    let mut output_z = [0.0; 12];
    for i in 0..4 {
        for j in 0..3 {
            let mut sum = params[j + 54];
            for k in 0..6 {
                sum += hidden_output[6 * i + k] * params[6 * j + k + 36];
            }
            output_z[3 * i + j] = sum;
        }
    }
    let mut v174 = [0.0; 12];
    let mut d_output_z = [0.0; 12];
    for i in 0..12 {
        let output_output = tanh(output_z[i]);
        let v161 = output_output - target[i];
        let d_output_z_part = tanh_slope(output_z[i], output_output);
        v174[i] = v161 * v161;
        d_output_z[i] = mul_no_nan(0.5 * (2.0 * v161), d_output_z_part);
    }
    let mut v186 = -0.0;
    for i in 0..12 {
        v186 += v174[i];
    }

    // The reverse sweep: d_x is the adjoint of x.
    let mut d_output_b = [0.0; 3];
    for i in 0..3 {
        d_output_b[i] = d_output_z[i] + d_output_z[i + 3] + d_output_z[i + 6] + d_output_z[i + 9];
    }
    let mut d_output_w = [0.0; 18];
    for i in 0..3 {
        for j in 0..6 {
            let mut sum = -0.0;
            for k in 0..4 {
                sum += d_output_z[i + 3 * k] * hidden_output[j + 6 * k];
            }
            d_output_w[6 * i + j] = sum;
        }
    }
    let mut d_hidden_output = [0.0; 24];
    for i in 0..4 {
        for j in 0..6 {
            let mut sum = -0.0;
            for k in 0..3 {
                sum += d_output_z[3 * i + k] * params[j + 6 * k + 36];
            }
            d_hidden_output[6 * i + j] = sum;
        }
    }
    let mut d_hidden_z = [0.0; 24];
    for i in 0..24 {
        d_hidden_z[i] = mul_no_nan(d_hidden_output[i], d_hidden_z_part[i]);
    }
    let mut d_hidden_b = [0.0; 6];
    for i in 0..6 {
        d_hidden_b[i] = d_hidden_z[i] + d_hidden_z[i + 6] + d_hidden_z[i + 12] + d_hidden_z[i + 18];
    }
    let mut d_hidden_w = [0.0; 30];
    for i in 0..6 {
        for j in 0..5 {
            let mut sum = -0.0;
            for k in 0..4 {
                sum += d_hidden_z[i + 6 * k] * x[j + 5 * k];
            }
            d_hidden_w[5 * i + j] = sum;
        }
    }
    let mut d_params = [0.0; 57];
    d_params[0..30].copy_from_slice(&d_hidden_w[0..30]);
    d_params[30..36].copy_from_slice(&d_hidden_b[0..6]);
    d_params[36..54].copy_from_slice(&d_output_w[0..18]);
    d_params[54..57].copy_from_slice(&d_output_b[0..3]);
    for i in 0..57 {
        params[i] -= 0.125 * d_params[i];
    }
    let loss = 0.5 * v186;
    loss
}

/// Written by Wengert from a tape of 16 nodes: change what was recorded and write it anew, not
/// this.
///
/// - `w`, shape `[3, 4]`, moved: afterwards the values of `moved`
/// - `velocity`, shape `[3, 4]`, moved: afterwards the values of `faster`
/// - `b`, shape `[3]`
/// - `x`, shape `[4]`
/// - `d_b`, shape `[3]`: gets the gradient of `loss` by `b`
///
/// Returns `loss`. Elements are in row-major order. Elementary functions are those of
/// `wengert::exact::f32`, every operation is rounded in the program's order.
#[allow(clippy::all, unused_variables, unused_assignments, reason = "written so")]
pub(crate) fn momentum(
    w: &mut [f32; 12],
    velocity: &mut [f32; 12],
    b: &[f32; 3],
    x: &[f32; 4],
    d_b: &mut [f32; 3],
) -> f32 {
    use wengert::exact::f32::{gaussian, sigmoid, softplus};

    /// The chain rule's product: a zero adjoint passes nothing on, not even times an infinity.
    #[inline(always)]
    fn mul_no_nan(adjoint: f32, partial: f32) -> f32 {
        if adjoint == 0.0 { adjoint } else { adjoint * partial }
    }

    let mut z = [0.0_f32; 3];
    for i in 0..3 {
        let mut sum = b[i];
        for j in 0..4 {
            sum += x[j] * w[4 * i + j];
        }
        z[i] = sum;
    }
    let mut v57 = [0.0_f32; 12];
    for i in 0..12 {
        v57[i] = 0.9 * velocity[i];
    }
    let mut v40 = [0.0_f32; 3];
    let mut d_z_part = [0.0_f32; 3];
    let mut d_z_part_2 = [0.0_f32; 3];
    for i in 0..3 {
        let v34 = softplus(z[i]);
        let v37 = gaussian(z[i]);
        v40[i] = v34 * v37;
        d_z_part[i] = mul_no_nan(v37, sigmoid(z[i]));
        d_z_part_2[i] = mul_no_nan(v34, -2.0 * mul_no_nan(v37, z[i]));
    }
    let loss = v40[0] + v40[1] + v40[2];

    // The reverse sweep: d_x is the adjoint of x.
    let d_z_0_part = d_z_part_2[0] + d_z_part[0];
    let d_z_0_part_2 = d_z_part_2[1] + d_z_part[1];
    let d_z_0 = d_z_part_2[2] + d_z_part[2];
    let mut d_w_from = [0.0_f32; 12];
    d_w_from[0] = d_z_0_part;
    d_w_from[1] = d_z_0_part;
    d_w_from[2] = d_z_0_part;
    d_w_from[3] = d_z_0_part;
    d_w_from[4] = d_z_0_part_2;
    d_w_from[5] = d_z_0_part_2;
    d_w_from[6] = d_z_0_part_2;
    d_w_from[7] = d_z_0_part_2;
    d_w_from[8] = d_z_0;
    d_w_from[9] = d_z_0;
    d_w_from[10] = d_z_0;
    d_w_from[11] = d_z_0;
    for i in 0..3 {
        for j in 0..4 {
            let d_w = mul_no_nan(d_w_from[4 * i + j], x[j]);
            let faster_ij = v57[4 * i + j] + d_w;
            let moved_ij = w[4 * i + j] - 0.1 * faster_ij;
            velocity[4 * i + j] = faster_ij;
            w[4 * i + j] = moved_ij;
        }
    }
    *d_b = [d_z_0_part + 0.0, d_z_0_part_2 + 0.0, d_z_0 + 0.0];
    loss
}

/// Written by Wengert from a tape of 20 nodes: change what was recorded and write it anew, not
/// this.
///
/// - `x`, shape `[12, 5]`
/// - `mu` is `μ`, shape `[5]`
/// - `s`, shape `[12]`
/// - `d_x`, shape `[12, 5]`: gets the gradient of `y` by `x`
/// - `d_mu`, shape `[5]`: gets the gradient of `y` by `μ`
/// - `d_s`, shape `[12]`: gets the gradient of `y` by `s`
///
/// Returns `y`. Elements are in row-major order. Elementary functions are those of
/// `wengert::exact::f64`, every operation is rounded in the program's order.
#[allow(clippy::all, unused_variables, unused_assignments, reason = "written so")]
pub(crate) fn mixture(
    x: &[f64; 60],
    mu: &[f64; 5],
    s: &[f64; 12],
    d_x: &mut [f64; 60],
    d_mu: &mut [f64; 5],
    d_s: &mut [f64; 12],
) -> f64 {
    use wengert::exact::f64::{cos, exp, ln, sin};

    /// 1 if x = y, else 0, and NaN where either is NaN.
    fn indicator_eq(x: f64, y: f64) -> f64 {
        if x == y { 1.0 } else if x < y || x > y { 0.0 } else { x + y }
    }

    /// The larger, and NaN where either is NaN.
    fn max(x: f64, y: f64) -> f64 {
        if x > y { x } else if y >= x { y } else { x + y }
    }

    /// The smaller, and NaN where either is NaN.
    fn min(x: f64, y: f64) -> f64 {
        if x < y { x } else if y <= x { y } else { x + y }
    }

    /// The chain rule's product: a zero adjoint passes nothing on, not even times an infinity.
    #[inline(always)]
    fn mul_no_nan(adjoint: f64, partial: f64) -> f64 {
        if adjoint == 0.0 { adjoint } else { adjoint * partial }
    }

    /// The chain rule's product where the partial is that of a choice: what was not chosen passes
    /// nothing on.
    #[inline(always)]
    fn mul_no_nan_either(adjoint: f64, partial: f64) -> f64 {
        if adjoint == 0.0 {
            adjoint
        } else if partial == 0.0 {
            partial
        } else {
            adjoint * partial
        }
    }

    let mut v77 = [0.0; 60];
    let mut z = [0.0; 60];
    let mut v198 = [0.0; 60];
    let mut v318 = [0.0; 60];
    let mut d_z_part = [0.0; 60];
    let mut d_z_part_2 = [0.0; 60];
    let mut v438 = [0.0; 60];
    let mut v498_part = [0.0; 60];
    for i in 0..12 {
        for j in 0..5 {
            let v77_ij = x[5 * i + j] - mu[j];
            v77[5 * i + j] = v77_ij;
            let z_ij = v77_ij * s[i];
            z[5 * i + j] = z_ij;
            let v198_ij = z_ij * z_ij;
            v198[5 * i + j] = v198_ij;
            let v318_ij = sin(z_ij);
            v318[5 * i + j] = v318_ij;
            d_z_part[5 * i + j] = cos(z_ij);
            d_z_part_2[5 * i + j] = 2.0 * z_ij;
            let v438_ij = v198_ij * mu[j] + v318_ij * x[5 * i + j];
            v438[5 * i + j] = v438_ij;
            v498_part[5 * i + j] = max(min(v438_ij, 1.7976931348623157e308), -1.7976931348623157e308);
        }
    }
    let mut v511 = [0.0; 5];
    for i in 0..5 {
        v511[i] = z[i];
    }
    for i in 0..12 {
        for j in 0..5 {
            v511[j] = max(v511[j], z[5 * i + j]);
        }
    }
    let mut v518 = [0.0; 12];
    for i in 0..12 {
        let mut most = z[5 * i];
        for j in 0..5 {
            most = min(most, z[5 * i + j]);
        }
        v518[i] = most;
    }
    let mut v530 = [0.0; 12];
    let mut d_v518 = [0.0; 12];
    for i in 0..12 {
        v530[i] = v518[i] * v518[i];
        d_v518[i] = 2.0 * v518[i];
    }

    // The reverse sweep: d_x is the adjoint of x.
    let mut d_z_part_3 = [0.0; 60];
    let mut d_z_part_4 = [0.0; 60];
    for i in 0..12 {
        for j in 0..5 {
            d_z_part_3[5 * i + j] = indicator_eq(z[5 * i + j], v518[i]);
            d_z_part_4[5 * i + j] = indicator_eq(z[5 * i + j], v511[j]);
        }
    }
    let mut v542 = -0.0;
    for i in 0..12 {
        v542 += v530[i];
    }
    let mut d_z_part_5 = [0.0; 12];
    for i in 0..12 {
        let mut sum = -0.0;
        for j in 0..5 {
            sum += d_z_part_3[5 * i + j];
        }
        d_z_part_5[i] = sum;
    }
    let mut d_z_part_6 = [0.0; 5];
    for i in 0..5 {
        d_z_part_6[i] = -0.0;
    }
    for i in 0..12 {
        for j in 0..5 {
            d_z_part_6[j] += d_z_part_4[5 * i + j];
        }
    }
    let mut v498_part_2 = [0.0; 12];
    for i in 0..12 {
        let mut most = v438[5 * i];
        for j in 0..5 {
            most = max(most, v438[5 * i + j]);
        }
        v498_part_2[i] = most;
    }
    let mut d_z_part_7 = [0.0; 12];
    let mut v498_part_3 = [0.0; 12];
    for i in 0..12 {
        let v498_part_4 = min(v498_part_2[i], 1.7976931348623157e308);
        d_z_part_7[i] = mul_no_nan(d_v518[i], 1.0 / d_z_part_5[i]);
        v498_part_3[i] = max(v498_part_4, -1.7976931348623157e308);
    }
    let mut d_z_part_8 = [0.0; 5];
    for i in 0..5 {
        d_z_part_8[i] = 1.0 / d_z_part_6[i];
    }
    let mut d_z_part_9 = [0.0; 60];
    let mut v498_part_5 = [0.0; 60];
    for i in 0..12 {
        for j in 0..5 {
            let d_z_part_10 = mul_no_nan_either(d_z_part_4[5 * i + j], d_z_part_8[j]);
            let d_z_part_11 = mul_no_nan_either(d_z_part_3[5 * i + j], d_z_part_7[i]);
            let v498_part_6 = v498_part[5 * i + j] - v498_part_3[i];
            d_z_part_9[5 * i + j] = d_z_part_11 + d_z_part_10;
            v498_part_5[5 * i + j] = exp(v498_part_6);
        }
    }
    let mut v498_part_7 = [0.0; 12];
    for i in 0..12 {
        let mut sum = -0.0;
        for j in 0..5 {
            sum += v498_part_5[5 * i + j];
        }
        v498_part_7[i] = sum;
    }
    let mut v498 = [0.0; 12];
    for i in 0..12 {
        v498[i] = v498_part_2[i] + ln(v498_part_7[i]);
    }
    let mut d_v198_part = [0.0; 60];
    let mut d_v77_part = [0.0; 60];
    let mut d_x_part = [0.0; 60];
    for i in 0..12 {
        for j in 0..5 {
            let d_v438 = v498_part_5[5 * i + j] / v498_part_7[i];
            d_v198_part[5 * i + j] = mul_no_nan(d_v438, v198[5 * i + j]);
            let d_z_part_12 = mul_no_nan(mul_no_nan(d_v438, x[5 * i + j]), d_z_part[5 * i + j]);
            let d_z_part_13 = mul_no_nan(mul_no_nan(d_v438, mu[j]), d_z_part_2[5 * i + j]);
            let d_z = d_z_part_9[5 * i + j] + d_z_part_12 + d_z_part_13;
            let d_v77_part_2 = mul_no_nan(d_z, s[i]);
            d_v77_part[5 * i + j] = mul_no_nan(d_z, v77[5 * i + j]);
            d_x_part[5 * i + j] = -d_v77_part_2;
            d_x[5 * i + j] = mul_no_nan(d_v438, v318[5 * i + j]) + d_v77_part_2 + 0.0;
        }
    }
    let mut v510 = -0.0;
    for i in 0..12 {
        v510 += v498[i];
    }
    let mut d_v198 = [0.0; 5];
    for i in 0..5 {
        d_v198[i] = -0.0;
    }
    for i in 0..12 {
        for j in 0..5 {
            d_v198[j] += d_v198_part[5 * i + j];
        }
    }
    for i in 0..12 {
        let mut sum = -0.0;
        for j in 0..5 {
            sum += d_v77_part[5 * i + j];
        }
        d_s[i] = sum + 0.0;
    }
    for i in 0..5 {
        d_mu[i] = d_v198[i];
    }
    for i in 0..12 {
        for j in 0..5 {
            d_mu[j] += d_x_part[5 * i + j];
        }
    }
    for i in 0..5 {
        d_mu[i] += 0.0;
    }
    let y = v510 + (v511[0] + v511[1] + v511[2] + v511[3] + v511[4]) + v542;
    y
}

/// Written by Wengert from a tape of 20 nodes: change what was recorded and write it anew, not
/// this.
///
/// - `x`, shape `[3, 4]`
/// - `v154`, shape `[3, 4]`: gets the values of `v154`
/// - `v134`, shape `[4]`: gets the values of `v134`
/// - `d_x`, shape `[3, 4]`: gets the gradient of `y` by `x`
/// - `d_picked`, shape `[8]`: gets the gradient of `y` by `picked`
///
/// Returns `y`. Elements are in row-major order. Elementary functions are those of
/// `wengert::exact::f64`, every operation is rounded in the program's order.
#[allow(clippy::all, unused_variables, unused_assignments, reason = "written so")]
pub(crate) fn moves(
    x: &[f64; 12],
    v154: &mut [f64; 12],
    v134: &mut [f64; 4],
    d_x: &mut [f64; 12],
    d_picked: &mut [f64; 8],
) -> f64 {
    use wengert::exact::f64::{exp, tanh, tanh_slope};

    /// 1 if x > y, else 0, and NaN where either is NaN.
    fn indicator_gt(x: f64, y: f64) -> f64 {
        if x > y { 1.0 } else if x <= y { 0.0 } else { x + y }
    }

    /// The chain rule's product: a zero adjoint passes nothing on, not even times an infinity.
    #[inline(always)]
    fn mul_no_nan(adjoint: f64, partial: f64) -> f64 {
        if adjoint == 0.0 { adjoint } else { adjoint * partial }
    }

    static V30_FROM: [usize; 8] = [11, 0, 7, 3, 3, 5, 2, 9];

    let mut v30 = [0.0; 8];
    let mut d_picked_part = [0.0; 8];
    for i in 0..8 {
        let v30_i = tanh(x[V30_FROM[i]]);
        v30[i] = v30_i;
        d_picked_part[i] = tanh_slope(x[V30_FROM[i]], v30_i);
    }
    let mut v80_part = [0.0; 3];
    let mut v80_part_2 = [0.0; 3];
    let mut v80 = [0.0; 3];
    for i in 0..3 {
        let v80_part_i = x[4 * i + 3] + x[4 * i + 2];
        v80_part[i] = v80_part_i;
        let v80_part_i_2 = v80_part_i + x[4 * i + 1];
        v80_part_2[i] = v80_part_i_2;
        v80[i] = v80_part_i_2 + x[4 * i];
    }
    let mut chosen = [0.0; 12];
    let mut d_x_part = [0.0; 12];
    let mut d_x_part_2 = [0.0; 12];
    for i in 0..12 {
        let v93 = indicator_gt(x[i], 0.0);
        chosen[i] = if v93 != 0.0 { x[i] * x[i] } else { -x[i] };
        d_x_part[i] = -(if v93 != 0.0 { -0.0 } else { 1.0 });
        d_x_part_2[i] = mul_no_nan(if v93 != 0.0 { 1.0 } else { -0.0 }, 2.0 * x[i]);
    }
    let mut v167 = [0.0; 4];
    for i in 0..4 {
        v167[i] = exp(x[i + 8]);
    }
    let mut v171_from = [0.0; 8];
    v171_from[0..4].copy_from_slice(&x[0..4]);
    v171_from[4..8].copy_from_slice(&v167[0..4]);
    let mut v171 = [0.0; 8];
    let mut d_x_part_3 = [0.0; 8];
    for i in 0..8 {
        v171[i] = v171_from[i] * v171_from[i];
        d_x_part_3[i] = 2.0 * v171_from[i];
    }
    let mut v179 = -0.0;
    for i in 0..8 {
        v179 += v171[i];
    }

    // The reverse sweep: d_x is the adjoint of x.
    let mut d_x_2 = [0.0; 4];
    for i in 0..4 {
        d_x_2[i] = mul_no_nan(d_x_part_3[i + 4], v167[i]);
    }
    let spread_0_part = 0.0 + x[3];
    let running_0_part = spread_0_part + (0.0 + x[11]) + (0.0 + x[5]) + (0.0 + x[9]);
    let running_0_part_2 = running_0_part + (0.0 + x[0] + x[7]);
    let running_0_part_3 = running_0_part_2 + 0.0;
    let running_0_part_4 = running_0_part_3 + (0.0 + x[2]);
    let running_0_part_5 = running_0_part_4 + 0.0;
    let running_0_part_6 = running_0_part_5 + 0.0;
    let running_0_part_7 = running_0_part_6 + spread_0_part;
    let running_0_part_8 = running_0_part_7 + x[1];
    let running_0_part_9 = running_0_part_8 + x[5];
    let running_0_part_10 = running_0_part_9 + x[9];
    let running_0_part_11 = running_0_part_10 + v30[0];
    let running_0 = running_0_part_11 + v30[1];
    let d_joined_0_part = x[11] + x[7];
    let d_joined_0_part_2 = d_joined_0_part + x[3];
    let d_joined_0_part_3 = d_joined_0_part_2 + v80_part[2];
    let d_joined_0_part_4 = d_joined_0_part_3 + v80_part[1];
    let d_joined_0_part_5 = d_joined_0_part_4 + v80_part[0];
    let d_joined_0_part_6 = d_joined_0_part_5 + v80_part_2[2] + v80_part_2[1] + v80_part_2[0];
    let d_joined_0_part_7 = d_joined_0_part_6 + v80[2] + v80[1];
    let d_joined_0 = d_joined_0_part_7 + v80[0];
    let d_x_0_part = d_x_part_3[0] + d_x_part[0];
    let d_x_0_part_2 = d_x_part_3[1] + d_x_part[1];
    let d_x_0_part_3 = d_x_part_3[2] + d_x_part[2];
    let d_x_0_part_4 = d_x_part_3[3] + d_x_part[3];
    let d_x_0_part_5 = d_x_2[0] + d_x_part[8];
    let d_x_0_part_6 = d_x_2[1] + d_x_part[9];
    let d_x_0_part_7 = d_x_2[2] + d_x_part[10];
    let d_x_0_part_8 = d_x_2[3] + d_x_part[11];
    let d_picked_part_from = [d_joined_0_part, x[11], -0.0, -0.0, -0.0, -0.0, -0.0, -0.0];
    let mut d_picked_part_2 = [0.0; 8];
    for i in 0..8 {
        d_picked_part_2[i] = mul_no_nan(d_picked_part_from[i], d_picked_part[i]);
    }
    let d_x_3 = [
        d_x_0_part, d_x_0_part_2, d_x_0_part_3, d_x_0_part_4, d_x_part[4], d_x_part[5], d_x_part[6],
        d_x_part[7], d_x_0_part_5, d_x_0_part_6, d_x_0_part_7, d_x_0_part_8,
    ];
    let mut d_x_part_4 = [0.0; 12];
    let v142_from = [
        running_0_part, running_0_part_2, running_0_part_3, running_0_part_4, running_0_part_5,
        running_0_part_6, running_0_part_7, running_0_part_8, running_0_part_9, running_0_part_10,
        running_0_part_11, running_0,
    ];
    let v142_from_2 = [
        v80[0], v80[1], v80[2], v80_part_2[0], v80_part_2[1], v80_part_2[2], v80_part[0],
        v80_part[1], v80_part[2], x[3], x[7], x[11],
    ];
    let mut v154_2 = [0.0; 12];
    for i in 0..4 {
        for j in 0..3 {
            d_x_part_4[3 * i + j] = d_x_3[3 * i + j] + d_x_part_2[3 * i + j];
            let v142 = v142_from[3 * i + j] * v142_from_2[3 * i + j];
            v154_2[3 * i + j] = v142 + chosen[i + 4 * j];
        }
    }
    let d_x_part_from = [running_0_part, running_0_part_2, running_0_part_3];
    let d_x_part_from_2 = [running_0_part_4, running_0_part_5, running_0_part_6];
    let mut d_x_part_5 = [0.0; 3];
    let d_x_part_from_3 = [running_0_part_7, running_0_part_8, running_0_part_9];
    let mut d_x_part_6 = [0.0; 3];
    let d_x_part_from_4 = [running_0_part_10, running_0_part_11, running_0];
    let mut d_x_part_7 = [0.0; 3];
    for i in 0..3 {
        let d_x_part_i = d_x_part_from[i] + d_x_part_from_2[i];
        d_x_part_5[i] = d_x_part_i;
        let d_x_part_i_2 = d_x_part_i + d_x_part_from_3[i];
        d_x_part_6[i] = d_x_part_i_2;
        d_x_part_7[i] = d_x_part_i_2 + d_x_part_from_4[i];
    }
    let d_x_from = [
        running_0_part, d_x_part_5[0], d_x_part_6[0], d_x_part_7[0], running_0_part_2,
        d_x_part_5[1], d_x_part_6[1], d_x_part_7[1], running_0_part_3, d_x_part_5[2], d_x_part_6[2],
        d_x_part_7[2],
    ];
    let mut d_x_4 = [0.0; 12];
    for i in 0..12 {
        d_x_4[i] = d_x_part_4[i] + d_x_from[i];
    }
    let mut v166 = -0.0;
    for i in 0..12 {
        v166 += v154_2[i];
    }
    let y = v166 + v179;
    let d_picked_0_part = d_picked_part_2[0] + d_joined_0;
    let d_picked_0_part_2 = d_picked_part_2[1] + d_joined_0_part_7;
    let d_picked_0_part_3 = d_picked_part_2[2] + d_joined_0_part_7;
    let d_picked_0_part_4 = d_picked_part_2[3] + d_joined_0;
    let d_picked_0_part_5 = d_picked_part_2[4] + d_joined_0_part_5;
    let d_picked_0_part_6 = d_picked_part_2[5] + d_joined_0;
    let d_picked_0_part_7 = d_picked_part_2[6] + d_joined_0_part_6;
    let d_picked_0 = d_picked_part_2[7] + d_joined_0;
    let d_x_11_part = d_x_4[11] + d_picked_0_part;
    let d_x_11_part_2 = d_x_4[0] + d_picked_0_part_2;
    let d_x_11_part_3 = d_x_4[7] + d_picked_0_part_3;
    let d_x_11_part_4 = d_x_4[2] + d_picked_0_part_7;
    let d_x_3_2 = d_x_4[3] + d_picked_0_part_4 + d_picked_0_part_5;
    let d_x_1_part = d_x_4[1] + d_joined_0_part_4;
    let d_x_11_part_5 = d_x_4[5] + d_joined_0_part_3 + d_picked_0_part_6;
    let d_x_11 = d_x_4[9] + d_joined_0_part_2 + d_picked_0;
    for i in 0..3 {
        for j in 0..4 {
            v154[4 * i + j] = v154_2[i + 3 * j];
        }
    }
    for i in 0..4 {
        v134[i] = chosen[i + 4];
    }
    *d_x = [
        d_x_11_part_2 + 0.0, d_x_1_part + 0.0, d_x_11_part_4 + 0.0, d_x_3_2 + 0.0, d_x_4[4] + 0.0,
        d_x_11_part_5 + 0.0, d_x_4[6] + 0.0, d_x_11_part_3 + 0.0, d_x_4[8] + 0.0, d_x_11 + 0.0,
        d_x_4[10] + 0.0, d_x_11_part + 0.0,
    ];
    *d_picked = [
        d_picked_0_part + 0.0, d_picked_0_part_2 + 0.0, d_picked_0_part_3 + 0.0,
        d_picked_0_part_4 + 0.0, d_picked_0_part_5 + 0.0, d_picked_0_part_6 + 0.0,
        d_picked_0_part_7 + 0.0, d_picked_0 + 0.0,
    ];
    y
}

/// Written by Wengert from a tape of 5 nodes: change what was recorded and write it anew, not this.
///
/// - `x`, shape `[3]`, moved: afterwards the values of `next`
/// - `d_x`, shape `[3]`: gets the gradient of `largest` by `x`
///
/// Returns `v10`. An error says which comparison came out differently. Elements are in row-major
/// order. Elementary functions are those of `wengert::exact::f64`, every operation is rounded in
/// the program's order.
#[allow(clippy::all, unused_variables, unused_assignments, reason = "written so")]
pub(crate) fn guarded(x: &mut [f64; 3], d_x: &mut [f64; 3]) -> Result<f64, &'static str> {
    use wengert::exact::f64::exp;

    let largest = x[0];
    let mut next = [0.0; 3];
    for i in 0..3 {
        next[i] = x[i] * 0.5 + largest;
    }
    let v10 = exp(largest);

    // The comparisons that the recording branched on.
    if !(largest > x[1]) {
        return Err("comparison 0: largest > x[1] no longer holds");
    }
    if !(largest > x[2]) {
        return Err("comparison 1: largest > x[2] no longer holds");
    }
    for i in 0..3 {
        x[i] = next[i];
    }
    *d_x = [1.0, 0.0, 0.0];
    Ok(v10)
}

/// Written by Wengert from a tape of 6 nodes: change what was recorded and write it anew, not this.
///
/// - `x`, moved: afterwards the values of `z`
/// - `y`
///
/// Returns `v5`. Elementary functions are those of `wengert::exact::f64`, every operation is
/// rounded in the program's order.
#[allow(clippy::all, unused_variables, unused_assignments, reason = "written so")]
pub(crate) fn fed(x: &mut f64, y: f64) -> f64 {
    use wengert::exact::f64::sin;

    let z = *x * y - 1.0;
    let v5 = sin(z);
    *x = z;
    v5
}

/// Written by Wengert from a tape of 4 nodes: change what was recorded and write it anew, not this.
///
/// - `x`, shape `[3]`, moved: afterwards the values of `y`
/// - `y`, shape `[3]`, moved: afterwards the values of `x`
///
/// Returns `v9`. Elements are in row-major order. Elementary functions are those of
/// `wengert::exact::f64`, every operation is rounded in the program's order.
#[allow(clippy::all, unused_variables, unused_assignments, reason = "written so")]
pub(crate) fn swapped(x: &mut [f64; 3], y: &mut [f64; 3]) -> f64 {
    let mut v6 = [0.0; 3];
    for i in 0..3 {
        v6[i] = x[i] * y[i];
    }
    let v9 = v6[0] + v6[1] + v6[2];
    let mut fed_0 = [0.0; 3];
    for i in 0..3 {
        fed_0[i] = y[i];
    }
    let mut fed_1 = [0.0; 3];
    for i in 0..3 {
        fed_1[i] = x[i];
    }
    for i in 0..3 {
        x[i] = fed_0[i];
    }
    for i in 0..3 {
        y[i] = fed_1[i];
    }
    v9
}

/// Written by Wengert from a tape of 9 nodes: change what was recorded and write it anew, not this.
///
/// - `x`, shape `[4]`, moved: afterwards the values of `next`
/// - `picked`, shape `[6]`: gets the values of `picked`
/// - `twice`, shape `[6]`: gets the values of `twice`
///
/// Returns `y`, `first`. Elements are in row-major order. Elementary functions are those of
/// `wengert::exact::f64`, every operation is rounded in the program's order.
#[allow(clippy::all, unused_variables, unused_assignments, reason = "written so")]
pub(crate) fn read_after(
    x: &mut [f64; 4],
    picked: &mut [f64; 6],
    twice: &mut [f64; 6],
) -> [f64; 2] {
    use wengert::exact::f64::sin;

    static TWICE_FROM: [usize; 6] = [3, 0, 2, 2, 1, 3];

    let mut v13 = [0.0; 4];
    for i in 0..4 {
        v13[i] = 0.5 * x[i];
    }
    for i in 0..6 {
        twice[i] = x[TWICE_FROM[i]] * 2.0;
    }
    let first = x[0];
    let y = sin(first * x[2]);
    for i in 0..4 {
        x[i] = v13[i] + y;
    }
    let first_2 = x[0];
    *picked = [x[3], first_2, x[2], x[2], x[1], x[3]];
    [y, first_2]
}

/// Written by Wengert from a tape of 11 nodes: change what was recorded and write it anew, not
/// this.
///
/// - `x`, 3 rows of shape `[4]`
/// - `w`, shape `[4]`
/// - `target`, 3 rows of shape `[1]`
/// - `y`, shape `[3]`: gets the values of `y`
/// - `d_x`, shape `[4]`: gets the gradient of `loss` by `x`
/// - `d_w`, shape `[4]`: gets the gradient of `loss` by `w`
///
/// Elements are in row-major order. Elementary functions are those of `wengert::exact::f64`, every
/// operation is rounded in the program's order.
#[allow(clippy::all, unused_variables, unused_assignments, reason = "written so")]
pub(crate) fn rows(
    x: &[f64; 12],
    w: &[f64; 4],
    target: &[f64; 3],
    y: &mut [f64; 3],
    d_x: &mut [f64; 4],
    d_w: &mut [f64; 4],
) {
    use wengert::exact::f64::{sigmoid, sigmoid_slope};

    /// The chain rule's product: a zero adjoint passes nothing on, not even times an infinity.
    #[inline(always)]
    fn mul_no_nan(adjoint: f64, partial: f64) -> f64 {
        if adjoint == 0.0 { adjoint } else { adjoint * partial }
    }

    let row_weights = [1.0_f64; 3];
    let mut x_columns = [0.0; 12];
    for i in 0..3 {
        for j in 0..4 {
            x_columns[i + 3 * j] = x[4 * i + j];
        }
    }
    let mut v9 = [0.0; 3];
    for i in 0..3 {
        let mut sum = -0.0;
        for j in 0..4 {
            sum += w[j] * x_columns[i + 3 * j];
        }
        v9[i] = sum;
    }
    let mut v11 = [0.0; 4];
    let mut d_w_part = [0.0; 4];
    for i in 0..4 {
        v11[i] = w[i] * w[i];
        d_w_part[i] = 2.0 * w[i];
    }
    let v15 = v11[0] + v11[1] + v11[2] + v11[3];
    let mut d_v16 = [0.0; 3];
    for i in 0..3 {
        let v16 = v9[i] + v15;
        let y_i = sigmoid(v16);
        y[i] = y_i;
        let d_v18 = mul_no_nan(row_weights[i], 2.0 * (target[i] - y_i));
        d_v16[i] = mul_no_nan(-d_v18, sigmoid_slope(v16, y_i));
    }

    // The reverse sweep: d_x is the adjoint of x.
    let mut d_w_part_2 = [0.0; 12];
    let mut d_w_part_3 = [0.0; 12];
    for i in 0..4 {
        for j in 0..3 {
            d_w_part_2[3 * i + j] = mul_no_nan(d_v16[j], d_w_part[i]);
            d_w_part_3[3 * i + j] = mul_no_nan(d_v16[j], x_columns[3 * i + j]);
        }
    }
    let mut d_w_0_part = [0.0; 3];
    let mut d_w_0_part_2 = [0.0; 3];
    let mut d_w_0_part_3 = [0.0; 3];
    let mut d_w_0_part_4 = [0.0; 3];
    for i in 0..3 {
        d_w_0_part[i] = d_w_part_2[i] + d_w_part_3[i];
        d_w_0_part_2[i] = d_w_part_2[i + 3] + d_w_part_3[i + 3];
        d_w_0_part_3[i] = d_w_part_2[i + 6] + d_w_part_3[i + 6];
        d_w_0_part_4[i] = d_w_part_2[i + 9] + d_w_part_3[i + 9];
    }
    let d_w_part_from = [
        d_w_0_part[0], d_w_0_part[1], d_w_0_part[2], d_w_0_part_2[0], d_w_0_part_2[1],
        d_w_0_part_2[2], d_w_0_part_3[0], d_w_0_part_3[1], d_w_0_part_3[2], d_w_0_part_4[0],
        d_w_0_part_4[1], d_w_0_part_4[2],
    ];
    let mut d_w_part_4 = [0.0; 12];
    for i in 0..12 {
        d_w_part_4[i] = d_w_part_from[i];
    }
    for i in 0..4 {
        d_w[i] = d_w_part_4[3 * i] + d_w_part_4[3 * i + 1] + d_w_part_4[3 * i + 2] + 0.0;
    }
    for i in 0..4 {
        d_x[i] = 0.0;
    }
}

/// Written by Wengert from a tape of 6 nodes: change what was recorded and write it anew, not this.
///
/// - `x`, shape `[300, 2]`
/// - `d_x`, shape `[300, 2]`: gets the gradient of `y` by `x`
///
/// Returns `y`. Elements are in row-major order. Elementary functions are those of
/// `wengert::exact::f64`, every operation is rounded in the program's order.
#[allow(clippy::all, unused_variables, unused_assignments, reason = "written so")]
pub(crate) fn long_sums(x: &[f64; 600], d_x: &mut [f64; 600]) -> f64 {
    use wengert::exact::f64::{tanh, tanh_slope};

    /// The chain rule's product: a zero adjoint passes nothing on, not even times an infinity.
    #[inline(always)]
    fn mul_no_nan(adjoint: f64, partial: f64) -> f64 {
        if adjoint == 0.0 { adjoint } else { adjoint * partial }
    }

    let mut v600_part = [0.0; 4];
    for i in 0..4 {
        let mut sum = -0.0;
        for j in 0..128 {
            sum += x[128 * i + j];
        }
        v600_part[i] = sum;
    }
    let mut v600_part_2 = -0.0;
    for i in 0..88 {
        v600_part_2 += x[i + 512];
    }
    let mut v601_part = [0.0; 4];
    for i in 0..2 {
        for j in 0..2 {
            let mut sum = -0.0;
            for k in 0..128 {
                sum += x[i + 256 * j + 2 * k];
            }
            v601_part[2 * i + j] = sum;
        }
    }
    let mut v601_part_2 = [0.0; 2];
    for i in 0..2 {
        let mut sum = -0.0;
        for j in 0..44 {
            sum += x[i + 2 * j + 512];
        }
        v601_part_2[i] = sum;
    }
    let v600 = v600_part[0] + v600_part[1] + (v600_part[2] + v600_part[3]) + v600_part_2;
    let v601_part_3 = v601_part[0] + v601_part[1] + v601_part_2[0];
    let v601 = v601_part[2] + v601_part[3] + v601_part_2[1];
    let v603_from = [v601_part_3, v601];
    let mut v603 = [0.0; 2];
    let mut d_v601 = [0.0; 2];
    for i in 0..2 {
        let v603_i = tanh(v603_from[i]);
        v603[i] = v603_i;
        d_v601[i] = mul_no_nan(v600, tanh_slope(v603_from[i], v603_i));
    }
    let v605 = v603[0] + v603[1];
    let y = v600 * v605;

    // The reverse sweep: d_x is the adjoint of x.
    for i in 0..300 {
        for j in 0..2 {
            d_x[2 * i + j] = d_v601[j] + v605 + 0.0;
        }
    }
    y
}

/// Written by Wengert from a tape of 7 nodes: change what was recorded and write it anew, not this.
///
/// - `x`, shape `[5, 7]`
/// - `d_x`, shape `[5, 7]`: gets the gradient of `y` by `x`
/// - `workspace`: room for 895 intermediate numbers, whatever they are
///
/// Returns `y`. Elements are in row-major order. Elementary functions are those of
/// `wengert::exact::f64`, every operation is rounded in the program's order.
#[allow(clippy::all, unused_variables, unused_assignments, reason = "written so")]
pub(crate) fn lent(x: &[f64; 35], d_x: &mut [f64; 35], workspace: &mut [f64; 895]) -> f64 {
    use wengert::exact::f64::{tanh, tanh_slope};

    /// The chain rule's product: a zero adjoint passes nothing on, not even times an infinity.
    #[inline(always)]
    fn mul_no_nan(adjoint: f64, partial: f64) -> f64 {
        if adjoint == 0.0 { adjoint } else { adjoint * partial }
    }

    static D_X_PART_FROM: [usize; 35] = [
        0, 5, 10, 15, 20, 25, 30, 1, 6, 11, 16, 21, 26, 31, 2, 7, 12, 17, 22, 27, 32, 3, 8, 13, 18,
        23, 28, 33, 4, 9, 14, 19, 24, 29, 34,
    ];
    static D_X_PART_FROM_2: [usize; 35] = [
        21, 22, 23, 24, 25, 26, 27, 49, 50, 51, 52, 53, 54, 55, 84, 85, 86, 87, 88, 89, 90, 112,
        113, 114, 115, 116, 117, 118, 140, 141, 142, 143, 144, 145, 146,
    ];

    let rest = workspace.as_mut_slice();
    let (v35, rest) = rest.split_first_chunk_mut::<25>().expect("room");
    for i in 0..5 {
        for j in 0..5 {
            let mut sum = -0.0;
            for k in 0..7 {
                sum += x[7 * i + k] * x[7 * j + k];
            }
            v35[5 * i + j] = sum;
        }
    }
    let (v60, rest) = rest.split_first_chunk_mut::<25>().expect("room");
    let (d_v35_part, rest) = rest.split_first_chunk_mut::<25>().expect("room");
    for i in 0..25 {
        let v60_i = tanh(v35[i]);
        v60[i] = v60_i;
        d_v35_part[i] = tanh_slope(v35[i], v60_i);
    }
    let (v85, rest) = rest.split_first_chunk_mut::<35>().expect("room");
    for i in 0..5 {
        for j in 0..7 {
            v85[7 * i + j] = -0.0;
        }
        for j in 0..5 {
            let factor = v60[5 * i + j];
            for k in 0..7 {
                v85[7 * i + k] += factor * x[7 * j + k];
            }
        }
    }
    let (v121, rest) = rest.split_first_chunk_mut::<35>().expect("room");
    let (d_v85, rest) = rest.split_first_chunk_mut::<35>().expect("room");
    for i in 0..35 {
        v121[i] = v85[i] * v85[i];
        d_v85[i] = 2.0 * v85[i];
    }
    let mut y = -0.0;
    for i in 0..35 {
        y += v121[i];
    }

    // The reverse sweep: d_x is the adjoint of x.
    let (d_v60, rest) = rest.split_first_chunk_mut::<25>().expect("room");
    for i in 0..5 {
        for j in 0..5 {
            let mut sum = -0.0;
            for k in 0..7 {
                if d_v85[7 * i + k] != 0.0 {
                    sum += d_v85[7 * i + k] * x[7 * j + k];
                }
            }
            d_v60[5 * i + j] = sum;
        }
    }
    let (d_x_part, rest) = rest.split_first_chunk_mut::<35>().expect("room");
    for i in 0..7 {
        for j in 0..5 {
            d_x_part[5 * i + j] = -0.0;
        }
        for j in 0..5 {
            let factor = d_v85[i + 7 * j];
            if factor != 0.0 {
                for k in 0..5 {
                    d_x_part[5 * i + k] += factor * v60[5 * j + k];
                }
            }
        }
    }
    let (d_v35, rest) = rest.split_first_chunk_mut::<25>().expect("room");
    for i in 0..25 {
        d_v35[i] = mul_no_nan(d_v60[i], d_v35_part[i]);
    }
    let (d_v0_part, rest) = rest.split_first_chunk_mut::<175>().expect("room");
    let (d_v0_part_2, rest) = rest.split_first_chunk_mut::<175>().expect("room");
    for i in 0..5 {
        for j in 0..5 {
            for k in 0..7 {
                d_v0_part[35 * i + 7 * j + k] = mul_no_nan(d_v35[5 * i + j], x[7 * j + k]);
                d_v0_part_2[35 * i + 7 * j + k] = mul_no_nan(d_v35[5 * i + j], x[7 * i + k]);
            }
        }
    }
    let (d_x_2, rest) = rest.split_first_chunk_mut::<35>().expect("room");
    d_x_2[0..7].copy_from_slice(&d_v0_part[0..7]);
    d_x_2[7..35].copy_from_slice(&d_v0_part_2[7..35]);
    let (d_x_3, rest) = rest.split_first_chunk_mut::<35>().expect("room");
    d_x_3[0..7].copy_from_slice(&d_v0_part_2[0..7]);
    d_x_3[7..14].copy_from_slice(&d_v0_part[35..42]);
    d_x_3[14..35].copy_from_slice(&d_v0_part_2[49..70]);
    let (d_x_4, rest) = rest.split_first_chunk_mut::<35>().expect("room");
    d_x_4[0..7].copy_from_slice(&d_v0_part[7..14]);
    d_x_4[7..14].copy_from_slice(&d_v0_part[42..49]);
    d_x_4[14..21].copy_from_slice(&d_v0_part[70..77]);
    d_x_4[21..35].copy_from_slice(&d_v0_part_2[91..105]);
    let (d_x_5, rest) = rest.split_first_chunk_mut::<35>().expect("room");
    d_x_5[0..7].copy_from_slice(&d_v0_part[14..21]);
    d_x_5[7..14].copy_from_slice(&d_v0_part_2[42..49]);
    d_x_5[14..21].copy_from_slice(&d_v0_part[77..84]);
    d_x_5[21..28].copy_from_slice(&d_v0_part[105..112]);
    d_x_5[28..35].copy_from_slice(&d_v0_part_2[133..140]);
    let (d_x_6, rest) = rest.split_first_chunk_mut::<35>().expect("room");
    d_x_6[0..7].copy_from_slice(&d_v0_part[28..35]);
    d_x_6[7..14].copy_from_slice(&d_v0_part[56..63]);
    d_x_6[14..21].copy_from_slice(&d_v0_part_2[84..91]);
    d_x_6[21..28].copy_from_slice(&d_v0_part[119..126]);
    d_x_6[28..35].copy_from_slice(&d_v0_part[147..154]);
    let (d_x_7, rest) = rest.split_first_chunk_mut::<35>().expect("room");
    d_x_7[0..7].copy_from_slice(&d_v0_part_2[35..42]);
    d_x_7[7..14].copy_from_slice(&d_v0_part[63..70]);
    d_x_7[14..21].copy_from_slice(&d_v0_part[91..98]);
    d_x_7[21..28].copy_from_slice(&d_v0_part[126..133]);
    d_x_7[28..35].copy_from_slice(&d_v0_part[154..161]);
    let (d_x_8, rest) = rest.split_first_chunk_mut::<35>().expect("room");
    d_x_8[0..14].copy_from_slice(&d_v0_part_2[70..84]);
    d_x_8[14..21].copy_from_slice(&d_v0_part[98..105]);
    d_x_8[21..28].copy_from_slice(&d_v0_part_2[126..133]);
    d_x_8[28..35].copy_from_slice(&d_v0_part[161..168]);
    let (d_x_9, rest) = rest.split_first_chunk_mut::<35>().expect("room");
    d_x_9[0..21].copy_from_slice(&d_v0_part_2[105..126]);
    d_x_9[21..28].copy_from_slice(&d_v0_part[133..140]);
    d_x_9[28..35].copy_from_slice(&d_v0_part[168..175]);
    for i in 0..35 {
        let d_x_part_2 = d_x_part[D_X_PART_FROM[i]] + d_x_2[i];
        let d_x_part_3 = d_x_part_2 + d_x_3[i] + d_x_4[i] + d_x_5[i];
        let d_x_part_4 = d_x_part_3 + d_v0_part[D_X_PART_FROM_2[i]];
        let d_x_part_5 = d_x_part_4 + d_x_6[i] + d_x_7[i] + d_x_8[i];
        d_x[i] = d_x_part_5 + d_x_9[i] + d_v0_part_2[i + 140] + 0.0;
    }
    y
}

/// Written by Wengert from a tape of 9 nodes: change what was recorded and write it anew, not this.
///
/// - `x`, shape `[3]`
/// - `d_x`, shape `[3]`: gets the gradient of `y` by `x`
///
/// Returns `y`. Elements are in row-major order. Elementary functions are those of
/// `wengert::exact::f64`, every operation is rounded in the program's order.
#[allow(clippy::all, unused_variables, unused_assignments, reason = "written so")]
pub(crate) fn ungrouped(x: &[f64; 3], d_x: &mut [f64; 3]) -> f64 {
    use wengert::exact::f64::ln;

    /// The chain rule's product: a zero adjoint passes nothing on, not even times an infinity.
    #[inline(always)]
    fn mul_no_nan(adjoint: f64, partial: f64) -> f64 {
        if adjoint == 0.0 { adjoint } else { adjoint * partial }
    }

    /// The chain rule's product where the partial is that of a choice: what was not chosen passes
    /// nothing on.
    #[inline(always)]
    fn mul_no_nan_either(adjoint: f64, partial: f64) -> f64 {
        if adjoint == 0.0 {
            adjoint
        } else if partial == 0.0 {
            partial
        } else {
            adjoint * partial
        }
    }

    /// The sign of x; x itself where x is 0 or NaN.
    fn signum(x: f64) -> f64 {
        if x > 0.0 { 1.0 } else if x < 0.0 { -1.0 } else { x }
    }

    let v3 = x[0] * x[1];
    let v5 = x[2] * 2.0;
    let v7 = v5 - 1.0;
    let v8 = v7.abs();
    let v9 = ln(v8);
    let y = v3 + v9;

    // The reverse sweep: d_x is the adjoint of x.
    let d_v8_part = 1.0 / v8;
    let d_v8 = 1.0 * d_v8_part;
    let d_v7_part = signum(v7);
    let d_v7 = mul_no_nan_either(d_v8, d_v7_part);
    let d_x_2 = mul_no_nan(d_v7, 2.0);
    let d_x_0 = 1.0 * x[1];
    let d_x_1 = 1.0 * x[0];
    *d_x = [d_x_0 + 0.0, d_x_1 + 0.0, d_x_2 + 0.0];
    y
}

/// Written by Wengert from a tape of 244 nodes: change what was recorded and write it anew, not
/// this.
///
/// - `x`, shape `[40]`
/// - `unused`, shape `[2]`
/// - `x_2`, shape `[40]`: gets the values of `x`
/// - `v283`, shape `[3]`: gets the values of `v283`
/// - `d_unused`, shape `[2]`: gets the gradient of `y` by `unused`
/// - `d_x`, shape `[40]`: gets the gradient of `y` by `x`
///
/// Returns `y`, `v3`. Elements are in row-major order. Elementary functions are those of
/// `wengert::exact::f64`, every operation is rounded in the program's order.
#[allow(clippy::all, unused_variables, unused_assignments, reason = "written so")]
pub(crate) fn constants(
    x: &[f64; 40],
    _unused: &[f64; 2],
    x_2: &mut [f64; 40],
    v283: &mut [f64; 3],
    d_unused: &mut [f64; 2],
    d_x: &mut [f64; 40],
) -> [f64; 2] {
    /// The chain rule's product: a zero adjoint passes nothing on, not even times an infinity.
    #[inline(always)]
    fn mul_no_nan(adjoint: f64, partial: f64) -> f64 {
        if adjoint == 0.0 { adjoint } else { adjoint * partial }
    }

    static CONSTANTS: [f64; 82] = [
        0.0, 2.0, 1.0, 0.1, 0.5403023058681398, 0.2, -0.4161468365471424, 0.30000000000000004,
        -0.9899924966004454, 0.4, -0.6536436208636119, 0.5, 0.28366218546322625, 0.6000000000000001,
        0.960170286650366, 0.7000000000000001, 0.7539022543433046, 0.8, -0.14550003380861354, 0.9,
        -0.9111302618846769, -0.8390715290764524, 1.1, 0.004425697988050785, 1.2000000000000002,
        0.8438539587324921, 1.3, 0.9074467814501962, 1.4000000000000001, 0.1367372182078336, 1.5,
        -0.7596879128588213, 1.6, -0.9576594803233847, 1.7000000000000002, -0.27516333805159693,
        1.8, 0.6603167082440802, 1.9000000000000001, 0.9887046181866692, 0.40808206181339196, 2.1,
        -0.5477292602242684, 2.2, -0.9999608263946371, 2.3000000000000003, -0.5328330203333975,
        2.4000000000000004, 0.424179007336997, 2.5, 0.9912028118634736, 2.6, 0.6469193223286404,
        2.7, -0.2921388087338362, 2.8000000000000003, -0.9626058663135666, 2.9000000000000004,
        -0.7480575296890003, 3.0, 0.15425144988758405, 3.1, 0.9147423578045313, 3.2,
        0.8342233605065102, 3.3000000000000003, -0.013276747223059479, 3.4000000000000004,
        -0.8485702747846052, 3.5, -0.9036922050915067, 3.6, -0.12796368962740468, 3.7,
        0.7654140519453434, 3.8000000000000003, 0.9550736440472949, 3.9000000000000004,
        0.26664293235993725, f64::INFINITY, -0.0, 1e300,
    ];
    static V49_FROM: [usize; 39] = [
        3, 5, 7, 9, 11, 13, 15, 17, 19, 2, 22, 24, 26, 28, 30, 32, 34, 36, 38, 1, 41, 43, 45, 47,
        49, 51, 53, 55, 57, 59, 61, 63, 65, 67, 69, 71, 73, 75, 77,
    ];
    static D_V49_FROM: [usize; 39] = [
        4, 6, 8, 10, 12, 14, 16, 18, 20, 21, 23, 25, 27, 29, 31, 33, 35, 37, 39, 40, 42, 44, 46, 48,
        50, 52, 54, 56, 58, 60, 62, 64, 66, 68, 70, 72, 74, 76, 78,
    ];

    let mut v50 = [0.0; 39];
    let mut d_v49 = [0.0; 39];
    let mut y_part = [0.0; 39];
    for i in 0..39 {
        let v49 = x[i + 1] - CONSTANTS[V49_FROM[i]];
        v50[i] = v49 * v49;
        d_v49[i] = mul_no_nan(CONSTANTS[D_V49_FROM[i]], 2.0 * v49);
        y_part[i] = CONSTANTS[D_V49_FROM[i]];
    }
    let v45 = x[0] * x[0];

    // The reverse sweep: d_x is the adjoint of x.
    let d_v43 = 2.0 * x[0];
    let mut y = v45;
    for i in 0..39 {
        y += v50[i] * y_part[i];
    }
    for i in 0..40 {
        x_2[i] = x[i];
    }
    for i in 0..3 {
        v283[i] = CONSTANTS[i + 79];
    }
    for i in 0..2 {
        d_unused[i] = 0.0;
    }
    *d_x = [
        d_v43 + 0.0, d_v49[0] + 0.0, d_v49[1] + 0.0, d_v49[2] + 0.0, d_v49[3] + 0.0, d_v49[4] + 0.0,
        d_v49[5] + 0.0, d_v49[6] + 0.0, d_v49[7] + 0.0, d_v49[8] + 0.0, d_v49[9] + 0.0,
        d_v49[10] + 0.0, d_v49[11] + 0.0, d_v49[12] + 0.0, d_v49[13] + 0.0, d_v49[14] + 0.0,
        d_v49[15] + 0.0, d_v49[16] + 0.0, d_v49[17] + 0.0, d_v49[18] + 0.0, d_v49[19] + 0.0,
        d_v49[20] + 0.0, d_v49[21] + 0.0, d_v49[22] + 0.0, d_v49[23] + 0.0, d_v49[24] + 0.0,
        d_v49[25] + 0.0, d_v49[26] + 0.0, d_v49[27] + 0.0, d_v49[28] + 0.0, d_v49[29] + 0.0,
        d_v49[30] + 0.0, d_v49[31] + 0.0, d_v49[32] + 0.0, d_v49[33] + 0.0, d_v49[34] + 0.0,
        d_v49[35] + 0.0, d_v49[36] + 0.0, d_v49[37] + 0.0, d_v49[38] + 0.0,
    ];
    [y, x[3]]
}

/// Calls one of the functions above: what it returns, its moved inputs, what it writes.
pub(crate) fn call(name: &str, inputs: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, String> {
    match name {
        "functions" => call_functions(inputs),
        "of_platform" => call_of_platform(inputs),
        "of_platform_f32" => call_of_platform_f32(inputs),
        "network" => call_network(inputs),
        "network_fast" => call_network_fast(inputs),
        "momentum" => call_momentum(inputs),
        "mixture" => call_mixture(inputs),
        "moves" => call_moves(inputs),
        "guarded" => call_guarded(inputs),
        "fed" => call_fed(inputs),
        "swapped" => call_swapped(inputs),
        "read_after" => call_read_after(inputs),
        "rows" => call_rows(inputs),
        "long_sums" => call_long_sums(inputs),
        "lent" => call_lent(inputs),
        "ungrouped" => call_ungrouped(inputs),
        "constants" => call_constants(inputs),
        other => Err(format!("no function is called {other}")),
    }
}

fn call_functions(inputs: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, String> {
    let a0: f64 = inputs[0][0] as f64;
    let a1: f64 = inputs[1][0] as f64;
    let result = functions(a0, a1);
    let mut all: Vec<Vec<f64>> = Vec::from(result.map(|x| vec![x as f64]));
    all.extend([]);
    Ok(all)
}

fn call_of_platform(inputs: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, String> {
    let a0: f64 = inputs[0][0] as f64;
    let a1: f64 = inputs[1][0] as f64;
    let mut a2: Box<[f64; 60]> = vec![7.0; 60].into_boxed_slice().try_into().unwrap();
    let result = of_platform(a0, a1, &mut a2);
    let _: () = result;
    let mut all = Vec::new();
    all.extend([a2.iter().map(|&x| x as f64).collect()]);
    Ok(all)
}

fn call_of_platform_f32(inputs: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, String> {
    let a0: f32 = inputs[0][0] as f32;
    let a1: f32 = inputs[1][0] as f32;
    let mut a2: Box<[f32; 60]> = vec![7.0; 60].into_boxed_slice().try_into().unwrap();
    let result = of_platform_f32(a0, a1, &mut a2);
    let _: () = result;
    let mut all = Vec::new();
    all.extend([a2.iter().map(|&x| x as f64).collect()]);
    Ok(all)
}

fn call_network(inputs: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, String> {
    let mut a0: Box<[f64; 57]> = inputs[0].iter().map(|&x| x as f64).collect::<Box<[f64]>>().try_into().unwrap();
    let a1: Box<[f64; 20]> = inputs[1].iter().map(|&x| x as f64).collect::<Box<[f64]>>().try_into().unwrap();
    let a2: Box<[f64; 12]> = inputs[2].iter().map(|&x| x as f64).collect::<Box<[f64]>>().try_into().unwrap();
    let result = network(&mut a0, &a1, &a2);
    let mut all = vec![vec![result as f64]];
    all.extend([a0.iter().map(|&x| x as f64).collect()]);
    Ok(all)
}

fn call_network_fast(inputs: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, String> {
    let mut a0: Box<[f64; 57]> = inputs[0].iter().map(|&x| x as f64).collect::<Box<[f64]>>().try_into().unwrap();
    let a1: Box<[f64; 20]> = inputs[1].iter().map(|&x| x as f64).collect::<Box<[f64]>>().try_into().unwrap();
    let a2: Box<[f64; 12]> = inputs[2].iter().map(|&x| x as f64).collect::<Box<[f64]>>().try_into().unwrap();
    let result = network_fast(&mut a0, &a1, &a2);
    let mut all = vec![vec![result as f64]];
    all.extend([a0.iter().map(|&x| x as f64).collect()]);
    Ok(all)
}

fn call_momentum(inputs: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, String> {
    let mut a0: Box<[f32; 12]> = inputs[0].iter().map(|&x| x as f32).collect::<Box<[f32]>>().try_into().unwrap();
    let mut a1: Box<[f32; 12]> = inputs[1].iter().map(|&x| x as f32).collect::<Box<[f32]>>().try_into().unwrap();
    let a2: Box<[f32; 3]> = inputs[2].iter().map(|&x| x as f32).collect::<Box<[f32]>>().try_into().unwrap();
    let a3: Box<[f32; 4]> = inputs[3].iter().map(|&x| x as f32).collect::<Box<[f32]>>().try_into().unwrap();
    let mut a4: Box<[f32; 3]> = vec![7.0; 3].into_boxed_slice().try_into().unwrap();
    let result = momentum(&mut a0, &mut a1, &a2, &a3, &mut a4);
    let mut all = vec![vec![result as f64]];
    all.extend([a0.iter().map(|&x| x as f64).collect(), a1.iter().map(|&x| x as f64).collect(), a4.iter().map(|&x| x as f64).collect()]);
    Ok(all)
}

fn call_mixture(inputs: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, String> {
    let a0: Box<[f64; 60]> = inputs[0].iter().map(|&x| x as f64).collect::<Box<[f64]>>().try_into().unwrap();
    let a1: Box<[f64; 5]> = inputs[1].iter().map(|&x| x as f64).collect::<Box<[f64]>>().try_into().unwrap();
    let a2: Box<[f64; 12]> = inputs[2].iter().map(|&x| x as f64).collect::<Box<[f64]>>().try_into().unwrap();
    let mut a3: Box<[f64; 60]> = vec![7.0; 60].into_boxed_slice().try_into().unwrap();
    let mut a4: Box<[f64; 5]> = vec![7.0; 5].into_boxed_slice().try_into().unwrap();
    let mut a5: Box<[f64; 12]> = vec![7.0; 12].into_boxed_slice().try_into().unwrap();
    let result = mixture(&a0, &a1, &a2, &mut a3, &mut a4, &mut a5);
    let mut all = vec![vec![result as f64]];
    all.extend([a3.iter().map(|&x| x as f64).collect(), a4.iter().map(|&x| x as f64).collect(), a5.iter().map(|&x| x as f64).collect()]);
    Ok(all)
}

fn call_moves(inputs: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, String> {
    let a0: Box<[f64; 12]> = inputs[0].iter().map(|&x| x as f64).collect::<Box<[f64]>>().try_into().unwrap();
    let mut a1: Box<[f64; 12]> = vec![7.0; 12].into_boxed_slice().try_into().unwrap();
    let mut a2: Box<[f64; 4]> = vec![7.0; 4].into_boxed_slice().try_into().unwrap();
    let mut a3: Box<[f64; 12]> = vec![7.0; 12].into_boxed_slice().try_into().unwrap();
    let mut a4: Box<[f64; 8]> = vec![7.0; 8].into_boxed_slice().try_into().unwrap();
    let result = moves(&a0, &mut a1, &mut a2, &mut a3, &mut a4);
    let mut all = vec![vec![result as f64]];
    all.extend([a1.iter().map(|&x| x as f64).collect(), a2.iter().map(|&x| x as f64).collect(), a3.iter().map(|&x| x as f64).collect(), a4.iter().map(|&x| x as f64).collect()]);
    Ok(all)
}

fn call_guarded(inputs: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, String> {
    let mut a0: Box<[f64; 3]> = inputs[0].iter().map(|&x| x as f64).collect::<Box<[f64]>>().try_into().unwrap();
    let mut a1: Box<[f64; 3]> = vec![7.0; 3].into_boxed_slice().try_into().unwrap();
    let result = guarded(&mut a0, &mut a1).map_err(String::from)?;
    let mut all = vec![vec![result as f64]];
    all.extend([a0.iter().map(|&x| x as f64).collect(), a1.iter().map(|&x| x as f64).collect()]);
    Ok(all)
}

fn call_fed(inputs: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, String> {
    let mut a0: f64 = inputs[0][0] as f64;
    let a1: f64 = inputs[1][0] as f64;
    let result = fed(&mut a0, a1);
    let mut all = vec![vec![result as f64]];
    all.extend([vec![a0 as f64]]);
    Ok(all)
}

fn call_swapped(inputs: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, String> {
    let mut a0: Box<[f64; 3]> = inputs[0].iter().map(|&x| x as f64).collect::<Box<[f64]>>().try_into().unwrap();
    let mut a1: Box<[f64; 3]> = inputs[1].iter().map(|&x| x as f64).collect::<Box<[f64]>>().try_into().unwrap();
    let result = swapped(&mut a0, &mut a1);
    let mut all = vec![vec![result as f64]];
    all.extend([a0.iter().map(|&x| x as f64).collect(), a1.iter().map(|&x| x as f64).collect()]);
    Ok(all)
}

fn call_read_after(inputs: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, String> {
    let mut a0: Box<[f64; 4]> = inputs[0].iter().map(|&x| x as f64).collect::<Box<[f64]>>().try_into().unwrap();
    let mut a1: Box<[f64; 6]> = vec![7.0; 6].into_boxed_slice().try_into().unwrap();
    let mut a2: Box<[f64; 6]> = vec![7.0; 6].into_boxed_slice().try_into().unwrap();
    let result = read_after(&mut a0, &mut a1, &mut a2);
    let mut all: Vec<Vec<f64>> = Vec::from(result.map(|x| vec![x as f64]));
    all.extend([a0.iter().map(|&x| x as f64).collect(), a1.iter().map(|&x| x as f64).collect(), a2.iter().map(|&x| x as f64).collect()]);
    Ok(all)
}

fn call_rows(inputs: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, String> {
    let a0: Box<[f64; 12]> = inputs[0].iter().map(|&x| x as f64).collect::<Box<[f64]>>().try_into().unwrap();
    let a1: Box<[f64; 4]> = inputs[1].iter().map(|&x| x as f64).collect::<Box<[f64]>>().try_into().unwrap();
    let a2: Box<[f64; 3]> = inputs[2].iter().map(|&x| x as f64).collect::<Box<[f64]>>().try_into().unwrap();
    let mut a3: Box<[f64; 3]> = vec![7.0; 3].into_boxed_slice().try_into().unwrap();
    let mut a4: Box<[f64; 4]> = vec![7.0; 4].into_boxed_slice().try_into().unwrap();
    let mut a5: Box<[f64; 4]> = vec![7.0; 4].into_boxed_slice().try_into().unwrap();
    let result = rows(&a0, &a1, &a2, &mut a3, &mut a4, &mut a5);
    let _: () = result;
    let mut all = Vec::new();
    all.extend([a3.iter().map(|&x| x as f64).collect(), a4.iter().map(|&x| x as f64).collect(), a5.iter().map(|&x| x as f64).collect()]);
    Ok(all)
}

fn call_long_sums(inputs: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, String> {
    let a0: Box<[f64; 600]> = inputs[0].iter().map(|&x| x as f64).collect::<Box<[f64]>>().try_into().unwrap();
    let mut a1: Box<[f64; 600]> = vec![7.0; 600].into_boxed_slice().try_into().unwrap();
    let result = long_sums(&a0, &mut a1);
    let mut all = vec![vec![result as f64]];
    all.extend([a1.iter().map(|&x| x as f64).collect()]);
    Ok(all)
}

fn call_lent(inputs: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, String> {
    let a0: Box<[f64; 35]> = inputs[0].iter().map(|&x| x as f64).collect::<Box<[f64]>>().try_into().unwrap();
    let mut a1: Box<[f64; 35]> = vec![7.0; 35].into_boxed_slice().try_into().unwrap();
    let mut a2: Box<[f64; 895]> = vec![7.0; 895].into_boxed_slice().try_into().unwrap();
    let result = lent(&a0, &mut a1, &mut a2);
    let mut all = vec![vec![result as f64]];
    all.extend([a1.iter().map(|&x| x as f64).collect()]);
    Ok(all)
}

fn call_ungrouped(inputs: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, String> {
    let a0: Box<[f64; 3]> = inputs[0].iter().map(|&x| x as f64).collect::<Box<[f64]>>().try_into().unwrap();
    let mut a1: Box<[f64; 3]> = vec![7.0; 3].into_boxed_slice().try_into().unwrap();
    let result = ungrouped(&a0, &mut a1);
    let mut all = vec![vec![result as f64]];
    all.extend([a1.iter().map(|&x| x as f64).collect()]);
    Ok(all)
}

fn call_constants(inputs: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, String> {
    let a0: Box<[f64; 40]> = inputs[0].iter().map(|&x| x as f64).collect::<Box<[f64]>>().try_into().unwrap();
    let a1: Box<[f64; 2]> = inputs[1].iter().map(|&x| x as f64).collect::<Box<[f64]>>().try_into().unwrap();
    let mut a2: Box<[f64; 40]> = vec![7.0; 40].into_boxed_slice().try_into().unwrap();
    let mut a3: Box<[f64; 3]> = vec![7.0; 3].into_boxed_slice().try_into().unwrap();
    let mut a4: Box<[f64; 2]> = vec![7.0; 2].into_boxed_slice().try_into().unwrap();
    let mut a5: Box<[f64; 40]> = vec![7.0; 40].into_boxed_slice().try_into().unwrap();
    let result = constants(&a0, &a1, &mut a2, &mut a3, &mut a4, &mut a5);
    let mut all: Vec<Vec<f64>> = Vec::from(result.map(|x| vec![x as f64]));
    all.extend([a2.iter().map(|&x| x as f64).collect(), a3.iter().map(|&x| x as f64).collect(), a4.iter().map(|&x| x as f64).collect(), a5.iter().map(|&x| x as f64).collect()]);
    Ok(all)
}
