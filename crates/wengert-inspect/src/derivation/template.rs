//! The formulas of single numbers with a mark for every number in them, for a page that puts its own
//! numbers in.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use super::expr::{Arena, Expr, Term};
use super::formulas::{Formulas, Plan};
use super::math::{Math, Show, layout};
use super::steps::{signed, sum_of_names};
use super::symbol::{Role, Symbol};
use super::write::mathml;
use crate::trace::{Slot, Trace};

/// The formulas of some numbers in MathML. In a formula stands `⟦v hidden/0.z⟧` for a value,
/// `⟦a ..⟧` for an adjoint, `⟦d ..⟧` for minus an adjoint; `symbols` says how they are written.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Templates {
    symbols: BTreeMap<String, Mark>,
    /// By slot.
    of: BTreeMap<usize, Template>,
}

#[derive(Debug, Serialize)]
struct Mark {
    /// The number that is meant.
    slot: usize,
    /// As it is written in a formula.
    name: String,
}

#[derive(Debug, Serialize)]
struct Template {
    /// The name, and what it is computed from; nothing for a leaf.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<[String; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    adjoint: Option<Added>,
}

/// What an adjoint is added up from.
#[derive(Debug, Serialize)]
struct Added {
    left: String,
    /// The factor from the adjoint to what the left side stands for.
    sign: f64,
    /// The sum by its names, if it is short.
    sum: Option<String>,
    /// In the order of the sweep.
    shares: Vec<String>,
}

/// The formulas of some numbers. What is 0 in the trace is left out, so its numbers should be none
/// in particular.
pub(crate) fn templates(trace: &Trace, slots: &[Slot]) -> Templates {
    let arena = Arena::default();
    let wanted: HashSet<usize> = slots.iter().map(|slot| slot.index()).collect();
    let formulas = Formulas::new(trace, &arena, Plan::new(trace, true, |_| false), |slot| {
        wanted.contains(&slot)
    });
    let mut templates = Templates::default();
    for slot in slots.iter().map(|slot| slot.index()) {
        let value = formulas.definition(slot).map(|term| {
            let left = templates.symbol(&formulas.symbol(slot, Role::Value));
            [left, templates.formula(trace, term)]
        });
        let adjoint = templates.added(&formulas, slot);
        templates.of.insert(slot, Template { value, adjoint });
    }
    templates
}

impl Templates {
    fn symbol(&self, symbol: &Symbol) -> String {
        mathml::spelled(&Math::Symbol(symbol.clone()))
    }

    /// A formula with marks, whose symbols are kept.
    fn formula(&mut self, trace: &Trace, term: Term<'_>) -> String {
        self.keep(trace, term);
        mathml::spelled(&layout(term, Show::Marks))
    }

    fn keep(&mut self, trace: &Trace, term: Term<'_>) {
        if let Expr::Named(quantity) = term.expr()
            && let Some(slot) = trace.slot(&quantity.symbol.name.text())
        {
            let mark = mathml::escaped(&quantity.symbol.mark());
            let name = self.symbol(&quantity.symbol);
            self.symbols.entry(mark).or_insert(Mark { slot: slot.index(), name });
        }
        term.operands().into_iter().for_each(|operand| self.keep(trace, term.at(operand)));
    }

    fn added(&mut self, formulas: &Formulas<'_>, slot: usize) -> Option<Added> {
        let role = formulas.plan.roles[slot];
        let contributions = formulas.contributions(slot);
        if contributions.is_empty() {
            return None;
        }
        let left = self.symbol(&formulas.symbol(slot, role));
        let terms: Vec<Term<'_>> =
            contributions.iter().map(|&(_, term, _)| signed(term, role.sign())).collect();
        let names: Vec<Term<'_>> = terms.iter().rev().copied().collect();
        let sum = (terms.len() > 1 && formulas.trace.seed(Slot(slot)).is_none())
            .then(|| sum_of_names(formulas.arena.sum(&names)))
            .flatten();
        Some(Added {
            left,
            sign: role.sign(),
            sum: sum.map(|math| mathml::spelled(&math)),
            shares: terms.iter().map(|&term| self.formula(formulas.trace, term)).collect(),
        })
    }
}
