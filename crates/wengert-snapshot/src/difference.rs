//! Two texts compared row by row: structure exactly, numbers within a tolerance.

use wengert_inspect::{Digits, SIGNIFICANT, Tolerance, relative};

use crate::words::{Word, words};

/// Two digits, and words where it is no number.
fn relative_text(relative: f64) -> String {
    if relative.is_infinite() {
        "infinite".to_owned()
    } else {
        Digits::new(relative).significant(2).to_string()
    }
}

/// The first thing in which a text differs from its snapshot. It displays as one or two lines for a
/// reviewer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Difference {
    /// A number past the tolerance.
    #[error(
        "row `{row}` (line {line}): {column} was {stored} in the snapshot and is {now}: relative difference {}, allowed {tolerance}", relative_text(*.difference)
    )]
    Number {
        /// The row's path.
        row: String,
        /// The line, from 1.
        line: usize,
        /// The column's title, or `number 2`.
        column: String,
        /// The number in the snapshot.
        stored: f64,
        /// The number now.
        now: f64,
        /// `|now − stored| / |stored|`.
        difference: f64,
        /// What was allowed.
        tolerance: Tolerance,
    },
    /// A row of the snapshot that is gone.
    #[error("row `{row}` (line {line} of the snapshot) is missing")]
    Missing {
        /// The row's path.
        row: String,
        /// The line in the snapshot, from 1.
        line: usize,
    },
    /// A row that the snapshot does not have.
    #[error("row `{row}` (line {line}) is new: the snapshot does not have it")]
    New {
        /// The row's path.
        row: String,
        /// The line, from 1.
        line: usize,
    },
    /// A row that says something else, in words rather than numbers; or the rows' order.
    #[error(
        "row `{row}` (line {line}) changed in more than its numbers\n  in the snapshot: {stored}\n  now:             {now}"
    )]
    Changed {
        /// The row's path in the snapshot.
        row: String,
        /// The line, from 1.
        line: usize,
        /// The row in the snapshot.
        stored: String,
        /// The row now.
        now: String,
    },
}

/// Compares a text with its snapshot.
///
/// Words, paths, shapes and the rows' order have to be the same; spaces do not matter. Numbers may
/// differ as the tolerance says, and by a unit in the tenth digit more, at most as much again,
/// because both texts are rounded. NaN equals NaN here (the snapshot states it), and an infinity
/// itself.
///
/// # Errors
///
/// The first [`Difference`], from the top.
///
/// # Examples
///
/// ```
/// use wengert_inspect::Tolerance;
/// use wengert_snapshot::{Difference, compare};
///
/// let stored = "path  value\nw     0.1234567891\nz     no path";
/// assert_eq!(compare(stored, &stored.replace("7891", "7892"), Tolerance::default()), Ok(()));
///
/// let error = compare(stored, &stored.replace("0.1234567891", "0.12345"), Tolerance::default()).unwrap_err();
/// assert!(error.to_string().starts_with("row `w` (line 2): value was 0.1234567891 in the snapshot and is 0.12345"));
///
/// let error = compare(stored, "path  value\nw     0.1234567891", Tolerance::default()).unwrap_err();
/// assert_eq!(error, Difference::Missing { row: "z".to_owned(), line: 3 });
/// ```
pub fn compare(stored: &str, now: &str, tolerance: Tolerance) -> Result<(), Difference> {
    let (old, new) = (rows(stored), rows(now));
    for index in 0..old.len().max(new.len()) {
        match (old.get(index), new.get(index)) {
            (Some(old_row), Some(new_row)) if old_row.same_structure(new_row) => {
                numbers(&old, index, old_row, new_row, tolerance)?;
            }
            (Some(old_row), _) if !new.iter().any(|row| row.name == old_row.name) => {
                return Err(Difference::Missing { row: old_row.name.clone(), line: index + 1 });
            }
            (_, Some(new_row)) if !old.iter().any(|row| row.name == new_row.name) => {
                return Err(Difference::New { row: new_row.name.clone(), line: index + 1 });
            }
            (old_row, new_row) => {
                let line = |row: Option<&Row<'_>>| {
                    row.map_or("(no row)", |row| row.line.trim()).to_owned()
                };
                let row = old_row.or(new_row).map_or_else(String::new, |row| row.name.clone());
                return Err(Difference::Changed {
                    row,
                    line: index + 1,
                    stored: line(old_row),
                    now: line(new_row),
                });
            }
        }
    }
    Ok(())
}

/// A line of a text.
pub(crate) struct Row<'a> {
    pub(crate) line: &'a str,
    words: Vec<Word<'a>>,
    /// The first word; below a heading, with the heading's.
    pub(crate) name: String,
}

