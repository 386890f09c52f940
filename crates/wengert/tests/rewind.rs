//! Parameters that stay on the tape while the program after them is forgotten and recorded anew.

use wengert::{Error, Gradients, Tape, Var};

fn message(f: impl FnOnce() + std::panic::UnwindSafe) -> String {
    let payload = std::panic::catch_unwind(f).unwrap_err();
    payload
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .unwrap_or_else(|| payload.downcast_ref::<String>().unwrap().clone())
}

#[test]
fn a_rewound_tape_records_as_a_new_one_does() {
    fn program<'t>(w: Var<'t>, x: f64) -> Var<'t> {
        let tape = w.tape();
        let _layer = tape.scope("layer");
        let z = (w * x).sum().named("z");
        let again = z.sin().named("z");
        if z > 0.0 { again * 0.5 } else { again }
    }
    let start = [0.5, -0.25, 1.0];
    let mut tape = Tape::new();
    let params = tape.param(start).named("w").key();
    let mark = tape.mark();
    let texts: Vec<String> = [1.0, 2.0, 1.0]
        .map(|x| {
            tape.rewind(mark);
            let y = program(tape.var(params), x);
            let fresh = Tape::new();
            let w = fresh.param(start).named("w");
            let fresh_y = program(w, x);
            assert_eq!(tape.to_string(), fresh.to_string());
            assert_eq!((tape.paths(), tape.guards().len()), (fresh.paths(), fresh.guards().len()));
            let scopes =
                |tape: &Tape| tape.nodes().map(|node| tape.scope_of(node.id)).collect::<Vec<_>>();
            assert_eq!(scopes(&tape), scopes(&fresh));
            assert_eq!(y.backward().values_wrt(tape.var(params)), fresh_y.backward().values_wrt(w));
            tape.to_string()
        })
        .to_vec();
    assert_eq!(texts[0], texts[2]);
    assert_ne!(texts[0], texts[1]);
}

#[test]
fn training_in_place_is_training_on_new_tapes() {
    let (mut tape, mut numbers) = (Tape::new(), vec![0.5; 200]);
    let params = tape.param(&numbers).key();
    let mark = tape.mark();
    for step in 0..20 {
        let x = 0.01 * f64::from(step);
        let loss = |w: Var<'_>| -> Vec<f64> {
            let gradients: Gradients<'_> = ((w * x).sin().sum() - 0.5).square().backward();
            gradients.values_wrt(w)
        };
        tape.rewind(mark);
        let w = tape.var(params);
        let gradient = loss(w);
        tape.update(w, |w| w.iter_mut().zip(&gradient).for_each(|(w, g)| *w -= 0.1 * g)).unwrap();

        let fresh = Tape::new();
        let gradient = loss(fresh.param(&numbers));
        numbers.iter_mut().zip(&gradient).for_each(|(w, g)| *w -= 0.1 * g);
    }
    assert_eq!(tape.var(params).values(), numbers);
}

#[test]
fn an_update_makes_gradients_stale_and_leaves_readers_until_a_replay() {
    let tape = Tape::new();
    let x = tape.input([1.0, 2.0, 3.0, 4.0]);
    let y = x.sum();
    let gradients = y.backward();
    assert!(!gradients.is_stale());
    // A view that is no run goes through a copy.
    tape.update(x.reshape([2, 2]).t(), |x| {
        assert_eq!(x, [1.0, 3.0, 2.0, 4.0]);
        x[1] = 30.0;
    })
    .unwrap();
    assert!(gradients.is_stale());
    assert_eq!((x.values(), y.value()), (vec![1.0, 2.0, 30.0, 4.0], 10.0));
    tape.replay(&[]).unwrap();
    assert_eq!(y.value(), 37.0);
    assert!(matches!(tape.update(y, |_| ()), Err(Error::NotSettable { .. })));
    assert!(matches!(Tape::new().update(x, |_| ()), Err(Error::TwoTapes { .. })));
}

#[test]
fn stale_keys_and_marks_are_caught() {
    let mut tape = Tape::new();
    let kept = tape.input(1.0).key();
    let early = tape.mark();
    let block = tape.input([1.0, 2.0, 3.0]).key();
    let late = tape.mark();
    tape.rewind(late);
    assert_eq!(tape.var(block).values(), [1.0, 2.0, 3.0]);
    tape.rewind(early);
    assert!(matches!(tape.try_var(block), Err(Error::StaleKey { .. })));
    // What is recorded in their place is not theirs.
    let other = tape.input([7.0, 8.0, 9.0]).key();
    assert!(matches!(tape.try_var(block), Err(Error::StaleKey { .. })));
    assert_eq!((tape.var(kept).value(), tape.var(other).values()), (1.0, vec![7.0, 8.0, 9.0]));
    let text = message(std::panic::AssertUnwindSafe(|| tape.rewind(late)));
    assert!(text.contains("was forgotten"), "{text}");
    tape.clear();
    let _ = tape.input([0.0; 8]);
    for key in [kept, block, other] {
        let error = tape.try_var(key).unwrap_err().to_string();
        assert!(error.contains("cleared or rewound") && error.contains("rewind.rs"), "{error}");
    }
    let another: Tape = Tape::new();
    assert!(another.try_var(tape.input([1.0]).key()).is_err());
    let mark = another.mark();
    let text = message(std::panic::AssertUnwindSafe(|| tape.rewind(mark)));
    assert!(text.contains("not of the tape"), "{text}");
}

#[test]
fn constants_from_before_a_mark_are_found_again_and_later_ones_are_not() {
    let mut tape = Tape::new();
    let x = (tape.input(2.0) * 0.5).key();
    let mark = tape.mark();
    for _ in 0..3 {
        tape.rewind(mark);
        let y = tape.var(x) * 0.5 + 0.25;
        assert_eq!((y.value(), tape.len()), (0.75, 6));
    }
}
