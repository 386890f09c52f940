//! The stages between: a smaller graph, instructions in the order of execution, their places.

use super::{Asked, Kept, Placed, Planned, Recorded, Simplified};
use crate::Numerics;
use crate::access::{Access, Dims, TooLarge};
use crate::graph::{Instruction, Op, Source};
use crate::group::Plan;
use crate::ids::{Address, InstructionId};
use crate::memory::Needs;
use crate::passes::{self, State};
use crate::report::{Pass, Report};
use crate::request::Request;
use crate::rounds::{Code, Rounds};
use crate::run::Float;
use crate::shape::Shape;
use crate::strips::Limits;
use crate::writers::Writers;
use crate::{
    bias_epilogue, feed, folds, fuse, group, materialise, memory, output_placement, products, rows,
    strips,
};
use wengert_tape::internals::Kind;
impl<S: Float> Asked<S> {
    pub(super) fn simplify(
        self,
        recorded: &Recorded<'_, '_, S>,
        report: &mut Report,
    ) -> Simplified<S> {
        type Run<S> = fn(&mut State<S>);
        // Pruning is done after each.
        let nothing: Run<S> = |_| ();
        let plan: [(Pass, Run<S>); 5] = [
            (Pass::DeadNodes, nothing),
            (Pass::ConstantFolding, passes::constant_folding::run),
            (Pass::CommonSubexpressions, passes::common_subexpressions::run),
            (Pass::DeadNodes, nothing),
            (Pass::ReductionRaising, passes::reduction_raising::run),
        ];
        let passes = &recorded.compiler.passes;
        let mut state =
            State::new(self.graph, self.outputs.into_iter().chain(self.guards).collect());
        for (pass, run) in plan.into_iter().filter(|(pass, _)| passes.contains(pass)) {
            let before = state.count();
            run(&mut state);
            if passes.contains(&Pass::DeadNodes) {
                passes::prune::run(&mut state);
            }
            recorded.compiler.note(report, pass, "nodes", before, state.count());
        }
        Simplified { state }
    }
}

impl<S: Float> Simplified<S> {
    pub(super) fn plan(
        self,
        recorded: &Recorded<'_, '_, S>,
        report: &mut Report,
    ) -> Result<Planned<S>, TooLarge> {
        let (compiler, state) = (recorded.compiler, self.state);
        let grouping = match compiler.passes.contains(&Pass::Group) {
            true if compiler.rows.is_some() => group::Grouping::Even,
            true => group::Grouping::Alike,
            false => group::Grouping::Nothing,
        };
        let grouped = group::run(&state, grouping, || Rounds::of(&recorded.codes()));
        let keep: Vec<(Access<Address>, Dims)> = state
            .roots
            .iter()
            .map(|root| (grouped.root(&state.graph, root), root.dims.clone()))
            .collect();
        report.rounds = grouped.rounds;
        let mut plan = grouped.plan;
        compiler.note(
            report,
            Pass::Group,
            "instructions",
            state.count_computed(),
            plan.instructions.len(),
        );
        let widened = match &compiler.rows {
            None => None,
            Some(many) => {
                let per_row: Vec<bool> =
                    state.graph.blocks.iter().map(|block| many.is_per_row(block)).collect();
                let count = many.count.unwrap_or_else(|| rows::block(&plan, &per_row, &keep));
                Some((rows::run(&mut plan, count, &per_row, &keep)?, count))
            }
        };
        let kept = keep.into_iter().map(|(access, dims)| match &widened {
            None => Kept { access, dims, per_row: false },
            Some((widened, count)) => {
                let per_row = widened.varies(&access, &dims);
                let rows = if per_row { Some(*count) } else { None };
                let access = widened.access(&access, &dims, 0);
                Kept { access, dims: rows.into_iter().chain(dims).collect(), per_row }
            }
        });
        let mut kept: Vec<Kept> = kept.collect();
        let count = widened.map_or(1, |(_, count)| count);
        place_outputs(&mut plan, &mut kept, &compiler.requests);
        if compiler.numerics == Numerics::Fast {
            bias_epilogue::run(&mut plan);
        }
        materialise::run(&mut plan);
        let writers = Writers::of(&plan);
        let fuses = compiler.passes.contains(&Pass::Fuse);
        let rounds = Some(report.rounds).filter(|&rounds| rounds > 0);
        let mut stages = fuse::run(&plan, &writers, fuses, rounds);
        if fuses && rounds.is_some() && compiler.numerics == Numerics::Fast {
            folds::run(&plan, &writers, &mut stages);
        }
        let mut in_pieces = Vec::new();
        if fuses {
            in_pieces = strips::run(&plan, &writers, &mut stages, Limits::NEAR_CACHE);
        }
        compiler.note(report, Pass::Fuse, "tasks", plan.instructions.len(), stages.len());
        let (in_place, feeds) = (Vec::new(), Vec::new());
        let mut planned = Planned {
            plan,
            count,
            blocks: state.graph.blocks,
            stages,
            strips: in_pieces,
            writers,
            kept,
            in_place,
            feeds,
        };
        planned.feed(recorded);
        Ok(planned)
    }
}

