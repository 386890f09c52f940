//! The functions that machine code calls, by address: those of the engine.

use wengert_kernels::elementary;
use wengert_kernels::simd::{self, Arguments, Isa, Kernel, Level};
use wengert_ops::numerics::Numerics;
use wengert_ops::op::{Binary, Unary, dispatch_binary, dispatch_unary};
use wengert_program::Float;
use wengert_program::internals::{self, Act};

extern "C" fn exact<S: Float, const OP: u8>(x: S) -> S {
    x.unary(const { Unary::from_code(OP).expect("a code of an operation") })
}

/// As the interpreter computes a single number in fast numerics.
extern "C" fn fast<S: Float, const OP: u8>(x: S) -> S {
    let op = const { Unary::from_code(OP).expect("a code of an operation") };
    internals::platform(op, x).unwrap_or_else(|| x.unary(op))
}

extern "C" fn pair<S: Float, const OP: u8>(x: S, y: S) -> S {
    x.binary(const { Binary::from_code(OP).expect("a code of an operation") }, y)
}

/// A number there and back.
struct There<S>(std::marker::PhantomData<S>);

impl<S: 'static> Arguments for There<S> {
    type Of<'a> = (S, &'a mut S);
}

struct Tanh<S>(std::marker::PhantomData<S>);

impl<S: Float> Kernel for Tanh<S> {
    type Arguments = There<S>;

    #[inline(always)]
    fn run<I: Isa>((x, out): (S, &mut S)) {
        *out = elementary::unary::<I, S>(Unary::Tanh, x);
    }
}

extern "C" fn tanh<S: Float, const PORTABLE: bool>(x: S) -> S {
    let mut out = x;
    if PORTABLE {
        simd::compiled_portable::<Tanh<S>>().call((x, &mut out));
    } else {
        simd::compiled::<Tanh<S>>(Level::detected()).call((x, &mut out));
    }
    out
}

/// Where the functions of a program are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Functions {
    pub(crate) fast: bool,
    pub(crate) portable: bool,
    /// Whether elementary functions are instructions.
    pub(crate) inlined: bool,
}

impl Functions {
    pub(crate) fn of<S: Float>(program: &wengert_program::Program<S>) -> Self {
        let (numerics, level) = (internals::numerics(program), internals::level(program));
        let fast = numerics == Numerics::Fast;
        Functions { fast, portable: level == Level::Portable, inlined: fast && level.has_fma() }
    }

    /// Whether an operation is a formula of instructions, and not a call.
    ///
    /// Single numbers often wait for each other. The platform's `exp`, `ln`, `sin` and `cos`, which
    /// look numbers up in tables, have a result sooner than a vector's formula has: a chain of
    /// `exp` took 10 ns a call and 13 as a formula, of `ln` 12 and 20, of `sin` 12 and 19; of `tanh`
    /// 31 and 22. A sigmoid took 14 and 17, but its formula is that of its slope as well, which
    /// above 3/4 would be another call, and after a call no register holds what it held: a step of
    /// a small network took 66 ns with calls and 64 without, 84 and 77 where it got other rows.
    pub(crate) fn has_formula(self, act: Act) -> bool {
        let has = match act {
            Act::Unary(op) => matches!(op, Unary::Sigmoid | Unary::Tanh | Unary::ExpM1),
            Act::Binary(op) => matches!(op, Binary::SigmoidSlope | Binary::TanhSlope),
            _ => false,
        };
        self.inlined && has
    }

    /// The address of a function of one number.
    pub(crate) fn unary<S: Float>(self, op: Unary) -> usize {
        match (self.fast, op, self.portable) {
            (true, Unary::Tanh, true) => tanh::<S, true> as *const () as usize,
            (true, Unary::Tanh, false) => tanh::<S, false> as *const () as usize,
            (true, op, _) => dispatch_unary!(op, K => fast::<S, { K as u8 }> as *const () as usize),
            (false, op, _) => {
                dispatch_unary!(op, K => exact::<S, { K as u8 }> as *const () as usize)
            }
        }
    }

    /// The address of a function of two numbers.
    pub(crate) fn binary<S: Float>(self, op: Binary) -> usize {
        dispatch_binary!(op, K => pair::<S, { K as u8 }> as *const () as usize)
    }
}
