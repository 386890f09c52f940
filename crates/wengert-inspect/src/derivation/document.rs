//! A derivation as a text: introduction, what is given, forward, backward, check.

use super::check::{differences, matches, parameters};
use super::expr::Arena;
use super::formulas::{Formulas, Plan, is_leaf};
use super::symbol::Name;
use super::vectors::Vectors;
use super::write::{Block, Equation, Inline};
use super::{Derivation, Level};
use crate::trace::{Adjoint, Precision, Slot};

impl Derivation<'_> {
    pub(super) fn document(&self, arena: &Arena) -> Vec<Block> {
        let trace = self.trace;
        let is_delta = |path: &str| self.delta.as_ref().is_some_and(|chosen| chosen(path));
        let plan = Plan::new(trace, self.level == Level::Op, is_delta);
        let shown: Vec<usize> =
            (0..trace.len()).filter(|&slot| plan.shown[slot] && self.is_asked_for(slot)).collect();
        let leads = self.leads();
        let wanted =
            |slot: usize| leads.as_ref().is_none_or(|leads| leads[slot]) && self.is_asked_for(slot);
        let formulas = Formulas::new(trace, arena, plan, wanted);

        let mut blocks = vec![Block::Heading(1, vec![Inline::words(self.title)])];
        self.introduce(&formulas, &mut blocks);
        if self.nodes.is_empty() {
            blocks.push(heading("Given"));
            blocks.push(self.given());
        }
        let vectors = (self.level == Level::Layer).then(|| Vectors::new(&formulas));
        let lines = Lines { derivation: self, formulas: &formulas, vectors: vectors.as_ref() };
        let values = lines.values(&shown);
        if !values.is_empty() {
            blocks.push(heading("Forward: the values"));
            lines.write(&values, Direction::Values, &mut blocks);
        }
        if trace.outputs().is_empty() {
            blocks.push(Block::words("Nothing was differentiated."));
            return blocks;
        }
        blocks.push(heading("Backward: the derivatives, from the loss back"));
        blocks.push(Block::words(
            "The derivative by a number is a sum over everything that reads it: the derivative by the reader, times the reader's own \
             derivative by that number.",
        ));
        lines.write(&lines.derivatives(&shown, &wanted), Direction::Derivatives, &mut blocks);
        for path in self.wrt.iter().chain(&self.nodes) {
            let in_scope =
                || trace.nodes().iter().any(|node| node.path.starts_with(&format!("{path}/")));
            if trace.find(path).is_none() && !in_scope() {
                blocks.push(Block::Paragraph(vec![
                    Inline::Code((*path).to_owned()),
                    Inline::words(" is not on the trace."),
                ]));
            }
        }
        self.check_itself(&formulas, &wanted, &mut blocks);
        blocks
    }

    /// The digits of results, which are no more than the tape's numbers have.
    pub(super) fn significant(&self) -> usize {
        match self.trace.precision() {
            Precision::F64 => self.digits,
            Precision::F32 => self.digits.min(7),
        }
    }

    /// Differences and references.
    fn check_itself(
        &self,
        formulas: &Formulas<'_>,
        wanted: &dyn Fn(usize) -> bool,
        blocks: &mut Vec<Block>,
    ) {
        let loss = formulas.loss.map(|loss| Name::of(self.trace, loss));
        if self.check > 0 {
            blocks.push(heading("Check: the derivatives against differences"));
            let slots: Vec<usize> =
                parameters(self.trace).into_iter().filter(|&slot| wanted(slot)).collect();
            blocks.extend(differences(
                self.trace,
                &slots,
                loss.as_ref(),
                self.significant(),
                self.check,
            ));
        }
        for reference in &self.references {
            blocks.push(heading(&format!("Check: the numbers against {}", reference.name)));
            blocks.extend(matches(self.trace, reference, loss.as_ref(), self.significant()));
        }
    }

    /// Whether `nodes` was not used or names the slot.
    fn is_asked_for(&self, slot: usize) -> bool {
        let label = self.trace.label_of(Slot(slot));
        let fits = |path: &&str| {
            label.path == *path
                || label.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
                || label.text() == *path
        };
        self.nodes.is_empty() || self.nodes.iter().any(fits)
    }

    /// For every slot, whether it leads from what `wrt` names to the output; nothing if all are
    /// wanted.
    fn leads(&self) -> Option<Vec<bool>> {
        if self.wrt.is_empty() {
            return None;
        }
        let mut leads = vec![false; self.trace.len()];
        for part in self.wrt.iter().filter_map(|path| self.trace.find(path)) {
            part.slots().iter().for_each(|slot| leads[slot.index()] = true);
        }
        for index in 0..self.trace.nodes().len() {
            self.trace.jacobian(index, |entry| leads[entry.reader] |= leads[entry.slot]);
        }
        Some(leads)
    }
}

/// What has an equation of its own: one number, or those of a block.
#[derive(Clone, Copy, Debug)]
enum Item {
    Slot(usize),
    Block(usize),
}

/// Forward or backward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Values,
    Derivatives,
}

/// The equations of a derivation, in their order.
struct Lines<'d, 'a> {
    derivation: &'d Derivation<'d>,
    formulas: &'d Formulas<'a>,
    vectors: Option<&'d Vectors<'a, 'd>>,
}

