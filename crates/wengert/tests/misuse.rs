//! Misuse: each case is an error that names the culprit, the rule and the caller's line, and leaves
//! the tape as it was. Nothing here rests on debug assertions; the tests hold in release builds
//! too.

#![expect(clippy::op_ref, reason = "operators on references are looked at too")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use wengert::op::{Binary, Comparison, Unary};
use wengert::{Error, Leaf, Options, Tape, Var};

/// The message of the panic that `f` must end in.
#[track_caller]
fn panics<T>(f: impl FnOnce() -> T) -> String {
    let payload =
        catch_unwind(AssertUnwindSafe(f)).map(unused).expect_err("nothing was wrong with it");
    match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(payload) => (*payload.downcast::<&str>().unwrap()).to_owned(),
    }
}

/// Where a result goes that no one looks at.
fn unused<T>(_: T) {}

fn here(line: u32) -> String {
    format!("misuse.rs:{line}:")
}

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
        let two = message.contains(&here(made_left)) && message.contains(&here(made_right));
        assert!(two, "{name}: {message}");
        let named = message.contains(name);
        assert!(named, "{name}: {message}");
        let found = (line..after).any(|line| message.contains(&here(line)));
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

/// A vector on the same tape.
fn run<'t>(x: Var<'t>) -> Var<'t> {
    x.broadcast_to([3])
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

