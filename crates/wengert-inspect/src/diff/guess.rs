//! Plain guesses at a mistake: each stands on an equation that the two numbers fulfil.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use wengert::op::{Op, Structural};

use super::align::Aligned;
use crate::compare::Tolerance;
use crate::digits::Digits;
use crate::reference::Quantity;
use crate::trace::{Adjoint, Slot, Trace, known_op};

/// What a guess is made of.
pub(super) struct Guessing<'a> {
    /// The trace's steps with the other side's numbers.
    pub(super) star: &'a Trace,
    pub(super) ours: &'a Trace,
    pub(super) aligned: &'a Aligned,
    pub(super) tolerance: Tolerance,
}

/// Steps along which a partial is looked for, while a number has one reader.
const STEPS: usize = 5;

impl Guessing<'_> {
    /// What makes `stated` of `expected`, the most telling first; both are values, or adjoints (not
    /// deltas).
    pub(super) fn guess(
        &self,
        slot: Slot,
        quantity: Quantity,
        expected: f64,
        stated: f64,
    ) -> Vec<String> {
        let mut guesses = Vec::new();
        let ratio = stated / expected;
        if !stated.is_finite() || !expected.is_finite() {
            return guesses;
        }
        if ratio.is_finite() && ratio != 0.0 {
            guesses.extend(self.plain_ratio(ratio));
        }
        if quantity == Quantity::Value {
            guesses.extend(self.value(slot, expected, stated));
        } else {
            guesses.extend(self.contribution(slot, expected, stated));
            if ratio.is_finite() && ratio != 0.0 {
                guesses.extend(self.partial(slot, ratio));
            }
            guesses.extend(self.unweighted(slot, expected, stated));
            guesses.extend(self.moved(slot, expected, stated));
        }
        if guesses.is_empty() && ratio.is_finite() && ratio != 0.0 {
            guesses.extend(self.extent(ratio));
        }
        if guesses.is_empty() {
            guesses.extend(self.elsewhere(slot, quantity, stated));
        }
        if guesses.is_empty() && stated == 0.0 {
            guesses.push("it is 0: never computed, or cut off".to_owned());
        }
        guesses
    }

    /// Whether two numbers are equal but for rounding, terms of size `scale` having been added.
    fn near(&self, a: f64, b: f64, scale: f64) -> bool {
        // Of numbers with few digits an equation holds to those.
        let most = if self.tolerance.rtol() > 1e-5 { 1e-3 } else { 1e-6 };
        let rtol = (4.0 * self.tolerance.rtol()).clamp(1e-12, most);
        a.is_finite()
            && b.is_finite()
            && (a - b).abs() <= rtol * scale.abs().max(b.abs())
            && b != 0.0
    }

    fn is(&self, ratio: f64, what: f64) -> bool {
        self.near(ratio, what, what)
    }

    fn plain_ratio(&self, ratio: f64) -> Option<String> {
        let sign = if ratio < 0.0 { ", and the sign is flipped" } else { "" };
        match ratio.abs() {
            r if self.is(r, 1.0) && ratio < 0.0 => {
                Some("the sign is flipped (the ratio is -1)".to_owned())
            }
            r if self.is(r, 2.0) => {
                let mean = self.halved().filter(|&(_, of)| of > 1);
                let mean =
                    mean.map(|(from, of)| format!(", or a mean over {of} instead of {from}"));
                let mean = mean.unwrap_or_default();
                Some(format!("a factor 2 (is there a 1/2 in the loss?){mean}{sign}"))
            }
            r if self.is(r, 0.5) => {
                let mean = match self.halved() {
                    Some((_, 1)) => ", or a mean over 2 where it is a sum".to_owned(),
                    Some((from, of)) => format!(", or a mean over {from} instead of {of}"),
                    None => String::new(),
                };
                Some(format!("a factor 1/2 (is there a 1/2 in the loss?){mean}{sign}"))
            }
            _ => None,
        }
    }

    /// Two numbers of elements on the tape of which one is half the other, the largest: what a mean
    /// may have been taken over.
    fn halved(&self) -> Option<(usize, usize)> {
        let mut counts = self.counts();
        counts.insert(1);
        let mut pairs = counts.iter().rev().map(|&count| (count, count / 2));
        pairs.find(|&(from, of)| from == 2 * of && counts.contains(&of))
    }

    /// How many elements there are along axes and in nodes.
    fn counts(&self) -> BTreeSet<usize> {
        let mut counts: BTreeSet<usize> = BTreeSet::new();
        for node in self.star.nodes() {
            counts.extend(&node.shape);
            counts.insert(node.values.len());
        }
        counts
    }

    /// The count of something: a sum where a mean was meant.
    fn extent(&self, ratio: f64) -> Option<String> {
        let (factor, text) =
            if ratio.abs() > 1.0 { (ratio.abs(), "") } else { (1.0 / ratio.abs(), "1/") };
        let count =
            self.counts().into_iter().find(|&count| count > 2 && self.is(factor, count as f64))?;
        let sign = if ratio < 0.0 { "; and the sign is flipped" } else { "" };
        Some(format!(
            "a factor {text}{count}, a number of elements on this tape: a mean, or a sum?{sign}"
        ))
    }

    /// One contribution of the ledger missing, alone, doubled, or with the other sign.
    fn contribution(&self, slot: Slot, expected: f64, stated: f64) -> Option<String> {
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
    fn partial(&self, slot: Slot, ratio: f64) -> Option<String> {
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

    fn partial_text(&self, of: Slot, reader: Slot, partial: f64) -> String {
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
    fn other_slope(&self, z: Slot, y: Slot, partial: f64, ratio: f64) -> Option<String> {
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
    fn unweighted(&self, slot: Slot, expected: f64, stated: f64) -> Option<String> {
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
    fn moved(&self, slot: Slot, expected: f64, stated: f64) -> Option<String> {
        let star = self.star;
        let from = star.spot(slot).node;
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
    fn factors(&self, slot: Slot, weights: &BTreeMap<usize, Vec<usize>>) -> String {
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

    fn is_param(&self, slot: usize) -> bool {
        self.star.nodes()[self.star.spot(Slot(slot)).node].op == "param"
    }

    /// What a value lacks.
    fn value(&self, slot: Slot, expected: f64, stated: f64) -> Option<String> {
        let spot = self.star.spot(slot);
        let node = &self.star.nodes()[spot.node];
        let mut texts = Vec::new();
        match known_op(&node.op)? {
            Op::Leaf(_) => {
                let adjoint = self.ours.adjoint(slot);
                let &Adjoint::Computed(adjoint) = adjoint else { return None };
                let rate = round_rate((expected - stated) / adjoint, expected - stated, expected)?;
                texts.push(format!("as if it had taken a step of gradient descent at rate {rate}"));
            }
            Op::Unary(op) => {
                let operand = self.star.slots_read(&node.operands[0]).nth(spot.position)?;
                if self.near(stated, self.star.value(operand), 0.0) {
                    texts.push(format!("as if {} had not been applied", op.name()));
                }
            }
            Op::Structural(op @ (Structural::Affine | Structural::MatMul)) => {
                let factor_of = if op == Structural::Affine { 1 } else { 0 };
                self.star.jacobian(spot.node, |entry| {
                    let term = entry.partial.value(1.0) * self.star.value(Slot(entry.slot));
                    if entry.reader != slot.index()
                        || !self.near(stated, expected - term, expected)
                        || term == 0.0
                    {
                        return;
                    }
                    let label = self.star.label(Slot(entry.slot));
                    match entry.factor {
                        None => texts.push(format!("as if the bias {label} were missing")),
                        Some(factor) if entry.operand == factor_of => {
                            let factor = self.star.label(Slot(factor));
                            texts.push(format!("as if the term {label} {factor} were missing"));
                        }
                        Some(_) => {}
                    }
                });
            }
            Op::Binary(_) | Op::Structural(_) => {}
        }
        texts.into_iter().next()
    }

    /// The same number at another place of the same run: transposed, or in another order.
    fn elsewhere(&self, slot: Slot, quantity: Quantity, stated: f64) -> Option<String> {
        let part = self.ours.find(self.ours.label_of(slot).path)?;
        let number = |slot: Slot| match quantity {
            Quantity::Value => Some(self.ours.value(slot)),
            Quantity::Adjoint | Quantity::Delta => self.ours.adjoint(slot).number(),
        };
        let there =
            |other: &&Slot| number(**other).is_some_and(|n| n != 0.0 && self.near(stated, n, n));
        let found = part.slots().iter().filter(|&&other| other != slot).find(there)?;
        Some(format!(
            "it is the number of {}: transposed, or in another order?",
            self.ours.label(*found)
        ))
    }
}

/// A rate of at most two digits that is neither lost in rounding nor a chance.
fn round_rate(rate: f64, difference: f64, of: f64) -> Option<Digits> {
    let resolved = difference.abs() > 1e9 * f64::EPSILON * of.abs();
    if !(rate.is_finite() && rate > 0.0 && resolved) {
        return None;
    }
    let round: f64 = format!("{rate:.1e}").parse().ok()?;
    ((rate - round).abs() <= 1e-6 * round).then(|| Digits::new(round))
}
