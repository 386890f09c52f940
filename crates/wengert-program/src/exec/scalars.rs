//! Single numbers, one operation after another.

use std::cell::Cell;
use std::marker::PhantomData;

use super::elementwise::{pair, single};
use super::platform::Platform;
use crate::elementary::{self, Elementary};
use crate::ids::{Id, Place};
use crate::op::{Binary, Unary};
use crate::simd::{self, Arguments, Compiled, Isa, Kernel, Level};

/// What an operation does: the most frequent by name, so that one jump finds them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opcode {
    Add,
    Sub,
    Mul,
    Div,
    MulNoNan,
    /// `out + a b`, rounded twice.
    AddMul,
    /// `out + mul_no_nan(a, b)`
    AddMulNoNan,
    Neg,
    Copy,
    Unary(Unary),
    Binary(Binary),
    /// `a ≠ 0 ? b : c`, c being the next operation's a.
    Select,
}

/// An operation on places. It is packed: long programs wait for their operations to be read.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed)]
pub(crate) struct Scalar {
    pub(crate) op: Opcode,
    pub(crate) out: Place,
    pub(crate) a: Place,
    pub(crate) b: Place,
}

impl Scalar {
    pub(crate) fn copy(out: Place, a: Place) -> Self {
        Scalar { op: Opcode::Copy, out, a, b: a }
    }

    pub(crate) fn unary(op: Unary, out: Place, a: Place) -> Self {
        let op = if op == Unary::Neg { Opcode::Neg } else { Opcode::Unary(op) };
        Scalar { op, out, a, b: a }
    }

    pub(crate) fn binary(op: Binary, out: Place, a: Place, b: Place) -> Self {
        let op = match op {
            Binary::Add => Opcode::Add,
            Binary::Sub => Opcode::Sub,
            Binary::Mul => Opcode::Mul,
            Binary::Div => Opcode::Div,
            Binary::MulNoNan => Opcode::MulNoNan,
            op => Opcode::Binary(op),
        };
        Scalar { op, out, a, b }
    }

    pub(crate) fn select(out: Place, [a, b, c]: [Place; 3]) -> [Self; 2] {
        [Scalar { op: Opcode::Select, out, a, b }, Scalar { op: Opcode::Copy, out, a: c, b: c }]
    }

    /// This product, added to the sum that stands at `out`.
    ///
    /// # Panics
    ///
    /// Of another operation.
    pub(crate) fn added_to(self, out: Place) -> Self {
        let op = match self.op {
            Opcode::Mul => Opcode::AddMul,
            Opcode::MulNoNan => Opcode::AddMulNoNan,
            other => unreachable!("{other:?} is no product"),
        };
        Scalar { op, out, ..self }
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
    pub(crate) code: Box<[Scalar]>,
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
        Scalars { code: code.into(), interpreter }
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
        let mut code = code.iter();
        while let Some(&Scalar { op, out, a, b }) = code.next() {
            let value = match op {
                Opcode::Add => read(a) + read(b),
                Opcode::Sub => read(a) - read(b),
                Opcode::Mul => read(a) * read(b),
                Opcode::Div => read(a) / read(b),
                Opcode::MulNoNan => read(a).mul_no_nan(read(b)),
                Opcode::AddMul => read(out) + read(a) * read(b),
                Opcode::AddMulNoNan => read(out) + read(a).mul_no_nan(read(b)),
                Opcode::Neg => -read(a),
                Opcode::Copy => read(a),
                Opcode::Unary(op) => {
                    let x = read(a);
                    if FAST { fast::<I, S>(op, x) } else { single(op, x) }
                }
                Opcode::Binary(op) => pair(op, read(a), read(b)),
                Opcode::Select => {
                    let other = code.next().map_or(b, |more| more.a);
                    read(if read(a).is_zero() { other } else { b })
                }
            };
            memory[out.index()].set(value);
        }
    }
}
