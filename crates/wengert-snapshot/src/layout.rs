//! A new text in the columns of the stored one, so that a review shows the rows that changed and no
//! others: a sign that appears, a longer number or name, a flip of the last digit move nothing.

use std::collections::HashMap;

use wengert_inspect::Tolerance;

use crate::difference::{Row, rows, same_numbers};

/// What of a stored text is another now.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Laid {
    /// The new text: rows that are close as they are stored, the others in the stored columns.
    pub(crate) text: String,
    /// The stored rows that are gone, by name.
    pub(crate) gone: Vec<String>,
    /// The rows that are new, by name.
    pub(crate) new: Vec<String>,
    /// What changed, as the lines of a diff: `-` stored, `+` now.
    pub(crate) changes: Vec<String>,
}

pub(crate) fn laid_out(stored: &str, now: &str, tolerance: Tolerance) -> Laid {
    let (old, new) = (rows(stored), rows(now));
    let mut waiting: HashMap<&str, Vec<usize>> = HashMap::new();
    for (i, row) in old.iter().enumerate().rev() {
        waiting.entry(&row.name).or_default().push(i);
    }
    let (mut laid, mut lines, mut model) = (Laid::default(), Vec::new(), None);
    let mut met = vec![false; old.len()];
    for row in &new {
        let like = waiting.get_mut(row.name.as_str()).and_then(Vec::pop);
        let Some(like) = like else {
            let line = model
                .map_or_else(|| row.line.to_owned(), |like: &Row<'_>| within(row.line, like.line));
            laid.new.push(row.name.clone());
            laid.changes.push(format!("+{line}"));
            lines.push(line);
            continue;
        };
        let of = &old[like];
        met[like] = true;
        model = Some(of);
        if of.same_structure(row) && same_numbers(&old, like, row, tolerance) {
            lines.push(of.line.to_owned());
        } else {
            let line = within(row.line, of.line);
            laid.changes.extend([format!("-{}", of.line), format!("+{line}")]);
            lines.push(line);
        }
    }
    for (row, _) in old.iter().zip(met).filter(|(_, met)| !met) {
        laid.gone.push(row.name.clone());
        laid.changes.push(format!("-{}", row.line));
    }
    laid.text = lines.join("\n");
    laid
}

/// The cells of a line, two spaces or more apart, each with its column.
fn cells(line: &str) -> Vec<(usize, String)> {
    let mut cells: Vec<(usize, String)> = Vec::new();
    let (mut spaces, mut open) = (2, false);
    for (column, c) in line.chars().enumerate() {
        if c == ' ' {
            spaces += 1;
            continue;
        }
        match cells.last_mut().filter(|_| open && spaces < 2) {
            Some((_, text)) => {
                text.extend(std::iter::repeat_n(' ', spaces));
                text.push(c);
            }
            None => cells.push((column, c.to_string())),
        }
        (spaces, open) = (0, true);
    }
    cells
}

/// A line in the columns of another; numbers stand by their first digit, the sign before it.
fn within(line: &str, like: &str) -> String {
    let (own, model) = (cells(line), cells(like));
    let mut text = String::new();
    let mut length = 0;
    for (i, (column, cell)) in own.iter().enumerate() {
        let sign = |cell: &str| usize::from(cell.starts_with('-'));
        let column = match model.get(i) {
            Some((column, other)) => (column + sign(other)).saturating_sub(sign(cell)),
            None if i == 0 => *column,
            None => 0,
        };
        let gap = if i == 0 { column } else { column.saturating_sub(length).max(2) };
        // The sign takes one of the spaces between.
        let gap = if i > 0 && gap == 2 && sign(cell) == 1 && column < length + 2 {
            1.max(gap)
        } else {
            gap
        };
        text.extend(std::iter::repeat_n(' ', gap));
        text += cell;
        length += gap + cell.chars().count();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORED: &str = "\
# loss: L = 0.5
path  op      value   adjoint
x     input   1       0.25
w     param   0.5     no path
";

    #[test]
    fn a_sign_a_digit_and_a_longer_name_move_no_other_row() {
        let now = "\
# loss: L = 0.5
path         op      value           adjoint
x            input   1              -0.25
w            param   0.50000000004   no path
longer/name  mul    -3               1
";
        let laid = laid_out(STORED, now, Tolerance::default());
        let expected = "\
# loss: L = 0.5
path  op      value   adjoint
x     input   1      -0.25
w     param   0.5     no path
longer/name  mul  -3  1";
        assert_eq!(laid.text, expected);
        assert_eq!(laid.new, ["longer/name"]);
        assert_eq!(laid.changes[0], "-x     input   1       0.25");
        assert_eq!(laid.changes.len(), 3);
    }

    #[test]
    fn rows_that_are_gone_are_named() {
        let laid = laid_out(
            STORED,
            &STORED.replace("w     param   0.5     no path\n", ""),
            Tolerance::default(),
        );
        assert_eq!((laid.gone, laid.new), (vec!["w".to_owned()], Vec::new()));
    }

    #[test]
    fn what_is_the_same_stays_as_it_is() {
        let laid = laid_out(STORED, STORED, Tolerance::default());
        assert_eq!(laid.text, STORED.trim_end());
        assert!(laid.changes.is_empty());
    }
}
