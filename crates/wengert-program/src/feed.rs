//! What is fed back, computed where it is read from: an optimiser's step in place.
//!
//! A result takes the place of the leaf that it is fed to if nothing reads the leaf afterwards: no later stage, and in the result's own pass only
//! what comes no later and reads the same element. A program with guards keeps them apart, since a run that fails must leave the leaf as it was.

use super::access::Access;
use super::fuse::Stage;
use super::group::Plan;

/// The first addresses of a result and of the leaf whose place it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InPlace {
    pub(crate) result: u32,
    pub(crate) leaf: u32,
}

/// Whether the numbers at `result` can take the place of the block of leaves that begins at `leaf`.
pub(crate) fn in_place<S>(plan: &Plan<S>, stages: &[Stage], result: &[u32], leaf: (u32, u32)) -> Option<InPlace> {
    let (start, len) = leaf;
    let first = *result.first()?;
    let run = (first..first + len).eq(result.iter().copied());
    let of_leaf = |address: u32| (start..start + len).contains(&address);
    let mut done = false;
    for stage in stages {
        match stage {
            Stage::Single(index) => {
                let mut reads = false;
                plan.instructions[*index].for_each_read(|address| reads |= of_leaf(address));
                if done && reads {
                    return None;
                }
            }
            Stage::Pass { dims, members } => {
                let mut elsewhere = false;
                let mut here = false;
                for member in members {
                    let instruction = &plan.instructions[member.index];
                    for (operand, own) in member.operands.iter().zip(&instruction.operands) {
                        let mut reads = false;
                        own.for_each_distinct(&instruction.dims, |address| reads |= of_leaf(address));
                        let same = operand.is_contiguous(dims) && operand.first() == start;
                        elsewhere |= reads && (!same || matches!(operand, Access::Listed(_)));
                        if reads && (done || here) {
                            return None;
                        }
                    }
                    // Of a single number there is no pass, but one after another.
                    here |= run && instruction.out.first() == first && instruction.len() == len as usize && len > 1;
                }
                if here && elsewhere {
                    return None;
                }
                done |= here;
            }
        }
    }
    done.then_some(InPlace { result: first, leaf: start })
}
