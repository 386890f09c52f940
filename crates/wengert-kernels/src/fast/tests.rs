//! Each kernel at each level that the processor has, at every length up to 67 and from odd offsets,
//! beside a plain loop. What is compiled from the same body for another level may round otherwise
//! where it fuses, and only there.

use super::elementwise::{
    Map, ReverseMap, ReverseMapTask, ReverseZip, ReverseZipTask, Zip, ZipTask, has_binary,
    has_reverse, has_unary,
};
use super::sum::{Accumulate, Put, Task};
use super::walk::Walk;
use crate::elementary;
use crate::op::{Binary, Unary};
use crate::real::Real;
use crate::rules;
use crate::simd::{self, Level};

const PUTS: [Put; 4] = [Put::Store, Put::Add, Put::Subtract, Put::StoreNegated];

fn numbers(len: usize, salt: usize) -> Vec<f64> {
    (0..len).map(|i| 0.1 + 0.8 * (((i + salt) * 7919 % 1009) as f64 / 1009.0)).collect()
}

/// Lengths with an offset of the operands each.
fn lengths() -> impl Iterator<Item = (usize, usize)> {
    (0..=67).chain([128, 200]).map(|len| (len, len % 3))
}

#[track_caller]
fn near(found: f64, expected: f64, size: f64, what: &str) {
    let near = (found - expected).abs() <= 64.0 * f64::EPSILON * size.max(expected.abs());
    assert!(near || (found.is_nan() && expected.is_nan()), "{what}: {found:e}, not {expected:e}");
}

fn put(put: Put, before: f64, x: f64) -> f64 {
    match put {
        Put::Store => x,
        Put::StoreNegated => -x,
        Put::Add => before + x,
        Put::Subtract => before - x,
    }
}

#[test]
fn functions() {
    for level in Level::available() {
        for (len, offset) in lengths() {
            let x = numbers(len + offset, 1);
            for op in Unary::ALL.iter().copied().filter(|&op| has_unary(op)) {
                let (mut out, what) =
                    (vec![0.0; len], format!("{} of {len} at {level:?}", op.name()));
                if !elementary::map(op, level, &x[offset..], &mut out) {
                    simd::call::<Map<f64>>(level, (op, &x[offset..], &mut out));
                }
                for (out, x) in out.iter().zip(&x[offset..]) {
                    near(*out, x.unary(op), 0.0, &what);
                }
                let (v, g, before) = (out, numbers(len, 2), numbers(len, 3));
                for how in [Put::Store, Put::Add] {
                    let mut target = before.clone();
                    let (x, v, g) = (&x[offset..], &v[..], &g[..]);
                    simd::call::<ReverseMap<f64>>(
                        level,
                        ReverseMapTask { op, put: how, x, v, g, target: &mut target },
                    );
                    for i in 0..len {
                        let share = rules::unary(op, x[i], v[i]).times(g[i]).unwrap_or(-0.0);
                        near(target[i], put(how, before[i], share), 1.0, &what);
                    }
                }
            }
        }
    }
}

#[test]
fn operations_of_two_numbers() {
    for level in Level::available() {
        for (len, offset) in lengths().filter(|&(len, _)| len > 0) {
            let (x, y) = (numbers(2 * len + offset, 1), numbers(3 * len + offset, 50));
            let all = [[1, 1], [1, 0], [0, 1], [2, 3], [0, 3], [2, 1]];
            for (&op, strides) in
                Binary::ALL.iter().flat_map(|op| all.map(move |strides| (op, strides)))
            {
                let what = format!("{} of {len} by {strides:?} at {level:?}", op.name());
                let walk = Walk::row(len, strides);
                let square = op == Binary::Powi;
                let has_kernel = has_binary(op) || square && strides[1] == 0;
                if !has_kernel {
                    continue;
                }
                let (xs, ys) = (&x[offset..], if square { &[2.0][..] } else { &y[offset..] });
                let at = |i: usize| (xs[i * strides[0]], ys[i * strides[1]]);
                let mut v: Vec<f64> = (0..len).map(|i| at(i).0.binary(op, at(i).1)).collect();
                if !square {
                    let expected = std::mem::replace(&mut v, vec![0.0; len]);
                    simd::call::<Zip<f64>>(
                        level,
                        ZipTask { op, walk: &walk, x: xs, y: ys, out: &mut v },
                    );
                    for (v, expected) in v.iter().zip(expected) {
                        // These have no vector form of their own, so every level has the same bits.
                        assert_eq!(v.to_bits(), expected.to_bits(), "{what}");
                    }
                }
                let mut g = numbers(len, 2);
                g[len / 2] = 0.0;
                let operands = [(false, strides[0]), (true, strides[1])];
                for (second, by) in
                    operands.into_iter().filter(|&(second, _)| has_reverse(op, second))
                {
                    let shares = |i: usize| {
                        let (x, y) = at(i);
                        let partial = if second {
                            rules::second(op, x, y, v[i])
                        } else {
                            rules::first(op, x, y, v[i])
                        };
                        if g[i] == 0.0 { -0.0 } else { partial.times(g[i]).unwrap_or(-0.0) }
                    };
                    for how in [Put::Store, Put::Add] {
                        let before = numbers(3 * len, 3);
                        let mut target = before.clone();
                        let (walk, v, g) = (&walk, &v[..], &g[..]);
                        let target_of = &mut target[..];
                        simd::call::<ReverseZip<f64>>(
                            level,
                            ReverseZipTask {
                                op,
                                second,
                                put: how,
                                walk,
                                x: xs,
                                y: ys,
                                v,
                                g,
                                target: target_of,
                            },
                        );
                        if by == 0 {
                            let sum: f64 = (0..len).map(shares).sum();
                            near(target[0], put(how, before[0], sum), len as f64, &what);
                        } else {
                            for i in 0..len {
                                near(
                                    target[i * by],
                                    put(how, before[i * by], shares(i)),
                                    1.0,
                                    &what,
                                );
                            }
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn sums() {
    for level in Level::available() {
        for (len, offset) in lengths().filter(|&(len, _)| len > 0) {
            let (source, before) = (numbers(2 * len + offset, 1), numbers(3 * len + offset, 9));
            for how in PUTS {
                for strides in [[1, 1], [1, 0], [0, 1], [2, 3]] {
                    let what = format!("{how:?} {len} by {strides:?} at {level:?}");
                    let walk = Walk::row(len, strides);
                    let (from, mut target) = (&source[offset..], before.clone());
                    let to = &mut target[offset..];
                    simd::call::<Accumulate<f64>>(
                        level,
                        Task { put: how, walk: &walk, source: from, target: to },
                    );
                    for i in 0..before.len() {
                        let expected = match (i.checked_sub(offset), strides) {
                            (Some(0), [1, 0]) => put(how, before[i], from[..len].iter().sum()),
                            (Some(k), [by, to]) if to > 0 && k % to == 0 && k / to < len => {
                                put(how, before[i], from[k / to * by])
                            }
                            _ => before[i],
                        };
                        near(target[i], expected, len as f64, &what);
                    }
                }
            }
        }
    }
}
