//! A table of a CSV file.

use std::path::Path;

use super::cells::{Line, LineEnds, Reader, found_separator, is_missing};
use super::{Table, TableError, Targets};

/// How a CSV file is read. What is not said is found out: the separator, and whether there is a
/// header.
///
/// A byte order mark, CRLF, and cells in quotes are read as they are meant.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Csv {
    separator: Option<u8>,
    header: Header,
    label: Option<Column>,
    targets: Vec<Column>,
    ignored: Vec<Column>,
    classes: Option<Vec<String>>,
    missing: Missing,
}

/// Whether the first line has names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Header {
    /// It has if none of its cells is a number, or if a column is named by a text.
    #[default]
    Detect,
    /// It has.
    Yes,
    /// It is data.
    No,
}

/// What is done with a cell that is empty, `NA`, `NaN`, `null` or `?`, among the features. A label
/// or a target that is missing is always an error.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum Missing {
    /// An error with file, line and column.
    #[default]
    Refuse,
    /// The whole row is left out.
    DropRow,
    /// This number stands there.
    Value(f64),
    /// The mean of the column in the *training* part, put in by a [`Scaling`](super::Scaling).
    Mean,
}

/// A column, by its name or its number from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// By its name in the header.
    Name(String),
    /// By its number, from 0.
    Number(usize),
    /// The last one.
    Last,
}

impl From<&str> for Column {
    fn from(name: &str) -> Self {
        Column::Name(name.to_owned())
    }
}

impl From<usize> for Column {
    fn from(number: usize) -> Self {
        Column::Number(number)
    }
}

impl From<wengert::Last> for Column {
    fn from(_: wengert::Last) -> Self {
        Column::Last
    }
}

impl Csv {
    /// Labels in the last column; no missing cell.
    #[must_use]
    pub fn new() -> Self {
        Csv::default()
    }

    /// The separator, if it is not to be found out: of `,`, `;` and a tab the one that is most
    /// frequent in the first line.
    #[must_use]
    pub fn separator(self, separator: u8) -> Self {
        Csv { separator: Some(separator), ..self }
    }

    /// Whether there is a header.
    #[must_use]
    pub fn header(self, header: Header) -> Self {
        Csv { header, ..self }
    }

    /// The column of the classes: any texts. Their order is that of the numbers if all are numbers,
    /// else the alphabet's.
    #[must_use]
    pub fn label(self, column: impl Into<Column>) -> Self {
        Csv { label: Some(column.into()), ..self }
    }

    /// The classes in their order. A label that is none of them is an error.
    #[must_use]
    pub fn classes<T: Into<String>>(self, classes: impl IntoIterator<Item = T>) -> Self {
        Csv { classes: Some(classes.into_iter().map(Into::into).collect()), ..self }
    }

    /// The columns of numbers to be met, instead of classes.
    #[must_use]
    pub fn targets<C: Into<Column>>(self, columns: impl IntoIterator<Item = C>) -> Self {
        Csv { targets: columns.into_iter().map(Into::into).collect(), ..self }
    }

    /// Columns that are not read: a number of the row, a remark.
    #[must_use]
    pub fn ignore<C: Into<Column>>(self, columns: impl IntoIterator<Item = C>) -> Self {
        Csv { ignored: columns.into_iter().map(Into::into).collect(), ..self }
    }

