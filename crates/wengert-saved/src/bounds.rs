//! How much a file may ask for: a short text can name a large program.

use crate::error::LoadError;
use crate::form::{Body, Node, Port};

/// What is allowed of one file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Numbers that are held at once.
    pub(crate) numbers: u64,
    /// Numbers that are computed in one evaluation, the turns of loops counted.
    pub(crate) operations: u64,
}

/// What a list costs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// Its numbers, with those of what it calls written out.
    pub(crate) numbers: u64,
    pub(crate) operations: u64,
}

impl Cost {
    /// Of one number that is computed, or read.
    pub(crate) fn of(len: usize) -> Self {
        Cost { numbers: len as u64, operations: len as u64 }
    }

    pub(crate) fn add(&mut self, more: Cost) {
        self.numbers = self.numbers.saturating_add(more.numbers);
        self.operations = self.operations.saturating_add(more.operations);
    }

    fn times(self, numbers: u64, operations: u64) -> Self {
        Cost {
            numbers: self.numbers.saturating_mul(numbers),
            operations: self.operations.saturating_mul(operations),
        }
    }
}

impl Bounds {
    pub(crate) fn check(&self, part: &str, cost: Cost) -> Result<(), LoadError> {
        let bounds = [
            ("numbers", cost.numbers, self.numbers),
            ("operations", cost.operations, self.operations),
        ];
        match bounds.into_iter().find(|(_, needed, bound)| needed > bound) {
            None => Ok(()),
            Some((what, needed, bound)) => {
                Err(LoadError::TooLarge { part: part.to_owned(), what, needed, bound })
            }
        }
    }
}

/// The elements of a shape; too many stay at the largest number.
pub(crate) fn len(dims: &[usize]) -> usize {
    dims.iter().fold(1, |len: usize, &extent| len.saturating_mul(extent))
}

/// What a node costs before it is recorded: what it reads, and the bodies that it runs. What it
/// computes is bounded by the tape.
pub(crate) fn node(node: &Node<'_>, bodies: &[Body<'_>], costs: &[Cost]) -> Cost {
    let mut cost = Cost::default();
    for read in &node.of {
        cost.add(Cost::of(len(&read.shape)));
    }
    if node.positions.is_some() {
        cost.add(Cost::of(len(&node.shape)));
    }
    for &number in &node.bodies {
        let (Some(body), Some(&own)) = (bodies.get(number), costs.get(number)) else { continue };
        let given: u64 = body.inputs.iter().map(|dims| len(dims) as u64).sum();
        cost.add(match &node.turns {
            // A sweep keeps the states of all turns.
            Some(turns) => {
                let carried = turns.given.iter().any(|port| matches!(port, Port::State(_)));
                let kept = if carried { given.saturating_mul(turns.steps as u64) } else { 0 };
                let mut all = own.times(1, turns.steps as u64);
                all.add(Cost { numbers: kept, operations: 0 });
                all
            }
            // Every row of a Jacobian is a sweep, and there are a hundred iterations at most.
            None if node.op == "root" => {
                let rows = body.inputs.first().map_or(1, |dims| len(dims) as u64);
                own.times(rows.saturating_add(1), rows.saturating_mul(100))
            }
            None => own,
        });
    }
    cost
}
