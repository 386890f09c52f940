//! Traces of other programs: what a PyTorch module computed, a JAX function, code with a derivation
//! by hand, beside a tape of the same network.
//! tests/ports/README.md says how the files were made.

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

const NETWORK: &str = include_str!("ports/2-3-2.json");
const JAX: &str = include_str!("ports/jax.json");
const NUMPY: &str = include_str!("ports/numpy.json");
const FAULTS: &str = include_str!("ports/faults.txt");
const MIXED: &str = include_str!("ports/mixed.json");

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
    // What PyTorch computes between modules has no node there.
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
fn a_network_has_the_same_numbers_in_jax_and_by_hand() {
    let ours = port(|z| z.sigmoid(), half);
    for (json, numbers) in [(JAX, 60), (NUMPY, 40)] {
        let theirs = Trace::from_json(json).expect("the script writes traces");
        let tolerance = Tolerance::relative(1e-12);
        assert_agree!(&ours, &theirs, tolerance);
        assert_agree!(&pytorch(), &theirs, tolerance);
        let found = Diff::new(&ours, &theirs).findings();
        assert!(found.contradictions.is_empty(), "{found:?}");
        assert!(found.values + found.adjoints >= numbers, "{found:?}");
    }
}

/// A delta that was derived wrongly contradicts what it was derived from: the tape need not be
/// asked.
#[test]
fn a_wrong_derivation_contradicts_itself() {
    let mut data = Trace::from_json(NUMPY).expect("the script writes traces").into_data();
    let bias = data.nodes.iter_mut().find(|node| node.path == "output/b").expect("it has one");
    bias.adjoints[0] = Adjoint::Computed(0.25);
    let wrong = Trace::new(data).expect("one number is another");
    let ours = port(|z| z.sigmoid(), half);
    let diff = Diff::new(&ours, &wrong).titles("on the tape", "by hand");
    let text = diff.headline();
    let first = "the trace by hand contradicts itself: the adjoint of output/b[0] is 0.25, ";
    assert!(text.starts_with(first), "{text}");
    let found = diff.findings();
    assert!(found.contradictions.len() == 1 && found.contradictions[0].theirs, "{text}");
    assert_eq!(found.differences.len(), 1, "{text}");
}

/// The bias is missing here or there: the guess names the right side either way.
#[test]
fn guesses_are_made_for_both_sides() {
    let (whole, theirs) = (port(|z| z.sigmoid(), half), pytorch());
    let lacking = {
        let tape = Tape::new();
        let numbers = |path: &str| -> Vec<f64> {
            let part = theirs.find(path).expect("PyTorch has it");
            part.slots().iter().map(|&slot| theirs.value(slot)).collect()
        };
        let x = tape.data(numbers("x")).named("x");
        let w = tape.param(numbers("hidden/w")).reshape([3, 2]).named("hidden/w");
        let _unused = tape.param(numbers("hidden/b")).named("hidden/b");
        let h = w.matmul(x).named("hidden/z").sigmoid().named("hidden/output");
        Trace::of(&h.square().sum().named("L").backward()).expect("fresh gradients")
    };
    let words = "as if the bias hidden/b were missing in hidden/z";
    let text = Diff::new(&whole, &lacking).titles("ours", "theirs").headline();
    assert!(text.contains(&format!("guess, theirs: {words}")), "{text}");
    let text = Diff::new(&lacking, &whole).titles("ours", "theirs").headline();
    assert!(text.contains(&format!("guess, ours: {words}")), "{text}");
}

