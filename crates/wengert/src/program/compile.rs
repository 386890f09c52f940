//! From a tape to a program: what is asked for, and the passes in order.

use std::sync::Arc;

use super::access::Access;
use super::assemble::Assembler;
use super::derive::Sweep;
use super::graph::{Graph, Instruction, NONE, Op};
use super::lower::Lowered;
use super::passes::{self, State};
use super::report::{Pass, PassReport, Report};
use super::run::{Asked, Feed, Float, Guard, Inner, InputInfo, Program};
use super::sym::Builder;
use super::{epilogue, fuse, group, home, listing, memory, pack, rows};
use crate::Numerics;
use crate::error::{Error, NodeId};
use crate::op::{Leaf, Op as TapeOp};
use crate::run::View;
use crate::shape::Shape;
use crate::simd::Level;
use crate::tape::Tape;
use crate::var::Var;

/// Something that a program computes for its caller: a value, or a gradient. Given out by [`Compiler`], read from a
/// [`Workspace`](super::Workspace) of the program that it compiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Output(pub(crate) u32);

/// What is asked for, in tape slots.
enum Request {
    Value(View),
    Gradient { of: View, wrt: View, per_row: bool },
}

/// Many rows at a time.
struct Rows {
    count: usize,
    /// First slots of the blocks that differ from row to row.
    blocks: Vec<u32>,
}

/// A leaf that stands for a gradient.
struct Standing {
    of: View,
    wrt: View,
    leaf: View,
}

/// Says what of a tape shall be computed, and how; [`compile`](Compiler::compile) makes a [`Program`] of it.
///
/// # Examples
///
/// ```
/// use wengert::{Compiler, Tape};
///
/// let tape = Tape::new();
/// let (x, w) = (tape.data(&[1.0, 2.0]), tape.params(&[0.5, -0.25]));
/// let loss = (w.dot(x) - 1.0).square();
///
/// let mut compiler = Compiler::new(&tape);
/// let (value, gradient) = (compiler.output(loss)?, compiler.gradient(loss, w)?);
/// let program = compiler.compile()?;
///
/// let x = program.input(x.id())?;
/// let mut workspace = program.workspace();
/// workspace.set(x, &[2.0, 2.0])?;
/// program.run(&mut workspace)?;
/// assert_eq!(workspace.number(value), 0.25);
/// assert_eq!(workspace.values(gradient), [-2.0, -2.0]);
/// # Ok::<(), wengert::Error>(())
/// ```
pub struct Compiler<'t, S: Float = f64> {
    tape: &'t Tape<S>,
    numerics: Numerics,
    passes: Vec<Pass>,
    requests: Vec<(Request, Shape)>,
    standing: Vec<Standing>,
    feeds: Vec<(Output, View)>,
    rows: Option<Rows>,
    level: Level,
}

impl<S: Float> std::fmt::Debug for Compiler<'_, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Compiler of {:?}: {} outputs, {:?}", self.tape, self.requests.len(), self.numerics)
    }
}

impl<'t, S: Float> Compiler<'t, S> {
    /// Nothing asked for yet; [`Numerics::Fast`], all passes.
    #[must_use]
    pub fn new(tape: &'t Tape<S>) -> Self {
        Compiler {
            tape,
            numerics: Numerics::Fast,
            passes: Pass::ALL.to_vec(),
            requests: Vec::new(),
            standing: Vec::new(),
            feeds: Vec::new(),
            rows: None,
            level: Level::detected(),
        }
    }

    /// How the program computes. In [`Numerics::Exact`] every number is the tape's, bit for bit.
    #[must_use]
    pub fn numerics(mut self, numerics: Numerics) -> Self {
        self.numerics = numerics;
        self
    }

