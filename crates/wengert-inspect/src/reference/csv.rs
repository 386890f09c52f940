//! Numbers derived by hand, as they come out of a spreadsheet or are typed into a file.

use super::{Quantity, Reference, Row};
use crate::trace::Adjoint;

/// What is wrong with a file of numbers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct CsvError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong in it, with its text.
    pub reason: String,
}

impl Reference {
    /// Reads numbers that somebody derived by hand: a line of titles, `node` and at least one of
    /// `value`, `adjoint`, `delta`, then a line for each node. Cells are separated by commas,
    /// semicolons or tabs, whichever the titles have; an empty cell says nothing; a line that is
    /// empty or begins with `#` is skipped.
    ///
    /// The fewest digits in which a fraction is written are taken for the precision of all, as in
    /// [`rounded_to`](Reference::rounded_to).
    ///
    /// # Errors
    ///
    /// [`CsvError`] with the line and its text: no titles, a title that is none of these, a cell
    /// that is no number, more cells than titles, a row without a node, no number at all.
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert_inspect::Reference;
    ///
    /// let mine = Reference::of_csv("node, delta\noutput/0.z, -0.148\nhidden/0.z, -0.0027\n")?;
    /// assert_eq!(mine.len(), 2);
    /// let error = Reference::of_csv("node, delta\nhidden/0.z, -0,0027\n").unwrap_err();
    /// assert_eq!(error.to_string(), "line 2: 3 cells under 2 titles: hidden/0.z, -0,0027");
    /// # Ok::<(), wengert_inspect::CsvError>(())
    /// ```
    pub fn of_csv(text: &str) -> Result<Self, CsvError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
        let mut lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let nothing = || CsvError {
            line: 1,
            reason: "no titles: node, and value, adjoint or delta".to_owned(),
        };
        let (line, first) = lines.next().ok_or_else(nothing)?;
        let separator = [';', '\t'].into_iter().find(|&c| first.contains(c)).unwrap_or(',');
        let titles = titles(line, first, separator)?;
        let (mut reference, mut digits) = (Reference::new(), None::<usize>);
        for (line, text) in lines {
            let wrong = |reason: String| CsvError { line, reason };
            let cells: Vec<&str> = text.split(separator).map(str::trim).collect();
            if cells.len() > titles.len() {
                let (found, asked) = (cells.len(), titles.len());
                return Err(wrong(format!("{found} cells under {asked} titles: {text}")));
            }
            let node = titles.iter().position(Option::is_none).and_then(|at| cells.get(at));
            let Some(&node) = node.filter(|node| !node.is_empty()) else {
                return Err(wrong(format!("no node: {text}")));
            };
            for (cell, quantity) in cells.iter().zip(&titles) {
                let Some(quantity) = *quantity else { continue };
                if cell.is_empty() {
                    continue;
                }
                let number = cell.replace('\u{2212}', "-").parse::<f64>();
                let number = number.map_err(|_| wrong(format!("{cell} is no number: {text}")))?;
                digits = match (digits, fraction_digits(cell)) {
                    (Some(fewest), Some(own)) => Some(fewest.min(own)),
                    (known, own) => known.or(own),
                };
                let numbers = vec![Adjoint::Computed(number)];
                reference.rows.push(Row { path: node.to_owned(), quantity, numbers });
            }
        }
        if reference.rows.is_empty() {
            return Err(CsvError { line, reason: format!("no number below the titles {first}") });
        }
        // From 16 digits on a number is the one that it names.
        reference.digits = digits.filter(|&digits| digits < 16);
        Ok(reference)
    }
}

/// By column what it states; `None` for the node.
fn titles(line: usize, text: &str, separator: char) -> Result<Vec<Option<Quantity>>, CsvError> {
    let wrong = |reason: String| CsvError { line, reason };
    let mut titles = Vec::new();
    for title in text.split(separator).map(|title| title.trim().to_lowercase()) {
        titles.push(match title.as_str() {
            "node" | "path" | "name" => None,
            other => match super::quantity(other) {
                Some(quantity) => Some(quantity),
                None => {
                    let asked = "node, value, adjoint, delta";
                    return Err(wrong(format!("{title} is none of the titles {asked}: {text}")));
                }
            },
        });
    }
    let nodes = titles.iter().filter(|title| title.is_none()).count();
    if nodes != 1 || titles.len() < 2 {
        return Err(wrong(format!("one title node, and value, adjoint or delta: {text}")));
    }
    Ok(titles)
}

/// How many significant digits a fraction is written with; `None` of a whole number, which may be
/// exact.
fn fraction_digits(cell: &str) -> Option<usize> {
    let mantissa = cell.split(['e', 'E']).next().unwrap_or(cell);
    let (whole, fraction) = mantissa.split_once('.')?;
    let digits: String =
        whole.chars().chain(fraction.chars()).filter(char::is_ascii_digit).collect();
    let significant = digits.trim_start_matches('0').len();
    (significant > 0).then_some(significant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_signs_and_digits_as_people_write_them() {
        let text = "\u{feff}# my own\nNode;Delta;Value\n\nhidden/0.z;\u{2212}0.0027;\noutput/0.z; -1.48135e-1 ; 0.7\r\n";
        let reference = Reference::of_csv(text).unwrap();
        let row = |path: &str, quantity, number| Row {
            path: path.to_owned(),
            quantity,
            numbers: vec![Adjoint::Computed(number)],
        };
        assert_eq!(
            reference.rows,
            [
                row("hidden/0.z", Quantity::Delta, -0.0027),
                row("output/0.z", Quantity::Delta, -0.148135),
                row("output/0.z", Quantity::Value, 0.7),
            ]
        );
        assert_eq!(reference.digits, Some(1), "0.7 has one");
        let whole = Reference::of_csv("node,value\nx,1\ny,0\nz,0.12345678901234567").unwrap();
        assert_eq!(whole.digits, None);
    }

    #[test]
    fn what_is_wrong_is_said_with_line_and_text() {
        let error = |text: &str| Reference::of_csv(text).unwrap_err().to_string();
        assert_eq!(error(""), "line 1: no titles: node, and value, adjoint or delta");
        assert_eq!(
            error("node,gradient\nz,1"),
            "line 1: gradient is none of the titles node, value, adjoint, delta: node,gradient"
        );
        assert_eq!(
            error("\nvalue,delta\n1,2"),
            "line 2: one title node, and value, adjoint or delta: value,delta"
        );
        assert_eq!(error("node,delta\nz,x"), "line 2: x is no number: z,x");
        assert_eq!(error("node,delta\n,1"), "line 2: no node: ,1");
        assert_eq!(error("node,delta\nz,"), "line 1: no number below the titles node,delta");
    }
}
