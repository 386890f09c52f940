//! Numbers of a side that has no tape: code derived by hand, a paper's table, a stored snapshot.

mod csv;

pub use csv::CsvError;

use crate::digits::SIGNIFICANT;
use crate::trace::Adjoint;

/// What a number is said of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quantity {
    /// The node's own number.
    Value,
    /// `∂L/∂v`.
    Adjoint,
    /// `−∂L/∂z`, which the delta rule works with.
    Delta,
}

impl Quantity {
    /// `value`, `adjoint`, `delta`: as in the titles of a table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Quantity::Value => "value",
            Quantity::Adjoint => "adjoint",
            Quantity::Delta => "delta",
        }
    }
}

/// Values, adjoints and deltas by path, from a side without a tape. A [`Diff`](crate::Diff) takes
/// the causal order from the side that has one.
///
/// Paths are those of the trace that it is compared with: a node's, a named part's, or with a
/// subscript an element's (`hidden/0.w[1]`). A delta belongs to the path of the pre-activation:
/// `delta("hidden/0.z", d)` says that the adjoint of `hidden/0.z` is −d.
///
/// # Examples
///
/// ```
/// use wengert_inspect::Reference;
///
/// let mut paper = Reference::new();
/// paper.value("z", 0.6).delta("z", -0.25).adjoints("w", &[0.25, 0.0]);
/// assert_eq!(paper.len(), 4);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reference {
    rows: Vec<Row>,
    /// To how many significant digits the numbers were rounded, if they were.
    digits: Option<usize>,
    /// Whether `no path` and its kin are told apart from the number 0.
    words: bool,
}

/// What is said of one path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) path: String,
    pub(crate) quantity: Quantity,
    /// Row-major; a value is always [`Adjoint::Computed`].
    pub(crate) numbers: Vec<Adjoint>,
}

impl Reference {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Reference::default()
    }

    /// Says that the numbers were rounded to so many significant digits, as a paper's table is: the
    /// comparison then allows for a unit of the last.
    #[must_use]
    pub fn rounded_to(mut self, significant: usize) -> Self {
        self.digits = Some(significant.max(1));
        self
    }

    /// To how many significant digits the numbers were rounded, if they were.
    #[must_use]
    pub fn significant(&self) -> Option<usize> {
        self.digits
    }

    /// The value of a single number.
    pub fn value(&mut self, path: impl Into<String>, number: f64) -> &mut Self {
        self.row(path.into(), Quantity::Value, &[number])
    }

    /// The values of a run, row-major.
    pub fn values(&mut self, path: impl Into<String>, numbers: &[f64]) -> &mut Self {
        self.row(path.into(), Quantity::Value, numbers)
    }

    /// The adjoint `∂L/∂v` of a single number.
    pub fn adjoint(&mut self, path: impl Into<String>, number: f64) -> &mut Self {
        self.row(path.into(), Quantity::Adjoint, &[number])
    }

    /// The adjoints of a run, row-major.
    pub fn adjoints(&mut self, path: impl Into<String>, numbers: &[f64]) -> &mut Self {
        self.row(path.into(), Quantity::Adjoint, numbers)
    }

    /// The delta `−∂L/∂z` of the pre-activation with this path.
    pub fn delta(&mut self, path: impl Into<String>, number: f64) -> &mut Self {
        self.row(path.into(), Quantity::Delta, &[number])
    }

    /// The deltas of a run of pre-activations, row-major.
    pub fn deltas(&mut self, path: impl Into<String>, numbers: &[f64]) -> &mut Self {
        self.row(path.into(), Quantity::Delta, numbers)
    }

    fn row(&mut self, path: String, quantity: Quantity, numbers: &[f64]) -> &mut Self {
        let numbers = numbers.iter().map(|&number| Adjoint::Computed(number)).collect();
        self.rows.push(Row { path, quantity, numbers });
        self
    }

    /// The adjoints that a [check](wengert::Var::check) was given as claims, by path: a
    /// [`Diff`](crate::Diff) of them tells all that follows from the first wrong one, and guesses
    /// from all of a node's numbers.
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert_inspect::{Diff, Reference, Trace};
    ///
    /// let tape = wengert::Tape::new();
    /// let x = tape.input(0.5).named("x");
    /// let loss = (0.5 * x.square()).named("L");
    /// let report = loss.check().claim(x, &[-0.5]).run().expect("a number");
    /// let trace = Trace::of(&loss.backward())?;
    /// let text = Diff::new(&trace, &Reference::of_claims(&report)).to_string();
    /// assert!(text.contains("the sign is flipped"), "{text}");
    /// # Ok::<(), wengert_inspect::Stale>(())
    /// ```
    #[must_use]
    pub fn of_claims(report: &wengert::check::Report) -> Self {
        let mut reference = Reference::new();
        for row in &report.rows {
            if let Some(claimed) = row.claimed {
                reference.adjoint(row.label.as_str(), claimed);
            }
        }
        reference
    }

    /// How many numbers it states.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.iter().map(|row| row.numbers.len()).sum()
    }

    /// Whether it states none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads the rows of a [`Table`](crate::Table)'s text, a stored snapshot for one: by its line
    /// of titles, the path, the value, the adjoint and the delta of each row, ten digits each.
    /// Lines that are no rows of that table are skipped.
    ///
    /// `None` if the text has no such line of titles.
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert_inspect::Reference;
    ///
    /// let text = "# loss: L = 9\npath  op     value   adjoint\nx     input  3       6\nb     param  1       no path\n";
    /// assert_eq!(Reference::of_table(text).map(|rows| rows.len()), Some(4));
    /// assert_eq!(Reference::of_table("x 3"), None);
    /// ```
    #[must_use]
    pub fn of_table(text: &str) -> Option<Self> {
        let mut lines = text.lines().filter(|line| !line.starts_with('#')).map(cells);
        let titles = lines.find(|cells| {
            cells.contains(&"path") && cells.iter().any(|title| quantity(title).is_some())
        })?;
        let path = titles.iter().position(|&title| title == "path")?;
        let mut reference = Reference { rows: Vec::new(), digits: Some(SIGNIFICANT), words: true };
        // A row's last cells may be empty, none between.
        for row in lines.filter(|row| row.len() <= titles.len()) {
            for (cell, quantity) in
                row.iter().zip(&titles).map(|(cell, title)| (cell, quantity(title)))
            {
                if let (Some(quantity), Some(number)) = (quantity, answer(cell)) {
                    reference.rows.push(Row {
                        path: row[path].to_owned(),
                        quantity,
                        numbers: vec![number],
                    });
                }
            }
        }
        Some(reference)
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(crate) fn digits(&self) -> Option<usize> {
        self.digits
    }

    pub(crate) fn has_words(&self) -> bool {
        self.words
    }
}

