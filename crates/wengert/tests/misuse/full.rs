//! A tape that is full.

use wengert::op::{Binary, Unary};
use wengert::{Error, Leaf, Options, Tape, Var};

use super::{panics, run, unused};

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
            at.file().ends_with("full.rs") && (first..line!() + 60).contains(&at.line()),
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
    full(&here!(line), error);
    assert!(panics(|| unused(z.sin())).contains("the tape is full"));
    let line = line!() + 1;
    let message = panics(|| unused(z * 11.0));
    assert!(message.contains("the tape is full") && message.contains(&here!(line)), "{message}");
    assert!(panics(|| unused(tape.input(1.0))).contains("the tape is full"));
    assert_eq!((z.value(), z.backward().wrt(x)), (5.0, 2.0));
    tape.replay(&[(x, &[2.0])]).unwrap();
    assert_eq!(z.value(), 6.0);
}
