//! Formulas in vectors and matrices: a layer's δ = Wᵀ δ′ ⊙ σ′(z).

use wengert::number::Real;
use wengert::op::{Op, Structural};
use wengert::rulebook::Reading;
use wengert::rulebook::rules::{self, Partial};

use super::blocks::{Block, Blocks, Operand, Read};
use super::expr::{Arena, Expr, Quantity, Term};
use super::formulas::{Formulas, on_paper};
use super::math::Math;
use super::steps::{chain, sum_of_names, work_out};
use super::symbol::{Name, Role, Symbol};
use super::write::{Equation, Share};
use crate::trace::{Adjoint, Slot, TraceNode, known_op};

/// Formulas over the blocks of a trace.
#[derive(Debug)]
pub(super) struct Vectors<'a, 'f> {
    formulas: &'f Formulas<'a>,
    pub(super) blocks: Blocks,
}

/// A contribution: by which block, its formula, and the numbers that it adds.
type Contribution<'a> = (usize, Term<'a>, Vec<f64>);

impl<'a, 'f> Vectors<'a, 'f> {
    pub(super) fn new(formulas: &'f Formulas<'a>) -> Self {
        Vectors { formulas, blocks: Blocks::new(formulas) }
    }

    fn arena(&self) -> &'a Arena {
        self.formulas.arena
    }

    fn block(&self, id: usize) -> &Block {
        &self.blocks.all[id]
    }

    fn node(&self, id: usize) -> Option<&'a TraceNode> {
        self.block(id).members.first().map(|&node| &self.formulas.trace.nodes()[node])
    }

    pub(super) fn role(&self, id: usize) -> Role {
        self.formulas.plan.roles[self.block(id).slots[0]]
    }

    pub(super) fn symbol(&self, id: usize, role: Role) -> Symbol {
        let loss = self.formulas.loss.map(|loss| Name::of(self.formulas.trace, loss));
        Symbol { role, name: self.block(id).name.clone(), loss }
    }

    fn named(&self, id: usize, role: Role) -> Term<'a> {
        let trace = self.formulas.trace;
        let block = self.block(id);
        let adjoint = |slot: &usize| trace.adjoint(Slot(*slot)).number().unwrap_or(f64::NAN);
        let numbers = match role {
            Role::Value => block.slots.iter().map(|&slot| trace.value(Slot(slot))).collect(),
            role => block.slots.iter().map(|slot| role.sign() * adjoint(slot)).collect(),
        };
        self.arena().named(Quantity {
            symbol: self.symbol(id, role),
            shape: block.shape.clone(),
            numbers,
        })
    }

    /// The extents of an operand as its reader takes it.
    fn shape_of(&self, operand: Operand) -> Vec<usize> {
        match operand {
            Operand::Block { id, transposed } => {
                let mut shape = self.block(id).shape.clone();
                if transposed {
                    shape.reverse();
                }
                shape
            }
            Operand::Number(_) | Operand::Element(_) => Vec::new(),
        }
    }

    fn value(&self, operand: Operand) -> Option<Term<'a>> {
        Some(match operand {
            Operand::Number(number) => self.arena().number(number),
            Operand::Element(slot) => self.formulas.value(slot),
            Operand::Block { id, transposed } => {
                let term = if self.block(id).shown {
                    self.named(id, Role::Value)
                } else {
                    self.definition(id)?
                };
                if transposed { self.arena().put(Expr::Transposed(term.id())) } else { term }
            }
        })
    }

    fn operand(&self, id: usize, operand: usize) -> Option<Operand> {
        self.blocks.operand(self.formulas.trace, id, operand)
    }

    /// What a block is computed from; nothing if vectors do not say it.
    pub(super) fn definition(&self, id: usize) -> Option<Term<'a>> {
        let node = self.node(id)?;
        let block = self.block(id);
        let value = |i: usize| self.value(self.operand(id, i)?);
        let every_axis =
            |i: usize| Some(node.axes.len() == node.operands.get(i)?.elements.shape.len());
        let put = |expr: Expr| self.arena().put(expr);
        match known_op(&node.op)? {
            Op::Leaf(_) => None,
            Op::Unary(op) => Some(value(0)?.unary(op)),
            Op::Binary(op) => {
                let (x, y) = (value(0)?, value(1)?);
                let both = x.rank().max(y.rank()) == block.shape.len();
                both.then(|| x.binary(op, y))
            }
            Op::Structural(Structural::Affine) => {
                let (b, w, x) = (value(0)?, value(1)?, value(2)?);
                let product = match (w.rank(), x.rank()) {
                    (1 | 2, 1) => put(Expr::MatMul(w.id(), x.id())),
                    (1, 2) => put(Expr::MatMul(x.id(), w.id())),
                    (2, 2) => put(Expr::MatMul(x.id(), put(Expr::Transposed(w.id())).id())),
                    _ => return None,
                };
                Some(put(Expr::Sum(vec![b.id(), product.id()])))
            }
            Op::Structural(Structural::MatMul) => {
                let (a, b) = (value(0)?, value(1)?);
                let plain = (1..=2).contains(&a.rank()) && (1..=2).contains(&b.rank());
                plain.then(|| put(Expr::MatMul(a.id(), b.id())))
            }
            Op::Structural(Structural::Sum) if every_axis(0)? => {
                Some(put(Expr::Total(value(0)?.id())))
            }
            Op::Structural(Structural::Sum) if node.axes == [0] && node.shape.len() == 1 => {
                Some(put(Expr::ColumnSums(value(0)?.id())))
            }
            Op::Structural(Structural::Contiguous) => value(0),
            Op::Structural(op)
                if node.operands.len() == 1 && !node.axes.is_empty() && every_axis(0)? =>
            {
                match op.reading() {
                    Reading::Called => Some(put(Expr::Called(op, vec![value(0)?.id()]))),
                    Reading::Chosen(op) => Some(put(Expr::Extremum(op, vec![value(0)?.id()]))),
                    _ => None,
                }
            }
            Op::Structural(_) => None,
        }
    }

    /// The adjoint of a block that reads, and whether it is to be taken with a minus.
    fn adjoint(&self, id: usize) -> Option<(bool, Term<'a>)> {
        let block = self.block(id);
        if let ([slot], Some(loss)) = (&*block.slots, self.formulas.loss)
            && loss.index() == *slot
        {
            return Some((false, self.arena().number(1.0)));
        }
        if block.shown {
            let role = self.role(id);
            return Some((role.sign() < 0.0, self.named(id, role)));
        }
        let terms: Vec<Term<'a>> =
            block.reads.iter().map(|read| self.contribution(id, read)).collect::<Option<_>>()?;
        if block.broken || terms.is_empty() {
            return None;
        }
        Some((false, self.arena().sum(&terms)))
    }

    /// What a reader adds to a block's adjoint; nothing if vectors do not say it.
    fn contribution(&self, id: usize, read: &Read) -> Option<Term<'a>> {
        let (negative, adjoint) = self.adjoint(read.reader)?;
        let mut term = self.product(read, adjoint)?;
        if read.transposed {
            term = self.arena().put(Expr::Transposed(term.id()));
        }
        let shape = &self.block(id).shape;
        if term.rank() < shape.len() {
            // Repeated for every element.
            let ones = self.arena().put(Expr::Ones(shape.clone()));
            term = self.arena().product(&[term, ones]);
        }
        Some(if negative { -term } else { term })
    }

    /// The adjoint of an operand, as its reader takes it, from the reader's.
    fn product(&self, read: &Read, g: Term<'a>) -> Option<Term<'a>> {
        let (reader, i) = (read.reader, read.operand);
        let node = self.node(reader)?;
        let shape = &self.block(reader).shape;
        let operand = self.operand(reader, i)?;
        let own = self.shape_of(operand);
        let value = |i: usize| self.value(self.operand(reader, i)?);
        let v = || {
            if self.block(reader).shown {
                Some(self.named(reader, Role::Value))
            } else {
                self.definition(reader)
            }
        };
        let put = |expr: Expr| self.arena().put(expr);
        let transposed = |term: Term<'a>| put(Expr::Transposed(term.id()));
        let times = |a: Term<'a>, b: Term<'a>| put(Expr::MatMul(a.id(), b.id()));
        let outer = |a: Term<'a>, b: Term<'a>| put(Expr::Outer(a.id(), b.id()));
        let total = |term: Term<'a>| put(Expr::Total(term.id()));
        let of = |partial: Partial<Term<'a>>| match partial {
            Partial::Zero => None,
            partial => Some(self.arena().product(&[g, partial.value(self.arena().number(0.0))])),
        };
        match known_op(&node.op)? {
            Op::Leaf(_) => None,
            Op::Unary(op) => {
                let (x, v) = (value(0)?, v()?);
                of(on_paper(Op::Unary(op), 0, |_| x, || v)
                    .map_or_else(|| rules::unary(op, x, v), Partial::Of))
            }
            Op::Binary(op) => {
                let (x, y) = (value(0)?, value(1)?);
                let v = v()?;
                let operand = |i: usize| if i == 0 { x } else { y };
                let share = of(match on_paper(Op::Binary(op), i, operand, || v) {
                    Some(written) => Partial::Of(written),
                    None if i == 0 => rules::first(op, x, y, v),
                    None => rules::second(op, x, y, v),
                })?;
                match () {
                    () if own == *shape => Some(share),
                    // One number that every element reads.
                    () if own.iter().product::<usize>() == 1 && share.rank() == shape.len() => {
                        Some(total(share))
                    }
                    () if own.len() == 1
                        && shape.len() == 2
                        && own[0] == shape[1]
                        && share.rank() == 2 =>
                    {
                        Some(put(Expr::ColumnSums(share.id())))
                    }
                    () => None,
                }
            }
            Op::Structural(Structural::Affine) => {
                let (w, x) = (value(1)?, value(2)?);
                match (i, w.rank(), x.rank()) {
                    (0, ..) if own == *shape => Some(g),
                    (0, 2, 2) if own.len() == 1 && own[0] == shape[1] => {
                        Some(put(Expr::ColumnSums(g.id())))
                    }
                    (0, ..) if own.iter().product::<usize>() == 1 => Some(total(g)),
                    (1, 1, 1) => Some(self.arena().product(&[g, x])),
                    (2, 1, 1) => Some(self.arena().product(&[w, g])),
                    (1, 2, 1) => Some(outer(g, x)),
                    (2, 2, 1) => Some(times(transposed(w), g)),
                    (1, 1, 2) => Some(times(transposed(x), g)),
                    (2, 1, 2) => Some(outer(g, w)),
                    (1, 2, 2) => Some(times(transposed(g), x)),
                    (2, 2, 2) => Some(times(g, w)),
                    _ => None,
                }
            }
            Op::Structural(Structural::MatMul) => {
                let (a, b) = (value(0)?, value(1)?);
                match (i, a.rank(), b.rank()) {
                    (0, 1, 1) => Some(self.arena().product(&[g, b])),
                    (1, 1, 1) => Some(self.arena().product(&[a, g])),
                    (0, 2, 1) => Some(outer(g, b)),
                    (1, 2, 1) => Some(times(transposed(a), g)),
                    (0, 1, 2) => Some(times(b, g)),
                    (1, 1, 2) => Some(outer(a, g)),
                    (0, 2, 2) => Some(times(g, transposed(b))),
                    (1, 2, 2) => Some(times(transposed(a), g)),
                    _ => None,
                }
            }
            Op::Structural(Structural::Sum) if node.axes.len() == own.len() => Some(g),
            Op::Structural(Structural::Contiguous) => Some(g),
            Op::Structural(op) if !node.axes.is_empty() && node.axes.len() == own.len() => {
                Some(self.arena().product(&[g, op.partial(value(0)?, v()?)?]))
            }
            Op::Structural(_) => None,
        }
    }

    /// The contributions to a block's adjoint; nothing if vectors do not say all of them.
    fn contributions(&self, id: usize) -> Option<Vec<Contribution<'a>>> {
        let block = self.block(id);
        if block.broken {
            return None;
        }
        let mut found: Vec<Contribution<'a>> = Vec::new();
        for read in &block.reads {
            let numbers = block.slots.iter().map(|&slot| {
                self.formulas.added(slot, |reader, operand| {
                    self.blocks.owner[reader] == read.reader && operand == read.operand
                })
            });
            let numbers: Vec<f64> = numbers.collect();
            let live = self.block(read.reader).slots.iter().any(|&slot| {
                matches!(
                    self.formulas.trace.adjoint(Slot(slot)),
                    Adjoint::Computed(_) | Adjoint::Zero(_)
                )
            });
            if live {
                found.push((read.reader, self.contribution(id, read)?, numbers));
            }
        }
        Some(found)
    }

    pub(super) fn value_equation(&self, id: usize, wanted: usize) -> Option<Equation> {
        let block = self.block(id);
        let results: Vec<f64> =
            block.slots.iter().map(|&slot| self.formulas.trace.value(Slot(slot))).collect();
        let (lines, note) = work_out(self.definition(id)?, &results, &block.shape, wanted);
        Some(Equation {
            sum: None,
            shares: Vec::new(),
            left: Math::Symbol(self.symbol(id, Role::Value)),
            lines,
            note,
        })
    }

    /// Whether a block's adjoint can be written in vectors. Starts and missing paths are said
    /// number by number.
    pub(super) fn says_adjoint(&self, id: usize) -> bool {
        let trace = self.formulas.trace;
        let plain = |&slot: &usize| {
            let slot = Slot(slot);
            trace.seed(slot).is_none()
                && matches!(trace.adjoint(slot), Adjoint::Computed(_) | Adjoint::Zero(_))
        };
        self.block(id).slots.iter().all(plain)
            && self.contributions(id).is_some_and(|all| !all.is_empty())
    }

    pub(super) fn adjoint_equation(&self, id: usize, wanted: usize) -> Option<Equation> {
        let block = self.block(id);
        let trace = self.formulas.trace;
        let role = self.role(id);
        let results: Vec<f64> = block
            .slots
            .iter()
            .map(|&slot| Some(role.sign() * trace.adjoint(Slot(slot)).number()?))
            .collect::<Option<_>>()?;
        let contributions = self.contributions(id)?;
        let signed = |term: Term<'a>| if role.sign() < 0.0 { -term } else { term };
        let mut equation = Equation {
            sum: None,
            shares: Vec::new(),
            left: Math::Symbol(self.symbol(id, role)),
            lines: Vec::new(),
            note: None,
        };
        if let [(_, term, _)] = &*contributions {
            (equation.lines, equation.note) =
                work_out(signed(*term), &results, &block.shape, wanted);
        } else {
            let names: Vec<Term<'a>> =
                contributions.iter().rev().map(|(_, term, _)| signed(*term)).collect();
            equation.sum = sum_of_names(self.arena().sum(&names));
            let mut terms = Vec::new();
            // From the first reader to the last, as in a sum of single numbers.
            for (reader, term, numbers) in contributions.into_iter().rev() {
                let numbers: Vec<f64> = numbers.iter().map(|number| role.sign() * number).collect();
                let (lines, note) = work_out(signed(term), &numbers, &block.shape, wanted);
                equation.shares.push(Share {
                    reader: self.block(reader).name.text(),
                    math: chain(lines, note),
                });
                let symbol = self.symbol(id, Role::Adjoint);
                terms.push(self.arena().named(Quantity {
                    symbol,
                    shape: block.shape.clone(),
                    numbers,
                }));
            }
            let (mut lines, note) =
                work_out(self.arena().sum(&terms), &results, &block.shape, wanted);
            // What is added has no names of its own.
            lines.remove(0);
            (equation.lines, equation.note) = (lines, note);
        }
        let reasons = block.slots.iter().filter_map(|&slot| match trace.adjoint(Slot(slot)) {
            Adjoint::Zero(reason) => Some(format!("0 at {}: {reason}", trace.label(Slot(slot)))),
            _ => None,
        });
        let reasons: Vec<String> = reasons.collect();
        if equation.note.is_none() && !reasons.is_empty() {
            equation.note = Some(match &*reasons {
                [first, second, .., _] => {
                    format!("{first}; {second}; and {} more", reasons.len() - 2)
                }
                reasons => reasons.join("; "),
            });
        }
        Some(equation)
    }
}
