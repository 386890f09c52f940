//! Views of every kind are what the tape says, without a gather where strides say it.

use wengert::{Leaf, Tape, Var};
use wengert_stablehlo::Export;

use crate::xla;

#[test]
fn views_are_slices_transposes_and_broadcasts() {
    let tape = Tape::new();
    let numbers: Vec<f64> = (0..120).map(f64::from).collect();
    let x = tape.tensor(Leaf::Input, &numbers, [4, 5, 6]).unwrap();
    let m = tape.tensor(Leaf::Input, &numbers[..35], [5, 7]).unwrap();
    let (a, b) = (tape.input(1.5), tape.input(2.5));
    let square = tape.tensor(Leaf::Input, &numbers[..25], [5, 5]).unwrap();
    let asked: Vec<(&str, Var<'_>)> = vec![
        ("whole", x),
        ("reshaped", x.reshape([20, 6])),
        ("slice", x.slice(1, 1..4)),
        ("corner", x.slice(0, 1..3).slice(1, 2..5).slice(2, 0..2)),
        ("turned", x.permute(&[2, 0, 1])),
        ("turned corner", x.slice(2, 1..5).permute(&[1, 2, 0]).slice(0, 1..3)),
        ("every second", x.step_by(2, 2)),
        ("every third row", m.step_by(0, 3)),
        ("column", m.slice(1, 3..4)),
        ("element", m.at(2).at(3)),
        ("row", m.at(1)),
        ("repeated", m.at(1).broadcast_to([3, 7])),
        ("repeated column", m.slice(1, 2..3).broadcast_to([5, 4])),
        ("diagonal", square.diagonal()),
        ("transposed rows", m.t().slice(0, 2..5)),
        ("stacked scalars", tape.stack(&[a, b])),
        ("transposed and flat", m.t().reshape([35])),
    ];
    let mut export = Export::new(&tape);
    for (name, var) in &asked {
        export.output(name, *var).unwrap();
    }
    let module = export.module("views").unwrap();
    assert!(!module.text().contains("gather"), "{module}");
    let Some(results) = xla::run(&tape, &module) else { return };
    for ((name, var), (_, found)) in asked.iter().zip(&results) {
        assert_eq!(*found, var.values(), "{name}");
    }
}
