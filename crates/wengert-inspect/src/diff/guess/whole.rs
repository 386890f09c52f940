//! What is wrong with all numbers of a node at once: one change that makes them all says more than
//! an equation that one of them fulfils.

use std::collections::BTreeMap;

use super::Guessing;
use super::region::Region;
use crate::reference::Quantity;
use crate::trace::{Slot, Trace};

/// A derivative as somebody may have written it, of an operand x and the value y.
type Slope = fn(f64, f64) -> f64;

/// A number of the node that is stated: which one, what it should be, and what it is.
type Stated = (Slot, f64, f64);

impl Guessing<'_> {
    /// The guesses at a node, the most telling first.
    pub(in crate::diff) fn whole(&self, slot: Slot, quantity: Quantity) -> Vec<String> {
        let node = self.star.spot(slot).node;
        match quantity {
            Quantity::Value => self.values_of(node).into_iter().collect(),
            Quantity::Adjoint | Quantity::Delta => self.adjoints_of(node).into_iter().collect(),
        }
    }

    /// What a reader calls a node: the name of what was taken of it if that is all that has one.
    fn path(&self, node: usize) -> &str {
        self.star.label_of(Slot(self.star.start(node))).path
    }

    fn values_of(&self, node: usize) -> Option<String> {
        self.transposed(node)
            .or_else(|| self.other_rows(node))
            .or_else(|| Region::new(self, node)?.guess())
    }

    /// A leaf that is stored the other way.
    fn transposed(&self, node: usize) -> Option<String> {
        let of = &self.ours.nodes()[node];
        // A block of parameters has the shape that it is named by.
        let label = self.ours.label_of(Slot(self.ours.start(node)));
        let &[rows, columns] = label.shape else { return None };
        if !of.operands.is_empty() || rows < 2 || rows * columns != of.values.len() {
            return None;
        }
        let other = |i: usize| of.values[(i % columns) * rows + i / columns];
        let mut slots = self.ours.slots_of(node).enumerate();
        let all = slots.all(|(i, slot)| self.aligned.values[slot.index()] == Some(other(i)));
        all.then(|| format!("{} is transposed", label.path))
    }

    /// Rows of a table that were looked up at other places.
    fn other_rows(&self, node: usize) -> Option<String> {
        let of = &self.star.nodes()[node];
        if of.op != "gather" || of.positions.len() != of.values.len() {
            return None;
        }
        let table: Vec<Slot> = self.star.slots_read(of.operands.first()?).collect();
        let mut moved: Option<(Slot, Slot)> = None;
        for (slot, &position) in self.star.slots_of(node).zip(&of.positions) {
            let stated = self.aligned.values[slot.index()]?;
            let own = *table.get(position)?;
            if self.near(stated, self.star.value(own), stated) {
                continue;
            }
            let there = table.iter().find(|&&other| self.star.value(other) == stated)?;
            moved = moved.or(Some((own, *there)));
        }
        let (own, there) = moved?;
        let (own, there) = (self.ours.label(own), self.ours.label(there));
        Some(format!("as if other rows were read: {there} where it is {own}"))
    }

    fn adjoints_of(&self, node: usize) -> Option<String> {
        let stated = self.stated_adjoints(node);
        if stated.is_empty() {
            return None;
        }
        self.detached(node, &stated)
            .or_else(|| self.by_reader(node, &stated))
            .or_else(|| self.slope(node, &stated))
            .or_else(|| self.weights_transposed(node, &stated))
            .or_else(|| self.same_factor(node, &stated))
    }

    fn stated_adjoints(&self, node: usize) -> Vec<Stated> {
        let of = |slot: Slot| {
            let stated = self.aligned.adjoints[slot.index()].as_ref()?.number()?;
            let expected = self.followed.adjoints.get(&slot.index()).map(|e| e.number);
            Some((slot, expected.or_else(|| self.ours.adjoint(slot).number())?, stated))
        };
        self.star.slots_of(node).filter_map(of).collect()
    }

    /// Whether numbers, in the order of those stated, are what is stated; sums of terms of that
    /// size.
    fn makes(&self, stated: &[Stated], made: impl Fn(Slot, f64) -> Option<f64>) -> bool {
        let scale = stated.iter().fold(0.0_f64, |scale, of| scale.max(of.1.abs()).max(of.2.abs()));
        stated.iter().all(|&(slot, expected, stated)| {
            made(slot, expected).is_some_and(|made| {
                self.near(made, stated, made) || (made - stated).abs() <= 1e-9 * scale
            })
        })
    }

    /// Nothing of what went on reached it.
    fn detached(&self, node: usize, stated: &[Stated]) -> Option<String> {
        let all = stated.iter().all(|&(_, _, stated)| stated == 0.0);
        if !all || stated.iter().all(|&(_, expected, _)| expected == 0.0) {
            return None;
        }
        let path = self.path(node);
        let readers = || self.theirs.and_then(|theirs| cut_by(theirs, path));
        Some(match readers() {
            Some(reader) => {
                format!("detached: {reader} reads {path} and passes no derivative back")
            }
            None => format!("no derivative reaches {path}: detached, or not used"),
        })
    }

    /// The contributions of one reader missing, alone, doubled or with the other sign.
    fn by_reader(&self, node: usize, stated: &[Stated]) -> Option<String> {
        let slots: Vec<Slot> = stated.iter().map(|&(slot, ..)| slot).collect();
        let mut shares: BTreeMap<usize, BTreeMap<usize, f64>> = BTreeMap::new();
        let mut seeded = false;
        for ledger in self.star.ledgers(&slots) {
            seeded |= ledger.seed().is_some();
            for term in ledger.contributions() {
                let of = shares.entry(self.star.spot(term.reader).node).or_default();
                *of.entry(ledger.slot().index()).or_default() += term.product;
            }
        }
        if shares.len() + usize::from(seeded) < 2 {
            return None;
        }
        let share =
            |reader: usize, slot: Slot| shares[&reader].get(&slot.index()).copied().unwrap_or(0.0);
        let only = |reader: &usize| self.makes(stated, |slot, _| Some(share(*reader, slot)));
        if let Some(&reader) = shares.keys().find(|reader| only(reader)) {
            let (of, path) = (self.path(reader), self.path(node));
            return Some(format!(
                "only the contributions of {of}: written over the others instead of added, or {path} \
                 is detached where the others read it"
            ));
        }
        for &reader in shares.keys() {
            let of = self.path(reader);
            for (factor, how) in [(-1.0, "missing"), (1.0, "added twice"), (-2.0, "subtracted")] {
                let made =
                    |slot: Slot, expected: f64| Some(expected + factor * share(reader, slot));
                if self.makes(stated, made) {
                    let path = self.path(node);
                    let cut = match how {
                        "missing" => format!(": {path} detached where it reads it?"),
                        _ => String::new(),
                    };
                    return Some(format!("as if the contributions of {of} were {how}{cut}"));
                }
            }
        }
        None
    }

    /// The only node that reads all of a node, number by number.
    fn only_reader(&self, node: usize) -> Option<usize> {
        let (first, len) = (self.star.start(node), self.star.nodes()[node].values.len());
        let reads = |reader: &usize| {
            let mut operands = self.star.nodes()[*reader].operands.iter();
            operands.any(|operand| !operand.cut && operand.elements.first.node == node)
        };
        let mut readers = (node + 1..self.star.nodes().len()).filter(reads);
        let reader = readers.next().filter(|_| readers.next().is_none())?;
        let read = self.star.resolve(&self.star.nodes()[reader].operands.first()?.elements);
        (read.slots().eq(first..first + len) || self.star.nodes()[reader].operands.len() > 1)
            .then_some(reader)
    }

    /// Another slope than that of the function that reads it.
    fn slope(&self, node: usize, stated: &[Stated]) -> Option<String> {
        let reader = self.only_reader(node)?;
        let of = &self.star.nodes()[reader];
        if of.operands.len() != 1 || of.values.len() != self.star.nodes()[node].values.len() {
            return None;
        }
        let start = self.star.start(node);
        let at = |slot: Slot| {
            let y = Slot(self.star.start(reader) + slot.index() - start);
            let adjoint = self.star.adjoint(y).number()?;
            Some((self.star.value(slot), self.star.value(y), adjoint))
        };
        let slopes: [(&str, Slope); 8] = [
            ("1", |_, _| 1.0),
            ("y", |_, y| y),
            ("x", |x, _| x),
            ("1 - y", |_, y| 1.0 - y),
            ("1 - x^2", |x, _| 1.0 - x * x),
            ("1 - y^2", |_, y| 1.0 - y * y),
            ("y (1 - y)", |_, y| y * (1.0 - y)),
            ("x (1 - x)", |x, _| x * (1.0 - x)),
        ];
        let (op, path) = (&of.op, self.path(reader));
        let found = slopes.iter().find(|(_, slope)| {
            self.makes(stated, |slot, _| at(slot).map(|(x, y, adjoint)| slope(x, y) * adjoint))
        });
        if let Some((text, _)) = found {
            return Some(match *text {
                "1" => format!("as if the derivative of {op} in {path} were missing"),
                text => format!("as if the derivative of {op} in {path} were {text}"),
            });
        }
        let twice = |slot: Slot, expected: f64| {
            let (.., adjoint) = at(slot)?;
            Some(if adjoint == 0.0 { 0.0 } else { expected * expected / adjoint })
        };
        self.makes(stated, twice)
            .then(|| format!("as if the derivative of {op} in {path} were there twice"))
    }

    /// The way back through a product with the weights transposed.
    fn weights_transposed(&self, node: usize, stated: &[Stated]) -> Option<String> {
        let reader = self.only_reader(node)?;
        let of = &self.star.nodes()[reader];
        if of.op != "affine" {
            return None;
        }
        let weights = &of.operands.get(1)?.elements;
        let &[outputs, inputs] = weights.shape.as_slice() else { return None };
        if outputs != inputs || of.operands.get(2)?.elements.first.node != node {
            return None;
        }
        let w: Vec<Slot> = self.star.slots_read(of.operands.get(1)?).collect();
        let (start, end) = (self.star.start(node), self.star.start(reader));
        let made = |slot: Slot, _: f64| {
            let (row, column) = ((slot.index() - start) / inputs, (slot.index() - start) % inputs);
            let terms = (0..outputs).map(|i| {
                let adjoint = self.star.adjoint(Slot(end + row * outputs + i)).number()?;
                Some(adjoint * self.star.value(w[column * inputs + i]))
            });
            terms.sum::<Option<f64>>()
        };
        let label = self.star.label_of(*w.first()?).path;
        self.makes(stated, made).then(|| format!("as if {label} were transposed on the way back"))
    }

    /// One factor for all numbers.
    fn same_factor(&self, node: usize, stated: &[Stated]) -> Option<String> {
        let largest = stated
            .iter()
            .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
            .filter(|of| of.1 != 0.0)?;
        let ratio = largest.2 / largest.1;
        if stated.len() < 2 || !self.makes(stated, |_, expected| Some(ratio * expected)) {
            return None;
        }
        if [1.0, 2.0, 0.5].iter().any(|&plain| self.is(ratio.abs(), plain)) {
            return None;
        }
        self.extent(ratio).or_else(|| {
            let path = self.path(node);
            let ratio = crate::digits::Digits::new(ratio).significant(4);
            Some(format!("all numbers of {path} by the same factor, {ratio}"))
        })
    }
}

/// The node that reads a path and lets no derivative back, if there is one.
fn cut_by(theirs: &Trace, path: &str) -> Option<String> {
    let part = theirs.find(path)?;
    let first = part.slots().first()?.index();
    let mut readers = theirs.nodes().iter().filter(|node| {
        node.operands.iter().any(|operand| {
            operand.cut && theirs.resolve(&operand.elements).slots().any(|slot| slot == first)
        })
    });
    readers.next().map(|node| node.path.clone())
}
