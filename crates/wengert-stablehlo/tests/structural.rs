//! Every structural operation, at the shapes and strides of the rule book's tests: its value and its
//! recorded gradient, run by XLA, are the tape's.

use wengert::op::{Op, Structural};
use wengert::{Leaf, Var};
use wengert_stablehlo::{Error, Export};

use crate::cases::{cases, exact, numbers, operands};
use crate::xla;

/// Relative to the largest number of a result.
const TOLERANCE: f64 = 1e-12;

/// Newton's steps end where the numbers say, and a function of plain numbers is not written down.
pub(crate) fn has_no_form(op: Structural) -> bool {
    matches!(op, Structural::Root | Structural::External)
}

#[test]
fn every_structural_operation_is_the_tapes() {
    let mut worst = Vec::new();
    for &op in Structural::ALL {
        // All cases of an operation as one module.
        let tape = exact();
        let mut export = Export::new(&tape);
        let mut asked: Vec<(String, Var<'_>)> = Vec::new();
        for (i, case) in cases(op).iter().enumerate() {
            let (leaves, read) = operands(&tape, op, case);
            let value = tape.apply(Op::Structural(op), &read, case.attributes.clone()).unwrap();
            asked.push((format!("value {i}"), value));
            let weights = numbers(value.len(), 100);
            let weights = tape.tensor(Leaf::Data, &weights, value.shape()).unwrap();
            let leaves: Vec<Var<'_>> =
                leaves.into_iter().filter(|leaf| !leaf.is_detached()).collect();
            let loss = (value.sin() * weights).sum();
            let gradients = loss.record_gradient(&leaves).unwrap();
            for (k, gradient) in gradients.into_iter().enumerate() {
                asked.extend(gradient.map(|g| (format!("gradient {i} by {k}"), g)));
            }
        }
        for (name, var) in &asked {
            export.output(name, *var).unwrap();
        }
        if has_no_form(op) {
            let error = export.module(op.name()).unwrap_err();
            assert!(matches!(error, Error::Operation { op: named, .. } if named == op.name()));
            continue;
        }
        let module = export.module(op.name()).unwrap();
        let Some(results) = xla::run(&tape, &module) else { return };
        let mut off: f64 = 0.0;
        for ((name, var), (_, found)) in asked.iter().zip(&results) {
            let wanted = var.values();
            let scale = wanted.iter().fold(1e-300_f64, |scale, x| scale.max(x.abs()));
            let own = xla::difference(found, &wanted, scale);
            assert!(own <= TOLERANCE, "{op}, {name}: {found:?} and {wanted:?}\n{module}");
            off = off.max(own);
        }
        worst.push((off, op));
    }
    worst.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (off, op) in worst {
        println!("{off:8.1e}  {op}");
    }
}
