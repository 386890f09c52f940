//! What can be wrong with a table.

/// Why a table could not be read, or divided.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// The file could not be opened or read.
    #[error("{file}: {reason}")]
    File {
        /// The file.
        file: String,
        /// What the system says.
        reason: String,
    },

    /// The text is not UTF-8.
    #[error("{file}, line {line}: the text is not UTF-8")]
    NotUtf8 {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
    },

    /// There are no rows.
    #[error("{file}: there are no rows of data")]
    NoRows {
        /// The file.
        file: String,
    },

    /// There is no column of features beside the labels or targets.
    #[error("{file}: no column is left for the features")]
    NoFeatures {
        /// The file.
        file: String,
    },

    /// A row is not as long as the first.
    #[error("{file}, line {line}: {found} cells, expected {expected} as in line {first}")]
    Ragged {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// The first line.
        first: u64,
        /// How many cells that has.
        expected: usize,
        /// How many there are.
        found: usize,
    },

    /// A cell that is not a finite number where one is needed.
    #[error("{file}, line {line}, column {column}: {text:?} is not a finite number")]
    NotANumber {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// The column's number from 1, and its name.
        column: String,
        /// The cell.
        text: String,
    },

    /// An empty cell, or one that stands for nothing.
    #[error("{file}, line {line}, column {column}: the cell is missing ({text:?})")]
    Missing {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// The column's number from 1, and its name.
        column: String,
        /// The cell.
        text: String,
    },

    /// No column of that name or number.
    #[error("{file}: there is no column {column}; there are {has}")]
    NoSuchColumn {
        /// The file.
        file: String,
        /// The column asked for.
        column: String,
        /// Those there are.
        has: String,
    },

    /// A label that is none of the classes.
    #[error("{place}: {text:?} is none of the classes ({classes})")]
    UnknownClass {
        /// File, line and column, or the row.
        place: String,
        /// The label.
        text: String,
        /// The classes.
        classes: String,
    },

    /// Numbers that are no whole rows.
    #[error("{found} {what} are no whole rows for {rows} rows")]
    Rows {
        /// `features` or `targets`.
        what: &'static str,
        /// How many numbers there are.
        found: usize,
        /// How many rows.
        rows: usize,
    },

    /// A part of a split without rows.
    #[error("a share of {share} of {rows} rows leaves one part empty")]
    EmptyPart {
        /// The share asked for.
        share: String,
        /// How many rows there are.
        rows: usize,
    },

    /// A class with fewer rows than there are folds, so that a fold would be without it.
    #[error("class {class} has {rows} rows, too few for {folds} folds; take at most {rows}")]
    TooFewOfClass {
        /// The class.
        class: String,
        /// Its rows.
        rows: usize,
        /// How many folds were asked for.
        folds: usize,
    },

    /// A number of folds that cannot be.
    #[error("{folds} folds of {rows} rows: there are at least 2, and at most as many as rows")]
    Folds {
        /// How many folds were asked for.
        folds: usize,
        /// How many rows there are.
        rows: usize,
    },

    /// A table of another width than a scaling was fitted on.
    #[error("{found} features were given to a scaling of {expected}")]
    Width {
        /// The scaling's.
        expected: usize,
        /// The table's.
        found: usize,
    },
}
