//! How compressed products and a matrix's entries belong together.

use wengert::Scalar;

use crate::colour::{Colouring, is_alone};
use crate::pattern::Pattern;

/// For every colour, which element of its product is which entry of the matrix.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    offsets: Vec<usize>,
    /// The element of the product, and the entry in the order of compressed rows. A tape has at most
    /// 2²⁸ slots, so 32 bits hold an element, and they hold the entries of what fits a memory
    /// twice; all of the moves are read for every matrix.
    moves: Vec<(u32, u32)>,
}

impl Plan {
    /// Products with colours of columns: element i of colour c is `(i, j)`, j being i's column of
    /// that colour.
    pub(crate) fn columns(pattern: &Pattern, colouring: &Colouring) -> Self {
        let at = |(row, column)| (colouring.colour(column), row);
        Self::of(colouring.count(), pattern.places().map(at))
    }

    /// Products with colours of rows.
    pub(crate) fn rows(pattern: &Pattern, colouring: &Colouring) -> Self {
        let at = |(row, column)| (colouring.colour(row), column);
        Self::of(colouring.count(), pattern.places().map(at))
    }

    /// Products of a symmetric matrix with the colours of a star colouring. Both `(i, j)` and
    /// `(j, i)` are read at one of the two, that in the upper row if it can be.
    pub(crate) fn star(pattern: &Pattern, colouring: &Colouring) -> Self {
        let at = |(row, column): (usize, usize)| {
            let (i, j) = (row.min(column), row.max(column));
            match is_alone(pattern, colouring, i, j) {
                true => (colouring.colour(j), i),
                false => (colouring.colour(i), j),
            }
        };
        Self::of(colouring.count(), pattern.places().map(at))
    }

    /// Of every entry in order, the colour and the element.
    fn of(count: usize, at: impl Iterator<Item = (usize, usize)>) -> Self {
        let mut all: Vec<(usize, usize, usize)> =
            at.enumerate().map(|(entry, (colour, element))| (colour, element, entry)).collect();
        all.sort_unstable();
        let mut offsets = vec![0; count + 1];
        for &(colour, ..) in &all {
            offsets[colour + 1] += 1;
        }
        for colour in 0..count {
            offsets[colour + 1] += offsets[colour];
        }
        let narrow = |place: usize| u32::try_from(place).expect("a matrix of 2³² entries");
        let moves = all.into_iter().map(|(_, from, to)| (narrow(from), narrow(to))).collect();
        Plan { offsets, moves }
    }

    /// Moves a colour's product to its entries.
    pub(crate) fn scatter<S: Scalar>(&self, colour: usize, product: &[S], entries: &mut [S]) {
        for &(from, to) in &self.moves[self.offsets[colour]..self.offsets[colour + 1]] {
            entries[to as usize] = product[from as usize];
        }
    }
}

/// The sum of the unit vectors of a colour.
pub(crate) fn direction<S: Scalar>(colouring: &Colouring, colour: usize) -> Vec<S> {
    let one = |&c: &usize| S::from_f64(if c == colour { 1.0 } else { 0.0 });
    colouring.colours().iter().map(one).collect()
}
