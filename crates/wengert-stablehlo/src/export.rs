//! What is asked of an export, and how the tape's list becomes lines.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::rc::Rc;

use wengert_ops::op::{Leaf, Op};
use wengert_ops::real::Real;
use wengert_ops::shape::{Layout, Shape};
use wengert_tape::{Node, Place, Scalar, Tape, Var};

use crate::algebra::structural;
use crate::error::Error;
use crate::module::{Argument, Module, Outcome};
use crate::moves::concat;
use crate::reductions::sum_of_rows;
use crate::text;
use crate::val::Val;
use crate::views;
use crate::writer::{Form, Writer, literal, nested};

/// The numbers of a tape that can be exported: `f64` and `f32`.
pub trait Element: Scalar {
    /// The type's name.
    const NAME: &'static str;
}

impl Element for f64 {
    const NAME: &'static str = "f64";
}

impl Element for f32 {
    const NAME: &'static str = "f32";
}

/// Elements of the tape: a first slot, and where they lie from there.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Window {
    start: usize,
    layout: Layout,
}

struct Asked {
    name: String,
    window: Window,
    /// The first slot of the leaf whose next value it is.
    updates: Option<usize>,
}

/// Says what of a tape shall be computed; [`module`](Export::module) writes it.
///
/// # Examples
///
/// A step of gradient descent: the gradient is recorded, so it is nodes like all others.
///
/// ```
/// use wengert::Tape;
/// use wengert_stablehlo::Export;
///
/// let tape = Tape::new();
/// let (x, w) = (tape.data([1.0, 2.0]).named("x"), tape.param([0.5, -0.25]).named("w"));
/// let loss = (w.dot(x) - 1.0).square();
/// let gradient = loss.record_gradient(&[w])?[0].expect("w leads to the loss");
/// let next = w - 0.1 * gradient;
///
/// let mut export = Export::new(&tape);
/// export.output("loss", loss)?;
/// export.update(w, next)?;
/// let module = export.module("step")?;
/// assert!(module.text().starts_with("// StableHLO"));
/// let names: Vec<&str> = module.arguments().iter().map(|a| a.name.as_str()).collect();
/// assert_eq!(names, ["x", "w"]);
/// assert_eq!(module.arguments()[1].next, Some(1)); // its next value is result 1
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Export<'t, S: Element = f64> {
    tape: &'t Tape<S>,
    inputs: Vec<usize>,
    asked: Vec<Asked>,
    locations: bool,
    mesh: Vec<(String, usize)>,
    shardings: HashMap<usize, Vec<Option<String>>>,
    rows: usize,
    /// First slots of the leaves that differ from row to row.
    per_row: HashSet<usize>,
    /// First slots of the nodes that are summed over the rows.
    summed: HashSet<usize>,
}

impl<S: Element> fmt::Debug for Export<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Export of {:?}: {} results", self.tape, self.asked.len())
    }
}

impl<'t, S: Element> Export<'t, S> {
    /// Nothing asked for yet.
    #[must_use]
    pub fn new(tape: &'t Tape<S>) -> Self {
        Export {
            tape,
            inputs: Vec::new(),
            asked: Vec::new(),
            locations: true,
            mesh: Vec::new(),
            shardings: HashMap::new(),
            rows: 1,
            per_row: HashSet::new(),
            summed: HashSet::new(),
        }
    }

    /// Leaves the source lines of the tape's nodes out of the text.
    #[must_use]
    pub fn without_locations(mut self) -> Self {
        self.locations = false;
        self
    }

    /// Makes a whole block of inputs, parameters or data the next argument, read or not. Those that
    /// are read and were not asked for follow, in the order of the tape.
    ///
    /// # Errors
    ///
    /// [`Error::NotALeaf`]; [`Error::Tape`] for a handle of another tape.
    #[track_caller]
    pub fn input(&mut self, var: Var<'t, S>) -> Result<(), Error> {
        let leaf = self.leaf("input", var)?.id.slot();
        if !self.inputs.contains(&leaf) {
            self.inputs.push(leaf);
        }
        Ok(())
    }