/// The cells of a line: two spaces or more apart.
fn cells(line: &str) -> Vec<&str> {
    line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
}

fn quantity(title: &str) -> Option<Quantity> {
    [Quantity::Value, Quantity::Adjoint, Quantity::Delta]
        .into_iter()
        .find(|quantity| quantity.name() == title)
}

/// What [`Adjoint`] displays, read back.
fn answer(cell: &str) -> Option<Adjoint> {
    match cell {
        "no path" => Some(Adjoint::NoPath),
        "not computed" => Some(Adjoint::NotComputed),
        _ => match cell.strip_prefix("zero: ") {
            Some(reason) => Some(Adjoint::Zero(reason.to_owned())),
            // What Rust reads as a number beyond what is written here (`infinity`, `+1`) is a word.
            None if cell.starts_with(|c: char| c.is_ascii_digit() || c == '-')
                || cell == "inf"
                || cell == "NaN" =>
            {
                cell.parse().ok().map(Adjoint::Computed)
            }
            None => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Table, Trace};

    #[test]
    fn a_table_is_read_back_with_all_its_answers() {
        let tape = wengert::Tape::new();
        let (x, w) = (tape.data([1.0, 0.0]).named("x"), tape.param([0.5, f64::NAN]).named("w"));
        let z = (x.at(0) * w.at(0)).named("z");
        let loss = z.sigmoid().named("L");
        let trace = Trace::of(&loss.backward()).unwrap();
        for slots in [false, true] {
            let text = Table::new(&trace).delta(|path| path == "z").slots(slots).to_string();
            let reference = Reference::of_table(&text).unwrap();
            let stated = |path: &str, quantity| {
                let row =
                    reference.rows.iter().find(|row| row.path == path && row.quantity == quantity);
                row.map(|row| row.numbers[0].to_string())
            };
            assert_eq!(stated("x[0]", Quantity::Adjoint).as_deref(), Some("no path"));
            assert_eq!(stated("w[1]", Quantity::Value).as_deref(), Some("NaN"));
            assert_eq!(stated("z", Quantity::Value).as_deref(), Some("0.5"));
            assert_eq!(stated("z", Quantity::Delta).as_deref(), Some("-0.2350037122"));
            assert_eq!(stated("x[0]", Quantity::Delta), None);
        }
    }

    #[test]
    fn what_is_no_row_is_skipped() {
        let text = "path  adjoint\nw: 3 more elements\nw[0]  -inf\n\nsome words after it\n";
        let reference = Reference::of_table(text).unwrap();
        assert_eq!(reference.len(), 1);
        assert_eq!(reference.rows[0].numbers, [Adjoint::Computed(f64::NEG_INFINITY)]);
    }
}