    /// Switches a pass off: the numbers stay the same (in [`Numerics::Exact`] bit for bit), the program becomes slower.
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
        Ok(self.ask(Request::Value(var.view), var.shape()))
    }

    /// Asks for `∂of/∂wrt`, of the shape of `wrt`, which need not be a leaf. 0 where no path leads from it.
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if `of` has axes, [`Error::TwoTapes`].
    #[track_caller]
    pub fn gradient(&mut self, of: Var<'t, S>, wrt: Var<'t, S>) -> Result<Output, Error> {
        self.check("gradient", wrt)?;
        self.check_scalar("gradient", of)?;
        Ok(self.ask(Request::Gradient { of: of.view, wrt: wrt.view, per_row: false }, wrt.shape()))
    }

    /// As [`gradient`](Compiler::gradient), of a program for many [`rows`](Compiler::rows): one gradient for each, not their sum.
    ///
    /// # Errors
    ///
    /// As [`gradient`](Compiler::gradient).
    #[track_caller]
    pub fn gradient_per_row(&mut self, of: Var<'t, S>, wrt: Var<'t, S>) -> Result<Output, Error> {
        self.check("gradient_per_row", wrt)?;
        self.check_scalar("gradient_per_row", of)?;
        Ok(self.ask(Request::Gradient { of: of.view, wrt: wrt.view, per_row: true }, wrt.shape()))
    }

    /// Makes the program one for `count` rows at a time: what was recorded for one row is computed for many side by side. `per_row` are the blocks
    /// of leaves that differ from row to row; all others are the same for every row. A value that depends on a row has one more axis, the
    /// rows, in front; gradients are summed over the rows, in their order. [`Batch`](super::Batch) runs any number of rows, block after
    /// block.
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if one of `per_row` is not a whole block of inputs, parameters or data, or `count` is 0, [`Error::TwoTapes`].
    #[track_caller]
    pub fn rows(&mut self, count: usize, per_row: &[Var<'t, S>]) -> Result<(), Error> {
        let mut blocks = Vec::with_capacity(per_row.len());
        for &var in per_row {
            self.check("rows", var)?;
            let node = self.tape.node(var.id());
            let whole = node.is_some_and(|node| {
                let leaf = matches!(node.op, TapeOp::Leaf(Leaf::Input | Leaf::Param | Leaf::Data));
                leaf && node.id == var.id() && node.shape.len() == var.len()
            });
            if !whole || count == 0 {
                let rule = "what differs from row to row is a whole block of leaves, and there is at least one row";
                return Err(var.operand_error("rows", rule.to_owned()));
            }
            blocks.push(var.view.start());
        }
        self.rows = Some(Rows { count, blocks });
        Ok(())
    }

    /// Lets `leaf`, data of the shape of `wrt` recorded after `of`, stand for `∂of/∂wrt`: what is computed from it on the tape is computed from
    /// the gradient in the program. So an optimiser's step is a few nodes of the tape.
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if `of` has axes or `leaf` is not a block of data after it, [`Error::Shapes`] if the shapes differ, [`Error::TwoTapes`].
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert::{Compiler, Tape};
    ///
    /// let tape = Tape::new();
    /// let w = tape.params(&[3.0, -4.0]);
    /// let loss = 0.5 * w.square().sum();
    /// let g = tape.data(&[0.0, 0.0]);
    /// let next = w - 0.5 * g;
    ///
    /// let mut compiler = Compiler::new(&tape);
    /// compiler.gradient_as(loss, w, g)?;
    /// let next = compiler.output(next)?;
    /// compiler.feed(next, w)?;
    /// let step = compiler.compile()?;
    /// let mut workspace = step.workspace();
    /// for _ in 0..2 {
    ///     step.run(&mut workspace)?;
    /// }
    /// assert_eq!(workspace.values(next), [0.75, -1.0]);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[track_caller]
    pub fn gradient_as(&mut self, of: Var<'t, S>, wrt: Var<'t, S>, leaf: Var<'t, S>) -> Result<(), Error> {
        for var in [wrt, leaf] {
            self.check("gradient_as", var)?;
        }
        self.check_scalar("gradient_as", of)?;
        if leaf.shape() != wrt.shape() {
            return Err(leaf.shapes_error("gradient_as", wrt, "a leaf that stands for a gradient has its shape"));
        }
        let node = self.tape.node(leaf.id());
        let whole = node.as_ref().is_some_and(|node| {
            node.op == TapeOp::Leaf(Leaf::Data) && node.id == leaf.id() && node.shape.len() == leaf.len()
        });
        if !whole || leaf.id() <= of.id() || !leaf.layout().is_contiguous() {
            let rule = "what stands for a gradient is a block of data, recorded after what is differentiated";
            return Err(leaf.operand_error("gradient_as", rule.to_owned()));
        }
        self.standing.push(Standing { of: of.view, wrt: wrt.view, leaf: leaf.view });
        Ok(())
    }

    /// After each run, gives the leaf `to` the values of `output`: the next run begins with them.
    ///
    /// # Errors
    ///
    /// [`Error::NotSettable`] if `to` is not an input, a parameter or data, [`Error::Length`] if the sizes differ, [`Error::TwoTapes`].
    #[track_caller]
    pub fn feed(&mut self, output: Output, to: Var<'t, S>) -> Result<(), Error> {
        self.check("feed", to)?;
        let shape = self.requests[output.0 as usize].1.clone();
        self.tape.check_settable(to, shape.len())?;
        self.feeds.push((output, to.view));
        Ok(())
    }

    #[track_caller]
    fn check(&self, op: &'static str, var: Var<'t, S>) -> Result<(), Error> {
        Var { tape: self.tape, view: var.view }.same_tape(op, var)
    }

    #[track_caller]
    fn check_scalar(&self, op: &'static str, var: Var<'t, S>) -> Result<(), Error> {
        self.check(op, var)?;
        if var.is_scalar() {
            return Ok(());
        }
        Err(var.operand_error(op, "a run has no single derivative".to_owned()))
    }

    fn ask(&mut self, request: Request, shape: Shape) -> Output {
        self.requests.push((request, shape));
        Output(self.requests.len() as u32 - 1)
    }

    /// Compiles.
    ///
    /// # Errors
    ///
    /// [`Error::Full`] if the program needs more than 2³¹ numbers.
    pub fn compile(self) -> Result<Program<S>, Error> {
        S::compile(self)
    }

    fn lower<'a>(
        &self,
        steps: &'a [crate::tape::Step],
        side: &'a crate::tape::Side,
        values: &[S],
        builder: &'a Builder<S>,
        weight: Option<u32>,
    ) -> (Lowered<'a, S>, Vec<Vec<u32>>) {
        let layout = |view: View| side.layouts.get(view.layout());
        let tape_slots = |view: View| layout(view).offsets().map(move |offset| view.start() + offset as u32);
        let gradient = |lowered: &Lowered<'a, S>, of: View, wrt: View, per_row: bool| -> Vec<u32> {
            let one = weight.unwrap_or_else(|| builder.graph.borrow_mut().constant(S::from_f64(1.0)));
            let sweep = Sweep::new(lowered, &[(of.start(), one)], tape_slots(wrt));
            let zero = builder.graph.borrow_mut().constant(S::from_f64(0.0));
            let mut graph = builder.graph.borrow_mut();
            let of_row = |slot: u32| self.rows.as_ref().is_some_and(|rows| rows.holds(side, slot));
            let adjoint = |slot: u32| match sweep.adjoints[slot as usize] {
                NONE => zero,
                adjoint if weight.is_none() || per_row || of_row(slot) => adjoint,
                adjoint => {
                    graph.source = super::graph::Source::adjoint(slot);
                    graph.push(super::graph::Kind::OverRows, adjoint, 0, 0)
                }
            };
            tape_slots(wrt).map(adjoint).collect()
        };
        let mut lowered = Lowered::new(steps, side, builder);
        let mut standing: Vec<&Standing> = self.standing.iter().collect();
        standing.sort_by_key(|standing| standing.leaf.start());
        for standing in standing {
            lowered.write_until(standing.leaf.start(), values);
            let slots = gradient(&lowered, standing.of, standing.wrt, false);
            lowered.stand_for(slots);
        }
        lowered.write_until(u32::MAX, values);
        let asked = self.requests.iter().map(|(request, _)| match *request {
            Request::Value(view) => lowered.all(view),
            Request::Gradient { of, wrt, per_row } => gradient(&lowered, of, wrt, per_row),
        });
        let asked = asked.collect();
        (lowered, asked)
    }

    fn simplify(&self, mut state: State<S>, report: &mut Report) -> State<S> {
        type Run<S> = fn(&mut State<S>);
        // Pruning is done after each.
        let nothing: Run<S> = |_| ();
        let plan: [(Pass, Run<S>); 5] = [
            (Pass::Prune, nothing),
            (Pass::Fold, passes::fold::run),
            (Pass::Share, passes::share::run),
            (Pass::Prune, nothing),
            (Pass::Chains, passes::chains::run),
        ];
        for (pass, run) in plan.into_iter().filter(|(pass, _)| self.passes.contains(pass)) {
            let before = state.count();
            run(&mut state);
            if self.passes.contains(&Pass::Prune) {
                passes::prune::run(&mut state);
            }
            self.note(report, pass, "nodes", before, state.count());
        }
        state
    }

    fn note(&self, report: &mut Report, pass: Pass, unit: &'static str, before: usize, after: usize) {
        if self.passes.contains(&pass) {
            report.passes.push(PassReport { pass, unit, before, after });
        }
    }

    fn inputs(&self, graph: &Graph<S>, blocks: &[(u32, u32)], at: &dyn Fn(u32) -> u32) -> Vec<InputInfo> {
        let of = |(block, &(start, _)): (&super::graph::Block, &(u32, u32))| {
            let id = NodeId(block.tape_slot);
            let node = self.tape.node(id);
            InputInfo {
                id,
                label: self.label_of(id),
                shape: node.map(|node| node.shape).unwrap_or_default(),
                start: at(start) as usize,
                len: block.len as usize,
                rows: self.rows.as_ref().filter(|rows| rows.is_per_row(block)).map_or(1, |rows| rows.count),
            }
        };
        graph.blocks.iter().zip(blocks).filter(|(block, _)| block.tape_slot != WEIGHT).map(of).collect()
    }

    /// What a reader calls the node at `id`: its path, or its id.
    fn label_of(&self, id: NodeId) -> String {
        let side = self.tape.side.borrow();
        let layout = side.wide_at(id.0).map_or(crate::run::SCALAR, |wide| wide.layout);
        side.names.get(View::new(id.0, layout)).map_or_else(|| id.to_string(), |name| name.path.clone())
    }

    /// The places of a view of leaves.
    fn places_of(&self, view: View, inputs: &[InputInfo]) -> Vec<u32> {
        let side = self.tape.side.borrow();
        let slots = side.layouts.get(view.layout()).offsets().map(|offset| view.start() as usize + offset);
        let place = |slot: usize| {
            let input = inputs.iter().rev().find(|input| input.id.slot() <= slot).expect("leaves are inputs");
            (input.start + slot - input.id.slot()) as u32
        };
        slots.map(place).collect()
    }
}

