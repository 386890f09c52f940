//! The cause: the worst number of the node that differs first, what it is made of, and guesses.

use std::collections::HashSet;
use std::fmt;

use super::between::between;
use super::guess::Guessing;
use super::{Diff, Difference, Findings, Looked, Origin, Side};
use crate::columns::{Columns, count, signed};
use crate::digits::{Digits, SIGNIFICANT};
use crate::reference::Quantity;
use crate::trace::{Adjoint, Slot, Trace};

/// Lines of a ledger that are shown.
const TERMS: usize = 2;
/// Guesses that are shown.
const GUESSES: usize = 3;

impl Diff<'_> {
    /// The cause alone, in at most 18 lines: where the sides differ first, the worst number there
    /// with what it is made of, guesses, and how many other numbers differ. What a person needs
    /// before the whole [`Diff`].
    #[must_use]
    pub fn headline(&self) -> String {
        let looked = self.look();
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = self.write_headline(&mut text, &looked, true);
        text
    }

    pub(super) fn write_headline(
        &self,
        f: &mut dyn fmt::Write,
        looked: &Looked,
        brief: bool,
    ) -> fmt::Result {
        let found = &looked.found;
        self.contradictions(f, found, if brief { 1 } else { 3 })?;
        let names = found.names;
        if names.apart() && found.values + found.adjoints > 0 {
            let what = if names.both == 0 { "nothing lines up" } else { "little lines up" };
            let smaller = names.ours.min(names.theirs);
            let [ours, theirs] = &self.titles;
            writeln!(f, "{what}: {} of {smaller} names are both {ours} and {theirs}", names.both)?;
        }
        let (Some(cause), Some(guessing)) = (found.worst(), self.guessing(looked)) else {
            let compared = found.values + found.adjoints;
            return if compared == 0 {
                let [ours, theirs] = &self.titles;
                writeln!(f, "nothing was compared: no path is both {ours} and {theirs}")
            } else {
                writeln!(f, "no number differs")
            };
        };
        self.write_cause(f, looked, cause, &guessing, brief)?;
        if brief {
            // Those of the same node are counted above.
            let others = found.differences.iter().skip(found.group.max(1));
            let more = others.len();
            let own = others.filter(|other| other.origin == Origin::Own).count();
            match (more, own) {
                (0, _) => {}
                (more, 0) => writeln!(f, "{} from it", follow(more))?,
                (more, own) => {
                    writeln!(
                        f,
                        "{} more differ, {own} not explained by it",
                        count(more, "number")
                    )?;
                }
            }
        }
        Ok(())
    }

    fn contradictions(
        &self,
        f: &mut dyn fmt::Write,
        found: &Findings,
        shown: usize,
    ) -> fmt::Result {
        for theirs in [false, true] {
            let of = || found.contradictions.iter().filter(|of| of.theirs == theirs);
            let title = &self.titles[usize::from(theirs)];
            for of in of().take(shown) {
                let (stated, computed) = (Digits::new(of.stated), Digits::new(of.computed));
                let made = match of.quantity {
                    Quantity::Value => "its op makes of its operands",
                    Quantity::Adjoint | Quantity::Delta => "its contributions add up to",
                };
                let what = of.quantity.name();
                writeln!(
                    f,
                    "the trace {title} contradicts itself: the {what} of {} is {stated}, {made} {computed}",
                    of.path
                )?;
            }
            let more = of().count().saturating_sub(shown);
            if more > 0 {
                writeln!(f, "  and {more} more like it")?;
            }
        }
        Ok(())
    }

    fn write_cause(
        &self,
        f: &mut dyn fmt::Write,
        looked: &Looked,
        cause: &Difference,
        guessing: &Guessing<'_>,
        brief: bool,
    ) -> fmt::Result {
        let (found, path, what) = (&looked.found, &cause.path, cause.quantity.name());
        match cause.quantity {
            Quantity::Value => {
                writeln!(f, "first difference, in the order of the tape: the value of {path}")?
            }
            _ if found.values == 0 => {
                writeln!(f, "first difference, in the order of the sweep: the {what} of {path}")?
            }
            _ => writeln!(
                f,
                "first difference, in the order of the sweep: the {what} of {path} ({} compared agree)",
                if found.values == 1 { "the value" } else { "all values" }
            )?,
        }
        if found.group > 1 {
            let node = self.ours.label_of(cause.slot).path;
            writeln!(f, "  the worst of {} that differ in {node}", count(found.group, "number"))?;
        }
        writeln!(f, "  node: {}", node_text(self.ours, cause.slot))?;
        let mut numbers = Columns::indented(2);
        for (title, number) in self.titles.iter().zip(self.both(cause)) {
            numbers.row([format!("{what} {title}:"), signed(&number)]);
        }
        write!(f, "{numbers}")?;
        writeln!(f, "  relative difference: {}", relative_text(cause.relative()))?;
        for (side, guess) in self.all_guesses(looked, cause, guessing).into_iter().take(GUESSES) {
            writeln!(f, "  guess, {}: {guess}", self.titles[side])?;
        }
        let path_of = |slot: Slot| &self.ours.nodes()[self.ours.spot(slot).node].path;
        let structures = found.structure.iter().filter(|s| s.path() == path_of(cause.slot));
        for structure in structures.take(if brief { 1 } else { usize::MAX }) {
            writeln!(f, "  recorded differently: {structure}")?;
        }
        if cause.quantity != Quantity::Value {
            self.write_ledger(f, cause)?;
            let adjoints = found.differences.iter().filter(|of| of.quantity != Quantity::Value);
            let wrong: HashSet<usize> = adjoints.map(|of| of.slot.index()).collect();
            let differs = |slot: usize| wrong.contains(&slot);
            if let Some(line) = between(self.ours, &looked.aligned, cause.slot, &differs) {
                writeln!(f, "  {line}")?;
            }
        }
        if !brief {
            let fed = fed(self.ours, cause);
            if !fed.is_empty() {
                writeln!(f, "  it feeds: {}", self.few(&fed))?;
            }
        }
        Ok(())
    }

    /// What an adjoint is the sum of, and what reads the number without passing anything back.
    fn write_ledger(&self, f: &mut dyn fmt::Write, cause: &Difference) -> fmt::Result {
        let ledger = self.ours.ledger(cause.slot);
        let terms = ledger.contributions();
        if !terms.is_empty() {
            let mut columns = Columns::indented(4);
            let titles = ["reader", " partial", " its adjoint", " product", "line"];
            columns.row(titles.map(str::to_owned));
            let mut largest: Vec<_> = terms.iter().collect();
            largest.sort_by(|a, b| b.product.abs().total_cmp(&a.product.abs()));
            for term in largest.iter().take(TERMS) {
                let numbers = [term.partial, term.adjoint, term.product];
                let numbers = numbers.map(|number| signed(&Digits::new(number).to_string()));
                let place = self.ours.place_of(term.reader).unwrap_or("").to_owned();
                columns
                    .row([self.ours.label(term.reader)].into_iter().chain(numbers).chain([place]));
            }
            let [ours, _] = &self.titles;
            let more = terms.len().saturating_sub(TERMS);
            let more =
                if more > 0 { format!(", the largest of {}", terms.len()) } else { String::new() };
            let minus = match cause.quantity {
                Quantity::Delta => ", the delta being minus their sum",
                Quantity::Value | Quantity::Adjoint => "",
            };
            writeln!(f, "  made {ours} of{more}{minus}:")?;
            write!(f, "{columns}")?;
        }
        let cut: Vec<String> = cut_readers(self.ours, cause.slot);
        if !cut.is_empty() {
            writeln!(f, "  read without a derivative by: {}", self.few(&cut))?;
        }
        Ok(())
    }

    /// The guesses at a difference, with the side that each is about: what the other side did, and,
    /// if that is a trace too, what this one may have done.
    fn all_guesses(
        &self,
        looked: &Looked,
        cause: &Difference,
        guessing: &Guessing<'_>,
    ) -> Vec<(usize, String)> {
        let single = looked.found.group <= 1;
        let (telling, own) = self.of_one_side(guessing, cause, single);
        let mut all: Vec<(usize, String)> = own.into_iter().map(|text| (1, text)).collect();
        if let Side::Trace(theirs) = self.theirs {
            let (other_telling, other) = self.reversed(theirs, looked, cause);
            // An equation of two numbers can be read both ways: once is enough.
            if all.is_empty() || (other_telling && !telling) {
                let other = other.into_iter().map(|text| (0, text));
                all = if other_telling {
                    other.chain(all).collect()
                } else {
                    all.into_iter().chain(other).collect()
                };
            }
        }
        all
    }

    /// The guesses at one side, and whether they are of one change that makes every number of the
    /// node: that tells more than an equation of two numbers.
    fn of_one_side(
        &self,
        guessing: &Guessing<'_>,
        cause: &Difference,
        single: bool,
    ) -> (bool, Vec<String>) {
        let whole = guessing.whole(cause.slot, cause.quantity);
        let plain = self.guesses(cause, guessing);
        let vague = |text: &String| text.starts_with("all numbers of");
        let telling = !whole.is_empty() && !whole.iter().any(vague);
        match (telling, plain.is_empty()) {
            (true, false) if single => (false, plain),
            (true, _) => (true, whole),
            (false, false) => (false, plain),
            (false, true) => (false, whole),
        }
    }

    /// What the guesses are if the other side is taken for the one that is right.
    fn reversed(&self, theirs: &Trace, looked: &Looked, cause: &Difference) -> (bool, Vec<String>) {
        let Some(slot) = theirs.slot(&cause.path) else { return Default::default() };
        if looked.found.differences.len() > MOST {
            return Default::default();
        }
        let other = Diff::new(theirs, self.ours).tolerance(self.allowed());
        let looked = other.look();
        let values = cause.quantity == Quantity::Value;
        let same = |d: &&Difference| d.slot == slot && (d.quantity == Quantity::Value) == values;
        let (Some(guessing), Some(cause)) =
            (other.guessing(&looked), looked.found.differences.iter().find(same))
        else {
            return Default::default();
        };
        other.of_one_side(&guessing, cause, looked.found.group <= 1)
    }

    pub(super) fn guesses(&self, difference: &Difference, guessing: &Guessing<'_>) -> Vec<String> {
        let expected = difference.quantity.of_adjoint(difference.expected);
        guessing.guess(difference.slot, difference.quantity, expected, difference.stated())
    }

    /// The two numbers in ten digits, or in as many as tell them apart.
    pub(super) fn both(&self, difference: &Difference) -> [String; 2] {
        let text = |digits: usize| {
            [&difference.ours, &difference.theirs].map(|answer| match answer {
                Adjoint::Computed(number) => Digits::new(*number).significant(digits).to_string(),
                other => other.to_string(),
            })
        };
        let [ours, theirs] = text(SIGNIFICANT);
        if ours == theirs { text(17) } else { [ours, theirs] }
    }
}

