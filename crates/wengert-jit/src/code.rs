//! Machine code that runs, and the memory it lies in.
//!
//! `unsafe`, in two places. A function is called through a pointer: it was made by `emit` for this
//! program, from places that are all below `len`, with the signature that it is called with, and
//! its memory lives as long as `self`. And that memory is given back when `self` is dropped: by then
//! nothing runs, since running borrows `self`, and no pointer has left it.

#![allow(unsafe_code, reason = "calls into memory that was filled at run time: see above")]

use std::cell::Cell;
use std::fmt;
use std::mem::ManuallyDrop;
use std::sync::{Mutex, PoisonError};

use crate::wide::Table;
use cranelift_jit::JITModule;
use cranelift_module::FuncId;
use wengert_program::internals;

/// A function of a workspace's first number.
type Function<S> = unsafe extern "C" fn(*mut S);

/// What runs next.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<F> {
    /// Machine code.
    Call(F),
    /// A task of the interpreter's.
    Task(usize),
}

/// A program's machine code.
pub(crate) struct Code<S> {
    steps: Vec<Step<Function<S>>>,
    /// How many numbers a workspace must have.
    len: usize,
    /// Tables that the code reads.
    _tables: (Vec<Box<[u32]>>, Table),
    /// What owns the memory. A lock, so that it may be shared: nobody takes it before the end.
    module: ManuallyDrop<Mutex<JITModule>>,
}

impl<S> Code<S> {
    /// The functions must have been made for a program whose workspaces have `len` numbers of type
    /// `S`: they read and write no others, read `tables`, and touch no other memory. `jit` alone
    /// makes them.
    pub(crate) fn new(
        module: JITModule,
        steps: &[Step<FuncId>],
        len: usize,
        tables: (Vec<Box<[u32]>>, Table),
    ) -> Self {
        let step = |step: &Step<FuncId>| match *step {
            Step::Task(index) => Step::Task(index),
            Step::Call(id) => {
                let pointer = module.get_finalized_function(id);
                // SAFETY: `emit` gives every function this signature, in the convention of
                // `extern "C"`.
                Step::Call(unsafe { std::mem::transmute::<*const u8, Function<S>>(pointer) })
            }
        };
        let steps = steps.iter().map(step).collect();
        Code { steps, len, _tables: tables, module: ManuallyDrop::new(Mutex::new(module)) }
    }
}

impl<S: 'static> internals::Code<S> for Code<S> {
    fn run(&self, memory: &[Cell<S>], task: &mut dyn FnMut(usize)) {
        assert!(memory.len() == self.len, "a workspace of another program");
        let first = memory.as_ptr().cast::<S>().cast_mut();
        for step in &self.steps {
            match *step {
                // SAFETY: the promise of `new`; cells are written through a pointer derived from
                // them.
                Step::Call(function) => unsafe { function(first) },
                Step::Task(index) => task(index),
            }
        }
    }
}

impl<S> Drop for Code<S> {
    fn drop(&mut self) {
        // SAFETY: taken once, here.
        let module = unsafe { ManuallyDrop::take(&mut self.module) };
        let module = module.into_inner().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: nothing runs that borrows `self`, and no pointer has left it.
        unsafe { module.free_memory() };
    }
}

impl<S> fmt::Debug for Code<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code({} steps)", self.steps.len())
    }
}
