//! Branches on recorded values: replayed and compiled, at inputs where they hold and where they
//! flip.

use wengert::op::Comparison;
use wengert::program::Compile;
use wengert::{Compiler, Error, Numerics, Options, Tape, Var};

/// Records `f` at `at`, and holds the replay and the compiled program to a new recording at each of
/// `holds`, and both to refuse each of `flips` and to go on as if nothing had been.
#[track_caller]
fn check<S: Compile>(
    f: impl for<'t> Fn(Var<'t, S>) -> Var<'t, S>,
    at: &[f64],
    holds: &[&[f64]],
    flips: &[(&[f64], &[&str])],
) {
    let numbers = |at: &[f64]| at.iter().map(|&x| S::from_f64(x)).collect::<Vec<_>>();
    let bits = |values: &[S]| values.iter().map(|v| v.bits_key()).collect::<Vec<_>>();
    let fresh = |at: &[f64]| {
        let tape = Tape::<S>::with(Options::default().numerics(Numerics::Exact));
        let x = tape.input(numbers(at));
        let y = f(x);
        (bits(&[y.value()]), bits(&y.backward().values_wrt(x)))
    };
    let tape = Tape::<S>::with(Options::default().numerics(Numerics::Exact));
    let x = tape.input(numbers(at)).named("x");
    let y = f(x);
    let mut compiler = Compiler::new(&tape).numerics(Numerics::Exact);
    let value = compiler.output(y).unwrap();
    let gradient = compiler.gradient(y, x).unwrap();
    let program = compiler.compile().unwrap();
    let mut workspace = program.workspace();
    let input = program.input(x).unwrap();

    for here in [at].iter().chain(holds) {
        tape.replay(&[(x, &numbers(here))]).unwrap();
        assert_eq!(
            (bits(&[y.value()]), bits(&y.backward().values_wrt(x))),
            fresh(here),
            "replayed at {here:?}"
        );
        workspace.set(input, &numbers(here)).unwrap();
        program.run(&mut workspace).unwrap();
        let run = (bits(&workspace.values(value)), bits(&workspace.values(gradient)));
        assert_eq!(run, fresh(here), "compiled at {here:?}");
        for (elsewhere, parts) in flips {
            let (values, gradients) = (bits(&tape.all_values()), y.backward());
            let replayed = tape.replay(&[(x, &numbers(elsewhere))]).unwrap_err();
            assert_eq!(
                bits(&tape.all_values()),
                values,
                "a replay that is refused leaves everything as it was"
            );
            assert!(!gradients.is_stale());
            workspace.set(input, &numbers(elsewhere)).unwrap();
            let compiled = program.run(&mut workspace).unwrap_err();
            for error in [replayed, compiled] {
                assert!(matches!(error, Error::GuardFlipped { .. }), "{error}");
                for part in parts.iter().chain(&["guards.rs:", "record again"]) {
                    assert!(error.to_string().contains(part), "{error}: there is no {part:?}");
                }
            }
        }
        workspace.set(input, &numbers(here)).unwrap();
        program.run(&mut workspace).unwrap();
        assert_eq!(
            (bits(&workspace.values(value)), bits(&workspace.values(gradient))),
            fresh(here)
        );
    }
}

