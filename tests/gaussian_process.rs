//! The example of a Gaussian process, against figures that another library made with 50 digits:
//! `oracle/gaussian_process.py`.

#[path = "../examples/gaussian_process.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod example;

/// The numbers of a line of the oracle.
fn figures(name: &str) -> Vec<f64> {
    let line = include_str!("oracle/gaussian_process.txt")
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

#[test]
fn value_and_gradient_are_the_oracles() {
    assert_eq!((figures("x"), figures("y")), (example::X.to_vec(), example::Y.to_vec()));
    let mut likelihood = example::log_likelihood().unwrap();
    let there = likelihood.at(&[0.0; 3]).unwrap();
    close(&[there.value(0)], &figures("start_value"), 1e-14);
    close(&there.gradient(0).unwrap(), &figures("start_gradient"), 1e-12);
}

#[test]
fn newtons_method_finds_the_maximum() {
    let mut out = Vec::new();
    let maximum = example::run(&mut out).unwrap();
    close(&maximum.at, &figures("best"), 1e-11);
    close(&[maximum.value], &figures("best_value"), 1e-14);
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("-29.8799482219") && text.contains("-17.7978115755"), "{text}");
    assert!(text.lines().count() < 20, "{text}");
}