/// A wrong operation as operator and twin: one message, which names the operands and the rule, and
/// no trace on the tape.
#[track_caller]
fn refused(
    f: impl for<'t> Fn(&'t Tape, Var<'t>, Var<'t>) -> Result<Var<'t>, Error>,
    g: impl for<'t> Fn(&'t Tape, Var<'t>, Var<'t>),
    parts: &[&str],
) {
    let tape = Tape::new();
    let a = tape.tensor(Leaf::Input, &[1.0; 6], [2, 3]).unwrap().named("a");
    let b = tape.param([1.0; 4]).named("b");
    let (before, names) = (tape.slots(), tape.names().len());
    let error = f(&tape, a, b).unwrap_err().to_string();
    let message = panics(|| g(&tape, a, b));
    for part in parts {
        assert!(error.contains(part), "{error}: there is no {part:?}");
    }
    let unplaced = |text: &str| {
        text.split(' ').filter(|word| !word.contains("misuse.rs")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(unplaced(&error), unplaced(&message));
    assert!(message.contains("misuse.rs"), "{message}");
    assert_eq!((tape.slots(), tape.names().len()), (before, names));
}

#[test]
fn shapes_that_do_not_fit_are_named() {
    let both = ["v0 a of shape [2, 3]", "v6 b of shape [4]"];
    refused(|_, a, b| a.try_add(b), |_, a, b| unused(a + b), &both);
    refused(|_, a, b| a.try_add(b), |_, a, b| unused(a + b), &["extents must be equal or 1"]);
    refused(|_, a, b| a.try_matmul(b), |_, a, b| unused(a.matmul(b)), &both);
    refused(|_, a, b| Var::try_affine(0.0, a, b), |_, a, b| unused(Var::affine(0.0, a, b)), &both);
    refused(
        |_, a, b| Var::try_affine(b, a, a.at(0)),
        |_, a, b| unused(Var::affine(b, a, a.at(0))),
        &["the bias does not broadcast"],
    );
    refused(
        |_, a, b| a.try_select(b, 0.5),
        |_, a, b| unused(a.select(b, 0.5)),
        &["v6 b of shape [4]"],
    );
    refused(|t, a, b| t.try_stack(&[a, b]), |t, a, b| unused(t.stack(&[a, b])), &both);
    refused(|t, a, b| t.try_concat(0, &[a, b]), |t, a, b| unused(t.concat(0, &[a, b])), &both);
    refused(|t, _, _| t.try_stack(&[]), |t, _, _| unused(t.stack(&[])), &["no elements"]);
    refused(
        |_, a, _| a.try_reshape([4]),
        |_, a, _| unused(a.reshape([4])),
        &["v0 a of shape [2, 3]", "[4]"],
    );
    refused(
        |_, a, _| a.try_broadcast_to([3, 3]),
        |_, a, _| unused(a.broadcast_to([3, 3])),
        &["does not broadcast to [3, 3]"],
    );
    refused(|_, a, _| a.try_permute(&[0, 0]), |_, a, _| unused(a.permute(&[0, 0])), &["[0, 0]"]);
    refused(|_, a, _| a.try_slice(2, 0..1), |_, a, _| unused(a.slice(2, 0..1)), &["no axis 2"]);
    refused(
        |_, a, _| a.try_slice(1, 2..4),
        |_, a, _| unused(a.slice(1, 2..4)),
        &["2..4", "extent 3"],
    );
    refused(|_, a, _| a.try_slice(1, 1..1), |_, a, _| unused(a.slice(1, 1..1)), &["1..1 is empty"]);
    refused(|_, a, _| a.try_at(2), |_, a, _| unused(a.at(2)), &["index 2", "extent 2"]);
    refused(|_, a, _| a.at(0).try_at(3), |_, a, _| unused(a.at(0).at(3)), &["index 3"]);
    refused(
        |_, a, _| a.at(0).at(0).try_at(0),
        |_, a, _| unused(a.at(0).at(0).at(0)),
        &["single number"],
    );
    refused(
        |_, _, b| b.try_gather(&[0, 4]),
        |_, _, b| unused(b.gather(&[0, 4])),
        &["position 4", "4 elements"],
    );
    refused(|_, _, b| b.try_gather(&[]), |_, _, b| unused(b.gather(&[])), &["no positions"]);
    refused(
        |_, _, b| b.try_scatter_add(&[0], [2]),
        |_, _, b| unused(b.scatter_add(&[0], [2])),
        &["1 positions"],
    );
    refused(
        |_, _, b| b.try_scatter_add(&[0, 1, 2, 3], [3]),
        |_, _, b| unused(b.scatter_add(&[0, 1, 2, 3], [3])),
        &["position 3"],
    );
    refused(
        |_, a, _| a.try_sum_axes([1, 1]),
        |_, a, _| unused(a.sum_axes([1, 1])),
        &["axis 1 is named twice"],
    );
    refused(
        |_, a, _| a.try_max_axes(2),
        |_, a, _| unused(a.max_axes(2)),
        &["there is no axis 2: its axes are 0 to 1"],
    );
    refused(
        |_, a, _| a.try_log_sum_exp_axes(5),
        |_, a, _| unused(a.log_sum_exp_axes(5)),
        &["there is no axis 5"],
    );
    refused(
        |_, a, _| a.try_min_axes([0, 0]),
        |_, a, _| unused(a.min_axes([0, 0])),
        &["min_over at", "axis 0 is named twice"],
    );
    refused(|_, a, _| a.try_cumsum(2), |_, a, _| unused(a.cumsum(2)), &["cumsum at", "no axis 2"]);
    refused(
        |_, a, _| a.try_cumprod(2),
        |_, a, _| unused(a.cumprod(2)),
        &["cumprod at", "no axis 2"],
    );
    refused(
        |_, a, _| a.try_var_axes(5, 0),
        |_, a, _| unused(a.var_axes(5, 0)),
        &["var at", "no axis 5"],
    );
    refused(
        |_, a, _| a.try_std_axes(0, 9),
        |_, a, _| unused(a.std_axes(0, 9)),
        &["std at", "a ddof of 9", "nothing to divide by"],
    );
    refused(
        |t, a, _| t.try_concat(2, &[a, a]),
        |t, a, _| unused(t.concat(2, &[a, a])),
        &["concat at", "no axis 2"],
    );
    refused(
        |_, _, b| b.try_t(),
        |_, _, b| unused(b.t()),
        &["t at", "v6 b of shape [4]", "no two axes"],
    );
    refused(
        |_, _, b| b.try_insert_axis(2),
        |_, _, b| unused(b.insert_axis(2)),
        &["insert_axis at", "axis 2"],
    );
    refused(
        |_, _, b| b.try_step_by(0, 0),
        |_, _, b| unused(b.step_by(0, 0)),
        &["step_by at", "steps of 0"],
    );
    refused(|_, _, b| b.try_step_by(1, 2), |_, _, b| unused(b.step_by(1, 2)), &["no axis 1"]);
    refused(
        |_, a, _| a.try_broadcast_to([0, 2, 3]),
        |_, a, _| unused(a.broadcast_to([0, 2, 3])),
        &["broadcast_to at", "[0, 2, 3] has no elements"],
    );
    refused(
        |_, a, _| a.try_index(0, &[2]),
        |_, a, _| unused(a.index(0, &[2])),
        &["index at", "index 2", "extent 2"],
    );
    refused(
        |_, a, _| a.try_index(0, &[]),
        |_, a, _| unused(a.index(0, &[])),
        &["index at", "no positions"],
    );
    refused(|_, a, b| a.try_select(b, 0.5), |_, a, b| unused(a.select(b, 0.5)), &["equal or 1"]);
}

/// A function that is composed of ops names itself, not the op of it that refused.
#[test]
fn composed_functions_go_by_their_own_names() {
    let (a, missing) = ("v0 a of shape [2, 3]", "there is no axis");
    refused(
        |_, a, _| a.try_softmax(2),
        |_, a, _| unused(a.softmax(2)),
        &["softmax at", a, missing],
    );
    refused(
        |_, a, _| a.try_log_softmax(2),
        |_, a, _| unused(a.log_softmax(2)),
        &["log_softmax at", a, missing],
    );
    refused(
        |_, a, _| a.try_mean_axes(3),
        |_, a, _| unused(a.mean_axes(3)),
        &["mean at", a, missing],
    );
    refused(
        |_, a, _| a.try_prod_axes(2),
        |_, a, _| unused(a.prod_axes(2)),
        &["prod at", a, missing],
    );
    refused(
        |_, a, _| a.try_norm_l1_axes(2),
        |_, a, _| unused(a.norm_l1_axes(2)),
        &["norm_l1 at", a, missing],
    );
    refused(
        |_, a, _| a.try_norm_l2_axes(2),
        |_, a, _| unused(a.norm_l2_axes(2)),
        &["norm_l2 at", a, missing],
    );
    refused(
        |_, a, _| a.try_norm_max_axes(2),
        |_, a, _| unused(a.norm_max_axes(2)),
        &["norm_max at", a, missing],
    );
    let both = ["v0 a of shape [2, 3] and v6 b of shape [4]"];
    refused(
        |_, a, b| a.try_dot(b),
        |_, a, b| unused(a.dot(b)),
        &["dot at", both[0], "two vectors of one length"],
    );
    refused(
        |_, a, b| a.try_outer(b),
        |_, a, b| unused(a.outer(b)),
        &["outer at", both[0], "two vectors"],
    );
    for (name, f) in [
        ("clamp", (|a, b| a.clamp(0.0, b)) as for<'t> fn(Var<'t>, Var<'t>) -> Var<'t>),
        ("mul_add", |a, b| a.mul_add(b, 1.0)),
        ("mul_add", |a, b| a.mul_add(1.0, b)),
        ("log", |a, b| a.log(b)),
    ] {
        let tape = Tape::new();
        let (a, b) =
            (tape.input([1.0; 6]).reshape([2, 3]).named("a"), tape.input([1.0; 4]).named("b"));
        let message = panics(|| f(a, b));
        assert!(
            message.starts_with(&format!("{name} at ")) && message.contains(both[0]),
            "{message}"
        );
        assert_eq!(tape.len(), 2, "{name}: nothing was recorded");
    }
}

#[test]
fn what_needs_a_single_number_says_so() {
    let tape = Tape::new();
    let (x, v) = (tape.input(1.0), tape.input([1.0, 2.0]).named("v"));
    let cases: &[(&str, &dyn Fn())] = &[
        ("value", &|| unused(v.value())),
        ("backward", &|| unused(v.backward())),
        ("wrt", &|| unused(x.backward().wrt(v))),
        ("status", &|| unused(v.sum().backward().status(v))),
        ("<", &|| unused(v < x)),
        ("==", &|| unused(x.guard(Comparison::Eq, v))),
        ("<=", &|| unused(x.try_guard(Comparison::Le, v).map_err(|error| panic!("{error}")))),
        ("value", &|| unused(tape.tangents(&[(x, &[1.0])]).unwrap().value(v))),
    ];
    for (what, f) in cases {
        let message = panics(f);
        assert!(message.contains(what) && message.contains("[2]"), "{what}: {message}");
    }
    assert!(matches!(v.try_backward(), Err(Error::Operand { .. })));
    assert!(matches!(v.record_gradient(&[x]), Err(Error::Operand { .. })));
    assert!(matches!(tape.hvp(v, &[], &[x]), Err(Error::Operand { .. })));
    assert!(matches!(v.backward_with(&[1.0]), Err(Error::Length { found: 1, .. })));
    assert!(matches!(tape.tangents(&[(v, &[1.0; 3])]), Err(Error::Length { found: 3, .. })));
    assert!(matches!(
        tape.tensor(Leaf::Data, &[1.0; 3], [2, 2]),
        Err(Error::Length { found: 3, .. })
    ));
    assert!(matches!(tape.tensor(Leaf::Data, &[], [0, 2]), Err(Error::Empty { .. })));
    assert!(matches!(x.try_guard(Comparison::Le, v), Err(Error::Operand { op: "<=", .. })));
    assert!(panics(|| unused(x.iter())).contains("iter at "));
    assert!(panics(|| unused(tape.input([0.0; 0]))).contains("no elements"));
    assert!(panics(|| unused(std::iter::empty::<Var<'_>>().sum::<Var<'_>>())).contains("no terms"));
}

#[test]
fn a_full_tape_is_an_error_and_stays_usable() {
    let tape: Tape = Tape::with(Options::default().max_slots(4));
    let x = tape.input(1.5);
    let y = x * 2.0;
    assert_eq!(tape.slots(), 3);
    let first = line!();
    let full = |parts: [&str; 2], result: Result<Var<'_>, Error>| {
        let error = result.unwrap_err();
        let text = error.to_string();
        let Error::Full { bound: 4, at, .. } = error else { panic!("{error}") };
        assert!(
            at.file().ends_with("misuse.rs") && (first..line!() + 60).contains(&at.line()),
            "{text}"
        );
        assert!(
            text.contains("of 4 are used") && text.starts_with(&format!("{} at ", parts[0])),
            "{text}"
        );
        assert!(text.contains(parts[1]), "{text}: there is no {:?}", parts[1]);
        assert!(tape.slots() == 3 || tape.slots() == 4);
    };
    // A constant and its node do not fit; a node alone does.
    full(["add", "2 more"], y.try_add(3.0));
    full(["max", "2 more"], y.try_binary(Binary::Max, 7.0));
    full(["select", "2 more"], y.try_select(8.0, 9.0));
    full(["affine", "2 more"], Var::try_affine(4.0, run(x), run(y)));
    full(["input", "shape [2]"], tape.tensor(Leaf::Input, &[1.0; 2], [2]));
    full(["param", "shape [1, 2]"], tape.try_leaf(Leaf::Param, [[1.0; 2]]));
    full(
        ["exp", "3 more were asked for, for shape [3] from v0 of shape [3]"],
        run(x).try_unary(Unary::Exp),
    );
    // Of composed functions too.
    full(["softmax", "shape [3]"], run(x).try_softmax(0));
    full(["norm_l2", "shape [3]"], run(x).try_norm_l2_axes(0));
    full(["outer", "shape [3, 3]"], run(x).try_outer(run(y)));
    assert!(tape.slots() <= 4);
    let tape: Tape = Tape::with(Options::default().max_slots(4));
    let x = tape.input(1.5).named("x");
    let y = x * 2.0;
    let full = |text: &str, error: Error| {
        assert!(error.to_string().contains(text), "{error}: there is no {text:?}")
    };
    let z = y.try_add(2.0).unwrap();
    full("shape [] from v3 of shape []; clear it", z.try_unary(Unary::Sin).unwrap_err());
    full("shape [] from v3 of shape [] and v0 x of shape []; clear it", z.try_mul(x).unwrap_err());
    full("stack at ", tape.try_stack(&[x, z, y]).unwrap_err());
    let line = line!() + 1;
    let error = tape.reserve(1).unwrap_err();
    assert!(matches!(error, Error::Full { asked: 1, used: 4, bound: 4, .. }));
    full(&here(line), error);
    assert!(panics(|| unused(z.sin())).contains("the tape is full"));
    let line = line!() + 1;
    let message = panics(|| unused(z * 11.0));
    assert!(message.contains("the tape is full") && message.contains(&here(line)), "{message}");
    assert!(panics(|| unused(tape.input(1.0))).contains("the tape is full"));
    assert_eq!((z.value(), z.backward().wrt(x)), (5.0, 2.0));
    tape.replay(&[(x, &[2.0])]).unwrap();
    assert_eq!(z.value(), 6.0);
}

#[test]
fn what_was_recorded_after_the_output_has_no_adjoint() {
    let tape = Tape::new();
    let x = tape.input(1.0);
    let gradients = x.exp().backward();
    let later = tape.input(1.0);
    assert!(panics(|| unused(gradients.wrt(later))).contains("recorded after the output"));
    let tangents = tape.tangents(&[(x, &[1.0])]).unwrap();
    let latest = x.sin();
    assert!(panics(|| unused(tangents.value(latest))).contains("recorded after"));
}

#[test]
fn gradients_know_when_they_are_stale() {
    let tape = Tape::new();
    let x = tape.input(1.0);
    let y = x.square();
    let mut gradients = y.backward();
    assert!(!gradients.is_stale());
    tape.replay(&[(x, &[2.0])]).unwrap();
    assert!(gradients.is_stale());
    assert!(panics(|| unused(gradients.ledgers(|_| true))).contains("run backward again"));
    y.backward_into(&mut gradients).unwrap();
    assert!(!gradients.is_stale());
    assert_eq!(gradients.wrt(x), 4.0);
}

/// Replays where the recorded branch is not the program's, and looks at the message and at the
/// bits.
#[track_caller]
fn flips(branch: impl for<'t> Fn(Var<'t>) -> Var<'t>, at: f64, to: f64, parts: &[&str]) {
    let tape = Tape::new();
    let x = tape.input(at).named("x");
    let y = branch(x);
    let before: Vec<u64> = tape.all_values().iter().map(|v| v.to_bits()).collect();
    let gradient = y.backward();
    let error = tape.replay(&[(x, &[to])]).unwrap_err();
    assert!(matches!(error, Error::GuardFlipped { .. }), "{error}");
    for part in parts.iter().chain(&["misuse.rs:", "record again"]) {
        assert!(error.to_string().contains(part), "{error}: there is no {part:?}");
    }
    let after: Vec<u64> = tape.all_values().iter().map(|v| v.to_bits()).collect();
    assert_eq!(before, after);
    assert!(!gradient.is_stale(), "nothing has changed");
    tape.replay(&[(x, &[at])]).unwrap();
}

