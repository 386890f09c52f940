//! The tape as text: one line a node.

use std::collections::HashMap;
use std::fmt;

use super::nodes::{place_in, subscript};
use super::{Edge, NameInfo, Node, Tape};
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
        let (paths, called) = (self.paths(), Called::new(self, self.nodes()));
        let rows: Vec<[String; 4]> = self
            .nodes()
            .filter(|node| !(node.op == Op::Leaf(Leaf::Const) && node.shape.is_scalar()))
            .map(|node| {
                [
                    node.id.to_string(),
                    paths[node.index].clone(),
                    self.formula_by(&called, &node),
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
        self.formula_by(&Called::new(self, std::iter::once(node.clone())), node)
    }

    fn formula_by(&self, called: &Called, node: &Node) -> String {
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
                _ => text += &called.operand(edge),
            }
        }
        if !node.shape.is_scalar() {
            text += &format!(" -> {}", node.shape);
        }
        text
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

/// What operands are called, found in one walk over the names, so that a listing of n lines does
/// not go through them n times.
struct Called {
    names: HashMap<NodeId, Vec<NameInfo>>,
    /// Elements of named runs.
    elements: HashMap<NodeId, String>,
}

impl Called {
    /// For the operands of some nodes.
    fn new<S: Scalar>(tape: &Tape<S>, nodes: impl Iterator<Item = Node>) -> Self {
        let (mut names, mut runs) = (HashMap::new(), Vec::new());
        for name in tape.names() {
            if !name.layout.shape().is_scalar() {
                runs.push(name.clone());
            }
            names.entry(name.start).or_insert_with(Vec::new).push(name);
        }
        let numbers = nodes.flat_map(|node| node.operands).filter(|edge| edge.layout.len() == 1);
        let mut read: Vec<usize> = numbers.map(|edge| edge.start.slot()).collect();
        read.sort_unstable();
        read.dedup();
        // The smallest run that holds it gives an element its name, of equal ones the first: the
        // others are written before it.
        runs.sort_by_key(|run| run.layout.len());
        let mut elements = HashMap::new();
        for run in runs.iter().rev() {
            let start = run.start.slot();
            let first = read.partition_point(|&slot| slot < start);
            let inside =
                read[first..].iter().take_while(|&&s| s <= start + run.layout.last_offset());
            for &slot in inside {
                if let Some(i) = place_in(&run.layout, slot - start) {
                    let element = format!("{}{}", run.path, subscript(i, run.layout.dims()));
                    elements.insert(NodeId(slot as u32), element);
                }
            }
        }
        Called { names, elements }
    }

    /// What a reader calls an operand: its path, else its first slot, with the stride where it is
    /// not a plain run.
    fn operand(&self, edge: &Edge) -> String {
        let here = self.names.get(&edge.start).map_or(&[][..], Vec::as_slice);
        if let Some(name) = here.iter().find(|name| name.layout == edge.layout) {
            return name.path.clone();
        }
        if edge.layout.shape().is_scalar() {
            let element = self.elements.get(&edge.start);
            return element.map_or_else(|| edge.start.to_string(), String::clone);
        }
        let last = edge.slots().max().unwrap_or(edge.start.slot());
        let by = if edge.layout.is_contiguous() {
            String::new()
        } else {
            format!(" by {:?}", edge.layout.strides())
        };
        format!("{}..{}{by}", edge.start, NodeId(last as u32))
    }
}
