//! Tables: rows of features, each with a class or with numbers to be met.
//!
//! ```
//! use wengert_layers::nn::{Csv, Scaling};
//!
//! let text = "\u{feff}variety;length;width\r\nkama;5.7;3.3\r\nrosa;6.1;3.5\r\nkama;5.5;3.1\r\n";
//! let table = Csv::new().label("variety").parse("seeds.csv", text)?;
//! assert_eq!((table.len(), table.feature_names().join(" ")), (3, "length width".to_owned()));
//! assert_eq!(table.class_names(), ["kama", "rosa"]); // in the order of the alphabet
//! assert_eq!(table.class_of(1), Some(1));
//!
//! let scaling = Scaling::standard(&table);
//! assert_eq!(scaling.apply(&table)?.features().iter().sum::<f64>().abs() < 1e-12, true);
//! # Ok::<(), wengert_layers::nn::TableError>(())
//! ```

mod cells;
mod csv;
mod error;
mod scaling;
mod split;

pub use csv::{Column, Csv, Header, Missing};
pub use error::TableError;
pub use scaling::Scaling;

/// Rows of numbers with what is to be learnt of them.
///
/// A feature can be NaN where a cell was empty and [`Missing::Mean`] asked for it to be kept; a
/// [`Scaling`] fills it, and a trainer refuses it.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    features: Vec<f64>,
    width: usize,
    feature_names: Vec<String>,
    targets: Targets,
}

/// What is to be learnt.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Targets {
    Classes { labels: Vec<usize>, names: Vec<String> },
    Numbers { values: Vec<f64>, names: Vec<String> },
}

impl Table {
    /// Rows that belong to classes, counted from 0; row after row in `features`.
    ///
    /// # Errors
    ///
    /// [`TableError::Rows`] if the numbers are no whole rows, [`TableError::UnknownClass`] if a
    /// label is not below `classes`.
    pub fn of_classes(
        features: Vec<f64>,
        labels: Vec<usize>,
        classes: usize,
    ) -> Result<Self, TableError> {
        if let Some(row) = labels.iter().position(|&label| label >= classes) {
            return Err(TableError::UnknownClass {
                place: format!("row {row}"),
                text: labels[row].to_string(),
                classes: format!("0 to {}", classes as isize - 1),
            });
        }
        let names = (0..classes).map(|class| class.to_string()).collect();
        let rows = labels.len();
        Table::checked(features, rows, Targets::Classes { labels, names })
    }

    /// Rows with `outputs` numbers each to be met; row after row in both.
    ///
    /// # Errors
    ///
    /// [`TableError::Rows`].
    pub fn of_numbers(
        features: Vec<f64>,
        targets: Vec<f64>,
        outputs: usize,
    ) -> Result<Self, TableError> {
        let rows = targets.len() / outputs.max(1);
        if rows * outputs != targets.len() {
            return Err(TableError::Rows { what: "targets", found: targets.len(), rows });
        }
        let names = (0..outputs).map(|i| format!("target {i}")).collect();
        Table::checked(features, rows, Targets::Numbers { values: targets, names })
    }

    fn checked(features: Vec<f64>, rows: usize, targets: Targets) -> Result<Self, TableError> {
        if rows == 0 || features.is_empty() || !features.len().is_multiple_of(rows) {
            return Err(TableError::Rows { what: "features", found: features.len(), rows });
        }
        let width = features.len() / rows;
        let feature_names = (0..width).map(|i| format!("column {}", i + 1)).collect();
        Ok(Table { features, width, feature_names, targets })
    }

    /// The number of rows.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a table is never empty")]
    pub fn len(&self) -> usize {
        self.features.len() / self.width
    }

    /// The number of features of a row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// The features of every row, row after row.
    #[must_use]
    pub fn features(&self) -> &[f64] {
        &self.features
    }

