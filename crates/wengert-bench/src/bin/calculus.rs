//! What loops and sparse derivatives cost beside the same recorded step by step, or densely.
//!
//! `cargo run --release -p wengert-bench --bin calculus`
//!
//! Times are medians of interleaved runs; memory is what the allocator was asked for at the most.

#![allow(unsafe_code, reason = "an allocator that counts is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use wengert::scan::{Scanned, Snapshots};
use wengert::{CompileTape, Error, Scan, Tape, Var};
use wengert_sparse::{SparseHessian, SparseJacobian};

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(now, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most memory that `f` has in use at a time, beyond what is in use before.
fn most<T>(f: impl FnOnce() -> T) -> (T, usize) {
    let before = NOW.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    let made = f();
    (made, MOST.load(Ordering::Relaxed) - before)
}

fn once<T>(f: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let made = f();
    (made, start.elapsed())
}

/// The medians of interleaved runs.
fn medians<const N: usize>(runs: usize, mut ways: [&mut dyn FnMut(); N]) -> [Duration; N] {
    let mut times = [const { Vec::new() }; N];
    for _ in 0..runs {
        for (way, times) in ways.iter_mut().zip(&mut times) {
            let ((), time) = once(way);
            times.push(time);
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        times[runs / 2]
    })
}

/// A step of a recurrence of one number.
fn turn<'t>(x: Var<'t>, p: Var<'t>) -> Var<'t> {
    x + 0.001 * (p * x.sin() - x.square())
}

fn looped<'t>(p: Var<'t>, steps: usize, keep: Snapshots) -> Result<Scanned<'t>, Error> {
    let first = p.tape().constant(0.5);
    let scan = Scan::new().state(first).fixed(p).steps(steps).snapshots(keep);
    scan.record(|step| {
        let next = turn(step.state(0), step.fixed(0));
        step.next([next])
    })
}

fn recurrence() -> Result<(), Error> {
    const STEPS: usize = 100_000;
    println!("The gradient through {STEPS} steps of a recurrence of one number");
    let (plain, looping) = (Tape::new(), Tape::new());
    let p = plain.input(1.5);
    let (y, recorded) = most(|| (0..STEPS).fold(plain.constant(0.5), |x, _| turn(x, p)));
    let (expected, swept) = most(|| y.backward().wrt(p));
    let q = looping.input(1.5);
    println!(
        "  step by step   {:9} nodes, {:7} KB + {} KB in the sweep",
        plain.len(),
        recorded / 1024,
        swept / 1024
    );
    for keep in [Snapshots::Auto, Snapshots::All, Snapshots::Count(10)] {
        let (z, recorded) = most(|| looped(q, STEPS, keep).map(|scan| scan.state(0)));
        let z = z?;
        let (found, swept) = most(|| z.backward().wrt(q));
        assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{found} and {expected}");
        let [by_steps, by_loop] = medians(
            7,
            [&mut || _ = black_box(y.backward().wrt(p)), &mut || {
                _ = black_box(z.backward().wrt(q))
            }],
        );
        let ratio = by_loop.as_secs_f64() / by_steps.as_secs_f64();
        println!(
            "  scan, {keep:9} {:9} nodes, {:7} KB + {} KB in the sweep; {by_loop:.1?}, \
             {ratio:.1} sweeps of {by_steps:.1?}",
            looping.len(),
            recorded / 1024,
            swept / 1024,
            keep = format!("{keep:?}"),
        );
    }
    println!(
        "  A sweep in little memory runs each step twice, and then sweeps it; step by step all \
         values are kept.\n"
    );
    Ok(())
}

/// The right-hand side of Lotka and Volterra's equations.
fn predators<'t>([x, y]: [Var<'t>; 2], p: &[Var<'t>; 4]) -> [Var<'t>; 2] {
    [p[0] * x - p[1] * x * y, p[2] * x * y - p[3] * y]
}

/// A step of the classical Runge-Kutta method.
fn rk4<'t>(y: [Var<'t>; 2], p: &[Var<'t>; 4], h: f64) -> [Var<'t>; 2] {
    let along = |k: [Var<'t>; 2], h: f64| [y[0] + h * k[0], y[1] + h * k[1]];
    let k1 = predators(y, p);
    let k2 = predators(along(k1, h / 2.0), p);
    let k3 = predators(along(k2, h / 2.0), p);
    let k4 = predators(along(k3, h), p);
    let next = |i: usize| y[i] + h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]);
    [next(0), next(1)]
}

