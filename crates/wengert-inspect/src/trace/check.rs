//! The one place that verifies a trace.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use wengert::op::{Binary, Op, Structural, Unary};
use wengert::{Leaf, Shape};

use super::data::{Elements, PARTIALS, Spot, TraceData, TraceNode, TraceOperand, VERSION};
use super::strided::{Strided, broadcast, contiguous};

/// More elements than a tape can hold: 2²⁸.
const MAX_SLOTS: usize = 1 << 28;

/// What is wrong with a trace, naming the node, the rule and what was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// Another version of the form.
    #[error("the trace has version {found}; this reads versions 1 to {VERSION}")]
    Version {
        /// The version stated.
        found: u32,
    },
    /// Two nodes or parts of one path, which would be confused.
    #[error("two nodes or parts are called `{path}`; paths must be unique")]
    DuplicatePath {
        /// The path.
        path: String,
    },
    /// A shape without elements, or with more than a tape can hold.
    #[error("`{path}` has shape {shape:?}; a shape holds between 1 and 2^28 elements")]
    Shape {
        /// The node or part.
        path: String,
        /// Its extents.
        shape: Vec<usize>,
    },
    /// A list of another length than the shape has elements.
    #[error("`{path}` has {found} {what} for shape {shape:?}")]
    Length {
        /// The node.
        path: String,
        /// `values` or `adjoints`.
        what: &'static str,
        /// The node's extents.
        shape: Vec<usize>,
        /// The numbers given.
        found: usize,
    },
    /// An operand that does not stand before the node that reads it: the node itself, a later one,
    /// or a cycle.
    #[error(
        "`{path}` reads node {node} as operand {operand}, up to slot {slot}; operands must stand before the node"
    )]
    OperandOrder {
        /// The reader.
        path: String,
        /// The operand's number, from 0.
        operand: usize,
        /// The node that it starts in.
        node: usize,
        /// The last slot read.
        slot: usize,
    },
    /// A reference to a number that the trace does not hold.
    #[error("{what} refers to position {position} of node {node}, which the trace does not hold")]
    OutOfRange {
        /// Who refers to it.
        what: String,
        /// The node's index.
        node: usize,
        /// The position in it.
        position: usize,
    },
    /// Strides that do not belong to the shape.
    #[error("{what} has {found} strides for {rank} axes")]
    Strides {
        /// Who has them.
        what: String,
        /// The number of axes.
        rank: usize,
        /// The number of strides.
        found: usize,
    },
    /// Operands, axes, positions or partials that the op cannot have.
    #[error("`{path}`: {op}: {rule}")]
    Operands {
        /// The node.
        path: String,
        /// Its op.
        op: String,
        /// The rule that was broken.
        rule: &'static str,
    },
    /// A comparison that nobody can make.
    #[error("guard {guard} compares with `{comparison}`; it must be one of <, <=, >, >=, ==")]
    Comparison {
        /// The guard's number, from 0.
        guard: usize,
        /// What it states.
        comparison: String,
    },
}

/// Every op by its name, since a trace is asked for it more often than for anything else.
static OPS: LazyLock<HashMap<&'static str, Op>> = LazyLock::new(|| {
    let leaves = [Leaf::Input, Leaf::Param, Leaf::Data, Leaf::Const];
    let all = leaves
        .into_iter()
        .map(Op::Leaf)
        .chain(Unary::ALL.iter().map(|&op| Op::Unary(op)))
        .chain(Binary::ALL.iter().map(|&op| Op::Binary(op)))
        .chain(Structural::ALL.iter().filter(|op| !op.runs_a_body()).map(|&op| Op::Structural(op)));
    all.map(|op| (op.name(), op)).collect()
});

/// The op of a name, if this version knows it.
pub(crate) fn known_op(name: &str) -> Option<Op> {
    OPS.get(name).copied()
}

/// The number of elements of a shape that a trace may hold.
fn elements(shape: &[usize]) -> Option<usize> {
    let len = shape.iter().try_fold(1_usize, |len, &extent| len.checked_mul(extent))?;
    (1..=MAX_SLOTS).contains(&len).then_some(len)
}

