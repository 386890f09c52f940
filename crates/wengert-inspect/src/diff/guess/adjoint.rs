//! What an adjoint lacks: a contribution, a partial, the weights as they were.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Guessing, round_rate};
use crate::digits::Digits;
use crate::trace::Slot;

/// Steps along which a partial is looked for, while a number has one reader.
const STEPS: usize = 5;
/// So many nodes from the outputs, a step that was taken too early is not looked for.
const FAR: usize = 100_000;

impl Guessing<'_> {
    /// One contribution of the ledger missing, alone, doubled, or with the other sign.
    pub(super) fn contribution(&self, slot: Slot, expected: f64, stated: f64) -> Option<String> {
        let ledger = self.star.ledger(slot);
        let terms = ledger.contributions();
        if terms.len() + usize::from(ledger.seed().is_some()) < 2 {
            return None;
        }
        let scale: f64 = terms.iter().map(|term| term.product.abs()).sum();
        let is = |number: f64| {
            (number - stated).abs() <= 1e-12 * scale || self.near(stated, number, number)
        };
        for term in terms.iter().filter(|term| term.product != 0.0) {
            let reader = self.star.label(term.reader);
            let product = Digits::new(term.product);
            if is(term.product) {
                return Some(format!(
                    "only the contribution of {reader}, {product}: written over the others instead of added to them?"
                ));
            }
            let change = [(-1.0, "missing"), (-2.0, "of the other sign"), (1.0, "added twice")];
            if let Some((_, how)) =
                change.iter().find(|(factor, _)| is(expected + factor * term.product))
            {
                return Some(format!("as if the contribution of {reader}, {product}, were {how}"));
            }
        }
        None
    }

    /// A local partial missing, or taken twice, at the number or further on where everything passes
    /// one reader.
    pub(super) fn partial(&self, slot: Slot, ratio: f64) -> Option<String> {
        let mut here = slot;
        for _ in 0..STEPS {
            let ledger = self.star.ledger(here);
            let [term] = ledger.contributions() else { return None };
            let partial = term.partial;
            let known = [1.0, -1.0, 2.0, -2.0, 0.5, -0.5].contains(&partial);
            if partial != 0.0 && partial.is_finite() && !known {
                let how = match ratio.abs() {
                    r if self.is(r * partial.abs(), 1.0) => Some("missing"),
                    r if self.is(r, partial.abs()) => Some("there twice"),
                    _ => None,
                };
                if let Some(how) = how {
                    let sign = if (ratio < 0.0) != (partial < 0.0) {
                        ", and the sign flipped"
                    } else {
                        ""
                    };
                    let text = self.partial_text(here, term.reader, partial);
                    return Some(format!("as if {text} were {how}{sign}"));
                }
                if let Some(text) = self.other_slope(here, term.reader, partial, ratio) {
                    return Some(text);
                }
            }
            // What the other side states and agrees in is no suspect further on.
            let stated = self.aligned.adjoints[term.reader.index()].is_some();
            if stated || ledger.seed().is_some() {
                return None;
            }
            here = term.reader;
        }
        None
    }

    pub(super) fn partial_text(&self, of: Slot, reader: Slot, partial: f64) -> String {
        let node = &self.star.nodes()[self.star.spot(reader).node];
        let (reader, of, partial) =
            (self.star.label(reader), self.star.label(of), Digits::new(partial));
        match node.op.as_str() {
            "sigmoid" => format!("the sigmoid's derivative y (1 - y) = {partial} of y = {reader}"),
            "tanh" => format!("the derivative 1 - y^2 = {partial} of y = {reader}"),
            op => format!("the partial {partial} of {reader} ({op}) by {of}"),
        }
    }

    /// The derivative of a sigmoid taken of the wrong number: of z, or of the sigmoid of the
    /// output.
    pub(super) fn other_slope(&self, z: Slot, y: Slot, partial: f64, ratio: f64) -> Option<String> {
        if self.star.nodes()[self.star.spot(y).node].op != "sigmoid" {
            return None;
        }
        let (number, output) = (self.star.value(z), self.star.value(y));
        let twice = 1.0 / (1.0 + (-output).exp());
        let candidates =
            [(number * (1.0 - number), z, ""), (twice * (1.0 - twice), y, "the sigmoid of ")];
        let (_, of, what) =
            candidates.into_iter().find(|(slope, ..)| self.is(ratio * partial, *slope))?;
        let (of, y) = (self.star.label(of), self.star.label(y));
        Some(format!("as if the derivative y (1 - y) were taken of {what}{of} instead of {y}"))
    }

    /// Adjoints added up without the weights that they come by.
    pub(super) fn unweighted(&self, slot: Slot, expected: f64, stated: f64) -> Option<String> {
        let (mut here, mut slope) = (slot, 1.0);
        for _ in 0..STEPS {
            let ledger = self.star.ledger(here);
            let terms = ledger.contributions();
            let mut weights: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
            let nodes: BTreeSet<usize> =
                terms.iter().map(|term| self.star.spot(term.reader).node).collect();
            for &node in &nodes {
                self.star.jacobian(node, |entry| {
                    let weight = entry.factor.filter(|&factor| self.is_param(factor));
                    if let Some(weight) = weight.filter(|_| entry.slot == here.index()) {
                        weights.entry(entry.slot).or_default().push(weight);
                    }
                });
            }
            let of = weights.get(&here.index()).map_or(0, Vec::len);
            if of > 0 && of == terms.len() {
                let sum = slope * terms.iter().map(|term| term.adjoint).sum::<f64>();
                let is = self.near(stated, sum, expected.abs().max(sum.abs()));
                return is.then(|| format!("as if {} were all 1", self.factors(slot, &weights)));
            }
            let [term] = terms else { return None };
            slope *= term.partial;
            here = term.reader;
        }
        None
    }

    /// A step of gradient descent taken between: the weights that the number's readers multiply it
    /// with have moved already.
    pub(super) fn moved(&self, slot: Slot, expected: f64, stated: f64) -> Option<String> {
        let star = self.star;
        let from = star.spot(slot).node;
        if star.nodes().len() - from > FAR {
            return None;
        }
        // How every adjoint changes with the rate, the stated ones not at all: they were there
        // before the step.
        let mut change: HashMap<usize, f64> = HashMap::new();
        let mut weights: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for node in (from + 1..star.nodes().len()).rev() {
            star.jacobian(node, |entry| {
                let reader = Slot(entry.reader);
                let Some(adjoint) = star.adjoint(reader).number() else { return };
                let agreed = self.aligned.adjoints[entry.reader].is_some();
                let inner =
                    if agreed { 0.0 } else { change.get(&entry.reader).copied().unwrap_or(0.0) };
                let mut sum = entry.partial.value(1.0) * inner;
                if let Some(factor) = entry.factor.filter(|&factor| self.is_param(factor)) {
                    sum -= star.adjoint(Slot(factor)).number().unwrap_or(0.0) * adjoint;
                    weights.entry(entry.slot).or_default().push(factor);
                }
                if sum != 0.0 {
                    *change.entry(entry.slot).or_default() += sum;
                }
            });
        }
        let rate = round_rate(
            (stated - expected) / change.get(&slot.index())?,
            stated - expected,
            expected,
        )?;
        let of = self.factors(slot, &weights);
        Some(format!(
            "as if {of} had moved before it was computed: a step at rate {rate} was taken too early"
        ))
    }

    /// The weights between a number and what reads it, for the message.
    pub(super) fn factors(&self, slot: Slot, weights: &BTreeMap<usize, Vec<usize>>) -> String {
        let mut here = slot;
        for _ in 0..STEPS {
            if let Some(factors) = weights.get(&here.index()) {
                let labels: BTreeSet<String> =
                    factors.iter().map(|&factor| self.star.label(Slot(factor))).collect();
                let more = labels.len().saturating_sub(3);
                let mut text: Vec<String> = labels.into_iter().take(3).collect();
                if more > 0 {
                    text.push(format!("{more} more"));
                }
                return format!("the weights that it is multiplied by ({})", text.join(", "));
            }
            let ledger = self.star.ledger(here);
            let [term] = ledger.contributions() else { break };
            here = term.reader;
        }
        "the weights".to_owned()
    }

    pub(super) fn is_param(&self, slot: usize) -> bool {
        self.star.nodes()[self.star.spot(Slot(slot)).node].op == "param"
    }
}
