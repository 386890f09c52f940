//! Copies of what products, sums and extremes read and no strides describe.

use smallvec::SmallVec;

use super::access::{Access, Dims, row_major};
use super::graph::{Instruction, NONE, Op};
use super::group::Plan;

/// Makes every operand of a plan strided within one run, or listed; and the operands of instructions that need strides strided.
pub(crate) fn run<S>(plan: &mut Plan<S>) {
    let mut runs = vec![NONE; plan.space as usize];
    let mut next = 0;
    let mut mark = |start: u32, len: usize, runs: &mut Vec<u32>| {
        runs[start as usize..start as usize + len].fill(next);
        next += 1;
    };
    for &(start, len) in &plan.blocks {
        mark(start, len as usize, &mut runs);
    }
    if let Some(&(start, _)) = plan.constants.first() {
        mark(start, plan.constants.len(), &mut runs);
    }
    let at_home = super::home::marks(plan);
    for instruction in plan.instructions.iter().filter(|instruction| !at_home[instruction.out.first() as usize]) {
        mark(instruction.out.first(), instruction.len(), &mut runs);
    }
    for &(start, len) in &plan.homes {
        mark(start, len as usize, &mut runs);
    }
    let mut packed = Vec::with_capacity(plan.instructions.len());
    for mut instruction in std::mem::take(&mut plan.instructions) {
        for i in 0..instruction.operands.len() {
            let axes = instruction.axes(i);
            let first = runs[instruction.operands[i].first() as usize];
            let mut apart = false;
            instruction.operands[i].for_each_distinct(&axes, |address| apart |= runs[address as usize] != first);
            // Runs that are neighbours now may lie anywhere later.
            if apart && matches!(instruction.operands[i], Access::Strided { .. }) {
                instruction.operands[i] = Access::Listed(instruction.operands[i].slots(&axes).into());
            }
            if !instruction.op.is_elementwise() && matches!(instruction.operands[i], Access::Listed(_)) {
                // Axes that repeat elements are not copied but go on repeating them.
                let list = instruction.operands[i].slots(&axes);
                let (kept, own, own_list) = distinct(list, &axes);
                let start = plan.space;
                plan.space += own_list.len() as u32;
                runs.resize(plan.space as usize, NONE - 1);
                let out = Access::contiguous(start, &own);
                let mut strides = SmallVec::from_elem(0, axes.len());
                kept.iter().zip(row_major(&own)).for_each(|(&axis, stride)| strides[axis] = stride);
                instruction.operands[i] = Access::Strided { start, strides };
                packed.push(Instruction {
                    op: Op::Copy,
                    dims: own.clone(),
                    inner: SmallVec::new(),
                    out,
                    // Listed even if it walks evenly now: its runs may lie anywhere later.
                    operands: SmallVec::from_iter([Access::Listed(own_list.into())]),
                    source: instruction.source,
                });
            }
        }
        packed.push(instruction);
    }
    plan.instructions = packed;
}

/// The axes along which a list does not repeat itself, their extents, and the list over those alone.
fn distinct(list: Vec<u32>, axes: &[usize]) -> (SmallVec<[usize; 6]>, Dims, Vec<u32>) {
    let steps = row_major(axes);
    let repeats = |axis: usize| {
        let (step, block) = (steps[axis] as usize, steps[axis] as usize * axes[axis]);
        list.chunks(block).all(|block| (step..block.len()).all(|i| block[i] == block[i - step]))
    };
    let kept: SmallVec<[usize; 6]> = (0..axes.len()).filter(|&axis| !repeats(axis)).collect();
    let own: Dims = kept.iter().map(|&axis| axes[axis]).collect();
    let places = Access::Strided { start: 0, strides: kept.iter().map(|&axis| steps[axis]).collect() };
    let own_list = places.slots(&own).into_iter().map(|i| list[i as usize]).collect();
    (kept, own, own_list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_repeats_is_copied_once() {
        let (kept, own, list) = distinct(vec![5, 5, 9, 9, 5, 5, 9, 9], &[2, 2, 2]);
        assert_eq!((kept.as_slice(), own.as_slice(), list.as_slice()), (&[1][..], &[2][..], &[5, 9][..]));
    }
}
