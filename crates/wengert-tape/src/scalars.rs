//! The two loops over scalar steps, forward and backward: what a scalar tape's time is spent in.
//!
//! Operand slots come out of packed steps, so no compiler can see that they are in bounds; the
//! checks cost more than a quarter of the reverse sweep. They are left out here, and only here.
//! What makes that sound: both loops first check that the slots they are to fill lie inside the
//! columns, and an operand's slot is always before its step's, which `Tape` ensures by handing out
//! slots in order and is asserted in debug builds.

#![allow(
    unsafe_code,
    reason = "unchecked operand slots: see the module's documentation for the gain and the invariant"
)]

use crate::rules;
use crate::tape::{Kind, Step};
use wengert_ops::elementwise::with_op;
use wengert_ops::real::Scalar;

/// A value as an operand sees it: standing still if the operand is cut. For numbers without a
/// tangent this is the value.
///
/// # Safety
///
/// `slot` is in bounds.
#[inline(always)]
unsafe fn read<S: Scalar>(values: &[S], slot: usize, cut: bool) -> S {
    debug_assert!(slot < values.len());
    // SAFETY: the caller's promise.
    let value = unsafe { *values.get_unchecked(slot) };
    if S::HAS_TANGENT && cut { value.detached() } else { value }
}

/// # Safety
///
/// `slot` is in bounds.
#[inline(always)]
unsafe fn add<S: Scalar>(adjoints: &mut [S], slot: usize, share: S) {
    debug_assert!(slot < adjoints.len());
    // SAFETY: the caller's promise.
    let adjoint = unsafe { adjoints.get_unchecked_mut(slot) };
    *adjoint = *adjoint + share;
}

/// Adds the contributions of the scalar steps that fill the slots from `first` on, the last step
/// first.
pub(crate) fn reverse_scalars<S: Scalar>(
    steps: &[Step],
    first: usize,
    values: &[S],
    adjoints: &mut [S],
) {
    let end = first + steps.len();
    assert!(end <= values.len() && end <= adjoints.len(), "the steps fill slots of both columns");
    for (i, &step) in steps.iter().enumerate().rev() {
        let slot = first + i;
        // SAFETY: slot < end, and the operands' slots are before it.
        unsafe {
            let g = *adjoints.get_unchecked(slot);
            if g.is_zero() {
                continue;
            }
            let (a, b) = (step.a() as usize, step.b() as usize);
            match step.kind() {
                Kind::Binary(op) => with_op!(dispatch_binary, S, op, K => {
                    let x = read(values, a, step.cuts_first());
                    let y = read(values, b, step.cuts_second());
                    let v = *values.get_unchecked(slot);
                    if !step.cuts_first() && let Some(share) = rules::first(K, x, y, v).times(g) {
                        add(adjoints, a, share);
                    }
                    if !step.cuts_second() && let Some(share) = rules::second(K, x, y, v).times(g) {
                        add(adjoints, b, share);
                    }
                }),
                Kind::Unary(op) => with_op!(dispatch_unary, S, op, K => {
                    if !step.cuts_first() {
                        let (x, v) = (read(values, a, false), *values.get_unchecked(slot));
                        if let Some(share) = rules::unary(K, x, v).times(g) {
                            add(adjoints, a, share);
                        }
                    }
                }),
                Kind::Leaf(_) | Kind::Wide => {}
            }
        }
    }
}

/// Computes the scalar steps that fill the slots from `first` on; leaves stay as they are.
pub(crate) fn evaluate_scalars<S: Scalar>(steps: &[Step], first: usize, values: &mut [S]) {
    assert!(first + steps.len() <= values.len(), "the steps fill slots of the column");
    for (i, &step) in steps.iter().enumerate() {
        let (a, b) = (step.a() as usize, step.b() as usize);
        // SAFETY: the step's slot is in bounds, and the operands' slots are before it.
        unsafe {
            let value = match step.kind() {
                Kind::Binary(op) => with_op!(dispatch_binary, S, op, K => {
                    read(values, a, step.cuts_first()).binary(K, read(values, b, step.cuts_second()))
                }),
                Kind::Unary(op) => {
                    with_op!(dispatch_unary, S, op, K => read(values, a, step.cuts_first()).unary(K))
                }
                Kind::Leaf(_) | Kind::Wide => continue,
            };
            *values.get_unchecked_mut(first + i) = value;
        }
    }
}
