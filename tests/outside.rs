//! Traces of another program: what a PyTorch module computed, beside a tape of the same network.
//! tests/pytorch/README.md says how the files were made.

#[path = "../examples/trace_diff.rs"]
#[allow(dead_code, reason = "the example's main is not called here")]
mod trace_diff;

use crate::schema;
use serde_json::Value;
use wengert::{Tape, Var};
use wengert_inspect::{
    Adjoint, Diff, Findings, Health, LedgerText, Origin, Severance, Structure, Table, Tolerance,
    Trace,
};
use wengert_snapshot::assert_agree;

const NETWORK: &str = include_str!("pytorch/2-3-2.json");
const MIXED: &str = include_str!("pytorch/mixed.json");

fn pytorch() -> Trace {
    Trace::from_json(NETWORK).expect("the script writes traces")
}

/// A port of the network, with something done to each layer's z and to the loss.
fn port(
    hidden: impl for<'t> FnOnce(Var<'t>) -> Var<'t>,
    loss: impl for<'t> FnOnce(Var<'t>) -> Var<'t>,
) -> Trace {
    let theirs = pytorch();
    let numbers = |path: &str| -> Vec<f64> {
        theirs
            .find(path)
            .expect("PyTorch has it")
            .slots()
            .iter()
            .map(|&slot| theirs.value(slot))
            .collect()
    };
    let tape = Tape::new();
    let x = tape.data(numbers("x")).named("x");
    let mut layers = Vec::new();
    for (layer, inputs, outputs) in [("hidden", 2, 3), ("output", 3, 2)] {
        let _scope = tape.scope(layer);
        let w = tape.param(numbers(&format!("{layer}/w"))).reshape([outputs, inputs]).named("w");
        layers.push((w, tape.param(numbers(&format!("{layer}/b"))).named("b")));
    }
    let h = {
        let _scope = tape.scope("hidden");
        hidden(Var::affine(layers[0].1, layers[0].0, x).named("z")).named("output")
    };
    let output = {
        let _scope = tape.scope("output");
        Var::affine(layers[1].1, layers[1].0, h).named("z").sigmoid().named("output")
    };
    let squares = (tape.data([0.0, 1.0]).named("target") - output).square();
    Trace::of(&loss(squares.sum()).named("L").backward()).expect("fresh gradients")
}

