//! What is asked of a compiler.

use std::sync::Arc;

use super::ids::Id;
use super::report::Pass;
use super::run::{Float, Output, ProgramId};
use crate::Numerics;
use crate::op::{Leaf, Op as TapeOp};
use crate::shape::Shape;
use crate::simd::Level;
use wengert_ops::run::View;
use wengert_tape::Error;
use wengert_tape::Tape;
use wengert_tape::Var;

/// What is asked for, in tape slots.
pub(super) enum Request {
    Value(View),
    Gradient { of: View, wrt: View, per_row: bool },
}

/// Many rows at a time.
pub(super) struct Rows {
    /// `None` if the compiler chooses.
    pub(super) count: Option<usize>,
    /// First slots of the blocks that differ from row to row.
    pub(super) blocks: Vec<u32>,
}

/// A leaf that stands for a gradient.
#[derive(Clone, Copy)]
pub(super) struct Standing {
    pub(super) of: View,
    pub(super) wrt: View,
    pub(super) leaf: View,
}

/// Says what of a tape shall be computed, and how; [`compile`](Compiler::compile) makes a
/// [`Program`](super::Program) of it.
///
/// # Examples
///
/// ```
/// use wengert::{Compiler, Tape};
///
/// let tape = Tape::new();
/// let (x, w) = (tape.data([1.0, 2.0]), tape.param([0.5, -0.25]));
/// let loss = (w.dot(x) - 1.0).square();
///
/// let mut compiler = Compiler::new(&tape);
/// let (value, gradient) = (compiler.output(loss)?, compiler.gradient(loss, w)?);
/// let program = compiler.compile()?;
///
/// let x = program.input(x)?;
/// let mut workspace = program.workspace();
/// workspace.set(x, &[2.0, 2.0])?;
/// program.run(&mut workspace)?;
/// assert_eq!(workspace.value(value), 0.25);
/// assert_eq!(workspace.values(gradient), [-2.0, -2.0]);
/// # Ok::<(), wengert::Error>(())
/// ```
pub struct Compiler<'t, S: Float = f64> {
    pub(super) tape: &'t Tape<S>,
    pub(super) numerics: Numerics,
    pub(super) passes: Vec<Pass>,
    pub(super) requests: Vec<(Request, Shape)>,
    pub(super) standing: Vec<Standing>,
    pub(super) feeds: Vec<(Output, View)>,
    pub(super) rows: Option<Rows>,
    pub(super) level: Level,
    /// What tells the handles that this compiler gives out from those of others.
    pub(super) id: ProgramId,
    /// The allocation that keeps the address in `id` from being given out again.
    pub(super) anchor: Arc<u8>,
}

impl<S: Float> std::fmt::Debug for Compiler<'_, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Compiler of {:?}: {} outputs, {:?}",
            self.tape,
            self.requests.len(),
            self.numerics
        )
    }
}

impl<'t, S: Float> Compiler<'t, S> {
    /// Nothing asked for yet; the tape's [`numerics`](Tape::numerics), all passes.
    #[must_use]
    pub fn new(tape: &'t Tape<S>) -> Self {
        let anchor = Arc::new(0);
        let id = ProgramId { address: Arc::as_ptr(&anchor).addr(), number: tape.count_compiler() };
        Compiler {
            tape,
            id,
            anchor,
            numerics: tape.numerics(),
            passes: Pass::ALL.to_vec(),
            requests: Vec::new(),
            standing: Vec::new(),
            feeds: Vec::new(),
            rows: None,
            level: Level::detected(),
        }
    }

    /// How the program computes, if not as its tape does. In [`Numerics::Exact`] every number is
    /// that of a tape in `Exact` numerics, bit for bit.
    #[must_use]
    pub fn numerics(mut self, numerics: Numerics) -> Self {
        self.numerics = numerics;
        self
    }

    /// Switches a pass off: the numbers stay the same (in [`Numerics::Exact`] bit for bit), the
    /// program becomes slower.
    #[must_use]
    pub fn without(mut self, pass: Pass) -> Self {
        self.passes.retain(|&kept| kept != pass);
        self
    }

    /// Runs with the instructions that every processor of the target has, whatever this one offers.
    #[must_use]
    pub fn portable(mut self) -> Self {
        self.level = Level::Portable;
        self
    }

    /// Asks for a value.
    ///
    /// # Errors
    ///
    /// [`Error::TwoTapes`].
    #[track_caller]
    pub fn output(&mut self, var: Var<'t, S>) -> Result<Output, Error> {
        self.check("output", var)?;
        Ok(self.ask(Request::Value(var.view()), var.shape()))
    }

    /// Asks for `∂of/∂wrt`, of the shape of `wrt`, which need not be a leaf. 0 where no path leads
    /// from it.
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if `of` has axes, [`Error::TwoTapes`]; [`Error::NoRule`] if a derivative
    /// of a function of plain numbers is not known.
    #[track_caller]
    pub fn gradient(&mut self, of: Var<'t, S>, wrt: Var<'t, S>) -> Result<Output, Error> {
        self.check_gradient("gradient", of, wrt)?;
        Ok(self
            .ask(Request::Gradient { of: of.view(), wrt: wrt.view(), per_row: false }, wrt.shape()))
    }