/// Every way in which a recorder can be wrong is right, or refused by name. Where Python has
/// PyTorch, the script is run again.
#[test]
fn the_script_is_right_or_refuses_by_name() {
    for row in [
        "in-place, out *= 2: refused: a was written over",
        "in-place, out += x: refused: a was written over",
        "in-place, relu of torch.nn.functional: refused: a was written over",
        "in-place, a module made so: refused: a writes over its input",
        "a gradient that was left: refused: a.weight has a gradient from an earlier backward",
        "softplus with another beta: right",
        "a class called Exp: right",
        "names that collide: refused: names: a and b are both called h",
        "keyword arguments and a mask of booleans: right",
        "an LSTM: right",
        "a misspelt name: refused: names: aa is no module and no parameter; a is one",
    ] {
        assert!(FAULTS.lines().any(|line| line.starts_with(row)), "{row}");
    }
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ports/faults.py");
    let names = [std::env::var("WENGERT_PYTHON").unwrap_or_default(), "python3".to_owned()];
    let has = |python: &&String| {
        let asked = std::process::Command::new(python).args(["-c", "import torch"]).output();
        !python.is_empty() && asked.is_ok_and(|output| output.status.success())
    };
    let Some(python) = names.iter().find(has) else {
        println!("skipped: the script is not run, since no Python here has PyTorch");
        return;
    };
    let said = std::process::Command::new(python).arg(script).output().expect("it runs");
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(said.status.success(), "{text}{}", String::from_utf8_lossy(&said.stderr));
    assert_eq!(text, FAULTS);
}

#[test]
fn a_mixed_module_reads_and_is_shown() {
    let trace = Trace::from_json(MIXED).expect("the script writes traces");
    let adjoint = |path: &str| trace.adjoint(trace.slot(path).expect(path)).to_string();
    assert_eq!(adjoint("unread[0]"), "no path");
    assert_eq!(adjoint("cut/weight[0, 1]"), "no path");
    assert_eq!(adjoint("first/weight[0, 0]"), "NaN");
    assert_eq!(trace.value(trace.slot("x[1, 0]").unwrap()), f64::INFINITY);
    // A module that is called twice, and a class without an op of that name.
    assert!(trace.find("tanh#2").is_some());
    let table = Table::new(&trace).to_string();
    assert!(table.contains("nn.GELU [2, 3]") && table.contains("nn.LayerNorm [2, 3]"), "{table}");
    // Known ops are explained: the adjoint is the sum of its contributions, in f32.
    let slot = trace.slot("last/bias[1]").unwrap();
    let (sum, own) = (trace.ledger(slot).sum(), trace.adjoint(slot).number().unwrap());
    assert!(Tolerance::relative(1e-6).accepts(sum, own), "{sum} {own}");
    assert!(LedgerText::new(&trace).to_string().contains("last/bias[1]: adjoint"));
    // A module of its own kind states its derivatives, so it is explained too.
    let ledgers = LedgerText::new(&trace).of(&["act[0, 0]"]).to_string();
    assert!(
        ledgers.contains("act[0, 0]: adjoint -0.02524983883 = sum of 3 contributions"),
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
    broken("\"version\": 2", "\"version\": 3");
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

/// What docs/trace.md shows of the form, and docs/ports.md of a diff.
#[test]
fn the_documents_show_what_is_so() {
    let block = |document: &'static str, language: &str| -> &'static str {
        let start = document.split_once(&format!("```{language}\n")).expect("an example").1;
        start.split_once("```").expect("it ends").0
    };
    let json = block(include_str!("../docs/trace.md"), "json");
    let trace = Trace::from_json(json).expect("the example is a trace");
    assert_eq!(trace.loss(), trace.slot("L"));
    assert_eq!(schema::check(&the_schema(), &serde_json::from_str(json).unwrap()), Ok(()));
    let ours = port(|z| z.tanh(), half);
    let theirs = pytorch();
    let text = Diff::new(&ours, &theirs).titles("in the port", "in PyTorch").headline();
    // The column of the source line is left to the document.
    let without_place = |text: &str| -> Vec<String> {
        text.lines().map(|line| line.split(", at ").next().unwrap_or("").to_owned()).collect()
    };
    let shown = block(include_str!("../docs/ports.md"), "text");
    assert_eq!(without_place(&text), without_place(shown), "{text}");
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
