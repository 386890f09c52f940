//! Sums over the rounds of a loop become part of the pass that computes what they add.
//!
//! A pass goes through its elements in chunks, and a chunk's numbers are in a near cache. A sum that
//! is added chunk by chunk reads them there, and they need no place of their own. That adds in
//! another order than the sweep, so it is for `Fast` numerics alone.

use smallvec::SmallVec;

use super::access::{Access, Dims};
use super::fuse::{Member, Stage};
use super::graph::{Instruction, Op};
use super::group::Plan;
use super::ids::{Address, InstructionId, Map, Point};
use super::writers::Writers;

/// Chunks are added one after the other, so longer sums are left to what adds them in pairs.
const LONGEST: usize = 1 << 16;

/// Puts sums into passes.
pub(crate) fn run<S>(plan: &Plan<S>, writers: &Writers, stages: &mut Vec<Stage>) {
    let mut stage_of: Map<InstructionId, usize> = Map::filled(0, plan.instructions.len());
    for (k, stage) in stages.iter().enumerate() {
        stage.for_each(|i| stage_of[i] = k);
    }
    let mut taken = vec![false; stages.len()];
    for k in 0..stages.len() {
        let Stage::Single(index) = stages[k] else { continue };
        let Some(member) = as_member(index, &plan.instructions[index]) else { continue };
        let mut after = None;
        writers.for_each_read(plan, &plan.instructions[index], |by| {
            after = after.max(Some(stage_of[by]));
        });
        let Some(into) = after.filter(|&into| into < k) else { continue };
        let fits = |operand: &Access<Address>| {
            let mut inside = None;
            writers.for_each(plan, operand, &plan.instructions[index].inner, |by| {
                if stage_of[by] == into {
                    inside = Some(by);
                }
            });
            // Element by element, or what was there before the pass.
            inside.is_none_or(|by| {
                let by = &plan.instructions[by];
                operand.is_contiguous(&plan.instructions[index].inner)
                    && by.out.is_contiguous(&by.dims)
                    && by.out.first() == operand.first()
            })
        };
        let Stage::Pass { dims, .. } = &stages[into] else { continue };
        if dims[..] != plan.instructions[index].inner[..] || !members_fit(plan, &member, fits) {
            continue;
        }
        if let Stage::Pass { members, .. } = &mut stages[into] {
            members.push(member);
            stage_of[index] = into;
            taken[k] = true;
        }
    }
    let mut taken = taken.into_iter();
    stages.retain(|_| taken.next() == Some(false));
}

/// Whether all that a sum goes through fits; what it begins with is one number.
fn members_fit<S>(
    plan: &Plan<S>,
    member: &Member,
    fits: impl Fn(&Access<Address>) -> bool,
) -> bool {
    let terms = terms(plan.instructions[member.index].op);
    member.operands(plan)[..terms].iter().all(fits)
}

/// How many operands a sum goes through.
pub(crate) fn terms(op: Op) -> usize {
    if let Op::Contract { .. } = op { 2 } else { 1 }
}

/// A sum of one number over the elements of a pass, walked forwards.
fn as_member(index: InstructionId, instruction: &Instruction<Address>) -> Option<Member> {
    let terms = match instruction.op {
        Op::Contract { .. } | Op::Sum => terms(instruction.op),
        _ => return None,
    };
    let &[extent] = &instruction.inner[..] else { return None };
    // What a sum begins with would have to be there before the pass.
    let fits = instruction.len() == 1 && (2..=LONGEST).contains(&extent);
    if !fits || instruction.operands.len() != terms {
        return None;
    }
    let mut operands: SmallVec<[Access<Address>; 3]> = SmallVec::new();
    let stride = |operand: &Access<Address>| match operand {
        Access::Strided { strides, .. } => strides.last().copied(),
        Access::Listed(_) => None,
    };
    let backwards = instruction.operands.iter().all(|operand| stride(operand) < Some(0));
    for operand in &instruction.operands {
        let (first, stride) = (operand.first(), stride(operand)?);
        let last = first.plus((extent as i64 - 1) * i64::from(stride));
        let (start, stride) = if backwards { (last, -stride) } else { (first, stride) };
        if stride <= 0 {
            return None;
        }
        operands.push(Access::Strided { start, strides: [stride][..].into() });
    }
    Some(Member::new(index, Access::repeated(instruction.out.first(), 1), operands))
}

/// The stages as they were.
pub(crate) fn undone<S>(plan: &Plan<S>, stages: &[Stage]) -> Vec<Stage> {
    let mut all = Vec::with_capacity(stages.len());
    for stage in stages {
        let Stage::Pass { dims, members } = stage else {
            all.push(stage.clone());
            continue;
        };
        let is_sum = |member: &&Member| !plan.instructions[member.index].op.is_elementwise();
        let sums = members.iter().filter(is_sum).map(|member| Stage::Single(member.index));
        let sums: Vec<Stage> = sums.collect();
        let own = members.iter().filter(|member| !is_sum(member)).cloned().collect();
        all.push(Stage::Pass { dims: Dims::clone(dims), members: own });
        all.extend(sums);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuse;
    use crate::ids::Id;
    use crate::op::{Binary, Unary};

    /// exp of leaves, its product with leaves, and the sum of that, from the last element back.
    fn plan() -> Plan<f64> {
        let run = |start: Address| Access::contiguous(start, &[1000]);
        let leaves = Address::new(0);
        let mut plan = Plan::of_leaves(1000);
        let exp = plan.then(Op::Unary(Unary::Exp), &[1000], &[], vec![run(leaves)]);
        let product = plan.then(Op::Binary(Binary::Mul), &[1000], &[], vec![run(exp), run(leaves)]);
        let strides = [0, -1][..].into();
        let backwards = Access::Strided { start: product.plus(999), strides };
        plan.then(Op::Sum, &[1], &[1000], vec![backwards]);
        plan
    }

    #[test]
    fn a_sum_of_what_a_pass_scatters_comes_after_it() {
        let leaves = Access::contiguous(Address::new(0), &[1000]);
        let mut plan = Plan::<f64>::of_leaves(1000);
        let copy = plan.then(Op::Copy, &[1000], &[], vec![leaves]);
        // The first where it was, and then from the last one back.
        let to = (0..1000).map(|i| copy.plus(if i == 0 { 0 } else { 1000 - i })).collect();
        plan.instructions[InstructionId::new(0)].out = Access::Listed(to);
        plan.then(
            Op::Sum,
            &[1],
            &[1000],
            vec![Access::Strided { start: copy, strides: [0, 1][..].into() }],
        );
        let writers = Writers::of(&plan);
        let mut stages = fuse::run(&plan, &writers, true, None);
        run(&plan, &writers, &mut stages);
        assert_eq!(stages.len(), 2);
    }

    #[test]
    fn a_sum_of_what_a_pass_computes_is_part_of_it() {
        let plan = plan();
        let writers = Writers::of(&plan);
        let mut stages = fuse::run(&plan, &writers, true, None);
        let before = format!("{stages:?}");
        assert_eq!(stages.len(), 2);
        run(&plan, &writers, &mut stages);
        let [Stage::Pass { members, .. }] = &stages[..] else { panic!("{stages:?}") };
        assert_eq!(members.len(), 3);
        assert_eq!(format!("{:?}", undone(&plan, &stages)), before);
    }
}
