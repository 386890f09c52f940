//! Wengert's matrix products beside those of the crates `faer`, `gemm` and `matrixmultiply`, on one
//! thread.
//!
//! `cargo run --release -p wengert-bench --features rivals --bin products`, and `-- f32` or
//! `-- f64` for one type alone.

#![allow(unsafe_code, reason = "the crates take pointers; every matrix fills its vector")]

use std::time::Instant;

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use wengert_kernels::product::{Placed, Product, product};

/// How a product is asked for: extents, which operands are read transposed, and whether it is added
/// to C.
#[derive(Clone, Copy)]
struct Asked {
    extents: (usize, usize, usize),
    a_transposed: bool,
    b_transposed: bool,
    accumulate: bool,
}

impl Asked {
    /// Strides of rows and columns of A and of B.
    fn strides(self) -> ((usize, usize), (usize, usize)) {
        let (m, k, n) = self.extents;
        let turn = |(rows, columns), transposed| if transposed { (1, rows) } else { (columns, 1) };
        (turn((m, k), self.a_transposed), turn((k, n), self.b_transposed))
    }
}

/// What the crates have for a type.
trait Rivals: Product + From<i8> + PartialEq + std::fmt::Debug {
    const NAME: &str;
    fn faer(asked: Asked, c: &mut [Self], a: &[Self], b: &[Self]);
    fn gemm(asked: Asked, c: &mut [Self], a: &[Self], b: &[Self]);
    fn matrixmultiply(asked: Asked, c: &mut [Self], a: &[Self], b: &[Self]);
}

macro_rules! rivals {
    ($s:ident, $matrixmultiply:ident) => {
        impl Rivals for $s {
            const NAME: &str = stringify!($s);

            fn faer(asked: Asked, c: &mut [Self], a: &[Self], b: &[Self]) {
                let ((m, k, n), (at_a, at_b)) = (asked.extents, asked.strides());
                let how = if asked.accumulate { Accum::Add } else { Accum::Replace };
                // SAFETY: A, B and C fill their slices with these strides, here and below.
                unsafe {
                    let a =
                        MatRef::from_raw_parts(a.as_ptr(), m, k, at_a.0 as isize, at_a.1 as isize);
                    let b =
                        MatRef::from_raw_parts(b.as_ptr(), k, n, at_b.0 as isize, at_b.1 as isize);
                    let c = MatMut::from_raw_parts_mut(c.as_mut_ptr(), m, n, n as isize, 1);
                    matmul(c, how, a, b, 1.0, Par::Seq);
                }
            }

            fn gemm(asked: Asked, c: &mut [Self], a: &[Self], b: &[Self]) {
                let ((m, k, n), (at_a, at_b)) = (asked.extents, asked.strides());
                // SAFETY: as above.
                unsafe {
                    gemm::gemm(
                        m,
                        n,
                        k,
                        c.as_mut_ptr(),
                        1,
                        n as isize,
                        asked.accumulate,
                        a.as_ptr(),
                        at_a.1 as isize,
                        at_a.0 as isize,
                        b.as_ptr(),
                        at_b.1 as isize,
                        at_b.0 as isize,
                        1.0,
                        1.0,
                        false,
                        false,
                        false,
                        gemm::Parallelism::None,
                    );
                }
            }

            fn matrixmultiply(asked: Asked, c: &mut [Self], a: &[Self], b: &[Self]) {
                let ((m, k, n), (at_a, at_b)) = (asked.extents, asked.strides());
                let keep = if asked.accumulate { 1.0 } else { 0.0 };
                // SAFETY: as above.
                unsafe {
                    matrixmultiply::$matrixmultiply(
                        m,
                        k,
                        n,
                        1.0,
                        a.as_ptr(),
                        at_a.0 as isize,
                        at_a.1 as isize,
                        b.as_ptr(),
                        at_b.0 as isize,
                        at_b.1 as isize,
                        keep,
                        c.as_mut_ptr(),
                        n as isize,
                        1,
                    );
                }
            }
        }
    };
}
rivals!(f32, sgemm);
rivals!(f64, dgemm);

