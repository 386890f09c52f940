//! From a tape to a program: one struct a stage.
//!
//! ```text
//! Asked --simplify--> Simplified --plan--> Planned --place--> Placed --> Program
//! ```
//!
//! Each holds what the next needs, and what the caller asked for in the words of its stage: values
//! of the graph, addresses of the plan, places in a workspace.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::access::{Access, BOUND, Dims, TooLarge};
use super::assemble::Assembler;
use super::derive::Sweep;
use super::feed::InPlace;
use super::fuse::Stage;
use super::graph::{Block, Graph, Instruction, Kind, Op, Source};
use super::group::Plan;
use super::ids::{Address, Id, Place as At, Slot, Value};
use super::lower::Lowered;
use super::memory::{Needs, Places};
use super::passes::{self, Root, State};
use super::recipe::{self, Asked as Sought, LONGEST, Recipe};
use super::report::{Pass, PassReport, Report};
use super::request::{Compiler, Request, Standing};
use super::run::{Answer, Computed, Feed, Float, Guard, Inner, InputInfo, Output, Program};
use super::sym::Builder;
use super::writers::Writers;
use super::{
    bias_epilogue, feed, fuse, group, listing, materialise, memory, output_placement, products,
    rows,
};
use crate::Numerics;
use crate::shape::Shape;
use wengert_ops::run::View;
use wengert_tape::Tape;
use wengert_tape::Var;
use wengert_tape::internals::{Side, Step};
use wengert_tape::{Error, NodeId, Place};

/// A number that programs can be compiled for: `f32` or `f64`.
pub trait Compile: Float {
    #[doc(hidden)]
    #[expect(private_interfaces, reason = "called by the crate alone")]
    fn compile(compiler: Compiler<'_, Self>) -> Result<Program<Self>, TooLarge>;
}

// Not a provided method: this is compiled here, once, and not in every crate that compiles a
// program.
macro_rules! compile_for {
    ($($number:ty)*) => {$(
        impl Compile for $number {
            #[expect(private_interfaces, reason = "called by the crate alone")]
            fn compile(compiler: Compiler<'_, Self>) -> Result<Program<Self>, TooLarge> {
                compile(compiler)
            }
        }
    )*};
}
compile_for!(f32 f64);

impl<S: Compile> Compiler<'_, S> {
    /// Compiles.
    ///
    /// # Errors
    ///
    /// [`Error::NothingAsked`] if neither an output nor a gradient was asked for,
    /// [`Error::ProgramTooLarge`] if the program needs more than 2³¹ numbers.
    #[track_caller]
    pub fn compile(self) -> Result<Program<S>, Error> {
        let at = Place::caller();
        if self.requests.is_empty() {
            return Err(Error::NothingAsked { at });
        }
        S::compile(self).map_err(|TooLarge { needed }| Error::ProgramTooLarge {
            needed,
            bound: BOUND,
            at,
        })
    }
}

/// What [`Compiler::compile`] does.
fn compile<S: Float>(compiler: Compiler<'_, S>) -> Result<Program<S>, TooLarge> {
    let side = compiler.tape.side();
    compiler.tape.read(|steps, values| {
        let mut report = Report { tape_nodes: steps.len(), ..Report::default() };
        let recorded = Recorded { compiler: &compiler, steps, side: &side, values };
        let asked = recorded.ask()?;
        let simplified = asked.simplify(&recorded, &mut report);
        let planned = simplified.plan(&recorded, &mut report)?;
        let placed = planned.place(&recorded, &mut report);
        Ok(placed.program(&recorded, report))
    })
}

/// What is compiled: the tape, and what is asked of it.
struct Recorded<'a, 't, S: Float> {
    compiler: &'a Compiler<'t, S>,
    steps: &'a [Step],
    side: &'a Side,
    values: &'a [S],
}

/// The graph, and the values that are asked for: every output, then both sides of every guard.
struct Asked<S> {
    graph: Graph<S>,
    outputs: Vec<Root>,
    guards: Vec<Root>,
}

/// The same with fewer nodes. The roots are the outputs, then the sides of the guards.
struct Simplified<S> {
    state: State<S>,
}

/// What is asked for, by the addresses that hold it.
struct Kept {
    access: Access<Address>,
    /// With the rows in front, if every row has its own.
    dims: Dims,
    per_row: bool,
}

