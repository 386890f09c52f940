//! What a run of a compiled derivative allocates: nothing.

#![allow(unsafe_code, reason = "an allocator that counts is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use wengert::{Tape, Var};
use wengert_sparse::colour::Order;
use wengert_sparse::{Mode, SparseHessian, SparseJacobian};

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
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

fn residuals<'t>(x: Var<'t>) -> Var<'t> {
    let n = x.len();
    (x.slice(0, 0..n - 1) * x.slice(0, 1..n)).sin()
}

#[test]
fn a_run_allocates_nothing() {
    let point = vec![0.5; 40];
    let mut all = Vec::new();
    for mode in [Mode::Columns, Mode::Rows] {
        let tape = Tape::new();
        let x = tape.input(vec![0.1; 40]);
        let y = residuals(x);
        let jacobian = SparseJacobian::with(&[y], x, mode, Order::Natural).unwrap();
        all.push(jacobian.compile().unwrap());
    }
    let tape = Tape::new();
    let x = tape.input(vec![0.1; 40]);
    let hessian = SparseHessian::new(residuals(x).square().sum(), x).unwrap();
    let before = COUNT.get();
    all.push(hessian.compile().unwrap());
    assert!(COUNT.get() > before, "the counter counts");
    for compiled in &mut all {
        // What the processor can do is asked once.
        compiled.run(&point).unwrap();
        let before = COUNT.get();
        for _ in 0..3 {
            assert!(compiled.run(&point).unwrap().iter().all(|entry| entry.is_finite()));
        }
        assert_eq!(COUNT.get() - before, 0, "{compiled:?}");
    }
}
