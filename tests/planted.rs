//! Eighteen ports with one mistake each, written by PyTorch, beside tapes of the three modules as
//! they should be: the diff names the node where the mistake is, and a reason. docs/ports.md has the
//! table that this prints; tests/ports/README.md says how the traces were made.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use wengert::{Axes, Last, Tape, Var};
use wengert_inspect::{Diff, Trace};

/// A name, what PyTorch wrote, and the same network on a tape, which takes its numbers.
type Module = (&'static str, &'static str, fn(&Trace) -> Trace);

const MODULES: [Module; 3] = [
    ("mlp", include_str!("ports/planted/mlp.json"), mlp),
    ("classes", include_str!("ports/planted/classes.json"), classes),
    ("tied", include_str!("ports/planted/tied.json"), tied),
];

/// The mistake, the node where it is, and words that a right reason has.
const PLANTED: [(&str, &str, &str, &[&str]); 18] = [
    ("mlp", "weights transposed", "value of hidden/w", &["transposed"]),
    ("mlp", "without bias", "value of hidden/z", &["bias hidden/b were missing"]),
    ("mlp", "bias twice", "value of hidden/z", &["bias hidden/b were added twice"]),
    ("mlp", "sum of squares", "value of L", &["sum", "mean", "8"]),
    ("mlp", "mean of the rows", "value of L", &["mean over 4 instead of 8"]),
    ("mlp", "detached", "adjoint of hidden/output", &["detached", "output/z reads"]),
    ("classes", "softmax over the rows", "value of log", &["wrong axis: 0"]),
    ("classes", "sigmoid for tanh", "value of first/output", &["were sigmoid"]),
    ("classes", "relu without its mask", "adjoint of second/z", &["derivative of relu", "missing"]),
    ("classes", "tanh by 1 - y", "adjoint of first/z", &["derivative of tanh", "were 1 - y"]),
    ("classes", "update too early", "adjoint of second/output", &["rate 0.1", "too early"]),
    ("classes", "loss without its minus", "value of L", &["sign"]),
    ("tied", "eps 1e-3", "value of h", &["0.00001 were 0.001", "eps"]),
    ("tied", "norm over the rows", "value of h", &["wrong axis: 0"]),
    ("tied", "head detached", "adjoint of embed/w", &["detached"]),
    ("tied", "variance by n - 1", "value of h", &["unbiased variance"]),
    ("tied", "embedding times sqrt(3)", "value of x", &["sqrt(3)"]),
    ("tied", "ids from 1", "value of x", &["other rows"]),
];

fn read(json: &str) -> BTreeMap<String, Trace> {
    let traces: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(json).expect("the script writes JSON");
    let read = |(slip, trace): (String, serde_json::Value)| {
        (slip, Trace::from_json(&trace.to_string()).expect("the script writes traces"))
    };
    traces.into_iter().map(read).collect()
}

fn numbers(of: &Trace, path: &str) -> Vec<f64> {
    let part = of.find(path).expect(path);
    part.slots().iter().map(|&slot| of.value(slot)).collect()
}

/// A parameter with the numbers and the shape that PyTorch's has.
fn param<'t>(tape: &'t Tape, of: &Trace, path: &str) -> Var<'t> {
    let shape = of.find(path).expect(path).shape().to_vec();
    tape.param(numbers(of, path)).reshape(shape.as_slice()).named(path)
}

fn matrix<'t>(tape: &'t Tape, of: &Trace, path: &str) -> Var<'t> {
    let shape = of.find(path).expect(path).shape().to_vec();
    tape.data(numbers(of, path)).reshape(shape.as_slice()).named(path)
}

fn affine<'t>(tape: &'t Tape, of: &Trace, layer: &str, x: Var<'t>) -> Var<'t> {
    let (w, b) = (format!("{layer}/w"), format!("{layer}/b"));
    Var::affine(param(tape, of, &b), param(tape, of, &w), x).named(&format!("{layer}/z"))
}

fn tape() -> Tape {
    Tape::with(wengert::Options::default().source_lines(true))
}

fn mlp(of: &Trace) -> Trace {
    let tape = tape();
    let h = affine(&tape, of, "hidden", matrix(&tape, of, "x")).sigmoid().named("hidden/output");
    let y = affine(&tape, of, "output", h);
    let error = (matrix(&tape, of, "target") - y).named("error");
    Trace::of(&error.square().mean().named("L").backward()).expect("fresh gradients")
}