impl Lines<'_, '_> {
    /// Every shown number once: in blocks where there are vectors.
    fn items(&self, shown: &[usize]) -> Vec<Item> {
        let Some(vectors) = self.vectors else {
            return shown.iter().map(|&slot| Item::Slot(slot)).collect();
        };
        let mut ids: Vec<usize> = shown.iter().map(|&slot| vectors.blocks.owner[slot]).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.sort_by_cached_key(|&id| vectors.blocks.all[id].slots.iter().max().copied());
        ids.into_iter().map(Item::Block).collect()
    }

    fn slots(&self, item: Item) -> Vec<usize> {
        match (item, self.vectors) {
            (Item::Block(id), Some(vectors)) => vectors.blocks.all[id].slots.clone(),
            (Item::Slot(slot) | Item::Block(slot), _) => vec![slot],
        }
    }

    /// What is computed, forward; where vectors do not say it, number by number.
    fn values(&self, shown: &[usize]) -> Vec<Item> {
        let computed = |slot: &usize| !is_leaf(self.formulas.trace, *slot);
        let shown: Vec<usize> = shown.iter().copied().filter(computed).collect();
        let mut values = Vec::new();
        for item in self.items(&shown) {
            match (item, self.vectors) {
                (Item::Block(id), Some(vectors)) if vectors.definition(id).is_none() => {
                    values
                        .extend(vectors.blocks.all[id].slots.iter().map(|&slot| Item::Slot(slot)));
                }
                _ => values.push(item),
            }
        }
        values
    }

    /// What is differentiated by, the nearest to the output first; what is given right after the
    /// last of its readers.
    fn derivatives(&self, shown: &[usize], wanted: &dyn Fn(usize) -> bool) -> Vec<Item> {
        let trace = self.formulas.trace;
        let differentiated = |slot: &usize| {
            let op = &self.formulas.node(*slot).op;
            op != "data"
                && op != "const"
                && *trace.adjoint(Slot(*slot)) != Adjoint::NotComputed
                && wanted(*slot)
        };
        let shown: Vec<usize> = shown.iter().copied().filter(differentiated).collect();
        let mut items = Vec::new();
        for item in self.items(&shown) {
            match (item, self.vectors) {
                (Item::Block(id), Some(vectors)) if !vectors.says_adjoint(id) => {
                    items.extend(
                        vectors.blocks.all[id]
                            .slots
                            .iter()
                            .filter(|slot| differentiated(slot))
                            .map(|&slot| Item::Slot(slot)),
                    );
                }
                _ => items.push(item),
            }
        }
        // On paper one goes layer by layer, and from the first to the last of a layer; weights come
        // right behind their layer's deltas.
        items.sort_by_cached_key(|&item| {
            let slots = self.slots(item);
            let far = slots.iter().map(|&slot| self.formulas.distance(slot)).max().unwrap_or(0);
            match (is_leaf(trace, slots[0]), far) {
                (true, 1..) => (far - 1, 1, slots[0]),
                (true, 0) => (u32::MAX, 1, slots[0]),
                (false, far) => (far, 0, slots[0]),
            }
        });
        items
    }

    fn equation(&self, item: Item, direction: Direction) -> Option<Equation> {
        let digits = self.derivation.significant();
        match (item, self.vectors, direction) {
            (Item::Block(id), Some(vectors), Direction::Values) => {
                vectors.value_equation(id, digits)
            }
            (Item::Block(id), Some(vectors), Direction::Derivatives) => {
                vectors.adjoint_equation(id, digits)
            }
            (Item::Slot(slot) | Item::Block(slot), _, Direction::Values) => {
                self.formulas.value_equation(slot, digits)
            }
            (Item::Slot(slot) | Item::Block(slot), _, Direction::Derivatives) => {
                self.formulas.adjoint_equation(slot, digits)
            }
        }
    }

    /// The path that an item is called by.
    fn path(&self, item: Item) -> &str {
        match (item, self.vectors) {
            (Item::Block(id), Some(vectors)) => &vectors.blocks.all[id].name.path,
            (Item::Slot(slot) | Item::Block(slot), _) => {
                self.formulas.trace.label_of(Slot(slot)).path
            }
        }
    }

    /// Equations under the headings of their scopes, and how many were left out.
    fn write(&self, items: &[Item], direction: Direction, blocks: &mut Vec<Block>) {
        let limit = self.derivation.limit;
        let mut scope = "";
        for &item in items.iter().take(limit) {
            let Some(equation) = self.equation(item, direction) else { continue };
            let own = self.path(item).rsplit_once('/').map_or("", |(scope, _)| scope);
            if own != scope {
                let is_loss = self
                    .formulas
                    .trace
                    .loss()
                    .is_some_and(|loss| self.slots(item) == [loss.index()]);
                let title = match own {
                    "" if is_loss => "the loss",
                    "" => "outside the scopes",
                    own => own,
                };
                blocks.push(Block::Heading(3, vec![Inline::words(title)]));
                scope = own;
            }
            blocks.push(Block::Equation(equation));
        }
        if items.len() > limit {
            let what = if direction == Direction::Values { "values" } else { "derivatives" };
            let left = items.len() - limit;
            let way = "ask for some of them with nodes or wrt, or raise the limit";
            blocks.push(Block::words(format!(
                "{left} more {what} of {} were left out: {way}.",
                items.len()
            )));
        }
    }
}

fn heading(title: &str) -> Block {
    Block::Heading(2, vec![Inline::words(title)])
}
