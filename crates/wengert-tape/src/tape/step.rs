//! One step of the list in 8 bytes: an opcode, two marks, two operand slots.
//!
//! The opcode's six bits are too few for all operations. A function of one number needs no second
//! operand, and says in that field which one it is: all of them share one opcode.

#![allow(missing_docs, reason = "public to the compiler alone")]

use crate::op::{Binary, Leaf, Op, Unary};

/// Operand slots are 28 bits wide, which bounds a tape.
pub(crate) const SLOT_BITS: u32 = 28;
/// The number of slots a tape can hold.
pub(crate) const MAX_SLOTS: usize = 1 << SLOT_BITS;

const SLOT_MASK: u64 = (1 << SLOT_BITS) - 1;
const CUT_FIRST: u8 = 1 << 6;
const CUT_SECOND: u8 = 1 << 7;

const LEAF: u8 = 0;
const UNARY: u8 = 4;
const BINARY: u8 = 5;
const WIDE: u8 = 63;
const _: () =
    assert!(BINARY as usize + Binary::ALL.len() <= WIDE as usize, "opcodes outgrew their six bits");

/// `code: 6 bits | cut marks: 2 | first operand: 28 | second operand, or which function: 28`.
///
/// A **cut** operand is read but passes no derivative: a constant, data, or a detached handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step(u64);

/// What a step says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Leaf(Leaf),
    Unary(Unary),
    Binary(Binary),
    /// The step fills a run; its operands stand in the side table.
    Wide,
}

/// The bits of the opcode.
const CODE: u8 = 63;

// What a code says, found by a load: the loops over steps ask it of each.

/// By opcode; which function of one number it is says another table.
const KINDS: [Kind; CODE as usize + 1] = {
    let mut kinds = [Kind::Wide; CODE as usize + 1];
    let leaves = [Leaf::Input, Leaf::Param, Leaf::Data, Leaf::Const];
    let mut i = 0;
    while i < leaves.len() {
        kinds[(LEAF + leaves[i] as u8) as usize] = Kind::Leaf(leaves[i]);
        i += 1;
    }
    kinds[UNARY as usize] = Kind::Unary(Unary::ALL[0]);
    let mut i = 0;
    while i < Binary::ALL.len() {
        kinds[(BINARY + Binary::ALL[i] as u8) as usize] = Kind::Binary(Binary::ALL[i]);
        i += 1;
    }
    kinds
};

/// By second operand.
const UNARIES: [Kind; 64] = {
    let mut kinds = [Kind::Wide; 64];
    let mut i = 0;
    while i < Unary::ALL.len() {
        kinds[Unary::ALL[i] as usize] = Kind::Unary(Unary::ALL[i]);
        i += 1;
    }
    kinds
};

#[inline(always)]
const fn pack(code: u8, a: u32, b: u32) -> Step {
    Step((code as u64) << (2 * SLOT_BITS) | (a as u64) << SLOT_BITS | b as u64)
}

impl Step {
    #[inline(always)]
    #[must_use]
    pub const fn leaf(leaf: Leaf) -> Self {
        pack(LEAF + leaf as u8, 0, 0)
    }

    #[inline(always)]
    #[must_use]
    pub const fn unary(op: Unary, a: u32, cut: bool) -> Self {
        pack(UNARY | if cut { CUT_FIRST } else { 0 }, a, op as u32)
    }

    #[inline(always)]
    #[must_use]
    pub const fn binary(op: Binary, a: u32, b: u32, cut_first: bool, cut_second: bool) -> Self {
        let cuts = if cut_first { CUT_FIRST } else { 0 } | if cut_second { CUT_SECOND } else { 0 };
        pack((BINARY + op as u8) | cuts, a, b)
    }

    #[inline(always)]
    #[must_use]
    pub const fn wide(index: u32) -> Self {
        pack(WIDE, index, 0)
    }

    #[inline(always)]
    #[must_use]
    pub const fn kind(self) -> Kind {
        match KINDS[(self.marked_code() & CODE) as usize] {
            Kind::Unary(_) => UNARIES[self.b() as usize % UNARIES.len()],
            kind => kind,
        }
    }

    /// What a step of a single number computes.
    ///
    /// # Panics
    ///
    /// If the step is wide: its operation stands in the side table.
    #[must_use]
    pub fn op(self) -> Op {
        match self.kind() {
            Kind::Leaf(leaf) => Op::Leaf(leaf),
            Kind::Unary(op) => Op::Unary(op),
            Kind::Binary(op) => Op::Binary(op),
            Kind::Wide => unreachable!("a wide step's operation stands in the side table"),
        }
    }

    /// The opcode with the two marks: what the loops over many steps ask in one question.
    #[inline(always)]
    #[must_use]
    pub const fn marked_code(self) -> u8 {
        (self.0 >> (2 * SLOT_BITS)) as u8
    }

    #[inline(always)]
    #[must_use]
    pub const fn a(self) -> u32 {
        ((self.0 >> SLOT_BITS) & SLOT_MASK) as u32
    }

    #[inline(always)]
    #[must_use]
    /// The second operand's slot; of a function of one number no slot.
    pub const fn b(self) -> u32 {
        (self.0 & SLOT_MASK) as u32
    }

    #[inline(always)]
    #[must_use]
    pub const fn cuts_first(self) -> bool {
        (self.0 >> (2 * SLOT_BITS)) as u8 & CUT_FIRST != 0
    }

    #[inline(always)]
    #[must_use]
    pub const fn cuts_second(self) -> bool {
        (self.0 >> (2 * SLOT_BITS)) as u8 & CUT_SECOND != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_op_survives_packing() {
        let top = (1 << SLOT_BITS) - 1;
        for &op in Unary::ALL {
            for cut in [false, true] {
                let step = Step::unary(op, top, cut);
                assert_eq!((step.kind(), step.a(), step.cuts_first()), (Kind::Unary(op), top, cut));
            }
        }
        for &op in Binary::ALL {
            for (first, second) in [(false, false), (false, true), (true, false), (true, true)] {
                let step = Step::binary(op, 7, top, first, second);
                assert_eq!((step.kind(), step.a(), step.b()), (Kind::Binary(op), 7, top));
                assert_eq!((step.cuts_first(), step.cuts_second()), (first, second));
            }
        }
        for leaf in [Leaf::Input, Leaf::Param, Leaf::Data, Leaf::Const] {
            assert_eq!(Step::leaf(leaf).kind(), Kind::Leaf(leaf));
        }
        assert_eq!((Step::wide(top).kind(), Step::wide(top).a()), (Kind::Wide, top));
    }
}
