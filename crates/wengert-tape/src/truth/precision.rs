//! How many digits of each value and adjoint can be trusted, and where the others were lost.

mod text;

use wengert_ops::real::Scalar as Number;
use wengert_ops::value::entries;

use super::{Enclosed, Truth, digits};
use crate::backward::for_each_edge;
use crate::error::{Error, NodeId, Place};
use crate::op::{Binary, Leaf, Op, Structural, Unary};
use crate::real::Scalar;
use crate::rules::Partial;
use crate::shape::Layout;
use crate::tape::Node;
use crate::var::Var;

/// How many digits of the values and adjoints up to an output can be trusted.
///
/// Its `Display` is a table: named nodes first, then the unnamed ones with the fewest digits, then
/// the nodes at which most digits were lost.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Precision {
    /// What the output is called.
    pub output: String,
    /// The digits that a number of the tape's type holds: 15.95 for `f64`, 7.22 for `f32`.
    pub holds: f64,
    /// Every node up to the output that is no constant: the named ones first, each part in the
    /// order of recording.
    pub rows: Vec<Row>,
    /// The nodes that lose at least half a digit more of their value than their operands had lost,
    /// the worst first.
    pub value_losses: Vec<Loss>,
    /// The nodes whose adjoint has lost at least half a digit more than the adjoints that it is
    /// made of, the worst first.
    pub adjoint_losses: Vec<Loss>,
    /// The nodes that may have chosen another operand than the right numbers do: see
    /// [`Truth::undetermined`].
    pub undetermined: Vec<String>,
}

/// One node.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Row {
    /// Its first slot.
    pub id: NodeId,
    /// Its name, or its id.
    pub label: String,
    /// What it computes.
    pub op: Op,
    /// Whether it has a name.
    pub named: bool,
    /// Its value; of a run, the element with the fewest digits.
    pub value: Digits,
    /// Its adjoint; of a run, the element with the fewest digits.
    pub adjoint: Digits,
}

/// A number on the tape, and how much of it can be trusted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Digits {
    /// The computed number.
    pub computed: f64,
    /// What it should be, and the bound of its error.
    pub enclosed: Enclosed,
}

impl Digits {
    /// The digits that rounding cannot have touched, by the bound: those to trust.
    #[must_use]
    pub fn sure(&self) -> f64 {
        self.enclosed.digits()
    }

    /// The digits that are right at these very numbers: as many or more, partly by luck.
    #[must_use]
    pub fn right(&self) -> f64 {
        digits(self.enclosed.error(self.computed), self.enclosed.truth.to_f64().abs())
    }
}

/// A node at which digits were lost.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Loss {
    /// The slot of the element that lost most.
    pub id: NodeId,
    /// Its name, or its id.
    pub label: String,
    /// What the node computes.
    pub op: Op,
    /// What the node reads, by name or id.
    pub operands: Vec<String>,
    /// Where it was recorded, if the tape knows.
    pub place: Option<Place>,
    /// How many digits were lost here.
    pub digits: f64,
    /// Why.
    pub cause: Cause,
}

/// How digits get lost.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Cause {
    /// Larger terms cancel: their errors stay, and their digits go.
    Cancellation {
        /// The size of the largest term.
        of: f64,
        /// The size of what is left.
        left: f64,
    },
    /// The roundings of several contributions or terms add up.
    Roundings,
    /// The function magnifies relative errors of its operands here: `|x f′(x) / f(x)|` is large.
    Steep,
    /// The operand's error reaches a jump, a pole or the end of the domain.
    Edge,
    /// Of an adjoint: the local partial of one of its readers has lost digits.
    Partial {
        /// The reader, by name or id.
        reader: String,
        /// What it computes.
        op: Op,
        /// How many digits the partial has left.
        left: f64,
    },
}

impl<'t, S: Scalar> Var<'t, S> {
    /// How many digits of this single number, of every value that it is made of and of its
    /// derivatives by them can be trusted, and where the others were lost.
    ///
    /// Every leaf counts as exact. It costs some hundred evaluations and sweeps.
    ///
    /// # Errors
    ///
    /// As [`Truths::run`](super::Truths::run).
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let x = tape.input(1e-4).named("x");
    /// let a = x.cos().named("a");
    /// let z = (1.0 - a).named("z"); // 5e-9, made of two numbers near 1
    /// let precision = z.precision()?;
    /// println!("{precision}");
    /// let worst = &precision.value_losses[0];
    /// assert_eq!(worst.label, "z");
    /// assert!(worst.digits > 8.0);
    /// assert!(worst.to_string().starts_with("z = sub(1, a) lost 8."), "{worst}");
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[track_caller]
    pub fn precision(self) -> Result<Precision, Error> {
        Ok(self.truth().run()?.precision())
    }
}