    /// What is done with missing cells.
    #[must_use]
    pub fn missing(self, missing: Missing) -> Self {
        Csv { missing, ..self }
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// Those of [`parse`](Csv::parse), and [`TableError::File`].
    pub fn read(&self, path: impl AsRef<Path>) -> Result<Table, TableError> {
        let file = path.as_ref().display().to_string();
        let bytes = std::fs::read(&path)
            .map_err(|error| TableError::File { file: file.clone(), reason: error.to_string() })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count() as u64;
            TableError::NotUtf8 { file: file.clone(), line }
        })?;
        self.parse(&file, &text)
    }

    /// Reads a text; `file` is what errors call it.
    ///
    /// # Errors
    ///
    /// With file, line and column: [`TableError::Ragged`], [`TableError::NotANumber`],
    /// [`TableError::Missing`], [`TableError::UnknownClass`]; with the file
    /// [`TableError::NoRows`], [`TableError::NoFeatures`], [`TableError::NoSuchColumn`].
    pub fn parse(&self, file: &str, text: &str) -> Result<Table, TableError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines = self.lines(file, text)?;
        let names = self.names(&mut lines);
        let Some(first) = lines.first() else {
            return Err(TableError::NoRows { file: file.to_owned() });
        };
        let width = first.cells.len();
        let reader = Reader { file, names: names.as_deref(), width };
        let targets = self.targets.iter().map(|column| reader.find(column));
        let targets = targets.collect::<Result<Vec<_>, _>>()?;
        let label = match &self.label {
            Some(column) => Some(reader.find(column)?),
            None if targets.is_empty() => Some(width - 1),
            None => None,
        };
        let ignored = self.ignored.iter().map(|column| reader.find(column));
        let ignored = ignored.collect::<Result<Vec<_>, _>>()?;
        let is_feature =
            |i: &usize| label != Some(*i) && !targets.contains(i) && !ignored.contains(i);
        let features: Vec<usize> = (0..width).filter(is_feature).collect();
        if features.is_empty() {
            return Err(TableError::NoFeatures { file: file.to_owned() });
        }
        self.table(&reader, &lines, &features, label.filter(|_| targets.is_empty()), &targets)
    }

    fn table(
        &self,
        reader: &Reader<'_>,
        lines: &[Line],
        features: &[usize],
        label: Option<usize>,
        targets: &[usize],
    ) -> Result<Table, TableError> {
        let (mut numbers, mut met, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        for line in lines {
            let start = numbers.len();
            let mut dropped = false;
            for &column in features {
                match (reader.number(line, column), self.missing) {
                    (Err(TableError::Missing { .. }), Missing::DropRow) => dropped = true,
                    (Err(TableError::Missing { .. }), Missing::Value(value)) => numbers.push(value),
                    (Err(TableError::Missing { .. }), Missing::Mean) => numbers.push(f64::NAN),
                    (number, _) => numbers.push(number?),
                }
            }
            if dropped {
                numbers.truncate(start);
                continue;
            }
            for &column in targets {
                met.push(reader.number(line, column)?);
            }
            kept.push(line);
        }
        if kept.is_empty() {
            return Err(TableError::NoRows { file: reader.file.to_owned() });
        }
        let called = |columns: &[usize]| columns.iter().map(|&i| reader.name(i)).collect();
        let targets = match label {
            Some(label) => self.labels(reader, &kept, label)?,
            None => Targets::Numbers { values: met, names: called(targets) },
        };
        let (width, feature_names) = (features.len(), called(features));
        Ok(Table { features: numbers, width, feature_names, targets })
    }

    fn labels(
        &self,
        reader: &Reader<'_>,
        lines: &[&Line],
        column: usize,
    ) -> Result<Targets, TableError> {
        for line in lines {
            if is_missing(&line.cells[column]) {
                return Err(reader.missing(line, column));
            }
        }
        let names = self.classes.clone().unwrap_or_else(|| {
            let mut names: Vec<String> =
                lines.iter().map(|line| line.cells[column].clone()).collect();
            names.sort();
            names.dedup();
            let numbers: Option<Vec<f64>> = names.iter().map(|name| name.parse().ok()).collect();
            if numbers.is_some() {
                let number = |name: &String| name.parse::<f64>().unwrap_or(f64::NAN);
                names.sort_by(|a, b| number(a).total_cmp(&number(b)));
            }
            names
        });
        let class = |line: &&Line| {
            let text = &line.cells[column];
            names.iter().position(|name| name == text).ok_or_else(|| TableError::UnknownClass {
                place: format!(
                    "{}, line {}, column {}",
                    reader.file,
                    line.number,
                    reader.called(column)
                ),
                text: text.clone(),
                classes: names.join(", "),
            })
        };
        let labels = lines.iter().map(class).collect::<Result<_, _>>()?;
        Ok(Targets::Classes { labels, names })
    }

    /// The cells, without space around them.
    fn lines(&self, file: &str, text: &str) -> Result<Vec<Line>, TableError> {
        let separator = self.separator.unwrap_or_else(|| found_separator(text));
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let (mut lines, mut ends): (Vec<Line>, _) = (Vec::new(), LineEnds::of(text));
        for record in reader.records() {
            let record = record.map_err(|error| TableError::File {
                file: file.to_owned(),
                reason: error.to_string(),
            })?;
            let number = ends.line_of(record.position().map_or(0, csv::Position::byte) as usize);
            let cells: Vec<String> = record.iter().map(str::to_owned).collect();
            if let Some(first) = lines.first()
                && first.cells.len() != cells.len()
            {
                return Err(TableError::Ragged {
                    file: file.to_owned(),
                    line: number,
                    first: first.number,
                    expected: first.cells.len(),
                    found: cells.len(),
                });
            }
            lines.push(Line { number, cells });
        }
        Ok(lines)
    }

    /// Takes the header off, if there is one.
    fn names(&self, lines: &mut Vec<Line>) -> Option<Vec<String>> {
        let named = |column: &Column| matches!(column, Column::Name(_));
        let any_named = self.label.iter().chain(&self.targets).chain(&self.ignored).any(named);
        let has = match self.header {
            Header::Yes => true,
            Header::No => false,
            Header::Detect => {
                any_named
                    || lines.first().is_some_and(|line| {
                        line.cells.iter().all(|cell| cell.parse::<f64>().is_err())
                    })
            }
        };
        (has && !lines.is_empty()).then(|| lines.remove(0).cells)
    }
}
