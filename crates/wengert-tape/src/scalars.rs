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

use crate::op::Binary;
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

/// The codes of the operations that most of a program is, with the marks of their operands.
mod often {
    use crate::op::Binary;
    use crate::tape::Step;

    const fn code(op: Binary, cut_first: bool, cut_second: bool) -> u8 {
        Step::binary(op, 0, 0, cut_first, cut_second).marked_code()
    }

    pub(super) const ADD: u8 = code(Binary::Add, false, false);
    pub(super) const ADD_TO_CUT: u8 = code(Binary::Add, true, false);
    pub(super) const ADD_CUT: u8 = code(Binary::Add, false, true);
    pub(super) const SUB: u8 = code(Binary::Sub, false, false);
    pub(super) const SUB_FROM_CUT: u8 = code(Binary::Sub, true, false);
    pub(super) const SUB_CUT: u8 = code(Binary::Sub, false, true);
    pub(super) const MUL: u8 = code(Binary::Mul, false, false);
    pub(super) const MUL_CUT_BY: u8 = code(Binary::Mul, true, false);
    pub(super) const MUL_BY_CUT: u8 = code(Binary::Mul, false, true);
    /// Its exponent is a constant.
    pub(super) const POWI: u8 = code(Binary::Powi, false, true);

    /// The bits of a code that say the operation.
    pub(super) const UNMARKED: u8 = !(code(Binary::Add, true, true) ^ ADD);
    pub(super) const POWI_UNMARKED: u8 = POWI & UNMARKED;
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
            if S::HAS_TANGENT || S::OUT_OF_LINE {
                reverse_any(step, slot, g, values, adjoints);
                continue;
            }
            // One jump by operation and marks, and not one by operation and then two questions.
            macro_rules! pass {
                ($op:ident, $cut_first:literal, $cut_second:literal) => {
                    pass_on(Binary::$op, [$cut_first, $cut_second], step, slot, g, values, adjoints)
                };
            }
            match step.marked_code() {
                often::ADD => pass!(Add, false, false),
                often::ADD_TO_CUT => pass!(Add, true, false),
                often::ADD_CUT => pass!(Add, false, true),
                often::SUB => pass!(Sub, false, false),
                often::SUB_FROM_CUT => pass!(Sub, true, false),
                often::SUB_CUT => pass!(Sub, false, true),
                often::MUL => pass!(Mul, false, false),
                often::MUL_CUT_BY => pass!(Mul, true, false),
                often::MUL_BY_CUT => pass!(Mul, false, true),
                often::POWI => pass!(Powi, false, true),
                _ => reverse_any(step, slot, g, values, adjoints),
            }
        }
    }
}

/// Passes on the adjoint of one binary step.
///
/// # Safety
///
/// The operands' slots are in bounds, and `slot` is.
#[inline(always)]
unsafe fn pass_on<S: Scalar>(
    op: Binary,
    [cut_first, cut_second]: [bool; 2],
    step: Step,
    slot: usize,
    g: S,
    values: &[S],
    adjoints: &mut [S],
) {
    let (a, b) = (step.a() as usize, step.b() as usize);
    // SAFETY: the caller's promise.
    unsafe {
        let (x, y) = (read(values, a, cut_first), read(values, b, cut_second));
        let v = *values.get_unchecked(slot);
        if !cut_first && let Some(share) = rules::first(op, x, y, v).times(g) {
            add(adjoints, a, share);
        }
        if !cut_second && let Some(share) = rules::second(op, x, y, v).times(g) {
            add(adjoints, b, share);
        }
    }
}

/// Passes on the adjoint of a step, whatever it is.
///
/// # Safety
///
/// As of `pass_on`.
#[inline(always)]
unsafe fn reverse_any<S: Scalar>(step: Step, slot: usize, g: S, values: &[S], adjoints: &mut [S]) {
    // SAFETY: the caller's promise.
    unsafe {
        match step.kind() {
            Kind::Binary(op) => with_op!(dispatch_binary, S, op, K => {
                let cuts = [step.cuts_first(), step.cuts_second()];
                pass_on(K, cuts, step, slot, g, values, adjoints);
            }),
            Kind::Unary(op) => with_op!(dispatch_unary, S, op, K => {
                if !step.cuts_first() {
                    let a = step.a() as usize;
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

/// Computes the scalar steps that fill the slots from `first` on; leaves stay as they are.
pub(crate) fn evaluate_scalars<S: Scalar>(steps: &[Step], first: usize, values: &mut [S]) {
    assert!(first + steps.len() <= values.len(), "the steps fill slots of the column");
    for (i, &step) in steps.iter().enumerate() {
        // SAFETY: the step's slot is in bounds, and the operands' slots are before it.
        unsafe {
            let value = if S::HAS_TANGENT || S::OUT_OF_LINE {
                evaluate_any(step, values)
            } else {
                // A mark says nothing about a value that has no tangent.
                match step.marked_code() & often::UNMARKED {
                    often::ADD => Some(of_two(Binary::Add, step, values)),
                    often::SUB => Some(of_two(Binary::Sub, step, values)),
                    often::MUL => Some(of_two(Binary::Mul, step, values)),
                    often::POWI_UNMARKED => Some(of_two(Binary::Powi, step, values)),
                    _ => evaluate_any(step, values),
                }
            };
            if let Some(value) = value {
                *values.get_unchecked_mut(first + i) = value;
            }
        }
    }
}

/// # Safety
///
/// The operands' slots are in bounds.
#[inline(always)]
unsafe fn of_two<S: Scalar>(op: Binary, step: Step, values: &[S]) -> S {
    let (a, b) = (step.a() as usize, step.b() as usize);
    // SAFETY: the caller's promise.
    let (x, y) =
        unsafe { (read(values, a, step.cuts_first()), read(values, b, step.cuts_second())) };
    x.binary(op, y)
}

/// The value of a step, whatever it is; nothing of a leaf.
///
/// # Safety
///
/// The operands' slots are in bounds.
#[inline(always)]
unsafe fn evaluate_any<S: Scalar>(step: Step, values: &[S]) -> Option<S> {
    // SAFETY: the caller's promise.
    unsafe {
        match step.kind() {
            Kind::Binary(op) => {
                Some(with_op!(dispatch_binary, S, op, K => of_two(K, step, values)))
            }
            Kind::Unary(op) => Some(with_op!(dispatch_unary, S, op, K => {
                read(values, step.a() as usize, step.cuts_first()).unary(K)
            })),
            Kind::Leaf(_) | Kind::Wide => None,
        }
    }
}
