//! Star colourings of symmetric patterns.

use super::{Colouring, Order, first_free};
use crate::pattern::Pattern;

/// Colours a symmetric pattern so that neighbours differ, and every path of four vertices has three
/// colours at least: the vertices of any two colours fall into stars. Then of the entries `(i, j)`
/// and `(j, i)` one is alone in its row among the columns of its colour, and can be read off a
/// product with the sum of that colour's unit vectors.
///
/// That these are the colourings which allow that was found by Coleman and Moré, "Estimation of
/// sparse Hessian matrices and graph coloring problems" (1984); the name and the greedy algorithm
/// are those of Gebremedhin, Manne and Pothen, "What color is your Jacobian?" (2005), the
/// bookkeeping of stars of Gebremedhin, Tarafdar, Manne and Pothen, "New acyclic and star coloring
/// algorithms with application to computing Hessians" (2007). Here every vertex keeps the colours
/// around it, so that a vertex with n neighbours does not cost n² steps.
///
/// # Panics
///
/// If the pattern is not symmetric.
///
/// # Examples
///
/// ```
/// use wengert_sparse::Pattern;
/// use wengert_sparse::colour::{Order, star};
/// // The first variable meets all others, and they meet nobody else: two colours.
/// let arrow = Pattern::of(3, 3, &[(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0), (2, 2)]);
/// assert_eq!(star(&arrow, Order::Natural).count(), 2);
/// ```
#[must_use]
pub fn star(pattern: &Pattern, order: Order) -> Colouring {
    assert!(pattern.is_symmetric(), "a star colouring is of a symmetric pattern");
    let count = pattern.rows();
    let others = |vertex: usize| pattern.row(vertex).iter().copied().filter(move |&w| w != vertex);
    let order = order.of(count, |vertex, visit| others(vertex).for_each(visit));
    let mut colours = vec![usize::MAX; count];
    let mut around = vec![Around::default(); count];
    let mut forbidden = Vec::new();
    for v in order {
        let coloured: Vec<usize> = others(v).filter(|&w| colours[w] != usize::MAX).collect();
        for &w in &coloured {
            around[v].meet(colours[w], w);
        }
        for &w in &coloured {
            forbidden[colours[w]] = v;
            // A path v, w, x, y: y has the colour of w, so v may not have that of x.
            around[w].hubs.iter().for_each(|&hub| forbidden[hub] = v);
            // A path w, v, w', x: w and w' have one colour, so v may not have that of x.
            if around[v].repeats(colours[w]) {
                around[w].met.iter().for_each(|met| forbidden[met.colour] = v);
            }
        }
        let colour = first_free(&mut forbidden, v);
        colours[v] = colour;
        for &w in &coloured {
            // v is the hub of a star with the leaf w, or w that of one with the leaf v.
            if around[v].repeats(colours[w]) {
                around[w].leaf_of(colour);
            }
            if let Some(first) = around[w].meet(colour, v) {
                around[v].leaf_of(colours[w]);
                around[first].leaf_of(colours[w]);
            }
        }
    }
    Colouring::of(colours)
}

/// Whether `(i, j)` is alone in row i among the columns of j's colour.
pub(crate) fn is_alone(pattern: &Pattern, colouring: &Colouring, i: usize, j: usize) -> bool {
    let colour = colouring.colour(j);
    pattern.row(i).iter().all(|&k| k == j || colouring.colour(k) != colour)
}

/// What a vertex knows of its coloured neighbours.
#[derive(Clone, Default)]
struct Around {
    /// Their colours, ascending.
    met: Vec<Met>,
    /// The colours, ascending, of neighbours that have another neighbour of this vertex's colour:
    /// hubs of stars in which it is a leaf.
    hubs: Vec<usize>,
}

#[derive(Clone, Copy)]
struct Met {
    colour: usize,
    first: usize,
    repeats: bool,
}

impl Around {
    /// Notes a neighbour. Gives the first one of its colour, if there was one.
    fn meet(&mut self, colour: usize, vertex: usize) -> Option<usize> {
        match self.met.binary_search_by_key(&colour, |met| met.colour) {
            Ok(at) => {
                self.met[at].repeats = true;
                Some(self.met[at].first)
            }
            Err(at) => {
                self.met.insert(at, Met { colour, first: vertex, repeats: false });
                None
            }
        }
    }

    fn repeats(&self, colour: usize) -> bool {
        let found = self.met.binary_search_by_key(&colour, |met| met.colour);
        found.is_ok_and(|at| self.met[at].repeats)
    }

    fn leaf_of(&mut self, hub: usize) {
        if let Err(at) = self.hubs.binary_search(&hub) {
            self.hubs.insert(at, hub);
        }
    }
}
