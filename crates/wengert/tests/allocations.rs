//! What a step of training allocates after its first time: nothing, recorded anew, replayed or
//! compiled.

#![allow(unsafe_code, reason = "an allocator that counts is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use wengert::{Compiler, Leaf, Numerics, Tape, Var};

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
    static BYTES: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        BYTES.with(|bytes| bytes.set(bytes.get() + layout.size()));
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(f: impl FnOnce()) -> usize {
    let before = COUNT.get();
    f();
    COUNT.get() - before
}

const PARAMS: usize = 30 * 20 + 30 + 5 * 30 + 5;

/// Layers, a softmax, a batch of products, reductions.
fn loss<'t>(params: Var<'t>, x: Var<'t>) -> Var<'t> {
    let part = |from: usize, len: usize| params.slice(0, from..from + len);
    let hidden = Var::affine(part(600, 30), part(0, 600).reshape([30, 20]), x).sigmoid();
    let output = Var::affine(part(780, 5), part(630, 150).reshape([5, 30]), hidden);
    let batch = hidden.reshape([4, 2, 30]).matmul(part(630, 150).reshape([5, 30]).t());
    let picked = output.log_softmax(1).slice(1, 0..1).sum() + output.softmax(1).square().sum();
    let spread = (output - output.mean_axes(0)).tanh().square().sum_axes(1);
    picked
        + batch.exp().sum() * 0.01
        + spread.log_sum_exp_axes(0)
        + params.at(3).sin() * params.square().sum()
}

#[test]
fn a_step_allocates_nothing_after_the_first() {
    let numbers: Vec<f64> = (0..PARAMS).map(|i| ((i * 7 % 13) as f64 - 6.0) * 0.02).collect();
    let features = [0.25; 8 * 20];
    let mut tape = Tape::new();
    let params = tape.param(&numbers).key();
    let mark = tape.mark();
    let step = |tape: &mut Tape| {
        tape.rewind(mark);
        let w = tape.var(params);
        let x = tape.tensor(Leaf::Data, &features, [8, 20]).unwrap();
        let gradients = loss(w, x).backward();
        let start = w.id().slot();
        tape.update(w, |w| {
            for (w, g) in w.iter_mut().zip(&gradients.adjoints()[start..]) {
                *w -= 1e-3 * g;
            }
        })
        .unwrap();
    };
    let first = allocations(|| step(&mut tape));
    let _second = allocations(|| step(&mut tape));
    let third = allocations(|| step(&mut tape));
    assert!(first > 0, "the counter counts");
    assert_eq!(third, 0, "recorded anew");
}

#[test]
fn a_replayed_step_allocates_nothing_after_the_first() {
    let numbers = vec![0.01; PARAMS];
    let tape = Tape::new();
    let params = tape.param(&numbers);
    let x = tape.tensor(Leaf::Data, &[0.25; 8 * 20], [8, 20]).unwrap();
    let y = loss(params, x);
    let mut gradients = y.backward();
    let features = [0.5; 8 * 20];
    let mut step = || {
        tape.replay(&[(params, &numbers), (x, &features)]).unwrap();
        y.backward_into(&mut gradients).unwrap();
    };
    step();
    assert_eq!(allocations(step), 0, "replayed");
}

#[test]
fn a_run_of_a_program_allocates_nothing() {
    let numbers = vec![0.01; PARAMS];
    let tape = Tape::new();
    let params = tape.param(&numbers);
    let x = tape.tensor(Leaf::Data, &[0.25; 8 * 20], [8, 20]).unwrap();
    let y = loss(params, x);
    let gradient = tape.data(&numbers);
    let next = params - 1e-3 * gradient;
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let mut compiler = Compiler::new(&tape).numerics(numerics);
        compiler.gradient_as(y, params, gradient).unwrap();
        let (value, all) = (compiler.output(y).unwrap(), compiler.gradient(y, params).unwrap());
        let next = compiler.output(next).unwrap();
        compiler.feed(next, params).unwrap();
        let program = compiler.compile().unwrap();
        let input = program.input(x).unwrap();
        let mut workspace = program.workspace();
        // What the processor can do is asked once.
        program.run(&mut workspace).unwrap();
        let features = [0.5; 8 * 20];
        let count = allocations(|| {
            for _ in 0..3 {
                workspace.set(input, &features).unwrap();
                program.run(&mut workspace).unwrap();
                assert!(workspace.value(value).is_finite() && workspace.slice(all).is_some());
            }
        });
        assert_eq!(count, 0, "{numerics:?}");
    }
}

/// The bytes that compiling a step of training allocates, the leaves' own numbers aside, and how
/// many parameters it moves.
fn to_compile(width: usize) -> (usize, usize) {
    let tape = Tape::new();
    let params = tape.param(vec![0.01; 2 * width * (width + 1)]);
    let x = tape.tensor(Leaf::Data, &vec![0.5; 8 * width], [8, width]).unwrap();
    let half = width * (width + 1);
    let layer = |at: usize, x| {
        let weights = params.slice(0, at..at + width * width).reshape([width, width]);
        Var::affine(params.slice(0, at + width * width..at + half), weights, x).sigmoid()
    };
    let loss = layer(half, layer(0, x)).square().sum()
        + 0.01 * params.square().sum()
        + params.at(3).square();
    let gradient = tape.data(vec![0.0; params.len()]);
    let next = params - 1e-3 * gradient;
    let mut compiler = Compiler::new(&tape);
    compiler.output(loss).unwrap();
    compiler.gradient_as(loss, params, gradient).unwrap();
    let next = compiler.output(next).unwrap();
    compiler.feed(next, params).unwrap();
    let before = BYTES.get();
    let program = compiler.compile().unwrap();
    let bytes = BYTES.get() - before;
    drop(program);
    (bytes - (params.len() + x.len()) * size_of::<f64>(), params.len())
}

/// Two hundred times as many numbers in the same steps. The compiler keeps a word for each 64 of
/// the numbers on each line that it counts them along: of the tape, the graph, the plan, the
/// places.
#[test]
fn compiling_takes_memory_by_the_steps_and_not_by_the_numbers() {
    let ((small, few), (large, many)) = (to_compile(16), to_compile(256));
    assert!(many > 100 * few);
    let growth = large.saturating_sub(small) as f64 / (many - few) as f64;
    assert!(
        growth < 8.0,
        "{growth} bytes a parameter: {small} bytes for {few}, {large} for {many}"
    );
}
