/// Written by Wengert from a tape of 35 nodes: change what was recorded and write it anew, not
/// this.
///
/// - `params`, shape `[12]`, moved: afterwards the values of `v69`
/// - `x`, shape `[2]`
/// - `target`, shape `[2]`
///
/// Returns `loss`. Elements are in row-major order. Elementary functions are those of
/// `crate::source::functions`; sums are in the order of their index, which the program leaves open.
#[allow(clippy::all, unused_variables, unused_assignments, reason = "written so")]
#[inline(always)]
pub(crate) fn step(params: &mut [f64; 12], x: &[f64; 2], target: &[f64; 2]) -> f64 {
    use crate::source::functions::{sigmoid, sigmoid_slope};

    /// The chain rule's product: a zero adjoint passes nothing on, not even times an infinity.
    #[inline(always)]
    fn mul_no_nan(adjoint: f64, partial: f64) -> f64 {
        if adjoint == 0.0 { adjoint } else { adjoint * partial }
    }

    let v19 = params[2] + params[0] * x[0] + params[1] * x[1];
    let v20 = sigmoid(v19);
    let v24 = params[5] + params[3] * x[0] + params[4] * x[1];
    let v25 = sigmoid(v24);
    let v29 = params[8] + params[6] * v20 + params[7] * v25;
    let v30 = sigmoid(v29);
    let v34 = params[11] + params[9] * v20 + params[10] * v25;
    let v35 = sigmoid(v34);
    let v36 = target[0] - v30;
    let v39 = target[1] - v35;
    let loss = 0.5 * (v36 * v36 + v39 * v39);

    // The reverse sweep: d_x is the adjoint of x.
    let d_v34 = mul_no_nan(-(0.5 * (2.0 * v39)), sigmoid_slope(v34, v35));
    let d_v29 = mul_no_nan(-(0.5 * (2.0 * v36)), sigmoid_slope(v29, v30));
    let d_v25 = mul_no_nan(d_v34, params[10]) + mul_no_nan(d_v29, params[7]);
    let d_v24 = mul_no_nan(d_v25, sigmoid_slope(v24, v25));
    let d_v20 = mul_no_nan(d_v34, params[9]) + mul_no_nan(d_v29, params[6]);
    let d_v19 = mul_no_nan(d_v20, sigmoid_slope(v19, v20));
    let d_params_10 = mul_no_nan(d_v34, v25);
    let d_params_9 = mul_no_nan(d_v34, v20);
    let d_params_7 = mul_no_nan(d_v29, v25);
    let d_params_6 = mul_no_nan(d_v29, v20);
    let d_params_4 = mul_no_nan(d_v24, x[1]);
    let d_params_3 = mul_no_nan(d_v24, x[0]);
    let d_params_1 = mul_no_nan(d_v19, x[1]);
    let d_params_0 = mul_no_nan(d_v19, x[0]);
    let d_params = [
        d_params_0, d_params_1, d_v19, d_params_3, d_params_4, d_v24, d_params_6, d_params_7, d_v29,
        d_params_9, d_params_10, d_v34,
    ];
    for i in 0..12 {
        params[i] -= d_params[i] * 0.02;
    }
    loss
}
