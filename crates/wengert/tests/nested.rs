//! Derivatives within derivatives. Functions that capture variables of an outer derivative are where
//! systems confuse one perturbation with another: J. M. Siskind and B. A. Pearlmutter, Perturbation
//! confusion and referential transparency, 2005; O. Manzyuk and others, Perturbation confusion in
//! forward automatic differentiation of higher-order functions, J. Funct. Program. 29, 2019. Here
//! they are right, refused, or do not compile; the documentation of `wengert::grad` shows the last.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wengert::number::{Dual, Real};
use wengert::{Error, Tape, Var, grad, jvp};

/// The derivative of a function of a number at a number of the same tape, as nodes of it: what the
/// papers call D.
fn by_reverse<'t>(f: impl Fn(Var<'t>) -> Var<'t>, at: Var<'t>) -> Var<'t> {
    let y = f(at);
    let nothing = || at.tape().constant(0.0);
    y.record_gradient(&[at]).unwrap()[0].unwrap_or_else(nothing)
}

/// The same by a tangent.
fn by_forward<'t>(f: impl Fn(Var<'t>) -> Var<'t>, at: Var<'t>) -> Var<'t> {
    let y = f(at);
    let one = at.tape().constant(1.0);
    y.record_tangent(&[(at, one)]).unwrap().unwrap_or_else(|| at.tape().constant(0.0))
}

/// A number of its own to differentiate by, that hangs on what `x` hangs on: `f` captures `x`, and
/// the inner derivative is by the new number alone.
fn fresh<'t>(x: Var<'t>) -> Var<'t> {
    x * 1.0
}

type D = for<'t, 'f> fn(&'f dyn Fn(Var<'t>) -> Var<'t>, Var<'t>) -> Var<'t>;
const WAYS: [D; 2] = [|f, at| by_reverse(f, at), |f, at| by_forward(f, at)];

/// `D (λx. x · D (λy. x + y) 1) 1` is 1: a system that confuses the two says 2.
#[test]
fn the_inner_derivative_is_by_the_inner_variable() {
    for inner in WAYS {
        let tape = Tape::new();
        let (x, one) = (tape.input(1.0), tape.input(1.0));
        let y = x * inner(&|y| x + y, one);
        assert_eq!(y.backward().get(x), Some(1.0));
        assert_eq!(tape.tangents(&[(x, &[1.0])]).unwrap().value(y), 1.0);
        for outer in WAYS {
            assert_eq!(outer(&|x| x * inner(&|y| x + y, one), x).value(), 1.0);
            // λy. x y at 2: the inner derivative is x, the outer one 2x.
            assert_eq!(outer(&|x| x * inner(&|y| x * y, one), x).value(), 2.0);
        }
    }
}

/// `λy. x y²` at y = x: the inner derivative is 2 x y = 2 x², x times it 2 x³, of which the outer
/// one is 6 x².
#[test]
fn a_captured_variable_may_be_the_point_too() {
    for inner in WAYS {
        for outer in WAYS {
            let tape = Tape::new();
            let x = tape.input(3.0);
            let y = outer(&|x| x * inner(&|y| x * y.square(), fresh(x)), x);
            assert_eq!(y.value(), 54.0);
        }
    }
}

/// Three levels deep: `D (λx. x D (λy. y D (λz. x y z) 1) x) 2`: innermost x y, then
/// `D (λy. x y²) = 2 x y`, at x `2 x²`, times x `2 x³`, and `6 x²`.
#[test]
fn three_levels_deep() {
    for inner in WAYS {
        for outer in WAYS {
            let tape = Tape::new();
            let (x, one) = (tape.input(2.0), tape.input(1.0));
            let y = outer(&|x| x * inner(&|y| y * outer(&|z| x * y * z, one), fresh(x)), x);
            assert_eq!(y.value(), 24.0);
        }
    }
}

/// The higher-order function of the second paper: `s u f = D (λh. f (u + h)) 0` makes a derivative
/// of a function; `D (λu. s u) 0` applied twice confused systems that tag perturbations once.
#[test]
fn a_function_that_differentiates_functions() {
    fn s<'t>(d: D, u: Var<'t>, f: &dyn Fn(Var<'t>) -> Var<'t>) -> Var<'t> {
        d(&|h| f(u + h), u.tape().input(0.0))
    }
    for d in WAYS {
        for outer in WAYS {
            let tape = Tape::new();
            let u = tape.input(0.0);
            // d/du of f′(u + x) is f″(x): of the exponential at 1, e.
            let x = tape.constant(1.0);
            let second = outer(&|u| s(d, u, &|v| (v + x).exp()), u);
            assert!((second.value() - 1.0_f64.exp()).abs() < 1e-15);
            // s twice is the second derivative of a fourth power, 12 x² at 1.
            let twice = s(d, u, &|v| s(outer, v, &|v| (v + x).powi(4)));
            assert_eq!(twice.value(), 12.0);
        }
    }
}

/// Functions on closures have a tape each. What an outer one gives is a variable of another tape:
/// it is no number of the inner closure's, and where it is used as one the message names both.
#[test]
fn a_variable_of_an_outer_closure_is_refused() {
    let refused = catch_unwind(AssertUnwindSafe(|| {
        grad(
            |x| {
                let x = x.at(0);
                // Used, and not returned: returned it would not compile.
                let inner = grad(
                    |y| {
                        assert!(matches!(y.at(0).try_add(x), Err(Error::TwoTapes { .. })));
                        let _ = y.at(0) + x;
                        y.at(0)
                    },
                    &[1.0],
                );
                x * inner.unwrap()[0]
            },
            &[1.0],
        )
    }));
    let message = refused.unwrap_err().downcast_ref::<String>().unwrap().clone();
    assert!(message.contains("two tapes") && message.contains("nested.rs"), "{message}");
}

/// Its number can be taken, and then stands still: that says so where it is written.
#[test]
fn a_value_of_an_outer_closure_is_a_number() {
    let outer = |at: f64| {
        let by = grad(
            |x| {
                let x = x.at(0);
                let number = x.value();
                let (_, inner) = jvp(|y| y * number, &[1.0], &[1.0]).unwrap();
                x * inner[0] // x · x̂, x̂ standing still
            },
            &[at],
        );
        by.unwrap()[0]
    };
    assert_eq!(outer(3.0), 3.0);
}

/// A dual number has one ε. A derivative within a derivative takes duals of duals, and a number of
/// the outer derivative does not add to one of the inner without being lifted.
#[test]
fn duals_of_duals_keep_two_derivatives_apart() {
    let x = Dual::new(1.0, 1.0);
    let y = Dual::new(Dual::constant(1.0), Dual::constant(1.0));
    let inner = (Dual::constant(x) + y).tangent; // d/dy (x + y)
    let outer = x * inner;
    assert_eq!((inner.value, outer.tangent), (1.0, 1.0));
    let inner = (Dual::constant(x) * y.sin()).tangent;
    assert_eq!((x * inner).tangent, 2.0 * 1.0_f64.cos());
}
