//! A result is a function of the number alone: the same bits at every place, in every length, one
//! by one.

use std::hint::black_box;
use std::marker::PhantomData;

use crate::elementary::{Elementary, compiled, has_vector_form, map, unary};
use crate::op::Unary;
use crate::simd::{self, Arguments, Isa, Kernel, Level};

fn vector_forms() -> impl Iterator<Item = Unary> {
    Unary::ALL.iter().copied().filter(|&op| has_vector_form(op))
}

/// `unary` in a chain of scalars, as a kernel of its own would call it.
struct OneByOne<S>(PhantomData<S>);

struct WithOp<S>(PhantomData<S>);

impl<S: 'static> Arguments for WithOp<S> {
    type Of<'a> = (Unary, &'a [S], &'a mut [S]);
}

impl<S: Elementary> Kernel for OneByOne<S> {
    type Arguments = WithOp<S>;

    #[inline(always)]
    fn run<I: Isa>((op, x, out): (Unary, &[S], &mut [S])) {
        for (&x, out) in x.iter().zip(out) {
            *out = unary::<I, S>(op, black_box(x));
        }
    }
}

fn one_by_one<S: Elementary>(op: Unary, level: Level, x: &[S]) -> Vec<S> {
    let mut out = vec![S::ZERO; x.len()];
    simd::call::<OneByOne<S>>(level, (op, x, &mut out));
    out
}

#[track_caller]
fn assert_same<S: Elementary>(found: &[S], expected: &[S], what: &str) {
    for (i, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        let nans = found.to_f64().is_nan() && expected.to_f64().is_nan();
        assert!(
            nans || found.same_bits(expected),
            "{what}, element {i}: {found:?} and {expected:?}"
        );
    }
}

/// Ordinary numbers, and at some places special ones and angles beyond the bound of the vector
/// form.
fn mixture<S: Elementary>(len: usize) -> Vec<S> {
    let special = [
        0.0,
        -0.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        1e7,
        -1e30,
        1e-40,
        -1.0,
        90.0,
        -105.0,
    ];
    (0..len)
        .map(|i| {
            S::from_f64(if i % 29 == 7 {
                special[i / 29 % special.len()]
            } else {
                (i as f64 * 0.37).sin() * 9.0
            })
        })
        .collect()
}

fn no_place_or_length_matters<S: Elementary>() {
    let numbers = mixture::<S>(400);
    for op in vector_forms() {
        for level in Level::available() {
            let expected = one_by_one(op, level, &numbers);
            for len in 0..=67 {
                for offset in [0, 1, 3, 8, 101, 331] {
                    let x = &numbers[offset..offset + len];
                    let what = format!("{op:?} {level:?}, {len} numbers from {offset}");
                    // Room on both sides, which must stay as it is.
                    let mut out = vec![S::TWO; len + 2];
                    assert!(map(op, level, x, &mut out[1..=len]));
                    assert_same(&out[1..=len], &expected[offset..offset + len], &what);
                    assert!(
                        out[0].same_bits(S::TWO) && out[len + 1].same_bits(S::TWO),
                        "{what}: wrote outside"
                    );
                }
            }
        }
    }
}

#[test]
fn no_place_or_length_matters_to_doubles() {
    no_place_or_length_matters::<f64>();
}

#[test]
fn no_place_or_length_matters_to_floats() {
    no_place_or_length_matters::<f32>();
}

#[test]
fn levels_with_fma_agree_to_the_bit() {
    fn check<S: Elementary>() {
        let numbers = mixture::<S>(5000);
        for op in vector_forms() {
            let all: Vec<Vec<S>> = Level::available()
                .filter(|&level| level > Level::Portable)
                .map(|level| one_by_one(op, level, &numbers))
                .collect();
            for pair in all.windows(2) {
                assert_same(&pair[0], &pair[1], op.name());
            }
        }
    }
    check::<f64>();
    check::<f32>();
}

