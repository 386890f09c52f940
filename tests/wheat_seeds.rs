//! The wheat example learns: real measurements, rows that were not trained on.

#[path = "../examples/wheat_seeds.rs"]
#[allow(dead_code, reason = "the example's main is not called here")]
mod wheat_seeds;

#[test]
fn most_kernels_are_told_apart_and_the_table_is_the_same_every_time() {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    let accuracy = wheat_seeds::run(&mut first, 1, 50).expect("the data in the repository");
    // Guessing gives a third.
    assert!(accuracy > 0.85, "{accuracy}");
    assert!(accuracy < 1.0, "no published network tells all of them apart: {accuracy}");
    assert_eq!(wheat_seeds::run(&mut second, 1, 50).expect("the same data"), accuracy);
    assert_eq!(first, second);
}