/// The instructions in the order of execution.
struct Planned<S> {
    plan: Plan<S>,
    /// How many rows are computed at a time.
    count: usize,
    blocks: Vec<Block>,
    stages: Vec<Stage>,
    writers: Writers,
    /// The outputs, then the sides of the guards.
    kept: Vec<Kept>,
    /// What is fed back by computing it in the leaf's place, and what is copied after a run.
    in_place: Vec<InPlace>,
    feeds: Vec<(Output, View)>,
}

/// The same with places in a workspace.
struct Placed<S> {
    planned: Planned<S>,
    places: Places,
}

impl<S: Float> Recorded<'_, '_, S> {
    /// Writes the graph.
    fn ask(&self) -> Result<Asked<S>, TooLarge> {
        let builder = Builder::new();
        // What every row counts for: the seed of its sweep.
        let weight = self.compiler.rows.as_ref().map(|_| builder.graph.borrow_mut().block(None, 1));
        let mut lowered = Lowered::new(self.steps, self.side, &builder);
        let mut standing: Vec<&Standing> = self.compiler.standing.iter().collect();
        standing.sort_by_key(|standing| standing.leaf.start());
        for standing in standing {
            lowered.write_until(Some(products::start(standing.leaf)), self.values);
            let sweep = sweep(&lowered, standing.of, &[standing.wrt], weight);
            let root = self.gradient(&lowered, &sweep, standing.wrt, weight.is_some());
            lowered.stand_for(&root.dims, &root.access);
        }
        lowered.write_until(None, self.values);
        // One sweep for every number that is differentiated, whatever it is differentiated by.
        let key = |of: View| (of.start(), of.is_cut());
        let mut wanted: BTreeMap<(u32, bool), (View, Vec<View>)> = BTreeMap::new();
        for (request, _) in &self.compiler.requests {
            if let Request::Gradient { of, wrt, .. } = *request {
                wanted.entry(key(of)).or_insert((of, Vec::new())).1.push(wrt);
            }
        }
        let swept: BTreeMap<(u32, bool), Sweep<'_, '_, S>> = wanted
            .into_iter()
            .map(|(key, (of, wrt))| (key, sweep(&lowered, of, &wrt, weight)))
            .collect();
        let outputs = self.compiler.requests.iter().map(|(request, _)| match *request {
            Request::Value(view) => {
                let layout = lowered.layout(view);
                let access = lowered.read_layout(products::start(view), layout);
                Root { dims: Dims::from_slice(layout.dims()), access }
            }
            Request::Gradient { of, wrt, per_row } => {
                self.gradient(&lowered, &swept[&key(of)], wrt, weight.is_some() && !per_row)
            }
        });
        let outputs = outputs.collect();
        let side = |slot: u32| Root::number(lowered.at(Slot::new(slot as usize)));
        let guards = self
            .side
            .guards
            .iter()
            .flat_map(|guard| [side(guard.left), side(guard.right)])
            .collect();
        drop(swept);
        drop(lowered);
        let graph = builder.graph.into_inner();
        TooLarge::check(graph.line.len() as u64)?;
        Ok(Asked { graph, outputs, guards })
    }

    /// The derivatives by a view, summed over the rows if there are any and it does not depend on
    /// them.
    fn gradient(
        &self,
        lowered: &Lowered<'_, S>,
        sweep: &Sweep<'_, '_, S>,
        wrt: View,
        sum: bool,
    ) -> Root {
        let layout = lowered.layout(wrt);
        let graph = &lowered.builder.graph;
        let read = |start: Slot, strides: &[i32], dims: &[usize]| {
            let of_row = |slot: Slot| {
                self.compiler
                    .rows
                    .as_ref()
                    .is_some_and(|rows| rows.holds(self.side, slot.index() as u32))
            };
            let sum = sum && !of_row(start);
            let over_rows = |access: &Access<Value>, dims: &[usize]| {
                if !sum {
                    return access.clone();
                }
                let mut graph = graph.borrow_mut();
                graph.source = Source::adjoint(start);
                match access {
                    Access::Strided { .. } => {
                        graph.run(Op::OverRows, dims, &[], std::slice::from_ref(access))
                    }
                    Access::Listed(list) => Access::of(
                        list.iter().map(|&value| graph.push(Kind::OverRows(value))).collect(),
                        dims,
                    ),
                }
            };
            let zero = || graph.borrow_mut().constant(S::from_f64(0.0));
            let found = sweep.adjoints.read(lowered, (start, strides, dims), &over_rows, &zero);
            found.unwrap_or_else(|| Access::repeated(zero(), dims.len()))
        };
        let (start, strides, dims) =
            (products::start(wrt), products::strides(layout), Dims::from_slice(layout.dims()));
        let slots = Access::Strided { start, strides: strides.clone() };
        let access = match slots.run(&dims, &lowered.line) {
            Some(_) => read(start, &strides, &dims),
            // Neighbouring steps, stacked without a copy.
            None => {
                let each =
                    slots.numbers(&dims).into_iter().map(|slot| read(slot, &[], &[]).first());
                Access::of(each.collect(), &dims)
            }
        };
        Root { dims, access }
    }

