//! Handles of two tapes.

#![expect(clippy::op_ref, reason = "operators on references are looked at too")]

use wengert::op::{Binary, Comparison};
use wengert::{Error, Tape, Var};

use super::{panics, run, unused};

/// One operation on handles of two tapes, as operator or method, and as its fallible twin if it has
/// one.
type Mixed = (
    &'static str,
    for<'t> fn(Var<'t>, Var<'t>),
    Option<for<'t> fn(Var<'t>, Var<'t>) -> Result<(), Error>>,
);

#[test]
fn handles_of_two_tapes_are_caught_in_every_operation() {
    macro_rules! mixed {
        ($name:expr, $f:expr) => {
            ($name, $f as for<'t> fn(Var<'t>, Var<'t>), None)
        };
        ($name:expr, $f:expr, $try:expr) => {
            (
                $name,
                $f as for<'t> fn(Var<'t>, Var<'t>),
                Some($try as for<'t> fn(Var<'t>, Var<'t>) -> Result<(), Error>),
            )
        };
    }
    let line = line!() + 2;
    let operations: &[Mixed] = &[
        mixed!("add", |a, b| unused(a + b), |a, b| a.try_add(b).map(unused)),
        mixed!("sub", |a, b| unused(&a - &b), |a, b| a.try_sub(b).map(unused)),
        mixed!("mul", |a, b| unused(a * &b), |a, b| a.try_mul(b).map(unused)),
        mixed!("div", |a, b| unused(&a / b), |a, b| a.try_div(b).map(unused)),
        mixed!("rem", |a, b| unused(a % b), |a, b| a.try_rem(b).map(unused)),
        mixed!("add", |mut a, b| a += b),
        mixed!("mul_add", |a, b| unused(a.mul_add(b, 1.0))),
        mixed!("mul_add", |a, b| unused(a.mul_add(1.0, b))),
        mixed!("log", |a, b| unused(a.log(b))),
        mixed!("add", |a, b| unused(a.detach() + b), |a, b| a.detach().try_add(b).map(unused)),
        mixed!("clamp", |a, b| unused(a.clamp(b, b))),
        mixed!("clamp", |a, b| unused(a.clamp(0.0, b))),
        mixed!("select", |a, b| unused(a.select(b, 1.0)), |a, b| a.try_select(b, 1.0).map(unused)),
        mixed!("select", |a, b| unused(a.select(1.0, b)), |a, b| a.try_select(1.0, b).map(unused)),
        mixed!("<", |a, b| unused(a < b), |a, b| a.try_guard(Comparison::Lt, b).map(unused)),
        mixed!("<=", |a, b| unused(a <= b), |a, b| a.try_guard(Comparison::Le, b).map(unused)),
        mixed!(">", |a, b| unused(a > b), |a, b| a.try_guard(Comparison::Gt, b).map(unused)),
        mixed!(">=", |a, b| unused(a >= b), |a, b| a.try_guard(Comparison::Ge, b).map(unused)),
        mixed!("==", |a, b| unused(a == b), |a, b| a.try_guard(Comparison::Eq, b).map(unused)),
        mixed!("<", |a, b| unused(a.partial_cmp(&b))),
        mixed!("stack", |a, b| unused(a.tape().stack(&[a, b])), |a, b| a
            .tape()
            .try_stack(&[a, b])
            .map(unused)),
        mixed!("affine", |a, b| unused(run(a).affine_with(run(b))), |a, b| Var::try_affine(
            0.0,
            run(a),
            run(b)
        )
        .map(unused)),
        mixed!("affine", |a, b| unused(Var::affine(b, run(a), run(a))), |a, b| Var::try_affine(
            b,
            run(a),
            run(a)
        )
        .map(unused)),
        mixed!("matmul", |a, b| unused(run(a).matmul(run(b))), |a, b| run(a)
            .try_matmul(run(b))
            .map(unused)),
        mixed!("dot", |a, b| unused(run(a).dot(run(b))), |a, b| run(a).try_dot(run(b)).map(unused)),
        mixed!("outer", |a, b| unused(run(a).outer(run(b))), |a, b| run(a)
            .try_outer(run(b))
            .map(unused)),
        mixed!("tangents", |a, b| unused(a.tape().tangents(&[(b, &[1.0])]).unwrap()), |a, b| a
            .tape()
            .tangents(&[(b, &[1.0])])
            .map(unused)),
        mixed!("replay", |a, b| a.tape().replay(&[(b, &[1.0])]).unwrap(), |a, b| a
            .tape()
            .replay(&[(b, &[1.0])])),
        mixed!("record_gradient", |a, b| unused(a.record_gradient(&[b]).unwrap()), |a, b| a
            .record_gradient(&[b])
            .map(unused)),
        mixed!(
            "backward",
            |a, b| unused(a.tape().backward_from(&[(b, &[1.0])]).unwrap()),
            |a, b| a.tape().backward_from(&[(b, &[1.0])]).map(unused)
        ),
        mixed!("wrt", |a, b| unused(a.backward().wrt(b)), |a, b| a
            .backward()
            .try_wrt(b)
            .map(unused)),
        mixed!("status", |a, b| unused(a.backward().status(b))),
        mixed!("hvp", |a, b| unused(a.tape().hvp(b, &[(a, &[1.0])], &[a]).unwrap()), |a, b| a
            .tape()
            .hvp(b, &[(a, &[1.0])], &[a])
            .map(unused)),
        mixed!("hvp", |a, b| unused(a.tape().hvp(a, &[(a, &[1.0])], &[b]).unwrap()), |a, b| a
            .tape()
            .hvp(a, &[(a, &[1.0])], &[b])
            .map(unused)),
    ];
    let after = line!();
    for (name, operator, twin) in operations {
        let (left, made_left) = (Tape::new(), line!());
        let (right, made_right) = (Tape::new(), line!());
        let (a, b) = (left.input(1.0), right.input(2.0));
        // So that the other's slot would be a valid one here.
        let before = (left.len(), right.len());
        let message = panics(|| operator(a, b));
        let two = message.contains(&here!(made_left)) && message.contains(&here!(made_right));
        assert!(two, "{name}: {message}");
        let named = message.contains(name);
        assert!(named, "{name}: {message}");
        let found = (line..after).any(|line| message.contains(&here!(line)));
        assert!(found, "{name}: no line in {message}");
        if let Some(twin) = twin {
            let error = twin(a, b).unwrap_err();
            assert!(matches!(error, Error::TwoTapes { .. }), "{name}: {error}");
        }
        // Operands that the cases made for themselves aside, nothing was recorded.
        assert!(left.len() <= before.0 + 4 && right.len() <= before.1 + 4, "{name}");
    }
    // `Iterator::sum` does not pass its caller's line on; the tapes are named all the same.
    let (left, right) = (Tape::new(), Tape::new());
    let message = panics(|| [left.input(1.0), right.input(2.0)].into_iter().sum::<Var<'_>>());
    assert!(message.contains("two tapes"), "{message}");
    for &op in Binary::ALL {
        let (left, right) = (Tape::new(), Tape::new());
        let error = left.input(1.0).try_binary(op, right.input(2.0)).unwrap_err();
        assert!(error.to_string().starts_with(&format!("{} at ", op.name())), "{error}");
        assert_eq!((left.len(), right.len()), (1, 1));
    }
}

trait AffineWith<'t> {
    fn affine_with(self, x: Var<'t>) -> Var<'t>;
}

impl<'t> AffineWith<'t> for Var<'t> {
    #[track_caller]
    fn affine_with(self, x: Var<'t>) -> Var<'t> {
        Var::affine(0.0, self, x)
    }
}
