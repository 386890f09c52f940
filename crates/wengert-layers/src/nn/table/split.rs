//! Parts of a table: for training, for checking.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::{Table, TableError, Targets};

impl Table {
    /// Two parts: `share` of the rows, from 0 to 1, are held out in the second. Rows are drawn from
    /// a seed; of a table of classes each class gives its share, rounded.
    ///
    /// # Errors
    ///
    /// [`TableError::EmptyPart`].
    pub fn split(&self, share: f64, seed: u64) -> Result<(Table, Table), TableError> {
        let empty = || TableError::EmptyPart { share: format!("{share:?}"), rows: self.len() };
        if !(share > 0.0 && share < 1.0) {
            return Err(empty());
        }
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (mut train, mut held) = (Vec::new(), Vec::new());
        for mut rows in self.by_class() {
            rows.shuffle(&mut rng);
            let count = (share * rows.len() as f64).round() as usize;
            held.extend_from_slice(&rows[..count]);
            train.extend_from_slice(&rows[count..]);
        }
        if train.is_empty() || held.is_empty() {
            return Err(empty());
        }
        train.sort_unstable();
        held.sort_unstable();
        Ok((self.select(&train), self.select(&held)))
    }

    /// `k` pairs of a training part and the fold that is held out of it: every row is held out
    /// once. Rows are drawn from a seed; of a table of classes each fold has its share of each.
    ///
    /// # Errors
    ///
    /// [`TableError::Folds`], [`TableError::TooFewOfClass`].
    pub fn folds(&self, k: usize, seed: u64) -> Result<Vec<(Table, Table)>, TableError> {
        if k < 2 || k > self.len() {
            return Err(TableError::Folds { folds: k, rows: self.len() });
        }
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut folds: Vec<Vec<usize>> = vec![Vec::new(); k];
        let mut next = 0;
        for (class, mut rows) in self.by_class().into_iter().enumerate() {
            if !rows.is_empty() && rows.len() < k {
                let class = self.class_names().get(class).cloned().unwrap_or_default();
                return Err(TableError::TooFewOfClass { class, rows: rows.len(), folds: k });
            }
            rows.shuffle(&mut rng);
            // Each class goes on where the last one stopped, so that folds differ by one row.
            for row in rows {
                folds[next % k].push(row);
                next += 1;
            }
        }
        folds.iter_mut().for_each(|fold| fold.sort_unstable());
        let pair = |held: usize| {
            let mut train: Vec<usize> =
                (0..k).filter(|&fold| fold != held).flat_map(|fold| folds[fold].clone()).collect();
            train.sort_unstable();
            (self.select(&train), self.select(&folds[held]))
        };
        Ok((0..k).map(pair).collect())
    }

    /// The rows of each class; all rows of a table of numbers.
    fn by_class(&self) -> Vec<Vec<usize>> {
        match &self.targets {
            Targets::Numbers { .. } => vec![(0..self.len()).collect()],
            Targets::Classes { labels, names } => {
                let mut rows = vec![Vec::new(); names.len()];
                for (row, &label) in labels.iter().enumerate() {
                    rows[label].push(row);
                }
                rows
            }
        }
    }
}
