//! The compiled program as text: what runs at once, and which nodes of the tape it stands for.

use std::fmt;

use super::fuse::Stage;
use super::graph::{Instruction, Op, Source};
use super::group::Plan;
use super::ids::{Address, InstructionId};
use crate::real::Scalar;
use wengert_tape::NodeId;
use wengert_tape::Tape;

/// A task's lines: what it is, and its instructions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    head: &'static str,
    instructions: Vec<String>,
    /// How many more there are than lines.
    more: usize,
}

/// The most instructions of one task, and of a whole program, that are written out.
const OF_ONE: usize = 64;
const OF_ALL: usize = 4096;

/// The lines of a plan's stages.
pub(crate) fn of<S: Scalar>(tape: &Tape<S>, plan: &Plan<S>, stages: &[Stage]) -> Vec<Task> {
    let mut left = OF_ALL;
    let mut task = |head: &'static str,
                    members: &mut dyn ExactSizeIterator<Item = InstructionId>| {
        let (len, shown) = (members.len(), members.len().min(OF_ONE).min(left));
        left -= shown;
        let instructions = members.take(shown).map(|i| line(tape, plan, i)).collect();
        Task { head, instructions, more: len - shown }
    };
    let of_stage = |stage: &Stage| match stage {
        Stage::Pass { members, .. } => {
            let single =
                members.first().is_some_and(|member| plan.instructions[member.index].len() == 1);
            let head = if single { "numbers" } else { "pass" };
            task(head, &mut members.iter().map(|member| member.index))
        }
        Stage::Single(index) => {
            let head = match plan.instructions[*index].op {
                Op::Contract { .. } => "product",
                Op::Rule(_) => "rule",
                _ => "reduce",
            };
            task(head, &mut std::iter::once(*index))
        }
    };
    stages.iter().map(of_stage).collect()
}

/// `sigmoid [30] for hidden/0.output ..`
fn line<S: Scalar>(tape: &Tape<S>, plan: &Plan<S>, index: InstructionId) -> String {
    let instruction: &Instruction<Address> = &plan.instructions[index];
    let name = match instruction.op {
        Op::Copy => "copy",
        Op::Unary(op) => op.name(),
        Op::Binary(op) => op.name(),
        Op::Select => "select",
        Op::Contract { .. } => "sum of products",
        Op::Sum => "sum",
        Op::Max => "max",
        Op::Min => "min",
        Op::OverRows => "sum over rows",
        Op::Rule(rule) => {
            let rule = &plan.rules[rule as usize];
            rule.attributes.name().unwrap_or(rule.op.name())
        }
    };
    let shape = if instruction.len() == 1 {
        String::new()
    } else {
        format!(" {:?}", instruction.dims.as_slice())
    };
    let over = if instruction.inner.is_empty() {
        String::new()
    } else {
        format!(" over {:?}", instruction.inner.as_slice())
    };
    format!(
        "{name}{shape}{over} for {}{}",
        label(tape, instruction.source),
        if instruction.len() > 1 { " .." } else { "" }
    )
}

/// The name of a node, or of its adjoint.
fn label<S: Scalar>(tape: &Tape<S>, source: Source) -> String {
    let id = NodeId::at(source.slot());
    let name = tape.label(id);
    let name = if name == id.to_string() { name } else { format!("{id} {name}") };
    if source.is_adjoint() { format!("the adjoint of {name}") } else { name }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:8}", self.head)?;
        for (i, line) in self.instructions.iter().enumerate() {
            write!(f, "{}{line}", if i == 0 { " " } else { "\n               " })?;
        }
        match (self.more, self.instructions.len()) {
            (0, _) => Ok(()),
            (more, 0) => write!(f, " {more} instructions"),
            (more, _) => write!(f, "\n               and {more} more"),
        }
    }
}