    /// The features of row `i`.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    #[must_use]
    #[track_caller]
    pub fn row(&self, i: usize) -> &[f64] {
        &self.features[i * self.width..][..self.width]
    }

    /// What the columns of features are called.
    #[must_use]
    pub fn feature_names(&self) -> &[String] {
        &self.feature_names
    }

    /// What the classes are called, in the order of their numbers; none for a table of numbers.
    #[must_use]
    pub fn class_names(&self) -> &[String] {
        match &self.targets {
            Targets::Classes { names, .. } => names,
            Targets::Numbers { .. } => &[],
        }
    }

    /// What the targets are called; none for a table of classes.
    #[must_use]
    pub fn target_names(&self) -> &[String] {
        match &self.targets {
            Targets::Classes { .. } => &[],
            Targets::Numbers { names, .. } => names,
        }
    }

    /// The class of each row; `None` for a table of numbers.
    #[must_use]
    pub fn labels(&self) -> Option<&[usize]> {
        match &self.targets {
            Targets::Classes { labels, .. } => Some(labels),
            Targets::Numbers { .. } => None,
        }
    }

    /// The class of row `i`.
    ///
    /// # Panics
    ///
    /// If there is no such row.
    #[must_use]
    #[track_caller]
    pub fn class_of(&self, i: usize) -> Option<usize> {
        self.labels().map(|labels| labels[i])
    }

    /// The numbers to be met, row after row; `None` for a table of classes.
    #[must_use]
    pub fn numbers(&self) -> Option<&[f64]> {
        match &self.targets {
            Targets::Classes { .. } => None,
            Targets::Numbers { values, .. } => Some(values),
        }
    }

    /// Some of the rows, in this order; a row may be taken twice.
    ///
    /// # Panics
    ///
    /// If there is no such row, or none is asked for.
    #[must_use]
    #[track_caller]
    pub fn select(&self, rows: &[usize]) -> Table {
        assert!(!rows.is_empty(), "a table has at least one row");
        let targets = match &self.targets {
            Targets::Classes { labels, names } => Targets::Classes {
                labels: rows.iter().map(|&row| labels[row]).collect(),
                names: names.clone(),
            },
            Targets::Numbers { values, names } => {
                let outputs = names.len();
                let of = |&row: &usize| &values[row * outputs..][..outputs];
                Targets::Numbers {
                    values: rows.iter().flat_map(of).copied().collect(),
                    names: names.clone(),
                }
            }
        };
        Table {
            features: rows.iter().flat_map(|&row| self.row(row)).copied().collect(),
            width: self.width,
            feature_names: self.feature_names.clone(),
            targets,
        }
    }

    /// How many outputs a model of this table has: one for each class or target, or a single one
    /// for two classes.
    pub(crate) fn fits(&self, outputs: usize) -> bool {
        match &self.targets {
            Targets::Classes { names, .. } => {
                outputs == names.len() || (outputs == 1 && names.len() == 2)
            }
            Targets::Numbers { names, .. } => outputs == names.len(),
        }
    }

    /// The targets of some rows for a model of so many outputs.
    pub(crate) fn targets_of(&self, rows: &[usize], outputs: usize, to: &mut Vec<f64>) {
        to.clear();
        match &self.targets {
            Targets::Classes { labels, .. } if outputs == 1 => {
                to.extend(rows.iter().map(|&row| labels[row] as f64));
            }
            Targets::Classes { labels, .. } => {
                for &row in rows {
                    to.extend((0..outputs).map(|class| f64::from(u8::from(class == labels[row]))));
                }
            }
            Targets::Numbers { values, .. } => {
                for &row in rows {
                    to.extend_from_slice(&values[row * outputs..][..outputs]);
                }
            }
        }
    }

    pub(crate) fn features_of(&self, rows: &[usize], to: &mut Vec<f64>) {
        to.clear();
        for &row in rows {
            to.extend_from_slice(self.row(row));
        }
    }
}

#[cfg(test)]
mod tests;
