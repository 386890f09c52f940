//! The formulas of single numbers: what a number is computed from, and what its adjoint is added up
//! from.

use std::cell::RefCell;
use std::collections::HashMap;

use wengert::number::Real;
use wengert::op::{Binary, Op, Structural, Unary};
use wengert::rulebook::Reading;
use wengert::rulebook::rules::{self, Partial};

use super::expr::{Arena, Expr, Quantity, Term};
use super::symbol::{Name, Role, Symbol};
use crate::trace::strided::Strided;
use crate::trace::{Adjoint, Slot, Trace, TraceNode, known_op};

/// Operations that one formula may combine before an intermediate result gets a line of its own.
const COMBINED: usize = 8;

/// Which numbers have a line of their own, and with which sign their derivatives are written.
#[derive(Debug)]
pub(super) struct Plan {
    /// For every slot: whether it is called by its name instead of by its formula.
    pub(super) shown: Vec<bool>,
    /// For every slot: how its derivative is written.
    pub(super) roles: Vec<Role>,
}

impl Plan {
    /// Everything is shown, or what has a name, what is read more than once, and what would make
    /// formulas too long.
    pub(super) fn new(trace: &Trace, every_op: bool, is_delta: impl Fn(&str) -> bool) -> Self {
        let reads = reads(trace);
        let outputs: Vec<Slot> = trace.outputs().iter().map(|output| trace.at(output.of)).collect();
        let (mut shown, mut combined) = (vec![false; trace.len()], vec![0_usize; trace.len()]);
        let mut roles = vec![Role::Adjoint; trace.len()];
        for (index, node) in trace.nodes().iter().enumerate() {
            let operands: Vec<Strided> =
                node.operands.iter().map(|o| trace.resolve(&o.elements)).collect();
            let op = known_op(&node.op);
            for slot in trace.slots_of(index) {
                let s = slot.index();
                let label = trace.label_of(slot);
                if is_delta(label.path) {
                    roles[s] = Role::Delta;
                }
                let position = s - trace.start(index);
                if let (Some(Op::Unary(_)), [x]) = (op, &*operands)
                    && roles[s] == Role::Adjoint
                    && roles[x.at(position)] == Role::Delta
                {
                    roles[s] = Role::Error;
                }
                combined[s] = usize::from(!matches!(op, Some(Op::Leaf(_))))
                    + match op {
                        Some(Op::Leaf(_)) => 0,
                        _ if operands.iter().all(|x| x.shape.is_empty()) => operands
                            .iter()
                            .map(|x| if shown[x.start] { 0 } else { combined[x.start] })
                            .sum(),
                        Some(Op::Unary(_) | Op::Binary(_)) => {
                            let of = |x: &Strided| {
                                x.broadcast_to(&node.shape).map_or(x.start, |x| x.at(position))
                            };
                            operands
                                .iter()
                                .map(of)
                                .map(|x| if shown[x] { 0 } else { combined[x] })
                                .sum()
                        }
                        _ => operands
                            .iter()
                            .flat_map(Strided::slots)
                            .map(|x| 1 + if shown[x] { 0 } else { combined[x] })
                            .sum(),
                    };
                let leaf = matches!(op, Some(Op::Leaf(_)));
                shown[s] = every_op && node.op != "const"
                    || label.named
                    || leaf && node.op != "const"
                    || op.is_none()
                    || outputs.contains(&slot)
                    || !leaf && (reads[s] != 1 || combined[s] > COMBINED);
            }
        }
        Plan { shown, roles }
    }
}

/// How often every number is read, roughly: more than once is told from once.
fn reads(trace: &Trace) -> Vec<u32> {
    let mut reads = vec![0_u32; trace.len()];
    for node in trace.nodes() {
        for operand in &node.operands {
            let strided = trace.resolve(&operand.elements);
            let times = match known_op(&node.op) {
                Some(Op::Structural(Structural::Affine | Structural::MatMul)) => node.values.len(),
                Some(Op::Structural(Structural::CumSum | Structural::CumSumBack)) => 2,
                Some(Op::Unary(_) | Op::Binary(_)) => node.values.len() / strided.len(),
                _ => 1,
            };
            for slot in strided.slots() {
                reads[slot] = reads[slot].saturating_add(u32::try_from(times).unwrap_or(u32::MAX));
            }
        }
    }
    reads
}

/// What one reader of a number adds to its adjoint.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    /// The slot of the reading number.
    pub(super) reader: usize,
    operand: usize,
    partial: Partial<f64>,
    factor: Option<usize>,
}