/// Gives gradients runs of their own. Those of single rows stay where they are: their rows lie side
/// by side.
fn place_outputs<S>(plan: &mut Plan<S>, kept: &mut [Kept], requests: &[(Request, Shape)]) {
    let (mut moving, mut outputs) = (Vec::new(), Vec::new());
    for (i, (request, _)) in requests.iter().enumerate() {
        if let Request::Gradient { wrt, .. } = request
            && !kept[i].per_row
        {
            let source = Source::adjoint(products::start(*wrt));
            outputs.push((source, kept[i].access.clone(), kept[i].dims.clone()));
            moving.push(i);
        }
    }
    let (outputs, moved) = output_placement::run(plan, outputs);
    moving.into_iter().zip(outputs).for_each(|(i, access)| kept[i].access = access);
    for kept in kept {
        kept.access = moved.access(plan, &kept.access, &kept.dims);
    }
}

impl<S: Float> Planned<S> {
    /// Decides how each output that is fed back gets to its leaf.
    fn feed(&mut self, recorded: &Recorded<'_, '_, S>) {
        let side = recorded.side;
        for &(output, to) in &recorded.compiler.feeds {
            let Kept { access, dims, .. } = &self.kept[output.index as usize];
            let block =
                self.blocks.iter().position(|block| block.slot == Some(products::start(to)));
            let block = block.filter(|_| {
                side.guards.is_empty()
                    && side.faults.is_empty()
                    && side.layouts.get(to.layout()).is_contiguous()
            });
            let leaf = block.map(|block| self.plan.blocks[block]);
            let taken = leaf
                .and_then(|leaf| feed::in_place(&self.plan, &self.stages, (access, dims), leaf));
            match taken.filter(|taken| !self.in_place.contains(taken)) {
                Some(taken) => self.in_place.push(taken),
                None => self.feeds.push((output, to)),
            }
        }
        // A leaf's place may be read in a later piece of an earlier stage.
        let Planned { strips, stages, plan, in_place, .. } = self;
        let takes = |i: &InstructionId| {
            let first = plan.instructions[*i].out.first();
            in_place.iter().any(|taken| taken.result == first)
        };
        strips.retain(|strip| {
            let mut any = false;
            let of = &stages[strip.stages.clone()];
            of.iter().for_each(|stage| stage.for_each(|i| any |= takes(&i)));
            !any
        });
    }

    pub(super) fn place(self, recorded: &Recorded<'_, '_, S>, report: &mut Report) -> Placed<S> {
        let compiler = recorded.compiler;
        let keep: Vec<(Access<Address>, Dims)> =
            self.kept.iter().map(|kept| (kept.access.clone(), kept.dims.clone())).collect();
        let needs = Needs {
            stages: &self.stages,
            strips: &self.strips,
            writers: &self.writers,
            keep: &keep,
            in_place: &self.in_place,
            reuse: compiler.passes.contains(&Pass::Reuse),
        };
        let places = memory::run(&self.plan, &needs);
        compiler.note(report, Pass::Reuse, "numbers", self.plan.line.len(), places.len);
        report.flops = self.plan.instructions.values().map(flops).sum();
        Placed { planned: self, places }
    }
}

/// Additions, multiplications and functions of an instruction.
fn flops(instruction: &Instruction<Address>) -> u64 {
    let inner: usize = instruction.inner.iter().product();
    let each = match instruction.op {
        Op::Copy => 0,
        Op::Contract { .. } => 2 * inner,
        Op::Sum | Op::Max | Op::Min | Op::OverRows => inner,
        // Of a rule nobody knows; at least something for every element.
        Op::Unary(_) | Op::Binary(_) | Op::Select | Op::Rule(_) => 1,
    };
    (instruction.len() * each) as u64
}

impl<S: Float> Recorded<'_, '_, S> {
    /// By slot what recorded it: an operation, its kind if it fills a run.
    fn codes(&self) -> Vec<Code> {
        let mut codes = Vec::with_capacity(self.values.len());
        for step in self.steps {
            match step.kind() {
                Kind::Leaf(_) => codes.push(0),
                Kind::Unary(op) => codes.push(1 << 8 | op as Code),
                Kind::Binary(op) => codes.push(2 << 8 | op as Code),
                Kind::Wide => {
                    let wide = &self.side.wides[step.a() as usize];
                    let code = wide.op.name().bytes().fold(3, |code: Code, byte| {
                        code.wrapping_mul(31).wrapping_add(Code::from(byte))
                    });
                    codes.extend(std::iter::repeat_n(code << 8 | 255, wide.len as usize));
                }
            }
        }
        codes
    }
}
