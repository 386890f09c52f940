//! What compression saves: `cargo run --release -p wengert-sparse --example sparse`.

use std::time::{Duration, Instant};

use wengert::{Error, Tape, Var};
use wengert_sparse::{Mode, Pattern, SparseHessian, SparseJacobian};

/// Broyden's tridiagonal function: n residuals of n variables.
fn broyden<'t>(x: Var<'t>) -> Var<'t> {
    let n = x.len();
    let zero = x.tape().constant([0.0]);
    let before = x.tape().concat(0, &[zero, x.slice(0, 0..n - 1)]);
    let after = x.tape().concat(0, &[x.slice(0, 1..n), zero]);
    (3.0 - 2.0 * x) * x - before - 2.0 * after + 1.0
}

/// Rosenbrock's function, chained.
fn rosenbrock<'t>(x: Var<'t>) -> Var<'t> {
    let n = x.len();
    let (here, next) = (x.slice(0, 0..n - 1), x.slice(0, 1..n));
    ((1.0 - here).square() + 100.0 * (next - here.square()).square()).sum()
}

/// The same as a program writes it number by number.
fn rosenbrock_by_numbers<'t>(x: Var<'t>) -> Var<'t> {
    let mut total = x.tape().constant(0.0);
    for i in 0..x.len() - 1 {
        let (here, next) = (x.at(i), x.at(i + 1));
        total = total + (1.0 - here).square() + 100.0 * (next - here.square()).square();
    }
    total
}

/// The median of some runs.
fn time(runs: usize, mut f: impl FnMut() -> Result<(), Error>) -> Result<Duration, Error> {
    let mut times = Vec::with_capacity(runs);
    for _ in 0..runs {
        let start = Instant::now();
        f()?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok(times[runs / 2])
}

fn once<T>(f: impl FnOnce() -> Result<T, Error>) -> Result<(T, Duration), Error> {
    let start = Instant::now();
    let made = f()?;
    Ok((made, start.elapsed()))
}

fn draw(pattern: &Pattern) {
    for i in 0..pattern.rows() {
        let mark = |j| if pattern.contains(i, j) { " ×" } else { " ." };
        println!("  {}", (0..pattern.columns()).map(mark).collect::<String>());
    }
}

fn main() -> Result<(), Error> {
    println!("The pattern of Broyden's tridiagonal function of 8 variables:");
    let tape = Tape::new();
    let x = tape.input(vec![-1.0; 8]);
    draw(SparseJacobian::new(&[broyden(x)], x)?.pattern());

    let n = 1000;
    println!("\nThe Jacobian of that function of {n} variables:");
    let point: Vec<f64> = (0..n).map(|i| (i as f64).sin()).collect();
    let tape = Tape::new();
    let x = tape.input(vec![-1.0; n]);
    let (jacobian, found) = once(|| SparseJacobian::new(&[broyden(x)], x))?;
    println!("  {jacobian:?}");
    let sparse = time(21, || jacobian.at(&point).map(drop))?;
    let dense = time(5, || wengert::jacobian(broyden, &point).map(drop))?;
    let ratio = dense.as_secs_f64() / sparse.as_secs_f64();
    println!("  pattern and colours {found:.1?}, once");
    println!("  sparse {sparse:.1?}, dense {dense:.1?}: {ratio:.0} times as long");
    // Compiled on a tape of its own: it adds its products to the one that it is given.
    let tape = Tape::new();
    let x = tape.input(vec![-1.0; n]);
    let rows = SparseJacobian::new(&[broyden(x)], x)?;
    assert_eq!(rows.mode(), Mode::Columns);
    let (mut compiled, compiling) = once(|| rows.compile())?;
    let run = time(21, || compiled.run(&point).map(drop))?;
    println!("  compiled {run:.1?} a run, compiling {compiling:.1?}");

    let n = 100_000;
    let point: Vec<f64> = (0..n).map(|i| (i as f64).sin()).collect();
    type Recorded = for<'t> fn(Var<'t>) -> Var<'t>;
    let ways: [(&str, Recorded); 2] =
        [("in runs", rosenbrock), ("by numbers", rosenbrock_by_numbers)];
    for (way, f) in ways {
        println!("\nThe Hessian of Rosenbrock's function of {n} variables, recorded {way}:");
        let tape = Tape::new();
        let x = tape.input(vec![-1.0; n]);
        let y = f(x);
        let (hessian, found) = once(|| SparseHessian::new(y, x))?;
        println!("  {hessian:?}");
        let sparse = time(5, || hessian.at(&point).map(drop))?;
        let gradient = time(5, || {
            tape.replay(&[(x, &point)])?;
            y.try_backward()?.try_values_wrt(x).map(drop)
        })?;
        let ratio = sparse.as_secs_f64() / gradient.as_secs_f64();
        println!("  pattern and colours {found:.1?}, once");
        println!("  sparse {sparse:.1?}, one gradient {gradient:.1?}: {ratio:.1} gradients");
    }
    Ok(())
}
