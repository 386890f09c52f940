//! The examples that train: at small settings, since this is not an optimised build.

#[path = "../examples/digits.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod digits;
#[path = "../examples/regression.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod regression;
#[path = "../examples/xor.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod xor;

#[test]
fn digits_are_told_apart() {
    let (mut out, folder) = (Vec::new(), tempfile::tempdir().unwrap());
    let worst = digits::run(&mut out, &[1], 2, folder.path()).unwrap();
    // Guessing gives a tenth.
    assert!(worst > 0.85, "{worst}");
    let files = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(files, 6);
    let path = folder.path().join("digits.json");
    let predictor = wengert_layers::nn::Predictor::<f64>::load(path).unwrap();
    let first = include_str!("../examples/data/digits.csv").lines().next().unwrap();
    let numbers: Vec<f64> = first.split(',').map(|cell| cell.parse().unwrap()).collect();
    assert_eq!(predictor.class(&numbers[..64]).unwrap(), "0");
}

#[test]
fn exclusive_or_is_learnt() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(xor::run(&mut Vec::new(), &[1, 2, 3], folder.path()).unwrap(), 1.0);
    let picture = std::fs::read_to_string(folder.path().join("xor.svg")).unwrap();
    assert_eq!(picture.matches("<polyline").count(), 3);
}

#[test]
fn a_noisy_curve_is_found() {
    let folder = tempfile::tempdir().unwrap();
    assert!(regression::run(&mut Vec::new(), &[1], 60, folder.path()).unwrap() < 0.1);
    let picture = std::fs::read_to_string(folder.path().join("regression.svg")).unwrap();
    assert_eq!(
        (picture.matches("<circle").count(), picture.matches("<polyline").count()),
        (200, 4)
    );
}

/// From a CSV file to a trained, validated and saved classifier: what a reader types of the page's
/// first program.
#[test]
fn the_page_needs_fifteen_lines() {
    let page = include_str!("../docs/training.md");
    let program = page.split("```rust,standalone_crate\n").nth(1).unwrap();
    let program = program.split("```").next().unwrap();
    let typed = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let lines = program.lines().filter(typed).count();
    assert!(
        program.contains(".read(") && program.contains(".train(") && program.contains(".save(")
    );
    assert!(program.contains(".validate("));
    assert!(lines <= 15, "{lines} lines:\n{program}");
}
