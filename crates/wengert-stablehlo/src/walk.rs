//! How the tape's list becomes lines.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use wengert_ops::op::{Leaf, Op};
use wengert_ops::real::Real;
use wengert_ops::shape::Layout;
use wengert_tape::{Node, NodeId, Place};

use crate::algebra::structural;
use crate::error::Error;
use crate::export::{Element, Export, Window};
use crate::module::{Argument, Module, Outcome};
use crate::moves::concat;
use crate::reductions::sum_of_rows;
use crate::text;
use crate::val::Val;
use crate::views;
use crate::writer::{Form, Writer, literal, nested};

/// # The module
impl<S: Element> Export<'_, S> {
    /// Writes the module, with a function `main`.
    ///
    /// # Errors
    ///
    /// [`Error::Operation`] if an operation that is needed has no form in StableHLO, [`Error::Empty`]
    /// if nothing was asked for, [`Error::Rows`] if an update differs from row to row and what it
    /// updates does not, or a sum over rows is of what does not.
    pub fn module(&self, name: &str) -> Result<Module, Error> {
        if self.asked.is_empty() {
            return Err(Error::Empty);
        }
        let nodes: Vec<Node> = self.tape.nodes().collect();
        let starts: Vec<usize> = nodes.iter().map(|node| node.id.slot()).collect();
        let list = List { nodes: &nodes, starts: &starts };
        let needed = self.needed(&list);
        let writer = Writer::new(S::NAME, S::EMPTY.largest().to_f64(), self.rows);
        let paths = self.tape.paths();

        let is_argument = |node: &Node| matches!(node.op, Op::Leaf(leaf) if leaf != Leaf::Const);
        let mut leaves: Vec<usize> = self.inputs.iter().map(|&slot| list.holding(slot)).collect();
        // What is updated is an argument, though nothing may read it.
        let updated = self.asked.iter().filter_map(|asked| Some(list.holding(asked.updates?)));
        let updated: HashSet<usize> = updated.collect();
        leaves.extend((0..nodes.len()).filter(|i| {
            let wanted = needed[*i] || updated.contains(i);
            wanted && is_argument(&nodes[*i]) && !self.inputs.contains(&starts[*i])
        }));

        let mut known: HashMap<usize, Val<'_>> = HashMap::new();
        let mut arguments = Vec::with_capacity(leaves.len());
        let mut written = Vec::with_capacity(leaves.len());
        for &i in &leaves {
            let node = &nodes[i];
            let rows = self.per_row.contains(&starts[i]);
            let value = writer.value(Form { rows, ..Form::number(&node.shape) });
            writer.name(value, &paths[i]);
            known.insert(i, value);
            written.push(value);
            let slots = node.slots();
            let next = self.asked.iter().position(|asked| asked.updates == Some(slots.start));
            let (name, shape) = (paths[i].clone(), self.with_rows(&node.shape, rows));
            let sharding = self.sharding(Some(slots.start), shape.rank());
            arguments.push(Argument { name, shape, slots, next, sharding });
        }

        let mut reader = Reader { list: &list, known, views: HashMap::new() };
        for (i, node) in nodes.iter().enumerate() {
            if !needed[i] || reader.known.contains_key(&i) {
                continue;
            }
            writer.locate(self.location(node, &paths[i]));
            let mut value = self.node(&writer, &mut reader, node);
            if self.summed.contains(&starts[i]) {
                if !value.rows() {
                    let reason = "it does not differ from row to row, and has no sum over them";
                    return Err(Error::Rows { label: paths[i].clone(), reason });
                }
                value = sum_of_rows(value);
            }
            if let Some((op, reason)) = writer.refused() {
                let (label, place) = (paths[i].clone(), node.place);
                return Err(Error::Operation { op, label, place, reason });
            }
            if value.splat().is_none() {
                let label = self.tape.label(node.id);
                let own = if label == paths[i] { label } else { node.id.to_string() };
                writer.name(value, &own);
            }
            reader.known.insert(i, value);
        }
        writer.locate(None);
        let mut results = Vec::with_capacity(self.asked.len());
        let mut returned = Vec::with_capacity(self.asked.len());
        for asked in &self.asked {
            let mut value = reader.read(&asked.window);
            if let Some(slot) = asked.updates {
                match (self.per_row.contains(&slot), value.rows()) {
                    (true, _) => value = value.for_rows(),
                    (false, true) => {
                        let reason = "its update differs from row to row, and must be summed";
                        return Err(Error::Rows { label: asked.name.clone(), reason });
                    }
                    (false, false) => {}
                }
            }
            if !writer.is_named(value) && value.splat().is_none() {
                writer.name(value, &asked.name);
            }
            returned.push(value);
            let of = asked.updates.and_then(|slot| {
                arguments.iter().position(|argument| argument.slots.start == slot)
            });
            let shape = self.with_rows(asked.window.layout.shape(), value.rows());
            let sharding = self.sharding(asked.updates, shape.rank());
            results.push(Outcome { name: asked.name.clone(), shape, of, sharding });
        }
        let (written, returned): (Vec<_>, Vec<_>) = (
            written.iter().map(|value| (value.id, value.ty())).collect(),
            returned.iter().map(|value| (value.id, value.ty())).collect(),
        );
        drop(reader);
        let (lines, names) = writer.finish();
        let mut module = Module {
            text: String::new(),
            element: S::NAME,
            arguments,
            results,
            mesh: self.mesh.clone(),
        };
        module.text = text::written(name, &module, (&written, &returned), (lines, names));
        Ok(module)
    }

    fn sharding(&self, leaf: Option<usize>, rank: usize) -> Vec<Option<String>> {
        let own = leaf.and_then(|slot| self.shardings.get(&slot).cloned());
        match own {
            Some(axes) => axes,
            None if self.mesh.is_empty() => Vec::new(),
            None => vec![None; rank],
        }
    }

    /// The nodes that a result depends on.
    fn needed(&self, list: &List<'_>) -> Vec<bool> {
        let mut needed = vec![false; list.nodes.len()];
        let mark = |needed: &mut [bool], start: usize, layout: &Layout| {
            let last = list.holding(start + layout.last_offset());
            needed[list.holding(start)..=last].fill(true);
        };
        for asked in &self.asked {
            mark(&mut needed, asked.window.start, &asked.window.layout);
        }
        for i in (0..list.nodes.len()).rev() {
            if needed[i] {
                for edge in &list.nodes[i].operands {
                    mark(&mut needed, edge.start.slot(), &edge.layout);
                }
            }
        }
        needed
    }

    fn location(&self, node: &Node, path: &str) -> Option<Rc<str>> {
        let place = node.place.filter(|_| self.locations)?;
        Some(location(path, place).into())
    }

    fn node<'w>(&self, writer: &'w Writer, reader: &mut Reader<'_, 'w>, node: &Node) -> Val<'w> {
        let operands: Vec<Val<'w>> = node
            .operands
            .iter()
            .map(|edge| {
                let window = Window { start: edge.start.slot(), layout: edge.layout.clone() };
                reader.read(&window)
            })
            .collect();
        match node.op {
            Op::Leaf(_) => self.constant(writer, node),
            Op::Unary(op) => operands[0].unary(op),
            Op::Binary(op) => operands[0].binary(op, operands[1]),
            Op::Structural(op) => structural(op, &operands, &node.attributes),
        }
    }

    fn constant<'w>(&self, writer: &'w Writer, node: &Node) -> Val<'w> {
        let numbers: Vec<f64> =
            node.slots().map(|slot| self.tape.value_at(NodeId::at(slot as u32)).to_f64()).collect();
        if numbers.iter().all(|number| number.to_bits() == numbers[0].to_bits()) {
            return writer.splat(numbers[0], &node.shape);
        }
        let texts: Vec<String> = numbers.iter().map(|&number| literal(number, S::NAME)).collect();
        let form = Form::number(&node.shape);
        let (ty, list) = (writer.ty(&form), nested(&texts, node.shape.dims()));
        writer.line(form, format!("stablehlo.constant dense<{list}> : {ty}"))
    }
}

