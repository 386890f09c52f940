//! The equations, their solution by Runge and Kutta's method, and how far it is from the counts.

use wengert::{Scan, Var};

pub(crate) const HARES: [f64; 21] = [
    30.0, 47.2, 70.2, 77.4, 36.3, 20.6, 18.1, 21.4, 22.0, 25.4, 27.1, 40.3, 57.0, 76.6, 52.3, 19.5,
    11.2, 7.6, 14.6, 16.2, 24.7,
];
pub(crate) const LYNXES: [f64; 21] = [
    4.0, 6.1, 9.8, 35.2, 59.4, 41.7, 19.0, 13.0, 8.3, 9.1, 7.4, 8.0, 12.3, 19.5, 45.7, 51.1, 29.7,
    15.8, 9.7, 10.1, 8.6,
];
/// Steps of the solver in a year.
pub(crate) const STEPS: usize = 20;

/// `u′ = (α − β v) u`, `v′ = (δ u − γ) v`.
fn slopes<'t>([u, v]: [Var<'t>; 2], p: Var<'t>) -> [Var<'t>; 2] {
    [(p.at(0) - p.at(1) * v) * u, (p.at(3) * u - p.at(2)) * v]
}

/// A step of the classical Runge-Kutta method.
pub(crate) fn rk4<'t>(y: [Var<'t>; 2], p: Var<'t>, h: f64) -> [Var<'t>; 2] {
    let along = |k: [Var<'t>; 2], h: f64| [y[0] + h * k[0], y[1] + h * k[1]];
    let k1 = slopes(y, p);
    let k2 = slopes(along(k1, h / 2.0), p);
    let k3 = slopes(along(k2, h / 2.0), p);
    let k4 = slopes(along(k3, h), p);
    let next = |i: usize| y[i] + h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]);
    [next(0), next(1)]
}

/// The logarithms of what the model says of every year but the first, less those of the counts:
/// of logarithms of the four parameters and of the two counts in the first year. The solver takes
/// so many steps in a year.
pub(crate) fn residuals<'t>(point: Var<'t>, steps: usize) -> Var<'t> {
    let tape = point.tape();
    let (p, first) = (point.slice(0, 0..4).exp(), point.slice(0, 4..6).exp());
    let years = Scan::new()
        .state(first.at(0))
        .state(first.at(1))
        .fixed(p)
        .steps(HARES.len() - 1)
        .record(|year| {
            let p = year.fixed(0);
            let mut y = [year.state(0), year.state(1)];
            for _ in 0..steps {
                y = rk4(y, p, 1.0 / steps as f64);
            }
            year.next(y).with(y)
        })
        .expect("a year is recorded as any other");
    let logarithms =
        |counts: &[f64]| tape.constant(counts.iter().map(|count| count.ln()).collect::<Vec<_>>());
    let hares = tape.concat(0, &[first.slice(0, 0..1), years.rows(0)]).ln();
    let lynxes = tape.concat(0, &[first.slice(0, 1..2), years.rows(1)]).ln();
    tape.concat(0, &[hares - logarithms(&HARES), lynxes - logarithms(&LYNXES)])
}
