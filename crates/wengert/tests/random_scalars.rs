//! Random programs over every scalar op: ledgers add up, and a replay is a recording. How right the
//! numbers are, by the sweep, by duals, by the recorded gradient and by differences, is held in
//! `truth`.
//!
//! The programs are drawn by proptest from a fixed seed, so every run looks at the same ones, and a
//! failure is shrunk.

#[path = "random/scalars.rs"]
mod random;

use proptest::prelude::*;
use wengert::node::NodeId;
use wengert::{Tape, Var};

use random::{record, run};

#[test]
fn ledgers_add_up_bit_for_bit() {
    run(400, |program| {
        let tape = Tape::new();
        let (_, y) = record(&tape, program, &program.at);
        let gradients = y.backward();
        for (slot, ledger) in gradients.ledgers(|slot: NodeId| slot != y.id()) {
            let sum = ledger.iter().fold(-0.0, |sum, entry| sum + entry.product);
            let adjoint = gradients.adjoints()[slot.slot()];
            prop_assert!(
                sum.to_bits() == adjoint.to_bits() || (sum.is_nan() && adjoint.is_nan()),
                "{slot}\n{tape}"
            );
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
        let new: Vec<(Var<'_>, [f64; 1])> =
            inputs.iter().zip(&program.elsewhere).map(|(&x, &v)| (x, [v])).collect();
        tape.replay(&new.iter().map(|(x, v)| (*x, &v[..])).collect::<Vec<_>>()).unwrap();
        let fresh = Tape::new();
        let (_, fresh_y) = record(&fresh, program, &program.elsewhere);
        prop_assert!(
            bits(&tape) == bits(&fresh),
            "a replay differs from a recording:\n{tape}\n{fresh}"
        );
        let (old, new) = (y.backward(), fresh_y.backward());
        let same =
            old.adjoints().iter().zip(new.adjoints()).all(|(a, b)| a.to_bits() == b.to_bits());
        prop_assert!(same, "adjoints differ");
        Ok(())
    });
}
