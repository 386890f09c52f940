/// Written by Wengert from a tape of 1003 nodes: change what was recorded and write it anew, not
/// this.
///
/// - `x`, shape `[126]`
/// - `d_x`, shape `[126]`: gets the gradient of `y` by `x`
///
/// Returns `y`. Elements are in row-major order. Elementary functions are those of
/// `crate::source::functions`; sums are in the order of their index, which the program leaves open.
#[allow(clippy::all, unused_variables, unused_assignments, reason = "written so")]
#[inline(always)]
pub(crate) fn value_and_gradient(x: &[f64; 126], d_x: &mut [f64; 126]) -> f64 {
    /// The chain rule's product: a zero adjoint passes nothing on, not even times an infinity.
    #[inline(always)]
    fn mul_no_nan(adjoint: f64, partial: f64) -> f64 {
        if adjoint == 0.0 { adjoint } else { adjoint * partial }
    }

    /// The sum, in eight lanes: the program leaves its order open.
    #[inline(always)]
    fn sum_of(x: &[f64]) -> f64 {
        let (chunks, rest) = x.as_chunks::<8>();
        let mut lanes = [-0.0; 8];
        for x in chunks {
            for i in 0..8 {
                lanes[i] += x[i];
            }
        }
        let [a, b, c, d, e, f, g, h] = lanes;
        rest.iter().fold(((a + e) + (c + g)) + ((b + f) + (d + h)), |sum, x| sum + x)
    }

    let mut d_v128 = [0.0; 125];
    let mut v135 = [0.0; 125];
    let mut d_x_part = [0.0; 125];
    for i in 0..125 {
        let v133 = 1.0 - x[i];
        let v128 = x[i + 1] - x[i] * x[i];
        let d_v128_i = 100.0 * (2.0 * v128);
        d_v128[i] = d_v128_i;
        v135[i] = 100.0 * (v128 * v128) + v133 * v133;
        d_x_part[i] = -(2.0 * v133) + mul_no_nan(-d_v128_i, 2.0 * x[i]);
    }
    let y = v135[0] + sum_of(&v135[1..125]);

    // The reverse sweep: d_x is the adjoint of x.
    let mut d_x_2 = [0.0; 124];
    for i in 0..124 {
        d_x_2[i] = d_x_part[i + 1] + d_v128[i];
    }
    d_x[0] = d_x_part[0] + 0.0;
    for i in 0..124 {
        d_x[i + 1] = d_x_2[i] + 0.0;
    }
    d_x[125] = d_v128[124] + 0.0;
    y
}