fn half(squares: Var<'_>) -> Var<'_> {
    0.5 * squares
}

#[track_caller]
fn diff(ours: &Trace) -> (Findings, String) {
    let theirs = pytorch();
    let diff = Diff::new(ours, &theirs).titles("in the port", "in PyTorch");
    (diff.findings(), diff.to_string())
}

#[test]
fn the_same_network_has_the_same_numbers() {
    let ours = port(|z| z.sigmoid(), half);
    assert_agree!(&ours, &pytorch(), Tolerance::relative(1e-13));
    let (found, text) = diff(&ours);
    // Parameters, the row, z and output of both layers, the loss.
    assert_eq!((found.values, found.adjoints), (30, 30), "{text}");
    // What PyTorch's hooks do not see has no node there.
    let only = |s: &Structure| matches!(s, Structure::Extra { .. }) || s.path() == "L";
    assert!(found.structure.iter().all(only), "{text}");
}

#[test]
fn another_activation_in_the_port_is_found() {
    let (found, text) = diff(&port(|z| z.tanh(), half));
    assert_eq!(found.cause().unwrap().path, "hidden/output[0]", "{text}");
    assert!(
        text.contains("recorded differently: hidden/output: tanh here, sigmoid there"),
        "{text}"
    );
    // The other two elements of that layer, and its own adjoint; what the other layer has follows.
    assert!(found.of(Origin::Own).all(|other| other.path.starts_with("hidden/")), "{text}");
    assert!(found.of(Origin::Follows).any(|other| other.path == "output/w[0, 0]"), "{text}");
}

#[test]
fn a_loss_without_its_half_is_found() {
    let (found, text) = diff(&port(|z| z.sigmoid(), |squares| squares + 0.0));
    assert_eq!(found.cause().unwrap().path, "L", "{text}");
    assert!(
        text.contains("guess, in PyTorch: a factor 1/2 (is there a 1/2 in the loss?)"),
        "{text}"
    );
}

#[test]
fn a_cut_in_the_port_is_found_where_it_is() {
    let (found, text) = diff(&port(|z| z.detach().sigmoid(), half));
    let cause = found.cause().unwrap();
    // What a detached number alone goes into has no derivative either.
    assert_eq!(
        (cause.path.as_str(), &cause.ours),
        ("hidden/output[0]", &Adjoint::NoPath),
        "{text}"
    );
    assert!(text.contains("  adjoint in the port:   no path\n"), "{text}");
    assert!(text.contains("hidden/output: reads detached hidden/z here, hidden/z there"), "{text}");
}

#[test]
fn what_hooks_see_of_a_mixed_module_reads_and_is_shown() {
    let trace = Trace::from_json(MIXED).expect("the script writes traces");
    let adjoint = |path: &str| trace.adjoint(trace.slot(path).expect(path)).to_string();
    assert_eq!(adjoint("unread[0]"), "no path");
    assert_eq!(adjoint("cut/weight[0, 1]"), "no path");
    assert_eq!(adjoint("first/weight[0, 0]"), "NaN");
    assert_eq!(trace.value(trace.slot("x[1, 0]").unwrap()), f64::INFINITY);
    // A module that is called twice, and a class without an op of that name.
    assert!(trace.find("tanh#2").is_some());
    let table = Table::new(&trace).to_string();
    assert!(table.contains("gelu [2, 3]") && table.contains("layernorm [2, 3]"), "{table}");
    // Known ops are explained: the adjoint is the sum of its contributions, in f32.
    let slot = trace.slot("last/bias[1]").unwrap();
    let (sum, own) = (trace.ledger(slot).sum(), trace.adjoint(slot).number().unwrap());
    assert!(Tolerance::relative(1e-6).accepts(sum, own), "{sum} {own}");
    assert!(LedgerText::new(&trace).to_string().contains("last/bias[1]: adjoint"));
    // What is not known is not explained away: a layer norm reads act; PyTorch multiplied a zero
    // adjoint by infinity.
    let ledgers = LedgerText::new(&trace).of(&["act[0, 0]"]).to_string();
    assert!(
        ledgers.contains(
            "act[0, 0]: adjoint -0.02524983883, of readers some of which are not explained"
        ),
        "{ledgers}"
    );
    let health = Health::new(&trace).to_string();
    assert!(
        health.contains(
            "the first: that of first/weight[0, 0] (param) is NaN\n    its contributions add up to "
        ),
        "{health}"
    );
    let severance = Severance::new(&trace).to_string();
    assert!(
        severance
            .contains("cut      unread [2]\n           all 2 numbers, no path: nothing reads it\n"),
        "{severance}"
    );
    assert!(Diff::new(&trace, &trace).findings().agree());
}

fn the_schema() -> Value {
    serde_json::from_str(include_str!("../docs/trace.schema.json")).expect("the schema is JSON")
}

/// A trace that has every field.
fn everything() -> Trace {
    let tape = Tape::with(wengert::Options::default().source_lines(true));
    let x = tape.input([0.5, f64::INFINITY, 0.0]).named("x");
    let (scope, w) = (tape.scope("layer"), tape.param([0.25; 900]));
    let part = w.slice(0, 1..3).named("part");
    let y = if x.at(0) > 0.25 { part.sum() * x.at(0).detach() } else { x.at(0) };
    drop(scope);
    let picked = x.gather(&[2, 0]);
    let z = (y + picked.sum_axes(0) + x.at(2) * 0.0).named("z");
    let dead = w.reshape([30, 30]).t().sum();
    let own = wengert::Operation::new("halved", |x| 0.5 * x[0]).of(&[x.at(0)]);
    Trace::of(&(z + 0.0 * dead.floor() + own).named("L").backward()).expect("fresh gradients")
}

#[test]
fn the_schema_accepts_what_is_written() {
    let schema = the_schema();
    let (whole, limited) = (everything(), everything().limited(20));
    assert!(limited.omitted().is_some());
    for json in [
        NETWORK.to_owned(),
        MIXED.to_owned(),
        whole.to_json(),
        limited.to_json(),
        port(|z| z.relu(), half).to_json(),
    ] {
        let value: Value = serde_json::from_str(&json).expect("it is JSON");
        assert_eq!(schema::check(&schema, &value), Ok(()));
    }
    // Every field that the schema knows is written by one of them.
    let all = whole.to_json() + &limited.to_json();
    let fields = |schema: &Value| -> Vec<String> {
        let properties = schema["properties"].as_object().expect("an object's schema");
        properties.keys().cloned().collect()
    };
    let mut known = fields(&schema);
    let definitions = &schema["$defs"];
    known.extend(["node", "elements", "spot"].iter().flat_map(|name| fields(&definitions[name])));
    known.extend(fields(&schema["properties"]["omitted"]));
    known.extend(fields(&schema["properties"]["guards"]["items"]));
    for field in known {
        assert!(all.contains(&format!("\"{field}\":")), "no trace has {field}");
    }
}

#[test]
fn the_schema_refuses_what_is_refused() {
    let schema = the_schema();
    let broken = |from: &str, to: &str| {
        let json = NETWORK.replacen(from, to, 1);
        assert!(json != NETWORK, "{from}");
        let value: Value = serde_json::from_str(&json).expect("it is JSON");
        assert!(schema::check(&schema, &value).is_err(), "{to}");
        assert!(Trace::from_json(&json).is_err(), "{to}");
    };
    broken("\"version\": 1", "\"version\": 3");
    broken("\"precision\": \"f64\"", "\"precision\": \"f16\"");
    broken("\"adjoints\":", "\"gradients\":");
    broken("\"path\": \"x\",", "");
    broken("\"no path\"", "\"none\"");
    broken("\"no path\"", "null");
    broken("\"no path\"", "{\"nil\": \"x\"}");
    broken("\"values\": [\n    1.5", "\"values\": [\n    \"1.5\"");
    broken("\"node\": 9", "\"node\": -1");
    broken("\"cut\": true", "\"cuts\": true");
    broken("\"node\": 9", "\"node\": 9, \"slot\": 3");
}

/// What docs/trace.md shows of the form and of a diff.
#[test]
fn the_document_shows_what_is_so() {
    let document = include_str!("../docs/trace.md");
    let json = document
        .split("```json\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("an example");
    let trace = Trace::from_json(json).expect("the example is a trace");
    assert_eq!(trace.loss(), trace.slot("L"));
    assert_eq!(schema::check(&the_schema(), &serde_json::from_str(json).unwrap()), Ok(()));
    let (_, text) = diff(&port(|z| z.tanh(), half));
    let shown = document
        .split("```text\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("a diff");
    // The column of the source line is left to the document.
    let without_place = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.split(", at tests/").next().unwrap_or("").to_owned()).collect()
    };
    let (text, shown) = (without_place(&text), without_place(shown));
    assert_eq!(text[..shown.len()], shown);
}

#[test]
fn two_files_are_compared_from_the_command_line() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = |name: &str, text: &str| -> String {
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("it is writable");
        path.to_string_lossy().into_owned()
    };
    let (theirs, ours) =
        (file("theirs.json", NETWORK), file("ours.json", &port(|z| z.sigmoid(), half).to_json()));
    let wrong = file("wrong.json", &port(|z| z.tanh(), half).to_json());
    let cut_off = file("cut_off.json", &NETWORK[..NETWORK.len() / 2]);
    let run = |arguments: &[&str]| {
        let mut out = Vec::new();
        let arguments: Vec<String> =
            arguments.iter().map(|&argument| argument.to_owned()).collect();
        let outcome = trace_diff::run(&mut out, &arguments).map_err(|error| error.to_string());
        (outcome, String::from_utf8(out).expect("a text"))
    };
    let (outcome, text) = run(&[&ours, &theirs]);
    assert_eq!(outcome, Ok(true), "{text}");
    let (outcome, text) = run(&[&wrong, &theirs]);
    assert_eq!(outcome, Ok(false));
    assert!(
        text.contains("value in wrong.json:") && text.contains("value in theirs.json:"),
        "{text}"
    );
    // Structure is told, and is no number.
    assert_eq!(run(&[&wrong, &theirs, "--rtol", "1e9"]).0, Ok(true));
    let refused = |arguments: &[&str], words: &str| {
        let error = run(arguments).0.expect_err("it is refused");
        assert!(error.contains(words), "{error}");
    };
    refused(&[&ours, &cut_off], "cut_off.json: the trace ends at line ");
    refused(&[&ours, "nowhere.json"], "nowhere.json: ");
    refused(&[&ours], "usage: ");
    refused(&[&ours, &theirs, "--rtol", "-1"], "-1 is no tolerance");
}
