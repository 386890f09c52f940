//! The diff as a person reads it: the cause, then what follows.

use std::collections::HashMap;
use std::fmt;

use super::guess::Guessing;
use super::{Diff, Difference, Findings, Origin};
use crate::columns::{Columns, count, signed};
use crate::digits::{Digits, SIGNIFICANT};
use crate::reference::Quantity;
use crate::trace::{Adjoint, Slot, Trace};

impl fmt::Display for Diff<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (found, followed, aligned) = self.look();
        match (found.cause(), &followed) {
            (Some(cause), Some(followed)) => {
                let guessing = Guessing {
                    star: &followed.star,
                    ours: self.ours,
                    aligned: &aligned,
                    tolerance: self.tolerance,
                };
                self.cause(f, &found, cause, &guessing)?;
                self.rest(f, &found, &guessing)?;
            }
            _ if found.values + found.adjoints == 0 => {
                writeln!(
                    f,
                    "nothing was compared: no path is both {} and {}",
                    self.titles[0], self.titles[1]
                )?;
            }
            _ => writeln!(f, "no number differs")?,
        }
        self.answers(f, &found)?;
        self.structure(f, &found)?;
        writeln!(
            f,
            "compared: {} and {}, {}",
            count(found.values, "value"),
            count(found.adjoints, "adjoint"),
            self.tolerance
        )
    }
}

impl Diff<'_> {
    fn cause(
        &self,
        f: &mut fmt::Formatter<'_>,
        found: &Findings,
        cause: &Difference,
        guessing: &Guessing<'_>,
    ) -> fmt::Result {
        let (path, what) = (&cause.path, cause.quantity.name());
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
        writeln!(f, "  node: {}", node_text(self.ours, cause.slot))?;
        let mut numbers = Columns::indented(2);
        for (title, number) in self.titles.iter().zip(self.both(cause)) {
            numbers.row([format!("{what} {title}:"), signed(&number)]);
        }
        write!(f, "{numbers}")?;
        writeln!(f, "  relative difference: {:.1e}", cause.relative())?;
        for guess in self.guesses(cause, guessing).iter().take(3) {
            writeln!(f, "  guess, {}: {guess}", self.titles[1])?;
        }
        for structure in found.structure.iter().filter(|s| s.path() == self.path_of(cause.slot)) {
            writeln!(f, "  recorded differently: {structure}")?;
        }
        let fed = fed(self.ours, cause);
        if !fed.is_empty() {
            writeln!(f, "  it feeds: {}", self.few(&fed))?;
        }
        Ok(())
    }

    /// The differences after the first.
    fn rest(
        &self,
        f: &mut fmt::Formatter<'_>,
        found: &Findings,
        guessing: &Guessing<'_>,
    ) -> fmt::Result {
        let own: Vec<&Difference> = found.of(Origin::Own).collect();
        if !own.is_empty() {
            writeln!(f, "not explained by it: {}", count(own.len(), "more number"))?;
            for difference in own.iter().take(self.shown) {
                let [ours, theirs] = self.both(difference);
                let what = difference.quantity.name();
                write!(f, "  {what} of {}: {ours} and {theirs}", difference.path)?;
                if let Some(guess) = self.guesses(difference, guessing).first() {
                    write!(f, "; {guess}")?;
                }
                writeln!(f)?;
            }
            if own.len() > self.shown {
                writeln!(f, "  and {} more", own.len() - self.shown)?;
            }
        }
        let follows: Vec<&Difference> = found.of(Origin::Follows).collect();
        if !follows.is_empty() {
            writeln!(
                f,
                "follows from {}: {}",
                if own.is_empty() { "it" } else { "these" },
                count(follows.len(), "more number")
            )?;
            for values in [true, false] {
                let of: Vec<String> = follows
                    .iter()
                    .filter(|difference| (difference.quantity == Quantity::Value) == values)
                    .map(|difference| self.ours.label_of(difference.slot).path.to_owned())
                    .collect();
                if !of.is_empty() {
                    writeln!(
                        f,
                        "  {}: {}",
                        if values { "values" } else { "adjoints" },
                        self.few(&of)
                    )?;
                }
            }
        }
        Ok(())
    }

    fn answers(&self, f: &mut fmt::Formatter<'_>, found: &Findings) -> fmt::Result {
        if found.answers.is_empty() {
            return Ok(());
        }
        writeln!(f, "the same number, another answer: {}", count(found.answers.len(), "adjoint"))?;
        for answer in found.answers.iter().take(self.shown) {
            let [ours, theirs] = &self.titles;
            writeln!(f, "  {}: {} {ours}, {} {theirs}", answer.path, answer.ours, answer.theirs)?;
        }
        if found.answers.len() > self.shown {
            writeln!(f, "  and {} more", found.answers.len() - self.shown)?;
        }
        Ok(())
    }

    fn structure(&self, f: &mut fmt::Formatter<'_>, found: &Findings) -> fmt::Result {
        if found.structure.is_empty() {
            return Ok(());
        }
        let [ours, theirs] = &self.titles;
        writeln!(f, "structure: {}", count(found.structure.len(), "difference"))?;
        for structure in found.structure.iter().take(self.shown) {
            // The line says here and there; the titles may say it better.
            let line = structure.to_string();
            let line = if let Some(line) = line.strip_suffix("only there") {
                format!("{line}only {theirs}")
            } else if let Some(line) = line.strip_suffix("only here") {
                format!("{line}only {ours}")
            } else {
                line
            };
            writeln!(f, "  {line}")?;
        }
        if found.structure.len() > self.shown {
            writeln!(f, "  and {} more", found.structure.len() - self.shown)?;
        }
        Ok(())
    }

    fn guesses(&self, difference: &Difference, guessing: &Guessing<'_>) -> Vec<String> {
        let expected = difference.quantity.of_adjoint(difference.expected);
        guessing.guess(difference.slot, difference.quantity, expected, difference.stated())
    }

    /// The two numbers in ten digits, or in as many as tell them apart.
    fn both(&self, difference: &Difference) -> [String; 2] {
        let text = |digits: usize| {
            [&difference.ours, &difference.theirs].map(|answer| match answer {
                Adjoint::Computed(number) => Digits::new(*number).significant(digits).to_string(),
                other => other.to_string(),
            })
        };
        let [ours, theirs] = text(SIGNIFICANT);
        if ours == theirs { text(17) } else { [ours, theirs] }
    }

    /// The first few paths, the numbers of one path counted, and how many are left.
    fn few(&self, paths: &[String]) -> String {
        let mut runs: Vec<(&str, usize)> = Vec::new();
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for path in paths {
            let run = *seen.entry(path).or_insert_with(|| {
                runs.push((path, 0));
                runs.len() - 1
            });
            runs[run].1 += 1;
        }
        let text = |&(path, count): &(&str, usize)| {
            if count == 1 { path.to_owned() } else { format!("{path} ({count} numbers)") }
        };
        let mut texts: Vec<String> = runs.iter().take(self.shown).map(text).collect();
        if runs.len() > self.shown {
            let more: usize = runs[self.shown..].iter().map(|(_, count)| count).sum();
            texts.push(format!("and {more} more"));
        }
        texts.join(", ")
    }

    fn path_of(&self, slot: Slot) -> &str {
        &self.ours.nodes()[self.ours.spot(slot).node].path
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
