//! The table of all nodes: what the page shows without scripts, and what its script shows of a
//! chosen node.

use std::fmt::{self, Write};

use crate::derivation::{Equations, equations};
use crate::ledger::Ledger;
use crate::picture::{Scene, Vertex, escaped};
use crate::trace::{Adjoint, Precision, Slot, Trace};

/// The fewest and the most elements of one run that are written out.
const FEWEST: usize = 2;
const MOST: usize = 64;
/// About how many numbers the table has, so that a page stays small enough to open at once.
const BUDGET: usize = 1_500;

/// The slots of each vertex that are written out.
pub(super) fn shown(scene: &Scene, whole_runs: bool) -> Vec<Vec<Slot>> {
    let vertices = &scene.boxes.vertices;
    if whole_runs {
        return vertices.iter().map(|vertex| vertex.slots.clone()).collect();
    }
    // As many elements of each run as the budget allows, when the short ones are whole.
    let fits = |most: usize| {
        vertices.iter().map(|vertex| vertex.slots.len().min(most)).sum::<usize>() <= BUDGET
    };
    let most = (FEWEST..=MOST).rev().find(|&most| fits(most)).unwrap_or(FEWEST);
    vertices.iter().map(|vertex| vertex.slots.iter().copied().take(most).collect()).collect()
}

/// A number in as many digits as tell it from every other: what a program would have to be given to
/// go on from here.
pub(super) fn exact(precision: Precision, number: f64) -> String {
    match precision {
        Precision::F64 => format!("{number:?}"),
        Precision::F32 => format!("{:?}", number as f32),
    }
}

fn adjoint(precision: Precision, adjoint: &Adjoint) -> String {
    match adjoint {
        Adjoint::Computed(number) => exact(precision, *number),
        words => escaped(&words.to_string()),
    }
}

pub(super) fn write(
    f: &mut impl Write,
    trace: &Trace,
    scene: &Scene,
    shown: &[Vec<Slot>],
    has_delta: &dyn Fn(&Vertex) -> bool,
) -> fmt::Result {
    writeln!(
        f,
        "<table class=\"nodes\"><thead><tr><th scope=\"col\">node</th><th scope=\"col\">value and adjoint</th>"
    )?;
    writeln!(
        f,
        "<th scope=\"col\">formula</th><th scope=\"col\">what was added to the adjoint</th></tr></thead><tbody>"
    )?;
    rows(f, trace, scene, shown, has_delta)?;
    writeln!(f, "</tbody></table>")
}

/// A row for each vertex.
pub(super) fn rows(
    f: &mut impl Write,
    trace: &Trace,
    scene: &Scene,
    shown: &[Vec<Slot>],
    has_delta: &dyn Fn(&Vertex) -> bool,
) -> fmt::Result {
    let slots: Vec<Slot> = shown.iter().flatten().copied().collect();
    let mut ledgers = trace.ledgers(&slots).into_iter();
    let explained = explained(trace, shown);
    let all: Vec<Slot> = explained.iter().flatten().copied().collect();
    let mut equations = equations(trace, &all).into_iter();
    for (index, (vertex, slots)) in scene.boxes.vertices.iter().zip(shown).enumerate() {
        let ledgers: Vec<Ledger> = ledgers.by_ref().take(slots.len()).collect();
        writeln!(f, "<tr id=\"n{index}\">")?;
        node(f, trace, vertex, index)?;
        if vertex.holds > 0 {
            let nodes = vertex.holds;
            writeln!(
                f,
                "<td colspan=\"3\" class=\"values\"><p class=\"left-out\">{nodes} nodes are left out of this page</p></td></tr>"
            )?;
            continue;
        }
        numbers(f, trace, vertex, slots, has_delta(vertex))?;
        let equations: Vec<Equations> = equations.by_ref().take(explained[index].len()).collect();
        formulas(f, slots, &explained[index], &equations)?;
        added(f, trace, scene, vertex, &ledgers)?;
        writeln!(f, "</tr>")?;
    }
    Ok(())
}

fn node(f: &mut impl Write, trace: &Trace, vertex: &Vertex, index: usize) -> fmt::Result {
    let place = trace.nodes()[vertex.node].place.as_deref();
    write!(
        f,
        "<th scope=\"row\" class=\"node\"><a href=\"#n{index}\"><code>{}</code></a>",
        escaped(&vertex.path)
    )?;
    write!(f, "<span class=\"op\">{}</span>", escaped(&vertex.formula))?;
    match place {
        _ if vertex.holds > 0 => {}
        Some(place) => write!(f, "<span class=\"place\">{}</span>", escaped(place))?,
        None => write!(f, "<span class=\"place\">source line not recorded</span>")?,
    }
    writeln!(f, "</th>")
}

fn numbers(
    f: &mut impl Write,
    trace: &Trace,
    vertex: &Vertex,
    shown: &[Slot],
    has_delta: bool,
) -> fmt::Result {
    let several = vertex.slots.len() > 1;
    write!(f, "<td class=\"values\"><table class=\"numbers\"><tr>")?;
    let delta = if has_delta { "<th>delta δ = −∂</th>" } else { "" };
    let element = if several { "<td></td>" } else { "" };
    write!(f, "{element}<th>value</th><th>adjoint ∂</th>{delta}</tr>")?;
    for &slot in shown {
        write!(f, "<tr data-slot=\"{}\">", slot.index())?;
        if several {
            write!(f, "<td>{}</td>", escaped(&subscript(trace, vertex, slot)))?;
        }
        let value = exact(trace.precision(), trace.value(slot));
        let words = if matches!(trace.adjoint(slot), Adjoint::Computed(_)) { "" } else { " words" };
        write!(
            f,
            "<td class=\"value\">{value}</td><td class=\"adjoint{words}\">{}</td>",
            adjoint(trace.precision(), trace.adjoint(slot))
        )?;
        if has_delta {
            let delta = adjoint(trace.precision(), &trace.adjoint(slot).delta());
            write!(f, "<td class=\"delta{words}\">{delta}</td>")?;
        }
        writeln!(f, "</tr>")?;
    }
    write!(f, "</table>")?;
    left_out(f, vertex.slots.len() - shown.len())?;
    writeln!(f, "</td>")
}