/// Formulas over one trace.
#[derive(Debug)]
pub(super) struct Formulas<'a> {
    pub(super) trace: &'a Trace,
    pub(super) arena: &'a Arena,
    pub(super) plan: Plan,
    pub(super) loss: Option<Slot>,
    /// Who reads a number on a path to the output, in the order of the sweep.
    edges: HashMap<usize, Vec<Edge>>,
    /// For every slot, the lines between it and the output, on the longest way.
    distance: Vec<u32>,
    /// What the elements of the node asked for last read: neighbours are asked for one after
    /// another.
    read: RefCell<(Option<usize>, Parts)>,
}

/// For every element of a node, what it reads: numbers, or pairs of factors.
type Parts = Vec<Vec<(usize, Option<usize>)>>;

impl<'a> Formulas<'a> {
    /// `wanted` says which slots' adjoints will be asked for.
    pub(super) fn new(
        trace: &'a Trace,
        arena: &'a Arena,
        plan: Plan,
        wanted: impl Fn(usize) -> bool,
    ) -> Self {
        let mut edges: HashMap<usize, Vec<Edge>> = HashMap::new();
        let mut distance = vec![0; trace.len()];
        for index in (0..trace.nodes().len()).rev() {
            trace.jacobian(index, |entry| {
                let through = distance[entry.reader] + u32::from(plan.shown[entry.reader]);
                distance[entry.slot] = through.max(distance[entry.slot]);
                let live = matches!(
                    trace.adjoint(Slot(entry.reader)),
                    Adjoint::Computed(_) | Adjoint::Zero(_)
                );
                if live && (!plan.shown[entry.slot] || wanted(entry.slot)) {
                    let (reader, operand) = (entry.reader, entry.operand);
                    let edge =
                        Edge { reader, operand, partial: entry.partial, factor: entry.factor };
                    edges.entry(entry.slot).or_default().push(edge);
                }
            });
        }
        let loss = trace.loss().filter(|&loss| trace.adjoint(loss).number() == Some(1.0));
        Formulas { trace, arena, plan, loss, edges, distance, read: RefCell::default() }
    }