/// Minus the mean of a number of each row.
fn pick<'t>(log: Var<'t>, width: usize, of: [usize; 4]) -> Var<'t> {
    let places: Vec<usize> = of.iter().enumerate().map(|(row, at)| row * width + at).collect();
    -log.reshape([4 * width]).gather(&places).mean()
}

fn classes(of: &Trace) -> Trace {
    let tape = tape();
    let h = affine(&tape, of, "first", matrix(&tape, of, "x")).tanh().named("first/output");
    let g = affine(&tape, of, "second", h).relu().named("second/output");
    let log = affine(&tape, of, "head", g).log_softmax(Last).named("log");
    Trace::of(&pick(log, 3, [0, 2, 1, 2]).named("L").backward()).expect("fresh gradients")
}

fn tied(of: &Trace) -> Trace {
    let tape = tape();
    let embed = param(&tape, of, "embed/w");
    let places: Vec<usize> =
        [4, 1, 0, 3].iter().flat_map(|row| (0..3).map(move |i| row * 3 + i)).collect();
    let x = embed.reshape([15]).gather(&places).reshape([4, 3]).named("x");
    let centred = x - x.mean_axes(Axes::keep(Last));
    let variance = centred.square().mean_axes(Axes::keep(Last));
    let h = centred / (variance + 1e-5).sqrt() * param(&tape, of, "norm/w")
        + param(&tape, of, "norm/b");
    let logits = h.named("h").matmul(embed.t()).named("logits");
    let loss = pick(logits.log_softmax(Last), 5, [1, 0, 3, 2]);
    Trace::of(&loss.named("L").backward()).expect("fresh gradients")
}

/// What the headline names and its first guess.
fn told(text: &str) -> (String, String) {
    let first = text.lines().find(|line| line.starts_with("first difference")).unwrap_or(text);
    let named = first.split(": the ").nth(1).unwrap_or(first);
    let named = named.split([' ', '[']).take(3).collect::<Vec<_>>().join(" ");
    let guess = text.lines().find_map(|line| line.trim().strip_prefix("guess, "));
    (named, guess.unwrap_or("none").to_owned())
}

#[test]
fn the_right_modules_agree() {
    for (name, json, ours) in MODULES {
        let theirs = &read(json)[""];
        let ours = ours(theirs);
        let diff = Diff::new(&ours, theirs);
        let found = diff.findings();
        assert!(found.agree() && found.contradictions.is_empty(), "{name}: {diff}");
        assert_eq!(found.names.both, found.names.theirs, "{name}: {diff}");
    }
}

#[test]
fn the_node_of_every_mistake_is_named_and_nearly_every_reason() {
    let (mut table, mut nodes, mut reasons) = (String::new(), 0, 0);
    let (mut texts, mut turned) = (String::new(), (0, 0));
    let _ = writeln!(table, "| module | mistake | named | guess |\n|---|---|---|---|");
    for (name, json, ours) in MODULES {
        let traces = read(json);
        for (module, slip, node, words) in PLANTED.iter().filter(|planted| planted.0 == name) {
            let theirs = &traces[*slip];
            let ours = ours(&traces[""]);
            let diff = Diff::new(&ours, theirs).titles("in Wengert", "in PyTorch");
            let text = diff.headline();
            assert!(text.lines().count() <= 18, "{text}");
            let (named, guess) = told(&text);
            let right = words.iter().all(|word| guess.contains(word));
            let there = named.clone();
            nodes += usize::from(named == *node);
            reasons += usize::from(right);
            // The same with the two sides exchanged.
            let diff = Diff::new(theirs, &ours).titles("in PyTorch", "in Wengert");
            let (named, again) = told(&diff.headline());
            turned.0 += usize::from(named == *node);
            turned.1 += usize::from(words.iter().all(|word| again.contains(word)));
            let cross = if right { "" } else { " (not the reason)" };
            let _ = writeln!(table, "| {module} | {slip} | {there} | {guess}{cross} |");
            let _ = writeln!(texts, "== {module}: {slip}\n{text}");
        }
    }
    let (other_nodes, other_reasons) = turned;
    let said = format!(
        "{nodes} of 18 nodes and {reasons} of 18 reasons; with the sides exchanged {other_nodes} and \
         {other_reasons}"
    );
    println!("{texts}\n{table}\n{said}");
    assert_eq!(nodes, 18, "{texts}{table}");
    assert!(reasons >= 15, "{texts}{table}");
    let document = include_str!("../docs/ports.md");
    assert!(document.contains(&table), "docs/ports.md has another table:\n{table}");
    let flowing = document.replace('\n', " ");
    assert!(flowing.contains(&said), "{said}");
}
