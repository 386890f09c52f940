//! A module as text.

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::lines::{self, Line, Names, mark};
use crate::module::Module;

/// Values by their number, with their types.
type Typed = [(u32, String)];

/// The text of a module whose lines are these.
pub(crate) fn written(
    name: &str,
    module: &Module,
    (arguments, returned): (&Typed, &Typed),
    (mut lines, mut names): (Vec<Line>, Names),
) -> String {
    let mut live: HashSet<u32> = returned.iter().map(|(id, _)| *id).collect();
    lines::prune(&mut lines, &mut live);
    let mut out = String::new();
    out.push_str("// StableHLO (of version 1.0 or later), written by Wengert.\n");
    let _ = write!(out, "module @{}", symbol(name));
    if module.mesh.is_empty() {
        out.push_str(" {\n");
    } else {
        let devices = module.devices();
        let _ = writeln!(
            out,
            " attributes {{mhlo.num_partitions = {devices} : i32, mhlo.num_replicas = 1 : i32}} {{"
        );
        let axes: Vec<String> =
            module.mesh.iter().map(|(axis, extent)| format!("\"{axis}\"={extent}")).collect();
        let _ = writeln!(out, "  sdy.mesh @mesh = <[{}]>", axes.join(", "));
    }
    out.push_str("  func.func public @main(");
    for (i, ((id, ty), argument)) in arguments.iter().zip(&module.arguments).enumerate() {
        out.push_str(if i == 0 { "\n" } else { ",\n" });
        let name = names.written(&mark(*id));
        let mut attributes = sharding(module, &argument.sharding);
        if let Some(next) = argument.next {
            attributes.push(format!("tf.aliasing_output = {next} : i32"));
        }
        let _ = write!(out, "      {name}: {ty}{}", braced(&attributes));
    }
    out.push_str(")\n      -> (");
    let last = module.results.len() - 1;
    for (i, ((_, ty), result)) in returned.iter().zip(&module.results).enumerate() {
        let attributes = braced(&sharding(module, &result.sharding));
        let end = if i == last { ")" } else { "," };
        let indent = if i == 0 { "" } else { "          " };
        let _ = writeln!(out, "{indent}{ty}{attributes}{end} // {}", one_line(&result.name));
    }
    out.push_str("  {\n");
    lines::write(&lines, &mut names, 4, &mut out);
    let values: Vec<String> = returned.iter().map(|(id, _)| names.written(&mark(*id))).collect();
    let types: Vec<&str> = returned.iter().map(|(_, ty)| ty.as_str()).collect();
    let _ = writeln!(out, "    return {} : {}", values.join(", "), types.join(", "));
    out.push_str("  }\n}\n");
    out
}

fn sharding(module: &Module, axes: &[Option<String>]) -> Vec<String> {
    if module.mesh.is_empty() {
        return Vec::new();
    }
    let each = axes.iter().map(|axis| match axis {
        Some(axis) => format!("{{\"{axis}\"}}"),
        None => "{}".to_owned(),
    });
    let each: Vec<String> = each.collect();
    vec![format!("sdy.sharding = #sdy.sharding<@mesh, [{}]>", each.join(", "))]
}

fn braced(attributes: &[String]) -> String {
    if attributes.is_empty() { String::new() } else { format!(" {{{}}}", attributes.join(", ")) }
}

/// A name for a symbol of MLIR.
fn symbol(name: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let name: String = name.chars().map(|c| if fits(c) { c } else { '_' }).collect();
    match name.chars().next() {
        Some(first) if first.is_ascii_digit() => format!("_{name}"),
        None => "main".to_owned(),
        _ => name,
    }
}

/// A name in a comment.
fn one_line(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
