//! Output placement: what a gradient or a joined tensor is made of is computed where it is read.
//!
//! The parts of such a run, its home, come from different instructions: a layer's weights from a
//! product, its biases from a sum. Each writes its part of the home, at the strides at which it
//! stands there; only what is too small for that, or is no instruction's whole result, is copied.

use smallvec::SmallVec;

use super::access::{Access, Dims};
use super::graph::{FastMap, FastSet, Instruction, Op, Part, Source};
use super::group::{Home, Plan};
use super::ids::{Address, Id, InstructionId, Map, Point, RunId};

/// Outputs with fewer numbers are read where they are.
const SMALLEST: usize = 64;
/// Elementwise instructions over fewer elements are copied from: in a home they may not write the
/// last vector whole. Sums and products never do.
const LARGE: usize = 256;

/// Rows shorter than this are not copied one by one.
const ROW: usize = 16;

/// Results that are computed in a home: the extents of each, and where its elements are.
#[derive(Debug, Default)]
pub(crate) struct Moved {
    of: FastMap<RunId, (Dims, Access<Address>)>,
}

impl Moved {
    /// Where an access's elements are now.
    pub(crate) fn access<S>(
        &self,
        plan: &Plan<S>,
        access: &Access<Address>,
        dims: &[usize],
    ) -> Access<Address> {
        if self.of.is_empty() {
            return access.clone();
        }
        if let Some(run) = access.run(dims, &plan.line)
            && let Access::Strided { start, strides } = access
        {
            return match self.of.get(&run) {
                Some((own, to)) => {
                    to.viewed(own, start.minus(plan.line.start(run)) as usize, strides, dims)
                }
                None => access.clone(),
            };
        }
        let mut any = false;
        access.for_each_run(dims, &plan.line, |run| any |= self.of.contains_key(&run));
        if !any {
            return access.clone();
        }
        access.moved(
            dims,
            |_, _| None,
            |address| {
                let run = plan.line.run_of(address);
                match self.of.get(&run) {
                    Some((own, to)) => {
                        to.element(own, address.minus(plan.line.start(run)) as usize)
                    }
                    None => address,
                }
            },
        )
    }
}

/// Lets instructions write the plan's homes, and gives each of `outputs` that lies scattered a
/// home. Returns where the outputs are now, and what has moved.
pub(crate) fn run<S>(
    plan: &mut Plan<S>,
    outputs: Vec<(Source, Access<Address>, Dims)>,
) -> (Vec<Access<Address>>, Moved) {
    let mut moved = Moved::default();
    let mut producers: Map<RunId, Option<InstructionId>> = Map::filled(None, plan.line.runs());
    for (i, instruction) in plan.instructions.iter() {
        producers[plan.line.run_of(instruction.out.first())] = Some(i);
    }
    let mut homes = std::mem::take(&mut plan.homes);
    for home in &mut homes {
        let start = plan.line.start(home.run);
        for part in std::mem::take(&mut home.parts) {
            let from = moved.access(plan, &part.from, &part.dims);
            let to = Access::Strided {
                start: start.plus(part.offset as i64),
                strides: part.strides.clone(),
            };
            if !computed_there(plan, &producers, &from, &to, &part.dims, &mut moved) {
                copy(plan, home.source, &part, from, to);
            }
        }
    }
    plan.homes = homes;
    let mut homes: FastSet<RunId> = plan.homes.iter().map(|home| home.run).collect();
    let mut result = Vec::with_capacity(outputs.len());
    for (source, access, dims) in outputs {
        let access = moved.access(plan, &access, &dims);
        let len: usize = dims.iter().product();
        if len < SMALLEST || !matches!(access, Access::Listed(_)) {
            result.push(access);
            continue;
        }
        let list = access.numbers(&dims);
        if list.iter().any(|&address| homes.contains(&plan.line.run_of(address))) {
            result.push(access);
            continue;
        }
        let (run, start) = plan.line.push(len);
        plan.homes.push(Home { run, parts: Vec::new(), source });
        homes.insert(run);
        gather(plan, source, &list, &producers, start, &mut moved);
        result.push(Access::contiguous(start, &dims));
    }
    if !moved.of.is_empty() {
        for i in plan.instructions.keys() {
            for operand in 0..plan.instructions[i].operands.len() {
                let axes = plan.instructions[i].axes(operand);
                let renamed = moved.access(plan, &plan.instructions[i].operands[operand], &axes);
                plan.instructions[i].operands[operand] = renamed;
            }
        }
    }
    (result, moved)
}