    /// As [`gradient`](Compiler::gradient), of a program for many [`rows`](Compiler::rows): one
    /// gradient for each, not their sum.
    ///
    /// # Errors
    ///
    /// As [`gradient`](Compiler::gradient).
    #[track_caller]
    pub fn gradient_per_row(&mut self, of: Var<'t, S>, wrt: Var<'t, S>) -> Result<Output, Error> {
        self.check_gradient("gradient_per_row", of, wrt)?;
        Ok(self
            .ask(Request::Gradient { of: of.view(), wrt: wrt.view(), per_row: true }, wrt.shape()))
    }

    /// Makes the program one for `count` rows at a time: what was recorded for one row is computed
    /// for many side by side. `per_row` are the blocks of leaves that differ from row to row; all
    /// others are the same for every row. A value that depends on a row has one more axis, the
    /// rows, in front; gradients are summed over the rows, in their order. [`Batch`](super::Batch)
    /// runs any number of rows, block after block.
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if one of `per_row` is not a whole block of inputs, parameters or data,
    /// or `count` is 0, [`Error::TwoTapes`].
    #[track_caller]
    pub fn rows(&mut self, count: usize, per_row: &[Var<'t, S>]) -> Result<(), Error> {
        self.many("rows", Some(count), per_row)
    }

    /// As [`rows`](Compiler::rows), for as many rows at a time as the compiler finds best: so many
    /// that a step of the program is worth its start, and so few that what lives at once stays in a
    /// near cache. [`Program::rows`](super::Program::rows) says how many, and a
    /// [`Batch`](super::Batch) need not know.
    ///
    /// # Errors
    ///
    /// As [`rows`](Compiler::rows).
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert::{Compiler, Tape};
    /// use wengert::program::Batch;
    ///
    /// let tape = Tape::new();
    /// let x = tape.input([0.0, 0.0]);
    /// let y = x.square().sum(); // of one row
    ///
    /// let mut compiler = Compiler::new(&tape);
    /// compiler.batched(&[x])?;
    /// let gradient = compiler.gradient_per_row(y, x)?;
    /// let program = compiler.compile()?;
    /// let rows = program.input(x)?;
    /// let result = Batch::new(program).run(&[], &[(rows, &[1.0, 2.0, 3.0, 4.0])])?;
    /// assert_eq!(result.values(gradient), [2.0, 4.0, 6.0, 8.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[track_caller]
    pub fn batched(&mut self, per_row: &[Var<'t, S>]) -> Result<(), Error> {
        self.many("batched", None, per_row)
    }

    #[track_caller]
    fn many(
        &mut self,
        op: &'static str,
        count: Option<usize>,
        per_row: &[Var<'t, S>],
    ) -> Result<(), Error> {
        let mut blocks = Vec::with_capacity(per_row.len());
        for &var in per_row {
            self.check(op, var)?;
            let node = self.tape.node(var.id());
            let whole = node.is_some_and(|node| {
                let leaf = matches!(node.op, TapeOp::Leaf(Leaf::Input | Leaf::Param | Leaf::Data));
                leaf && node.id == var.id() && node.shape.len() == var.len()
            });
            if !whole || count == Some(0) {
                let rule = "what differs from row to row is a whole block of leaves, and there is at least one row";
                return Err(var.operand_error(op, rule.to_owned()));
            }
            blocks.push(var.view().start());
        }
        self.rows = Some(Rows { count, blocks });
        Ok(())
    }

    #[track_caller]
    pub(super) fn check(&self, op: &'static str, var: Var<'t, S>) -> Result<(), Error> {
        self.tape.owns(op, var)
    }

    #[track_caller]
    pub(super) fn check_scalar(&self, op: &'static str, var: Var<'t, S>) -> Result<(), Error> {
        self.check(op, var)?;
        if var.is_scalar() {
            return Ok(());
        }
        Err(var.operand_error(op, "a run has no single derivative".to_owned()))
    }

    /// Whether the one can be differentiated by the other.
    #[track_caller]
    pub(super) fn check_gradient(
        &self,
        op: &'static str,
        of: Var<'t, S>,
        wrt: Var<'t, S>,
    ) -> Result<(), Error> {
        self.check(op, wrt)?;
        self.check_scalar(op, of)?;
        self.tape.has_derivatives(op, &[of], wrt, 1)
    }

    fn ask(&mut self, request: Request, shape: Shape) -> Output {
        self.requests.push((request, shape));
        Output { program: self.id, index: self.requests.len() as u32 - 1 }
    }
}

impl Rows {
    /// Whether a block of leaves differs from row to row; the rows' weights do, and are on no tape.
    pub(super) fn is_per_row(&self, block: &super::graph::Block) -> bool {
        block.slot.is_none_or(|slot| self.blocks.contains(&(slot.index() as u32)))
    }

    /// Whether a slot of the tape belongs to such a block.
    pub(super) fn holds(&self, side: &wengert_tape::internals::Side, slot: u32) -> bool {
        self.blocks.contains(&side.wide_at(slot).map_or(slot, |wide| wide.out))
    }
}
