//! The example that fits the equations of Lotka and Volterra.

#[path = "../examples/ode.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod ode;

#[test]
fn the_fit_is_near_the_case_studys() {
    let mut out = Vec::new();
    let (found, slope) = ode::fitted(&mut out).unwrap();
    let known = [(0.545, 0.064), (0.028, 0.004), (0.803, 0.092), (0.024, 0.004)];
    for (found, (mean, spread)) in found.iter().zip(known) {
        assert!((found - mean).abs() < spread, "{found} is not near {mean}");
    }
    assert!(slope < 1e-6, "{slope}");
    let text = String::from_utf8(out).unwrap();
    assert!(text.starts_with("400 steps of RK4 are "), "{text}");
}

#[test]
fn snapshots_bound_the_memory_and_not_the_bits() {
    // The program of the tests counts allocations of all threads; differences are large.
    let mut out = Vec::new();
    let taken = ode::measured(&mut out, 20_000).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(taken.len(), 3, "{text}");
    assert!(text.contains("the same to the bit"), "{text}");
}
