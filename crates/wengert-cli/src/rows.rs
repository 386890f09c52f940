//! Rows of numbers from CSV, each number with its line and column.
//!
//! Lines are read here, and not by a CSV library: a row of numbers has no line ends in its cells, and
//! an error is to name the line that an editor shows, blank lines counted.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read};
use std::str::FromStr;

use crate::error::Failure;
use crate::names::plain;

/// Rows, with the element of the inputs that each column is.
pub(crate) struct Rows<R> {
    reader: BufReader<R>,
    text: Vec<u8>,
    /// The number of the line, from 1.
    line: u64,
    /// Whether the line is a row that nobody took yet.
    waiting: bool,
    /// By column: which of all elements it is.
    pub(crate) columns: Vec<usize>,
    names: Vec<String>,
}

impl<R: Read> Rows<R> {
    /// Rows of columns that the first line names, or else of the elements `chosen`, in order; `all`
    /// are the names of the elements.
    pub(crate) fn new(input: R, all: &[String], chosen: &[usize]) -> Result<Self, Failure> {
        let names = chosen.iter().map(|&i| all[i].clone()).collect();
        let (reader, columns) = (BufReader::new(input), chosen.to_vec());
        let mut rows = Rows { reader, text: Vec::new(), line: 0, waiting: false, columns, names };
        if !rows.read()? {
            return Ok(rows);
        }
        let line = rows.line;
        let header = cells(rows.shown()?);
        let is_number = |cell: &Cow<'_, str>| cell.parse::<f64>().is_ok();
        let place = |cell: &str| all.iter().position(|name| plain(name) == plain(cell));
        // A word in a row of numbers is a mistake, and no header.
        if header.iter().all(is_number) || !header.iter().any(|cell| place(cell).is_some()) {
            rows.waiting = true;
            return Ok(rows);
        }
        let mut columns = Vec::with_capacity(header.len());
        for (i, cell) in header.iter().enumerate() {
            let wrong = |problem: String| Failure::Line {
                line,
                problem: format!("column {}: {problem}", i + 1),
            };
            let Some(element) = place(cell) else {
                let known = all.join(", ");
                let problem = format!("no input has a number `{cell}`; the program takes {known}");
                return Err(wrong(problem));
            };
            if columns.contains(&element) {
                return Err(wrong(format!("`{cell}` stands in two columns")));
            }
            columns.push(element);
        }
        rows.names = columns.iter().map(|&i| all[i].clone()).collect();
        rows.columns = columns;
        Ok(rows)
    }

    /// Reads the next line that is not blank.
    fn read(&mut self) -> Result<bool, Failure> {
        loop {
            self.text.clear();
            self.line += 1;
            let read = self.reader.read_until(b'\n', &mut self.text);
            let failed = |error: std::io::Error| Failure::Line {
                line: self.line,
                problem: error.to_string(),
            };
            if read.map_err(failed)? == 0 {
                return Ok(false);
            }
            if !self.text.trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }

    /// The line as text.
    fn shown(&self) -> Result<&str, Failure> {
        let text = std::str::from_utf8(&self.text).map_err(|_| Failure::Line {
            line: self.line,
            problem: "it is not UTF-8".to_owned(),
        })?;
        // Some programs put a mark of the encoding in front.
        Ok(text.trim_start_matches('\u{feff}').trim())
    }

    /// The next row's numbers, and its line; nothing after the last one.
    pub(crate) fn next<S: FromStr>(&mut self, to: &mut Vec<S>) -> Result<Option<u64>, Failure> {
        if !std::mem::take(&mut self.waiting) && !self.read()? {
            return Ok(None);
        }
        let line = self.line;
        let row = cells(self.shown()?);
        if row.len() != self.names.len() {
            let (found, wanted, names) = (row.len(), self.names.len(), self.names.join(", "));
            let problem = format!("{found} columns, and {wanted} are wanted: {names}");
            return Err(Failure::Line { line, problem });
        }
        to.clear();
        for (i, (cell, name)) in row.iter().zip(&self.names).enumerate() {
            let number = cell.parse().map_err(|_| {
                let (name, found) = (name.clone(), cell.clone().into_owned());
                Failure::Number { line, column: i + 1, name, found }
            })?;
            to.push(number);
        }
        Ok(Some(line))
    }
}

/// The cells of a line. One in quotes may have commas, and a quote twice.
fn cells(line: &str) -> Vec<Cow<'_, str>> {
    if !line.contains('"') {
        return line.split(',').map(|cell| Cow::Borrowed(cell.trim())).collect();
    }
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(Cow::Owned(std::mem::take(&mut cell).trim().to_owned())),
            letter => cell.push(letter),
        }
    }
    cells.push(Cow::Owned(cell.trim().to_owned()));
    cells
}

#[cfg(test)]
mod tests {
    use super::cells;

    #[test]
    fn cells_in_quotes_have_commas() {
        assert_eq!(cells("1, 2 ,"), ["1", "2", ""]);
        assert_eq!(cells("\"m[0, 1]\",\"a \"\"b\"\"\", c"), ["m[0, 1]", "a \"b\"", "c"]);
    }
}
