//! A Kalman filter whose log-likelihood is a function of the logarithms of three variances: a
//! position and a velocity, both observed, as in `oracle/kalman.py`.

use wengert::Var;

/// The steps of the oracle.
pub(crate) const STEPS: usize = 20;

/// The numbers of a line of the oracle.
pub(crate) fn figures(name: &str) -> Vec<f64> {
    let line = include_str!("../oracle/kalman.txt")
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap().split(' ').map(|number| number.parse().unwrap()).collect()
}

/// Of ln q, ln r, ln s: what is predicted, and by how much it is off, step by step, as far as so
/// many steps.
pub(crate) fn log_likelihood<'t>(theta: Var<'t>, steps: usize) -> Var<'t> {
    let tape = theta.tape();
    let constant = |rows: [[f64; 2]; 2]| tape.constant(rows);
    let moves = constant([[1.0, 1.0], [0.0, 1.0]]);
    let drift = constant([[1.0 / 3.0, 0.5], [0.5, 1.0]]) * theta.at(0).exp();
    let noise = constant([[1.0, 0.0], [0.0, 0.0]]) * theta.at(1).exp()
        + constant([[0.0, 0.0], [0.0, 1.0]]) * theta.at(2).exp();
    let mut state = tape.constant([0.0, 0.0]);
    let mut spread = constant([[10.0, 0.0], [0.0, 10.0]]);
    let mut total = tape.constant(0.0);
    let observed = figures("position").into_iter().zip(figures("velocity"));
    for (position, velocity) in observed.take(steps) {
        state = moves.matmul(state);
        spread = moves.matmul(spread).matmul(moves.t()) + drift;
        let off = tape.data([position, velocity]) - state;
        let factor = (spread + noise).cholesky();
        let fit = factor.cholesky_quadratic_form(off) + factor.cholesky_logdet();
        total -= (fit + 2.0 * std::f64::consts::TAU.ln()) * 0.5;
        // K = P S⁻¹, of symmetric matrices.
        let gain = factor.cholesky_solve(spread).t();
        state += gain.matmul(off);
        spread -= gain.matmul(spread);
    }
    total
}
