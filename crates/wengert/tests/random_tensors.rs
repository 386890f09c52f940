//! Random programs over runs: every structural op, broadcasting, views, on random shapes. As in `random_scalars`, the programs are drawn from a
//! fixed seed.

#[path = "random/tensors.rs"]
mod random;

use std::collections::BTreeMap;

use proptest::prelude::*;
use wengert::{Binary, Contribution, Gradients, Leaf, Numerics, Op, Options, Structural, Tape, Unary, Var};

use random::{leaf_values, path_products, record, run};

#[test]
fn reverse_agrees_with_duals_and_with_the_recorded_gradient() {
    run(300, |program| {
        let tape = Tape::new();
        let (leaves, y) = record(&tape, program, &leaf_values(program, 0));
        let gradients = y.backward();
        let bounds = path_products(y);
        let recorded = y.record_gradient(&leaves).unwrap();
        for (leaf, recorded) in leaves.iter().zip(recorded) {
            let reverse = gradients.values_wrt(*leaf);
            let by_nodes = recorded.map_or(vec![0.0; leaf.len()], Var::values);
            if let Some(recorded) = recorded {
                prop_assert_eq!(recorded.shape(), leaf.shape());
            }
            for i in 0..leaf.len() {
                // A ledger leaves out what an adjoint of exactly 0 would have passed on; there the output's own size stands in.
                let bound = 64.0 * f64::EPSILON * bounds[leaf.id().slot() + i].max(1.0);
                let mut direction = vec![0.0; leaf.len()];
                direction[i] = 1.0;
                let forward = tape.tangents(&[(*leaf, &direction)]).unwrap().of(y);
                let (reverse, by_nodes) = (reverse[i], by_nodes[i]);
                prop_assert!((reverse - forward).abs() <= bound, "{i}: {reverse} {forward} {bound}\n{tape}");
                prop_assert!((reverse - by_nodes).abs() <= bound, "{i}: {reverse} {by_nodes} {bound}\n{tape}");
            }
        }
        Ok(())
    });
}

/// Second derivatives by duals over the sweep, and by the sweep and by duals over the recorded gradient.
#[test]
fn second_derivatives_by_duals_and_by_the_recorded_gradient_agree() {
    let compared = std::cell::Cell::new(0);
    run(200, |program| {
        let tape = Tape::new();
        let (leaves, y) = record(&tape, program, &leaf_values(program, 0));
        let direction = leaf_values(program, 5);
        let towards: Vec<(Var<'_>, &[f64])> = leaves.iter().zip(&direction).map(|(&x, d)| (x, &d[..])).collect();
        let by_duals = tape.hvp(y, &towards, &leaves).unwrap();
        let recorded = y.record_gradient(&leaves).unwrap();
        let tangents = tape.tangents(&towards).unwrap();
        // ∇(∇y · d), d standing still.
        let mut along: Option<Var<'_>> = None;
        for (gradient, d) in recorded.iter().zip(&direction).filter_map(|(g, d)| Some(((*g)?, d))) {
            let d = tape.tensor(Leaf::Data, d, gradient.shape().dims()).unwrap();
            let part = (gradient * d).sum();
            along = Some(along.map_or(part, |sum| sum + part));
        }
        let swept = along.map(Var::backward);
        for (i, &leaf) in leaves.iter().enumerate() {
            let forward = recorded[i].map_or(vec![0.0; leaf.len()], |gradient| tangents.values_of(gradient));
            let reverse = swept.as_ref().map_or(vec![0.0; leaf.len()], |gradients| gradients.values_wrt(leaf));
            let size = by_duals.iter().flatten().fold(1.0, |size: f64, x| size.max(x.abs()));
            for ((&duals, forward), reverse) in by_duals[i].iter().zip(forward).zip(reverse) {
                let near = |x: f64| (x - duals).abs() <= 1e-11 * size;
                prop_assert!(near(forward) && near(reverse), "{duals} {forward} {reverse}\n{tape}");
                compared.set(compared.get() + usize::from(duals != 0.0));
            }
        }
        Ok(())
    });
    assert!(compared.get() > 500, "only {} second derivatives are not zero", compared.get());
}

#[test]
fn reverse_agrees_with_differences() {
    let (all, excluded) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    run(150, |program| {
        let tape = Tape::new();
        let (_, y) = record(&tape, program, &leaf_values(program, 0));
        let report = y.check().run().unwrap();
        prop_assert!(report.agrees(), "{report}\n{tape}");
        all.set(all.get() + report.rows.len());
        excluded.set(excluded.get() + report.excluded().count());
        Ok(())
    });
    println!("{} derivatives, {} excluded", all.get(), excluded.get());
    assert!(20 * excluded.get() <= all.get(), "{} of {} could not be compared", excluded.get(), all.get());
}

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
                matches!(op, Op::Structural(Structural::CumSum | Structural::CumSumBack))
            };
            let size: f64 = ledger.iter().map(|entry| entry.product.abs()).sum();
            let near = (sum - adjoint).abs() <= 8.0 * f64::EPSILON * size;
            let zero = sum == 0.0 && adjoint == 0.0;
            let same = sum.to_bits() == adjoint.to_bits() || zero || (ledger.iter().any(running) && near);
            prop_assert!(same, "{slot}: {sum:e} {adjoint:e}\n{tape}");
        }
        Ok(())
    });
}

