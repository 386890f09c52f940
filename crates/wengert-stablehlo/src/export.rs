//! What is asked of an export.

use std::collections::{HashMap, HashSet};
use std::fmt;

use wengert_ops::op::{Leaf, Op};
use wengert_ops::shape::{Layout, Shape};
use wengert_tape::{Node, Scalar, Tape, Var};

use crate::error::Error;

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
pub(crate) struct Window {
    pub(crate) start: usize,
    pub(crate) layout: Layout,
}

pub(crate) struct Asked {
    pub(crate) name: String,
    pub(crate) window: Window,
    /// The first slot of the leaf whose next value it is.
    pub(crate) updates: Option<usize>,
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
    pub(crate) tape: &'t Tape<S>,
    pub(crate) inputs: Vec<usize>,
    pub(crate) asked: Vec<Asked>,
    pub(crate) locations: bool,
    pub(crate) mesh: Vec<(String, usize)>,
    pub(crate) shardings: HashMap<usize, Vec<Option<String>>>,
    pub(crate) rows: usize,
    /// First slots of the leaves that differ from row to row.
    pub(crate) per_row: HashSet<usize>,
    /// First slots of the nodes that are summed over the rows.
    pub(crate) summed: HashSet<usize>,
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
    pub(crate) fn with_rows(&self, shape: &Shape, rows: bool) -> Shape {
        let rows = rows.then_some(self.rows);
        let dims: Vec<usize> = rows.into_iter().chain(shape.dims().iter().copied()).collect();
        Shape::from(dims)
    }
}
