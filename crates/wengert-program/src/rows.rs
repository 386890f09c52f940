//! A program for one row as a program for a block of rows, which are computed side by side.
//!
//! What depends on a row's data gets one more axis, the rows, innermost: an instruction over n
//! elements becomes one over n times the rows, whose neighbours are the same number of neighbouring
//! rows. What does not (parameters, and what is made of them alone) is computed once and repeated.
//! A sum over rows is a sum over that axis, in the order of the rows; of products, it is a sum of
//! products.

use smallvec::SmallVec;

use super::access::{Access, Dims, Strides, TooLarge};
use super::exec::LANES;
use super::graph::{Instruction, Op, Part};
use super::group::{Home, Plan};
use super::ids::{Address, InstructionId, Line, Map, Point, RunId};
use crate::op::Binary;

/// Where each run of the plan for one row is in the plan for many.
#[derive(Debug)]
pub(crate) struct Widened {
    rows: usize,
    old: Line<Address, RunId>,
    varies: Map<RunId, bool>,
    starts: Map<RunId, Option<Address>>,
}

impl Widened {
    /// Whether some element of an access depends on a row.
    pub(crate) fn varies(&self, access: &Access<Address>, dims: &[usize]) -> bool {
        let mut any = false;
        access.for_each_run(dims, &self.old, |run| any |= self.varies[run]);
        any
    }

    /// An access with the rows as its axis `at`; without one if no element depends on a row.
    pub(crate) fn access(
        &self,
        access: &Access<Address>,
        dims: &[usize],
        at: usize,
    ) -> Access<Address> {
        if self.varies(access, dims) {
            self.operand(access, dims, at)
        } else {
            self.moved(access, dims)
        }
    }

    /// The width of each number of a run.
    fn width(&self, run: RunId) -> usize {
        if self.varies[run] { self.rows } else { 1 }
    }

    /// The first row's elements.
    fn moved(&self, access: &Access<Address>, dims: &[usize]) -> Access<Address> {
        let run = |first, last| {
            let run = self.old.run_of_both(first, last)?;
            Some((
                self.old.start(run),
                self.starts[run].expect("what is read is there"),
                self.width(run) as i32,
            ))
        };
        access.moved(dims, run, |address| self.at(address))
    }

    /// The first row's number.
    fn at(&self, address: Address) -> Address {
        let run = self.old.run_of(address);
        let start = self.starts[run].expect("what is read is there");
        start.plus(address.minus(self.old.start(run)) * self.width(run) as i64)
    }

    /// An access over `axes` with the rows' axis put in at `at`.
    fn operand(&self, access: &Access<Address>, axes: &[usize], at: usize) -> Access<Address> {
        let (mut some, mut others) = (false, false);
        access.for_each_run(axes, &self.old, |run| {
            if self.varies[run] { some = true } else { others = true }
        });
        match self.moved(access, axes) {
            Access::Strided { start, mut strides } if !(some && others) => {
                strides.insert(at, i32::from(some));
                Access::Strided { start, strides }
            }
            _ => {
                // Some elements vary and some do not, or no strides describe them: every row of
                // every element is listed.
                let mut wide: Dims = axes.into();
                wide.insert(at, self.rows);
                let inner: usize = axes[at..].iter().product();
                let old = access.numbers(axes);
                let mut list = Vec::with_capacity(old.len() * self.rows);
                for block in old.chunks(inner) {
                    for row in 0..self.rows as i64 {
                        list.extend(block.iter().map(|&address| {
                            let varies = self.varies[self.old.run_of(address)];
                            self.at(address).plus(if varies { row } else { 0 })
                        }));
                    }
                }
                Access::of(list, &wide)
            }
        }
    }
}

/// What lives at once shall be so many numbers: a few megabytes.
const LIVE: usize = 1 << 20;
/// The fewest and the most rows of a block: with fewer, steps cost more than what they compute; with
/// more, nothing gets quicker.
const BLOCKS: [usize; 2] = [128, 256];

/// How many rows a block should have.
pub(crate) fn block<S>(
    plan: &Plan<S>,
    per_row: &[bool],
    keep: &[(Access<Address>, Dims)],
) -> usize {
    let [least, most] = BLOCKS;
    let fits = LIVE / live_at_once(plan, &varying(plan, per_row), keep).max(1);
    (fits / LANES * LANES).clamp(least, most)
}

