//! The log-likelihood of a Kalman filter with its gradient, against figures that another library
//! made with 50 digits: `oracle/kalman.py`.

#[path = "kalman/filter.rs"]
mod filter;

use filter::{STEPS, figures, log_likelihood};
use wengert::{Compiler, Numerics, Tape};

#[track_caller]
fn close(found: &[f64], right: &[f64], tolerance: f64) {
    assert_eq!(found.len(), right.len());
    for (found, right) in found.iter().zip(right) {
        assert!((found - right).abs() <= tolerance * right.abs(), "{found} {right}");
    }
}

#[test]
fn a_filters_likelihood_and_gradient_are_the_oracles() {
    let tape = Tape::new();
    let theta = tape.input([-2.0, -0.5, -1.5]).named("theta");
    let total = log_likelihood(theta, STEPS);
    assert_eq!(figures("position").len(), STEPS);
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
