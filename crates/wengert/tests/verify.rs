//! `verify` finds where a recording is not the program's at other inputs, which guards do not see,
//! and names the node and the line.

use wengert::{Error, Leaf, Numerics, Options, Tape, Var, verify};

/// The error of a closure that was recorded at one point and is compared at another.
#[track_caller]
fn differs(
    f: impl for<'t> Fn(Var<'t>) -> Var<'t>,
    at: &[f64],
    elsewhere: &[f64],
    expected: (&str, &str, &str, &str),
) {
    let error = verify(f, at, elsewhere).unwrap_err();
    let text = error.to_string();
    let Error::Differs { what, node, tape, again, place, .. } = error else { panic!("{error}") };
    assert_eq!((what, node.as_str(), tape.as_str(), again.as_str()), expected, "{text}");
    // The tape itself keeps no lines here: what is not recorded again has none.
    assert!(
        place.map_or(again == "nothing", |place| place.file().ends_with("verify.rs")),
        "{text}"
    );
    for part in ["verify at ", "verify.rs:", &node, &tape, &again, "when recorded again"] {
        assert!(text.contains(part), "{text}: there is no {part:?}");
    }
}

#[test]
fn a_branch_on_a_value() {
    fn f(x: Var<'_>) -> Var<'_> {
        let x = x.at(0);
        if x.value() > 1.0 { (x * x).named("square") } else { -x }
    }
    verify(f, &[2.0], &[3.0]).unwrap();
    differs(f, &[2.0], &[0.5], ("op", "square", "mul x[0] x[0]", "neg x[0]"));
    differs(f, &[0.5], &[2.0], ("op", "neg#1", "neg x[0]", "mul x[0] x[0]"));
}

#[test]
fn the_line_is_the_new_recordings() {
    let first = line!() + 1;
    fn f(x: Var<'_>) -> Var<'_> {
        match x.at(0).value() > 1.0 {
            true => x.at(0).sin(),
            false => x.at(0).cos(),
        }
    }
    let (error, line) = (verify(f, &[2.0], &[0.0]).unwrap_err(), line!());
    let Error::Differs { place: Some(place), at, id, .. } = error else { panic!("{error}") };
    assert_eq!((place.line(), at.line(), id.to_string().as_str()), (first + 3, line, "v1"));
}

#[test]
fn a_loop_count_that_depends_on_data() {
    fn halvings(x: Var<'_>) -> Var<'_> {
        let mut x = x.at(0);
        while x.value() > 1.0 {
            x *= 0.5;
        }
        x.exp()
    }
    verify(halvings, &[6.0], &[7.0]).unwrap();
    // Three turns on the tape, and two or four again.
    differs(halvings, &[6.0], &[3.0], ("op", "mul#3", "mul v3 0.5", "exp v3"));
    differs(halvings, &[6.0], &[9.0], ("op", "exp#1", "exp v4", "mul v4 0.5"));
    // The end is compared too: the longer list begins like the shorter one.
    fn steps(x: Var<'_>) -> Var<'_> {
        (0..x.at(0).value() as usize).fold(x.at(0), |sum, _| sum + x.at(1))
    }
    differs(steps, &[2.0, 0.5], &[3.0, 0.5], ("op", "add#3", "nothing", "add v3 x[1]"));
    differs(steps, &[3.0, 0.5], &[2.0, 0.5], ("op", "add#3", "add v3 x[1]", "nothing"));
}

#[test]
fn numbers_that_left_the_tape() {
    fn f(x: Var<'_>) -> Var<'_> {
        x.at(0) * x.at(0).value()
    }
    differs(f, &[2.0], &[3.0], ("value", "const#1", "2", "3"));
    verify(f, &[2.0], &[2.0]).unwrap();
    // What depends on nothing but shapes may be anything, and so may what is random only in its
    // leaves' values.
    verify(|x| (x * x.len() as f64).sum(), &[1.0, 2.0], &[3.0, 4.0]).unwrap();
    fn scaled(x: Var<'_>) -> Var<'_> {
        let scale = x.with_values(|values| values.iter().map(|v| v * v).collect::<Vec<_>>());
        (x * x.tape().tensor(Leaf::Data, &scale, [2]).unwrap().named("scale")).sum()
    }
    differs(scaled, &[1.0, 2.0], &[1.0, 3.0], ("value", "scale", "4 (element 1)", "9 (element 1)"));
}

#[test]
fn positions_shapes_and_cuts_that_depend_on_values() {
    fn pick(x: Var<'_>) -> Var<'_> {
        x.gather(&[if x.at(0).value() > 0.0 { 1 } else { 2 }]).sum()
    }
    let error = verify(pick, &[1.0, 2.0, 3.0], &[-1.0, 2.0, 3.0]).unwrap_err().to_string();
    assert!(
        error.contains("gather")
            && error.contains("positions [1]")
            && error.contains("positions [2]"),
        "{error}"
    );
    fn slice(x: Var<'_>) -> Var<'_> {
        x.slice(0, 0..if x.at(0).value() > 0.0 { 2 } else { 3 }).exp().sum()
    }
    differs(
        slice,
        &[1.0; 3],
        &[-1.0, 1.0, 1.0],
        ("op", "exp#1", "exp v0..v1 -> [2]", "exp x -> [3]"),
    );
    fn cut(x: Var<'_>) -> Var<'_> {
        if x.at(0).value() > 0.0 { x.at(0).detach().sin() } else { x.at(0).sin() }
    }
    let error = verify(cut, &[1.0], &[-1.0]).unwrap_err().to_string();
    assert!(error.contains("cut: true") && error.contains("cut: false"), "{error}");
}

#[test]
fn guards_are_compared_as_well() {
    // The comparison is asked in one case only, and decides nothing.
    fn asked(x: Var<'_>) -> Var<'_> {
        let _ = x.at(0).value() > 0.0 && x.at(0) > -5.0;
        x.at(0).sin()
    }
    verify(asked, &[1.0], &[2.0]).unwrap();
    fn compared(x: Var<'_>) -> Var<'_> {
        let _ = x.at(0).value() > 0.0 && x.at(0) > x.at(1);
        x.at(0).sin()
    }
    differs(compared, &[1.0, 0.5], &[-1.0, -2.0], ("guard", "x", "x[0] > x[1], true", "nothing"));
    differs(compared, &[-1.0, -2.0], &[1.0, 0.5], ("guard", "x", "nothing", "x[0] > x[1], true"));
    // One that flips is the replay's to refuse.
    fn flips(x: Var<'_>) -> Var<'_> {
        if x.at(0) > 1.0 { x.at(0) } else { -x.at(0) }
    }
    assert!(matches!(verify(flips, &[2.0], &[0.0]), Err(Error::GuardFlipped { .. })));
}

#[test]
fn misuse_is_an_error() {
    assert!(matches!(
        verify(|x: Var<'_>| x, &[1.0, 2.0], &[1.0]),
        Err(Error::Length { found: 1, .. })
    ));
    assert!(matches!(verify(|x: Var<'_>| x, &[], &[]), Err(Error::Empty { .. })));
    assert!(matches!(verify(|x: Var<'_, f32>| -x, &[1.0_f32], &[f32::NAN]), Ok(())));
}

/// A tape of any program, as it stands after any number of replays, in both modes of numerics.
#[test]
fn a_tape_is_compared_as_it_stands() {
    fn network<'t>(tape: &'t Tape, x: &[f64], w: &[f64]) -> [Var<'t>; 3] {
        let x = tape.tensor(Leaf::Data, x, [2, 3]).unwrap().named("x");
        let w = tape.tensor(Leaf::Param, w, [4, 3]).unwrap().named("w");
        let hidden = {
            let _scope = tape.scope("hidden");
            Var::affine(0.1, w, x).tanh().named("a")
        };
        [x, w, hidden.softmax(1).square().mean().named("loss")]
    }
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let tape = Tape::with(Options::default().numerics(numerics));
        let numbers =
            |seed: f64, n: usize| (0..n).map(|i| (seed + i as f64).sin()).collect::<Vec<_>>();
        let [x, w, loss] = network(&tape, &numbers(1.0, 6), &numbers(2.0, 12));
        for seed in [3.0, 4.0, 1.0] {
            let (xs, ws) = (numbers(seed, 6), numbers(seed + 0.5, 12));
            tape.replay(&[(x, &xs), (w, &ws)]).unwrap();
            tape.verify(|again| _ = network(again, &xs, &ws)).unwrap();
            // At other inputs than the tape's the first difference is where they came in.
            let error =
                tape.verify(|again| _ = network(again, &xs, &numbers(0.0, 12))).unwrap_err();
            assert!(
                matches!(&error, Error::Differs { what: "value", node, .. } if node == "w"),
                "{error}"
            );
        }
        let before = tape.slots();
        // What was recorded beside the program is a difference, and the tape is as it was.
        let _ = loss.exp();
        let error = tape
            .verify(|again| _ = network(again, &numbers(1.0, 6), &numbers(1.5, 12)))
            .unwrap_err();
        assert!(
            matches!(&error, Error::Differs { tape, again, .. } if tape == "exp loss" && again == "nothing"),
            "{error}"
        );
        assert_eq!(tape.slots(), before + 1);
    }
}
