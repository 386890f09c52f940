//! The tape as text: one line a node.

use std::fmt;

use super::{Node, Tape};
use crate::attributes::Attributes;
use crate::error::NodeId;
use crate::op::{Leaf, Op};
use crate::real::Scalar;

/// One line a node: id, path, op with operands, value. Constants stand where they are used, and
/// runs show their first numbers.
///
/// # Examples
///
/// ```
/// let tape = wengert::Tape::new();
/// let x = tape.input(3.0).named("x");
/// let y = (x * x + 1.0).named("y");
/// assert_eq!(tape.to_string(), "\
/// v0  x      input      3
/// v1  mul#1  mul x x    9
/// v3  y      add v1 1   10
/// ");
/// # let _ = y;
/// ```
impl<S: Scalar> fmt::Display for Tape<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths = self.paths();
        let rows: Vec<[String; 4]> = self
            .nodes()
            .filter(|node| !(node.op == Op::Leaf(Leaf::Const) && node.shape.is_scalar()))
            .map(|node| {
                [
                    node.id.to_string(),
                    paths[node.index].clone(),
                    self.formula(&node),
                    self.numbers(&node),
                ]
            })
            .collect();
        let width =
            |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let [ids, names, formulas] = [width(0), width(1), width(2)];
        for [id, path, formula, numbers] in &rows {
            writeln!(f, "{id:ids$}  {path:names$}  {formula:formulas$}   {numbers}")?;
        }
        Ok(())
    }
}

impl<S: Scalar> Tape<S> {
    /// `mul x v3`: the op and what it reads.
    pub(crate) fn formula(&self, node: &Node) -> String {
        let mut text = node.op_name().to_owned();
        match &node.attributes {
            Attributes::Axes(axes) => text += &format!(" axes {axes:?}"),
            Attributes::Scan(scan) => text += &format!(" {} steps", scan.steps),
            _ => {}
        }
        for edge in &node.operands {
            text += " ";
            let leaf = self
                .node(edge.start)
                .filter(|node| node.op == Op::Leaf(Leaf::Const) && node.shape.is_scalar());
            match leaf {
                Some(_) if edge.layout.shape().is_scalar() => {
                    text += &self.value_at(edge.start).to_f64().to_string()
                }
                _ => text += &self.edge_label(edge),
            }
        }
        if !node.shape.is_scalar() {
            text += &format!(" -> {}", node.shape);
        }
        text
    }

    /// What a reader calls an operand: its path, else its first slot, with the stride where it is
    /// not a plain run.
    fn edge_label(&self, edge: &super::Edge) -> String {
        let named = self
            .names()
            .into_iter()
            .find(|name| name.start == edge.start && name.layout == edge.layout);
        if let Some(name) = named {
            return name.path;
        }
        if edge.layout.shape().is_scalar() {
            return self.label(edge.start);
        }
        let last = edge.slots().max().unwrap_or(edge.start.slot());
        let by = if edge.layout.is_contiguous() {
            String::new()
        } else {
            format!(" by {:?}", edge.layout.strides())
        };
        format!("{}..{}{by}", edge.start, NodeId(last as u32))
    }

    fn numbers(&self, node: &Node) -> String {
        const SHOWN: usize = 6;
        let slots = node.slots();
        let values = slots
            .clone()
            .take(SHOWN)
            .map(|slot| self.value_at(NodeId(slot as u32)).to_f64().to_string());
        let text = values.collect::<Vec<_>>().join(", ");
        match (node.shape.is_scalar(), slots.len() > SHOWN) {
            (true, _) => text,
            (false, false) => format!("[{text}]"),
            (false, true) => format!("[{text}, ... {} more]", slots.len() - SHOWN),
        }
    }
}
