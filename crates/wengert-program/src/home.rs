//! Gradients in one piece: what an output is made of is computed where the caller reads it.
//!
//! The parts of a gradient come from different instructions: a layer's weights from a product, its biases from a sum. Each writes its part of
//! the output's run, at the strides at which it stands there; only what is too small for that, or is read elsewhere in other ways, is copied.

use smallvec::SmallVec;

use super::access::{Access, Dims};
use super::graph::{FastMap, Instruction, Op, Source};
use super::group::Plan;

/// Outputs with fewer numbers are read where they are.
const SMALLEST: usize = 64;
/// Instructions over fewer elements are copied from.
const LARGE: usize = 256;

/// Gives each list of addresses (and what it stands for) a run of its own, where it is scattered; returns the addresses from which it is read now, and where single
/// addresses have moved.
pub(crate) fn run<S>(plan: &mut Plan<S>, outputs: Vec<(Source, Vec<u32>)>) -> (Vec<Vec<u32>>, FastMap<u32, u32>) {
    let mut moved: FastMap<u32, u32> = FastMap::default();
    let mut result = Vec::with_capacity(outputs.len());
    for (source, list) in outputs {
        let dims = [list.len()];
        let whole = matches!(Access::of(list.clone(), &dims), Access::Strided { ref strides, .. } if strides[0] == 1);
        if list.len() < SMALLEST || whole || list.iter().any(|address| moved.contains_key(address)) {
            result.push(list);
            continue;
        }
        let home = plan.space;
        plan.space += list.len() as u32;
        plan.homes.push((home, list.len() as u32));
        move_in(plan, source, &list, home, &mut moved);
        result.push((home..home + list.len() as u32).collect());
    }
    if !moved.is_empty() {
        for instruction in &mut plan.instructions {
            for i in 0..instruction.operands.len() {
                let axes = instruction.axes(i);
                let mut any = false;
                instruction.operands[i].for_each_distinct(&axes, |address| any |= moved.contains_key(&address));
                if any {
                    let to = |address: u32| moved.get(&address).copied().unwrap_or(address);
                    instruction.operands[i] = instruction.operands[i].renamed(&axes, to);
                }
            }
        }
        result.iter_mut().flatten().for_each(|address| *address = moved.get(address).copied().unwrap_or(*address));
    }
    (result, moved)
}

fn move_in<S>(plan: &mut Plan<S>, source: Source, list: &[u32], home: u32, moved: &mut FastMap<u32, u32>) {
    let mut positions: FastMap<u32, u32> = FastMap::default();
    let mut twice = false;
    for (i, &address) in list.iter().enumerate() {
        twice |= positions.insert(address, home + i as u32).is_some();
    }
    let mut arrived = vec![false; list.len()];
    for instruction in plan.instructions.iter_mut().filter(|_| !twice) {
        if instruction.len() <= LARGE || !positions.contains_key(&instruction.out.first()) {
            continue;
        }
        let old = instruction.out.slots(&instruction.dims);
        let Some(new) = old.iter().map(|address| positions.get(address).copied()).collect::<Option<Vec<u32>>>() else {
            continue;
        };
        let out = Access::of(new.clone(), &instruction.dims);
        // Row by row, or at any strides if it is not elementwise.
        let fits = match &out {
            Access::Strided { strides, .. } => {
                strides.iter().all(|&stride| stride >= 0)
                    && (!instruction.op.is_elementwise() || strides.last() == Some(&1))
            }
            Access::Listed(_) => false,
        };
        if fits {
            instruction.out = out;
            for (old, new) in old.into_iter().zip(new) {
                moved.insert(old, new);
                arrived[(new - home) as usize] = true;
            }
        }
    }
    let left: Vec<usize> = (0..list.len()).filter(|&i| !arrived[i]).collect();
    if left.is_empty() {
        return;
    }
    let from: Vec<u32> = left.iter().map(|&i| list[i]).collect();
    let to: Vec<u32> = left.iter().map(|&i| home + i as u32).collect();
    plan.instructions.push(Instruction {
        op: Op::Copy,
        dims: Dims::from_slice(&[left.len()]),
        inner: SmallVec::new(),
        out: Access::Listed(to.into()),
        operands: SmallVec::from_iter([Access::Listed(from.into())]),
        source,
    });
}

/// By address, whether it lies in a home.
pub(crate) fn marks<S>(plan: &Plan<S>) -> Vec<bool> {
    let mut marks = vec![false; plan.space as usize];
    for &(start, len) in &plan.homes {
        marks[start as usize..(start + len) as usize].fill(true);
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::Unary;

    #[test]
    fn a_gradient_of_two_parts_is_computed_in_one_piece() {
        // Rows of 20 weights and a bias each: the weights are one instruction's, the biases another's.
        let mut plan = Plan::<f64>::of_leaves(400);
        let weights = plan.then(Op::Unary(Unary::Neg), &[20, 20], &[], vec![Access::contiguous(0, &[20, 20])]);
        let biases = plan.then(Op::Unary(Unary::Exp), &[20], &[], vec![Access::contiguous(0, &[20])]);
        let row = |j: u32| (0..20).map(move |i| weights + 20 * j + i).chain([biases + j]);
        let (lists, moved) = run(&mut plan, vec![(Source::adjoint(0), (0..20).flat_map(row).collect())]);
        let home = lists[0][0];
        assert!(lists[0].iter().copied().eq(home..home + 420));
        assert_eq!(plan.instructions[0].out, Access::Strided { start: home, strides: vec![21, 1].into() });
        // The biases are too few to be written apart, and are copied.
        assert_eq!((plan.instructions[2].op, plan.instructions[2].len()), (Op::Copy, 20));
        assert_eq!(moved.len(), 400);
    }

    #[test]
    fn what_is_in_one_piece_stays() {
        let mut plan = Plan::<f64>::of_leaves(400);
        let run_of = plan.then(Op::Unary(Unary::Neg), &[400], &[], vec![Access::contiguous(0, &[400])]);
        let list: Vec<u32> = (run_of..run_of + 400).collect();
        assert_eq!(run(&mut plan, vec![(Source::adjoint(0), list.clone())]).0, [list]);
        assert!(plan.homes.is_empty());
    }
}
