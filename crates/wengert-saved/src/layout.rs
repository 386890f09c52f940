//! The text of a file: JSON with a line for each node, so that people read it and `diff` compares it.

use std::fmt::Write;

use serde::Serialize;

use crate::form::File;

/// A value as JSON on one line.
fn line(value: &impl Serialize) -> String {
    match serde_json::to_string(value) {
        Ok(json) => json,
        Err(error) => unreachable!("numbers and texts can be written: {error}"),
    }
}

pub(crate) fn text(file: &File<'_>) -> String {
    let File { wengert, version, number, asked, tape } = file;
    let mut text = format!(
        "{{\"wengert\":{},\"version\":{version},\"number\":{},\n",
        line(wengert),
        line(number)
    );
    if let Some(asked) = asked {
        let _ = writeln!(text, "\"asked\":{},", line(asked));
    }
    let _ = writeln!(text, "\"tape\":{{\"numerics\":{},", line(&tape.numerics));
    let mut list = |name: &str, lines: Vec<String>| {
        if !lines.is_empty() || name == "nodes" {
            let _ = writeln!(text, "\"{name}\":[\n{}\n],", lines.join(",\n"));
        }
    };
    list("bodies", tape.bodies.iter().map(line).collect());
    list("names", tape.names.iter().map(line).collect());
    list("scopes", tape.scopes.iter().map(line).collect());
    list("guards", tape.guards.iter().map(line).collect());
    list("nodes", tape.nodes.iter().map(line).collect());
    text.truncate(text.trim_end_matches([',', '\n']).len());
    text.push_str("}}\n");
    text
}
