//! The index space that a pass is written over.
//!
//! Small passes run flat, and look up what does not walk evenly there; a text had better have the
//! axes that the tape has.

use smallvec::SmallVec;

use crate::access::{Access, Dims};
use crate::fuse::Member;
use crate::group::Plan;
use crate::ids::Address;

/// A pass over an index space: of each member, where its result goes and what it reads.
pub(crate) struct Space {
    pub(crate) dims: Dims,
    pub(crate) members: Vec<Accesses>,
}

/// A member's result and operands.
pub(crate) struct Accesses {
    pub(crate) out: Access<Address>,
    pub(crate) operands: SmallVec<[Access<Address>; 3]>,
}

/// More index spaces than a pass has, but in a long one.
const TRIED: usize = 8;

/// Of the pass's own space and those of its members the one in which the fewest accesses are
/// listed; among equals that of fewer axes.
pub(crate) fn of<S>(plan: &Plan<S>, dims: &[usize], members: &[Member]) -> Space {
    let mut tried: Vec<Dims> = vec![Dims::from_slice(dims)];
    for member in members {
        let own = &plan.instructions[member.index].dims;
        if tried.len() < TRIED && !tried.contains(own) {
            tried.push(own.clone());
        }
    }
    let best = tried.into_iter().map(|dims| over(plan, dims, members));
    best.min_by_key(|(space, listed)| (*listed, space.dims.len())).expect("its own").0
}

/// The members over an index space, and how many of their elements are listed.
fn over<S>(plan: &Plan<S>, dims: Dims, members: &[Member]) -> (Space, usize) {
    let mut listed = 0;
    let mut convert = |access: &Access<Address>, own: &[usize]| {
        match access.reshaped(own, &dims) {
            Access::Listed(list) => {
                // What was listed because its run may lie anywhere; here it lies as it is.
                let even = Access::of(list.to_vec(), &dims);
                if even.run(&dims, &plan.line).is_some() {
                    return even;
                }
                listed += list.len();
                Access::Listed(list)
            }
            even => even,
        }
    };
    let members = members.iter().map(|member| {
        let instruction = &plan.instructions[member.index];
        let own = &instruction.dims;
        let operands = instruction.operands.iter().map(|operand| convert(operand, own)).collect();
        Accesses { out: convert(&instruction.out, own), operands }
    });
    let members = members.collect();
    (Space { dims, members }, listed)
}
