//! Products of every small shape, with every stride, against sums in input order.

use super::*;

/// Whole numbers of a few bits: sums of them are exact, so every order gives the same.
fn whole(i: usize) -> f64 {
    ((i * 2_654_435_761) >> 7 & 15) as f64 - 7.0
}

/// An m by n matrix and its place: row-major, transposed, or with gaps between rows; `start` elements in.
fn place((m, n): (usize, usize), how: usize, start: usize) -> (Placed, usize) {
    match how {
        0 => (Placed { start, rows: n, cols: 1 }, start + m * n),
        1 => (Placed { start, rows: 1, cols: m }, start + m * n),
        2 => (Placed { start, rows: n + 3, cols: 1 }, start + m * (n + 3)),
        _ => (Placed { start, rows: 2 * n, cols: 2 }, start + 2 * m * n),
    }
}

macro_rules! check {
    ($s:ident, $extents:expr, $places:expr, $start:expr, $accumulate:expr) => {{
        let ((m, k, n), (hc, ha, hb)) = ($extents, $places);
        let ((pc, lc), (pa, la), (pb, lb)) =
            (place((m, n), hc, $start), place((m, k), ha, $start), place((k, n), hb, $start));
        let numbers = |len: usize, salt: usize| -> Vec<$s> { (0..len).map(|i| whole(i + salt) as $s).collect() };
        let (a, b, before) = (numbers(la, 1), numbers(lb, 77), numbers(lc + 5, 1234));
        let mut expected = before.clone();
        for i in 0..m {
            for j in 0..n {
                let at = pc.start + i * pc.rows + j * pc.cols;
                let mut sum = if $accumulate { expected[at] } else { 0.0 };
                for p in 0..k {
                    sum += a[pa.start + i * pa.rows + p * pa.cols] * b[pb.start + p * pb.rows + j * pb.cols];
                }
                expected[at] = sum;
            }
        }
        for level in Level::available() {
            let mut c = before.clone();
            product_at(level, $accumulate, (m, k, n), (&mut c, pc), (&a, pa), (&b, pb));
            // Everything around C too: a masked store touches nothing else.
            assert_eq!(
                c, expected,
                "{m} {k} {n}, places {hc} {ha} {hb}, start {}, accumulate {}, {level:?}",
                $start, $accumulate
            );
        }
    }};
}

#[test]
fn every_small_shape_and_stride_is_the_plain_sum() {
    for (m, k, n) in [1, 2, 3, 5, 8, 9, 17].into_iter().flat_map(|m| {
        [1, 2, 7, 16, 33].into_iter().flat_map(move |k| [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33].map(|n| (m, k, n)))
    }) {
        for places in 0..64 {
            let (hc, ha, hb) = (places / 16, places / 4 % 4, places % 4);
            let accumulate = (m + n + places) % 2 == 0;
            check!(f64, (m, k, n), (hc, ha, hb), places % 5, accumulate);
            check!(f32, (m, k, n), (hc, ha, hb), places % 7, !accumulate);
        }
    }
}

#[test]
fn vectors_of_every_length_up_to_67() {
    for len in 1..=67 {
        for start in 0..3 {
            for accumulate in [false, true] {
                for (m, k, n) in
                    [(1, len, 1), (len, 3, 1), (1, 3, len), (len, 1, 4), (4, 1, len), (5, len, 1), (1, len, 6)]
                {
                    for places in [(0, 0, 0), (0, 0, 1), (1, 1, 0), (0, 1, 1)] {
                        check!(f64, (m, k, n), places, start, accumulate);
                        check!(f32, (m, k, n), places, start, accumulate);
                    }
                }
            }
        }
    }
}