    pub(super) fn node(&self, slot: usize) -> &'a TraceNode {
        &self.trace.nodes()[self.trace.spot(Slot(slot)).node]
    }

    pub(super) fn symbol(&self, slot: usize, role: Role) -> Symbol {
        let loss = self.loss.map(|loss| Name::of(self.trace, loss));
        Symbol { role, name: Name::of(self.trace, Slot(slot)), loss }
    }

    fn named(&self, slot: usize, role: Role, number: f64) -> Term<'a> {
        self.arena.named(Quantity {
            symbol: self.symbol(slot, role),
            shape: Vec::new(),
            numbers: vec![number],
        })
    }

    /// What a formula calls a number: by its name, or by what it is computed from.
    pub(super) fn value(&self, slot: usize) -> Term<'a> {
        let number = self.trace.value(Slot(slot));
        if self.node(slot).op == "const" {
            return self.arena.number(number);
        }
        let formula = if self.plan.shown[slot] { None } else { self.definition(slot) };
        formula.unwrap_or_else(|| self.named(slot, Role::Value, number))
    }

    /// What a number is computed from; nothing for a leaf.
    pub(super) fn definition(&self, slot: usize) -> Option<Term<'a>> {
        let spot = self.trace.spot(Slot(slot));
        let node = &self.trace.nodes()[spot.node];
        let operands: Vec<Strided> =
            node.operands.iter().map(|o| self.trace.resolve(&o.elements)).collect();
        let own = |i: usize| {
            let wide = operands[i].broadcast_to(&node.shape);
            self.value(wide.as_ref().unwrap_or(&operands[i]).at(spot.position))
        };
        match known_op(&node.op) {
            Some(Op::Leaf(_)) => None,
            Some(Op::Unary(op)) => Some(own(0).unary(op)),
            Some(Op::Binary(op)) => Some(own(0).binary(op, own(1))),
            Some(Op::Structural(op)) => self.structural(op, spot.node, spot.position, &operands),
            None => {
                let all =
                    operands.iter().flat_map(Strided::slots).map(|s| self.value(s).id()).collect();
                Some(self.arena.put(Expr::Opaque(node.op.clone(), all)))
            }
        }
    }

    /// An element of a structural op.
    fn structural(
        &self,
        op: Structural,
        index: usize,
        position: usize,
        operands: &[Strided],
    ) -> Option<Term<'a>> {
        let node = &self.trace.nodes()[index];
        let ids = |terms: &[Term<'a>]| terms.iter().map(|term| term.id()).collect::<Vec<_>>();
        let wide = |i: usize| {
            let x = operands[i].broadcast_to(&node.shape).unwrap_or_else(|| operands[i].clone());
            self.value(x.at(position))
        };
        // The numbers that the element was made of, as the Jacobian lists them, cut or not.
        let parts = || self.parts(index, position);
        let values = || parts().into_iter().map(|(slot, _)| self.value(slot)).collect::<Vec<_>>();
        Some(match op.reading() {
            Reading::Products { from, .. } => {
                let products = parts().into_iter().map(|(a, b)| self.multiply(a, b?));
                let terms: Vec<Term<'a>> = from
                    .map(|i| Some(wide(i)))
                    .into_iter()
                    .chain(products)
                    .collect::<Option<_>>()?;
                self.arena.sum(&terms)
            }
            Reading::Added => self.arena.sum(&values()),
            Reading::Chosen(op) => self.arena.put(Expr::Extremum(op, ids(&values()))),
            Reading::Moved => *values().first()?,
            Reading::Cases => {
                self.arena.put(Expr::Select(wide(0).id(), wide(1).id(), wide(2).id()))
            }
            Reading::Called => self.arena.put(Expr::Called(op, ids(&values()))),
        })
    }

    fn multiply(&self, a: usize, b: usize) -> Option<Term<'a>> {
        // Not simplified by a factor of one, which only this row may have.
        Some(self.arena.put(Expr::Product(vec![self.value(a).id(), self.value(b).id()])))
    }

    /// What an element of a structural op reads: numbers, or pairs of factors.
    fn parts(&self, index: usize, position: usize) -> Vec<(usize, Option<usize>)> {
        let mut read = self.read.borrow_mut();
        let (known, parts) = &mut *read;
        if *known != Some(index) {
            *parts = self.parts_of(index);
            *known = Some(index);
        }
        parts[position].clone()
    }

    /// The same for every element of a node.
    fn parts_of(&self, index: usize) -> Parts {
        let (node, start) = (&self.trace.nodes()[index], self.trace.start(index));
        let reading = match known_op(&node.op) {
            Some(Op::Structural(op)) => op.reading(),
            _ => Reading::Added,
        };
        let mut parts = vec![Vec::new(); node.values.len()];
        // As if nothing were cut.
        self.trace.jacobian_uncut(index, |entry| {
            let is_part = match reading {
                Reading::Products { of, .. } => entry.operand == of,
                _ => true,
            };
            if is_part {
                parts[entry.reader - start].push((entry.slot, entry.factor));
            }
        });
        // Added up from the end.
        if node.op == Structural::CumSumBack.name() {
            parts.iter_mut().for_each(|parts| parts.reverse());
        }
        parts
    }

    /// The derivative of a reader by a number, as a formula.
    fn partial(&self, slot: usize, edge: &Edge) -> Term<'a> {
        let spot = self.trace.spot(Slot(edge.reader));
        let node = &self.trace.nodes()[spot.node];
        let number = |partial: Partial<f64>| self.arena.number(partial.value(0.0));
        let operand = |i: usize| {
            let strided = self.trace.resolve(&node.operands[i].elements);
            let wide = strided.broadcast_to(&node.shape).unwrap_or(strided);
            self.value(wide.at(spot.position))
        };
        let v = || self.value(edge.reader);
        let of = |partial: Partial<Term<'a>>| partial.value(self.arena.number(0.0));
        if let Some(written) =
            known_op(&node.op).and_then(|op| on_paper(op, edge.operand, operand, v))
        {
            return written;
        }
        match (known_op(&node.op), edge.factor) {
            (Some(Op::Unary(op)), _) => of(rules::unary(op, operand(0), v())),
            (Some(Op::Binary(op)), _) if edge.operand == 0 => {
                of(rules::first(op, operand(0), operand(1), v()))
            }
            (Some(Op::Binary(op)), _) => of(rules::second(op, operand(0), operand(1), v())),
            (_, Some(factor)) => self.value(factor),
            (Some(Op::Structural(op)), _) => {
                let formula = op.partial(self.value(slot), self.value(edge.reader));
                formula.unwrap_or_else(|| number(edge.partial))
            }
            _ => number(edge.partial),
        }
    }

    /// The contributions to a number's adjoint that are not zero by the structure of the tape, each
    /// with its reader.
    pub(super) fn contributions(&self, slot: usize) -> Vec<(usize, Term<'a>, f64)> {
        let edges = self.edges.get(&slot).map_or(&[][..], Vec::as_slice);
        let passes = |edge: &&Edge| {
            edge.partial != Partial::Zero
                && self.trace.adjoint(Slot(edge.reader)).number().is_some_and(|g| g != 0.0)
        };
        let contribution = |edge: &Edge| {
            let (adjoint, partial) = (self.adjoint(edge.reader), self.partial(slot, edge));
            // An input's share is written weight first, a weight's delta first, as on paper.
            let inputs = edge.operand == 2 && edge.factor.is_some();
            let factors = if inputs { [partial, adjoint] } else { [adjoint, partial] };
            let g = self.trace.adjoint(Slot(edge.reader)).number().unwrap_or(f64::NAN);
            let product = self.trace.precision().times(edge.partial, g).unwrap_or(0.0);
            (edge.reader, self.arena.product(&factors), product)
        };
        edges.iter().filter(passes).map(contribution).collect()
    }

    /// What some of a number's readers add to its adjoint, chosen by the reader's slot and which
    /// operand it is.
    pub(super) fn added(&self, slot: usize, chosen: impl Fn(usize, usize) -> bool) -> f64 {
        let edges = self.edges.get(&slot).map_or(&[][..], Vec::as_slice);
        let products =
            edges.iter().filter(|edge| chosen(edge.reader, edge.operand)).filter_map(|edge| {
                let g = self.trace.adjoint(Slot(edge.reader)).number().filter(|&g| g != 0.0)?;
                self.trace.precision().times(edge.partial, g)
            });
        products.reduce(|a, b| self.trace.precision().add(a, b)).unwrap_or(0.0)
    }

    /// How many readers a number has that lead to the output.
    pub(super) fn readers(&self, slot: usize) -> usize {
        self.edges.get(&slot).map_or(0, Vec::len)
    }

    /// The lines between a number and the output, on the longest way: who has fewer does not depend
    /// on who has more.
    pub(super) fn distance(&self, slot: usize) -> u32 {
        self.distance[slot]
    }

    /// What a formula calls an adjoint.
    fn adjoint(&self, slot: usize) -> Term<'a> {
        if self.loss == Some(Slot(slot)) {
            return self.arena.number(1.0);
        }
        let number = self.trace.adjoint(Slot(slot)).number().unwrap_or(f64::NAN);
        if self.plan.shown[slot] {
            let role = self.plan.roles[slot];
            let quantity = self.named(slot, role, role.sign() * number);
            return if role.sign() < 0.0 { -quantity } else { quantity };
        }
        let seed = self.trace.seed(Slot(slot)).map(|seed| self.arena.number(seed));
        let terms: Vec<Term<'a>> = seed
            .into_iter()
            .chain(self.contributions(slot).into_iter().map(|(_, term, _)| term))
            .collect();
        self.arena.sum(&terms)
    }
}

