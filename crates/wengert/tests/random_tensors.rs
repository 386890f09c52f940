//! Random programs over runs: every structural op, broadcasting, views, on random shapes. As in
//! `random_scalars`, the programs are drawn from a fixed seed.

#[path = "random/tensors.rs"]
mod random;

use std::collections::BTreeMap;

use proptest::prelude::*;
use wengert::node::Contribution;
use wengert::op::{Binary, Op, Structural, Unary};
use wengert::{Gradients, Numerics, Options, Tape, Var};

use random::{leaf_values, record, run};

#[test]
fn ledgers_add_up_bit_for_bit() {
    run(200, |program| {
        let tape = Tape::with(Options::default().numerics(Numerics::Exact));
        let (_, y) = record(&tape, program, &leaf_values(program, 0));
        let gradients = y.backward();
        for (slot, ledger) in gradients.ledgers(|slot| slot != y.id()) {
            let sum = ledger.iter().fold(-0.0, |sum, entry| sum + entry.product);
            let adjoint = gradients.adjoints()[slot.slot()];
            // Running sums add their own contributions up first.
            let running = |entry: &Contribution<f64>| {
                let op = tape.node(entry.reader).unwrap().op;
                matches!(
                    op,
                    Op::Structural(
                        Structural::CumSum | Structural::CumSumBack | Structural::CumProd
                    )
                )
            };
            let size: f64 = ledger.iter().map(|entry| entry.product.abs()).sum();
            let near = (sum - adjoint).abs() <= 8.0 * f64::EPSILON * size;
            let zero = sum == 0.0 && adjoint == 0.0;
            let same =
                sum.to_bits() == adjoint.to_bits() || zero || (ledger.iter().any(running) && near);
            prop_assert!(same, "{slot}: {sum:e} {adjoint:e}\n{tape}");
        }
        Ok(())
    });
}

/// In Fast numerics an adjoint is the sum of its ledger to the stated bound, the ledger's terms
/// being within it themselves.
#[test]
fn ledgers_add_up_to_the_bound_in_fast_numerics() {
    run(200, |program| {
        let tape = Tape::new();
        let (_, y) = record(&tape, program, &leaf_values(program, 0));
        let gradients = y.backward();
        for (slot, ledger) in gradients.ledgers(|slot| slot != y.id()) {
            let sum = ledger.iter().fold(-0.0, |sum, entry| sum + entry.product);
            let adjoint = gradients.adjoints()[slot.slot()];
            let size: f64 = ledger.iter().map(|entry| entry.product.abs()).sum();
            let bound = 8.0 * (ledger.len() + 2) as f64 * f64::EPSILON * size;
            prop_assert!((sum - adjoint).abs() <= bound, "{slot}: {sum:e} {adjoint:e}\n{tape}");
        }
        Ok(())
    });
}

/// A sweep in the memory of an earlier one, with what that left in it, gives the same bits.
#[test]
fn a_second_sweep_is_the_first_bit_for_bit() {
    run(300, |program| {
        let tape = Tape::new();
        let (_, y) = record(&tape, program, &leaf_values(program, 0));
        let bits = |g: &Gradients<'_>| g.adjoints().iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        let gradients = y.backward();
        let first = bits(&gradients);
        drop(gradients);
        prop_assert!(first == bits(&y.backward()), "a second sweep differs\n{tape}");
        Ok(())
    });
}

#[test]
fn replay_equals_recording_bit_for_bit() {
    let bits = |tape: &Tape| tape.all_values().iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let tape = || Tape::with(Options::default().numerics(numerics));
        run(200, |program| {
            let (tape, fresh) = (tape(), tape());
            let (leaves, y) = record(&tape, program, &leaf_values(program, 0));
            let before = bits(&tape);
            tape.replay(&[]).unwrap();
            prop_assert!(before == bits(&tape), "a replay at the same inputs changed bits");
            let new = leaf_values(program, 1);
            let inputs: Vec<(Var<'_>, &[f64])> =
                leaves.iter().zip(&new).map(|(&x, v)| (x, &v[..])).collect();
            tape.replay(&inputs).unwrap();
            let (_, fresh_y) = record(&fresh, program, &new);
            prop_assert!(
                bits(&tape) == bits(&fresh),
                "a replay differs from a recording:\n{tape}\n{fresh}"
            );
            let (old, new) = (y.backward(), fresh_y.backward());
            let same =
                old.adjoints().iter().zip(new.adjoints()).all(|(a, b)| a.to_bits() == b.to_bits());
            prop_assert!(same, "adjoints differ\n{tape}");
            Ok(())
        });
    }
}

/// The programs do use every structural op, as runs and with runs that broadcast.
#[test]
fn the_programs_cover_the_ops() {
    let seen = std::cell::RefCell::new(BTreeMap::<&'static str, usize>::new());
    run(300, |program| {
        let tape = Tape::new();
        let (_, y) = record(&tape, program, &leaf_values(program, 0));
        let _ = y.record_gradient(&[y]).unwrap();
        for node in tape.nodes() {
            if !node.shape.is_scalar() || matches!(node.op, Op::Structural(_)) {
                *seen.borrow_mut().entry(node.op.name()).or_default() += 1;
            }
        }
        Ok(())
    });
    let seen = seen.into_inner();
    // Some are recorded for derivatives alone; those with a body are held in `calls.rs`.
    let derivatives = [Structural::CumSumBack, Structural::TakeBack];
    let asked = |op: &&Structural| !derivatives.contains(op) && !op.runs_a_body();
    for op in Structural::ALL.iter().filter(asked) {
        assert!(seen.contains_key(op.name()), "no program has a {}: {seen:?}", op.name());
    }
    assert!(
        seen.contains_key(Op::Unary(Unary::Sin).name())
            && seen.contains_key(Op::Binary(Binary::Mul).name())
    );
}
