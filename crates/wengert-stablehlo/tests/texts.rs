//! The text of small steps: the same at every run.

use wengert::{Tape, Var};
use wengert_stablehlo::Export;

/// One step of gradient descent of a sigmoid layer.
fn step<'t>(tape: &'t Tape, export: &mut Export<'t>) -> [Var<'t>; 2] {
    let x = tape.data([[0.5, -1.0], [1.5, 2.0], [-0.25, 0.75]]).named("x");
    let y = tape.data([[1.0], [0.0], [1.0]]).named("y");
    let w = tape.param([[0.1], [-0.2]]).named("w");
    let b = tape.param([0.3]).named("b");
    let loss = (0.5 * ((x.matmul(w) + b).sigmoid() - y).square().sum()).named("loss");
    let gradient = loss.record_gradient(&[w, b]).unwrap();
    let [dw, db] = [gradient[0].unwrap().named("dw"), gradient[1].unwrap().named("db")];
    export.input(x).unwrap();
    export.input(y).unwrap();
    export.output("loss", loss).unwrap();
    export.update(w, (w - 0.1 * dw).named("next_w")).unwrap();
    export.update(b, (b - 0.1 * db).named("next_b")).unwrap();
    [x, w]
}

#[test]
fn a_sigmoid_layers_step() {
    let tape = Tape::new();
    let mut export = Export::new(&tape).without_locations();
    step(&tape, &mut export);
    let module = export.module("step").unwrap();
    assert_eq!(module, export.module("step").unwrap());
    insta::assert_snapshot!(module.text());
}

#[test]
fn a_step_over_four_devices() {
    let tape = Tape::new();
    let mut export = Export::new(&tape).without_locations();
    let x = tape.data([[0.5, -1.0], [1.5, 2.0], [-0.25, 0.75], [1.0, 1.0]]).named("x");
    let w = tape.param([0.1, -0.2]).named("w");
    let loss = x.matmul(w).square().sum();
    let gradient = loss.record_gradient(&[w]).unwrap()[0].unwrap();
    export.mesh(&[("data", 4)]).unwrap();
    export.shard(x, &[Some("data"), None]).unwrap();
    export.output("loss", loss).unwrap();
    export.update(w, w - 0.1 * gradient).unwrap();
    insta::assert_snapshot!(export.module("step").unwrap().text());
}

#[test]
fn softmax_cross_entropy() {
    let tape = Tape::new();
    let logits = tape.input([[1.0, 2.0, 0.5], [0.1, -0.3, 0.7]]).named("logits");
    let wanted = tape.data([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]).named("wanted");
    let loss = -(wanted * logits.log_softmax(1)).sum() / 2.0;
    let gradient = loss.record_gradient(&[logits]).unwrap()[0].unwrap().named("gradient");
    let mut export = Export::new(&tape).without_locations();
    export.output("loss", loss).unwrap();
    export.output("gradient", gradient).unwrap();
    insta::assert_snapshot!(export.module("cross_entropy").unwrap().text());
}

#[test]
fn an_embedding() {
    let tape = Tape::new();
    let table = tape.param([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]).named("table");
    let words = tape.data([2.0, 0.0, 2.0]).named("words");
    let loss = table.take(words).square().sum().named("loss");
    let gradient = loss.record_gradient(&[table]).unwrap()[0].unwrap().named("gradient");
    let mut export = Export::new(&tape).without_locations();
    export.output("loss", loss).unwrap();
    export.output("gradient", gradient).unwrap();
    insta::assert_snapshot!(export.module("embedding").unwrap().text());
}

#[test]
fn a_loop() {
    let tape = Tape::new();
    let (x, w) = (tape.input([0.5, 0.25, -0.5]).named("x"), tape.param(0.7).named("w"));
    let scan = wengert::Scan::new().state(tape.constant(0.0)).rows(x).fixed(w);
    let last = scan.record(|s| s.next([(s.fixed(0) * s.state(0) + s.row(0)).tanh()])).unwrap();
    let mut export = Export::new(&tape).without_locations();
    export.output("last", last.state(0)).unwrap();
    insta::assert_snapshot!(export.module("recurrent").unwrap().text());
}

#[test]
fn names_and_lines_are_locations() {
    let tape = Tape::new();
    let x = tape.input(2.0).named("x");
    let scope = tape.scope("model");
    let y = (x * x).named("y");
    drop(scope);
    let mut export = Export::new(&tape);
    export.output("y", y).unwrap();
    let text = export.module("lines").unwrap().text().to_owned();
    let line = text.lines().find(|line| line.contains("stablehlo.multiply")).unwrap();
    assert!(line.contains("%model.y = "), "{line}");
    assert!(
        line.contains("loc(\"model/y\"(\"crates/wengert-stablehlo/tests/texts.rs\":"),
        "{line}"
    );
}
