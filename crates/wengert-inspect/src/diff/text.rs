//! The diff as a person reads it: the cause, then what follows.

use std::collections::HashMap;
use std::fmt;

use super::guess::Guessing;
use super::{Diff, Difference, Findings, Origin};
use crate::columns::count;
use crate::reference::Quantity;

impl fmt::Display for Diff<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let looked = self.look();
        self.write_headline(f, &looked, false)?;
        if let Some(guessing) = self.guessing(&looked) {
            self.rest(f, &looked.found, &guessing)?;
        }
        let found = &looked.found;
        self.answers(f, found)?;
        self.structure(f, found)?;
        writeln!(
            f,
            "compared: {} and {}, {}",
            count(found.values, "value"),
            count(found.adjoints, "adjoint"),
            self.allowed()
        )
    }
}

impl Diff<'_> {
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

    /// The first few paths, the numbers of one path counted, and how many are left.
    pub(super) fn few(&self, paths: &[String]) -> String {
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
}