/// The most numbers of a row that live at the same time, if results live until they are read last.
fn live_at_once<S>(
    plan: &Plan<S>,
    varies: &Map<RunId, bool>,
    keep: &[(Access<Address>, Dims)],
) -> usize {
    let mut last: Map<RunId, Option<InstructionId>> = Map::filled(None, plan.line.runs());
    for (i, instruction) in plan.instructions.iter() {
        last[plan.line.run_of(instruction.out.first())] = Some(i);
        instruction.for_each_run_read(&plan.line, |run| last[run] = Some(i));
    }
    // Leaves, homes and what is asked for live all the time.
    for (access, dims) in keep {
        access.for_each_run(dims, &plan.line, |run| last[run] = None);
    }
    let homes = plan.homes.iter().map(|home| home.run);
    plan.blocks.iter().copied().chain(homes).for_each(|run| last[run] = None);
    let width = |run: RunId| if varies[run] { plan.line.len_of(run) } else { 0 };
    let mut ending: Map<InstructionId, usize> = Map::filled(0, plan.instructions.len());
    last.iter().for_each(|(run, last)| {
        if let Some(last) = *last {
            ending[last] += width(run);
        }
    });
    let given: usize = plan.blocks.iter().map(|&run| width(run)).sum();
    let (mut live, mut most) = (given, given);
    for (i, instruction) in plan.instructions.iter() {
        live += width(plan.line.run_of(instruction.out.first()));
        most = most.max(live);
        live = live.saturating_sub(ending[i]);
    }
    most
}

/// Rewrites the plan for `rows` rows; `per_row` are the blocks of leaves that differ from row to
/// row, `keep` what is asked for.
pub(crate) fn run<S: Copy>(
    plan: &mut Plan<S>,
    rows: usize,
    per_row: &[bool],
    keep: &[(Access<Address>, Dims)],
) -> Result<Widened, TooLarge> {
    let varies = varying(plan, per_row);
    let wide: u64 =
        plan.line.ids().filter(|&run| varies[run]).map(|run| plan.line.len_of(run) as u64).sum();
    TooLarge::check(
        wide.saturating_mul(rows as u64).saturating_add(plan.line.len() as u64 - wide),
    )?;
    let fused = fused_sums(plan, keep);
    let (old, starts) =
        (std::mem::replace(&mut plan.line, Line::new()), Map::filled(None, varies.len()));
    let mut widening = Widening { of: Widened { rows, old, varies, starts }, line: Line::new() };
    for run in &mut plan.blocks {
        *run = widening.place(*run).0;
    }
    let mut constants = None;
    for (address, _) in &mut plan.constants {
        let run = widening.of.old.run_of(*address);
        let (_, start) = *constants.get_or_insert_with(|| widening.place(run));
        *address = start.plus(address.minus(widening.of.old.start(run)));
    }
    // Homes and results have their places before any of them is read: the parts of a home come
    // later than it.
    for home in &plan.homes {
        widening.place(home.run);
    }
    for (i, instruction) in plan.instructions.iter() {
        if !fused.products.contains(&i) {
            widening.place(widening.of.old.run_of(instruction.out.first()));
        }
    }
    let mut instructions = Map::new();
    for (i, instruction) in plan.instructions.iter() {
        if fused.products.contains(&i) {
            continue;
        }
        let product = fused.of_sum.get(&i).map(|&product| &plan.instructions[product]);
        instructions.push(match product {
            Some(product) => widening.sum_of_products(instruction, product),
            None if instruction.op == Op::OverRows => widening.sum_over_rows(instruction),
            None => widening.instruction(instruction),
        });
    }
    for home in &mut plan.homes {
        widening.home(home);
    }
    plan.instructions = instructions;
    plan.line = widening.line;
    Ok(widening.of)
}