impl<'t, S: Scalar> Truth<'t, S> {
    /// The report of how many digits can be trusted.
    #[must_use]
    pub fn precision(&self) -> Precision {
        let tape = self.tape();
        let gradients = self.output.backward();
        let values = tape.all_values();
        let nodes = self.made_of();
        let fewest = |node: &Node, digits: &dyn Fn(NodeId) -> Digits| {
            let all = node.slots().map(|slot| digits(NodeId(slot as u32)));
            let none =
                Digits { computed: 0.0, enclosed: Enclosed { truth: 0.0.into(), bound: 0.0 } };
            // A node has an element.
            all.min_by(|a, b| a.sure().total_cmp(&b.sure())).unwrap_or(none)
        };
        let value = |slot: NodeId| Digits {
            computed: values[slot.slot()].to_f64(),
            enclosed: self.value_at(slot),
        };
        let adjoint = |slot: NodeId| {
            let computed = gradients.adjoints()[slot.slot()].to_f64() + 0.0;
            Digits { computed, enclosed: self.adjoint_at(slot) }
        };
        let shown = nodes.iter().filter(|node| node.op != Op::Leaf(Leaf::Const));
        let mut rows: Vec<Row> = shown
            .map(|node| {
                let label = tape.label(node.id);
                let named = label != node.id.to_string();
                let label = if named && node.shape.len() > 1 { run_name(&label) } else { label };
                let (value, adjoint) = (fewest(node, &value), fewest(node, &adjoint));
                Row { id: node.id, label, op: node.op, named, value, adjoint }
            })
            .collect();
        rows.sort_by_key(|row| !row.named);
        let holds = -libm::log10(self.unit);
        Precision {
            output: tape.label(self.output.id()),
            holds,
            rows,
            value_losses: self.value_losses(&nodes, holds),
            adjoint_losses: self.adjoint_losses(holds),
            undetermined: self.undetermined().iter().map(|&id| tape.label(id)).collect(),
        }
    }

    /// The nodes that the output is made of, also by what derivatives do not pass, in the order of
    /// recording.
    fn made_of(&self) -> Vec<Node> {
        let mut nodes: Vec<Node> =
            self.tape().nodes().take_while(|node| node.id.slot() < self.len()).collect();
        let mut read = vec![false; self.len()];
        read[self.output.id().slot()] = true;
        for node in nodes.iter().rev() {
            if node.slots().any(|slot| read[slot]) {
                node.operands
                    .iter()
                    .flat_map(|edge| edge.slots())
                    .for_each(|slot| read[slot] = true);
            }
        }
        nodes.retain(|node| node.slots().any(|slot| read[slot]));
        nodes
    }

    fn value_losses(&self, nodes: &[Node], holds: f64) -> Vec<Loss> {
        let mut losses = Vec::new();
        for node in nodes.iter().filter(|node| !node.op.is_leaf()) {
            let worst = node.slots().enumerate().map(|(i, slot)| {
                let read: Vec<Enclosed> =
                    read_by(node, i).map(|slot| self.value_at(NodeId(slot as u32))).collect();
                let before = read.iter().fold(holds, |fewest, number| fewest.min(number.digits()));
                let result = self.value_at(NodeId(slot as u32));
                (slot, before - result.digits().min(holds), read, result)
            });
            let Some((slot, lost, read, result)) = worst.max_by(|a, b| a.1.total_cmp(&b.1)) else {
                continue;
            };
            if lost >= 0.5 {
                let of = read
                    .iter()
                    .fold(0.0, |size, number| f64::max(size, number.truth.to_f64().abs()));
                let left = result.truth.to_f64().abs();
                let cause = value_cause(node.op, of, left, result.bound);
                losses.push(self.loss(NodeId(slot as u32), node, lost, cause));
            }
        }
        losses.sort_by(|a, b| b.digits.total_cmp(&a.digits));
        losses
    }

