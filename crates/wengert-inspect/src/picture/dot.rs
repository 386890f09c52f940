//! The picture in Graphviz's language.

use std::fmt;

use super::scopes::{Group, Item};
use super::{Picture, Scene, visible};

/// A picture as DOT, through `Display`; see [`Picture::dot`].
///
/// Ids are paths. Labels are the records that Netron reads: it shows the op as a node's type, and
/// values and adjoints as its attributes. Nodes are declared at top level and clusters only list
/// their ids, so that readers that know no clusters, Netron among them, see every node.
#[derive(Debug)]
pub struct Dot<'a> {
    pub(super) scene: Scene,
    pub(super) options: &'a Picture<'a>,
}

impl Dot<'_> {
    fn id(&self, item: Item) -> &str {
        match item {
            Item::Vertex(vertex) => &self.scene.boxes.vertices[vertex].path,
            Item::Group(group) => &self.scene.scopes.groups[group].path,
        }
    }

    fn label(&self, item: Item) -> String {
        let options = self.options;
        let mut rows = vec![field(self.id(item))];
        match item {
            Item::Vertex(vertex) => {
                let vertex = &self.scene.boxes.vertices[vertex];
                rows.push(format!("op_code={}\\l", field(&vertex.formula)));
                let mut numbers = String::new();
                if options.values {
                    numbers += &format!(
                        "value: {}\\l",
                        field(&vertex.values(options.trace, options.digits))
                    );
                }
                if options.adjoints {
                    let adjoints = vertex.adjoints(options.trace, options.digits);
                    // Netron takes a line of two parts apart at its colon.
                    numbers +=
                        &format!("adjoint: {}\\l", field(&adjoints.replace("zero: ", "zero, ")));
                    if options.has_delta(vertex) {
                        let deltas = vertex.deltas(options.trace, options.digits);
                        numbers +=
                            &format!("delta: {}\\l", field(&deltas.replace("zero: ", "zero, ")));
                    }
                }
                rows.extend((!numbers.is_empty()).then_some(numbers));
            }
            Item::Group(group) => {
                let Group { summary, vertices, .. } = &self.scene.scopes.groups[group];
                rows.push(format!("op_code={}\\l", field(summary)));
                rows.push(format!("nodes: {vertices}\\l"));
            }
        }
        format!("\"{{{}}}\"", rows.join("|"))
    }

    /// What is seen, in the order of the trace within each scope.
    fn nodes(&self, f: &mut fmt::Formatter<'_>, group: usize) -> fmt::Result {
        for &item in &self.scene.scopes.groups[group].items {
            match item {
                Item::Group(inner) if self.scene.open[inner] => self.nodes(f, inner)?,
                Item::Group(_) => {
                    writeln!(
                        f,
                        "  {} [label={}, style=dashed];",
                        quoted(self.id(item)),
                        self.label(item)
                    )?;
                }
                Item::Vertex(_) => {
                    writeln!(f, "  {} [label={}];", quoted(self.id(item)), self.label(item))?
                }
            }
        }
        Ok(())
    }

    fn clusters(&self, f: &mut fmt::Formatter<'_>, group: usize, depth: usize) -> fmt::Result {
        let pad = "  ".repeat(depth);
        for &item in &self.scene.scopes.groups[group].items {
            match item {
                Item::Group(inner) if self.scene.open[inner] => {
                    let path = quoted(&self.scene.scopes.groups[inner].path);
                    writeln!(f, "{pad}subgraph cluster_{inner} {{\n{pad}  label={path};")?;
                    self.clusters(f, inner, depth + 1)?;
                    writeln!(f, "{pad}}}")?;
                }
                _ if group > 0 => writeln!(f, "{pad}{};", quoted(self.id(item)))?,
                _ => {}
            }
        }
        Ok(())
    }
}

/// A text as a quoted string of DOT.
fn quoted(text: &str) -> String {
    let escaped =
        text.replace('\\', "\\\\").replace('"', "\\\"").replace('\r', "").replace('\n', "\\n");
    format!("\"{escaped}\"")
}

/// A text as a field of a record, within a quoted string.
fn field(text: &str) -> String {
    let mut field = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\r' => {}
            '\n' => field += "\\n",
            '"' => field += "\\\"",
            '\\' => field += "\\\\\\\\",
            '{' | '}' | '|' | '<' | '>' => field.extend(['\\', c]),
            _ => field.push(c),
        }
    }
    field
}

impl fmt::Display for Dot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Scene { boxes, scopes, open } = &self.scene;
        writeln!(f, "digraph trace {{\n  node [shape=record, fontname=\"monospace\"];")?;
        self.nodes(f, 0)?;
        for arrow in visible::arrows(boxes, scopes, open) {
            let mut attributes = Vec::new();
            if let (true, Some(label)) =
                (self.options.partials, arrow.label(boxes, self.options.digits, true))
            {
                attributes.push(format!("label={}", quoted(&label)));
            }
            if arrow.cut {
                attributes.push("style=dashed".to_owned());
            }
            let attributes = if attributes.is_empty() {
                String::new()
            } else {
                format!(" [{}]", attributes.join(", "))
            };
            writeln!(
                f,
                "  {} -> {}{attributes};",
                quoted(self.id(arrow.from)),
                quoted(self.id(arrow.to))
            )?;
        }
        self.clusters(f, 0, 1)?;
        writeln!(f, "}}")
    }
}
