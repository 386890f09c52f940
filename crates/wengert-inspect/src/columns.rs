//! Aligned columns of text.

use std::fmt;

/// Rows of cells; each column is as wide as its widest cell, two spaces apart, and no line ends in
/// a space.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    indent: usize,
    rows: Vec<Vec<String>>,
}

/// A number's text with room for a sign, so that digits stand under digits.
pub(crate) fn signed(text: &str) -> String {
    if text.starts_with('-') { text.to_owned() } else { format!(" {text}") }
}

/// `1 number`, `2 numbers`.
pub(crate) fn count(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

impl Columns {
    pub(crate) fn indented(indent: usize) -> Self {
        Columns { indent, rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl fmt::Display for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let cells = |column: usize| self.rows.iter().filter_map(move |row| row.get(column));
        let widths: Vec<usize> = (0..columns)
            .map(|column| cells(column).map(|cell| cell.chars().count()).max().unwrap_or(0))
            .collect();
        for row in &self.rows {
            let mut line = " ".repeat(self.indent);
            for (cell, &width) in row.iter().zip(&widths) {
                line += &format!("{cell:width$}  ");
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
