//! Operations with numbers alone: what a key stands for, and what is refused at the door.

use wengert::{CompileTape, Error, External, Externals, Tape, Var};

#[test]
fn a_key_stands_for_one_operation() {
    let one = External::new("key", |x, y| y[0] = x[0][0] + 1.0);
    let other = External::new("key", |x, y| y[0] = x[0][0] + 2.0);
    assert_ne!(one, other);
    assert_eq!(one, one.clone());
    assert_ne!(one, one.clone().with_vjp(|_, _, g, to| to[0].copy_from_slice(g)));
    let mut tape = Tape::new();
    {
        let x = tape.input(0.0);
        let y = one.of(&[x]);
        let len = tape.len();
        let message = other.try_of(&[x]).unwrap_err().to_string();
        assert!(message.contains("key at") && message.contains("of this key"), "{message}");
        let inside = tape.checkpoint(&[x], |x| other.of(&[x[0]]));
        assert!(matches!(inside, Err(Error::Body { .. })));
        let both = other_tape_with(&one, &other);
        assert!(matches!(both, Error::Body { .. }), "{both}");
        assert_eq!(tape.len(), len);
        // The same operation twice is one instruction of a program; two would be two numbers.
        let twice = one.clone().of(&[x]) + y;
        let program = tape.compile(&[twice], &[]).unwrap();
        let mut workspace = program.workspace();
        program.run(&mut workspace).unwrap();
        assert_eq!(workspace.value(program.outputs()[0]), 2.0);
    }
    // What a tape has forgotten it does not hold against anybody.
    tape.clear();
    let mark = tape.mark();
    let _ = one.of(&[tape.input(0.0)]);
    tape.rewind(mark);
    assert_eq!(other.of(&[tape.input(0.0)]).value(), 2.0);

    let mut known = Externals::new();
    known.register(one.clone()).unwrap();
    known.register(one.clone()).unwrap();
    let message = known.register(other).unwrap_err().to_string();
    assert!(message.contains("key") && message.contains("registered"), "{message}");
    assert_eq!(*known.get("key").unwrap(), one);
    let message = known.get("nokey").unwrap_err().to_string();
    assert!(message.contains("nokey") && message.contains("[\"key\"]"), "{message}");
    assert!(known.register(External::new("exp", |_, _| {})).is_err());
    assert_eq!(known.keys().collect::<Vec<_>>(), ["key"]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let op =
        External::new("pairs", |x, y| y[0] = x[0][0] + x[1][0]).with_shape(|shapes| match shapes {
            [a, b] if a == b => Ok(a.clone()),
            _ => Err("it takes two operands of one shape".to_owned()),
        });
    let (tape, other) = (Tape::new(), Tape::new());
    let (x, y) = (tape.input([1.0, 2.0]).named("x"), tape.input([1.0, 2.0, 3.0]));
    let z = other.input([1.0, 2.0]);
    let len = tape.len();
    let says = |result: Result<Var<'_>, Error>, parts: &[&str]| {
        let message = result.unwrap_err().to_string();
        for part in parts.iter().chain(&["external_keys.rs:"]) {
            assert!(message.contains(part), "{message} does not say {part}");
        }
    };
    says(op.try_of(&[x, y]), &["external at", "x of shape [2]", "two operands of one shape"]);
    says(op.try_of(&[] as &[Var<'_>]), &["pairs at", "at least one operand"]);
    says(op.try_of(&[x, z]), &["two tapes"]);
    says(External::new("sin", |_, _| {}).try_of(&[x]), &["sin at", "every tape has"]);
    let empty = External::new("empty", |_, _| {}).with_shape(|_| Ok([0].into()));
    says(empty.try_of(&[x]), &["external at", "without elements"]);
    assert_eq!(tape.len(), len);
}

/// Two branches that call operations of one key.
fn other_tape_with(one: &External, other: &External) -> Error {
    let tape = Tape::new();
    let x = tape.input(0.0);
    tape.cond(x, &[x], |x| one.of(&[x[0]]), |x| other.of(&[x[0]])).unwrap_err()
}
