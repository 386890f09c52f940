//! `wengert diff`.

use wengert::Tape;
use wengert_inspect::Trace;

use crate::tool::{fit, folder, wengert, write};

fn trace(slope: f64) -> String {
    let tape = Tape::new();
    let x = tape.input(1.5).named("x");
    let z = (x * slope).named("z");
    let y = z.sin().named("y");
    Trace::of(&y.backward()).unwrap().to_json()
}

#[test]
fn the_first_cause_is_told() {
    let folder = folder();
    write(&folder, "a.json", &trace(2.0));
    write(&folder, "b.json", &trace(2.0 + 1e-6));
    let same = wengert(&folder, &["diff", "a.json", "a.json"], "");
    assert_eq!((same.err.as_str(), same.code), ("", 0));
    let other = wengert(&folder, &["diff", "a.json", "b.json"], "");
    assert!(other.out.contains("z") && other.out.contains("in a.json"), "{}", other.out);
    assert_eq!((other.err.as_str(), other.code), ("", 1));
    let near = wengert(&folder, &["diff", "a.json", "b.json", "--rtol", "1e-3"], "");
    assert_eq!((near.err.as_str(), near.code), ("", 0), "{}", near.out);
}

#[test]
fn what_cannot_be_compared_is_said() {
    let folder = folder();
    write(&folder, "a.json", &trace(2.0));
    write(&folder, "fit.wg", &fit());
    let refused = |arguments: &[&str]| {
        let done = wengert(&folder, arguments, "");
        assert_eq!((done.out.as_str(), done.code), ("", 2));
        done.err.trim_end().to_owned()
    };
    assert_eq!(
        refused(&["diff", "a.json", "fit.wg"]),
        "wengert: fit.wg: it holds a program, and traces are compared: Trace::to_json writes one"
    );
    assert_eq!(refused(&["diff", "a.json", "a.json", "--rtol=-1"]), "wengert: -1 is no tolerance");
    assert!(refused(&["diff", "a.json", "none.json"]).starts_with("wengert: none.json: "));
    assert!(refused(&["diff", "a.json"]).contains("<THEIRS>"));
}
