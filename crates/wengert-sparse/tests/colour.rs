//! Colourings by brute force.

use proptest::prelude::*;
use wengert_sparse::Pattern;
use wengert_sparse::colour::{Colouring, Order, columns, rows, star};

const ORDERS: [Order; 3] = [Order::Natural, Order::LargestFirst, Order::SmallestLast];

fn places(n: usize) -> impl Strategy<Value = Vec<(usize, usize)>> {
    prop::collection::vec((0..n, 0..n), 0..60)
}

fn symmetric(n: usize, places: &[(usize, usize)]) -> Pattern {
    let both: Vec<_> = places.iter().flat_map(|&(i, j)| [(i, j), (j, i)]).collect();
    Pattern::of(n, n, &both)
}

/// Every row of every colour has one entry at most.
fn is_direct(pattern: &Pattern, colouring: &Colouring) -> bool {
    (0..pattern.rows()).all(|row| {
        let row = pattern.row(row);
        row.iter()
            .all(|&j| row.iter().all(|&k| j == k || colouring.colour(j) != colouring.colour(k)))
    })
}

/// Neighbours differ, and no path of four vertices has two colours.
fn is_star(pattern: &Pattern, colouring: &Colouring) -> bool {
    let (n, c) = (pattern.rows(), |v| colouring.colour(v));
    let edge = |a, b| a != b && pattern.contains(a, b);
    for a in 0..n {
        for b in (0..n).filter(|&b| edge(a, b)) {
            if c(a) == c(b) {
                return false;
            }
            for d in (0..n).filter(|&d| d != a && edge(b, d)) {
                for e in (0..n).filter(|&e| e != a && e != b && edge(d, e)) {
                    if c(a) == c(d) && c(b) == c(e) {
                        return false;
                    }
                }
            }
        }
    }
    true
}

fn no_colour_is_skipped(colouring: &Colouring) -> bool {
    (0..colouring.count()).all(|colour| colouring.colours().contains(&colour))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_two_columns_of_a_colour_share_a_row(places in places(13)) {
        let pattern = Pattern::of(13, 13, &places);
        for order in ORDERS {
            let colouring = columns(&pattern, order);
            prop_assert!(is_direct(&pattern, &colouring));
            prop_assert!(no_colour_is_skipped(&colouring));
            prop_assert!(colouring.count() >= pattern.widest_row());
            prop_assert_eq!(&colouring, &rows(&pattern.transposed(), order));
            prop_assert_eq!(&colouring, &columns(&pattern, order));
        }
    }

    #[test]
    fn the_vertices_of_two_colours_fall_into_stars(places in places(14)) {
        let pattern = symmetric(14, &places);
        for order in ORDERS {
            let colouring = star(&pattern, order);
            prop_assert!(is_star(&pattern, &colouring), "{order:?}");
            prop_assert!(no_colour_is_skipped(&colouring));
            prop_assert_eq!(&colouring, &star(&pattern, order));
        }
    }

    #[test]
    fn transposing_twice_is_nothing(places in places(9)) {
        let pattern = Pattern::of(9, 9, &places);
        prop_assert_eq!(&pattern.transposed().transposed(), &pattern);
        prop_assert_eq!(pattern.is_symmetric(), pattern == pattern.transposed());
        for (i, j) in &places {
            prop_assert!(pattern.contains(*i, *j) && pattern.transposed().contains(*j, *i));
        }
    }
}

#[test]
fn the_judges_can_say_no() {
    let path = symmetric(4, &[(0, 1), (1, 2), (2, 3)]);
    // Alone in a pattern without edges, every vertex has colour 0; with the path's that is wrong.
    let alone = star(&symmetric(4, &[]), Order::Natural);
    assert!(!is_star(&path, &alone) && !is_direct(&path, &alone));
    // Two colours in turn: neighbours differ, and the path is no star.
    let in_turn = star(&symmetric(4, &[(0, 1), (0, 3), (2, 1)]), Order::Natural);
    assert!(in_turn.count() == 3 || !is_star(&path, &in_turn));
}

#[test]
fn an_order_can_save_a_colour() {
    // A crown: natural order takes 3 colours where 2 are enough, as pairs come in turn.
    let crown: Vec<(usize, usize)> = [(0, 3), (0, 5), (2, 1), (2, 5), (4, 1), (4, 3)].into();
    let rows: Vec<(usize, usize)> =
        crown.iter().enumerate().flat_map(|(row, &(a, b))| [(row, a), (row, b)]).collect();
    let pattern = Pattern::of(6, 6, &rows);
    assert_eq!(columns(&pattern, Order::Natural).count(), 3);
    assert_eq!(columns(&pattern, Order::SmallestLast).count(), 2);
}

#[test]
fn a_hub_of_many_does_not_cost_their_square() {
    let n = 50_000;
    let places: Vec<_> = (1..n).flat_map(|i| [(0, i), (i, 0), (i, i)]).collect();
    let pattern = Pattern::of(n, n, &places);
    for order in ORDERS {
        assert_eq!(star(&pattern, order).count(), 2);
    }
}

#[test]
#[should_panic(expected = "symmetric")]
fn a_star_colouring_asks_for_symmetry() {
    let _ = star(&Pattern::of(2, 2, &[(0, 1)]), Order::Natural);
}