/// What [`Compiler::compile`] does.
pub(crate) fn compile<S: Float>(compiler: Compiler<'_, S>) -> Result<Program<S>, Error> {
    let side = compiler.tape.side.borrow();
    compiler.tape.columns.read(|steps, values| {
        let builder = Builder::new();
        // What every row counts for: the seed of its sweep.
        let weight = compiler.rows.as_ref().map(|_| builder.graph.borrow_mut().block(WEIGHT, 1));
        let (lowered, asked) = compiler.lower(steps, &side, values, &builder, weight);
        let guards: Vec<[u32; 2]> = side
            .guards
            .iter()
            .map(|guard| [guard.left, guard.right].map(|slot| lowered.slots[slot as usize]))
            .collect();
        drop(lowered);
        let roots = asked.iter().flatten().copied().chain(guards.iter().flatten().copied()).collect();
        let mut report = Report { tape_nodes: steps.len(), ..Report::default() };
        let state = compiler.simplify(State::new(builder.graph.into_inner(), roots), &mut report);
        let mut plan = group::run(&state, compiler.passes.contains(&Pass::Group));
        let mut keep: Vec<u32> = state.roots.iter().map(|&slot| plan.addresses[slot as usize]).collect();
        compiler.note(&mut report, Pass::Group, "instructions", state.count_computed(), plan.instructions.len());
        let count = compiler.rows.as_ref().map_or(1, |rows| rows.count);
        // By root: its place of the first row, and whether every row has its own.
        let mut varies = vec![false; keep.len()];
        if let Some(many) = &compiler.rows {
            let per_row: Vec<bool> = state.graph.blocks.iter().map(|block| many.is_per_row(block)).collect();
            let widened = rows::run(&mut plan, many.count, &per_row, &keep);
            varies = keep.iter().map(|&address| widened.varies[address as usize]).collect();
            keep = keep.iter().map(|&address| widened.addresses[address as usize]).collect();
        }
        keep = at_home(&mut plan, keep, &asked, &compiler.requests, &varies);
        if compiler.numerics == Numerics::Fast {
            epilogue::run(&mut plan);
        }
        pack::run(&mut plan);
        let stages = fuse::run(&plan, compiler.passes.contains(&Pass::Fuse));
        compiler.note(&mut report, Pass::Fuse, "tasks", plan.instructions.len(), stages.len());
        let places = memory::run(&plan, &stages, &keep, compiler.passes.contains(&Pass::Reuse));
        compiler.note(&mut report, Pass::Reuse, "numbers", plan.space as usize, places.len);
        report.flops = plan.instructions.iter().map(flops).sum();

        let at = |address: u32| places.of[address as usize];
        // Rows are the outer axis of what the caller reads, and the inner one of what is computed.
        let mut next = 0;
        let mut read = |len: usize| {
            let range = next..next + len;
            next += len;
            let per_row = varies[range.clone()].contains(&true);
            let times = if per_row { count } else { 1 };
            let place = |row: usize, i: usize| at(keep[i]) + if varies[i] { row as u32 } else { 0 };
            let list = (0..times).flat_map(|row| range.clone().map(move |i| place(row, i)));
            (list.collect::<Vec<u32>>(), per_row)
        };
        let outputs = asked
            .iter()
            .zip(&compiler.requests)
            .map(|(slots, (request, shape))| {
                let (list, per_row) = read(slots.len());
                let shape = if per_row { rows_of(count, shape) } else { shape.clone() };
                let access = Access::of(list, &[shape.len()]);
                Asked { access, shape, is_gradient: matches!(request, Request::Gradient { .. }), per_row }
            })
            .collect();
        let guard_places: Vec<Vec<u32>> = guards.iter().flatten().map(|_| read(1).0).collect();
        let inputs: Vec<InputInfo> = compiler.inputs(&state.graph, &plan.blocks, &at);
        let feeds =
            compiler.feeds.iter().map(|&(output, to)| Feed::new(output, compiler.places_of(to, &inputs))).collect();
        let constants = plan.constants.iter().map(|&(address, value)| (at(address), value)).collect();
        let initial = inputs
            .iter()
            .map(|input| {
                let numbers = &values[input.id.slot()..][..input.len];
                (input.start, numbers.iter().flat_map(|&number| vec![number; input.rows]).collect())
            })
            .collect();
        let weight = weight.map(|_| at(plan.blocks[0].0) as usize);
        let assembled = Assembler {
            plan: &plan,
            places,
            at_home: home::marks(&plan),
            fast: compiler.numerics == Numerics::Fast,
            level: compiler.level,
        }
        .run(&stages);
        report.tasks = assembled.tasks.len();
        report.workspace_bytes = assembled.len * size_of::<S>();
        let guards = side.guards.iter().zip(guard_places.chunks(2)).enumerate();
        let guards = guards.map(|(index, (guard, places))| Guard {
            index,
            comparison: guard.comparison,
            outcome: guard.outcome,
            labels: [guard.left, guard.right].map(|slot| compiler.tape.side_label(slot)),
            places: [places[0].clone(), places[1].clone()],
            at: guard.place,
        });
        Ok(Program(Arc::new(Inner {
            guards: guards.collect(),
            tasks: assembled.tasks,
            len: assembled.len,
            walks: assembled.walks,
            constants,
            initial,
            inputs,
            outputs,
            feeds,
            rows: count,
            weight,
            report,
            listing: listing::of(compiler.tape, &plan, &stages),
        })))
    })
}

