//! What a plan costs to run, as far as it can be told before its instructions have places.

use super::Plan;
use crate::access::Access;
use crate::graph::{Instruction, Op};
use crate::ids::Address;

/// Nanoseconds a run, about: only the ratio of two plans is meant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    pub(super) all: f64,
    /// The part of it that is reading by a list.
    pub(super) by_list: f64,
}

/// A number of a run, where everything is in vectors.
const ELEMENT: f64 = 0.1;
/// A number that is brought by a list, or from places apart.
const LISTED: f64 = 1.0;
const APART: f64 = 0.4;
/// A step of a pass over a chunk of a run, and a single number.
const STEP: f64 = 8.0;
const SINGLE: f64 = 2.0;
/// About as many numbers as a step of a pass takes.
const CHUNK: usize = 256;

/// What all instructions cost.
pub(super) fn of<S>(plan: &Plan<S>) -> Cost {
    let mut cost = Cost { all: 0.0, by_list: 0.0 };
    for instruction in plan.instructions.values() {
        let inner: usize = instruction.inner.iter().product();
        let (len, by_rule) = (instruction.len(), matches!(instruction.op, Op::Rule(_)));
        let numbers = if by_rule { len } else { len * inner };
        if numbers == 1 {
            cost.all += SINGLE;
            continue;
        }
        cost.all += STEP * numbers.div_ceil(CHUNK) as f64 + ELEMENT * numbers as f64;
        for (operand, axes) in operands(instruction) {
            match operand {
                Access::Listed(list) => {
                    cost.all += LISTED * list.len() as f64;
                    cost.by_list += LISTED * list.len() as f64;
                }
                Access::Strided { strides, .. } if strides.last().is_some_and(|s| s >> 1 != 0) => {
                    cost.all += APART * axes as f64;
                }
                Access::Strided { .. } => {}
            }
        }
    }
    cost
}

/// The operands, and how many numbers are read of each.
fn operands(instruction: &Instruction<Address>) -> impl Iterator<Item = (&Access<Address>, usize)> {
    let axes = |i: usize| instruction.axes(i).iter().product();
    instruction.operands.iter().enumerate().map(move |(i, operand)| (operand, axes(i)))
}
