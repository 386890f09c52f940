//! Central differences, extrapolated to a step of zero: C. J. F. Ridders, *Accurate computation of
//! F′(x) and F′(x) F″(x)*, Advances in Engineering Software 4 (1982) 75–76; `dfridr` in *Numerical
//! Recipes*.
//!
//! The truncation error of a central difference is a series in h². So each row of the tableau, at a
//! smaller step, eliminates one more term with the help of the row before; the distance between
//! neighbours of the tableau estimates the error.
//!
//! Four things differ from the textbook.
//!
//! - The rounding error `noise / h` is added to the estimate: without it, a tableau of equal wrong
//!   numbers would claim an error of 0.
//! - The best of a row is compared with those of the rows before and after it too: among many
//!   numbers, two are close by chance.
//! - The step shrinks on until that error alone is well above the best estimate, instead of
//!   stopping at the first row that gets worse. So a first step that was far too large does no
//!   harm.
//! - Later differences must not lie further from the best estimate than its own did. Otherwise the
//!   steps so far were larger than what the function does, and everything starts anew.

/// A derivative and what it may be off by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Estimate {
    pub(super) derivative: f64,
    pub(super) error: f64,
    /// The smallest of the steps that it was extrapolated from.
    pub(super) step: f64,
}

/// The factor between steps. Not a whole number, so that the steps do not all fall on multiples of
/// a period.
const SHRINK: f64 = 1.6;
/// Faster, while the step still meets an obstacle.
const SHRINK_AT_OBSTACLE: f64 = 3.7;
const ROWS: usize = 80;
/// Orders of elimination: h² to h¹⁴.
const ORDERS: usize = 8;
/// The rounding errors of two values, magnified by the first elimination: 2/(2h) · (s² + 1)/(s² −
/// 1), and some margin.
const MAGNIFIED: f64 = 4.0;

/// A central difference, and the rounding error of the function's values that it was taken of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quotient {
    pub(super) value: f64,
    pub(super) noise: f64,
}

/// Differentiates a function of which `quotient(h)` is the central difference.
///
/// A step that meets an obstacle is refused by `Err`, and the whole tableau starts anew below it.
/// The last obstacle is returned beside the estimate, which is `None` if too few steps in turn
/// succeeded.
pub(super) fn extrapolate<E>(
    first: f64,
    smallest: f64,
    mut quotient: impl FnMut(f64) -> Result<Quotient, E>,
) -> (Option<Estimate>, Option<E>) {
    let mut h = first;
    let (mut best, mut obstacle) = (None::<Best>, None);
    let mut above: Vec<f64> = Vec::new();
    let mut rows: Vec<Best> = Vec::new();
    for _ in 0..ROWS {
        if h < smallest {
            break;
        }
        let (quotient, floor) = match quotient(h) {
            Ok(quotient) => (quotient.value, MAGNIFIED * quotient.noise / h),
            Err(reason) => {
                (best, obstacle) = (None, Some(reason));
                above.clear();
                rows.clear();
                h /= SHRINK_AT_OBSTACLE;
                continue;
            }
        };
        if best.is_some_and(|best| floor > 16.0 * best.estimate.error) {
            break;
        }
        if best.is_some_and(|best| best.is_refuted_by(quotient, floor)) {
            best = None;
            above.clear();
            rows.clear();
        }
        let mut row = vec![quotient];
        let mut power = 1.0;
        let mut best_of_row = None::<Best>;
        for &diagonal in above.iter().take(ORDERS - 1) {
            power *= SHRINK * SHRINK;
            let left = row[row.len() - 1];
            let derivative = (left * power - diagonal) / (power - 1.0);
            let error = (derivative - left).abs().max((derivative - diagonal).abs()) + floor;
            if best_of_row.is_none_or(|best| error <= best.estimate.error) {
                let distance = (derivative - quotient).abs();
                best_of_row =
                    Some(Best { estimate: Estimate { derivative, error, step: h }, distance });
            }
            row.push(derivative);
        }
        rows.extend(best_of_row);
        if let [.., before, candidate, after] = rows[..] {
            let apart =
                |other: Best| (other.estimate.derivative - candidate.estimate.derivative).abs();
            let error = candidate.estimate.error.max(apart(before)).max(apart(after));
            if best.is_none_or(|best| error <= best.estimate.error) {
                best =
                    Some(Best { estimate: Estimate { error, ..candidate.estimate }, ..candidate });
            }
        }
        above = row;
        h /= SHRINK;
    }
    (best.map(|best| best.estimate), obstacle)
}

/// The best of a row, or of all rows so far.
#[derive(Clone, Copy)]
struct Best {
    estimate: Estimate,
    /// How far the difference of its own row was from it.
    distance: f64,
}

impl Best {
    /// Whether a difference at a smaller step is further off than smoothness and rounding allow.
    fn is_refuted_by(self, quotient: f64, floor: f64) -> bool {
        (quotient - self.estimate.derivative).abs() > self.distance + self.estimate.error + floor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(f: impl Fn(f64) -> f64, x: f64, exact: f64, noise: f64, accuracy: f64) {
        let central = |h: f64| {
            let (up, down) = (f(x + h), f(x - h));
            let value = (up - down) / ((x + h) - (x - h));
            if value.is_finite() { Ok(Quotient { value, noise }) } else { Err(()) }
        };
        let (first, smallest) = (0.37 * x.abs().max(1.0), 1e-14 * x.abs());
        let (estimate, _) = extrapolate(first, smallest, central);
        let Estimate { derivative, error, step } = estimate.unwrap();
        // It is extrapolated, so the first step is not the last.
        assert!(
            smallest <= step && step < first,
            "{step} is no step between {smallest} and {first}"
        );
        assert!((derivative - exact).abs() <= error, "{derivative} is not {exact} within {error}");
        assert!(error <= accuracy * exact.abs().max(1.0), "{error} is more than {accuracy}");
    }

    #[test]
    fn the_error_estimate_holds_and_is_small() {
        let eps = f64::EPSILON;
        check(f64::sin, 1.0, 1.0_f64.cos(), eps, 1e-12);
        check(f64::exp, 3.0, 3.0_f64.exp(), 20.0 * eps, 1e-12);
        // Steps too large by far, and a domain's edge near by.
        check(|x| (1000.0 * x).sin(), 0.7, 1000.0 * 700.0_f64.cos(), 700.0 * eps, 1e-9);
        check(f64::ln, 1e-6, 1e6, 20.0 * eps, 1e-8);
        check(|_| 2.0, 1.0, 0.0, 2.0 * eps, 1e-13);
        // A period that is a multiple of simple steps.
        check(
            |x| (8.0 * std::f64::consts::TAU * x).sin(),
            0.0,
            8.0 * std::f64::consts::TAU,
            eps,
            1e-11,
        );
    }
}
