//! From a tape to a program: what is asked for, and the passes in order.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::access::{Access, BOUND, TooLarge};
use super::assemble::Assembler;
use super::derive::Sweep;
use super::graph::{Graph, Instruction, NONE, Op};
use super::lower::Lowered;
use super::passes::{self, State};
use super::report::{Pass, PassReport, Report};
use super::request::{Compiler, Request, Standing, WEIGHT};
use super::run::{Asked, Feed, Float, Guard, Inner, InputInfo, Program};
use super::sym::Builder;
use super::{epilogue, feed, fuse, group, home, listing, memory, pack, rows};
use crate::Numerics;
use crate::shape::Shape;
use wengert_ops::run::View;
use wengert_tape::Tape;
use wengert_tape::Var;
use wengert_tape::{Error, NodeId, Place};

impl<'t, S: Float> Compiler<'t, S> {
    fn lower<'a>(
        &self,
        steps: &'a [wengert_tape::internals::Step],
        side: &'a wengert_tape::internals::Side,
        values: &[S],
        builder: &'a Builder<S>,
        weight: Option<u32>,
    ) -> (Lowered<'a, S>, Vec<Vec<u32>>) {
        let layout = |view: View| side.layouts.get(view.layout());
        let tape_slots = |view: View| layout(view).offsets().map(move |offset| view.start() + offset as u32);
        let sweep = |lowered: &Lowered<'a, S>, of: u32, wrt: &[View]| -> Vec<u32> {
            let one = weight.unwrap_or_else(|| builder.graph.borrow_mut().constant(S::from_f64(1.0)));
            Sweep::new(lowered, &[(of, one)], wrt.iter().flat_map(|&view| tape_slots(view))).adjoints
        };
        let gradient = |adjoints: &[u32], wrt: View, per_row: bool| -> Vec<u32> {
            let zero = builder.graph.borrow_mut().constant(S::from_f64(0.0));
            let mut graph = builder.graph.borrow_mut();
            let of_row = |slot: u32| self.rows.as_ref().is_some_and(|rows| rows.holds(side, slot));
            let adjoint = |slot: u32| match adjoints[slot as usize] {
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
            let adjoints = sweep(&lowered, standing.of.start(), &[standing.wrt]);
            lowered.stand_for(gradient(&adjoints, standing.wrt, false));
        }
        lowered.write_until(u32::MAX, values);
        // One sweep for every number that is differentiated, whatever it is differentiated by.
        let mut wanted: BTreeMap<u32, Vec<View>> = BTreeMap::new();
        for (request, _) in &self.requests {
            if let Request::Gradient { of, wrt, .. } = *request {
                wanted.entry(of.start()).or_default().push(wrt);
            }
        }
        let swept: BTreeMap<u32, Vec<u32>> =
            wanted.into_iter().map(|(of, wrt)| (of, sweep(&lowered, of, &wrt))).collect();
        let asked = self.requests.iter().map(|(request, _)| match *request {
            Request::Value(view) => lowered.all(view),
            Request::Gradient { of, wrt, per_row } => gradient(&swept[&of.start()], wrt, per_row),
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
            let id = NodeId::at(block.tape_slot);
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
    pub(super) fn label_of(&self, id: NodeId) -> String {
        let side = self.tape.side();
        let layout = side.wide_at(id.slot() as u32).map_or(wengert_ops::run::SCALAR, |wide| wide.layout);
        side.names.get(View::new(id.slot() as u32, layout)).map_or_else(|| id.to_string(), |name| name.path.clone())
    }

    /// The places of a view of leaves.
    fn places_of(&self, view: View, inputs: &[InputInfo]) -> Vec<u32> {
        let side = self.tape.side();
        let slots = side.layouts.get(view.layout()).offsets().map(|offset| view.start() as usize + offset);
        let place = |slot: usize| {
            let input = inputs.iter().rev().find(|input| input.id.slot() <= slot).expect("leaves are inputs");
            (input.start + slot - input.id.slot()) as u32
        };
        slots.map(place).collect()
    }
}

/// A number that programs can be compiled for: `f32` or `f64`.
pub trait Compile: Float {
    #[doc(hidden)]
    #[expect(private_interfaces, reason = "called by the crate alone")]
    fn compile(compiler: Compiler<'_, Self>) -> Result<Program<Self>, TooLarge>;
}

// Not a provided method: this is compiled here, once, and not in every crate that compiles a program.
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
    /// [`Error::ProgramTooLarge`] if the program needs more than 2³¹ numbers.
    #[track_caller]
    pub fn compile(self) -> Result<Program<S>, Error> {
        let at = Place::caller();
        S::compile(self).map_err(|TooLarge { needed }| Error::ProgramTooLarge { needed, bound: BOUND, at })
    }
}

/// What [`Compiler::compile`] does.
fn compile<S: Float>(compiler: Compiler<'_, S>) -> Result<Program<S>, TooLarge> {
    let side = compiler.tape.side();
    compiler.tape.read(|steps, values| {
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
        TooLarge::check(builder.graph.borrow().nodes.len() as u64)?;
        let state = compiler.simplify(State::new(builder.graph.into_inner(), roots), &mut report);
        let mut plan = group::run(&state, compiler.passes.contains(&Pass::Group));
        let mut keep: Vec<u32> = state.roots.iter().map(|&slot| plan.addresses[slot as usize]).collect();
        compiler.note(&mut report, Pass::Group, "instructions", state.count_computed(), plan.instructions.len());
        let count = compiler.rows.as_ref().map_or(1, |rows| rows.count);
        // By root: its place of the first row, and whether every row has its own.
        let mut varies = vec![false; keep.len()];
        if let Some(many) = &compiler.rows {
            let per_row: Vec<bool> = state.graph.blocks.iter().map(|block| many.is_per_row(block)).collect();
            let widened = rows::run(&mut plan, many.count, &per_row, &keep)?;
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
        let (mut in_place, mut feeds) = (Vec::new(), Vec::new());
        let mut first = 0;
        for (slots, index) in asked.iter().zip(0..) {
            let result = &keep[first..first + slots.len()];
            first += slots.len();
            for &(output, to) in compiler.feeds.iter().filter(|(output, _)| output.0 == index) {
                let block = state.graph.blocks.iter().position(|block| block.tape_slot == to.start());
                let block = block.filter(|_| side.guards.is_empty() && side.layouts.get(to.layout()).is_contiguous());
                let leaf = block.map(|block| plan.blocks[block]).filter(|leaf| leaf.1 as usize == result.len());
                let taken = leaf.and_then(|leaf| feed::in_place(&plan, &stages, result, leaf));
                match taken.filter(|taken| !in_place.contains(taken)) {
                    Some(taken) => in_place.push(taken),
                    None => feeds.push((output, to)),
                }
            }
        }
        let places = memory::run(&plan, &stages, &keep, &in_place, compiler.passes.contains(&Pass::Reuse));
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
        let feeds = feeds.iter().map(|&(output, to)| Feed::new(output, compiler.places_of(to, &inputs))).collect();
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
        if let Request::Gradient { wrt, .. } = request
            && !varies[range.clone()].contains(&true)
        {
            lists.push((super::graph::Source::adjoint(wrt.start()), rest[range.clone()].to_vec()));
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

/// Tapes that compile themselves: a trait, since the compiler is a later crate than the tape.
pub trait CompileTape<S: Compile> {
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
    /// use wengert::CompileTape;
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
    fn compile<'t>(&'t self, outputs: &[Var<'t, S>], wrt: &[Var<'t, S>]) -> Result<Program<S>, Error>;
}

impl<S: Compile> CompileTape<S> for Tape<S> {
    fn compile<'t>(&'t self, outputs: &[Var<'t, S>], wrt: &[Var<'t, S>]) -> Result<Program<S>, Error> {
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
