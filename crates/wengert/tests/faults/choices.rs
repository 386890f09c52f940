//! Zero times infinity has two sides: what is not chosen passes nothing on, whichever of adjoint,
//! tangent and slope is infinite.

use wengert::check::Reason;
use wengert::{Tape, Var, jvp};

use super::{EPS32, INF, curves, holds};

#[test]
fn what_is_not_chosen_passes_nothing_on() {
    holds::<f64>(&[1000.0], |x| x.exp().min(1.0).sum(), 1.0, &[0.0], 0.0);
    holds::<f64>(&[1000.0], |x| x.exp().clamp(0.0, 1.0).sum(), 1.0, &[0.0], 0.0);
    holds::<f64>(&[0.0], |x| (-x.ln()).max(3.0).recip().sum(), 0.0, &[0.0], 0.0);
    // ln x is −∞ with an infinite slope: relu does not choose it.
    holds::<f64>(&[0.0], |x| x.ln().relu().sum(), 0.0, &[0.0], 0.0);
    // An infinite adjoint, and a slope of 0 on the way from it.
    holds::<f64>(&[0.0], |x| x.relu().sqrt().sum(), 0.0, &[0.0], 0.0);
    holds::<f64>(&[0.0], |x| x.abs().sqrt().sum(), 0.0, &[0.0], 0.0);
    holds::<f64>(&[-1.0], |x| x.max(0.0).sqrt().sum(), 0.0, &[0.0], 0.0);
    holds::<f64>(&[0.0, 3.0], |x| (x - 3.0).max_axes(0).sqrt(), 0.0, &[0.0, f64::INFINITY], 0.0);
    holds::<f64>(&[0.0, 0.0], |x| x.norm_l2().sqrt(), 0.0, &[0.0, 0.0], 0.0);
    holds::<f64>(&[0.0], |x| x.hypot(0.0).sqrt().sum(), 0.0, &[0.0], 0.0);
    let slope = (1.0 / f64::from(1e-20_f32)).ln();
    holds::<f32>(&[0.0], |x| (S32(1.0) / x.max(1e-20)).ln().sum(), slope, &[0.0], EPS32);
    assert_eq!(jvp(|x| x.exp().min(1.0), &[1000.0], &[1.0]).unwrap(), (vec![1.0], vec![0.0]));
}

/// As before, of the other choices: a branch, the smallest, a norm, a sign, a spread.
#[test]
fn whatever_chooses_passes_nothing_to_the_others() {
    // The other branch has an infinite value, slope or both.
    holds::<f64>(&[0.0], |x| x.indicator_gt(0.0).select(x.ln(), x * 3.0).sum(), 0.0, &[3.0], 0.0);
    holds::<f64>(&[0.0], |x| x.indicator_gt(0.0).select(x.sqrt(), x * 3.0).sum(), 0.0, &[3.0], 0.0);
    holds::<f64>(
        &[1000.0, 2.0],
        |x| x.exp().min_axes(0),
        2.0_f64.exp(),
        &[0.0, 2.0_f64.exp()],
        0.0,
    );
    holds::<f64>(&[-1000.0, 0.5], |x| (-x).exp().min_axes(0).ln(), -0.5, &[0.0, -1.0], 1e-15);
    holds::<f64>(&[0.0, 3.0], |x| x.ln().max_axes(0), 3.0_f64.ln(), &[0.0, 1.0 / 3.0], 1e-15);
    holds::<f64>(&[4.0, 0.0], |x| x.sqrt().norm_max(), 2.0, &[0.25, 0.0], 0.0);
    holds::<f64>(&[0.0], |x| x.norm_l1().sqrt(), 0.0, &[0.0], 0.0);
    holds::<f64>(&[0.0], |x| x.norm_max().sqrt(), 0.0, &[0.0], 0.0);
    holds::<f64>(&[2.0, 2.0], |x| x.std(1).sqrt(), 0.0, &[0.0, 0.0], 0.0);
    holds::<f64>(&[0.0], |x| x.ln().exp().signum().sum(), 0.0, &[0.0], 0.0);
    holds::<f64>(&[0.0], |x| x.sqrt().floor().sum(), 0.0, &[0.0], 0.0);
    holds::<f64>(&[0.0], |x| x.ln().clamp(-1.0, 1.0).sum(), -1.0, &[0.0], 0.0);
}

