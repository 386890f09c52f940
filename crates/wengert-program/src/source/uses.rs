//! Who reads what: whether a number is worth a name, or a run an array.

use crate::fuse::Stage;
use crate::graph::{FastMap, Source};
use crate::ids::{InstructionId, Map, RunId};
use crate::recipe::Recipe;

/// Which stages read a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    Nobody,
    Only(usize),
    /// Several stages, or the caller.
    Others,
}

/// The reads of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reads {
    /// Operands.
    pub(crate) count: usize,
    pub(crate) by: Readers,
}

#[derive(Debug)]
pub(crate) struct Uses {
    of: Map<RunId, Reads>,
    /// The last instruction that stands for a number of the tape, or its adjoint.
    last: FastMap<Source, InstructionId>,
    /// Of the results of instructions.
    sources: Map<RunId, Option<Source>>,
}

impl Uses {
    pub(crate) fn of<S>(recipe: &Recipe<S>) -> Self {
        let plan = &recipe.plan;
        let nobody = Reads { count: 0, by: Readers::Nobody };
        let mut of: Map<RunId, Reads> = Map::filled(nobody, plan.line.runs());
        let mut last = FastMap::default();
        let mut sources = Map::filled(None, plan.line.runs());
        for (s, stage) in recipe.stages.iter().enumerate() {
            stage.for_each(|i| {
                let instruction = &plan.instructions[i];
                instruction.for_each_operand(|operand, axes| {
                    operand.for_each_run(axes, &plan.line, |run| {
                        let Reads { count, by } = &mut of[run];
                        *count += 1;
                        *by = match *by {
                            Readers::Nobody => Readers::Only(s),
                            Readers::Only(other) if other == s => Readers::Only(s),
                            _ => Readers::Others,
                        };
                    });
                });
                last.insert(instruction.source, i);
                sources[plan.line.run_of(instruction.out.first())] = Some(instruction.source);
            });
        }
        for (access, dims) in &recipe.kept {
            access.for_each_run(dims, &plan.line, |run| {
                of[run].count += 1;
                of[run].by = Readers::Others;
            });
        }
        Uses { of, last, sources }
    }

    pub(crate) fn reads(&self, run: RunId) -> Reads {
        self.of[run]
    }

    /// What a run that is computed stands for on the tape.
    pub(crate) fn source(&self, run: RunId) -> Option<Source> {
        self.sources[run]
    }

    /// Whether an instruction gives the number of the tape that it stands for, and no part of it.
    pub(crate) fn is_whole(&self, source: Source, instruction: InstructionId) -> bool {
        self.last.get(&source) == Some(&instruction)
    }
}

/// Whether a stage is a stretch of single numbers.
pub(crate) fn is_scalars(stage: &Stage) -> bool {
    matches!(stage, Stage::Pass { dims, .. } if dims.iter().product::<usize>() == 1)
}
