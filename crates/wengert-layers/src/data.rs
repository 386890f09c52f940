//! Rows to learn from.

/// Rows of features, each with the class it belongs to, checked once so that training need not.
///
/// There is at least one row, every row has the same number of features, every feature is finite,
/// and every label is below the number of classes. Rows, columns and classes are counted from 0.
///
/// # Examples
///
/// ```
/// use wengert_layers::Dataset;
///
/// let data = Dataset::new([([2.78, 2.55], 0), ([7.63, 2.76], 1)], 2)?;
/// assert_eq!(data.row(1), (&[7.63, 2.76][..], 1));
/// assert_eq!(data.one_hot(1), [0.0, 1.0]);
/// # Ok::<(), wengert_layers::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// Row after row.
    features: Vec<f64>,
    labels: Vec<usize>,
    width: usize,
    classes: usize,
}

/// What is wrong with the rows given to a [`Dataset`].
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// There are no rows.
    #[error("the data set has no rows")]
    NoRows,

    /// The first row has no features, so a network would have no inputs.
    #[error("row 0 has no features")]
    NoFeatures,

    /// A row is not as wide as the first one.
    #[error("row {row} has width {found}, expected {expected} as in row 0 (labels not counted)")]
    Width {
        /// The row.
        row: usize,
        /// The number of features of row 0.
        expected: usize,
        /// The number of features of this row.
        found: usize,
    },

    /// A feature is NaN or infinite.
    #[error("row {row}, column {column}: {value:?} is not a finite number")]
    NotFinite {
        /// The row.
        row: usize,
        /// The column.
        column: usize,
        /// The value found there.
        value: f64,
    },

    /// A label is not one of the classes.
    #[error("row {row} has label {label}, expected one of the {classes} classes counted from 0")]
    Label {
        /// The row.
        row: usize,
        /// Its label.
        label: usize,
        /// The number of classes.
        classes: usize,
    },

    /// The last number of a row is no label: negative, not whole, or not finite.
    #[error("row {row} ends in {value:?}, expected a label: a whole number from 0")]
    NotALabel {
        /// The row.
        row: usize,
        /// Its last number.
        value: f64,
    },
}

impl Dataset {
    /// Rows of features and a label.
    ///
    /// # Errors
    ///
    /// [`NoRows`](DataError::NoRows) and [`NoFeatures`](DataError::NoFeatures) where there is
    /// nothing to learn from. Otherwise the first bad row is named, by [`Width`](DataError::Width),
    /// [`NotFinite`](DataError::NotFinite) or [`Label`](DataError::Label), looked for in this
    /// order.
    pub fn new(
        rows: impl IntoIterator<Item = (impl AsRef<[f64]>, usize)>,
        classes: usize,
    ) -> Result<Self, DataError> {
        let mut data = Dataset::empty(classes);
        for (features, label) in rows {
            data.push(features.as_ref(), label)?;
        }
        data.finish()
    }

    /// Rows whose last number is the label, as in the teaching notebook and in many files.
    ///
    /// # Errors
    ///
    /// Those of [`Dataset::new`], and [`NotALabel`](DataError::NotALabel), which is looked for
    /// first in each row.
    ///
    /// # Examples
    ///
    /// ```
    /// # use wengert_layers::Dataset;
    /// let data = Dataset::from_labelled_rows([[2.7810836, 2.550537003, 0.0], [7.627531214, 2.759262235, 1.0]], 2)?;
    /// assert_eq!(data.row(1), (&[7.627531214, 2.759262235][..], 1));
    /// # Ok::<(), wengert_layers::DataError>(())
    /// ```
    pub fn from_labelled_rows(
        rows: impl IntoIterator<Item = impl AsRef<[f64]>>,
        classes: usize,
    ) -> Result<Self, DataError> {
        let mut data = Dataset::empty(classes);
        for row in rows {
            // A row without even a label has no features either, which `push` reports.
            let (&last, features) = row.as_ref().split_last().unwrap_or((&0.0, &[]));
            let label = last as usize;
            // The cast saturates and takes NaN to 0: only a whole number in range comes back as it
            // was.
            if label as f64 != last {
                return Err(DataError::NotALabel { row: data.labels.len(), value: last });
            }
            data.push(features, label)?;
        }
        data.finish()
    }

    /// The number of features of every row: the inputs of a network that learns them.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// The number of classes: the outputs of a network that learns them.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Row `i`: its features and its label.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    #[must_use]
    #[track_caller]
    pub fn row(&self, i: usize) -> (&[f64], usize) {
        let label = self.labels[i];
        (&self.features[i * self.width..][..self.width], label)
    }

    /// All rows in order; the iterator's `len` is their number.
    #[must_use]
    pub fn rows(&self) -> impl ExactSizeIterator<Item = (&[f64], usize)> + Clone {
        self.features.chunks_exact(self.width).zip(self.labels.iter().copied())
    }

    /// The features alone, row after row.
    #[must_use]
    pub fn features(&self) -> &[f64] {
        &self.features
    }

    /// The label of each row.
    #[must_use]
    pub fn labels(&self) -> &[usize] {
        &self.labels
    }

    /// The target for a class: 1 for the output of that class, 0 for every other.
    ///
    /// # Panics
    ///
    /// If there is no such class.
    #[must_use]
    #[track_caller]
    pub fn one_hot(&self, class: usize) -> Vec<f64> {
        let mut target = vec![0.0; self.classes];
        target[class] = 1.0;
        target
    }

    /// The target of a network of so many outputs: 1 for the class and 0 for the others; of a single
    /// output 1 for the second of two classes.
    pub(crate) fn target(&self, class: usize, outputs: usize) -> Vec<f64> {
        if outputs == 1 && self.classes == 2 { vec![class as f64] } else { self.one_hot(class) }
    }

    fn empty(classes: usize) -> Self {
        Dataset { features: Vec::new(), labels: Vec::new(), width: 0, classes }
    }

    fn push(&mut self, features: &[f64], label: usize) -> Result<(), DataError> {
        let row = self.labels.len();
        if row == 0 {
            self.width = features.len();
        }
        let (expected, found, classes) = (self.width, features.len(), self.classes);
        if expected == 0 {
            return Err(DataError::NoFeatures);
        }
        if found != expected {
            return Err(DataError::Width { row, expected, found });
        }
        if let Some(column) = features.iter().position(|value| !value.is_finite()) {
            return Err(DataError::NotFinite { row, column, value: features[column] });
        }
        if label >= classes {
            return Err(DataError::Label { row, label, classes });
        }
        self.features.extend_from_slice(features);
        self.labels.push(label);
        Ok(())
    }

    fn finish(self) -> Result<Self, DataError> {
        if self.labels.is_empty() { Err(DataError::NoRows) } else { Ok(self) }
    }
}

#[cfg(test)]
mod tests;