/// Above so many differences the other side is not taken for the right one too.
const MOST: usize = 20_000;

fn follow(more: usize) -> String {
    if more == 1 {
        "1 more number follows".to_owned()
    } else {
        format!("{more} more numbers follow")
    }
}

/// A relative difference in two digits; as words where it is no number.
pub(super) fn relative_text(relative: f64) -> String {
    if relative.is_infinite() {
        "infinite (one of them is 0 or infinite)".to_owned()
    } else {
        Digits::new(relative).significant(2).to_string()
    }
}

/// `affine of hidden/0.b, hidden/0.w, x at src/model.rs:12:9`.
fn node_text(trace: &Trace, slot: Slot) -> String {
    let node = &trace.nodes()[trace.spot(slot).node];
    let mut text = node.op.clone();
    if !node.shape.is_empty() {
        text += &format!(" {:?}", node.shape);
    }
    if !node.operands.is_empty() {
        let mut read: Vec<&str> = Vec::new();
        for operand in &node.operands {
            read.push(trace.label_of(trace.at(operand.elements.first)).path);
        }
        let more = read.len().saturating_sub(4);
        read.truncate(4);
        text += &format!(" of {}", read.join(", "));
        if more > 0 {
            text += &format!(" and {more} more");
        }
    }
    match trace.place_of(slot) {
        Some(place) => format!("{text}, at {place}"),
        None => text,
    }
}