impl Elements {
    /// The elements as slots, `starts` being the nodes' first slots.
    pub(super) fn resolve(&self, starts: &[usize]) -> Strided {
        let strides = self.strides.clone().unwrap_or_else(|| contiguous(&self.shape));
        Strided {
            start: starts[self.first.node] + self.first.position,
            shape: self.shape.clone(),
            strides,
        }
    }
}

impl TraceData {
    /// Verifies every rule of a trace:
    ///
    /// 1. the version is 1, or 2 where a node states partials, at most [`VERSION`];
    /// 2. every shape has between 1 and 2²⁸ elements, every node as many values, and as many
    ///    adjoints or none;
    /// 3. every reference (operands, outputs, named parts, guards) is to numbers that the trace
    ///    holds, with a stride for each axis;
    /// 4. operands stand before the node that reads them, so there is no cycle;
    /// 5. a node of a known op has the operands, axes and positions of that op, in shapes that give
    ///    its own;
    /// 6. paths are unique, among nodes and named parts together;
    /// 7. a guard's comparison is one of `<`, `<=`, `>`, `>=`, `==`;
    /// 8. a node that states partials has an op that does not say them, and for every operand a
    ///    matrix of its numbers by the operand's, or none where the operand is cut.
    ///
    /// # Errors
    ///
    /// The first rule that is broken, as [`Malformed`].
    pub fn check(&self) -> Result<(), Malformed> {
        if !(1..=VERSION).contains(&self.version) {
            return Err(Malformed::Version { found: self.version });
        }
        let mut starts = Vec::with_capacity(self.nodes.len() + 1);
        starts.push(0);
        for node in &self.nodes {
            let end = node.check_lengths()? + starts[starts.len() - 1];
            let own = starts[starts.len() - 1];
            for (i, operand) in node.operands.iter().enumerate() {
                let before = |node: usize, slot: usize| Malformed::OperandOrder {
                    path: self.nodes[starts.len() - 1].path.clone(),
                    operand: i,
                    node,
                    slot,
                };
                let what = || format!("operand {i} of `{}`", node.path);
                if operand.elements.first.node >= starts.len() - 1 {
                    return Err(before(
                        operand.elements.first.node,
                        operand.elements.first.position,
                    ));
                }
                match self.last_slot(&operand.elements, &starts, what)? {
                    Some(last) if last < own => {}
                    last => {
                        return Err(before(
                            operand.elements.first.node,
                            last.unwrap_or(usize::MAX),
                        ));
                    }
                }
            }
            node.check_op()?;
            node.check_partials(self.version)?;
            starts.push(end);
        }
        self.check_references(&starts)?;
        let mut seen = HashSet::new();
        let paths = self
            .nodes
            .iter()
            .map(|node| &node.path)
            .chain(self.parts.iter().map(|part| &part.path));
        match paths.into_iter().find(|path| !seen.insert(path.as_str())) {
            Some(path) => Err(Malformed::DuplicatePath { path: path.clone() }),
            None => Ok(()),
        }
    }

    fn check_references(&self, starts: &[usize]) -> Result<(), Malformed> {
        let slots = starts[starts.len() - 1];
        for part in &self.parts {
            let what = || format!("the name `{}`", part.path);
            if self.last_slot(&part.elements, starts, what)?.is_none_or(|last| last >= slots) {
                let Spot { node, position } = part.elements.first;
                return Err(Malformed::OutOfRange { what: what(), node, position });
            }
        }
        for output in &self.outputs {
            self.check_spot(output.of, || "an output".to_owned())?;
        }
        for (i, guard) in self.guards.iter().enumerate() {
            for spot in [guard.left, guard.right] {
                self.check_spot(spot, || format!("guard {i}"))?;
            }
            if !["<", "<=", ">", ">=", "=="].contains(&guard.comparison.as_str()) {
                return Err(Malformed::Comparison {
                    guard: i,
                    comparison: guard.comparison.clone(),
                });
            }
        }
        Ok(())
    }

    fn check_spot(&self, spot: Spot, what: impl Fn() -> String) -> Result<(), Malformed> {
        match self.nodes.get(spot.node) {
            Some(node) if spot.position < node.values.len() => Ok(()),
            _ => Err(Malformed::OutOfRange {
                what: what(),
                node: spot.node,
                position: spot.position,
            }),
        }
    }

