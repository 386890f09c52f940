//! The picture in Mermaid's language.

use std::fmt::{self, Write};

use super::scopes::Item;
use super::{CROWD, Picture, Scene, visible};

/// The most edges that Mermaid draws unless configured otherwise: `maxEdges`.
const MOST_EDGES: usize = 500;
/// The longest text that it reads: `maxTextSize`, in characters.
const MOST_CHARACTERS: usize = 50_000;

/// A picture as a Mermaid flowchart, through `Display`; see [`Picture::mermaid`].
///
/// Stays under Mermaid's limits, 500 edges and 50,000 characters: past them, scopes collapse until
/// it does, those that the caller opened among them, and a comment says so.
#[derive(Clone, Copy, Debug)]
pub struct Mermaid<'a> {
    pub(super) options: &'a Picture<'a>,
}

impl Mermaid<'_> {
    fn write(&self, scene: &Scene, collapsed: bool) -> Option<String> {
        let mut text = "flowchart LR\n".to_owned();
        if collapsed {
            text += "  %% collapsed to stay under the limits of Mermaid, 500 edges and 50000 characters\n";
        }
        self.group(&mut text, scene, 0, 1);
        let arrows = visible::arrows(&scene.boxes, &scene.scopes, &scene.open);
        for arrow in &arrows {
            let line = if arrow.cut { "-.->" } else { "-->" };
            let label =
                match (self.options.partials, arrow.label(&scene.boxes, self.options.digits, true))
                {
                    (true, Some(label)) => format!("|\"{}\"|", escaped(&label)),
                    _ => String::new(),
                };
            let (from, to) = (self.id(scene, arrow.from), self.id(scene, arrow.to));
            text += &format!("  {from} {line}{label} {to}\n");
        }
        (arrows.len() <= MOST_EDGES && text.chars().count() <= MOST_CHARACTERS).then_some(text)
    }

    fn id(&self, scene: &Scene, item: Item) -> String {
        match item {
            Item::Vertex(vertex) => scene.boxes.vertices[vertex].slots[0].to_string(),
            Item::Group(group) => format!("s{group}"),
        }
    }

    fn group(&self, text: &mut String, scene: &Scene, group: usize, depth: usize) {
        let pad = "  ".repeat(depth);
        for &item in &scene.scopes.groups[group].items {
            let id = self.id(scene, item);
            match item {
                Item::Group(inner) => {
                    let of = &scene.scopes.groups[inner];
                    if scene.open[inner] {
                        *text += &format!("{pad}subgraph {id}[\"{}\"]\n", escaped(&of.path));
                        self.group(text, scene, inner, depth + 1);
                        *text += &format!("{pad}end\n");
                    } else {
                        *text += &format!(
                            "{pad}{id}[[\"{}<br/>{}\"]]\n",
                            escaped(&of.path),
                            escaped(&of.summary)
                        );
                    }
                }
                Item::Vertex(vertex) => {
                    let (trace, digits) = (self.options.trace, self.options.digits);
                    let vertex = &scene.boxes.vertices[vertex];
                    let mut lines = vec![escaped(&vertex.path), escaped(&vertex.formula)];
                    if self.options.values {
                        lines.push(escaped(&format!("value {}", vertex.values(trace, digits))));
                    }
                    if self.options.adjoints {
                        lines.push(escaped(&format!("adjoint {}", vertex.adjoints(trace, digits))));
                        if self.options.has_delta(vertex) {
                            lines.push(escaped(&format!("delta {}", vertex.deltas(trace, digits))));
                        }
                    }
                    *text += &format!("{pad}{id}[\"{}\"]\n", lines.join("<br/>"));
                }
            }
        }
    }
}

/// A text within quotes; Mermaid's own entities stand for what would end it or be read as markup.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => escaped += "<br/>",
            '"' | '#' | '&' | '<' | '>' | '`' | '\\' => {
                let _ = write!(escaped, "#{};", u32::from(c));
            }
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

impl fmt::Display for Mermaid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(text) = self.write(&self.options.scene(), false) {
            return f.write_str(&text);
        }
        let chosen = Picture { choices: Vec::new(), ..self.options.clone() };
        // Twenty items in each of the few open groups are within the limits whatever the wiring.
        for (limit, crowd) in [(CROWD, CROWD), (CROWD / 2, CROWD), (1, CROWD), (1, CROWD / 2)] {
            if let Some(text) = self.write(&chosen.scene_within(limit, crowd), true) {
                return f.write_str(&text);
            }
        }
        writeln!(f, "flowchart LR\n  %% left out: the names alone are longer than Mermaid reads")
    }
}
