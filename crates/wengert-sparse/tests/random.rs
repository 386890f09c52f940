//! Random programs: every entry as a unit vector gives it, none outside the pattern.

use proptest::prelude::*;
use wengert::{Tape, Var};
use wengert_sparse::colour::Order;
use wengert_sparse::{Mode, SparseHessian, SparseJacobian};

const INPUTS: usize = 6;

pub(crate) type Code = (u8, usize, usize);

/// A program over a pool of numbers: each code takes two of them and adds some.
pub(crate) fn program<'t>(x: Var<'t>, codes: &[Code]) -> Vec<Var<'t>> {
    let tape = x.tape();
    let data = tape.data(0.75);
    let mut pool: Vec<Var<'t>> = x.iter().collect();
    for &(op, a, b) in codes {
        let (a, b, c) = (pool[a % pool.len()], pool[b % pool.len()], pool[(a + b) % pool.len()]);
        let three = || tape.stack(&[a.sin(), b, c.tanh()]);
        match op % 25 {
            0 => pool.push(a + b),
            1 => pool.push(a - b.abs()),
            2 => pool.push(a.tanh() * b),
            3 => pool.push(a / (b.square() + 1.5)),
            4 => pool.push(a.sin()),
            5 => pool.push(b.relu() + a.floor() * b),
            6 => pool.push(a.max(b)),
            7 => pool.push(a.min(b.square())),
            8 => pool.push(a.indicator_gt(0.2).try_select(a, b).unwrap()),
            9 => pool.push(a.detach() * b),
            10 => pool.push(data * a),
            11 => pool.push(a.hypot(b)),
            12 => pool.push((a.square() + 0.5).powf(b.tanh())),
            13 => pool.push(a.sin().powi(3)),
            14 => pool.push(a.sigmoid().atan2(b + 1.0)),
            15 => pool.extend(three().cumsum(0).iter()),
            16 => pool.extend(three().cumprod(0).iter()),
            17 => pool.push(three().log_sum_exp()),
            18 => pool.push(three().max_all()),
            19 => {
                let m = tape.stack(&[three(), three().exp()]);
                pool.extend(m.matmul(tape.stack(&[b.tanh(), a.cos(), data])).iter());
            }
            20 => pool.extend(three().gather(&[2, 0]).iter()),
            21 => pool.push(three().square().sum()),
            22 => pool.extend(three().softmax(0).iter()),
            23 => pool.extend(three().cumsum_back(0).iter()),
            _ => pool.push(tape.stack(&[a.tanh(), b.sin()]).detach().dot(tape.stack(&[c, b]))),
        }
    }
    let from = pool.len().saturating_sub(7);
    pool[from..].to_vec()
}

pub(crate) fn codes() -> impl Strategy<Value = Vec<Code>> {
    prop::collection::vec((any::<u8>(), 0..64_usize, 0..64_usize), 1..14)
}

fn unit(i: usize, n: usize) -> Vec<f64> {
    (0..n).map(|k| if k == i { 1.0 } else { 0.0 }).collect()
}

/// Equal in bits, but for the sign of a zero.
fn same(a: f64, b: f64) -> bool {
    (a + 0.0).to_bits() == (b + 0.0).to_bits() || (a.is_nan() && b.is_nan())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn jacobians_have_the_bits_of_unit_vectors(
        codes in codes(),
        first in prop::array::uniform6(-2.0..2.0_f64),
        there in prop::array::uniform6(-2.0..2.0_f64),
    ) {
        let tape = Tape::new();
        let x = tape.input(first);
        let outputs = program(x, &codes);
        let outputs: Vec<Var<'_>> = outputs.into_iter().filter(|y| !y.is_detached()).collect();
        prop_assume!(!outputs.is_empty());
        let by = |mode, order| SparseJacobian::with(&outputs, x, mode, order).unwrap();
        for order in [Order::Natural, Order::LargestFirst, Order::SmallestLast] {
            let columns = by(Mode::Columns, order).at(&there).unwrap().to_dense();
            for j in 0..INPUTS {
                let tangents = tape.tangents(&[(x, &unit(j, INPUTS))]).unwrap();
                for (row, &output) in columns.iter().zip(&outputs) {
                    let known = tangents.value(output);
                    prop_assert!(same(row[j], known), "{j} {output:?} {} {known}", row[j]);
                }
            }
            let rows = by(Mode::Rows, order).at(&there).unwrap().to_dense();
            for (row, &output) in rows.iter().zip(&outputs) {
                let known = output.backward().values_wrt(x);
                for (&entry, &known) in row.iter().zip(&known) {
                    prop_assert!(same(entry, known), "{output:?} {entry} {known}");
                }
            }
        }
    }

    #[test]
    fn hessians_have_the_bits_of_unit_vectors(
        codes in codes(),
        first in prop::array::uniform6(-2.0..2.0_f64),
        there in prop::array::uniform6(-2.0..2.0_f64),
    ) {
        let tape = Tape::new();
        let x = tape.input(first);
        let y = program(x, &codes).pop().unwrap();
        prop_assume!(!y.is_detached());
        for order in [Order::Natural, Order::LargestFirst, Order::SmallestLast] {
            let hessian = SparseHessian::with(y, x, order).unwrap();
            let found = hessian.at(&there).unwrap().to_dense();
            let column = |j| tape.hvp(y, &[(x, &unit(j, INPUTS))], &[x]).unwrap().remove(0);
            let known: Vec<Vec<f64>> = (0..INPUTS).map(column).collect();
            for i in 0..INPUTS {
                for j in 0..INPUTS {
                    let found = found[i][j];
                    let agrees = same(found, known[i][j]) || same(found, known[j][i]);
                    prop_assert!(agrees, "{i} {j}: {found}, {} {}", known[i][j], known[j][i]);
                    let outside = !hessian.pattern().contains(i, j);
                    prop_assert!(!outside || known[i][j] == 0.0);
                }
            }
        }
    }

    #[test]
    fn a_pattern_does_not_depend_on_the_numbers(
        codes in codes(),
        first in prop::array::uniform6(-2.0..2.0_f64),
        there in prop::array::uniform6(-2.0..2.0_f64),
    ) {
        let tape = Tape::new();
        let x = tape.input(first);
        let outputs = program(x, &codes);
        let outputs: Vec<Var<'_>> = outputs.into_iter().filter(|y| !y.is_detached()).collect();
        prop_assume!(!outputs.is_empty());
        let patterns = || {
            let jacobian = wengert_sparse::jacobian_pattern(&outputs, x).unwrap();
            (jacobian, wengert_sparse::hessian_pattern(outputs[0], x).unwrap())
        };
        let before = patterns();
        tape.replay(&[(x, &there)]).unwrap();
        prop_assert_eq!(before, patterns());
    }
}
