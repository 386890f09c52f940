//! The bias epilogue: what a product begins with, a bias or an adjoint so far, added after it.
//!
//! Where the order of a sum is free, `init + Σ a b` is the product alone and an addition, which
//! joins the pass of whatever comes after: bias and activation go over the result together, while
//! it is in the cache.

use smallvec::SmallVec;

use super::access::Access;
use super::graph::{Instruction, Op};
use super::group::Plan;
use super::ids::{Address, Map};
use crate::op::Binary;

/// Sums of fewer products than this in all keep their init: a pass of its own would cost more.
const SMALLEST: usize = 256;

/// Splits the products of a plan.
pub(crate) fn run<S>(plan: &mut Plan<S>) {
    if !plan.instructions.values().any(splits) {
        return;
    }
    let mut split = Map::new();
    for mut instruction in std::mem::replace(&mut plan.instructions, Map::new()) {
        if !splits(&instruction) {
            split.push(instruction);
            continue;
        }
        let init = instruction.operands.remove(2);
        let (_, start) = plan.line.push(instruction.len());
        let out =
            std::mem::replace(&mut instruction.out, Access::contiguous(start, &instruction.dims));
        let addition = Instruction {
            op: Op::Binary(Binary::Add),
            dims: instruction.dims.clone(),
            inner: SmallVec::new(),
            out,
            operands: SmallVec::from_iter([instruction.out.clone(), init]),
            source: instruction.source,
        };
        split.push(instruction);
        split.push(addition);
    }
    plan.instructions = split;
}

fn splits(instruction: &Instruction<Address>) -> bool {
    let is_product = matches!(instruction.op, Op::Contract { .. });
    let products = || instruction.len() * instruction.inner.iter().product::<usize>();
    is_product && instruction.operands.len() == 3 && products() >= SMALLEST
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Id, InstructionId};

    fn product(m: usize, k: usize) -> Plan<f64> {
        let mut plan = Plan::of_leaves(2000);
        let operands = vec![
            Access::Strided { start: Address::new(0), strides: vec![k as i32, 1].into() },
            Access::Strided { start: Address::new(1000), strides: vec![0, 1].into() },
            Access::contiguous(Address::new(1500), &[m]),
        ];
        plan.then(Op::Contract { guarded: false }, &[m], &[k], operands);
        plan
    }

    #[test]
    fn a_bias_is_added_after_a_large_product_in_the_products_own_place() {
        let mut plan = product(30, 20);
        let out = plan.instructions[InstructionId::new(0)].out.clone();
        run(&mut plan);
        assert_eq!(plan.instructions.len(), 2);
        let [product, addition] = [0, 1].map(|i| &plan.instructions[InstructionId::new(i)]);
        assert_eq!(product.operands.len(), 2);
        assert_eq!((addition.op, &addition.out), (Op::Binary(Binary::Add), &out));
        assert_eq!(addition.operands[0], product.out);
    }

    #[test]
    fn a_small_sum_keeps_what_it_begins_with() {
        let mut plan = product(3, 4);
        run(&mut plan);
        assert_eq!(plan.instructions.len(), 1);
    }
}
