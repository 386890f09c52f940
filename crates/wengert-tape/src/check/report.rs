//! What a check found, as data and as text.

use std::fmt;

use crate::error::{NodeId, Place};
use crate::op::Op;

/// The result of a [`Check`](super::Check): a row per number checked, and the first cause if
/// something disagrees.
///
/// Its `Display` is a table for people; the fields are for programs.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// What was differentiated: path or id.
    pub output: String,
    /// Its value.
    pub value: f64,
    /// The numbers checked, in the order in which they were asked for: leaves first, then claims.
    pub rows: Vec<Row>,
    /// How many numbers of the leaves [`sample`](super::Check::sample) left out.
    pub left_out: usize,
    /// The first node in sweep order, from the output back, whose adjoint disagrees. Everything
    /// between it and the output was found right or could not be compared, so the fault lies in
    /// this adjoint's own contributions.
    pub culprit: Option<Culprit>,
}

impl Report {
    /// Whether nothing disagrees. Excluded rows were not compared with differences: see
    /// [`excluded`](Report::excluded).
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.culprit.is_none()
    }

    /// The rows that could not be compared with differences, and why.
    pub fn excluded(&self) -> impl Iterator<Item = (&Row, &Reason)> {
        self.rows.iter().filter_map(|row| match &row.verdict {
            Verdict::Excluded(reason) => Some((row, reason)),
            _ => None,
        })
    }

    /// Nothing, if everything agrees.
    ///
    /// # Panics
    ///
    /// With the whole report, if something disagrees.
    #[track_caller]
    pub fn assert_agrees(&self) {
        assert!(self.agrees(), "{self}");
    }
}

/// One number of the tape, its derivative found in three ways.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Row {
    /// Its slot.
    pub id: NodeId,
    /// Its path, or its element's, or its id.
    pub label: String,
    /// What its node computes.
    pub op: Op,
    /// Where its node was recorded, if the tape knows.
    pub place: Option<Place>,
    /// The adjoint that the caller claims.
    pub claimed: Option<f64>,
    /// The adjoint by the reverse sweep.
    pub reverse: f64,
    /// The derivative by dual numbers.
    pub forward: f64,
    /// The derivative by extrapolated differences, if there was one.
    pub difference: Option<f64>,
    /// What the difference may be off by, by its own estimate.
    pub error: f64,
    /// The smallest step of those that the difference was extrapolated from; 0 where nothing had to
    /// move.
    pub step: f64,
    /// The comparison's outcome.
    pub verdict: Verdict,
}

/// The outcome of comparing a row's numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// All agree.
    Agrees,
    /// Those that could be compared agree, but differences could not be taken.
    Excluded(Reason),
    /// Two of them disagree.
    Disagrees(Disagreement),
}

/// Which comparison failed; the first of this list if several did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disagreement {
    /// The reverse sweep and the duals, which read the same rules: a sweep is wrong.
    Forward,
    /// The reverse sweep and the differences: a rule is wrong.
    Difference,
    /// The caller's claim and the reverse sweep.
    Claim,
}

/// Why a derivative could not be compared with differences.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// A value or a derivative is NaN or infinite, here or at every step tried.
    NotFinite,
    /// Every step that is not lost in rounding moves a node to another of its pieces: `abs` at 0,
    /// `max` at a tie.
    Kink {
        /// The node, by path or id.
        node: String,
        /// What it computes.
        op: Op,
    },
    /// Every step that is not lost in rounding flips a comparison that the program branched on.
    Guard {
        /// The guard's number, in order of recording.
        index: usize,
        /// Where the comparison stands.
        place: Place,
    },
    /// The differences do not settle down: their error estimate is too large to compare with.
    Unresolved,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::NotFinite => f.write_str("not finite"),
            Reason::Kink { node, op } => write!(f, "kink of {op} {node}"),
            Reason::Guard { index, place } => write!(f, "guard {index} at {place} would flip"),
            Reason::Unresolved => f.write_str("differences do not settle"),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Agrees => f.write_str("agree"),
            Verdict::Excluded(reason) => write!(f, "excluded: {reason}"),
            Verdict::Disagrees(Disagreement::Forward) => f.write_str("DISAGREE: reverse, forward"),
            Verdict::Disagrees(Disagreement::Difference) => {
                f.write_str("DISAGREE: reverse, difference")
            }
            Verdict::Disagrees(Disagreement::Claim) => f.write_str("DISAGREE: claimed, reverse"),
        }
    }
}

