//! The report as text.

use std::fmt;

use super::{Cause, Digits, Loss, Precision, Row};

/// So many unnamed nodes are shown, and so many losses of each kind.
const UNNAMED: usize = 8;
const LOSSES: usize = 3;

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "digits of {} and of its derivatives, of {:.1} that a number holds",
            self.output, self.holds
        )?;
        let (named, mut unnamed): (Vec<&Row>, Vec<&Row>) =
            self.rows.iter().partition(|row| row.named);
        let fewest = |row: &Row| row.value.sure().min(row.adjoint.sure());
        unnamed.sort_by(|a, b| fewest(a).total_cmp(&fewest(b)));
        let shown = named.iter().chain(unnamed.iter().take(UNNAMED));
        let head =
            ["", "", "value", "sure", "right", "adjoint", "sure", "right"].map(str::to_owned);
        let table: Vec<[String; 8]> =
            std::iter::once(head).chain(shown.map(|row| self.line(row))).collect();
        let width = |i: usize| table.iter().map(|line| line[i].chars().count()).max().unwrap_or(0);
        for line in &table {
            let mut text = String::new();
            for (i, cell) in line.iter().enumerate() {
                let width = width(i);
                text +=
                    &if i < 2 { format!("{cell:width$}  ") } else { format!("{cell:>width$}  ") };
            }
            writeln!(f, "{}", text.trim_end())?;
        }
        if unnamed.len() > UNNAMED {
            writeln!(
                f,
                "and {} more without a name, which have no fewer",
                unnamed.len() - UNNAMED
            )?;
        }
        for (what, losses) in [("values", &self.value_losses), ("adjoints", &self.adjoint_losses)] {
            if losses.is_empty() {
                writeln!(f, "{what}: no node loses half a digit")?;
                continue;
            }
            writeln!(f, "{what} lose most at")?;
            for loss in losses.iter().take(LOSSES) {
                writeln!(f, "  {loss}")?;
            }
            if losses.len() > LOSSES {
                writeln!(f, "  and {} more", losses.len() - LOSSES)?;
            }
        }
        if !self.undetermined.is_empty() {
            let choices = self.undetermined.join(", ");
            writeln!(
                f,
                "another choice is within the errors, and would have other derivatives: {choices}"
            )?;
        }
        Ok(())
    }
}

impl Precision {
    fn line(&self, row: &Row) -> [String; 8] {
        let id = row.id.to_string();
        let name = if row.label == id { id } else { format!("{id} {}", row.label) };
        let number = |digits: &Digits| {
            [short(digits.computed), self.count(digits.sure()), self.count(digits.right())]
        };
        let ([value, sure, right], [adjoint, adjoint_sure, adjoint_right]) =
            (number(&row.value), number(&row.adjoint));
        [name, row.op.to_string(), value, sure, right, adjoint, adjoint_sure, adjoint_right]
    }

    /// `all` for what is exact or rounded once.
    fn count(&self, digits: f64) -> String {
        if digits >= self.holds - 0.05 { "all".to_owned() } else { format!("{digits:.1}") }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.label)?;
        if self.operands.is_empty() {
            write!(f, " ({})", self.op)?;
        } else {
            write!(f, " = {}({})", self.op, self.operands.join(", "))?;
        }
        write!(f, " lost {:.1} digits: {}", self.digits, self.cause)?;
        match self.place {
            Some(place) => write!(f, ", at {place}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Cancellation { of, left } => {
                write!(f, "cancellation, terms up to {} leave {}", short(*of), short(*left))
            }
            Cause::Roundings => f.write_str("roundings add up"),
            Cause::Steep => f.write_str("the function magnifies relative errors there"),
            Cause::Edge => f.write_str(
                "a jump, a pole or the end of the domain is within the operands' errors",
            ),
            Cause::Partial { reader, op, left } => {
                write!(f, "the partial of {op} {reader} has {left:.1} digits left")
            }
        }
    }
}

/// Six significant digits, without the zeros at their end.
fn short(x: f64) -> String {
    if !x.is_finite() || x == 0.0 {
        return x.to_string();
    }
    let rounded: f64 = format!("{x:.5e}").parse().unwrap_or(x);
    if (1e-4..1e9).contains(&rounded.abs()) { rounded.to_string() } else { format!("{rounded:e}") }
}
