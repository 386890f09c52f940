//! Cells of a CSV file: which line they stand in, what separates them, and what they are as
//! numbers.

use super::{Column, TableError};

/// A line with its number, from 1.
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) cells: Vec<String>,
}

/// Counts lines. A record of the `csv` crate begins where the last one ended: before the line feed
/// of a CRLF, and before lines that are empty.
pub(super) struct LineEnds<'a> {
    bytes: &'a [u8],
    /// Where it has come to, and the line there.
    at: usize,
    line: u64,
}

impl<'a> LineEnds<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        LineEnds { bytes: text.as_bytes(), at: 0, line: 1 }
    }

    /// The line, from 1, of the first byte from here on that ends none. Asked in rising order.
    pub(super) fn line_of(&mut self, from: usize) -> u64 {
        while let Some(byte) = self.bytes.get(self.at)
            && (self.at < from || matches!(byte, b'\r' | b'\n'))
        {
            let crlf = *byte == b'\r' && self.bytes.get(self.at + 1) == Some(&b'\n');
            self.line += u64::from(matches!(byte, b'\r' | b'\n') && !crlf);
            self.at += 1;
        }
        self.line
    }
}

pub(super) fn is_missing(cell: &str) -> bool {
    ["", "?", "na", "nan", "null"].contains(&cell.to_ascii_lowercase().as_str())
}

/// The one that is most frequent in the first line, outside quotes.
pub(super) fn found_separator(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or("");
    let mut quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    for byte in first.bytes() {
        quoted ^= byte == b'"';
        for (separator, count) in &mut counts {
            *count += usize::from(!quoted && byte == *separator);
        }
    }
    let best = counts.iter().map(|&(_, count)| count).max().unwrap_or(0);
    counts.iter().find(|&&(_, count)| count == best).map_or(b',', |&(separator, _)| separator)
}

/// Cells as numbers, and the words for what is wrong with them.
pub(super) struct Reader<'a> {
    pub(super) file: &'a str,
    pub(super) names: Option<&'a [String]>,
    pub(super) width: usize,
}

impl Reader<'_> {
    pub(super) fn find(&self, column: &Column) -> Result<usize, TableError> {
        let (found, text) = match column {
            Column::Last => (Some(self.width - 1), "last".to_owned()),
            Column::Number(number) => {
                (Some(*number).filter(|number| *number < self.width), number.to_string())
            }
            Column::Name(name) => {
                let place = self.names.and_then(|names| names.iter().position(|n| n == name));
                (place, format!("{name:?}"))
            }
        };
        found.ok_or_else(|| {
            let has = match self.names {
                Some(names) => names.join(", "),
                None => format!("{} of them, without a header", self.width),
            };
            TableError::NoSuchColumn { file: self.file.to_owned(), column: text, has }
        })
    }

    /// The name, or the number from 1.
    pub(super) fn name(&self, column: usize) -> String {
        let name = self.names.and_then(|names| names.get(column));
        name.cloned().unwrap_or_else(|| format!("column {}", column + 1))
    }

    /// The number from 1, and the name.
    pub(super) fn called(&self, column: usize) -> String {
        match self.names.and_then(|names| names.get(column)) {
            Some(name) => format!("{} ({name})", column + 1),
            None => (column + 1).to_string(),
        }
    }

    pub(super) fn missing(&self, line: &Line, column: usize) -> TableError {
        TableError::Missing {
            file: self.file.to_owned(),
            line: line.number,
            column: self.called(column),
            text: line.cells[column].clone(),
        }
    }

    pub(super) fn number(&self, line: &Line, column: usize) -> Result<f64, TableError> {
        let text = &line.cells[column];
        if is_missing(text) {
            return Err(self.missing(line, column));
        }
        text.parse().ok().filter(|number: &f64| number.is_finite()).ok_or_else(|| {
            TableError::NotANumber {
                file: self.file.to_owned(),
                line: line.number,
                column: self.called(column),
                text: text.clone(),
            }
        })
    }
}