/// The node that a disagreement starts at.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Culprit {
    /// Its numbers.
    pub row: Row,
    /// The nodes that read it, by path or id and op, in the order in which the sweep visits them:
    /// if its adjoint by the reverse sweep is wrong, then by what one of these adds to it.
    pub readers: Vec<(String, Op)>,
    /// What may be wrong with a claim, the most telling first; each is an equation that the claim
    /// fulfils. None if no claim is wrong, or nothing that a person would name.
    pub guesses: Vec<String>,
}

impl fmt::Display for Culprit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = &self.row;
        write!(f, "{}, {}", name(row), row.op)?;
        if let Some(place) = row.place {
            write!(f, " at {place}")?;
        }
        if let Some(claimed) = row.claimed {
            write!(f, ": claimed {},", short(claimed))?;
        } else {
            f.write_str(":")?;
        }
        write!(
            f,
            " reverse {}, forward {}, difference {}",
            short(row.reverse),
            short(row.forward),
            difference(row)
        )?;
        for (i, (reader, op)) in self.readers.iter().take(8).enumerate() {
            write!(f, "{} {op} {reader}", if i == 0 { "; read by" } else { "," })?;
        }
        if self.readers.len() > 8 {
            write!(f, " and {} more", self.readers.len() - 8)?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let excluded = self.excluded().count();
        let wrong =
            self.rows.iter().filter(|row| matches!(row.verdict, Verdict::Disagrees(_))).count();
        write!(f, "derivatives of {} = {}: ", self.output, short(self.value))?;
        write!(
            f,
            "{} agree, {excluded} excluded, {wrong} disagree",
            self.rows.len() - excluded - wrong
        )?;
        if self.left_out > 0 {
            write!(f, ", {} left out", self.left_out)?;
        }
        writeln!(f)?;
        let claims = self.rows.iter().any(|row| row.claimed.is_some());
        let head = ["", "claimed", "reverse", "forward", "difference", ""].map(str::to_owned);
        let line = |row: &Row| {
            let claimed = row.claimed.map_or(String::new(), short);
            [
                name(row),
                claimed,
                short(row.reverse),
                short(row.forward),
                difference(row),
                row.verdict.to_string(),
            ]
        };
        let table: Vec<[String; 6]> =
            std::iter::once(head).chain(self.rows.iter().map(line)).collect();
        let width = |column: usize| {
            table.iter().map(|line| line[column].chars().count()).max().unwrap_or(0)
        };
        for line in &table {
            let mut text = String::new();
            for (i, cell) in line.iter().enumerate().filter(|&(i, _)| claims || i != 1) {
                let width = width(i);
                text += &format!("{cell:width$}  ");
            }
            writeln!(f, "{}", text.trim_end())?;
        }
        match &self.culprit {
            Some(culprit) => {
                writeln!(f, "the first to disagree, from the output back: {culprit}")?;
                culprit
                    .guesses
                    .iter()
                    .try_for_each(|guess| writeln!(f, "  guess, claimed: {guess}"))
            }
            None => Ok(()),
        }
    }
}

fn name(row: &Row) -> String {
    let id = row.id.to_string();
    if row.label == id { id } else { format!("{id} {}", row.label) }
}

fn difference(row: &Row) -> String {
    match row.difference {
        Some(difference) => format!("{} ± {:.1e}", short(difference), row.error),
        None => "none".to_owned(),
    }
}

/// Ten significant digits, without the zeros at their end.
fn short(x: f64) -> String {
    if !x.is_finite() || x == 0.0 {
        return x.to_string();
    }
    let rounded: f64 = format!("{x:.9e}").parse().unwrap_or(x);
    if (1e-5..1e12).contains(&rounded.abs()) { rounded.to_string() } else { format!("{rounded:e}") }
}
