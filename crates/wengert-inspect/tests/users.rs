//! Operations of users as texts and pictures show them: by the name, or the key, that they have.

use wengert::{External, Operation, Tape};
use wengert_inspect::{Derivation, Page, Picture, Trace};

#[test]
fn operations_of_users_are_shown_by_their_names() {
    let foreign = External::new("foreign", |x, y| y[0] = x[0][0].sin())
        .with_vjp(|x, _, g, to| to[0][0] = g[0] * x[0][0].cos());
    let swish = Operation::new("swish", |x| x[0] * x[0].sigmoid());
    let tape = Tape::new();
    let x = tape.input(0.5).named("x");
    let y = foreign.of(&[x]).named("y");
    let root = tape.root(y, &[y], |x, p| x + x.powi(3) - p[0]).unwrap().named("root");
    let loss = swish.of(&[root]).named("loss");
    let gradients = loss.backward();
    let trace = Trace::of(&gradients).unwrap();
    let texts = [
        ("listing", tape.to_string()),
        ("trace", trace.to_json()),
        ("derivation", Derivation::new(&trace).markdown().to_string()),
        ("dot", Picture::new(&trace).dot().to_string()),
        ("svg", Picture::new(&trace).svg().to_string()),
        ("mermaid", Picture::new(&trace).mermaid().to_string()),
        ("page", Page::of(&trace).to_string()),
    ];
    for (what, text) in texts {
        for name in ["foreign", "root", "swish"] {
            assert!(text.contains(name), "the {what} does not say {name}:\n{text}");
        }
    }
}
