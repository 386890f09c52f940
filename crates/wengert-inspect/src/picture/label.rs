//! What stands in a box of the SVG and of the page, and how large it is.

use super::Picture;
use super::Scene;
use super::boxes::Boxes;
use super::scopes::{Group, Item};

/// The advance of a monospaced character at 12 and at 11 pixels: 0.6 em and a little, so that texts
/// fit in wider fonts too.
const NAME_ADVANCE: f64 = 7.4;
const TEXT_ADVANCE: f64 = 6.8;
/// At 10 pixels, for the labels of arrows.
const LABEL_ADVANCE: f64 = 6.2;
pub(crate) const LINE: f64 = 16.0;
pub(crate) const INSET: f64 = 10.0;
const NAME_MOST: usize = 32;
const TEXT_MOST: usize = 36;

/// The texts of a box: a name, the op beside it, and lines below, each with its style.
#[derive(Clone, Debug)]
pub(crate) struct Label {
    pub(crate) name: String,
    pub(crate) op: String,
    pub(crate) lines: Vec<(&'static str, String)>,
    pub(crate) kind: &'static str,
}

impl Label {
    pub(crate) fn of(options: &Picture<'_>, scene: &Scene, item: Item) -> Self {
        match item {
            Item::Vertex(vertex) if scene.boxes.vertices[vertex].holds > 0 => {
                let vertex = &scene.boxes.vertices[vertex];
                let mut lines: Vec<_> =
                    wrapped(&vertex.formula).into_iter().map(|line| ("summary", line)).collect();
                lines.push(("summary", format!("{} nodes, left out here", vertex.holds)));
                Label {
                    name: shortened(&vertex.name, NAME_MOST),
                    op: String::new(),
                    lines,
                    kind: "left",
                }
            }
            Item::Vertex(vertex) => {
                let (trace, vertex) = (options.trace, &scene.boxes.vertices[vertex]);
                let mut lines = Vec::new();
                if options.values {
                    lines.push((
                        "value",
                        shortened(&vertex.values(trace, options.digits), TEXT_MOST),
                    ));
                }
                if options.adjoints {
                    let adjoints = vertex.adjoints(trace, options.digits);
                    lines.push(("adjoint", format!("∂ {}", shortened(&adjoints, TEXT_MOST))));
                    if options.has_delta(vertex) {
                        let deltas = vertex.deltas(trace, options.digits);
                        lines.push(("delta", format!("δ {}", shortened(&deltas, TEXT_MOST))));
                    }
                }
                let name = shortened(&vertex.name, NAME_MOST);
                Label {
                    name,
                    op: shortened(&vertex.formula, NAME_MOST),
                    lines,
                    kind: vertex.kind(trace),
                }
            }
            Item::Group(group) => {
                let Group { title, summary, vertices, .. } = &scene.scopes.groups[group];
                let mut lines: Vec<_> =
                    wrapped(summary).into_iter().map(|line| ("summary", line)).collect();
                lines.push(("summary", format!("{vertices} nodes")));
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
        let others = self.lines.iter().map(|(_, text)| length(text) * TEXT_ADVANCE);
        let width = others.fold(first, f64::max) + 2.0 * INSET;
        (width.ceil().max(64.0), LINE * (1 + self.lines.len()) as f64 + 14.0)
    }
}

/// The room that the labels of arrows need between columns.
pub(crate) fn room_for_labels(options: &Picture<'_>, boxes: &Boxes) -> f64 {
    if !options.partials {
        return 0.0;
    }
    let labels = boxes.wires.iter().filter_map(|wire| wire.label(options.digits));
    let longest = labels.map(|label| label.chars().count()).max().unwrap_or(0).max(4);
    (longest as f64 * LABEL_ADVANCE).ceil()
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