fn ode() -> Result<(), Error> {
    const STEPS: usize = 1000;
    println!("The gradient of {STEPS} steps of RK4 by four parameters");
    let point = [1.5, 1.0, 1.0, 3.0];
    let plain = Tape::new();
    let p = plain.input(point);
    let parts = std::array::from_fn(|i| p.at(i));
    let first = [plain.constant(1.0), plain.constant(1.0)];
    let last = (0..STEPS).fold(first, |y, _| rk4(y, &parts, 0.01));
    let loss = last[0] + last[1];
    let expected = loss.backward().values_wrt(p);
    let before = plain.len();
    let (program, compiling) = once(|| plain.compile(&[loss], &[p]));
    let program = program?;
    let mut workspace = program.workspace();

    let looping = Tape::new();
    let q = looping.input(point);
    let scan = Scan::new().state(looping.constant(1.0)).state(looping.constant(1.0)).fixed(q);
    let scan = scan.steps(STEPS).record(|step| {
        let parts = std::array::from_fn(|i| step.fixed(0).at(i));
        let next = rk4([step.state(0), step.state(1)], &parts, 0.01);
        step.next(next)
    })?;
    let of_loop = scan.state(0) + scan.state(1);
    let found = of_loop.backward().values_wrt(q);
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{found} and {expected}");
    }
    let nodes = looping.len();
    let (compiled, compiling_loop) = once(|| looping.compile(&[of_loop], &[q]));
    let compiled = compiled?;
    let mut loop_workspace = compiled.workspace();
    let [swept, ran, swept_loop, ran_loop] = medians(
        21,
        [
            &mut || _ = black_box(loss.backward().values_wrt(p)),
            &mut || program.run(&mut workspace).expect("it has no guard"),
            &mut || _ = black_box(of_loop.backward().values_wrt(q)),
            &mut || compiled.run(&mut loop_workspace).expect("it has no guard"),
        ],
    );
    println!(
        "  step by step {before:6} nodes, compiling {compiling:.1?}, sweep {swept:.1?}, program {ran:.1?}"
    );
    println!(
        "  scan         {nodes:6} nodes, compiling {compiling_loop:.1?}, sweep {swept_loop:.1?}, program {ran_loop:.1?}\n"
    );
    Ok(())
}

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

fn point(n: usize) -> Vec<f64> {
    (0..n).map(|i| (i as f64).sin()).collect()
}

fn sparse() -> Result<(), Error> {
    println!("The Jacobian of Broyden's tridiagonal function");
    for (n, runs) in [(1000, 21), (1_000_000, 3)] {
        let tape = Tape::new();
        let x = tape.input(vec![-1.0; n]);
        let (jacobian, found) = once(|| SparseJacobian::new(&[broyden(x)], x));
        let jacobian = jacobian?;
        let (compiled, compiling) = once(|| jacobian.compile());
        let (mut compiled, at) = (compiled?, point(n));
        let [run] = medians(
            runs,
            [&mut || {
                black_box(compiled.run(&at).expect("it has no guard"));
            }],
        );
        println!(
            "  n = {n}: pattern and colours {found:.1?}, compiling {compiling:.1?}, a run {run:.1?}"
        );
    }
    println!("The Hessian of Rosenbrock's chained function");
    let n = 100_000;
    let tape = Tape::new();
    let x = tape.input(vec![-1.0; n]);
    let y = rosenbrock(x);
    let (hessian, found) = once(|| SparseHessian::new(y, x));
    let (hessian, at) = (hessian?, point(n));
    let [whole, gradient] = medians(
        5,
        [&mut || _ = black_box(hessian.at(&at).expect("it has no guard")), &mut || {
            tape.replay(&[(x, &at)]).expect("it has no guard");
            black_box(y.backward().values_wrt(x));
        }],
    );
    // Compiled on a tape of its own: it adds its products to the one that it is given.
    let tape = Tape::new();
    let x = tape.input(vec![-1.0; n]);
    let y = rosenbrock(x);
    let program = tape.compile(&[y], &[x])?;
    let (mut workspace, input) = (program.workspace(), program.input(x)?);
    let (compiled, compiling) = once(|| SparseHessian::new(y, x).and_then(|made| made.compile()));
    let mut compiled = compiled?;
    let [ran, ran_gradient] = medians(
        21,
        [&mut || _ = black_box(compiled.run(&at).expect("it has no guard")), &mut || {
            workspace.set(input, &at).expect("it is as long");
            program.run(&mut workspace).expect("it has no guard");
        }],
    );
    let in_gradients = |hessian: Duration, gradient: Duration| {
        let ratio = hessian.as_secs_f64() / gradient.as_secs_f64();
        format!("{hessian:.1?}, {ratio:.1} gradients of {gradient:.1?}")
    };
    println!("  n = {n}: pattern and colours {found:.1?}");
    println!("    on the tape: {}", in_gradients(whole, gradient));
    println!("    compiled:    {}", in_gradients(ran, ran_gradient));
    println!("    compiled, in gradients of the tape: {}", in_gradients(ran, gradient));
    println!("    compiling, with the pattern, {compiling:.1?}");
    println!("    Three colours: a run computes the gradient's values and three tangents of it.");
    Ok(())
}

fn main() -> Result<(), Error> {
    recurrence()?;
    ode()?;
    sparse()
}
