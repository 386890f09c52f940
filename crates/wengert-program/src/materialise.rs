//! Materialising: copies of what products, sums and extremes read and no strides describe.

use smallvec::SmallVec;

use super::access::{Access, Dims, for_each_offset, row_major};
use super::graph::{Instruction, Op};
use super::group::Plan;
use super::ids::{Address, Map};

/// Makes every operand of a plan strided within one run, or listed; and the operands of
/// instructions that need strides strided.
pub(crate) fn run<S>(plan: &mut Plan<S>) {
    let changes = |instruction: &Instruction<Address>| {
        let mut any = false;
        instruction.for_each_operand(|operand, axes| {
            any |= match operand {
                Access::Strided { .. } => operand.run(axes, &plan.line).is_none(),
                Access::Listed(_) => !instruction.op.is_elementwise(),
            };
        });
        any
    };
    if !plan.instructions.values().any(changes) {
        return;
    }
    let mut packed = Map::new();
    for mut instruction in std::mem::replace(&mut plan.instructions, Map::new()) {
        for i in 0..instruction.operands.len() {
            let operand = &instruction.operands[i];
            let axes = instruction.axes(i);
            // Runs that are neighbours now may lie anywhere later.
            let apart = matches!(operand, Access::Strided { .. })
                && operand.run(&axes, &plan.line).is_none();
            if apart {
                instruction.operands[i] = Access::Listed(operand.numbers(&axes).into());
            }
            if !instruction.op.is_elementwise()
                && matches!(instruction.operands[i], Access::Listed(_))
            {
                // Axes that repeat elements are not copied but go on repeating them.
                let list = instruction.operands[i].numbers(&axes);
                let (kept, own, own_list) = distinct(list, &axes);
                let (_, start) = plan.line.push(own_list.len());
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

/// The axes along which a list does not repeat itself, their extents, and the list over those
/// alone.
fn distinct(list: Vec<Address>, axes: &[usize]) -> (SmallVec<[usize; 6]>, Dims, Vec<Address>) {
    let steps = row_major(axes);
    let repeats = |axis: usize| {
        let (step, block) = (steps[axis] as usize, steps[axis] as usize * axes[axis]);
        list.chunks(block).all(|block| (step..block.len()).all(|i| block[i] == block[i - step]))
    };
    let kept: SmallVec<[usize; 6]> = (0..axes.len()).filter(|&axis| !repeats(axis)).collect();
    let own: Dims = kept.iter().map(|&axis| axes[axis]).collect();
    let own_steps: SmallVec<[i32; 4]> = kept.iter().map(|&axis| steps[axis]).collect();
    let mut own_list = Vec::with_capacity(own.iter().product());
    for_each_offset(&own, &own_steps, |i| own_list.push(list[i as usize]));
    (kept, own, own_list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Id;

    #[test]
    fn a_list_that_repeats_is_copied_once() {
        let addresses = |list: &[usize]| list.iter().map(|&i| Address::new(i)).collect::<Vec<_>>();
        let (kept, own, list) = distinct(addresses(&[5, 5, 9, 9, 5, 5, 9, 9]), &[2, 2, 2]);
        assert_eq!(
            (kept.as_slice(), own.as_slice(), list),
            (&[1][..], &[2][..], addresses(&[5, 9]))
        );
    }
}
