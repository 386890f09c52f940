//! Nanoseconds a number, printed: no assertion, since what they are depends on the machine and on
//! what else it does.
//!
//! ```text
//! cargo test --release -p wengert --lib elementary::tests::speed -- --ignored --nocapture
//! ```

use std::hint::black_box;
use std::time::Instant;

use crate::elementary::{Elementary, compiled, has_vector_form};
use crate::op::Unary;
use crate::simd::Level;

const LENGTHS: [usize; 3] = [4, 64, 4096];

/// The shortest of 25 turns, each of about 20,000 numbers.
fn nanoseconds(count: usize, mut run: impl FnMut()) -> f64 {
    let calls = 20_000 / count;
    let turn = || {
        let start = Instant::now();
        (0..calls).for_each(|_| run());
        start.elapsed().as_nanos() as f64 / (calls * count) as f64
    };
    std::iter::repeat_with(turn).take(25).fold(f64::INFINITY, f64::min)
}

/// Ordinary numbers of the op's domain, in no order.
fn numbers<S: Elementary>(op: Unary, count: usize) -> Vec<S> {
    let (low, high) = match op {
        Unary::Ln | Unary::Log2 | Unary::Log10 | Unary::Sqrt => (1e-3, 10.0),
        Unary::Ln1p => (-0.9, 8.0),
        _ => (-6.0, 6.0),
    };
    (0..count)
        .map(|i| S::from_f64(low + (high - low) * ((i * 7919 + 13) % 4096) as f64 / 4096.0))
        .collect()
}

fn print<S: Elementary>(name: &str, std: impl Fn(Unary) -> fn(S) -> S) {
    for &op in Unary::ALL.iter().filter(|&&op| has_vector_form(op)) {
        let mut line = format!("{:9} {name}", op.name());
        for count in LENGTHS {
            let x = numbers::<S>(op, count);
            let mut out = x.clone();
            line += &format!(" | {count:4}:");
            for level in Level::available() {
                let run = compiled::<S>(op, level).unwrap();
                let time = nanoseconds(count, || run.call((black_box(&x), black_box(&mut out))));
                line += &format!(" {level:?} {time:.2}");
            }
            let time = nanoseconds(count, || {
                black_box(&x)
                    .iter()
                    .zip(black_box(&mut out))
                    .for_each(|(&x, out)| *out = x.unary(op));
            });
            line += &format!(" libm {time:.2}");
            let function = std(op);
            let time = nanoseconds(count, || {
                black_box(&x)
                    .iter()
                    .zip(black_box(&mut out))
                    .for_each(|(&x, out)| *out = function(x));
            });
            line += &format!(" std {time:.2}");
        }
        println!("{line}");
    }
}

/// The functions of the standard library, with the formulas that a program would write for those
/// that it has not.
macro_rules! std_functions {
    ($t:ident) => {
        |op| match op {
            Unary::Recip => $t::recip,
            Unary::Sqrt => $t::sqrt,
            Unary::Exp => $t::exp,
            Unary::Exp2 => $t::exp2,
            Unary::ExpM1 => $t::exp_m1,
            Unary::Ln => $t::ln,
            Unary::Ln1p => $t::ln_1p,
            Unary::Log2 => $t::log2,
            Unary::Log10 => $t::log10,
            Unary::Sin => $t::sin,
            Unary::Cos => $t::cos,
            Unary::Tanh => $t::tanh,
            Unary::Sigmoid => |x: $t| 1.0 / (1.0 + (-x).exp()),
            Unary::Softplus => |x: $t| x.max(0.0) + (-x.abs()).exp().ln_1p(),
            _ => unreachable!("{op:?} has no vector form"),
        }
    };
}

#[test]
#[ignore = "a measurement; with --release"]
fn nanoseconds_a_number() {
    print::<f64>("f64", std_functions!(f64));
    print::<f32>("f32", std_functions!(f32));
}
