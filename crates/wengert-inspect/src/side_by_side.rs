//! The same numbers from several hands, next to each other.

use std::fmt;

use crate::columns::{Columns, signed};
use crate::compare::{Tolerance, relative, ulps};
use crate::digits::Digits;

/// A table of numbers from two or more sources: hand-derived, from the tape, the notebook's own; a
/// tick or a cross on each row, and how far the numbers are apart.
///
/// The last number given in a row is its reference b, and every other number a of the row needs
/// `|a − b| ≤ rtol |b|` (the [`Tolerance`]). A row with fewer than two numbers compares nothing,
/// which is a cross.
///
/// # Examples
///
/// ```
/// use wengert_inspect::{SideBySide, Tolerance};
///
/// let mut table = SideBySide::new(["by hand", "from the tape"]).tolerance(Tolerance::relative(1e-13));
/// table.row("output/0.delta", [-0.14813473120687762, -0.1481347312068776]);
/// table.row("output/1.delta", [0.05472601157879688, 0.0547]);
/// assert_eq!(table.crosses().collect::<Vec<_>>(), ["output/1.delta"]);
/// assert_eq!(table.to_string().trim_start(), "\
/// by hand               from the tape          ulps
/// output/0.delta  -0.14813473120687762  -0.1481347312068776  ✓  1
/// output/1.delta   0.05472601157879688   0.0547              ✗  far   relative 0.000476
/// ");
/// ```
#[derive(Clone, Debug)]
pub struct SideBySide {
    titles: Vec<String>,
    rows: Vec<(String, Vec<Option<f64>>)>,
    tolerance: Tolerance,
    digits: Option<usize>,
}

impl SideBySide {
    /// An empty table with these columns; ticks are given within relative 1e-13, numbers shown in
    /// as many digits as tell them from their neighbours.
    #[must_use]
    pub fn new<T: Into<String>>(titles: impl IntoIterator<Item = T>) -> Self {
        let titles = titles.into_iter().map(Into::into).collect();
        SideBySide { titles, rows: Vec::new(), tolerance: Tolerance::relative(1e-13), digits: None }
    }

    /// What a tick means.
    #[must_use]
    pub fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Shows numbers in this many significant digits and leaves out the ulps, which differ from
    /// platform to platform: for snapshots.
    #[must_use]
    pub fn digits(mut self, significant: usize) -> Self {
        self.digits = Some(significant);
        self
    }

