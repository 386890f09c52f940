//! Operands that do not fit.

use wengert::{Error, Leaf, Tape, Var};

use super::{panics, unused};

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
        text.split(' ').filter(|word| !word.contains("shapes.rs")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(unplaced(&error), unplaced(&message));
    assert!(message.contains("shapes.rs"), "{message}");
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
        |_, a, _| a.try_norm_l2_squared_axes(2),
        |_, a, _| unused(a.norm_l2_squared_axes(2)),
        &["norm_l2_squared at", a, missing],
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
