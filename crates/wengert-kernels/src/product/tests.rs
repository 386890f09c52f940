//! Products of every small shape, with every stride, against sums in input order.

use std::fmt::Debug;
use std::ops::Mul;

use super::*;

/// Whole numbers of a few bits: sums of them are exact, so every order gives the same.
fn whole(i: usize) -> f64 {
    ((i * 2_654_435_761) >> 7 & 15) as f64 - 7.0
}

/// An m by n matrix and its place: row-major, transposed, or with gaps between rows; `start`
/// elements in.
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
        let numbers = |len: usize, salt: usize| -> Vec<$s> {
            (0..len).map(|i| whole(i + salt) as $s).collect()
        };
        let (a, b, before) = (numbers(la, 1), numbers(lb, 77), numbers(lc + 5, 1234));
        let mut expected = before.clone();
        for i in 0..m {
            for j in 0..n {
                let at = pc.start + i * pc.rows + j * pc.cols;
                let mut sum = if $accumulate { expected[at] } else { 0.0 };
                for p in 0..k {
                    sum += a[pa.start + i * pa.rows + p * pa.cols]
                        * b[pb.start + p * pb.rows + j * pb.cols];
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
        [1, 2, 7, 16, 33]
            .into_iter()
            .flat_map(move |k| [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33].map(|n| (m, k, n)))
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
                for (m, k, n) in [
                    (1, len, 1),
                    (len, 3, 1),
                    (1, 3, len),
                    (len, 1, 4),
                    (4, 1, len),
                    (5, len, 1),
                    (1, len, 6),
                ] {
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
    for (m, k, n) in [(70, 100, 40), (35, 300, 130), (130, 17, 260), (257, 64, 5)] {
        for places in 0..64 {
            check!(f64, (m, k, n), (places / 16, places / 4 % 4, places % 4), 3, places % 3 == 0);
            check!(f32, (m, k, n), (places / 16, places / 4 % 4, places % 4), 3, places % 3 == 1);
        }
    }
}

/// Of sums that round: three blocks of the inner extent, two of rows, the last panel narrow.
#[test]
fn blocks_give_the_same_bits_for_every_width_of_register() {
    let (m, k, n) = (259, 600, 43);
    let numbers = |len: usize| -> Vec<f32> { (0..len).map(|i| (i as f32).sin()).collect() };
    let (a, b) = (numbers(m * k), numbers(k * n));
    let at = |rows, cols| Placed { start: 0, rows, cols };
    let fused = Level::available().filter(|level| *level != Level::Portable);
    let bits: Vec<Vec<u32>> = fused
        .map(|level| {
            let mut c = numbers(m * n);
            product_at(level, true, (m, k, n), (&mut c, at(n, 1)), (&a, at(1, m)), (&b, at(1, k)));
            c.into_iter().map(f32::to_bits).collect()
        })
        .collect();
    assert!(bits.windows(2).all(|pair| pair[0] == pair[1]));
}

/// Of numbers that round, with zeros of both signs on the left, and infinities on the right where a
/// zero adds nothing: the plain loop's bits at every level, whatever the strides.
#[test]
fn products_in_order_are_the_plain_loops_bits() {
    for (m, k, n) in
        [(1, 1, 1), (2, 3, 5), (8, 16, 8), (7, 300, 19), (13, 5, 33), (260, 9, 6), (3, 513, 17)]
    {
        for places in 0..64 {
            for (guarded, accumulate) in
                [(false, false), (false, true), (true, false), (true, true)]
            {
                in_order::<f64>((m, k, n), places, guarded, accumulate, f64::to_bits);
                in_order::<f32>((m, k, n), places, guarded, accumulate, |x| x.to_bits().into());
            }
        }
    }
}

fn in_order<S>(
    (m, k, n): (usize, usize, usize),
    places: usize,
    guarded: bool,
    accumulate: bool,
    bits: impl Fn(S) -> u64,
) where
    S: Product + From<f32> + Mul<Output = S> + Add<Output = S> + PartialOrd + Debug,
{
    let ((pc, lc), (pa, la), (pb, lb)) = (
        place((m, n), places / 16, 3),
        place((m, k), places / 4 % 4, 2),
        place((k, n), places % 4, 1),
    );
    let number = |i: usize| S::from(((i * 7919 % 1013) as f32).sin());
    let left = |i: usize| match i % 7 {
        0 => S::from(0.0),
        3 => S::from(-0.0),
        _ => number(i),
    };
    let right =
        |i: usize| if guarded && i.is_multiple_of(11) { S::from(f32::INFINITY) } else { number(i) };
    let a: Vec<S> = (0..la).map(left).collect();
    let b: Vec<S> = (0..lb).map(right).collect();
    let before: Vec<S> = (0..lc + 5).map(|i| number(i + 400)).collect();
    let mut expected = before.clone();
    for i in 0..m {
        for j in 0..n {
            let at = pc.start + i * pc.rows + j * pc.cols;
            let mut sum = if accumulate { expected[at] } else { S::from(-0.0) };
            for p in 0..k {
                let x = a[pa.start + i * pa.rows + p * pa.cols];
                if !(guarded && x == S::from(0.0)) {
                    sum = sum + x * b[pb.start + p * pb.rows + j * pb.cols];
                }
            }
            expected[at] = sum;
        }
    }
    let bits = |all: &[S]| -> Vec<u64> {
        // All NaN are one: which of two the processor passes on is not defined.
        all.iter().map(|&x| if x.partial_cmp(&x).is_some() { bits(x) } else { u64::MAX }).collect()
    };
    for level in Level::available() {
        let mut c = before.clone();
        let extents = (m, k, n);
        in_order_at(level, guarded, accumulate, extents, (&mut c, pc), (&a, pa), (&b, pb));
        assert_eq!(
            bits(&c),
            bits(&expected),
            "{extents:?}, places {places}, guarded {guarded}, accumulate {accumulate}, {level:?}"
        );
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
    product_in_order::<f64>(true, false, (2, 0, 3), (&mut c, at(3)), (&[], at(0)), (&[], at(3)));
    assert_eq!(c.map(f64::to_bits), [(-0.0_f64).to_bits(); 6]);
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
    product(
        false,
        (2, 2, 2),
        (&mut [0.0; 4], Placed { start: 0, rows: 0, cols: 1 }),
        (&[0.0; 4], at),
        (&[0.0; 4], at),
    );
}
