//! What a value lacks.

use wengert::op::{Op, Structural};

use super::{Guessing, round_rate};
use crate::reference::Quantity;
use crate::trace::{Adjoint, Slot, known_op};

impl Guessing<'_> {
    /// What a value lacks.
    pub(super) fn value(&self, slot: Slot, expected: f64, stated: f64) -> Option<String> {
        let spot = self.star.spot(slot);
        let node = &self.star.nodes()[spot.node];
        let mut texts = Vec::new();
        match known_op(&node.op)? {
            Op::Leaf(_) => {
                let adjoint = self.ours.adjoint(slot);
                let &Adjoint::Computed(adjoint) = adjoint else { return None };
                let rate = round_rate((expected - stated) / adjoint, expected - stated, expected)?;
                texts.push(format!("as if it had taken a step of gradient descent at rate {rate}"));
            }
            Op::Unary(op) => {
                let operand = self.star.slots_read(&node.operands[0]).nth(spot.position)?;
                if self.near(stated, self.star.value(operand), 0.0) {
                    texts.push(format!("as if {} had not been applied", op.name()));
                }
            }
            Op::Structural(op @ (Structural::Affine | Structural::MatMul)) => {
                let factor_of = if op == Structural::Affine { 1 } else { 0 };
                self.star.jacobian(spot.node, |entry| {
                    let term = entry.partial.value(1.0) * self.star.value(Slot(entry.slot));
                    if entry.reader != slot.index()
                        || !self.near(stated, expected - term, expected)
                        || term == 0.0
                    {
                        return;
                    }
                    let label = self.star.label(Slot(entry.slot));
                    match entry.factor {
                        None => texts.push(format!("as if the bias {label} were missing")),
                        Some(factor) if entry.operand == factor_of => {
                            let factor = self.star.label(Slot(factor));
                            texts.push(format!("as if the term {label} {factor} were missing"));
                        }
                        Some(_) => {}
                    }
                });
            }
            Op::Binary(_) | Op::Structural(_) => {}
        }
        texts.into_iter().next()
    }

    /// The same number at another place of the same run: transposed, or in another order.
    pub(super) fn elsewhere(&self, slot: Slot, quantity: Quantity, stated: f64) -> Option<String> {
        let part = self.ours.find(self.ours.label_of(slot).path)?;
        let number = |slot: Slot| match quantity {
            Quantity::Value => Some(self.ours.value(slot)),
            Quantity::Adjoint | Quantity::Delta => self.ours.adjoint(slot).number(),
        };
        let there =
            |other: &&Slot| number(**other).is_some_and(|n| n != 0.0 && self.near(stated, n, n));
        let found = part.slots().iter().filter(|&&other| other != slot).find(there)?;
        Some(format!(
            "it is the number of {}: transposed, or in another order?",
            self.ours.label(*found)
        ))
    }
}