/// Lets the instruction that computes `from` write `to` instead, both over `dims`, if it can and
/// nothing else is in its result.
fn computed_there<S>(
    plan: &mut Plan<S>,
    producers: &Map<RunId, Option<InstructionId>>,
    from: &Access<Address>,
    to: &Access<Address>,
    dims: &[usize],
    moved: &mut Moved,
) -> bool {
    let Some(run) = from.run(dims, &plan.line) else { return false };
    let len: usize = dims.iter().product();
    let whole = from.is_contiguous(dims) && len == plan.line.len_of(run);
    if !whole || run.index() >= producers.len() {
        return false;
    }
    let Some(by) = producers[run] else { return false };
    let fewest = if plan.instructions[by].op.is_elementwise() { LARGE } else { 1 };
    if len <= fewest {
        return false;
    }
    let Some(to) = to.over(dims, &plan.instructions[by].dims) else { return false };
    write_there(plan, by, run, to, moved)
}

/// Row by row, or at any strides if it is not elementwise.
fn write_there<S>(
    plan: &mut Plan<S>,
    by: InstructionId,
    run: RunId,
    to: Access<Address>,
    moved: &mut Moved,
) -> bool {
    let instruction = &mut plan.instructions[by];
    let fits = match &to {
        Access::Strided { strides, .. } => {
            let row = instruction
                .dims
                .iter()
                .zip(strides)
                .next_back()
                .is_some_and(|(&extent, &s)| s == 1 && extent > 1);
            strides.iter().all(|&stride| stride >= 0) && (!instruction.op.is_elementwise() || row)
        }
        Access::Listed(_) => false,
    };
    if fits {
        instruction.out = to.clone();
        moved.of.insert(run, (instruction.dims.clone(), to));
    }
    fits
}

/// A copy of a part: row by row if it stands so in the home, else number by number.
fn copy<S>(
    plan: &mut Plan<S>,
    source: Source,
    part: &Part<Address>,
    from: Access<Address>,
    to: Access<Address>,
) {
    let row = part
        .dims
        .iter()
        .zip(&part.strides)
        .next_back()
        .is_some_and(|(&extent, &s)| s == 1 && extent >= ROW);
    let (dims, from, to) = if row {
        (part.dims.clone(), from, to)
    } else {
        let flat = Dims::from_slice(&[part.dims.iter().product()]);
        (
            flat,
            Access::Listed(from.numbers(&part.dims).into()),
            Access::Listed(to.numbers(&part.dims).into()),
        )
    };
    plan.instructions.push(Instruction {
        op: Op::Copy,
        dims,
        inner: SmallVec::new(),
        out: to,
        operands: SmallVec::from_iter([from]),
        source,
    });
}

/// Lets the instructions that compute a scattered list write the home that begins at `home`.
fn gather<S>(
    plan: &mut Plan<S>,
    source: Source,
    list: &[Address],
    producers: &Map<RunId, Option<InstructionId>>,
    home: Address,
    moved: &mut Moved,
) {
    let mut positions: FastMap<Address, Address> = FastMap::default();
    let (mut twice, mut runs) = (false, FastSet::default());
    for (i, &address) in list.iter().enumerate() {
        twice |= positions.insert(address, home.plus(i as i64)).is_some();
        runs.insert(plan.line.run_of(address));
    }
    let mut arrived = vec![false; list.len()];
    let mut runs: Vec<RunId> =
        runs.into_iter().filter(|run| !twice && run.index() < producers.len()).collect();
    runs.sort_unstable();
    for run in runs {
        let Some(by) = producers[run] else { continue };
        let instruction = &plan.instructions[by];
        if instruction.len() <= LARGE {
            continue;
        }
        let old = instruction.out.numbers(&instruction.dims);
        let new: Option<Vec<Address>> =
            old.iter().map(|address| positions.get(address).copied()).collect();
        let Some(new) = new else { continue };
        let to = Access::of(new.clone(), &instruction.dims);
        if write_there(plan, by, run, to, moved) {
            new.into_iter().for_each(|new| arrived[new.minus(home) as usize] = true);
        }
    }
    let left: Vec<usize> = (0..list.len()).filter(|&i| !arrived[i]).collect();
    if left.is_empty() {
        return;
    }
    let from: Vec<Address> = left.iter().map(|&i| list[i]).collect();
    let to: Vec<Address> = left.iter().map(|&i| home.plus(i as i64)).collect();
    plan.instructions.push(Instruction {
        op: Op::Copy,
        dims: Dims::from_slice(&[left.len()]),
        inner: SmallVec::new(),
        out: Access::Listed(to.into()),
        operands: SmallVec::from_iter([Access::Listed(from.into())]),
        source,
    });
}