#[test]
fn a_guard_that_flips_is_an_error_that_names_node_and_line() {
    flips(
        |x| if x > 1.0 { x * x } else { -x },
        2.0,
        0.5,
        &["guard 0", "x > 1 was true", "was true", "is false now", "0.5 and 1"],
    );
    flips(|x| if x < 1.0 { x * x } else { -x }, 2.0, 0.5, &["x < ", "was false", "is true now"]);
    flips(|x| if x == 2.0 { x * x } else { -x }, 2.0, 2.5, &["x == "]);
    flips(|x| if x.exp() >= x * 3.0 { x } else { -x }, 0.1, 1.0, &["v1 >= v3"]);
    flips(|x| if x.sin() <= 0.5 { x } else { -x }, 0.1, 1.0, &["<="]);
    // Comparing to order asks for less, then for equal, then for greater.
    flips(
        |x| if x.partial_cmp(&1.0).is_some_and(std::cmp::Ordering::is_gt) { x } else { -x },
        2.0,
        1.0,
        &["guard 1", "=="],
    );
}

#[test]
fn a_guard_on_nan_is_false_and_notices_when_it_becomes_one() {
    flips(|x| if x.ln() > -9.0 { x } else { -x }, 1.0, -1.0, &["was true", "NaN"]);
    flips(|x| if x.ln() > -9.0 { x } else { -x }, -1.0, 1.0, &["was false"]);
    let tape = Tape::new();
    let x = tape.input(f64::NAN);
    let outcomes = [x < 1.0, x <= 1.0, x > 1.0, x >= 1.0, x == 1.0];
    assert!(outcomes == [false; 5] && x.partial_cmp(&x).is_none());
    // NaN stays false.
    tape.replay(&[(x, &[f64::NAN])]).unwrap();
}

