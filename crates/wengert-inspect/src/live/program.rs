//! The steps of a trace, number by number, and the entries of its Jacobian in the order of the
//! sweep.

use serde::Serialize;
use wengert::op::{Op, Structural};
use wengert::rulebook::Reading;
use wengert::rulebook::rules::Partial;

use super::rules::Rules;
use crate::jacobian::Entry;
use crate::trace::strided::Strided;
use crate::trace::{Precision, Trace, known_op};

/// The most numbers, and the most entries, that a page computes.
const MOST: usize = 4_000;

/// A slot, the rule by which it is computed, and what that reads.
type Step = (usize, &'static str, Vec<isize>);
/// The reader's slot, the slot read, the rule of the partial, and what that reads.
type Read = (usize, usize, String, Vec<usize>);

/// What a page needs to compute the values and adjoints of a trace at other numbers.
#[derive(Debug, Serialize)]
pub(crate) struct Program {
    /// What was recorded; nothing for what is no number.
    pub(crate) values: Vec<Option<f64>>,
    /// The slots that hold what was given: parameters, inputs, data.
    pub(crate) given: Vec<usize>,
    /// Those of parameters.
    pub(crate) params: Vec<usize>,
    pub(crate) steps: Vec<Step>,
    pub(crate) entries: Vec<Read>,
    pub(crate) outputs: Vec<(usize, f64)>,
    #[serde(skip)]
    rules: Rules,
}

impl Program {
    /// The program of a trace.
    ///
    /// # Errors
    ///
    /// Words that say what a page cannot compute.
    pub(crate) fn of(trace: &Trace) -> Result<Self, String> {
        if trace.precision() != Precision::F64 {
            return Err("the tape computed in f32".to_owned());
        }
        if trace.omitted().is_some() || trace.len() > MOST {
            return Err("the tape is too long".to_owned());
        }
        if !trace.guards().is_empty() {
            return Err("the program branches on its numbers".to_owned());
        }
        let finite = |number: f64| number.is_finite().then_some(number);
        let mut program = Program {
            values: trace.slots().map(|slot| finite(trace.value(slot))).collect(),
            given: Vec::new(),
            params: Vec::new(),
            steps: Vec::new(),
            entries: Vec::new(),
            outputs: trace
                .outputs()
                .iter()
                .map(|output| (trace.at(output.of).index(), output.cotangent))
                .collect(),
            rules: Rules::default(),
        };
        for index in 0..trace.nodes().len() {
            program.step(trace, index)?;
        }
        for index in (0..trace.nodes().len()).rev() {
            program.sweep(trace, index)?;
        }
        Ok(program)
    }

    /// The rules, as JavaScript.
    pub(crate) fn rules(&self) -> String {
        self.rules.to_string()
    }

    fn step(&mut self, trace: &Trace, index: usize) -> Result<(), String> {
        let node = &trace.nodes()[index];
        let lacks = |name: &str| format!("it has no function for {name}");
        let op = known_op(&node.op).ok_or_else(|| lacks(&node.op))?;
        let slots = trace.slots_of(index).map(|slot| slot.index());
        match op {
            Op::Leaf(_) => {
                if node.values.iter().any(|value| !value.is_finite()) {
                    return Err(format!("{} is not finite", node.path));
                }
                let slots: Vec<usize> = slots.collect();
                if node.op == "param" {
                    self.params.extend(&slots);
                }
                if node.op != "const" {
                    self.given.extend(slots);
                }
            }
            Op::Unary(op) => {
                let (rule, reads) = (self.rules.unary(op).map_err(lacks)?, elements(trace, index));
                self.steps.extend(slots.zip(reads).map(|(slot, reads)| (slot, rule, reads)));
            }
            Op::Binary(op) => {
                let (rule, reads) = (self.rules.binary(op).map_err(lacks)?, elements(trace, index));
                self.steps.extend(slots.zip(reads).map(|(slot, reads)| (slot, rule, reads)));
            }
            Op::Structural(op) => self.structural(trace, index, op)?,
        }
        Ok(())
    }

    /// A sum, a sum of products, or a number that only moved.
    fn structural(&mut self, trace: &Trace, index: usize, op: Structural) -> Result<(), String> {
        let node = &trace.nodes()[index];
        let lacks = || format!("it has no function for {}", op.name());
        let start = trace.start(index);
        let mut parts: Vec<Vec<(usize, Option<usize>)>> = vec![Vec::new(); node.values.len()];
        let product = match op.reading() {
            Reading::Products { of, .. } => Some(of),
            Reading::Moved | Reading::Added => None,
            _ => return Err(lacks()),
        };
        trace.jacobian_uncut(index, |entry| {
            if product.is_none_or(|of| of == entry.operand) {
                parts[entry.reader - start].push((entry.slot, entry.factor));
            }
        });
        for (position, parts) in parts.into_iter().enumerate() {
            let signed = |slot: usize| isize::try_from(slot).unwrap_or(isize::MAX);
            let (rule, reads) = match op.reading() {
                Reading::Products { from, .. } => {
                    let from = match from {
                        Some(operand) => signed(element(trace, index, operand, position)),
                        None => -1,
                    };
                    let mut reads = vec![from];
                    for (slot, factor) in parts {
                        reads.extend([signed(slot), signed(factor.ok_or_else(lacks)?)]);
                    }
                    ("products", reads)
                }
                reading => {
                    let rule = if reading == Reading::Added { "added" } else { "moved" };
                    (rule, parts.into_iter().map(|(slot, _)| signed(slot)).collect())
                }
            };
            // A choice by the numbers reads nothing where it did not fall.
            if rule == "moved" && reads.len() != 1 {
                return Err(lacks());
            }
            self.steps.push((start + position, rule, reads));
        }
        Ok(())
    }

    /// The entries of a node, as the sweep adds them.
    fn sweep(&mut self, trace: &Trace, index: usize) -> Result<(), String> {
        let node = &trace.nodes()[index];
        let mut refused = false;
        trace.jacobian(index, |Entry { reader, operand, slot, partial, factor, running }| {
            let read = match (known_op(&node.op), factor, partial) {
                (Some(Op::Unary(_) | Op::Binary(_)), ..) => {
                    let position = reader - trace.start(index);
                    let reads = (0..node.operands.len())
                        .map(|operand| element(trace, index, operand, position));
                    (reader, slot, format!("{}.{operand}", node.op), reads.collect())
                }
                (_, Some(factor), _) => (reader, slot, "factor".to_owned(), vec![factor]),
                (_, _, Partial::One) => (reader, slot, "one".to_owned(), Vec::new()),
                _ => return refused = true,
            };
            refused |= running.is_some();
            self.entries.push(read);
        });
        if refused {
            return Err(format!("it has no function for {}", node.op));
        }
        if self.entries.len() > MOST {
            return Err("the tape is too long".to_owned());
        }
        Ok(())
    }
}

/// For every element of an elementwise node, the slots that it reads.
fn elements(trace: &Trace, index: usize) -> impl Iterator<Item = Vec<isize>> {
    let node = &trace.nodes()[index];
    (0..node.values.len()).map(move |position| {
        let reads = (0..node.operands.len())
            .map(|operand| element(trace, index, operand, position))
            .map(|slot| isize::try_from(slot).unwrap_or(isize::MAX));
        reads.collect()
    })
}

/// The slot that an element reads of an operand, after broadcasting.
fn element(trace: &Trace, index: usize, operand: usize, position: usize) -> usize {
    let node = &trace.nodes()[index];
    let read: Strided = trace.resolve(&node.operands[operand].elements);
    read.broadcast_to(&node.shape).unwrap_or(read).at(position)
}