#[test]
fn each_comparison_against_a_number_and_against_a_var() {
    // At 2 against 1, at 1 against 1, at 0 against 1; the outcome flips wherever it differs.
    let points = [2.0, 1.0, 0.0];
    for (comparison, outcomes) in [
        (Comparison::Lt, [false, false, true]),
        (Comparison::Le, [false, true, true]),
        (Comparison::Gt, [true, false, false]),
        (Comparison::Ge, [true, true, false]),
        (Comparison::Eq, [false, true, false]),
    ] {
        let symbol = format!(" {} ", comparison.symbol());
        for (i, &at) in points.iter().enumerate() {
            let same: Vec<[f64; 2]> =
                (0..3).filter(|&j| outcomes[j] == outcomes[i]).map(|j| [points[j], 1.0]).collect();
            let other: Vec<[f64; 2]> =
                (0..3).filter(|&j| outcomes[j] != outcomes[i]).map(|j| [points[j], 1.0]).collect();
            let now = format!("was {} when recorded and is {} now", outcomes[i], !outcomes[i]);
            let holds: Vec<&[f64]> = same.iter().map(|p| &p[..]).collect();
            let number = |x: Var<'_>| -> bool { x.at(0).guard(comparison, 1.0) };
            let var = |x: Var<'_>| -> bool { x.at(0).guard(comparison, x.at(1)) };
            let (left, beside) = (format!("x[0]{symbol}1"), format!("x[0]{symbol}x[1]"));
            let parts = [left.as_str(), &now];
            let flips: Vec<(&[f64], &[&str])> =
                other.iter().map(|p| (&p[..], &parts[..])).collect();
            check::<f64>(
                |x| if number(x) { x.at(0).sin() } else { x.at(0) * 3.0 },
                &[at, 1.0],
                &holds,
                &flips,
            );
            let parts = [beside.as_str(), &now];
            let flips: Vec<(&[f64], &[&str])> =
                other.iter().map(|p| (&p[..], &parts[..])).collect();
            check::<f64>(
                |x| if var(x) { x.at(0).sin() } else { x.at(1) * 3.0 },
                &[at, 1.0],
                &holds,
                &flips,
            );
        }
    }
}

