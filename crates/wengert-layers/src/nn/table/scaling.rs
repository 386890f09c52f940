//! Features of one size.

use serde::{Deserialize, Serialize};

use super::{Table, TableError};

/// `(x − from) / by`, column by column, with numbers that are fitted on one table, the training
/// part, and used on every other. A cell that is missing becomes the mean of its column there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scaling {
    from: Vec<f64>,
    by: Vec<f64>,
    /// What a missing cell becomes, before scaling.
    means: Vec<f64>,
}

impl Scaling {
    /// To mean 0 and standard deviation 1 (the square root of the mean square distance). A column
    /// that never changes becomes 0.
    #[must_use]
    pub fn standard(table: &Table) -> Self {
        Scaling::fit(table, |column, mean| {
            let squares: f64 = column.iter().map(|x| (x - mean) * (x - mean)).sum();
            (mean, (squares / column.len() as f64).sqrt())
        })
    }

    /// From the least, 0, to the largest, 1. What was not fitted on may fall outside. A column that
    /// never changes becomes 0.
    #[must_use]
    pub fn unit(table: &Table) -> Self {
        Scaling::fit(table, |column, _| {
            let least = column.iter().copied().fold(f64::INFINITY, f64::min);
            let largest = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            (least, largest - least)
        })
    }

    /// `of` makes of a column and its mean what is taken off, and what it is divided by.
    fn fit(table: &Table, of: impl Fn(&[f64], f64) -> (f64, f64)) -> Self {
        let mut scaling = Scaling { from: vec![], by: vec![], means: vec![] };
        for i in 0..table.width() {
            let column = table.features().iter().skip(i).step_by(table.width());
            let column: Vec<f64> = column.copied().filter(|x| !x.is_nan()).collect();
            let mean = match column.len() {
                0 => 0.0,
                count => column.iter().sum::<f64>() / count as f64,
            };
            let (from, by) = if column.is_empty() { (0.0, 0.0) } else { of(&column, mean) };
            scaling.means.push(mean);
            scaling.from.push(from);
            scaling.by.push(if by > 0.0 && by.is_finite() { by } else { 1.0 });
        }
        scaling
    }

    /// What is taken off, what is divided by, and what a missing cell becomes: for each column.
    #[must_use]
    pub fn numbers(&self) -> [&[f64]; 3] {
        [&self.from, &self.by, &self.means]
    }

    /// A row, scaled.
    ///
    /// # Errors
    ///
    /// [`TableError::Width`].
    pub fn row(&self, row: &[f64]) -> Result<Vec<f64>, TableError> {
        if row.len() != self.from.len() {
            return Err(TableError::Width { expected: self.from.len(), found: row.len() });
        }
        let scaled = |(i, &x): (usize, &f64)| {
            let x = if x.is_nan() { self.means[i] } else { x };
            (x - self.from[i]) / self.by[i]
        };
        Ok(row.iter().enumerate().map(scaled).collect())
    }

    /// A table with its features scaled.
    ///
    /// # Errors
    ///
    /// [`TableError::Width`].
    pub fn apply(&self, table: &Table) -> Result<Table, TableError> {
        let mut scaled = table.clone();
        scaled.features.clear();
        for row in 0..table.len() {
            scaled.features.extend(self.row(table.row(row))?);
        }
        Ok(scaled)
    }
}