/// The element of a run, as its label has it behind the path: `[1]`.
fn subscript(trace: &Trace, vertex: &Vertex, slot: Slot) -> String {
    let label = trace.label(slot);
    label.strip_prefix(&vertex.path).unwrap_or(&label).to_owned()
}

fn left_out(f: &mut impl Write, elements: usize) -> fmt::Result {
    match elements {
        0 => Ok(()),
        1 => write!(f, "<p class=\"left-out\">1 more element is left out here</p>"),
        _ => write!(f, "<p class=\"left-out\">{elements} more elements are left out here</p>"),
    }
}

/// The numbers of each vertex whose equations are written out: first the one with the largest
/// adjoint, which is looked at first.
pub(super) fn explained(trace: &Trace, shown: &[Vec<Slot>]) -> Vec<Vec<Slot>> {
    const MOST: usize = 4;
    const BUDGET: usize = 240;
    let each = (BUDGET / shown.len().max(1)).clamp(1, MOST);
    let size = |slot: &Slot| trace.adjoint(*slot).number().map_or(0.0, f64::abs);
    let of = |slots: &Vec<Slot>| {
        let mut slots = slots.clone();
        slots.sort_by(|a, b| size(b).total_cmp(&size(a)));
        slots.truncate(each);
        slots
    };
    shown.iter().map(of).collect()
}

fn formulas(
    f: &mut impl Write,
    shown: &[Slot],
    explained: &[Slot],
    equations: &[Equations],
) -> fmt::Result {
    write!(f, "<td class=\"formulas\">")?;
    if equations.iter().any(|equation| equation.value.is_none()) {
        write!(f, "<p class=\"left-out\">given, not computed</p>")?;
    }
    for (slot, equation) in explained.iter().zip(equations) {
        write!(f, "<div class=\"of-slot\" data-slot=\"{}\">", slot.index())?;
        if let Some(value) = &equation.value {
            write!(f, "<div class=\"definition\">{value}</div>")?;
        }
        if let Some(adjoint) = &equation.adjoint {
            write!(f, "<div class=\"derivative\">{adjoint}</div>")?;
        }
        write!(f, "</div>")?;
    }
    for slot in shown.iter().filter(|slot| !explained.contains(slot)) {
        let slot = slot.index();
        write!(
            f,
            "<p class=\"of-slot left-out scripts\" data-slot=\"{slot}\">the formulas of this element are left out</p>"
        )?;
    }
    writeln!(f, "</td>")
}

fn added(
    f: &mut impl Write,
    trace: &Trace,
    scene: &Scene,
    vertex: &Vertex,
    ledgers: &[Ledger],
) -> fmt::Result {
    write!(f, "<td class=\"ledger\">")?;
    let several = vertex.slots.len() > 1;
    let lines: usize = ledgers.iter().map(|ledger| ledger.contributions().len()).sum();
    if lines > 0 || ledgers.iter().any(|ledger| ledger.seed().is_some()) {
        let noun = if lines == 1 { "contribution" } else { "contributions" };
        write!(f, "<details><summary>{lines} {noun}</summary>")?;
        for ledger in ledgers {
            one(f, trace, scene, vertex, ledger, several)?;
        }
        write!(f, "</details>")?;
    }
    writeln!(f, "</td>")
}

fn one(
    f: &mut impl Write,
    trace: &Trace,
    scene: &Scene,
    vertex: &Vertex,
    ledger: &Ledger,
    several: bool,
) -> fmt::Result {
    let number = |x: f64| exact(trace.precision(), x);
    if ledger.contributions().is_empty() && ledger.seed().is_none() {
        return Ok(());
    }
    write!(f, "<table class=\"sum of-slot\" data-slot=\"{}\"><tr><th>", ledger.slot().index())?;
    if several {
        write!(f, "{} ", escaped(&subscript(trace, vertex, ledger.slot())))?;
    }
    writeln!(f, "read by</th><th>partial</th><th>its adjoint</th><th>product</th></tr>")?;
    if let Some(seed) = ledger.seed() {
        writeln!(f, "<tr><td>seed</td><td></td><td></td><td>{}</td></tr>", number(seed))?;
    }
    for line in ledger.contributions() {
        let reader = escaped(&trace.label(line.reader));
        let reader = match scene.boxes.of_slot[line.reader.index()] {
            Some(vertex) => format!("<a href=\"#n{vertex}\">{reader}</a>"),
            None => reader,
        };
        let [partial, adjoint, product] = [line.partial, line.adjoint, line.product].map(number);
        writeln!(
            f,
            "<tr><td>{reader}</td><td>{partial}</td><td>× {adjoint}</td><td>= {product}</td></tr>"
        )?;
    }
    if ledger.contributions().len() + usize::from(ledger.seed().is_some()) > 1 {
        writeln!(
            f,
            "<tr class=\"total\"><td>sum</td><td></td><td></td><td>= {}</td></tr>",
            number(ledger.sum())
        )?;
    }
    write!(f, "</table>")
}