#[test]
fn the_operators_record_what_they_say() {
    type WithNumber = fn(Var<'_>, f64) -> bool;
    type WithVar = fn(Var<'_>, Var<'_>) -> bool;
    let cases: [(&str, WithNumber, WithVar); 6] = [
        ("<", |x, c| x < c, |x, y| x < y),
        ("<=", |x, c| x <= c, |x, y| x <= y),
        (">", |x, c| x > c, |x, y| x > y),
        (">=", |x, c| x >= c, |x, y| x >= y),
        ("==", |x, c| x == c, |x, y| x == y),
        ("==", |x, c| x != c, |x, y| x != y),
    ];
    for (symbol, number, var) in cases {
        let tape = Tape::new();
        let (x, y) = (tape.input(1.0), tape.input(2.0));
        let _ = (number(x, 2.0), var(x, y));
        let guards = tape.guards();
        assert_eq!(guards.len(), 2, "{symbol}");
        assert!(
            guards.iter().all(|guard| guard.comparison.symbol() == symbol && guard.left == x.id())
        );
        assert_eq!(guards[1].right, y.id());
        assert!(tape.node(guards[0].right).is_some_and(|node| node.op.name() == "const"));
    }
}

#[test]
fn in_single_precision_too() {
    fn f(x: Var<'_, f32>) -> Var<'_, f32> {
        if x.at(0) > 1.0 { x.at(0).sqrt() } else { x.at(0) * x.at(0) }
    }
    check::<f32>(
        f,
        &[2.0],
        &[&[3.5], &[1.5]],
        &[(&[1.0], &["x[0] > 1 was true"]), (&[-4.0], &["-4 and 1"])],
    );
}

/// The outer branch decides which inner one is asked.
fn nested(x: Var<'_>) -> Var<'_> {
    let (a, b) = (x.at(0), x.at(1));
    if a < b {
        if (a * b).exp() > 2.0 { a.sin() * b } else { b - a }
    } else if a + b >= 1.0 {
        a * a * b
    } else {
        (-a).exp()
    }
}

#[test]
fn nested_branches() {
    let inner: &[&str] = &["guard 1"];
    let outer: &[&str] = &["guard 0", "x[0] < x[1]"];
    check::<f64>(
        nested,
        &[1.0, 2.0],
        &[&[0.9, 1.5]],
        &[(&[-1.0, 2.0], inner), (&[2.0, 1.0], outer)],
    );
    check::<f64>(
        nested,
        &[0.1, 0.2],
        &[&[-3.0, 2.0]],
        &[(&[1.0, 2.0], inner), (&[0.3, 0.2], outer)],
    );
    check::<f64>(
        nested,
        &[2.0, 1.0],
        &[&[9.0, -3.0]],
        &[(&[0.2, 0.1], inner), (&[1.0, 2.0], outer)],
    );
    check::<f64>(
        nested,
        &[0.2, 0.1],
        &[&[-1.0, -3.0]],
        &[(&[2.0, 1.0], inner), (&[0.1, 0.2], outer)],
    );
}

/// Newton's square root: as many steps as the number needs.
fn newton(x: Var<'_>) -> Var<'_> {
    let a = x.at(0);
    let mut root = a * 0.5 + 0.5;
    while (root * root - a).abs() > 1e-6 {
        root = (root + a / root) * 0.5;
    }
    root
}

#[test]
fn a_loop_count_that_depends_on_data() {
    let counts = |at: f64| {
        let tape = Tape::new();
        newton(tape.input([at]));
        tape.guards().len()
    };
    // A guard for each turn, and one for the end.
    assert_eq!([2.0, 2.1, 9.0].map(counts), [4, 4, 5]);
    // More turns are needed: the last guard flips. Fewer: an earlier one.
    check::<f64>(
        newton,
        &[2.0],
        &[&[2.1], &[1.9]],
        &[(&[9.0], &["guard 3", "was false"]), (&[1.0], &["guard 0", "was true"])],
    );
    check::<f64>(
        newton,
        &[9.0],
        &[&[9.5]],
        &[(&[2.0], &["guard 3", "was true"]), (&[1e6], &["guard 4", "was false"])],
    );
}

/// A loop that counts by data alone, in tensor code.
#[test]
fn a_loop_over_tensors_until_they_are_small() {
    fn shrink(x: Var<'_>) -> Var<'_> {
        let mut x = x;
        while x.norm_l2() > 1.0 {
            x *= 0.5;
        }
        (x * x).sum()
    }
    let norm: &[&str] = &["guard 2"];
    check::<f64>(
        shrink,
        &[3.0, 2.0],
        &[&[2.5, 2.5], &[-3.0, 2.0]],
        &[(&[3.0, 3.0], norm), (&[0.3, 0.2], &["guard 0"])],
    );
}

#[test]
fn choices_that_replays_make_anew_need_no_guard() {
    fn choose(x: Var<'_>) -> Var<'_> {
        let (a, b) = (x.at(0), x.at(1));
        a.abs()
            + a.max(b) * a.min(b).relu()
            + a.clamp(-0.5, 0.5)
            + a.indicator_gt(b).select(a.exp(), b * b)
    }
    check::<f64>(choose, &[1.0, 2.0], &[&[2.0, 1.0], &[-2.0, 0.1], &[0.25, -3.0]], &[]);
    let tape = Tape::new();
    choose(tape.input([1.0, 2.0]));
    assert!(tape.guards().is_empty());
}

/// A guard on what nothing else reads is kept by the compiler, whatever it prunes.
#[test]
fn a_guard_on_a_number_that_no_output_needs() {
    fn f(x: Var<'_>) -> Var<'_> {
        if (x.at(1) * 7.0).cos() < 0.5 { x.at(0) * 2.0 } else { x.at(0) }
    }
    check::<f64>(f, &[1.0, 0.4], &[&[3.0, 0.45]], &[(&[1.0, 0.0], &["guard 0", "was true"])]);
}

#[test]
fn a_flip_in_a_fed_back_program_feeds_nothing_back() {
    let tape = Tape::with(Options::default());
    let x = tape.input(8.0).named("x");
    let y = if x > 3.0 { x * 0.5 } else { x };
    let mut compiler = Compiler::new(&tape);
    let halved = compiler.output(y).unwrap();
    compiler.feed(halved, x).unwrap();
    let program = compiler.compile().unwrap();
    let mut workspace = program.workspace();
    let input = program.input(x).unwrap();
    program.run(&mut workspace).unwrap();
    assert_eq!(workspace.input(input), [4.0]);
    program.run(&mut workspace).unwrap();
    assert_eq!(workspace.input(input), [2.0]);
    let error = program.run(&mut workspace).unwrap_err();
    assert!(matches!(error, Error::GuardFlipped { left_value: 2.0, .. }), "{error}");
    assert_eq!(workspace.input(input), [2.0], "nothing was fed back");
    workspace.set(input, &[5.0]).unwrap();
    program.run(&mut workspace).unwrap();
    assert_eq!(workspace.input(input), [2.5]);
}