impl Row<'_> {
    pub(crate) fn same_structure(&self, other: &Row<'_>) -> bool {
        let same = |(a, b): (&Word<'_>, &Word<'_>)| match (a.number, b.number) {
            (Some(_), Some(_)) => true,
            (None, None) => a.text == b.text,
            _ => false,
        };
        self.words.len() == other.words.len() && self.words.iter().zip(&other.words).all(same)
    }
}

pub(crate) fn rows(text: &str) -> Vec<Row<'_>> {
    let mut heading = "";
    let row = |line| {
        let words = words(line);
        let first = words.first().map_or("", |word| word.text);
        let indented = line.starts_with(char::is_whitespace) && !heading.is_empty();
        if !indented {
            heading = first;
        }
        let name = match (indented, first) {
            (true, _) => format!("{heading}, {first}"),
            // A header line is known by what it is about.
            (false, "#") => {
                words.iter().take(2).map(|word| word.text).collect::<Vec<_>>().join(" ")
            }
            (false, _) => first.to_owned(),
        };
        Row { line, words, name }
    };
    text.trim_end().lines().map(row).collect()
}

/// Whether the numbers of a row are close to those of a stored one of the same structure.
pub(crate) fn same_numbers(
    stored: &[Row<'_>],
    index: usize,
    now: &Row<'_>,
    tolerance: Tolerance,
) -> bool {
    numbers(stored, index, &stored[index], now, tolerance).is_ok()
}

/// Compares the numbers of two rows of the same structure.
fn numbers(
    rows: &[Row<'_>],
    index: usize,
    old: &Row<'_>,
    new: &Row<'_>,
    tolerance: Tolerance,
) -> Result<(), Difference> {
    let pairs = old.words.iter().zip(&new.words).filter(|(old, _)| old.number.is_some());
    for (count, (old_word, new_word)) in pairs.enumerate() {
        let (Some(stored), Some(now)) = (old_word.number, new_word.number) else { continue };
        if old_word.text == new_word.text || tolerance.accepts_rounded(now, stored, SIGNIFICANT) {
            continue;
        }
        let column =
            title(&rows[..index], old_word).unwrap_or_else(|| format!("number {}", count + 1));
        let (row, difference) = (old.name.clone(), relative(now, stored));
        return Err(Difference::Number {
            row,
            line: index + 1,
            column,
            stored,
            now,
            difference,
            tolerance,
        });
    }
    Ok(())
}

/// The word that stands over a number in the nearest line of titles: one without numbers.
fn title(above: &[Row<'_>], number: &Word<'_>) -> Option<String> {
    // Titles stand over the first digit, after the sign.
    let column = number.column + usize::from(number.text.starts_with('-'));
    let titles = above
        .iter()
        .rev()
        .find(|row| row.words.len() > 1 && row.words.iter().all(|w| w.number.is_none()))?;
    let word = titles.words.iter().position(|word| word.column == column)?;
    // A title may be of several words, one space apart.
    let mut title = titles.words[word].text.to_owned();
    for pair in titles.words[word..].windows(2) {
        if pair[0].column + pair[0].text.chars().count() + 1 != pair[1].column {
            break;
        }
        title = format!("{title} {}", pair[1].text);
    }
    Some(title)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORED: &str = "\
# loss: L = 0.5
# numbers: 10 significant digits, compared with rtol=1e-9 atol=1e-15
path    op         value   adjoint
x[0]    input [2]  1      -0.25
x[1]    input [2]  0       zero: w = 0
w       param      NaN     inf
y: adjoint 0.25 = sum of 2 contributions
  reader  operand  partial   reader's adjoint
  z       0        0.5      -0.5
";

    #[track_caller]
    fn check(from: &str, to: &str, expect: &str) {
        assert!(STORED.contains(from), "{from}");
        let difference = compare(STORED, &STORED.replacen(from, to, 1), Tolerance::default());
        assert_eq!(difference.map_or_else(|d| d.to_string(), |()| "close".to_owned()), expect);
    }

    #[test]
    fn digits_within_the_tolerance_and_spaces_are_close() {
        check("0.25", "0.25", "close");
        check("-0.25", "-0.2500000001", "close");
        check("1      -0.25", "0.9999999999          -0.2499999999", "close");
        check("input [2]  0 ", "input [2]  -1e-16 ", "close");
        check("input [2]  0 ", "input [2]  -0 ", "close");
    }

    #[test]
    fn a_number_past_the_tolerance_is_named() {
        check(
            "-0.25",
            "-0.25000025",
            "row `x[0]` (line 4): adjoint was -0.25 in the snapshot and is -0.25000025: relative difference 1e-6, allowed rtol=1e-9 atol=1e-15",
        );
        check(
            "-0.5\n",
            "0.5\n",
            "row `y, z` (line 9): reader's adjoint was -0.5 in the snapshot and is 0.5: relative difference 2, allowed rtol=1e-9 atol=1e-15",
        );
        check(
            "L = 0.5",
            "L = 0.6",
            "row `# loss` (line 1): number 1 was 0.5 in the snapshot and is 0.6: relative difference 0.2, allowed rtol=1e-9 atol=1e-15",
        );
        check(
            "input [2]  0 ",
            "input [2]  1e-14 ",
            "row `x[1]` (line 5): value was 0 in the snapshot and is 0.00000000000001: relative difference infinite, allowed rtol=1e-9 atol=1e-15",
        );
    }

    #[test]
    fn a_flip_of_the_tenth_digit_is_close_at_every_leading_digit() {
        for leading in ["1", "1.5", "2.718281828", "5", "9.999999998"] {
            for exponent in [-300, -7, 0, 3, 250] {
                let stored = format!("{leading}e{exponent}");
                let flip = |units: f64| {
                    let digits = leading.parse::<f64>().unwrap() + units * 1e-9;
                    compare(
                        &format!("x {stored}"),
                        &format!("x {digits:.9}e{exponent}"),
                        Tolerance::relative(1e-9),
                    )
                };
                assert_eq!((flip(1.0), flip(-1.0)), (Ok(()), Ok(())), "{stored}");
                assert!(flip(20.0).is_err() && flip(-20.0).is_err(), "{stored}");
            }
        }
        let exact = Tolerance::relative(1e-13);
        assert!(compare("x 1.0000000000000", "x 1.00000000000005", exact).is_ok());
        assert!(compare("x 1.0000000000000", "x 1.0000000001", exact).is_err());
        assert!(compare("x 1", "x 1.000000001", Tolerance::relative(0.0)).is_err());
    }

    #[test]
    fn what_is_not_finite_equals_itself_only() {
        check(
            "NaN",
            "0.5",
            "row `w` (line 6): value was NaN in the snapshot and is 0.5: relative difference NaN, allowed rtol=1e-9 atol=1e-15",
        );
        check(
            " inf",
            "-inf",
            "row `w` (line 6): adjoint was inf in the snapshot and is -inf: relative difference infinite, allowed rtol=1e-9 atol=1e-15",
        );
    }

    #[test]
    fn rows_missing_new_and_changed() {
        check(
            "x[1]    input [2]  0       zero: w = 0\n",
            "",
            "row `x[1]` (line 5 of the snapshot) is missing",
        );
        check(
            "w       p",
            "v       param 1 2\nw       p",
            "row `v` (line 6) is new: the snapshot does not have it",
        );
        check("  z  ", "  y  ", "row `y, z` (line 9 of the snapshot) is missing");
        let changed = "row `w` (line 6) changed in more than its numbers\n  in the snapshot: w       param      NaN     inf\n  now:             w       input      NaN     inf";
        check("param", "input", changed);
        check(
            "-0.25\nx[1]",
            "no path\nx[1]",
            "row `x[0]` (line 4) changed in more than its numbers\n  in the snapshot: x[0]    input [2]  1      -0.25\n  now:             x[0]    input [2]  1      no path",
        );
    }

    #[test]
    fn structure_is_not_tolerated_however_wide_the_tolerance() {
        let wide = Tolerance::relative(1.0).absolute(1e9);
        let close =
            |from: &str, to: &str| compare(STORED, &STORED.replacen(from, to, 1), wide).is_ok();
        assert!(close("-0.25", "17"));
        assert!(
            !close("x[1]", "x[2]")
                && !close("[2]", "[3]")
                && !close("rtol=1e-9", "rtol=1e-8")
                && !close("w ", "v1 ")
        );
    }

    #[test]
    fn an_empty_snapshot_has_none_of_the_rows() {
        assert_eq!(
            compare("", "w 1\n", Tolerance::default()),
            Err(Difference::New { row: "w".to_owned(), line: 1 })
        );
        assert_eq!(compare("", "\n", Tolerance::default()), Ok(()));
    }

    #[test]
    fn rows_in_another_order_are_a_change() {
        let difference = compare("a 1\nb 2", "b 2\na 1", Tolerance::default()).unwrap_err();
        assert!(matches!(difference, Difference::Changed { row, line: 1, .. } if row == "a"));
    }
}
