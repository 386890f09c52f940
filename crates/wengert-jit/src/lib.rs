//! Machine code at run time: a compiled program, run by instructions of this processor instead of
//! an interpreter.
//!
//! ```
//! use wengert::{CompileTape, Tape};
//! use wengert_jit::Jit;
//!
//! let tape = Tape::new();
//! let (x, y) = (tape.input(3.0).named("x"), tape.input(2.0).named("y"));
//! let z = (x * y).sin() + x.exp();
//! let program = tape.compile(&[z], &[x, y])?;
//! let jit = Jit::new(&program)?;
//!
//! let mut workspace = jit.workspace();
//! workspace.set(program.input(x)?, &[0.5])?;
//! jit.run(&mut workspace)?;
//! let [value, by_x, _] = jit.outputs()[..] else { panic!("a value and two derivatives") };
//! assert_eq!(workspace.value(by_x), 2.0 * 1.0_f64.cos() + 0.5_f64.exp());
//! println!("{} = {}", jit.report(), workspace.value(value));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Operations on single numbers, and elementwise ones over runs, become machine code, made by
//! Cranelift: values stay in registers from one operation to the next. What has a kernel of its own
//! (a matrix product, a long sum, vectors of `exp` in fast numerics) stays the kernel's. So every
//! program runs, and a [`Report`] says what share of it is machine code.
//!
//! The numbers live in the same [`Workspace`](wengert_program::Workspace), and are the interpreter's
//! bit for bit in `Numerics::Exact`: elementary functions are calls of the same functions, products
//! and sums are not fused, and no order is another. In `Numerics::Fast` they are within the same
//! bounds, some functions are instructions, and long sums have an order of their own.
//!
//! # Platforms
//!
//! x86-64 and aarch64 under Linux, macOS and Windows, where the system lets a process map memory
//! that it has written as executable. Elsewhere [`Jit::new`] returns [`JitError::Platform`], and
//! nothing else of a program changes. Tests run on x86-64 Linux.

mod code;
mod elementary;
mod emit;
mod error;
mod functions;
mod jit;
mod lists;
mod live;
mod loops;
mod numbers;
mod ops;
mod passes;
mod pieces;
mod rolled;
mod segments;
mod sums;
mod unroll;
mod wide;

pub use error::JitError;
pub use jit::{Jit, Report};

#[cfg(doctest)]
#[doc = include_str!("../../../docs/jit.md")]
mod document {}