/// Gives gradients runs of their own. Those of single rows stay where they are: their rows lie side by side.
fn at_home<S: Float>(
    plan: &mut group::Plan<S>,
    keep: Vec<u32>,
    asked: &[Vec<u32>],
    requests: &[(Request, Shape)],
    varies: &[bool],
) -> Vec<u32> {
    let (mut rest, mut lists, mut moving, mut at) = (keep, Vec::new(), Vec::new(), 0);
    for (slots, (request, _)) in asked.iter().zip(requests) {
        let range = at..at + slots.len();
        at = range.end;
        if matches!(request, Request::Gradient { .. }) && !varies[range.clone()].contains(&true) {
            lists.push(rest[range.clone()].to_vec());
            moving.push(range);
        }
    }
    let (lists, moved) = home::run(plan, lists);
    rest.iter_mut().for_each(|address| *address = moved.get(address).copied().unwrap_or(*address));
    for (range, list) in moving.into_iter().zip(lists) {
        rest[range].copy_from_slice(&list);
    }
    rest
}

/// The first slot of the block that no tape has: the rows' weights.
const WEIGHT: u32 = NONE;

impl Rows {
    /// Whether a block of leaves differs from row to row.
    fn is_per_row(&self, block: &super::graph::Block) -> bool {
        block.tape_slot == WEIGHT || self.blocks.contains(&block.tape_slot)
    }