/// Which runs are homes.
pub(crate) fn marks<S>(plan: &Plan<S>) -> Map<RunId, bool> {
    let mut marks = Map::filled(false, plan.line.runs());
    plan.homes.iter().for_each(|home| marks[home.run] = true);
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::row_major;
    use crate::ids::Slot;
    use crate::op::Unary;

    fn source() -> Source {
        Source::adjoint(Slot::new(0))
    }

    #[test]
    fn a_gradient_of_two_parts_is_computed_in_one_piece() {
        // Rows of 20 weights and a bias each: the weights are one instruction's, the biases
        // another's.
        let mut plan = Plan::<f64>::of_leaves(400);
        let x = |dims: &[usize]| vec![Access::contiguous(Address::new(0), dims)];
        let weights = plan.then(Op::Unary(Unary::Neg), &[20, 20], &[], x(&[20, 20]));
        let biases = plan.then(Op::Unary(Unary::Exp), &[20], &[], x(&[20]));
        let row = |j: i64| (0..20).map(move |i| weights.plus(20 * j + i)).chain([biases.plus(j)]);
        let list = Access::of((0..20).flat_map(row).collect(), &[420]);
        let (outputs, moved) = run(&mut plan, vec![(source(), list, Dims::from_slice(&[420]))]);
        in_one_piece(&plan, &outputs[0]);
        assert_eq!(moved.of.len(), 1);
    }

    fn in_one_piece(plan: &Plan<f64>, output: &Access<Address>) {
        let home = output.first();
        assert_eq!(*output, Access::contiguous(home, &[420]));
        let [weights, copy] = [0, 2].map(|i| &plan.instructions[InstructionId::new(i)]);
        assert_eq!(weights.out, Access::Strided { start: home, strides: vec![21, 1].into() });
        // The biases are too few to be written apart, and are copied.
        assert_eq!((copy.op, copy.len()), (Op::Copy, 20));
    }

    #[test]
    fn a_run_of_parts_is_written_part_by_part() {
        let mut plan = Plan::<f64>::of_leaves(400);
        let x = |dims: &[usize]| vec![Access::contiguous(Address::new(0), dims)];
        let weights = plan.then(Op::Unary(Unary::Neg), &[20, 20], &[], x(&[20, 20]));
        let biases = plan.then(Op::Unary(Unary::Exp), &[20], &[], x(&[20]));
        let (home, start) = plan.line.push(420);
        let part = |offset, dims: &[usize], strides: &[i32], from| {
            let from = Access::Strided { start: from, strides: row_major(dims) };
            Part { offset, dims: Dims::from_slice(dims), strides: strides.into(), from }
        };
        let parts = vec![part(0, &[20, 20], &[21, 1], weights), part(20, &[20], &[21], biases)];
        plan.homes.push(Home { run: home, parts, source: source() });
        let output = Access::contiguous(start, &[420]);
        let (outputs, _) = run(&mut plan, vec![(source(), output, Dims::from_slice(&[420]))]);
        in_one_piece(&plan, &outputs[0]);
    }

    #[test]
    fn what_is_in_one_piece_stays() {
        let mut plan = Plan::<f64>::of_leaves(400);
        let x = vec![Access::contiguous(Address::new(0), &[400])];
        let all = Access::contiguous(plan.then(Op::Unary(Unary::Neg), &[400], &[], x), &[400]);
        assert_eq!(
            run(&mut plan, vec![(source(), all.clone(), Dims::from_slice(&[400]))]).0,
            [all]
        );
        assert!(plan.homes.is_empty());
    }
}
