//! A tape that was recorded for one row, exported for several: each row is what the tape computes for
//! it.

use wengert::op::{Op, Structural};
use wengert::{Leaf, Tape, Var};
use wengert_stablehlo::{Error, Export};

use crate::cases::{cases, exact, numbers, operands};
use crate::structural::has_no_form;
use crate::xla;

const ROWS: usize = 3;

/// The numbers of a leaf in each row: of the first those of the tape, and a little else.
fn rows_of(leaf: Var<'_>, moved: bool) -> Vec<Vec<f64>> {
    let row = |r: usize| -> Vec<f64> {
        let by = if moved { 0.01 * r as f64 } else { 0.0 };
        leaf.values().iter().enumerate().map(|(i, x)| x * (1.0 + by) + by * i as f64).collect()
    };
    (0..ROWS).map(row).collect()
}

/// Every structural operation, its value and its gradient, with each choice of operands that differ
/// from row to row: all, the first alone, all but the first.
#[test]
fn every_structural_operation_is_computed_row_by_row() {
    for &op in Structural::ALL.iter().filter(|&&op| !has_no_form(op)) {
        for choice in 0..3 {
            if row_by_row(op, choice).is_none() {
                return;
            }
        }
    }
}

fn row_by_row(op: Structural, choice: usize) -> Option<()> {
    if choice == 1 && cases(op).iter().all(|case| case.operands.len() == 1) {
        return Some(()); // the first is all of them
    }
    // All cases as one module.
    let tape = exact();
    let (mut per_row, mut asked) = (Vec::new(), Vec::new());
    for case in cases(op) {
        let (leaves, read) = operands(&tape, op, &case);
        let value = tape.apply(Op::Structural(op), &read, case.attributes.clone()).unwrap();
        let weights = numbers(value.len(), 100);
        let weights = tape.tensor(Leaf::Data, &weights, value.shape()).unwrap();
        let wrt: Vec<Var<'_>> = leaves.iter().copied().filter(|leaf| !leaf.is_detached()).collect();
        asked.push(value);
        let loss = (value.sin() * weights).sum();
        asked.extend(loss.record_gradient(&wrt).unwrap().into_iter().flatten());
        let chosen = |i: usize| match choice {
            0 => true,
            1 => i == 0,
            _ => i > 0,
        };
        per_row.extend((0..leaves.len()).filter(|&i| chosen(i)).map(|i| leaves[i]));
    }
    if per_row.is_empty() {
        return Some(());
    }
    // Positions and conditions stay as they are.
    let moved: Vec<Vec<Vec<f64>>> =
        per_row.iter().map(|leaf| rows_of(*leaf, !leaf.is_detached())).collect();
    let mut export = Export::new(&tape);
    export.rows(ROWS, &per_row).unwrap();
    for leaf in &per_row {
        export.input(*leaf).unwrap();
    }
    for (k, var) in asked.iter().enumerate() {
        export.output(&k.to_string(), *var).unwrap();
    }
    let module = export.module(op.name()).unwrap();
    let mut arguments: Vec<Vec<f64>> = moved.iter().map(|rows| rows.concat()).collect();
    for argument in &module.arguments()[per_row.len()..] {
        arguments.push(tape.all_values()[argument.slots.clone()].to_vec());
    }
    let results = xla::run_at(&module, &arguments)?;
    for r in 0..ROWS {
        let rows = moved.iter().map(|rows| rows[r].as_slice());
        let inputs: Vec<(Var<'_>, &[f64])> = per_row.iter().copied().zip(rows).collect();
        tape.replay(&inputs).unwrap();
        for (k, (var, (shape, found))) in asked.iter().zip(&results).enumerate() {
            let wanted = var.values();
            // What depends on no row has no axis of rows.
            let found = match shape.rank() > var.shape().rank() {
                true => &found[r * wanted.len()..(r + 1) * wanted.len()],
                false => found.as_slice(),
            };
            let scale = wanted.iter().fold(1e-300_f64, |scale, x| scale.max(x.abs()));
            let off = xla::difference(found, &wanted, scale);
            assert!(
                off <= 1e-12,
                "{op}, choice {choice}, row {r}, result {k}: {found:?} {wanted:?}\n{module}"
            );
        }
    }
    Some(())
}

#[test]
fn a_batchs_gradient_is_the_sum_over_its_rows() {
    let tape = Tape::new();
    let (x, y) = (tape.data([0.5, -1.0]).named("x"), tape.data(1.0).named("y"));
    let w = tape.param([0.1, -0.2]).named("w");
    let loss = (w.dot(x).sigmoid() - y).square().named("loss");
    let gradient = loss.record_gradient(&[w]).unwrap()[0].unwrap();
    let mut export = Export::new(&tape);
    export.rows(4, &[x, y]).unwrap();
    export.update(w, w - 0.1 * gradient).unwrap();
    let error = export.module("step").unwrap_err();
    assert!(matches!(&error, Error::Rows { label, .. } if label == "w"), "{error}");
    export.sum_rows(gradient).unwrap();
    export.output("losses", loss).unwrap();
    export.mesh(&[("data", 4)]).unwrap();
    export.shard(x, &[Some("data"), None]).unwrap();
    export.shard(y, &[Some("data")]).unwrap();
    let module = export.module("step").unwrap();
    let names: Vec<&str> = module.arguments().iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, ["x", "y", "w"]);

    let rows = [([0.5, -1.0], 1.0), ([1.5, 0.25], 0.0), ([-0.5, 2.0], 1.0), ([0.1, 0.2], 0.5)];
    let (mut sum, mut losses) = ([0.0; 2], Vec::new());
    for (of_x, of_y) in &rows {
        tape.replay(&[(x, of_x), (y, &[*of_y])]).unwrap();
        losses.push(loss.value());
        for (sum, g) in sum.iter_mut().zip(gradient.values()) {
            *sum += g;
        }
    }
    let next: Vec<f64> = w.values().iter().zip(sum).map(|(w, g)| w - 0.1 * g).collect();
    let arguments = [
        rows.iter().flat_map(|(x, _)| *x).collect(),
        rows.iter().map(|(_, y)| *y).collect(),
        w.values(),
    ];
    let Some(results) = xla::run_at(&module, &arguments) else { return };
    assert!(xla::difference(&results[0].1, &next, 1e-3) <= 1e-13, "{results:?} {next:?}");
    assert!(xla::difference(&results[1].1, &losses, 1e-3) <= 1e-13, "{results:?} {losses:?}");
}

#[test]
fn what_is_no_row_is_refused() {
    let tape = Tape::new();
    let x = tape.data([1.0, 2.0]).named("x");
    let y = x.square().named("y");
    let mut export = Export::new(&tape);
    let message = |result: Result<(), Error>| result.unwrap_err().to_string();
    assert_eq!(message(export.rows(0, &[x])), "rows: 0: a module for no rows computes nothing");
    assert!(message(export.rows(2, &[y])).starts_with("rows of y: it is computed"));
    assert!(message(export.sum_rows(x)).contains("a whole node"));
    assert!(message(export.sum_rows(y.at(1))).contains("a whole node"));
    export.sum_rows(y).unwrap();
    export.output("y", y).unwrap();
    let error = export.module("rows").unwrap_err().to_string();
    assert!(error.contains("y: it does not differ from row to row"), "{error}");
}