    /// Adds a row, one number a column; `None`, or no number at all, where a source says nothing.
    pub fn row<N: Into<Option<f64>>>(
        &mut self,
        label: impl Into<String>,
        numbers: impl IntoIterator<Item = N>,
    ) {
        self.rows.push((label.into(), numbers.into_iter().map(Into::into).collect()));
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows. An empty table has no cross, and proves nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The labels of the rows that do not agree, in order.
    pub fn crosses(&self) -> impl Iterator<Item = &str> {
        self.rows
            .iter()
            .filter(|(_, numbers)| !self.ticks(numbers))
            .map(|(label, _)| label.as_str())
    }

    fn ticks(&self, numbers: &[Option<f64>]) -> bool {
        match split(numbers) {
            Some((reference, others)) => {
                !others.is_empty()
                    && others.iter().all(|&number| self.tolerance.accepts(number, reference))
            }
            None => false,
        }
    }

    fn shown(&self, number: Option<f64>) -> String {
        match (number, self.digits) {
            (None, _) => String::new(),
            (Some(x), Some(digits)) => signed(&Digits::new(x).significant(digits).to_string()),
            (Some(x), None) => signed(&shortest(x)),
        }
    }

    fn distance(&self, numbers: &[Option<f64>]) -> Vec<String> {
        let Some((reference, others)) = split(numbers).filter(|(_, others)| !others.is_empty())
        else {
            return vec!["nothing to compare with".to_owned()];
        };
        let mut cells = Vec::new();
        if self.digits.is_none() {
            let farthest = others.iter().map(|&x| ulps(x, reference)).collect::<Option<Vec<u64>>>();
            cells.push(farthest.map_or("NaN".to_owned(), |all| {
                // Further apart, a count of neighbours says nothing.
                match all.into_iter().max().unwrap_or(0) {
                    far if far > 1_000_000 => "far".to_owned(),
                    near => near.to_string(),
                }
            }));
        }
        if !self.ticks(numbers) {
            // `f64::max` would drop a NaN.
            let worst = others
                .iter()
                .map(|&x| relative(x, reference))
                .fold(0.0_f64, |worst, r| if worst.is_nan() || r <= worst { worst } else { r });
            cells.push(format!("relative {}", Digits::new(worst).significant(3)));
        }
        cells
    }
}

/// As few digits as read back to the same number, in plain notation where that is short.
fn shortest(x: f64) -> String {
    let plain = x != 0.0 && !(1e-5..1e17).contains(&x.abs()) && x.is_finite();
    if plain { format!("{x:e}") } else { x.to_string() }
}

/// The last number given, and the others.
fn split(numbers: &[Option<f64>]) -> Option<(f64, Vec<f64>)> {
    let mut given: Vec<f64> = numbers.iter().copied().flatten().collect();
    let reference = given.pop()?;
    Some((reference, given))
}

impl fmt::Display for SideBySide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut columns = Columns::default();
        let titles = self.titles.iter().map(|title| format!(" {title}"));
        let last = self.digits.is_none().then(|| "ulps".to_owned());
        columns.row([String::new()].into_iter().chain(titles).chain([String::new()]).chain(last));
        for (label, numbers) in &self.rows {
            let shown =
                (0..self.titles.len()).map(|i| self.shown(numbers.get(i).copied().flatten()));
            let mark = if self.ticks(numbers) { "✓" } else { "✗" };
            columns.row(
                [label.clone()]
                    .into_iter()
                    .chain(shown)
                    .chain([mark.to_owned()])
                    .chain(self.distance(numbers)),
            );
        }
        write!(f, "{columns}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crosses(numbers: &[Option<f64>]) -> bool {
        let mut table = SideBySide::new(["a", "b", "c"]);
        table.row("row", numbers.iter().copied());
        table.crosses().count() == 1
    }

    #[test]
    fn a_row_ticks_only_if_all_its_numbers_agree() {
        let x = 0.1_f64;
        assert!(!crosses(&[Some(x), Some(x.next_up()), Some(x)]));
        assert!(crosses(&[Some(x), Some(x * 1.001), Some(x)]));
        assert!(!crosses(&[Some(x), Some(x.next_up()), None]));
        assert!(crosses(&[Some(x), Some(-x), None]));
    }

    #[test]
    fn nothing_to_compare_and_nan_are_crosses() {
        assert!(crosses(&[]));
        assert!(crosses(&[None, Some(1.0), None]));
        assert!(crosses(&[Some(f64::NAN), Some(f64::NAN), None]));
        let mut table = SideBySide::new(["a", "b"]);
        table.row("x", [Some(1.0), None]);
        table.row("y", [f64::NAN, 1.0]);
        table.row("z", [1e-300, f64::INFINITY]);
        let text = table.to_string();
        assert!(text.contains("✗  nothing to compare with"), "{text}");
        assert!(text.contains("✗  NaN                      relative NaN"), "{text}");
        assert!(text.contains("relative inf") && text.contains(" 1e-300 "), "{text}");
    }

    #[test]
    fn ten_digits_for_snapshots() {
        let mut table = SideBySide::new(["by hand", "tape"]).digits(10);
        table.row("w", [1.0 / 3.0, (1.0_f64 / 3.0).next_up()]);
        assert_eq!(
            table.to_string(),
            "    by hand        tape\nw   0.3333333333   0.3333333333  ✓\n"
        );
    }
}