#[test]
fn large_ones_too() {
    for (m, k, n) in [(64, 100, 40), (33, 300, 130), (130, 17, 260), (257, 64, 3)] {
        for places in 0..64 {
            check!(f64, (m, k, n), (places / 16, places / 4 % 4, places % 4), 3, places % 3 == 0);
            check!(f32, (m, k, n), (places / 16, places / 4 % 4, places % 4), 3, places % 3 == 1);
        }
    }
}

#[test]
fn an_empty_inner_extent_is_the_empty_sum() {
    let at = |rows| Placed { start: 0, rows, cols: 1 };
    let mut c = [5.0; 6];
    product(true, (2, 0, 3), (&mut c, at(3)), (&[], at(0)), (&[], at(3)));
    assert_eq!(c, [5.0; 6]);
    product::<f64>(false, (2, 0, 3), (&mut c, at(3)), (&[], at(0)), (&[], at(3)));
    assert_eq!(c, [0.0; 6]);
}

#[test]
#[should_panic(expected = "B lies inside its slice")]
fn a_matrix_past_its_slice_is_refused() {
    let at = Placed { start: 0, rows: 2, cols: 1 };
    product(false, (2, 2, 2), (&mut [0.0; 4], at), (&[0.0; 4], at), (&[0.0; 3], at));
}

#[test]
#[should_panic(expected = "C repeats no element")]
fn a_result_that_repeats_elements_is_refused() {
    let at = Placed { start: 0, rows: 2, cols: 1 };
    product(false, (2, 2, 2), (&mut [0.0; 4], Placed { start: 0, rows: 0, cols: 1 }), (&[0.0; 4], at), (&[0.0; 4], at));
}

#[test]
#[ignore = "prints times; see docs/design.md"]
fn what_products_cost() {
    use std::time::Instant;

    fn median(mut f: impl FnMut()) -> f64 {
        let mut times: Vec<f64> = (0..25)
            .map(|_| {
                let (start, mut calls) = (Instant::now(), 0);
                while start.elapsed().as_micros() < 500 {
                    f();
                    calls += 1;
                }
                start.elapsed().as_nanos() as f64 / f64::from(calls)
            })
            .collect();
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    }

    macro_rules! row {
        ($s:ident, $m:literal, $k:literal, $n:literal, $turned:literal) => {{
            let (a, b, mut c) = (vec![0.5 as $s; $m * $k], vec![0.25 as $s; $k * $n], vec![0.0 as $s; $m * $n]);
            let at = |start| At { start, rows: $n, cols: 1 };
            let at_b = if $turned { (1, $k) } else { ($n, 1) };
            let work = Work {
                accumulate: false,
                extents: ($m, $k, $n),
                c: at(c.as_mut_ptr()),
                a: At { start: a.as_ptr(), rows: $k, cols: 1 },
                b: At { start: b.as_ptr(), rows: at_b.0, cols: at_b.1 },
            };
            // SAFETY: the matrices are those of the slices above.
            let crates = median(|| unsafe { work.large() });
            let placed = |(rows, cols)| Placed { start: 0, rows, cols };
            let ours = median(|| {
                product(false, ($m, $k, $n), (&mut c, placed(($n, 1))), (&a, placed(($k, 1))), (&b, placed(at_b)))
            });
            let turned = if $turned { "Bᵀ" } else { "  " };
            println!("{} {:5} x{:4} x{:4} {turned} {crates:10.0} {ours:10.0}", stringify!($s), $m, $k, $n);
        }};
    }
    println!("nanoseconds; C = A B           faer       here");
    row!(f64, 2, 2, 2, false);
    row!(f64, 8, 8, 8, false);
    row!(f64, 16, 4, 16, true);
    row!(f64, 16, 16, 3, true);
    row!(f64, 1, 784, 30, false);
    row!(f64, 30, 784, 1, false);
    row!(f64, 1000, 10, 10, true);
    row!(f32, 32, 32, 32, false);
    row!(f32, 64, 10, 128, false);
    row!(f32, 64, 784, 128, true);
    row!(f32, 128, 784, 512, true);
}
