//! Which rows are learnt when, and their numbers.

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use wengert::Scalar;

use super::steps::Turn;
use crate::nn::table::Table;

/// The numbers of some rows.
pub(super) struct Rows<S> {
    pub(super) features: Vec<S>,
    pub(super) targets: Vec<S>,
    room: Vec<f64>,
}

impl<S: Scalar> Rows<S> {
    pub(super) fn none() -> Self {
        Rows { features: Vec::new(), targets: Vec::new(), room: Vec::new() }
    }

    pub(super) fn take(&mut self, table: &Table, rows: &[usize], outputs: usize) {
        table.features_of(rows, &mut self.room);
        self.features.clear();
        self.features.extend(self.room.iter().map(|&x| S::from_f64(x)));
        table.targets_of(rows, outputs, &mut self.room);
        self.targets.clear();
        self.targets.extend(self.room.iter().map(|&x| S::from_f64(x)));
    }

    pub(super) fn turn(&self, rows: usize, seed: u64) -> Turn<'_, S> {
        Turn { features: &self.features, targets: &self.targets, rows, seed }
    }
}

/// The rows of an epoch in their order.
pub(super) struct Order {
    rows: Vec<usize>,
    seeds: Vec<u64>,
    batch: usize,
}

impl Order {
    /// Shuffled, by a generator that begins anew with each epoch.
    pub(super) fn of(seed: u64, epoch: usize, count: usize, batch: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(epoch as u64);
        let mut rows: Vec<usize> = (0..count).collect();
        rows.shuffle(&mut rng);
        let seeds = (0..count.div_ceil(batch)).map(|_| rng.random()).collect();
        Order { rows, seeds, batch }
    }

    /// All rows as they stand, as one batch.
    pub(super) fn of_all(seed: u64, count: usize) -> Self {
        Order { rows: (0..count).collect(), seeds: vec![seed], batch: count }
    }

    pub(super) fn count(&self) -> usize {
        self.seeds.len()
    }

    pub(super) fn batches(&self) -> impl Iterator<Item = (&[usize], u64)> {
        self.rows.chunks(self.batch).zip(self.seeds.iter().copied())
    }
}
