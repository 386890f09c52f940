//! The step of the notebook's training as Rust: the document shows what the example prints, and
//! what is compiled here gives the program's bits.
//!
//! `WENGERT_WRITE=1 cargo test --test all rust_source::` writes both texts anew.

#[path = "../examples/rust_source.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod example;
#[rustfmt::skip]
#[path = "rust_source/step.rs"]
#[allow(unreachable_pub, reason = "the text is for a file of the user's")]
mod step;

use std::path::Path;

use wengert_layers::{Activation, Init, Mlp};

/// Holds a file to a text, or writes it.
fn is_written(path: &str, committed: &str, text: &str) {
    if std::env::var_os("WENGERT_WRITE").is_some() {
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(path), text).unwrap();
        return;
    }
    assert!(committed == text, "{path}: WENGERT_WRITE=1 writes it anew:\n{text}");
}

#[test]
fn the_document_shows_what_the_example_prints() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/source.md");
    let document = std::fs::read_to_string(path).unwrap();
    let (before, rest) = document.split_once("```rust\n").unwrap();
    let (_, after) = rest.split_once("```\n").unwrap();
    let text = example::text(false).unwrap();
    let expected = format!("{before}```rust\n{text}```\n{after}");
    is_written("docs/source.md", &document, &expected);
}

#[test]
fn the_committed_step_is_the_examples() {
    let committed = include_str!("rust_source/step.rs");
    is_written("tests/rust_source/step.rs", committed, &example::text(true).unwrap());
}

/// The notebook's ten rows.
const ROWS: [([f64; 2], usize); 10] = [
    ([2.7810836, 2.550537003], 0),
    ([1.465489372, 2.362125076], 0),
    ([3.396561688, 4.400293529], 0),
    ([1.38807019, 1.850220317], 0),
    ([3.06407232, 3.005305973], 0),
    ([7.627531214, 2.759262235], 1),
    ([5.332441248, 2.088626775], 1),
    ([6.922596716, 1.77106367], 1),
    ([8.675418651, -0.242068655], 1),
    ([7.673756466, 3.508563011], 1),
];

#[test]
fn the_written_training_is_the_programs_bit_for_bit() {
    let program = example::program().unwrap();
    let mut workspace = program.workspace();
    let [params, x, target, _] = program.inputs() else { panic!("four inputs") };
    let [params, x, target] = [params, x, target].map(|info| program.input(info.id).unwrap());
    let mlp = Mlp::new(&[2, 2, 2], Activation::Sigmoid, Init::Notebook { seed: 1 }).unwrap();
    let mut written: [f64; 12] = mlp.params().try_into().unwrap();
    workspace.set(params, &written).unwrap();
    let [loss, moved] = program.outputs()[..] else { panic!("two outputs") };
    let mut losses = Vec::new();
    for epoch in 0..20 {
        let mut sum = 0.0;
        for (row, class) in ROWS {
            let goal = [0, 1].map(|k| if k == class { 1.0 } else { 0.0 });
            workspace.set(x, &row).unwrap();
            workspace.set(target, &goal).unwrap();
            program.run(&mut workspace).unwrap();
            let found = step::step(&mut written, &row, &goal, 0.5);
            assert_eq!(found.to_bits(), workspace.value(loss).to_bits(), "epoch {epoch}");
            let bits = |numbers: &[f64]| numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&written), bits(&workspace.values(moved)), "epoch {epoch}");
            sum += found;
        }
        losses.push(sum);
    }
    assert!(losses[19] < losses[0] / 2.0, "{losses:?}");
}
