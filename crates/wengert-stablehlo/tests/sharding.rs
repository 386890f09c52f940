//! Rows over four simulated devices: the numbers of one.

use wengert::{Leaf, Tape};
use wengert_stablehlo::Export;

use crate::xla;

#[test]
fn four_devices_give_what_one_gives() {
    let wave = |count: usize, step: f64| -> Vec<f64> {
        (0..count).map(|i| (step * (i + 1) as f64).sin()).collect()
    };
    let tape = Tape::new();
    let x = tape.tensor(Leaf::Data, &wave(16 * 6, 0.7), [16, 6]).unwrap().named("x");
    let y = tape.tensor(Leaf::Data, &wave(16 * 3, 0.3), [16, 3]).unwrap().named("y");
    let w = tape.tensor(Leaf::Param, &wave(18, 0.9), [6, 3]).unwrap().named("w");
    let b = tape.param([0.1, 0.2, 0.3]).named("b");
    let loss = 0.5 * ((x.matmul(w) + b).sigmoid() - y).square().sum();
    let gradient = loss.record_gradient(&[w, b]).unwrap();
    let [dw, db] = [gradient[0].unwrap(), gradient[1].unwrap()];
    let export = || {
        let mut export = Export::new(&tape);
        export.output("loss", loss).unwrap();
        export.output("dw", dw).unwrap();
        export.output("db", db).unwrap();
        export.update(w, w - 0.1 * dw).unwrap();
        export
    };
    let Some(one) = xla::run(&tape, &export().module("step").unwrap()) else { return };
    // Rows over four devices, then rows and columns of the weights over two each.
    let mut rows = export();
    rows.mesh(&[("data", 4)]).unwrap();
    rows.shard(x, &[Some("data"), None]).unwrap();
    rows.shard(y, &[Some("data"), None]).unwrap();
    let mut both = export();
    both.mesh(&[("data", 2), ("model", 2)]).unwrap();
    both.shard(x, &[Some("data"), Some("model")]).unwrap();
    both.shard(y, &[Some("data"), None]).unwrap();
    for export in [rows, both] {
        let four = xla::run(&tape, &export.module("step").unwrap()).unwrap();
        for ((_, one), (_, four)) in one.iter().zip(&four) {
            assert!(xla::difference(four, one, 1.0) <= 1e-13, "{four:?} and {one:?}");
        }
    }
}
