//! Random programs over every scalar op: reverse sweep, duals, differences, recorded gradient and replay must agree.
//!
//! The programs are drawn by proptest from a fixed seed, so every run looks at the same ones, and a failure is shrunk.

#[path = "random/scalars.rs"]
mod random;

use proptest::prelude::*;
use std::cell::Cell;
use wengert::{Gradients, NodeId, Op, Tape, Var, rules};

use random::{INPUTS, record, record_all, run};

/// For every slot, the sum over all paths to the output of the absolute products of partials: what rounding errors are relative to.
fn path_products(gradients: &Gradients<'_>) -> Vec<f64> {
    let tape = gradients.tape();
    let values = tape.all_values();
    let end = gradients.adjoints().len();
    let mut sums = vec![0.0; end];
    sums[end - 1] = 1.0;
    for node in tape.nodes().collect::<Vec<_>>().into_iter().rev().filter(|node| node.id.slot() < end) {
        let above = sums[node.id.slot()];
        let operands: Vec<usize> = node.operands.iter().map(|edge| edge.start.slot()).collect();
        for (i, edge) in node.operands.iter().enumerate().filter(|(_, edge)| !edge.cut) {
            let at = |i: usize| values[operands[i]];
            let v = values[node.id.slot()];
            let partial = match node.op {
                Op::Unary(op) => rules::unary(op, at(0), v),
                Op::Binary(op) if i == 0 => rules::first(op, at(0), at(1), v),
                Op::Binary(op) => rules::second(op, at(0), at(1), v),
                // A selection of single numbers passes on what it chose.
                Op::Structural(_) if (i == 1) == (at(0) != 0.0) => rules::Partial::One,
                _ => rules::Partial::Zero,
            };
            let partial = partial.value(0.0).abs();
            // As in the sweep, a zero passes nothing on.
            if above != 0.0 && partial != 0.0 {
                sums[edge.start.slot()] += above * partial;
            }
        }
    }
    sums
}

/// Counts what could not be compared; more than one in twenty fails.
#[derive(Default)]
struct Excluded {
    compared: Cell<usize>,
    excluded: Cell<usize>,
}

impl Excluded {
    fn count(&self, all: usize, excluded: usize) {
        self.compared.set(self.compared.get() + all);
        self.excluded.set(self.excluded.get() + excluded);
    }

    #[track_caller]
    fn assert_few(&self, what: &str) {
        let (all, excluded) = (self.compared.get(), self.excluded.get());
        println!("{what}: {all} derivatives, {excluded} excluded ({:.2}%)", 100.0 * excluded as f64 / all as f64);
        assert!(20 * excluded <= all, "{what}: {excluded} of {all} could not be compared");
    }
}

#[test]
fn reverse_agrees_with_duals_and_with_the_recorded_gradient() {
    let count = Excluded::default();
    run(1000, |program| {
        let tape = Tape::new();
        let (inputs, y) = record(&tape, program, &program.at);
        let gradients = y.backward();
        let bounds = path_products(&gradients);
        if bounds.iter().any(|bound| !bound.is_finite()) {
            // The slope of the cube root of a relu's 0.
            count.count(INPUTS, INPUTS);
            return Ok(());
        }
        count.count(INPUTS, 0);
        let recorded = y.record_gradient(&inputs).unwrap();
        for (i, &x) in inputs.iter().enumerate() {
            let bound = 64.0 * f64::EPSILON * bounds[x.id().slot()];
            let reverse = gradients.wrt(x);
            let forward = tape.tangents(&[(x, &[1.0])]).unwrap().of(y);
            prop_assert!((reverse - forward).abs() <= bound, "input {i}: {reverse} {forward} {bound}\n{tape}");
            let by_nodes = recorded[i].map_or(0.0, Var::value);
            prop_assert!((reverse - by_nodes).abs() <= bound, "input {i}: {reverse} {by_nodes} {bound}\n{tape}");
        }
        Ok(())
    });
    count.assert_few("reverse, duals, recorded");
}

#[test]
fn reverse_agrees_with_differences() {
    let count = Excluded::default();
    run(600, |program| {
        let tape = Tape::new();
        let (everything, y) = record_all(&tape, program, &program.at);
        let before: Vec<u64> = tape.all_values().iter().map(|v| v.to_bits()).collect();
        // By everything, inputs and nodes in the middle.
        let report = y.check().leaves(&everything).run().unwrap();
        prop_assert!(report.agrees(), "{report}\n{tape}");
        count.count(report.rows.len(), report.excluded().count());
        let after: Vec<u64> = tape.all_values().iter().map(|v| v.to_bits()).collect();
        prop_assert!(before == after);
        Ok(())
    });
    count.assert_few("reverse, differences");
}

#[test]
fn ledgers_add_up_bit_for_bit() {
    run(400, |program| {
        let tape = Tape::new();
        let (_, y) = record(&tape, program, &program.at);
        let gradients = y.backward();
        for (slot, ledger) in gradients.ledgers(|slot: NodeId| slot != y.id()) {
            let sum = ledger.iter().fold(-0.0, |sum, entry| sum + entry.product);
            let adjoint = gradients.adjoints()[slot.slot()];
            prop_assert!(sum.to_bits() == adjoint.to_bits() || (sum.is_nan() && adjoint.is_nan()), "{slot}\n{tape}");
        }
        Ok(())
    });
}

#[test]
fn replay_equals_recording_bit_for_bit() {
    let bits = |tape: &Tape| tape.all_values().iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    run(400, |program| {
        let tape = Tape::new();
        let (inputs, y) = record(&tape, program, &program.at);
        let before = bits(&tape);
        tape.replay(&[]).unwrap();
        prop_assert!(before == bits(&tape), "a replay at the same inputs changed bits");
        let new: Vec<(Var<'_>, [f64; 1])> = inputs.iter().zip(&program.elsewhere).map(|(&x, &v)| (x, [v])).collect();
        tape.replay(&new.iter().map(|(x, v)| (*x, &v[..])).collect::<Vec<_>>()).unwrap();
        let fresh = Tape::new();
        let (_, fresh_y) = record(&fresh, program, &program.elsewhere);
        prop_assert!(bits(&tape) == bits(&fresh), "a replay differs from a recording:\n{tape}\n{fresh}");
        let (old, new) = (y.backward(), fresh_y.backward());
        let same = old.adjoints().iter().zip(new.adjoints()).all(|(a, b)| a.to_bits() == b.to_bits());
        prop_assert!(same, "adjoints differ");
        Ok(())
    });
}