    /// Asks for a value, by a name: any node or view of the tape, recorded gradients too.
    ///
    /// # Errors
    ///
    /// [`Error::Name`] if the name is taken; [`Error::Tape`].
    #[track_caller]
    pub fn output(&mut self, name: &str, var: Var<'t, S>) -> Result<(), Error> {
        self.tape.owns("output", var)?;
        self.ask(name.to_owned(), var, None)
    }

    /// Asks for the next value of a leaf: a result of the leaf's name, into whose memory a runner may
    /// put the result.
    ///
    /// # Errors
    ///
    /// [`Error::NotALeaf`], [`Error::Update`] if the shapes differ, [`Error::Name`] if the leaf has an
    /// update already; [`Error::Tape`].
    #[track_caller]
    pub fn update(&mut self, leaf: Var<'t, S>, next: Var<'t, S>) -> Result<(), Error> {
        self.tape.owns("update", next)?;
        let node = self.leaf("update", leaf)?;
        if node.shape != next.shape() {
            let (label, found) = (self.path(&node), next.shape());
            return Err(Error::Update { label, shape: node.shape, found });
        }
        self.ask(self.path(&node), next, Some(node.id.slot()))
    }

    /// Makes the module one for `count` rows: what was recorded for one row is computed for all of
    /// them. `per_row` are the leaves that differ from row to row; all others are the same for every
    /// row. What depends on a row has one more axis, the rows, in front; a result that is to have
    /// none, such as a gradient by what all rows share, is summed by [`sum_rows`](Export::sum_rows).
    ///
    /// # Errors
    ///
    /// [`Error::Rows`] if `count` is 0; [`Error::NotALeaf`]; [`Error::Tape`].
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert_stablehlo::Export;
    /// let tape = wengert::Tape::new();
    /// let (x, w) = (tape.data([1.0, 2.0]).named("x"), tape.param([0.5, -0.25]).named("w"));
    /// let loss = (w.dot(x) - 1.0).square();
    /// let gradient = loss.record_gradient(&[w])?[0].expect("w leads to the loss");
    ///
    /// let mut export = Export::new(&tape);
    /// export.rows(32, &[x])?;
    /// export.sum_rows(gradient)?;
    /// export.output("losses", loss)?;
    /// export.update(w, w - 0.1 / 32.0 * gradient)?;
    /// let module = export.module("step")?;
    /// assert_eq!(module.arguments()[0].shape.dims(), [32, 2]);
    /// assert_eq!(module.results()[0].shape.dims(), [32]);
    /// assert_eq!(module.results()[1].shape.dims(), [2]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "vmap")]
    #[track_caller]
    pub fn rows(&mut self, count: usize, per_row: &[Var<'t, S>]) -> Result<(), Error> {
        if count == 0 {
            let reason = "a module for no rows computes nothing";
            return Err(Error::Rows { label: "0".to_owned(), reason });
        }
        let leaves = per_row.iter().map(|&var| Ok(self.leaf("rows", var)?.id.slot()));
        let leaves = leaves.collect::<Result<HashSet<usize>, Error>>()?;
        (self.rows, self.per_row) = (count, leaves);
        Ok(())
    }

    /// Sums a node over the [`rows`](Export::rows), in whatever order XLA adds: from there on it is the
    /// same for all of them.
    ///
    /// # Errors
    ///
    /// [`Error::Rows`] if it is no whole node that is computed. [`module`](Export::module) refuses one
    /// that does not differ from row to row.
    #[track_caller]
    pub fn sum_rows(&mut self, var: Var<'t, S>) -> Result<(), Error> {
        self.tape.owns("sum_rows", var)?;
        let node = self.tape.node(var.id());
        let whole = node.filter(|node| {
            node.id == var.id() && node.shape.len() == var.len() && !node.op.is_leaf()
        });
        match whole {
            Some(node) if var.layout().is_contiguous() => {
                self.summed.insert(node.id.slot());
                Ok(())
            }
            _ => {
                let label = var.name().unwrap_or_else(|| self.tape.label(var.id()));
                let reason = "what is summed is a whole node that is computed";
                Err(Error::Rows { label, reason })
            }
        }
    }

    /// Lays the module out for several devices: a mesh of named axes. What is not split by
    /// [`shard`](Export::shard) is whole on every device.
    ///
    /// # Errors
    ///
    /// [`Error::Sharding`] for no axis, an axis named twice or an extent of 0.
    pub fn mesh(&mut self, axes: &[(&str, usize)]) -> Result<(), Error> {
        let fault = |reason: String| Err(Error::Sharding { label: "the mesh".to_owned(), reason });
        if axes.is_empty() {
            return fault("it has no axes".to_owned());
        }
        let mut names = HashSet::new();
        for &(name, extent) in axes {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if name.is_empty() || !name.chars().all(plain) || !names.insert(name) {
                return fault(format!("`{name}` names no new axis: letters, digits and _"));
            }
            if extent == 0 {
                return fault(format!("axis `{name}` has no devices"));
            }
        }
        self.mesh = axes.iter().map(|&(name, extent)| (name.to_owned(), extent)).collect();
        Ok(())
    }

    /// Splits a leaf over the mesh: for each of its axes the mesh's axis that it is split over. A leaf
    /// that differs from row to row has the rows as its first axis, if [`rows`](Export::rows) said so
    /// before.
    ///
    /// # Errors
    ///
    /// [`Error::Sharding`] if the mesh has no such axis, one is used twice, the leaf has another
    /// number of axes, or an extent is not a multiple of the devices; [`Error::NotALeaf`];
    /// [`Error::Tape`].
    #[track_caller]
    pub fn shard(&mut self, leaf: Var<'t, S>, axes: &[Option<&str>]) -> Result<(), Error> {
        let node = self.leaf("shard", leaf)?;
        let fault = |reason: String| Err(Error::Sharding { label: self.path(&node), reason });
        let shape = self.with_rows(&node.shape, self.per_row.contains(&node.id.slot()));
        if axes.len() != shape.rank() {
            return fault(format!("{} axes for shape {shape}", axes.len()));
        }
        for (i, (axis, &extent)) in axes.iter().zip(shape.dims()).enumerate() {
            let Some(axis) = axis else { continue };
            let Some((_, devices)) = self.mesh.iter().find(|(name, _)| name == axis) else {
                return fault(format!("the mesh has no axis `{axis}`"));
            };
            if axes[..i].contains(&Some(axis)) {
                return fault(format!("axis `{axis}` is used twice"));
            }
            if extent % devices != 0 {
                return fault(format!("{extent} elements are not split evenly over {devices}"));
            }
        }
        let axes = axes.iter().map(|axis| axis.map(str::to_owned)).collect();
        self.shardings.insert(node.id.slot(), axes);
        Ok(())
    }

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

    fn leaf(&self, of: &'static str, var: Var<'t, S>) -> Result<Node, Error> {
        self.tape.owns(of, var)?;
        let fault = |reason| {
            let label = var.name().unwrap_or_else(|| self.tape.label(var.id()));
            Err(Error::NotALeaf { of, label, reason })
        };
        let Some(node) = self.tape.node(var.id()) else {
            return fault("it is not on the tape");
        };
        match node.op {
            Op::Leaf(Leaf::Const) => fault("a constant is no argument"),
            Op::Leaf(_) if node.id != var.id() || node.shape != var.shape() => {
                fault("it is a part of a block, and an argument is all of it")
            }
            Op::Leaf(_) if !var.layout().is_contiguous() => {
                fault("its elements stand in another order than the block's")
            }
            Op::Leaf(_) => Ok(node),
            _ => fault("it is computed, and an argument is an input, a parameter or data"),
        }
    }

    fn ask(&mut self, name: String, var: Var<'t, S>, updates: Option<usize>) -> Result<(), Error> {
        if self.asked.iter().any(|asked| asked.name == name) {
            return Err(Error::Name { name });
        }
        let window = Window { start: var.id().slot(), layout: var.layout() };
        self.asked.push(Asked { name, window, updates });
        Ok(())
    }

    fn path(&self, node: &Node) -> String {
        self.tape.paths().swap_remove(node.index)
    }

    /// A shape with the rows in front, if there are any.
    fn with_rows(&self, shape: &Shape, rows: bool) -> Shape {
        let rows = rows.then_some(self.rows);
        let dims: Vec<usize> = rows.into_iter().chain(shape.dims().iter().copied()).collect();
        Shape::from(dims)
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
        let numbers: Vec<f64> = node
            .slots()
            .map(|slot| self.tape.value_at(wengert_tape::NodeId::at(slot as u32)).to_f64())
            .collect();
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