    fn inputs(
        &self,
        plan: &Plan<S>,
        blocks: &[Block],
        places: &Places,
        count: usize,
    ) -> Vec<InputInfo> {
        let of = |(block, &run): (&Block, &super::ids::RunId)| {
            let id = NodeId::at(block.slot?.index() as u32);
            let rows = self
                .compiler
                .rows
                .as_ref()
                .filter(|rows| rows.is_per_row(block))
                .map_or(1, |_| count);
            Some(InputInfo {
                id,
                label: self.compiler.label_of(id),
                shape: self.compiler.tape.node(id).map(|node| node.shape).unwrap_or_default(),
                start: places.at(plan.line.start(run)).index(),
                len: block.len,
                rows,
            })
        };
        blocks.iter().zip(&plan.blocks).filter_map(of).collect()
    }

    /// The places of a view of leaves.
    fn places_of(&self, view: View, inputs: &[InputInfo]) -> (Access<At>, Dims) {
        let layout = self.side.layouts.get(view.layout());
        let slots =
            Access::Strided { start: products::start(view), strides: products::strides(layout) };
        let input = |slot: Slot| {
            inputs
                .iter()
                .rev()
                .find(|input| input.id.slot() <= slot.index())
                .expect("leaves are inputs")
        };
        let one = |first: Slot, last: Slot| {
            let input = input(first);
            let (from, to) = (Slot::new(input.id.slot()), At::new(input.start));
            (last.index() < input.id.slot() + input.len).then_some((from, to, 1))
        };
        let each = |slot: Slot| At::new(input(slot).start + slot.index() - input(slot).id.slot());
        (slots.moved(layout.dims(), one, each), Dims::from_slice(layout.dims()))
    }
}

/// The sweep of `of` by some views; every row counts for `weight`, or the only one for 1.
fn sweep<'l, 'a, S: Float>(
    lowered: &'l Lowered<'a, S>,
    of: View,
    wrt: &[View],
    weight: Option<Value>,
) -> Sweep<'l, 'a, S> {
    let seed =
        weight.unwrap_or_else(|| lowered.builder.graph.borrow_mut().constant(S::from_f64(1.0)));
    // Nothing passes through a handle that is detached.
    let seed = (!of.is_cut()).then_some((products::start(of), seed));
    Sweep::new(lowered, seed, wrt)
}

impl<S: Float> Asked<S> {
    fn simplify(self, recorded: &Recorded<'_, '_, S>, report: &mut Report) -> Simplified<S> {
        type Run<S> = fn(&mut State<S>);
        // Pruning is done after each.
        let nothing: Run<S> = |_| ();
        let plan: [(Pass, Run<S>); 5] = [
            (Pass::DeadNodes, nothing),
            (Pass::ConstantFolding, passes::constant_folding::run),
            (Pass::CommonSubexpressions, passes::common_subexpressions::run),
            (Pass::DeadNodes, nothing),
            (Pass::ReductionRaising, passes::reduction_raising::run),
        ];
        let passes = &recorded.compiler.passes;
        let mut state =
            State::new(self.graph, self.outputs.into_iter().chain(self.guards).collect());
        for (pass, run) in plan.into_iter().filter(|(pass, _)| passes.contains(pass)) {
            let before = state.count();
            run(&mut state);
            if passes.contains(&Pass::DeadNodes) {
                passes::prune::run(&mut state);
            }
            recorded.compiler.note(report, pass, "nodes", before, state.count());
        }
        Simplified { state }
    }
}

