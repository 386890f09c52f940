//! The log-likelihood of a Kalman filter with its gradient, against figures that another library
//! made with 50 digits: `oracle/kalman.py`.

use wengert::{Compiler, Numerics, Tape, Var};

/// The numbers of a line of the oracle.
fn figures(name: &str) -> Vec<f64> {
    let line = include_str!("oracle/kalman.txt")
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap().split(' ').map(|number| number.parse().unwrap()).collect()
}

#[track_caller]
fn close(found: &[f64], right: &[f64], tolerance: f64) {
    assert_eq!(found.len(), right.len());
    for (found, right) in found.iter().zip(right) {
        assert!((found - right).abs() <= tolerance * right.abs(), "{found} {right}");
    }
}

/// Of ln q, ln r, ln s: what is predicted, and by how much it is off, step by step.
fn log_likelihood<'t>(theta: Var<'t>) -> Var<'t> {
    let tape = theta.tape();
    let constant = |rows: [[f64; 2]; 2]| tape.constant(rows);
    let moves = constant([[1.0, 1.0], [0.0, 1.0]]);
    let drift = constant([[1.0 / 3.0, 0.5], [0.5, 1.0]]) * theta.at(0).exp();
    let noise = constant([[1.0, 0.0], [0.0, 0.0]]) * theta.at(1).exp()
        + constant([[0.0, 0.0], [0.0, 1.0]]) * theta.at(2).exp();
    let mut state = tape.constant([0.0, 0.0]);
    let mut spread = constant([[10.0, 0.0], [0.0, 10.0]]);
    let mut total = tape.constant(0.0);
    for (position, velocity) in figures("position").into_iter().zip(figures("velocity")) {
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

#[test]
fn a_filters_likelihood_and_gradient_are_the_oracles() {
    let tape = Tape::new();
    let theta = tape.input([-2.0, -0.5, -1.5]).named("theta");
    let total = log_likelihood(theta);
    close(&[total.value()], &figures("value"), 1e-14);
    let gradient = total.backward().values_wrt(theta);
    close(&gradient, &figures("gradient"), 1e-12);
    assert!(total.check().run().unwrap().agrees());

    for numerics in [Numerics::Exact, Numerics::Fast] {
        let mut compiler = Compiler::new(&tape).numerics(numerics);
        let (value, slopes) =
            (compiler.output(total).unwrap(), compiler.gradient(total, theta).unwrap());
        let program = compiler.compile().unwrap();
        let mut workspace = program.workspace();
        program.run(&mut workspace).unwrap();
        close(&workspace.values(value), &figures("value"), 1e-14);
        close(&workspace.values(slopes), &figures("gradient"), 1e-12);
    }
}
