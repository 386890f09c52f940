//! The elementary functions of `Exact` numerics beside those of CORE-MATH, which are correctly
//! rounded, and of the crate `libm`: at how many of N points the bits differ, and nanoseconds a
//! call.
//!
//! `cargo run --release -p wengert-bench --features core-math --bin rounded -- 10000000`, and the
//! name of a function as a second argument for that one alone.
//!
//! It fails where a bit of ours differs. Half of the points are drawn evenly from where the function bends, a quarter are of all sizes
//! below that, and a quarter have random bits.

use std::hint::black_box;
use std::time::Instant;

use wengert::number::Real;
use wengert::op::{Binary, Unary};

/// A generator that is the same everywhere (`splitmix64`).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * ((self.next() >> 11) as f64 / (1_u64 << 53) as f64)
    }

    fn point(&mut self, i: usize, low: f64, high: f64) -> f64 {
        match i % 4 {
            0 => f64::from_bits(self.next()),
            1 | 2 => self.between(low, high),
            _ => self.between(low, high) * self.between(-60.0, 0.0).exp2(),
        }
    }
}

fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

/// Nanoseconds a call, the least of five runs.
fn time<X: Copy>(points: &[X], f: impl Fn(X) -> f64) -> f64 {
    let run = |_| {
        let start = Instant::now();
        black_box(points.iter().map(|&x| f(black_box(x))).sum::<f64>());
        start.elapsed().as_secs_f64() * 1e9 / points.len() as f64
    };
    (0..5).map(run).fold(f64::INFINITY, f64::min)
}

/// Compares `ours` and `libm` with `right`, and prints a row. How many bits of ours differ.
fn row<X: Copy + std::fmt::Debug>(
    name: &str,
    points: &[X],
    timed: &[X],
    [right, ours, libm]: [&dyn Fn(X) -> f64; 3],
) -> usize {
    let differing =
        |f: &dyn Fn(X) -> f64| points.iter().filter(|&&x| !same(f(x), right(x))).count();
    let first = points.iter().find(|&&x| !same(ours(x), right(x)));
    let wrong = differing(ours);
    println!(
        "{name:8} {:10} {:10} {:8.1} {:8.1} {:8.1}  {}",
        wrong,
        differing(libm),
        time(timed, ours),
        time(timed, libm),
        time(timed, right),
        first.map_or(String::new(), |x| format!("first at {x:?}")),
    );
    wrong
}

/// So many calls are timed: few where few points are compared.
fn timed_of(count: usize) -> usize {
    (count / 20).min(100_000)
}

macro_rules! one {
    ($count:expr, $only:expr, $wrong:expr; $($op:ident $name:ident $single:ident $low:literal $high:literal;)*) => {$(
        if $only.as_deref().is_none_or(|only| only == stringify!($name)) {
            let mut random = Random(1);
            let points: Vec<f64> = (0..$count).map(|i| random.point(i, $low, $high)).collect();
            let timed: Vec<f64> = (0..timed_of($count)).map(|_| random.between($low, $high)).collect();
            $wrong += row(stringify!($name), &points, &timed, [
                &core_math::$name,
                &|x| x.unary(Unary::$op),
                &libm::$name,
            ]);
            let narrow = |x: &f64| *x as f32;
            let bits = |i: usize| f32::from_bits(Random(i as u64).next() as u32);
            let points: Vec<f32> = points
                .iter()
                .enumerate()
                .map(|(i, x)| if i % 4 == 0 { bits(i) } else { narrow(x) })
                .collect();
            let timed: Vec<f32> = timed.iter().map(narrow).collect();
            $wrong += row(stringify!($single), &points, &timed, [
                &|x| core_math::$single(x).into(),
                &|x: f32| x.unary(Unary::$op).into(),
                &|x| libm::$single(x).into(),
            ]);
        }
    )*};
}

macro_rules! two {
    ($count:expr, $only:expr, $wrong:expr; $($op:ident $name:ident $single:ident $x:expr, $y:expr;)*) => {$(
        if $only.as_deref().is_none_or(|only| only == stringify!($name)) {
            let mut random = Random(2);
            let mut point = |i: usize| {
                (random.point(i, $x.0, $x.1), random.point(i / 4, $y.0, $y.1))
            };
            let points: Vec<(f64, f64)> = (0..$count).map(&mut point).collect();
            let timed: Vec<(f64, f64)> = (0..timed_of($count)).map(|_| point(5)).collect();
            $wrong += row(stringify!($name), &points, &timed, [
                &|(x, y)| core_math::$name(x, y),
                &|(x, y): (f64, f64)| x.binary(Binary::$op, y),
                &|(x, y)| libm::$name(x, y),
            ]);
            let narrow = |&(x, y): &(f64, f64)| (x as f32, y as f32);
            let points: Vec<(f32, f32)> = points.iter().map(narrow).collect();
            let timed: Vec<(f32, f32)> = timed.iter().map(narrow).collect();
            $wrong += row(stringify!($single), &points, &timed, [
                &|(x, y)| core_math::$single(x, y).into(),
                &|(x, y): (f32, f32)| x.binary(Binary::$op, y).into(),
                &|(x, y)| libm::$single(x, y).into(),
            ]);
        }
    )*};
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let count = arguments.next().map_or(1_000_000, |n| n.parse().expect("a number of points"));
    let only = arguments.next();
    let mut wrong = 0;
    println!("                  bits differ               ns a call");
    println!("             wengert       libm  wengert     libm  CORE-MATH");
    one! { count, only, wrong;
        Exp exp expf -745.0 710.0;
        Exp2 exp2 exp2f -1075.0 1024.0;
        ExpM1 expm1 expm1f -40.0 710.0;
        Ln log logf 0.0 10.0;
        Ln1p log1p log1pf -1.0 10.0;
        Log2 log2 log2f 0.0 10.0;
        Log10 log10 log10f 0.0 10.0;
        Sin sin sinf -100.0 100.0;
        Cos cos cosf -100.0 100.0;
        Tan tan tanf -100.0 100.0;
        Asin asin asinf -1.0 1.0;
        Acos acos acosf -1.0 1.0;
        Atan atan atanf -10.0 10.0;
        Sinh sinh sinhf -20.0 20.0;
        Cosh cosh coshf -20.0 20.0;
        Tanh tanh tanhf -20.0 20.0;
        Asinh asinh asinhf -20.0 20.0;
        Acosh acosh acoshf 1.0 20.0;
        Atanh atanh atanhf -1.0 1.0;
        Cbrt cbrt cbrtf -10.0 10.0;
        Erf erf erff -6.0 6.0;
    }
    two! { count, only, wrong;
        Powf pow powf (0.0, 10.0), (-50.0, 50.0);
        Atan2 atan2 atan2f (-10.0, 10.0), (-10.0, 10.0);
        Hypot hypot hypotf (-10.0, 10.0), (-10.0, 10.0);
    }
    if wrong > 0 {
        eprintln!("{wrong} results are not the nearest number");
        std::process::exit(1);
    }
}
