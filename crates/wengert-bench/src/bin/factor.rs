//! What the gradient of a normal log-likelihood costs over its value, by a Cholesky factor: the tape
//! and a program, beside loops written by hand.
//!
//! `cargo run --release -p wengert-bench --bin factor`, and `-- 200` for other sizes.
//!
//! The function is `(yᵀ K⁻¹ y + ln det K) / 2` of an n by n matrix K and a vector y, both of which it
//! is differentiated by.

#[path = "../timing.rs"]
#[allow(dead_code, reason = "the table's other half")]
mod timing;

use std::error::Error;
use std::hint::black_box;

use timing::{Budget, Contender, interleaved};
use wengert::{Compiler, Leaf, Tape};

fn main() -> Result<(), Box<dyn Error>> {
    let sizes = std::env::args().skip(1).map(|n| n.parse()).collect::<Result<Vec<usize>, _>>()?;
    let sizes = if sizes.is_empty() { vec![3, 10, 30, 50, 100, 200] } else { sizes };
    println!("us per call; over: the gradient with its value over the value, of the same kind");
    println!("   n     value  by hand  over   replayed  gradient  over   compiled  gradient  over");
    for n in sizes {
        row(n)?;
    }
    Ok(())
}

fn row(n: usize) -> Result<(), Box<dyn Error>> {
    let b: Vec<f64> = (0..n * n).map(|i| (i as f64 * 0.7).sin()).collect();
    let dot = |i: usize, j: usize| (0..n).map(|k| b[i * n + k] * b[j * n + k]).sum::<f64>();
    let k: Vec<f64> = (0..n * n)
        .map(|at| dot(at / n, at % n) + if at / n == at % n { n as f64 } else { 0.0 })
        .collect();
    let y: Vec<f64> = (0..n).map(|i| (i as f64 * 0.3).cos()).collect();

    let tape = Tape::new();
    let (kv, yv) = (tape.tensor(Leaf::Input, &k, [n, n])?, tape.input(&y));
    let l = kv.cholesky();
    let loss = (l.cholesky_quadratic_form(yv) + l.cholesky_logdet()) * 0.5;

    let mut values = Compiler::new(&tape);
    let value = values.output(loss)?;
    let values = values.compile()?;
    let mut both = Compiler::new(&tape);
    both.output(loss)?;
    let by_k = both.gradient(loss, kv)?;
    both.gradient(loss, yv)?;
    let both = both.compile()?;
    let (mut of_values, mut of_both) = (values.workspace(), both.workspace());

    // They agree before anything is timed.
    let mut hand = Hand::new(n);
    let by_hand = hand.gradient(&k, &y);
    let swept = loss.backward().values_wrt(kv);
    values.run(&mut of_values)?;
    both.run(&mut of_both)?;
    let compiled = of_both.values(by_k);
    assert!((by_hand - loss.value()).abs() < 1e-12 * by_hand.abs());
    assert!((by_hand - of_values.values(value)[0]).abs() < 1e-12 * by_hand.abs());
    for i in 0..n {
        for j in 0..=i {
            // By hand it is the derivative of a symmetric matrix's.
            let times = if i == j { 1.0 } else { 2.0 };
            let right = hand.by_k[i * n + j] * times;
            for found in [swept[i * n + j], compiled[i * n + j]] {
                assert!((found - right).abs() < 1e-11 * (1.0 + right.abs()), "{found} {right}");
            }
        }
    }

    let mut other = Hand::new(n);
    let mut gradients = loss.backward();
    let mut contenders: Vec<Contender<'_>> = vec![
        Box::new(|| _ = black_box(other.value(black_box(&k), &y))),
        Box::new(|| _ = black_box(hand.gradient(black_box(&k), &y))),
        Box::new(|| tape.replay(&[(kv, black_box(&k))]).expect("it is positive definite")),
        Box::new(|| {
            tape.replay(&[(kv, black_box(&k))]).expect("it is positive definite");
            loss.backward_into(&mut gradients).expect("it is a number");
        }),
        Box::new(|| values.run(black_box(&mut of_values)).expect("it is positive definite")),
        Box::new(|| both.run(black_box(&mut of_both)).expect("it is positive definite")),
    ];
    let times = interleaved(&mut contenders, Budget::FULL);
    let us: Vec<f64> = times.iter().map(|time| time.median * 1e6).collect();
    let over = |i: usize| us[i + 1] / us[i];
    println!(
        "{n:4} {:9.2} {:8.2} {:5.2}  {:9.2} {:9.2} {:5.2}  {:9.2} {:9.2} {:5.2}",
        us[0],
        us[1],
        over(0),
        us[2],
        us[3],
        over(2),
        us[4],
        us[5],
        over(4)
    );
    Ok(())
}

/// The same in plain loops: rows of L by dot products, and the gradient by the inverse.
struct Hand {
    n: usize,
    l: Vec<f64>,
    z: Vec<f64>,
    inverse: Vec<f64>,
    by_k: Vec<f64>,
    by_y: Vec<f64>,
}

impl Hand {
    fn new(n: usize) -> Self {
        let (matrix, vector) = (vec![0.0; n * n], vec![0.0; n]);
        Hand {
            n,
            l: matrix.clone(),
            z: vector.clone(),
            inverse: matrix.clone(),
            by_k: matrix,
            by_y: vector,
        }
    }

    fn value(&mut self, k: &[f64], y: &[f64]) -> f64 {
        let (n, l, z) = (self.n, &mut self.l, &mut self.z);
        let mut total = 0.0;
        for i in 0..n {
            let (above, own) = l.split_at_mut(i * n);
            for j in 0..i {
                let row = &above[j * n..j * n + j];
                let sum: f64 = row.iter().zip(&own[..j]).map(|(a, b)| a * b).sum();
                own[j] = (k[i * n + j] - sum) / above[j * n + j];
            }
            let sum: f64 = own[..i].iter().map(|a| a * a).sum();
            own[i] = (k[i * n + i] - sum).sqrt();
            let sum: f64 = own[..i].iter().zip(&*z).map(|(a, b)| a * b).sum();
            z[i] = (y[i] - sum) / own[i];
            total += z[i] * z[i] / 2.0 + own[i].ln();
        }
        total
    }

    fn gradient(&mut self, k: &[f64], y: &[f64]) -> f64 {
        let value = self.value(k, y);
        let (n, l, inverse) = (self.n, &self.l, &mut self.inverse);
        // L⁻¹, whose columns stand as rows; then K⁻¹ = L⁻ᵀ L⁻¹ and α = L⁻ᵀ z.
        for c in 0..n {
            let column = &mut inverse[c * n..(c + 1) * n];
            column[c] = 1.0 / l[c * n + c];
            for i in c + 1..n {
                let row = &l[i * n + c..i * n + i];
                let sum: f64 = row.iter().zip(&column[c..i]).map(|(a, b)| a * b).sum();
                column[i] = -sum / l[i * n + i];
            }
        }
        for i in 0..n {
            let column = &inverse[i * n + i..(i + 1) * n];
            self.by_y[i] = column.iter().zip(&self.z[i..]).map(|(a, b)| a * b).sum();
        }
        for i in 0..n {
            for j in 0..=i {
                let (a, b) = (&inverse[i * n + i..(i + 1) * n], &inverse[j * n + i..(j + 1) * n]);
                let sum: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                let share = (sum - self.by_y[i] * self.by_y[j]) / 2.0;
                self.by_k[i * n + j] = share;
                self.by_k[j * n + i] = share;
            }
        }
        value
    }
}
