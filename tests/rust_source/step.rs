/// Written by Wengert from a tape of 35 nodes: change what was recorded and write it anew, not
/// this.
///
/// - `params`, shape `[12]`, moved: afterwards the values of `moved`
/// - `x`, shape `[2]`
/// - `target`, shape `[2]`
/// - `rate`
///
/// Returns `loss`. Elements are in row-major order. Elementary functions are those of
/// `wengert::exact::f64`, every operation is rounded in the program's order.
#[allow(clippy::all, unused_variables, unused_assignments, reason = "written so")]
pub fn step(params: &mut [f64; 12], x: &[f64; 2], target: &[f64; 2], rate: f64) -> f64 {
    use wengert::exact::f64::{sigmoid, sigmoid_slope};

    /// The chain rule's product: a zero adjoint passes nothing on, not even times an infinity.
    #[inline(always)]
    fn mul_no_nan(adjoint: f64, partial: f64) -> f64 {
        if adjoint == 0.0 { adjoint } else { adjoint * partial }
    }

    let hidden_0_w0 = params[0];
    let hidden_0_b = params[2];
    let hidden_0_w1 = params[1];
    let hidden_0_z = hidden_0_b + hidden_0_w0 * x[0] + hidden_0_w1 * x[1];
    let hidden_0_output = sigmoid(hidden_0_z);
    let hidden_1_w0 = params[3];
    let hidden_1_b = params[5];
    let hidden_1_w1 = params[4];
    let hidden_1_z = hidden_1_b + hidden_1_w0 * x[0] + hidden_1_w1 * x[1];
    let hidden_1_output = sigmoid(hidden_1_z);
    let output_0_w0 = params[6];
    let output_0_b = params[8];
    let output_0_w1 = params[7];
    let output_0_z = output_0_b + output_0_w0 * hidden_0_output + output_0_w1 * hidden_1_output;
    let output_0_output = sigmoid(output_0_z);
    let output_1_w0 = params[9];
    let output_1_b = params[11];
    let output_1_w1 = params[10];
    let output_1_z = output_1_b + output_1_w0 * hidden_0_output + output_1_w1 * hidden_1_output;
    let output_1_output = sigmoid(output_1_z);
    let error_0 = target[0] - output_0_output;
    let error_1 = target[1] - output_1_output;
    let loss = 0.5 * (error_0 * error_0 + error_1 * error_1);

    // The reverse sweep: d_x is the adjoint of x.
    let d_output_1_z = mul_no_nan(-(0.5 * (2.0 * error_1)), sigmoid_slope(output_1_z, output_1_output));
    let d_output_0_z = mul_no_nan(-(0.5 * (2.0 * error_0)), sigmoid_slope(output_0_z, output_0_output));
    let d_hidden_1_output_part = mul_no_nan(d_output_1_z, output_1_w1);
    let d_hidden_1_output = d_hidden_1_output_part + mul_no_nan(d_output_0_z, output_0_w1);
    let d_hidden_1_z = mul_no_nan(d_hidden_1_output, sigmoid_slope(hidden_1_z, hidden_1_output));
    let d_hidden_0_output_part = mul_no_nan(d_output_1_z, output_1_w0);
    let d_hidden_0_output = d_hidden_0_output_part + mul_no_nan(d_output_0_z, output_0_w0);
    let d_hidden_0_z = mul_no_nan(d_hidden_0_output, sigmoid_slope(hidden_0_z, hidden_0_output));
    let d_output_1_w1 = mul_no_nan(d_output_1_z, hidden_1_output);
    let d_output_1_w0 = mul_no_nan(d_output_1_z, hidden_0_output);
    let d_output_0_w1 = mul_no_nan(d_output_0_z, hidden_1_output);
    let d_output_0_w0 = mul_no_nan(d_output_0_z, hidden_0_output);
    let d_hidden_1_w1 = mul_no_nan(d_hidden_1_z, x[1]);
    let d_hidden_1_w0 = mul_no_nan(d_hidden_1_z, x[0]);
    let d_hidden_0_w1 = mul_no_nan(d_hidden_0_z, x[1]);
    let d_hidden_0_w0 = mul_no_nan(d_hidden_0_z, x[0]);
    let d_params = [
        d_hidden_0_w0, d_hidden_0_w1, d_hidden_0_z, d_hidden_1_w0, d_hidden_1_w1, d_hidden_1_z,
        d_output_0_w0, d_output_0_w1, d_output_0_z, d_output_1_w0, d_output_1_w1, d_output_1_z,
    ];
    for i in 0..12 {
        params[i] -= rate * d_params[i];
    }
    loss
}