impl<S: Float> Simplified<S> {
    fn plan(
        self,
        recorded: &Recorded<'_, '_, S>,
        report: &mut Report,
    ) -> Result<Planned<S>, TooLarge> {
        let (compiler, state) = (recorded.compiler, self.state);
        let grouping = match compiler.passes.contains(&Pass::Group) {
            true if compiler.rows.is_some() => group::Grouping::Even,
            true => group::Grouping::Alike,
            false => group::Grouping::Nothing,
        };
        let grouped = group::run(&state, grouping);
        let keep: Vec<(Access<Address>, Dims)> = state
            .roots
            .iter()
            .map(|root| (grouped.root(&state.graph, root), root.dims.clone()))
            .collect();
        let mut plan = grouped.plan;
        compiler.note(
            report,
            Pass::Group,
            "instructions",
            state.count_computed(),
            plan.instructions.len(),
        );
        let widened = match &compiler.rows {
            None => None,
            Some(many) => {
                let per_row: Vec<bool> =
                    state.graph.blocks.iter().map(|block| many.is_per_row(block)).collect();
                let count = many.count.unwrap_or_else(|| rows::block(&plan, &per_row, &keep));
                Some((rows::run(&mut plan, count, &per_row, &keep)?, count))
            }
        };
        let kept = keep.into_iter().map(|(access, dims)| match &widened {
            None => Kept { access, dims, per_row: false },
            Some((widened, count)) => {
                let per_row = widened.varies(&access, &dims);
                let rows = if per_row { Some(*count) } else { None };
                let access = widened.access(&access, &dims, 0);
                Kept { access, dims: rows.into_iter().chain(dims).collect(), per_row }
            }
        });
        let mut kept: Vec<Kept> = kept.collect();
        let count = widened.map_or(1, |(_, count)| count);
        place_outputs(&mut plan, &mut kept, &compiler.requests);
        if compiler.numerics == Numerics::Fast {
            bias_epilogue::run(&mut plan);
        }
        materialise::run(&mut plan);
        let writers = Writers::of(&plan);
        let stages = fuse::run(&plan, &writers, compiler.passes.contains(&Pass::Fuse));
        compiler.note(report, Pass::Fuse, "tasks", plan.instructions.len(), stages.len());
        let (in_place, feeds) = (Vec::new(), Vec::new());
        let mut planned = Planned {
            plan,
            count,
            blocks: state.graph.blocks,
            stages,
            writers,
            kept,
            in_place,
            feeds,
        };
        planned.feed(recorded);
        Ok(planned)
    }
}

/// Gives gradients runs of their own. Those of single rows stay where they are: their rows lie side
/// by side.
fn place_outputs<S>(plan: &mut Plan<S>, kept: &mut [Kept], requests: &[(Request, Shape)]) {
    let (mut moving, mut outputs) = (Vec::new(), Vec::new());
    for (i, (request, _)) in requests.iter().enumerate() {
        if let Request::Gradient { wrt, .. } = request
            && !kept[i].per_row
        {
            let source = Source::adjoint(products::start(*wrt));
            outputs.push((source, kept[i].access.clone(), kept[i].dims.clone()));
            moving.push(i);
        }
    }
    let (outputs, moved) = output_placement::run(plan, outputs);
    moving.into_iter().zip(outputs).for_each(|(i, access)| kept[i].access = access);
    for kept in kept {
        kept.access = moved.access(plan, &kept.access, &kept.dims);
    }
}

impl<S: Float> Planned<S> {
    /// Decides how each output that is fed back gets to its leaf.
    fn feed(&mut self, recorded: &Recorded<'_, '_, S>) {
        let side = recorded.side;
        for &(output, to) in &recorded.compiler.feeds {
            let Kept { access, dims, .. } = &self.kept[output.index as usize];
            let block =
                self.blocks.iter().position(|block| block.slot == Some(products::start(to)));
            let block = block.filter(|_| {
                side.guards.is_empty() && side.layouts.get(to.layout()).is_contiguous()
            });
            let leaf = block.map(|block| self.plan.blocks[block]);
            let taken = leaf
                .and_then(|leaf| feed::in_place(&self.plan, &self.stages, (access, dims), leaf));
            match taken.filter(|taken| !self.in_place.contains(taken)) {
                Some(taken) => self.in_place.push(taken),
                None => self.feeds.push((output, to)),
            }
        }
    }