/// Which runs depend on a row.
fn varying<S>(plan: &Plan<S>, per_row: &[bool]) -> Map<RunId, bool> {
    let mut varies = Map::filled(false, plan.line.runs());
    plan.blocks.iter().zip(per_row).for_each(|(&run, &per_row)| varies[run] = per_row);
    // Homes are read by instructions that come after them, and depend on instructions that come
    // before: both are looked at until nothing changes.
    loop {
        let mut changed = false;
        for instruction in
            plan.instructions.values().filter(|instruction| instruction.op != Op::OverRows)
        {
            let mut any = false;
            instruction.for_each_run_read(&plan.line, |run| any |= varies[run]);
            let out = plan.line.run_of(instruction.out.first());
            changed |= any && !varies[out] && !plan.homes.is_empty();
            varies[out] |= any;
        }
        for home in &plan.homes {
            let mut any = false;
            for part in &home.parts {
                part.from.for_each_run(&part.dims, &plan.line, |run| any |= varies[run]);
            }
            changed |= any && !varies[home.run];
            varies[home.run] |= any;
        }
        if !changed {
            return varies;
        }
    }
}

/// Products that are read by one sum over rows, as a whole and by nothing else.
#[derive(Default)]
struct Fused {
    products: super::graph::FastSet<InstructionId>,
    /// The product that each sum sums.
    of_sum: super::graph::FastMap<InstructionId, InstructionId>,
}

/// Who reads a result.
#[derive(Clone, Copy, PartialEq)]
enum Reader {
    Nobody,
    Only(InstructionId),
    Several,
}

fn fused_sums<S>(plan: &Plan<S>, keep: &[(Access<Address>, Dims)]) -> Fused {
    let mut readers: Map<RunId, Reader> = Map::filled(Reader::Nobody, plan.line.runs());
    for (i, instruction) in plan.instructions.iter() {
        instruction.for_each_run_read(&plan.line, |run| {
            let by = Reader::Only(i);
            readers[run] = if readers[run] == Reader::Nobody || readers[run] == by {
                by
            } else {
                Reader::Several
            };
        });
    }
    for (access, dims) in keep {
        access.for_each_run(dims, &plan.line, |run| readers[run] = Reader::Several);
    }
    for part in plan.homes.iter().flat_map(|home| &home.parts) {
        part.from.for_each_run(&part.dims, &plan.line, |run| readers[run] = Reader::Several);
    }
    let mut fused = Fused::default();
    for (i, instruction) in plan.instructions.iter() {
        let Op::Binary(Binary::Mul | Binary::MulNoNan) = instruction.op else { continue };
        let Reader::Only(by) = readers[plan.line.run_of(instruction.out.first())] else { continue };
        let sum = &plan.instructions[by];
        // The sum reads exactly this product, in order.
        let whole = sum.len() == instruction.len()
            && sum.operands[0].first() == instruction.out.first()
            && sum.operands[0].is_contiguous(&sum.dims);
        if sum.op == Op::OverRows && whole {
            fused.products.insert(i);
            fused.of_sum.insert(by, i);
        }
    }
    fused
}

struct Widening {
    of: Widened,
    line: Line<Address, RunId>,
}

impl Widening {
    /// A new run for an old one, all of which varies or does not.
    fn place(&mut self, old: RunId) -> (RunId, Address) {
        let (new, start) = self.line.push(self.of.old.len_of(old) * self.of.width(old));
        self.of.starts[old] = Some(start);
        (new, start)
    }

    /// The first new address of a result.
    fn start(&self, old: &Instruction<Address>) -> Address {
        self.of.at(old.out.first())
    }

    fn instruction(&self, old: &Instruction<Address>) -> Instruction<Address> {
        let varies = self.of.varies(&old.out, &old.dims);
        let operands = old.operands.iter().enumerate().map(|(i, operand)| {
            let axes = old.axes(i);
            if varies {
                self.of.operand(operand, &axes, old.dims.len())
            } else {
                self.of.moved(operand, &axes)
            }
        });
        let operands = operands.collect();
        let mut dims = old.dims.clone();
        if varies {
            dims.push(self.of.rows);
        }
        Instruction {
            out: Access::contiguous(self.start(old), &dims),
            dims,
            operands,
            ..old.clone()
        }
    }

