//! Columns that share no row, rows that share no column.

use super::{Colouring, Order, first_free};
use crate::pattern::Pattern;

/// Colours the columns so that no two of one colour have an entry in one row. Then a product with
/// the sum of a colour's unit vectors holds each of their entries by itself.
///
/// The idea is that of Curtis, Powell and Reid, "On the estimation of sparse Jacobian matrices"
/// (1974); that it is a colouring of the columns' intersection graph, and which orders to go in, of
/// Coleman and Moré, "Estimation of sparse Jacobian matrices and graph coloring problems" (1983);
/// as a distance-2 colouring of a bipartite graph, without that graph being built, Gebremedhin,
/// Manne and Pothen, "What color is your Jacobian?" (2005). The steps are Σ (entries of a row)²; at
/// least as many colours are needed as the [widest row](Pattern::widest_row) has entries.
///
/// # Examples
///
/// ```
/// use wengert_sparse::Pattern;
/// use wengert_sparse::colour::{Order, columns};
/// let diagonal = Pattern::of(3, 3, &[(0, 0), (1, 1), (2, 2)]);
/// assert_eq!(columns(&diagonal, Order::Natural).count(), 1);
/// let row = Pattern::of(1, 3, &[(0, 0), (0, 1), (0, 2)]);
/// assert_eq!(columns(&row, Order::Natural).count(), 3);
/// ```
#[must_use]
pub fn columns(pattern: &Pattern, order: Order) -> Colouring {
    both_ways(pattern, &pattern.transposed(), order)
}

/// As [`columns`], of the rows: no two of one colour have an entry in one column.
#[must_use]
pub fn rows(pattern: &Pattern, order: Order) -> Colouring {
    both_ways(&pattern.transposed(), pattern, order)
}

/// Colours the columns of `by_row`, whose transpose is `by_column`.
fn both_ways(by_row: &Pattern, by_column: &Pattern, order: Order) -> Colouring {
    let count = by_row.columns();
    let mut last = vec![usize::MAX; count];
    let neighbours = |vertex: usize, visit: &mut dyn FnMut(usize)| {
        // Every walk of a vertex marks with its number; a second walk begins by wiping that.
        for &row in by_column.row(vertex) {
            by_row.row(row).iter().for_each(|&other| last[other] = usize::MAX);
        }
        for &row in by_column.row(vertex) {
            for &other in by_row.row(row) {
                if other != vertex && last[other] != vertex {
                    last[other] = vertex;
                    visit(other);
                }
            }
        }
    };
    let order = order.of(count, neighbours);
    let mut colours = vec![usize::MAX; count];
    let mut forbidden = Vec::new();
    for vertex in order {
        for &row in by_column.row(vertex) {
            for &other in by_row.row(row) {
                if colours[other] != usize::MAX {
                    forbidden[colours[other]] = vertex;
                }
            }
        }
        colours[vertex] = first_free(&mut forbidden, vertex);
    }
    Colouring::of(colours)
}