    fn adjoint_losses(&self, holds: f64) -> Vec<Loss> {
        // Of every slot: the fewest digits among the adjoints that it is made of, the size of the
        // contributions, and the partial that has the fewest digits, with its reader.
        struct Made {
            before: f64,
            largest: f64,
            partial: (f64, usize),
        }
        let tape = self.tape();
        let (values, adjoints) = (&self.columns.values, &self.columns.adjoints);
        let none = || Made { before: f64::INFINITY, largest: 0.0, partial: (f64::INFINITY, 0) };
        let mut made: Vec<Made> = adjoints.iter().map(|_| none()).collect();
        let side = tape.side.borrow();
        tape.columns.read(|steps, _| {
            for_each_edge(
                steps,
                &side,
                values,
                |op, site, visit| entries(op, site, visit),
                |reader, _, slot, partial| {
                    let g = adjoints[reader];
                    let Some(product) = partial.times(g).filter(|_| !g.is_zero()) else { return };
                    let made = &mut made[slot];
                    made.before = made.before.min(Enclosed::of(g).digits());
                    made.largest = made.largest.max(product.to_f64().abs());
                    if let Partial::Of(partial) = partial {
                        let left = Enclosed::of(partial).digits();
                        if left < made.partial.0 {
                            made.partial = (left, reader);
                        }
                    }
                },
            );
        });
        drop(side);
        let mut losses = Vec::new();
        for (slot, made) in made
            .iter()
            .enumerate()
            .filter(|(_, made)| made.before.is_finite() || made.largest > 0.0)
        {
            let (id, adjoint) = (NodeId(slot as u32), self.adjoint_at(NodeId(slot as u32)));
            let lost = made.before.min(holds) - adjoint.digits().min(holds);
            let Some(node) = tape.node(id).filter(|_| lost >= 0.5) else { continue };
            let left = adjoint.truth.to_f64().abs();
            let by_cancellation =
                if left > 0.0 { libm::log10(made.largest / left) } else { f64::INFINITY };
            let cause = if holds - made.partial.0 < 0.5 && by_cancellation < 0.5 {
                Cause::Roundings
            } else if holds - made.partial.0 > by_cancellation {
                let reader = NodeId(made.partial.1 as u32);
                let op = tape.node(reader).map_or(node.op, |reader| reader.op);
                Cause::Partial { reader: tape.label(reader), op, left: made.partial.0 }
            } else {
                Cause::Cancellation { of: made.largest, left }
            };
            losses.push(self.loss(id, &node, lost, cause));
        }
        losses.sort_by(|a, b| b.digits.total_cmp(&a.digits));
        losses
    }

    fn loss(&self, id: NodeId, node: &Node, digits: f64, cause: Cause) -> Loss {
        let tape = self.tape();
        let operand = |edge: &crate::tape::Edge| match tape.node(edge.start) {
            Some(node) if node.op == Op::Leaf(Leaf::Const) && node.shape.is_scalar() => {
                tape.value_at(edge.start).to_f64().to_string()
            }
            _ if edge.layout.len() > 1 => run_name(&tape.label(edge.start)),
            _ => tape.label(edge.start),
        };
        let operands = node.operands.iter().map(operand).collect();
        Loss { id, label: tape.label(id), op: node.op, operands, place: node.place, digits, cause }
    }
}

/// `w[0, 0]` is the first element of `w`.
fn run_name(label: &str) -> String {
    label.split('[').next().unwrap_or(label).to_owned()
}

/// The slots that element i of a node is made of; of a structural operation, all that the node
/// reads.
fn read_by(node: &Node, i: usize) -> impl Iterator<Item = usize> + '_ {
    let elementwise = matches!(node.op, Op::Unary(_) | Op::Binary(_));
    node.operands.iter().flat_map(move |edge| {
        let layout: Option<Layout> = edge.layout.broadcast_to(&node.shape);
        let of_all: Vec<usize> = match layout.filter(|_| elementwise) {
            Some(layout) => layout.offsets().nth(i).into_iter().collect(),
            None => edge.layout.offsets().collect(),
        };
        of_all.into_iter().map(|offset| edge.start.slot() + offset)
    })
}

fn value_cause(op: Op, of: f64, left: f64, bound: f64) -> Cause {
    let sums = matches!(
        op,
        Op::Binary(Binary::Add | Binary::Sub)
            | Op::Structural(
                Structural::Sum
                    | Structural::Affine
                    | Structural::MatMul
                    | Structural::CumSum
                    | Structural::CumSumBack
                    | Structural::ScatterAdd
            )
    );
    let steps = matches!(
        op,
        Op::Unary(Unary::Floor | Unary::Ceil | Unary::Round | Unary::Trunc | Unary::Signum)
            | Op::Binary(Binary::Gt | Binary::Ge | Binary::Eq | Binary::Rem)
    );
    if sums && of <= 2.0 * left {
        Cause::Roundings
    } else if sums {
        Cause::Cancellation { of, left }
    } else if steps || bound == f64::INFINITY {
        Cause::Edge
    } else {
        Cause::Steep
    }
}
