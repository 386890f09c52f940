//! A program for one row as a program for a block of rows, which are computed side by side.
//!
//! What depends on a row's data gets one more axis, the rows, innermost: an instruction over n elements becomes one over n times the rows, whose
//! neighbours are the same number of neighbouring rows. What does not (parameters, and what is made of them alone) is computed once and repeated. A
//! sum over rows is a sum over that axis, in the order of the rows; of products, it is a sum of products.

use smallvec::SmallVec;

use super::access::{Access, Dims, TooLarge};
use super::graph::{FastMap, Instruction, NONE, Op};
use super::group::Plan;

/// Where each address of the plan for one row is in the plan for many.
#[derive(Debug)]
pub(crate) struct Widened {
    /// The first of a row-dependent number's places, one for each row, or the only place.
    pub(crate) addresses: Vec<u32>,
    pub(crate) varies: Vec<bool>,
}

/// Rewrites the plan for `rows` rows; `per_row` are the blocks of leaves that differ from row to row.
pub(crate) fn run<S: Copy>(
    plan: &mut Plan<S>,
    rows: usize,
    per_row: &[bool],
    keep: &[u32],
) -> Result<Widened, TooLarge> {
    let varies = varying(plan, per_row);
    let wide = varies.iter().filter(|&&varies| varies).count() as u64;
    TooLarge::check((wide * rows as u64).saturating_add(varies.len() as u64 - wide))?;
    let mut widening = Widening { rows, varies, addresses: vec![NONE; plan.space as usize], space: 0 };
    for ((start, len), per_row) in plan.blocks.iter_mut().zip(per_row) {
        *start = widening.place(*start, *len as usize);
        *len *= if *per_row { rows as u32 } else { 1 };
    }
    for (address, _) in &mut plan.constants {
        *address = widening.place(*address, 1);
    }
    let fused = fused_sums(plan, keep);
    let mut instructions = Vec::with_capacity(plan.instructions.len());
    for (i, instruction) in plan.instructions.iter().enumerate() {
        if fused.contains_key(&(i as u32)) {
            continue;
        }
        let product = instruction.op == Op::OverRows;
        let factors = product.then(|| factors(plan, &fused, instruction)).flatten();
        instructions.push(match factors {
            Some(factors) => widening.sum_of_products(instruction, factors),
            None if product => widening.sum_over_rows(instruction),
            None => widening.instruction(instruction),
        });
    }
    plan.instructions = instructions;
    plan.space = widening.space;
    Ok(Widened { addresses: widening.addresses, varies: widening.varies })
}

/// Which addresses depend on a row.
fn varying<S>(plan: &Plan<S>, per_row: &[bool]) -> Vec<bool> {
    let mut varies = vec![false; plan.space as usize];
    for (&(start, len), _) in plan.blocks.iter().zip(per_row).filter(|(_, per_row)| **per_row) {
        varies[start as usize..(start + len) as usize].fill(true);
    }
    for instruction in plan.instructions.iter().filter(|instruction| instruction.op != Op::OverRows) {
        let mut any = false;
        instruction.for_each_read(|address| any |= varies[address as usize]);
        if any {
            let start = instruction.out.first() as usize;
            varies[start..start + instruction.len()].fill(true);
        }
    }
    varies
}

/// Products that are read by one sum over rows, as a whole and by nothing else: product to sum.
fn fused_sums<S>(plan: &Plan<S>, keep: &[u32]) -> FastMap<u32, u32> {
    let mut owner = vec![NONE; plan.space as usize];
    for (i, instruction) in plan.instructions.iter().enumerate() {
        instruction.out.for_each(&instruction.dims, |address| owner[address as usize] = i as u32);
    }
    // The only reader of each instruction's result; NONE - 1 for several.
    let mut reader = vec![NONE; plan.instructions.len()];
    let mut read = |by: u32, address: u32| {
        let producer = owner[address as usize];
        if producer != NONE {
            let known = &mut reader[producer as usize];
            *known = if *known == NONE || *known == by { by } else { NONE - 1 };
        }
    };
    for (i, instruction) in plan.instructions.iter().enumerate() {
        instruction.for_each_read(|address| read(i as u32, address));
    }
    keep.iter().for_each(|&address| read(NONE - 1, address));
    let mut fused = FastMap::default();
    for (i, instruction) in plan.instructions.iter().enumerate() {
        let product = matches!(instruction.op, Op::Binary(crate::op::Binary::Mul | crate::op::Binary::Chain));
        let by = reader[i];
        if !product || by >= NONE - 1 {
            continue;
        }
        let sum = &plan.instructions[by as usize];
        // The sum reads exactly this product, in order.
        let whole = sum.operands[0].slots(&sum.dims) == instruction.out.slots(&instruction.dims);
        if sum.op == Op::OverRows && whole {
            fused.insert(i as u32, by);
        }
    }
    fused
}

/// The product that a sum over rows sums, if it was fused.
fn factors<'p, S>(plan: &'p Plan<S>, fused: &FastMap<u32, u32>, sum: &Instruction) -> Option<&'p Instruction> {
    let first = sum.operands[0].first();
    let product = fused.keys().find(|&&i| plan.instructions[i as usize].out.first() == first)?;
    Some(&plan.instructions[*product as usize])
}

struct Widening {
    rows: usize,
    varies: Vec<bool>,
    addresses: Vec<u32>,
    space: u32,
}

