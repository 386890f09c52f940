//! What is fed back, computed where it is read from: an optimiser's step in place.
//!
//! A result takes the place of the leaf that it is fed to if nothing reads the leaf afterwards: no
//! later stage, and in the result's own pass only what comes no later and reads the same element. A
//! program with guards keeps them apart, since a run that fails must leave the leaf as it was.

use super::access::Access;
use super::fuse::Stage;
use super::group::Plan;
use super::ids::{Address, RunId};

/// The first addresses of a result and of the leaf whose place it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InPlace {
    pub(crate) result: Address,
    pub(crate) leaf: Address,
}

/// Whether the numbers at `result`, over `dims`, can take the place of a block of leaves.
pub(crate) fn in_place<S>(
    plan: &Plan<S>,
    stages: &[Stage],
    (result, dims): (&Access<Address>, &[usize]),
    leaf: RunId,
) -> Option<InPlace> {
    let (start, len) = (plan.line.start(leaf), plan.line.len_of(leaf));
    let first = result.first();
    // What several instructions write is nobody's whole result.
    if plan.homes.iter().any(|home| home.run == plan.line.run_of(first)) {
        return None;
    }
    if !result.is_contiguous(dims) || dims.iter().product::<usize>() != len || len < 2 {
        return None;
    }
    let mut done = false;
    for stage in stages {
        match stage {
            Stage::Single(index) => {
                let mut reads = false;
                plan.instructions[*index].for_each_run_read(&plan.line, |run| reads |= run == leaf);
                if done && reads {
                    return None;
                }
            }
            Stage::Pass { dims, members } => {
                let mut elsewhere = false;
                let mut here = false;
                for member in members {
                    let instruction = &plan.instructions[member.index];
                    for (operand, own) in member.operands(plan).iter().zip(&instruction.operands) {
                        let mut reads = false;
                        own.for_each_run(&instruction.dims, &plan.line, |run| reads |= run == leaf);
                        let same = operand.is_contiguous(dims) && operand.first() == start;
                        elsewhere |= reads && (!same || matches!(operand, Access::Listed(_)));
                        if reads && (done || here) {
                            return None;
                        }
                    }
                    here |= instruction.out.first() == first && instruction.len() == len;
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