/// Around these points the function is constant, or linear: its second derivative is 0.
#[test]
fn what_is_not_chosen_has_no_curvature() {
    curves::<f64>(&[1000.0], |x| x.exp().min(1.0).sum(), &[0.0], 0.0);
    curves::<f64>(&[1000.0], |x| x.exp().clamp(0.0, 1.0).sum(), &[0.0], 0.0);
    curves::<f64>(&[-1.0], |x| x.max(0.0).sqrt().sum(), &[0.0], 0.0);
    curves::<f64>(&[-1.0], |x| x.relu().sqrt().sum(), &[0.0], 0.0);
    curves::<f32>(&[0.0], |x| x.max(1e-20).recip().ln().sum(), &[0.0], 0.0);
    curves::<f64>(&[0.0], |x| x.indicator_gt(0.0).select(x.ln(), x * 3.0).sum(), &[0.0], 0.0);
    curves::<f64>(&[0.0], |x| x.indicator_gt(0.0).select(x.sqrt(), x * x).sum(), &[2.0], 0.0);
    let e = 2.0_f64.exp();
    curves::<f64>(&[1000.0, 2.0], |x| x.exp().min_axes(0), &[0.0, 0.0, 0.0, e], 1e-15);
    curves::<f64>(&[4.0, 0.0], |x| x.sqrt().norm_max(), &[-1.0 / 32.0, 0.0, 0.0, 0.0], 0.0);
}

/// A number before an operator.
struct S32(f32);

impl<'t> std::ops::Div<Var<'t, f32>> for S32 {
    type Output = Var<'t, f32>;

    #[expect(
        clippy::suspicious_arithmetic_impl,
        reason = "the quotient as the report has it: a reciprocal, scaled"
    )]
    fn div(self, x: Var<'t, f32>) -> Var<'t, f32> {
        x.recip() * self.0
    }
}

#[test]
fn log_sum_exp_of_an_infinite_number() {
    let inf = INF;
    holds::<f64>(&[inf, 0.0], |x| x.log_sum_exp_axes(0), inf, &[1.0, 0.0], 0.0);
    holds::<f64>(&[-inf, 0.0], |x| x.log_sum_exp_axes(0), 0.0, &[0.0, 1.0], 0.0);
    holds::<f64>(&[-inf, -inf], |x| x.log_sum_exp_axes(0), -inf, &[0.5, 0.5], 0.0);
}

/// xʸ, x ln y and their kind where a factor of a derivative is 0 and another infinite.
#[test]
fn second_derivatives_of_a_power_at_its_edge() {
    curves::<f64>(&[0.0, 2.0], |x| x.at(0).powf(x.at(1)), &[2.0, 0.0, 0.0, 0.0], 0.0);
    curves::<f64>(&[0.0, 3.0], |x| x.at(0).powf(x.at(1)), &[0.0; 4], 0.0);
    curves::<f64>(&[0.0, 2.5], |x| x.at(0).powf(x.at(1)), &[0.0; 4], 0.0);
    curves::<f64>(&[0.0], |x| x.powi(2).sum(), &[2.0], 0.0);
    curves::<f64>(&[0.0], |x| x.powf(2.0).sum(), &[2.0], 0.0);
    curves::<f64>(&[0.0, 2.0], |x| x.at(0).xlogy(x.at(1)), &[0.0, 0.5, 0.5, 0.0], 0.0);
}

/// At a kink no second derivative is recovered from declared first ones. A check of it is excluded,
/// with the kink's name, and what has no kink is offered.
#[test]
fn a_second_derivative_at_a_kink_is_not_passed_as_right() {
    curves::<f64>(&[0.0, 0.0], |x| x.norm_l2_squared(), &[2.0, 0.0, 0.0, 2.0], 0.0);
    curves::<f32>(&[0.0, 3.0], |x| x.norm_l2_squared(), &[2.0, 0.0, 0.0, 2.0], 0.0);
    holds::<f64>(&[3.0, -4.0], |x| x.norm_l2_squared(), 25.0, &[6.0, -8.0], 0.0);
    let at_a_kink: [fn(Var<'_>) -> Var<'_>; 4] = [
        |x| x.norm_l2().square(),
        |x| x.at(0).hypot(x.at(1)).square(),
        |x| x.abs().square().sum(),
        |x| x.square().sqrt().square().sum(),
    ];
    for f in at_a_kink {
        let tape = Tape::new();
        let x = tape.input([0.0, 0.0]).named("x");
        let gradient = f(x).record_gradient(&[x]).unwrap()[0].unwrap();
        let report = gradient.at(0).check().run().unwrap();
        let named = report
            .excluded()
            .any(|(row, reason)| row.label == "x[0]" && matches!(reason, Reason::Kink { .. }));
        assert!(named, "{report}");
    }
    let tape = Tape::new();
    let x = tape.input([0.0, 0.0]).named("x");
    let gradient = x.norm_l2_squared().record_gradient(&[x]).unwrap()[0].unwrap();
    let report = gradient.at(0).check().run().unwrap();
    assert!(report.agrees() && report.excluded().count() == 0, "{report}");
}