    /// Whether a slot of the tape belongs to such a block.
    fn holds(&self, side: &crate::tape::Side, slot: u32) -> bool {
        self.blocks.contains(&side.wide_at(slot).map_or(slot, |wide| wide.out))
    }
}

/// A shape with the rows in front.
fn rows_of(count: usize, shape: &Shape) -> Shape {
    std::iter::once(count).chain(shape.dims().iter().copied()).collect::<Vec<usize>>().into()
}

/// Additions, multiplications and functions of an instruction.
fn flops(instruction: &Instruction) -> u64 {
    let inner: usize = instruction.inner.iter().product();
    let each = match instruction.op {
        Op::Copy => 0,
        Op::Contract { .. } => 2 * inner,
        Op::Sum | Op::Max | Op::Min | Op::OverRows => inner,
        Op::Unary(_) | Op::Binary(_) | Op::Select => 1,
    };
    (instruction.len() * each) as u64
}

impl<S: Float> Tape<S> {
    /// Compiles: the program computes every one of `outputs`, and the gradient of the first of them by every one of `wrt`.
    /// [`Compiler`] has more to ask for, and says how.
    ///
    /// # Errors
    ///
    /// As [`Compiler::output`], [`Compiler::gradient`] and [`Compiler::compile`].
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let x = tape.input(3.0);
    /// let y = x * x;
    /// let program = tape.compile(&[y], &[x])?;
    /// let mut workspace = program.workspace();
    /// program.run(&mut workspace)?;
    /// let [value, gradient] = program.outputs()[..] else { panic!("one output, one gradient") };
    /// assert_eq!((workspace.number(value), workspace.number(gradient)), (9.0, 6.0));
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[track_caller]
    pub fn compile<'t>(&'t self, outputs: &[Var<'t, S>], wrt: &[Var<'t, S>]) -> Result<Program<S>, Error> {
        let mut compiler = Compiler::new(self);
        for &output in outputs {
            compiler.output(output)?;
        }
        if let Some(&of) = outputs.first() {
            for &wrt in wrt {
                compiler.gradient(of, wrt)?;
            }
        }
        compiler.compile()
    }
}