    fn place(self, recorded: &Recorded<'_, '_, S>, report: &mut Report) -> Placed<S> {
        let compiler = recorded.compiler;
        let keep: Vec<(Access<Address>, Dims)> =
            self.kept.iter().map(|kept| (kept.access.clone(), kept.dims.clone())).collect();
        let needs = Needs {
            stages: &self.stages,
            writers: &self.writers,
            keep: &keep,
            in_place: &self.in_place,
            reuse: compiler.passes.contains(&Pass::Reuse),
        };
        let places = memory::run(&self.plan, &needs);
        compiler.note(report, Pass::Reuse, "numbers", self.plan.line.len(), places.len);
        report.flops = self.plan.instructions.values().map(flops).sum();
        Placed { planned: self, places }
    }
}

impl<S: Float> Placed<S> {
    fn program(self, recorded: &Recorded<'_, '_, S>, mut report: Report) -> Program<S> {
        let (
            compiler,
            &Planned { ref plan, count, ref blocks, ref stages, ref kept, ref feeds, .. },
        ) = (recorded.compiler, &self.planned);
        let places = |kept: &Kept| self.places.access(&kept.access, &kept.dims);
        let answer = |(kept, (request, shape)): (&Kept, &(Request, Shape))| Answer {
            access: places(kept),
            dims: kept.dims.clone(),
            shape: if kept.per_row { rows_of(count, shape) } else { shape.clone() },
            is_gradient: matches!(request, Request::Gradient { .. }),
            per_row: kept.per_row,
        };
        let outputs: Vec<Answer> = kept.iter().zip(&compiler.requests).map(answer).collect();
        let sides: Vec<Vec<At>> =
            kept[outputs.len()..].iter().map(|kept| places(kept).numbers(&kept.dims)).collect();
        let guards = recorded.side.guards.iter().zip(sides.chunks(2)).enumerate().map(
            |(index, (guard, sides))| Guard {
                index,
                comparison: guard.comparison,
                outcome: guard.outcome,
                labels: [guard.left, guard.right].map(|slot| compiler.tape.side_label(slot)),
                places: [sides[0].clone(), sides[1].clone()],
                at: guard.place,
            },
        );
        let guards = guards.collect();
        let inputs = recorded.inputs(plan, blocks, &self.places, count);
        let feed = |&(output, to): &(Output, View)| {
            let (to, dims) = recorded.places_of(to, &inputs);
            Feed { output: output.index as usize, to, dims }
        };
        let feeds = feeds.iter().map(feed).collect();
        let constants = plan
            .constants
            .iter()
            .map(|&(address, number)| (self.places.at(address), number))
            .collect();
        let initial = |input: &InputInfo| {
            let numbers = &recorded.values[input.id.slot()..][..input.len];
            let repeated =
                numbers.iter().flat_map(|&number| std::iter::repeat_n(number, input.rows));
            (input.start, if input.rows == 1 { numbers.to_vec() } else { repeated.collect() })
        };
        let initial = inputs.iter().map(initial).collect();
        let weight =
            compiler.rows.as_ref().map(|_| self.places.at(plan.line.start(plan.blocks[0])).index());
        let listing = listing::of(compiler.tape, plan, stages);
        let homes = output_placement::marks(plan);
        let (fast, level) = (compiler.numerics == Numerics::Fast, compiler.level);
        let assembled = Assembler { plan, places: &self.places, homes, fast, level }.run(stages);
        report.tasks = assembled.tasks.len();
        report.workspace_bytes = assembled.len * size_of::<S>();
        let recipe = self.planned.recipe(recorded);
        let inner = Inner {
            guards,
            tasks: assembled.tasks,
            len: assembled.len,
            registers: self.places.len,
            numerics: compiler.numerics,
            level: compiler.level,
            walks: assembled.walks,
            constants,
            initial,
            inputs,
            outputs,
            feeds,
            rows: count,
            weight,
            report,
            tape: compiler.tape.identity(),
            tape_made_at: compiler.tape.made_at(),
            id: compiler.id,
            _anchor: Arc::clone(&compiler.anchor),
            computed: Computed::of(recorded.steps, recorded.side),
            listing,
            recipe,
        };
        Program { inner: Arc::new(inner), code: None }
    }
}