/// At zeros, infinities, NaN, ends of domains and of ranges, and subnormal numbers, the results are
/// `libm`'s: which zero, which infinity, NaN.
fn special_numbers_are_as_libm_says<S: Elementary>(smallest: S, smallest_normal: S, largest: S) {
    let mut numbers: Vec<S> = [
        0.0, 1.0, 2.0, 0.5, 1e3, 1e6, 1.1e6, 1e15, 1e30, 88.8, 103.9, 104.1, 709.9, 745.2, 1023.9,
        1024.0, 1074.4, 1100.0,
    ]
    .map(S::from_f64)
    .to_vec();
    numbers.extend([
        S::INFINITY,
        S::NAN,
        S::TINY,
        smallest,
        smallest_normal,
        largest,
        S::TRIGONOMETRIC_MAX,
    ]);
    numbers.extend(numbers.clone().into_iter().map(|x| -x));
    let epsilon = if size_of::<S>() == 4 { f64::from(f32::EPSILON) } else { f64::EPSILON };
    for op in vector_forms() {
        for level in Level::available() {
            let mut found = vec![S::ZERO; numbers.len()];
            assert!(map(op, level, &numbers, &mut found));
            for (&x, &found) in numbers.iter().zip(&found) {
                let exact = x.unary(op);
                let (f, e) = (found.to_f64(), exact.to_f64());
                let close = (f - e).abs() <= (2.0 * epsilon * e.abs()).max(2.0 * smallest.to_f64());
                let ordinary = e.is_finite()
                    && e != 0.0
                    && close
                    && f.is_sign_negative() == e.is_sign_negative();
                let same = found.same_bits(exact) || (f.is_nan() && e.is_nan());
                assert!(
                    same || ordinary,
                    "{op:?} {level:?} at {x:?}: {found:?}, and libm says {exact:?}"
                );
                if matches!(op, Unary::Recip | Unary::Sqrt) {
                    assert!(same, "{op:?} is rounded correctly");
                }
            }
        }
    }
}

#[test]
fn special_doubles_are_as_libm_says() {
    special_numbers_are_as_libm_says(f64::from_bits(1), f64::MIN_POSITIVE, f64::MAX);
}

#[test]
fn special_floats_are_as_libm_says() {
    special_numbers_are_as_libm_says(f32::from_bits(1), f32::MIN_POSITIVE, f32::MAX);
}

#[test]
fn angles_beyond_the_bound_are_libm_s_alone() {
    let mut numbers = vec![0.3; 200];
    numbers[70] = 1.000_001e6;
    numbers[150] = -3e200;
    for op in [Unary::Sin, Unary::Cos] {
        for level in Level::available() {
            let mut out = vec![0.0; numbers.len()];
            assert!(map(op, level, &numbers, &mut out));
            for i in [70, 150] {
                assert_eq!(out[i], crate::real::Real::unary(numbers[i], op));
            }
            assert!([0, 69, 71, 127, 128, 199].iter().all(|&i| out[i] == out[1]));
        }
    }
}

#[test]
fn an_operation_without_a_vector_form_is_refused_and_nothing_is_written() {
    let mut out = [7.0];
    assert!(!map(Unary::Erf, Level::detected(), &[1.0], &mut out));
    assert_eq!(out, [7.0]);
    assert!(compiled::<f32>(Unary::Erf, Level::Portable).is_none());
}

#[test]
#[should_panic(expected = "as many results as numbers")]
fn slices_of_different_lengths_are_refused() {
    let _ = map(Unary::Exp, Level::Portable, &[1.0, 2.0], &mut [0.0]);
}

#[test]
fn a_pointer_is_chosen_once() {
    let first = compiled::<f64>(Unary::Exp, Level::detected()).unwrap();
    let mut out = [0.0; 2];
    first.call((&[0.0, 0.0], &mut out));
    assert_eq!(out, [1.0, 1.0]);
}
