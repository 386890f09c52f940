/// Written by Wengert from a tape of 17 nodes: change what was recorded and write it anew, not
/// this.
///
/// - `params`, shape `[131]`, moved: afterwards the values of `v1214`
/// - `x`, shape `[16, 4]`
/// - `target`, shape `[16, 3]`
///
/// Returns `loss`. Elements are in row-major order. Elementary functions are those of
/// `crate::source::functions`; sums are in the order of their index, which the program leaves open.
#[allow(clippy::all, unused_variables, unused_assignments, reason = "written so")]
#[inline(always)]
pub(crate) fn step(params: &mut [f64; 131], x: &[f64; 64], target: &[f64; 48]) -> f64 {
    use crate::source::functions::{sigmoid, sigmoid_slope};

    /// The sum of products, in eight lanes: the program leaves its order open.
    #[inline(always)]
    fn dot(x: &[f64], y: &[f64]) -> f64 {
        let ((xs, x), (ys, y)) = (x.as_chunks::<8>(), y.as_chunks::<8>());
        let mut lanes = [-0.0; 8];
        for (x, y) in xs.iter().zip(ys) {
            for i in 0..8 {
                lanes[i] += x[i] * y[i];
            }
        }
        let [a, b, c, d, e, f, g, h] = lanes;
        let sum = ((a + e) + (c + g)) + ((b + f) + (d + h));
        x.iter().zip(y).fold(sum, |sum, (x, y)| sum + x * y)
    }

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

    let mut v243_part = [0.0; 256];
    for i in 0..16 {
        for j in 0..16 {
            let mut sum = -0.0;
            for k in 0..4 {
                sum += x[4 * i + k] * params[4 * j + k];
            }
            v243_part[16 * i + j] = sum;
        }
    }
    let mut v499 = [0.0; 256];
    let mut d_v243_part = [0.0; 256];
    for i in 0..16 {
        for j in 0..16 {
            let v243 = v243_part[16 * i + j] + params[j + 64];
            let v499_ij = sigmoid(v243);
            v499[16 * i + j] = v499_ij;
            d_v243_part[16 * i + j] = sigmoid_slope(v243, v499_ij);
        }
    }
    let mut v755_part = [0.0; 48];
    for i in 0..16 {
        for j in 0..3 {
            v755_part[3 * i + j] = dot(&v499[16 * i..16 * i + 16], &params[16 * j + 80..16 * j + 96]);
        }
    }
    let mut v900 = [0.0; 48];
    let mut d_v755 = [0.0; 48];
    for i in 0..16 {
        for j in 0..3 {
            let v755 = v755_part[3 * i + j] + params[j + 128];
            let v803 = sigmoid(v755);
            let v851 = v803 - target[3 * i + j];
            v900[3 * i + j] = v851 * v851;
            d_v755[3 * i + j] = mul_no_nan(0.5 * (2.0 * v851), sigmoid_slope(v755, v803));
        }
    }
    let v948 = sum_of(&v900[0..48]);

    // The reverse sweep: d_x is the adjoint of x.
    let mut d_params = [0.0; 131];
    for i in 0..3 {
        let mut sum = -0.0;
        for j in 0..16 {
            sum += d_v755[i + 3 * j];
        }
        d_params[i + 128] = sum;
    }
    for i in 0..3 {
        for j in 0..16 {
            d_params[16 * i + j + 80] = -0.0;
        }
        for j in 0..16 {
            let factor = d_v755[i + 3 * j];
            for k in 0..16 {
                d_params[16 * i + k + 80] += factor * v499[16 * j + k];
            }
        }
    }
    let mut d_v499 = [0.0; 256];
    for i in 0..16 {
        for j in 0..16 {
            let mut sum = -0.0;
            for k in 0..3 {
                sum += d_v755[3 * i + k] * params[j + 16 * k + 80];
            }
            d_v499[16 * i + j] = sum;
        }
    }
    let mut d_v243 = [0.0; 256];
    for i in 0..256 {
        d_v243[i] = mul_no_nan(d_v499[i], d_v243_part[i]);
    }
    for i in 0..16 {
        d_params[i + 64] = -0.0;
    }
    for i in 0..16 {
        for j in 0..16 {
            d_params[j + 64] += d_v243[16 * i + j];
        }
    }
    for i in 0..16 {
        for j in 0..4 {
            d_params[4 * i + j] = -0.0;
        }
        for j in 0..16 {
            let factor = d_v243[i + 16 * j];
            for k in 0..4 {
                d_params[4 * i + k] += factor * x[4 * j + k];
            }
        }
    }
    for i in 0..131 {
        params[i] -= d_params[i] * 0.001;
    }
    let loss = 0.5 * v948;
    loss
}