impl<S: Float> Planned<S> {
    /// What the program's text is written from.
    fn recipe(self, recorded: &Recorded<'_, '_, S>) -> Option<Box<Recipe<S>>> {
        let (compiler, side) = (recorded.compiler, recorded.side);
        let Planned { plan, stages, kept, in_place, .. } = self;
        if plan.instructions.len() > LONGEST {
            return None;
        }
        let names = recipe::names(side);
        let called = |view: View| recipe::called(&names, side, view);
        let asked = compiler.requests.iter().map(|(request, _)| match *request {
            Request::Value(view) => Sought::Value(called(view)),
            Request::Gradient { of, wrt, .. } => {
                Sought::Gradient { of: called(of), wrt: called(wrt) }
            }
        });
        let asked = asked.collect();
        let kept = kept.into_iter().map(|kept| (kept.access, kept.dims)).collect();
        let (numerics, has_weights) = (compiler.numerics, compiler.rows.is_some());
        Some(Box::new(Recipe { plan, stages, kept, in_place, asked, names, numerics, has_weights }))
    }
}

impl<S: Float> Compiler<'_, S> {
    fn note(
        &self,
        report: &mut Report,
        pass: Pass,
        unit: &'static str,
        before: usize,
        after: usize,
    ) {
        if self.passes.contains(&pass) {
            report.passes.push(PassReport { pass, unit, before, after });
        }
    }

    /// What a reader calls the node at `id`: its path, or its id.
    pub(super) fn label_of(&self, id: NodeId) -> String {
        let side = self.tape.side();
        let layout =
            side.wide_at(id.slot() as u32).map_or(wengert_ops::run::SCALAR, |wide| wide.layout);
        side.names
            .get(View::new(id.slot() as u32, layout))
            .map_or_else(|| id.to_string(), |name| name.path.clone())
    }
}

/// A shape with the rows in front.
fn rows_of(count: usize, shape: &Shape) -> Shape {
    std::iter::once(count).chain(shape.dims().iter().copied()).collect::<Vec<usize>>().into()
}

/// Additions, multiplications and functions of an instruction.
fn flops(instruction: &Instruction<Address>) -> u64 {
    let inner: usize = instruction.inner.iter().product();
    let each = match instruction.op {
        Op::Copy => 0,
        Op::Contract { .. } => 2 * inner,
        Op::Sum | Op::Max | Op::Min | Op::OverRows => inner,
        Op::Unary(_) | Op::Binary(_) | Op::Select => 1,
    };
    (instruction.len() * each) as u64
}

/// Tapes that compile themselves: a trait, since the compiler is a later crate than the tape.
pub trait CompileTape<S: Compile> {
    /// Compiles: the program computes every one of `outputs`, and the gradient of the first of them
    /// by every one of `wrt`. [`Compiler`] has more to ask for, and says how.
    ///
    /// # Errors
    ///
    /// As [`Compiler::output`], [`Compiler::gradient`] and [`Compiler::compile`].
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert::CompileTape;
    ///
    /// let tape = wengert::Tape::new();
    /// let x = tape.input(3.0);
    /// let y = x * x;
    /// let program = tape.compile(&[y], &[x])?;
    /// let mut workspace = program.workspace();
    /// program.run(&mut workspace)?;
    /// let [value, gradient] = program.outputs()[..] else { panic!("one output, one gradient") };
    /// assert_eq!((workspace.value(value), workspace.value(gradient)), (9.0, 6.0));
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[track_caller]
    fn compile<'t>(
        &'t self,
        outputs: &[Var<'t, S>],
        wrt: &[Var<'t, S>],
    ) -> Result<Program<S>, Error>;
}

impl<S: Compile> CompileTape<S> for Tape<S> {
    #[track_caller]
    fn compile<'t>(
        &'t self,
        outputs: &[Var<'t, S>],
        wrt: &[Var<'t, S>],
    ) -> Result<Program<S>, Error> {
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
