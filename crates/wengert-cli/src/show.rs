//! `wengert show`: what is in a file.

use std::io::Write;
use std::path::Path;

use wengert::Tape;
use wengert::op::{Leaf, Op};
use wengert_inspect::{Table, Trace};
use wengert_saved::{Head, Kind, LoadError, Loader, Saved, head};

use crate::error::Failure;
use crate::run::read;

pub(crate) fn show(path: &Path, brief: bool, out: &mut impl Write) -> Result<bool, Failure> {
    let text = read(path)?;
    let name = path.display().to_string();
    let shown = match head(&text) {
        Ok(head) if head.number == "f32" => saved::<f32>(&text, &head, brief),
        Ok(head) => saved::<f64>(&text, &head, brief),
        // It may be a trace.
        Err(LoadError::NotSaved) => {
            let trace = Trace::from_json(&text);
            let trace = trace.map_err(|error| Failure::Trace { path: name.clone(), error })?;
            Ok(of_trace(&trace, brief))
        }
        Err(error) => Err(error),
    };
    let shown = shown.map_err(|error| Failure::Load { path: name, error })?;
    out.write_all(shown.as_bytes()).map_err(Failure::Write)?;
    Ok(true)
}

fn saved<S: Saved>(text: &str, head: &Head, brief: bool) -> Result<String, LoadError> {
    let kind = match head.kind {
        Kind::Tape => "a tape",
        Kind::Program => "a program",
    };
    let (version, number) = (head.version, &head.number);
    let mut shown = format!("{kind} of {number}, version {version}, {} bytes\n", text.len());
    let loader = Loader::new();
    if head.kind == Kind::Program {
        let loaded = loader.program::<S>(text)?;
        shown.push_str(&format!("\nrows at a time: {}\n\ninputs\n", loaded.program.rows()));
        for info in loaded.program.inputs() {
            let fed = loaded.fed.contains(&info.label);
            let fed = if fed { "  fed after each run" } else { "" };
            let rows = if info.rows > 1 { "  of each row" } else { "" };
            shown.push_str(&format!("  {} {}{rows}{fed}\n", info.label, info.shape));
        }
        shown.push_str("\noutputs\n");
        for info in &loaded.outputs {
            let rows = if info.per_row { "  of each row" } else { "" };
            shown.push_str(&format!("  {} {}{rows}\n", info.label, info.shape));
        }
        shown.push_str(&format!("\n{}\n", loaded.program.report()));
    }
    let tape = loader.any_tape::<S>(text)?;
    shown.push_str(&format!("\n{}", size(&tape)));
    if !brief {
        shown.push_str(&format!("\n{tape}"));
    }
    Ok(shown)
}

fn size<S: Saved>(tape: &Tape<S>) -> String {
    let count = |leaf: Leaf| {
        let leaves = tape.nodes().filter(|node| node.op == Op::Leaf(leaf));
        leaves.map(|node| node.shape.len()).sum::<usize>()
    };
    format!(
        "{} nodes of {} numbers, {} of them inputs, {} parameters, {} data; {} guards; numerics {:?}\n",
        tape.len(),
        tape.slots(),
        count(Leaf::Input),
        count(Leaf::Param),
        count(Leaf::Data),
        tape.guards().len(),
        tape.numerics(),
    )
}

fn of_trace(trace: &Trace, brief: bool) -> String {
    let (nodes, numbers) = (trace.nodes().len(), trace.len());
    let version = trace.data().version;
    let mut shown = format!("a trace, version {version}: {nodes} nodes of {numbers} numbers\n");
    for output in trace.outputs() {
        let label = trace.label(trace.at(output.of));
        shown.push_str(&format!("differentiated: {label}\n"));
    }
    if !brief {
        shown.push_str(&format!("\n{}", Table::new(trace).all(true)));
    }
    shown
}