/// In Fast numerics an adjoint is the sum of its ledger to the stated bound, the ledger's terms being within it themselves.
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

/// Every node of a Fast tape is within the bound of what Exact numerics make of the same operands: the bound is a node's, and
/// errors of operands come on top of it.
#[test]
fn fast_values_are_within_the_bound_of_exact_ones() {
    run(300, |program| {
        let exact = Tape::with(Options::default().numerics(Numerics::Exact));
        let fast = Tape::new();
        let inputs = leaf_values(program, 0);
        let ((_, a), (leaves, b)) = (record(&exact, program, &inputs), record(&fast, program, &inputs));
        // Errors grow along the program: its values are of moderate size and few operations deep.
        let near = |x: f64, y: f64, size: f64| (x - y).abs() <= 1e-11 * size || x.to_bits() == y.to_bits();
        for (slot, (&x, &y)) in exact.all_values().iter().zip(&fast.all_values()).enumerate() {
            prop_assert!(near(x, y, 1.0 + x.abs()), "v{slot}: {x:e} and {y:e}\n{exact}");
        }
        let (x, y) = (a.backward(), b.backward());
        let size = x.adjoints().iter().fold(1.0, |size: f64, x| size.max(x.abs()));
        for (slot, (&x, &y)) in x.adjoints().iter().zip(y.adjoints()).enumerate() {
            prop_assert!(near(x, y, size), "adjoint of v{slot}: {x:e} and {y:e}\n{exact}");
        }
        // The same memory again, with what the first sweep left in it.
        let bits = |g: &Gradients<'_>| g.adjoints().iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        let first = bits(&y);
        drop(y);
        prop_assert!(first == bits(&b.backward()), "a second sweep differs\n{fast}");
        drop(leaves);
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
            let inputs: Vec<(Var<'_>, &[f64])> = leaves.iter().zip(&new).map(|(&x, v)| (x, &v[..])).collect();
            tape.replay(&inputs).unwrap();
            let (_, fresh_y) = record(&fresh, program, &new);
            prop_assert!(bits(&tape) == bits(&fresh), "a replay differs from a recording:\n{tape}\n{fresh}");
            let (old, new) = (y.backward(), fresh_y.backward());
            let same = old.adjoints().iter().zip(new.adjoints()).all(|(a, b)| a.to_bits() == b.to_bits());
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
    // The derivative of a running sum is recorded as one from the end, which no program asks for.
    for op in Structural::ALL.iter().filter(|op| **op != Structural::CumSumBack) {
        assert!(seen.contains_key(op.name()), "no program has a {}: {seen:?}", op.name());
    }
    assert!(seen.contains_key(Op::Unary(Unary::Sin).name()) && seen.contains_key(Op::Binary(Binary::Mul).name()));
}
