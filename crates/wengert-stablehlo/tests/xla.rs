//! Modules run by XLA's CPU, by `run.py`.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock};

use serde_json::{Value, json};
use wengert::{Shape, Tape};
use wengert_stablehlo::{Element, Module};

/// How many devices are simulated.
const DEVICES: usize = 4;

struct Runner {
    _child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    folder: tempfile::TempDir,
    count: usize,
}

fn runner() -> Option<&'static Mutex<Runner>> {
    static RUNNER: OnceLock<Option<Mutex<Runner>>> = OnceLock::new();
    let start = || {
        let Ok(python) = std::env::var("WENGERT_PYTHON") else {
            // Not captured by the test runner: a reader shall see it.
            let _ = writeln!(
                std::io::stderr(),
                "skipped: modules are not run, since WENGERT_PYTHON names no Python with jaxlib"
            );
            return None;
        };
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/run.py");
        let mut child = Command::new(&python)
            .arg(script)
            .env("WENGERT_DEVICES", DEVICES.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("WENGERT_PYTHON={python}: {error}"));
        let input = child.stdin.take().expect("it is a pipe");
        let output = BufReader::new(child.stdout.take().expect("it is a pipe"));
        let folder = tempfile::tempdir().expect("a folder");
        Some(Mutex::new(Runner { _child: child, input, output, folder, count: 0 }))
    };
    RUNNER.get_or_init(start).as_ref()
}

/// A result's shape and numbers.
pub(crate) type Result = (Shape, Vec<f64>);

/// The results of a module at the numbers of a tape; `None` where nothing can run it.
///
/// # Panics
///
/// If XLA refuses the module.
pub(crate) fn run<S: Element>(tape: &Tape<S>, module: &Module) -> Option<Vec<Result>> {
    let values = tape.all_values();
    let arguments = module.arguments().iter();
    let numbers = arguments.map(|a| values[a.slots.clone()].iter().map(|v| v.to_f64()).collect());
    run_at(module, &numbers.collect::<Vec<_>>())
}

/// The results of a module at these numbers.
pub(crate) fn run_at(module: &Module, numbers: &[Vec<f64>]) -> Option<Vec<Result>> {
    let answer = ask(module, numbers)?;
    let Some(results) = answer["results"].as_array() else {
        panic!("{}\n{module}", answer["error"].as_str().unwrap_or("no answer"));
    };
    let number = |value: &Value| match value.as_str() {
        Some(text) => text.parse().expect("a number"),
        None => value.as_f64().expect("a number"),
    };
    let result = |result: &Value| {
        let list = |key: &str| result[key].as_array().expect("a list").clone();
        let dims: Vec<usize> =
            list("shape").iter().map(|n| n.as_u64().expect("an extent") as usize).collect();
        (Shape::from(dims), list("values").iter().map(number).collect())
    };
    let results: Vec<Result> = results.iter().map(result).collect();
    assert_eq!(results.len(), module.results().len());
    for (result, wanted) in results.iter().zip(module.results()) {
        assert_eq!(result.0, wanted.shape, "{}", wanted.name);
    }
    Some(results)
}

fn ask(module: &Module, numbers: &[Vec<f64>]) -> Option<Value> {
    let mut runner = runner()?.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    runner.count += 1;
    let file = runner.folder.path().join(format!("{}.mlir", runner.count));
    std::fs::write(&file, module.text()).expect("the file is written");
    let plain = |&number: &f64| match number.is_finite() {
        true => json!(number),
        false => json!(number.to_string()),
    };
    let arguments: Vec<Value> = module
        .arguments()
        .iter()
        .zip(numbers)
        .map(|(argument, numbers)| {
            let values: Vec<Value> = numbers.iter().map(plain).collect();
            json!({
                "type": module.element(),
                "shape": argument.shape.dims(),
                "values": values,
                "split": argument.sharding,
            })
        })
        .collect();
    let job = json!({
        "file": file,
        "devices": module.devices(),
        "mesh": module.mesh(),
        "arguments": arguments,
    });
    writeln!(runner.input, "{job}").expect("the process takes jobs");
    let mut line = String::new();
    runner.output.read_line(&mut line).expect("the process answers");
    Some(serde_json::from_str(&line).unwrap_or_else(|_| panic!("no answer: {line:?}\n{module}")))
}

/// The largest difference of two lists, relative to the larger of a number and `floor`.
pub(crate) fn difference(found: &[f64], wanted: &[f64], floor: f64) -> f64 {
    assert_eq!(found.len(), wanted.len());
    let off = |(a, b): (&f64, &f64)| {
        if a == b || (a.is_nan() && b.is_nan()) { 0.0 } else { (a - b).abs() / b.abs().max(floor) }
    };
    let pairs = found.iter().zip(wanted).map(off);
    pairs.fold(0.0, |largest, next| if next > largest || next.is_nan() { next } else { largest })
}