/// Whether a number was given, and not computed.
pub(super) fn is_leaf(trace: &Trace, slot: usize) -> bool {
    let node = &trace.nodes()[trace.spot(Slot(slot)).node];
    matches!(known_op(&node.op), Some(Op::Leaf(_)))
}

/// The partial by operand `i` as it stands in textbooks, where the rules have it in another form to
/// keep its digits.
pub(super) fn on_paper<'a>(
    op: Op,
    i: usize,
    operand: impl Fn(usize) -> Term<'a>,
    v: impl Fn() -> Term<'a>,
) -> Option<Term<'a>> {
    Some(match (op, i) {
        (Op::Unary(Unary::Recip), _) => -(v() * v()),
        (Op::Binary(Binary::Div), 1) => -(v() / operand(1)),
        (Op::Binary(Binary::Powf), 1) => v().mul_no_nan(operand(0).ln()),
        (Op::Binary(Binary::Hypot), _) => operand(i) / (v() + v().indicator_eq(v().like(0.0))),
        // xʸ⁻¹ (1 + y ln x), the mixed derivative of a power.
        (Op::Binary(Binary::PowSlope), 1) | (Op::Binary(Binary::PowLn), 0) => {
            let (x, y) = (operand(0), operand(1));
            x.powf(y - y.like(1.0)) * (y.like(1.0) + y * x.ln())
        }
        _ => return None,
    })
}