    /// The highest slot of some elements; `None` past what a number can count.
    fn last_slot(
        &self,
        elements: &Elements,
        starts: &[usize],
        what: impl Fn() -> String,
    ) -> Result<Option<usize>, Malformed> {
        self.check_spot(elements.first, &what)?;
        let rank = elements.shape.len();
        if let Some(strides) = &elements.strides
            && strides.len() != rank
        {
            return Err(Malformed::Strides { what: what(), rank, found: strides.len() });
        }
        if self::elements(&elements.shape).is_none() {
            return Err(Malformed::Shape { path: what(), shape: elements.shape.clone() });
        }
        Ok(elements.resolve(starts).last())
    }
}

impl TraceNode {
    fn check_lengths(&self) -> Result<usize, Malformed> {
        let Some(len) = elements(&self.shape) else {
            return Err(Malformed::Shape { path: self.path.clone(), shape: self.shape.clone() });
        };
        let length = |what, found| Malformed::Length {
            path: self.path.clone(),
            what,
            shape: self.shape.clone(),
            found,
        };
        if self.values.len() != len {
            return Err(length("values", self.values.len()));
        }
        if !self.adjoints.is_empty() && self.adjoints.len() != len {
            return Err(length("adjoints", self.adjoints.len()));
        }
        Ok(len)
    }

    /// Rule 5: what a reader of the op's derivative relies on.
    fn check_op(&self) -> Result<(), Malformed> {
        let Some(op) = known_op(&self.op) else { return Ok(()) };
        let operands: Vec<&[usize]> =
            self.operands.iter().map(|o| o.elements.shape.as_slice()).collect();
        let own = self.shape.as_slice();
        let broken = match (op, operands.as_slice()) {
            (Op::Leaf(_), []) => None,
            (Op::Leaf(_), _) => Some("a leaf reads nothing"),
            (Op::Unary(_), [x]) => (*x != own).then_some("the operand must have the node's shape"),
            (Op::Unary(_), _) => Some("it reads one operand"),
            (Op::Binary(_), [x, y]) => (broadcast(x, y).as_deref() != Some(own))
                .then_some("the operands must broadcast to the node's shape"),
            (Op::Binary(_), _) => Some("it reads two operands"),
            (Op::Structural(op), operands) => self.check_structural(op, operands),
        };
        match broken {
            Some(rule) => {
                Err(Malformed::Operands { path: self.path.clone(), op: self.op.clone(), rule })
            }
            None => Ok(()),
        }
    }

    /// Rule 8: what a reader of stated partials relies on.
    fn check_partials(&self, version: u32) -> Result<(), Malformed> {
        if self.partials.is_empty() {
            return Ok(());
        }
        let columns = |operand: &TraceOperand| match operand.cut {
            true => Some(0),
            false => elements(&operand.elements.shape),
        };
        let fits = |(operand, matrix): (&TraceOperand, &Vec<f64>)| {
            let size = columns(operand).and_then(|columns| columns.checked_mul(self.values.len()));
            size == Some(matrix.len())
        };
        let broken = if version < PARTIALS {
            Some("partials are stated from version 2 on")
        } else if known_op(&self.op).is_some() {
            Some("its op says its partials")
        } else if self.partials.len() != self.operands.len() {
            Some("there must be a matrix of partials for every operand")
        } else if !self.operands.iter().zip(&self.partials).all(fits) {
            Some("a matrix of partials has a row for each number and a column for each it reads")
        } else {
            None
        };
        match broken {
            Some(rule) => {
                Err(Malformed::Operands { path: self.path.clone(), op: self.op.clone(), rule })
            }
            None => Ok(()),
        }
    }

    /// The rule book's own shape rule: what it gives must be the node's shape.
    fn check_structural(&self, op: Structural, operands: &[&[usize]]) -> Option<&'static str> {
        let shapes: Vec<Shape> = operands.iter().map(|&dims| dims.into()).collect();
        let shapes: Vec<&Shape> = shapes.iter().collect();
        let fits =
            op.shape(&shapes, &self.attributes()).is_ok_and(|shape| shape.dims() == self.shape);
        (!fits).then_some("its operands, axes and positions do not give a node of this shape")
    }
}
