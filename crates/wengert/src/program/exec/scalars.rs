//! Single numbers, one operation after another.

use std::cell::Cell;
use std::marker::PhantomData;

use crate::elementary::{self, Elementary};
use crate::op::{Binary, Unary, dispatch_binary, dispatch_unary};
use crate::simd::{self, Arguments, Compiled, Isa, Kernel, Level};

/// An operation on places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    Copy { out: u32, a: u32 },
    Unary { op: Unary, out: u32, a: u32 },
    Binary { op: Binary, out: u32, a: u32, b: u32 },
    Select { out: u32, a: u32, b: u32, c: u32 },
}

/// The arguments of the interpreter: the program and the workspace.
pub(crate) struct Code<S>(PhantomData<S>);

impl<S: 'static> Arguments for Code<S> {
    type Of<'a> = (&'a [Scalar], &'a [Cell<S>]);
}

/// Single numbers in order.
#[derive(Clone, Debug)]
pub(crate) struct Scalars<S: 'static> {
    pub(crate) code: Vec<Scalar>,
    interpreter: Compiled<Code<S>>,
}

impl<S: Elementary> Scalars<S> {
    pub(crate) fn new(code: Vec<Scalar>, fast: bool, level: Level) -> Self {
        let interpreter = if fast {
            simd::compiled::<Interpreter<S, true>>(level)
        } else {
            simd::compiled::<Interpreter<S, false>>(level)
        };
        Scalars { code, interpreter }
    }

    #[inline]
    pub(crate) fn run(&self, memory: &[Cell<S>]) {
        self.interpreter.call((&self.code, memory));
    }
}

struct Interpreter<S, const FAST: bool>(PhantomData<S>);

impl<S: Elementary, const FAST: bool> Kernel for Interpreter<S, FAST> {
    type Arguments = Code<S>;

    #[inline(always)]
    fn run<I: Isa>((code, memory): (&[Scalar], &[Cell<S>])) {
        let read = |place: u32| memory[place as usize].get();
        for &operation in code {
            let (out, value) = match operation {
                Scalar::Copy { out, a } => (out, read(a)),
                Scalar::Unary { op, out, a } => {
                    let x = read(a);
                    let value = dispatch_unary!(op, K => {
                        if FAST { elementary::unary::<I, S>(K, x) } else { x.unary(K) }
                    });
                    (out, value)
                }
                Scalar::Binary { op, out, a, b } => {
                    let (x, y) = (read(a), read(b));
                    (out, dispatch_binary!(op, K => x.binary(K, y)))
                }
                Scalar::Select { out, a, b, c } => (out, if read(a).is_zero() { read(c) } else { read(b) }),
            };
            memory[out as usize].set(value);
        }
    }
}