#[test]
fn a_replay_of_what_cannot_be_set_changes_nothing() {
    let tape = Tape::new();
    let x = tape.input([1.0, 2.0]).named("x");
    let sum = x.sum().named("sum");
    let constant = tape.constant(3.0);
    let y = (sum * constant).named("y");
    let before = tape.all_values();
    let line = line!() + 1;
    let error = tape.replay(&[(x, &[5.0, 6.0]), (y, &[1.0])]).unwrap_err();
    assert!(
        matches!(&error, Error::NotSettable { node, kind, .. } if node == "y" && kind == "computed (mul)"),
        "{error}"
    );
    assert!(error.to_string().contains(&here(line)), "{error}");
    assert!(
        matches!(tape.replay(&[(constant, &[1.0])]), Err(Error::NotSettable { kind, .. }) if kind == "a constant")
    );
    assert!(matches!(tape.replay(&[(x, &[1.0])]), Err(Error::Length { found: 1, .. })));
    assert_eq!(tape.all_values(), before);
}

#[test]
fn a_zero_is_not_an_answer_where_nothing_was_computed() {
    let tape = Tape::new();
    let (x, features) = (
        tape.input(3.0).named("x"),
        tape.tensor(Leaf::Data, &[2.0], []).unwrap().named("features"),
    );
    let gradients = (x * features + 1.0).backward();
    for (var, name) in [
        (features, "v1 features"),
        (x.detach(), "v0 x"),
        (tape.constant(1.0), ""),
        (features.exp(), ""),
    ] {
        let error = gradients.try_wrt(var).unwrap_err();
        assert!(matches!(error, Error::NoAdjoint { .. }), "{error}");
        let line = line!() + 1;
        let message = panics(|| unused(gradients.wrt(var)));
        assert!(message.contains(&here(line)) && message.contains(name), "{message}");
    }
    assert_eq!(gradients.wrt(x), 2.0);
    assert_eq!(gradients.get(features), None);
    // A parameter that nothing reads has the derivative 0, and a status that says so.
    let block = tape.param([1.0, 2.0]).named("w");
    let unread = (x * x).backward();
    assert_eq!(unread.values_wrt(block), [0.0, 0.0]);
    let message = panics(|| unused(unread.wrt(block)));
    assert!(message.contains("w of shape [2]") && message.contains("values_wrt"), "{message}");
}
