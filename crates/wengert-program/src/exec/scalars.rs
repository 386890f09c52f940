//! Single numbers, one operation after another.

use std::cell::Cell;
use std::marker::PhantomData;

use super::elementwise::{pair, single};
use super::platform::Platform;
use crate::elementary::{self, Elementary};
use crate::ids::{Id, Place};
use crate::op::{Binary, Unary};
use crate::simd::{self, Arguments, Compiled, Isa, Kernel, Level};

/// An operation on places: the most frequent by name, so that one jump finds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    Add { out: Place, a: Place, b: Place },
    Sub { out: Place, a: Place, b: Place },
    Mul { out: Place, a: Place, b: Place },
    Chain { out: Place, a: Place, b: Place },
    Neg { out: Place, a: Place },
    Copy { out: Place, a: Place },
    Unary { op: Unary, out: Place, a: Place },
    Binary { op: Binary, out: Place, a: Place, b: Place },
    Select { out: Place, a: Place, b: Place, c: Place },
}

impl Scalar {
    pub(crate) fn unary(op: Unary, out: Place, a: Place) -> Self {
        if op == Unary::Neg { Scalar::Neg { out, a } } else { Scalar::Unary { op, out, a } }
    }

    pub(crate) fn binary(op: Binary, out: Place, a: Place, b: Place) -> Self {
        match op {
            Binary::Add => Scalar::Add { out, a, b },
            Binary::Sub => Scalar::Sub { out, a, b },
            Binary::Mul => Scalar::Mul { out, a, b },
            Binary::Chain => Scalar::Chain { out, a, b },
            op => Scalar::Binary { op, out, a, b },
        }
    }
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

impl<S: Elementary + Platform> Scalars<S> {
    pub(crate) fn new(code: Vec<Scalar>, fast: bool, level: Level) -> Self {
        // Exact operations of one number are the same instructions at every level.
        let interpreter = if fast {
            simd::compiled::<Interpreter<S, true>>(level)
        } else {
            simd::compiled_portable::<Interpreter<S, false>>()
        };
        Scalars { code, interpreter }
    }

    #[inline]
    pub(crate) fn run(&self, memory: &[Cell<S>]) {
        self.interpreter.call((&self.code, memory));
    }
}

/// The platform's function, or the vector form of one number; what has neither is a call.
#[inline(always)]
fn fast<I: Isa, S: Elementary + Platform>(op: Unary, x: S) -> S {
    if let Some(value) = x.platform(op) {
        return value;
    }
    match op {
        Unary::Neg => -x,
        Unary::Recip => elementary::unary::<I, S>(Unary::Recip, x),
        Unary::Sqrt => elementary::unary::<I, S>(Unary::Sqrt, x),
        Unary::Tanh => elementary::unary::<I, S>(Unary::Tanh, x),
        op => single(op, x),
    }
}

struct Interpreter<S, const FAST: bool>(PhantomData<S>);

impl<S: Elementary + Platform, const FAST: bool> Kernel for Interpreter<S, FAST> {
    type Arguments = Code<S>;

    #[inline(always)]
    fn run<I: Isa>((code, memory): (&[Scalar], &[Cell<S>])) {
        let read = |place: Place| memory[place.index()].get();
        for &operation in code {
            let (out, value) = match operation {
                Scalar::Add { out, a, b } => (out, read(a) + read(b)),
                Scalar::Sub { out, a, b } => (out, read(a) - read(b)),
                Scalar::Mul { out, a, b } => (out, read(a) * read(b)),
                Scalar::Chain { out, a, b } => (out, read(a).chain(read(b))),
                Scalar::Neg { out, a } => (out, -read(a)),
                Scalar::Copy { out, a } => (out, read(a)),
                Scalar::Unary { op, out, a } => {
                    let x = read(a);
                    (out, if FAST { fast::<I, S>(op, x) } else { single(op, x) })
                }
                Scalar::Binary { op, out, a, b } => {
                    let (x, y) = (read(a), read(b));
                    (out, if op == Binary::Div { x / y } else { pair(op, x, y) })
                }
                Scalar::Select { out, a, b, c } => {
                    (out, if read(a).is_zero() { read(c) } else { read(b) })
                }
            };
            memory[out.index()].set(value);
        }
    }
}
