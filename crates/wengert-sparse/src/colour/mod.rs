//! Colourings of a pattern: which columns, or rows, share one direction.
//!
//! ```text
//! pattern --columns, rows--> Colouring   no two of a colour meet: every entry is read directly
//! symmetric pattern --star--> Colouring  of every two entries that meet, one is read elsewhere
//! ```
//!
//! All are greedy: vertices in a fixed [`Order`], each the first colour that is free. The result
//! depends on the pattern and the order alone.

mod distance_two;
mod order;
mod star;

pub use distance_two::{columns, rows};
pub use order::Order;
pub(crate) use star::is_alone;
pub use star::star;

/// A colour for each column, or row, counted from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Colouring {
    colours: Vec<usize>,
    count: usize,
}

impl Colouring {
    fn of(colours: Vec<usize>) -> Self {
        let count = colours.iter().max().map_or(0, |largest| largest + 1);
        Colouring { colours, count }
    }

    /// How many colours there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The colour of every column, or row.
    #[must_use]
    pub fn colours(&self) -> &[usize] {
        &self.colours
    }

    /// The colour of one.
    ///
    /// # Panics
    ///
    /// If there is no such column, or row.
    #[must_use]
    pub fn colour(&self, of: usize) -> usize {
        self.colours[of]
    }
}

/// The first colour that a vertex is not forbidden.
fn first_free(forbidden: &mut Vec<usize>, vertex: usize) -> usize {
    let free = forbidden.iter().position(|&by| by != vertex);
    free.unwrap_or_else(|| {
        forbidden.push(usize::MAX);
        forbidden.len() - 1
    })
}
