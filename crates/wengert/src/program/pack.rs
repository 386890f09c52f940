//! Copies of what products, sums and extremes read and no strides describe.

use smallvec::SmallVec;

use super::access::Access;
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
    for instruction in &plan.instructions {
        mark(instruction.out.first(), instruction.len(), &mut runs);
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
                let start = plan.space;
                let len: usize = axes.iter().product();
                plan.space += len as u32;
                runs.resize(plan.space as usize, NONE);
                runs[start as usize..].fill(NONE - 1);
                let out = Access::contiguous(start, &axes);
                let listed = std::mem::replace(&mut instruction.operands[i], out.clone());
                packed.push(Instruction {
                    op: Op::Copy,
                    dims: axes,
                    inner: SmallVec::new(),
                    out,
                    operands: SmallVec::from_iter([listed]),
                    source: instruction.source,
                });
            }
        }
        packed.push(instruction);
    }
    plan.instructions = packed;
}