/// What reads a number through a handle that is cut.
fn cut_readers(trace: &Trace, slot: Slot) -> Vec<String> {
    let here = trace.spot(slot).node;
    let mut paths = Vec::new();
    for node in &trace.nodes()[here + 1..] {
        let cut = node.operands.iter().any(|operand| {
            operand.cut && trace.resolve(&operand.elements).slots().any(|s| s == slot.index())
        });
        if cut {
            paths.push(node.path.clone());
        }
    }
    paths
}

/// What reads a value, or what an adjoint is passed on to.
fn fed(trace: &Trace, cause: &Difference) -> Vec<String> {
    let mut paths: Vec<String> = Vec::new();
    let mut add = |path: &str| {
        if paths.last().is_none_or(|last| last != path) {
            paths.push(path.to_owned());
        }
    };
    if cause.quantity == Quantity::Value {
        let here = trace.spot(cause.slot).node;
        for node in &trace.nodes()[here + 1..] {
            if node
                .operands
                .iter()
                .any(|operand| trace.slots_read(operand).any(|slot| slot == cause.slot))
            {
                add(&node.path);
            }
        }
    } else {
        let node = &trace.nodes()[trace.spot(cause.slot).node];
        for operand in node.operands.iter().filter(|operand| !operand.cut) {
            add(trace.label_of(trace.at(operand.elements.first)).path);
        }
    }
    paths
}
