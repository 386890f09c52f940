//! What stands in a box of the SVG and of the page, and how large it is.

use super::Picture;
use super::Scene;
use super::boxes::{Boxes, Vertex};
use super::scopes::{Group, Item};

/// The advance of a monospaced character at 12 and at 11 pixels: 0.6 em and a little, so that texts
/// fit in wider fonts too.
const NAME_ADVANCE: f64 = 7.4;
pub(crate) const TEXT_ADVANCE: f64 = 6.8;
pub(crate) const LINE: f64 = 15.0;
/// Where the first line of a box stands, from its top.
pub(crate) const FIRST_LINE: f64 = 16.0;
pub(crate) const INSET: f64 = 10.0;
const NAME_MOST: usize = 32;
const TEXT_MOST: usize = 36;

/// The texts of a box: a name, the op beside it, and lines below.
#[derive(Clone, Debug)]
pub(crate) struct Label {
    pub(crate) name: String,
    pub(crate) op: String,
    pub(crate) lines: Vec<Line>,
    pub(crate) kind: &'static str,
}

/// A line with its style and, if it is of one number or run, the vertex.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) style: &'static str,
    pub(crate) text: String,
    pub(crate) of: Option<usize>,
}

impl Line {
    fn summary(text: String) -> Self {
        Line { style: "summary", text, of: None }
    }
}

impl Label {
    pub(crate) fn of(options: &Picture<'_>, scene: &Scene, item: Item) -> Self {
        match item {
            Item::Vertex(vertex) if scene.boxes.vertices[vertex].holds > 0 => {
                let vertex = &scene.boxes.vertices[vertex];
                let mut lines: Vec<_> =
                    wrapped(&vertex.formula).into_iter().map(Line::summary).collect();
                lines.push(Line::summary(format!("{} nodes, left out here", vertex.holds)));
                Label {
                    name: shortened(&vertex.name, NAME_MOST),
                    op: String::new(),
                    lines,
                    kind: "left",
                }
            }
            Item::Vertex(index) => {
                let (trace, vertex) = (options.trace, &scene.boxes.vertices[index]);
                let mut lines = Vec::new();
                let mut line = |style, text: String| {
                    lines.push(Line { style, text, of: Some(index) });
                };
                if options.values {
                    line("value", shortened(&vertex.values(trace, options.digits), TEXT_MOST));
                }
                if options.adjoints {
                    let adjoints = vertex.adjoints(trace, options.digits);
                    line("adjoint", format!("∂ {}", shortened(&adjoints, TEXT_MOST)));
                    if options.has_delta(vertex) {
                        let deltas = vertex.deltas(trace, options.digits);
                        line("delta", format!("δ {}", shortened(&deltas, TEXT_MOST)));
                    }
                }
                let (name, op) = names(options, vertex);
                Label { name, op, lines, kind: vertex.kind(trace) }
            }
            Item::Group(group) => {
                let Group { title, summary, vertices, .. } = &scene.scopes.groups[group];
                let mut lines = outlets(options, scene, group);
                if lines.is_empty() {
                    lines = wrapped(summary).into_iter().map(Line::summary).collect();
                    lines.push(Line::summary(format!("{vertices} nodes")));
                }
                Label { name: shortened(title, NAME_MOST), op: String::new(), lines, kind: "group" }
            }
        }
    }

    /// Width and height, in pixels.
    pub(crate) fn size(&self) -> (f64, f64) {
        let length = |text: &str| text.chars().count() as f64;
        let op = if self.op.is_empty() { 0.0 } else { 16.0 + length(&self.op) * TEXT_ADVANCE };
        // A closed scope has a mark beside its name.
        let mark = if self.kind == "group" { 18.0 } else { 0.0 };
        let first = length(&self.name) * NAME_ADVANCE + op + mark;
        let others = self.lines.iter().map(|line| length(&line.text) * TEXT_ADVANCE);
        let width = others.fold(first, f64::max) + 2.0 * INSET;
        (width.ceil().max(64.0), LINE * (1 + self.lines.len()) as f64 + 9.0)
    }
}

/// A vertex's name, and what it is computed by.
fn names(options: &Picture<'_>, vertex: &Vertex) -> (String, String) {
    let shown = if options.paper { vertex.known_as(options.trace) } else { &vertex.name };
    let op = match (&vertex.on_paper, options.paper) {
        // The formula is the name already.
        (Some(formula), true) if formula == shown => "",
        (Some(formula), true) => formula,
        _ => &vertex.formula,
    };
    (shortened(shown, NAME_MOST), shortened(op, NAME_MOST))
}

/// What a small closed scope passes on, and its deltas: a neuron by its output and its δ.
fn outlets(options: &Picture<'_>, scene: &Scene, group: usize) -> Vec<Line> {
    const SMALL: usize = 8;
    const LINES: usize = 4;
    let Scene { boxes, scopes, .. } = scene;
    if !options.values || scopes.groups[group].vertices > SMALL {
        return Vec::new();
    }
    let within = |vertex: usize| {
        let around =
            std::iter::successors(Some(scopes.of_vertex[vertex]), |&of| scopes.groups[of].parent);
        around.into_iter().any(|of| of == group)
    };
    let mut lines = Vec::new();
    for (index, vertex) in boxes.vertices.iter().enumerate().filter(|&(index, _)| within(index)) {
        if vertex.holds > 0 {
            continue;
        }
        let mut readers = boxes.wires.iter().filter(|wire| wire.from == index).peekable();
        let name = names(options, vertex).0;
        if readers.peek().is_none() || readers.any(|wire| !within(wire.to)) {
            let text = format!("{name} {}", vertex.values(options.trace, options.digits));
            lines.push(Line { style: "value", text: shortened(&text, TEXT_MOST), of: Some(index) });
        }
        if options.adjoints && options.has_delta(vertex) {
            let text = format!("δ {}", vertex.deltas(options.trace, options.digits));
            lines.push(Line { style: "delta", text: shortened(&text, TEXT_MOST), of: Some(index) });
        }
    }
    if lines.len() > LINES { Vec::new() } else { lines }
}

/// The width of the widest label of an arrow; 0 without labels.
pub(crate) fn room_for_labels(options: &Picture<'_>, boxes: &Boxes) -> f64 {
    if !options.partials {
        return 0.0;
    }
    let labels = boxes.wires.iter().filter_map(|wire| wire.label(options.digits));
    let longest = labels.map(|label| label.chars().count()).max().unwrap_or(0).max(4);
    (longest as f64 * TEXT_ADVANCE).ceil()
}

fn shortened(text: &str, most: usize) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().count() <= most {
        return text;
    }
    let start: String = text.chars().take(most - 1).collect();
    format!("{start}…")
}

/// Lines of a summary, broken after commas.
fn wrapped(text: &str) -> Vec<String> {
    const WIDE: usize = 28;
    let mut lines: Vec<String> = Vec::new();
    for part in text.split_inclusive(", ") {
        match lines.last_mut() {
            Some(line) if line.chars().count() + part.trim_end().chars().count() <= WIDE => {
                *line += part
            }
            _ => lines.push(part.to_owned()),
        }
    }
    lines.into_iter().map(|line| shortened(line.trim_end(), TEXT_MOST)).collect()
}