/// A node as a location of MLIR.
fn location(path: &str, place: Place) -> String {
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let (file, line, column) = (quoted(place.file()), place.line(), place.column());
    format!("loc(\"{}\"(\"{file}\":{line}:{column}))", quoted(path))
}

/// The nodes by their slots.
struct List<'a> {
    nodes: &'a [Node],
    starts: &'a [usize],
}

impl List<'_> {
    /// The node whose run holds a slot.
    fn holding(&self, slot: usize) -> usize {
        self.starts.partition_point(|&start| start <= slot) - 1
    }
}

/// What is written so far, and the views of it.
struct Reader<'a, 'w> {
    list: &'a List<'a>,
    known: HashMap<usize, Val<'w>>,
    views: HashMap<Window, Val<'w>>,
}

impl<'w> Reader<'_, 'w> {
    /// Elements of the tape: a view of the run that holds them, or of all runs that they lie in.
    fn read(&mut self, window: &Window) -> Val<'w> {
        if let Some(&known) = self.views.get(window) {
            return known;
        }
        let (from, last) = (window.start, window.start + window.layout.last_offset());
        let (first, end) = (self.list.holding(from), self.list.holding(last));
        let run = if first == end {
            self.known[&first]
        } else {
            let parts: Vec<Val<'w>> = (first..=end).map(|i| self.known[&i].flat()).collect();
            concat(&parts, 0)
        };
        let value = views::read(run, from - self.list.starts[first], &window.layout);
        self.views.insert(window.clone(), value);
        value
    }
}