fn ours<S: Product>(asked: Asked, c: &mut [S], a: &[S], b: &[S]) {
    let (at_a, at_b) = asked.strides();
    let placed = |(rows, cols)| Placed { start: 0, rows, cols };
    let at_c = placed((asked.extents.2, 1));
    product(asked.accumulate, asked.extents, (c, at_c), (a, placed(at_a)), (b, placed(at_b)));
}

/// Prints a row: interleaved turns, medians of nanoseconds.
fn row<S: Rivals>(asked: Asked) {
    let (m, k, n) = asked.extents;
    // Whole numbers of few bits: sums of them are exact, so all four agree to the bit.
    let numbers = |len: usize, by: usize| -> Vec<S> {
        (0..len).map(|i| S::from(((i * by) >> 5 & 7) as i8 - 3)).collect()
    };
    let (a, b, mut c) = (numbers(m * k, 2_654_435_761), numbers(k * n, 40_503), numbers(m * n, 1));
    let contenders: [fn(Asked, &mut [S], &[S], &[S]); 4] =
        [ours::<S>, S::faer, S::gemm, S::matrixmultiply];
    let results = contenders.map(|contender| {
        let mut c = c.clone();
        contender(asked, &mut c, &a, &b);
        c
    });
    assert!(results.iter().all(|result| *result == results[0]), "all compute the same product");
    let calls = (3_000_000 / (m * k * n)).clamp(1, 20_000);
    let mut times = [const { Vec::new() }; 4];
    for _ in 0..51 {
        for (contender, times) in contenders.into_iter().zip(&mut times) {
            contender(asked, &mut c, &a, &b);
            let start = Instant::now();
            for _ in 0..calls {
                contender(asked, &mut c, &a, &b);
            }
            times.push(start.elapsed().as_nanos() as f64 / calls as f64);
        }
    }
    let [ours, rivals @ ..] = times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    });
    let mark = |transposed| if transposed { "ᵀ" } else { " " };
    println!(
        "{} {m:5} x{k:5} x{n:5}  C {:2} A{} B{}{ours:11.0} {:7.1}{}",
        S::NAME,
        if asked.accumulate { "+=" } else { "=" },
        mark(asked.a_transposed),
        mark(asked.b_transposed),
        (2 * m * k * n) as f64 / ours,
        rivals.map(|rival| format!("{:16.2}", rival / ours)).concat(),
    );
}

/// The products of layers (forward, of weights, of inputs), small ones, and square ones.
const ASKED: [((usize, usize, usize), &str); 26] = [
    ((64, 784, 128), "+B"),
    ((128, 64, 784), "+A"),
    ((64, 128, 10), "+B"),
    ((10, 64, 128), "+A"),
    ((64, 10, 128), ""),
    ((128, 784, 512), "+B"),
    ((512, 128, 784), "+A"),
    ((128, 512, 512), "+B"),
    ((512, 128, 512), "+A"),
    ((128, 512, 512), ""),
    ((128, 512, 10), "+B"),
    ((10, 128, 512), "+A"),
    ((128, 10, 512), ""),
    ((2, 784, 128), "+B"),
    ((8, 784, 128), "+B"),
    ((8, 784, 128), ""),
    ((1000, 10, 10), "B"),
    ((30, 784, 1), ""),
    ((2, 2, 2), ""),
    ((8, 8, 8), ""),
    ((16, 16, 3), "B"),
    ((32, 32, 32), ""),
    ((100, 100, 100), ""),
    ((1024, 1024, 1024), ""),
    ((1024, 1024, 1024), "B"),
    ((1024, 1024, 1024), "A"),
];

fn main() {
    let only = std::env::args().nth(1);
    println!(
        "nanoseconds and GFLOP/s of wengert's product; the crates' times over it (above 1: slower than wengert)"
    );
    println!(
        "type     m     k     n                  ours GFLOP/s            faer            gemm  matrixmultiply"
    );
    for (extents, how) in ASKED {
        let asked = Asked {
            extents,
            a_transposed: how.contains('A'),
            b_transposed: how.contains('B'),
            accumulate: how.contains('+'),
        };
        if only.as_deref() != Some("f64") {
            row::<f32>(asked);
        }
        if only.as_deref() != Some("f32") {
            row::<f64>(asked);
        }
    }
}