    fn sum_over_rows(&self, old: &Instruction<Address>) -> Instruction<Address> {
        let x = self.of.operand(&old.operands[0], &old.dims, old.dims.len());
        Instruction {
            op: Op::Sum,
            dims: old.dims.clone(),
            inner: Dims::from_slice(&[self.of.rows]),
            out: Access::contiguous(self.start(old), &old.dims),
            operands: SmallVec::from_iter([x]),
            source: old.source,
        }
    }

    fn sum_of_products(
        &self,
        sum: &Instruction<Address>,
        product: &Instruction<Address>,
    ) -> Instruction<Address> {
        let axes = product.dims.len();
        let operands =
            product.operands.iter().map(|factor| self.of.operand(factor, &product.dims, axes));
        Instruction {
            op: Op::Contract { guarded: product.op == Op::Binary(Binary::MulNoNan) },
            dims: product.dims.clone(),
            inner: Dims::from_slice(&[self.of.rows]),
            operands: operands.collect(),
            out: Access::contiguous(self.start(sum), &product.dims),
            source: sum.source,
        }
    }

    fn home(&self, home: &mut Home) {
        let (varies, width) = (self.of.varies[home.run], self.of.width(home.run));
        let start = self.of.starts[home.run].expect("homes were placed");
        home.run = self.line.run_of(start);
        for part in &mut home.parts {
            if !varies {
                part.from = self.of.moved(&part.from, &part.dims);
                continue;
            }
            part.from = self.of.operand(&part.from, &part.dims, part.dims.len());
            let strides: Strides =
                part.strides.iter().map(|&stride| stride * width as i32).chain([1]).collect();
            *part = Part {
                offset: part.offset * width,
                dims: part.dims.iter().copied().chain([width]).collect(),
                strides,
                from: part.from.clone(),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Id;

    #[test]
    fn what_depends_on_a_row_gets_an_axis_and_the_rest_is_repeated() {
        let at = Address::new;
        let mut plan = Plan::<f64>::of_leaves(3);
        let parameters = plan.line.push(2).0;
        plan.blocks.push(parameters);
        // x (3 numbers a row) times the first of two parameters, and a parameter squared.
        let product = vec![Access::contiguous(at(0), &[3]), Access::repeated(at(3), 1)];
        let varying = plan.then(Op::Binary(Binary::Mul), &[3], &[], product);
        let squared = vec![Access::repeated(at(3), 1), Access::repeated(at(3), 1)];
        plan.then(Op::Binary(Binary::Mul), &[1], &[], squared);
        let asked = (Access::contiguous(varying, &[3]), Dims::from_slice(&[3]));
        let widened = run(&mut plan, 8, &[true, false], std::slice::from_ref(&asked)).unwrap();
        let blocks =
            plan.blocks.iter().map(|&run| (plan.line.start(run).index(), plan.line.len_of(run)));
        assert_eq!(blocks.collect::<Vec<_>>(), [(0, 24), (24, 2)]);
        let [wide, single] = [0, 1].map(|i| &plan.instructions[InstructionId::new(i)]);
        assert_eq!((wide.dims.as_slice(), single.dims.as_slice()), (&[3, 8][..], &[1][..]));
        assert_eq!(wide.operands[0], Access::contiguous(at(0), &[3, 8]));
        assert_eq!(wide.operands[1], Access::Strided { start: at(24), strides: vec![0, 0].into() });
        assert!(widened.varies(&asked.0, &asked.1));
    }

    #[test]
    fn a_sum_over_rows_of_products_is_a_sum_of_products() {
        let mut plan = Plan::<f64>::of_leaves(4);
        let factors = vec![
            Access::contiguous(Address::new(0), &[2]),
            Access::contiguous(Address::new(2), &[2]),
        ];
        let product = plan.then(Op::Binary(Binary::Mul), &[2], &[], factors);
        let sum = plan.then(Op::OverRows, &[2], &[], vec![Access::contiguous(product, &[2])]);
        run(&mut plan, 8, &[true], &[(Access::contiguous(sum, &[2]), Dims::from_slice(&[2]))])
            .unwrap();
        assert_eq!(plan.instructions.len(), 1);
        let only = &plan.instructions[InstructionId::new(0)];
        assert_eq!((only.op, only.inner.as_slice()), (Op::Contract { guarded: false }, &[8][..]));
    }
}
