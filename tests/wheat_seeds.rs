//! The wheat example learns: real measurements, rows that were not trained on.

#[path = "../examples/wheat_seeds.rs"]
#[allow(dead_code, reason = "the example's main is not called here")]
mod wheat_seeds;

#[test]
fn most_kernels_are_told_apart() {
    let accuracy = wheat_seeds::run(&mut Vec::new(), 1, 50).expect("the data in the repository");
    // Guessing gives a third.
    assert!(accuracy > 0.85, "{accuracy}");
    assert!(accuracy < 1.0, "no published network tells all of them apart: {accuracy}");
}

#[test]
fn the_table_is_the_same_every_time() {
    let table = || {
        let mut out = Vec::new();
        wheat_seeds::run(&mut out, 1, 3).map(|_| out).expect("the data in the repository")
    };
    assert_eq!(table(), table());
}