impl Widening {
    /// New addresses for a run, all of which varies or does not.
    fn place(&mut self, start: u32, len: usize) -> u32 {
        let (new, width) = (self.space, if self.varies[start as usize] { self.rows } else { 1 });
        for i in 0..len {
            self.addresses[start as usize + i] = new + (i * width) as u32;
        }
        self.space += (len * width) as u32;
        new
    }

    /// An operand over `axes` with the rows' axis put in at `at`.
    fn operand(&self, access: &Access, axes: &[usize], at: usize) -> Access {
        let mut kinds = (false, false);
        access.for_each_distinct(
            axes,
            |address| {
                if self.varies[address as usize] { kinds.0 = true } else { kinds.1 = true }
            },
        );
        let renamed = access.renamed(axes, |address| self.addresses[address as usize]);
        let step = i32::from(kinds.0);
        match renamed {
            Access::Strided { start, mut strides } if kinds != (true, true) => {
                strides.insert(at, step);
                Access::Strided { start, strides }
            }
            _ => {
                // Some elements vary and some do not, or no strides describe them: every row of every element is listed.
                let mut wide: Dims = axes.into();
                wide.insert(at, self.rows);
                let inner: usize = axes[at..].iter().product();
                let old = access.slots(axes);
                let mut list = Vec::with_capacity(old.len() * self.rows);
                for block in old.chunks(inner) {
                    for row in 0..self.rows as u32 {
                        list.extend(block.iter().map(|&address| {
                            let moves = if self.varies[address as usize] { row } else { 0 };
                            self.addresses[address as usize] + moves
                        }));
                    }
                }
                Access::of(list, &wide)
            }
        }
    }

    fn instruction(&mut self, old: &Instruction) -> Instruction {
        let varies = self.varies[old.out.first() as usize];
        let start = self.place(old.out.first(), old.len());
        let mut dims = old.dims.clone();
        let operands = old.operands.iter().enumerate().map(|(i, operand)| {
            let axes = old.axes(i);
            if varies {
                self.operand(operand, &axes, old.dims.len())
            } else {
                operand.renamed(&axes, |address| self.addresses[address as usize])
            }
        });
        let operands = operands.collect();
        if varies {
            dims.push(self.rows);
        }
        Instruction { out: Access::contiguous(start, &dims), dims, operands, ..old.clone() }
    }

    fn sum_over_rows(&mut self, old: &Instruction) -> Instruction {
        let start = self.place(old.out.first(), old.len());
        let x = self.operand(&old.operands[0], &old.dims, old.dims.len());
        Instruction {
            op: Op::Sum,
            dims: old.dims.clone(),
            inner: Dims::from_slice(&[self.rows]),
            out: Access::contiguous(start, &old.dims),
            operands: SmallVec::from_iter([x]),
            source: old.source,
        }
    }

    fn sum_of_products(&mut self, sum: &Instruction, product: &Instruction) -> Instruction {
        let start = self.place(sum.out.first(), sum.len());
        let operands = product.operands.iter().map(|factor| self.operand(factor, &product.dims, product.dims.len()));
        Instruction {
            op: Op::Contract { guarded: product.op == Op::Binary(crate::op::Binary::Chain) },
            dims: product.dims.clone(),
            inner: Dims::from_slice(&[self.rows]),
            operands: operands.collect(),
            out: Access::contiguous(start, &product.dims),
            source: sum.source,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::Binary;

    #[test]
    fn what_depends_on_a_row_gets_an_axis_and_the_rest_is_repeated() {
        let mut plan = Plan::<f64>::of_leaves(3);
        plan.blocks.push((3, 2));
        plan.space += 2;
        // x (3 numbers a row) times the first of two parameters, and a parameter squared.
        let product = vec![Access::contiguous(0, &[3]), Access::repeated(3, 1)];
        let varying = plan.then(Op::Binary(Binary::Mul), &[3], &[], product);
        plan.then(Op::Binary(Binary::Mul), &[1], &[], vec![Access::repeated(3, 1), Access::repeated(3, 1)]);
        let widened = run(&mut plan, 8, &[true, false], &[varying]).unwrap();
        assert_eq!(plan.blocks, [(0, 24), (24, 2)]);
        let [wide, single] = &plan.instructions[..] else { panic!("{:?}", plan.instructions) };
        assert_eq!((wide.dims.as_slice(), single.dims.as_slice()), (&[3, 8][..], &[1][..]));
        assert_eq!(wide.operands[0], Access::contiguous(0, &[3, 8]));
        assert_eq!(wide.operands[1], Access::Strided { start: 24, strides: vec![0, 0].into() });
        assert!(widened.varies[varying as usize]);
    }

    #[test]
    fn a_sum_over_rows_of_products_is_a_sum_of_products() {
        let mut plan = Plan::<f64>::of_leaves(4);
        let factors = vec![Access::contiguous(0, &[2]), Access::contiguous(2, &[2])];
        let product = plan.then(Op::Binary(Binary::Mul), &[2], &[], factors);
        let sum = plan.then(Op::OverRows, &[2], &[], vec![Access::contiguous(product, &[2])]);
        run(&mut plan, 8, &[true], &[sum]).unwrap();
        let [only] = &plan.instructions[..] else { panic!("{:?}", plan.instructions) };
        assert_eq!((only.op, only.inner.as_slice()), (Op::Contract { guarded: false }, &[8][..]));
    }
}
