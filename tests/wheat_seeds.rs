//! The wheat example learns: real measurements, rows that were not trained on.

#[path = "../examples/wheat_seeds.rs"]
#[allow(dead_code, reason = "the example's main is not called here")]
mod example;

use wengert_layers::Passes;

#[test]
fn most_kernels_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let accuracy = example::run(&mut Vec::new(), &[1], 50, Passes::default(), folder.path())
        .expect("the data in the repository");
    assert!(folder.path().join("wheat_seeds.svg").exists());
    // Guessing gives a third.
    assert!(accuracy > 0.85, "{accuracy}");
    assert!(accuracy < 1.0, "no published network tells all of them apart: {accuracy}");
}

#[test]
fn the_table_is_the_same_every_time_and_every_way() {
    let folder = tempfile::tempdir().unwrap();
    let table = |passes| {
        let mut out = Vec::new();
        let told = example::run(&mut out, &[1], 3, passes, folder.path());
        told.map(|_| out).expect("the data in the repository")
    };
    let first = table(Passes::Replayed);
    for passes in [Passes::Replayed, Passes::Recorded, Passes::Compiled] {
        assert_eq!(table(passes), first, "{passes:?}");
    }
}
