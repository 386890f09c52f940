//! Stages become tasks: kernels are chosen, and addresses become places in a workspace.

use std::sync::Arc;

use smallvec::SmallVec;

use super::access::Access;
use super::exec::contract::Layout as ContractLayout;
use super::exec::pass::{Pass, Step, Window};
use super::exec::platform::Platform;
use super::exec::product::{Order, Products};
use super::exec::reduce::Layout as ReduceLayout;
use super::exec::rule::{OnTape, Spread};
use super::exec::scalars::{Scalar, Scalars};
use super::exec::walk::{Axis, merged};
use super::exec::{ByRule, CHUNK, Contract, InPieces, LANES, Reduce, Task, elementwise};
use super::fuse::{Member, Stage};
use super::graph::{FastMap, Instruction, Op};
use super::group::Plan;
use super::ids::{Address, Id, Map, Place, RunId};
use super::memory::{PAD, Places};
use super::strips::{self, Piece, Strip};
use crate::elementary::Elementary;
use crate::simd::Level;
use wengert_kernels::product::Product;

/// What tasks are made with.
pub(crate) struct Assembler<'a, S> {
    pub(crate) plan: &'a Plan<S>,
    pub(crate) places: &'a Places,
    /// Whether a run is a home, which several instructions write.
    pub(crate) homes: Map<RunId, bool>,
    pub(crate) fast: bool,
    pub(crate) level: Level,
}

/// The tasks, and what a workspace has to offer.
#[derive(Debug)]
pub(crate) struct Assembled<S: 'static> {
    pub(crate) tasks: Vec<Task<S>>,
    pub(crate) in_pieces: Vec<InPieces<S>>,
    pub(crate) len: usize,
    pub(crate) walks: usize,
}

/// What passes need of a workspace: registers, and walks.
struct Room {
    most: usize,
    walks: usize,
}

impl Room {
    fn of<S>(&mut self, (pass, registers): (Pass<S>, usize)) -> Pass<S> {
        self.most = self.most.max(registers);
        self.walks = self.walks.max(pass.walks.len());
        pass
    }
}

impl<S: Elementary + Product + Platform> Assembler<'_, S> {
    pub(crate) fn run(&self, stages: &[Stage], strips: &[Strip]) -> Assembled<S> {
        let (registers, mut room) = (self.places.len, Room { most: 0, walks: 1 });
        let tasks = stages
            .iter()
            .map(|stage| match stage {
                Stage::Pass { dims, members } if stage.is_of_numbers() => {
                    debug_assert!(dims.iter().all(|&extent| extent == 1));
                    let mut code = Vec::with_capacity(members.len());
                    members.iter().for_each(|member| self.scalar(member, &mut code));
                    Task::Scalars(Scalars::new(code, self.fast, self.level))
                }
                Stage::Pass { dims, members } => {
                    Task::Pass(room.of(self.pass(dims, members, registers)))
                }
                Stage::Single(index) => self.single(&self.plan.instructions[*index]),
            })
            .collect();
        let in_pieces = strips
            .iter()
            .map(|strip| InPieces {
                tasks: strip.stages.clone(),
                pieces: self.pieces(&stages[strip.stages.clone()], strip, &mut room),
            })
            .collect();
        let Room { most, walks } = room;
        Assembled { tasks, in_pieces, len: registers + most + CHUNK, walks }
    }

    /// The pieces of stages, in the order in which they run.
    fn pieces(&self, stages: &[Stage], strip: &Strip, room: &mut Room) -> Vec<Task<S>> {
        let mut tasks = Vec::new();
        let mut before: SmallVec<[usize; 4]> = SmallVec::from_elem(0, stages.len());
        for ends in &strip.ends {
            for ((stage, from), &to) in stages.iter().zip(&mut before).zip(ends) {
                if to == *from {
                    continue;
                }
                tasks.push(match strips::piece(self.plan, stage, *from..to) {
                    Piece::Pass { dims, members } => {
                        let mut pass = room.of(self.pass(&dims, &members, self.places.len));
                        // What lies behind is another piece's.
                        pass.exact = true;
                        Task::Pass(pass)
                    }
                    Piece::Single(instruction) => self.single(&instruction),
                });
                *from = to;
            }
        }
        tasks
    }

    /// The place of an address.
    fn place(&self, address: Address) -> Place {
        self.places.at(address)
    }

    /// Appends a single number's operation.
    fn scalar(&self, member: &Member, code: &mut Vec<Scalar>) {
        let out = self.place(member.out(self.plan).first());
        if self.places.accumulates[member.index] {
            let product = code.pop().expect("a product comes before the sum that takes it in");
            return code.push(product.added_to(out));
        }
        let operands = member.operands(self.plan);
        let at = |i: usize| self.place(operands[i].first());
        match self.plan.instructions[member.index].op {
            Op::Unary(op) => code.push(Scalar::unary(op, out, at(0))),
            Op::Binary(op) => code.push(Scalar::binary(op, out, at(0), at(1))),
            Op::Select => code.extend(Scalar::select(out, [at(0), at(1), at(2)])),
            Op::Copy
            | Op::Contract { .. }
            | Op::Sum
            | Op::Max
            | Op::Min
            | Op::OverRows
            | Op::Rule(_) => {
                code.push(Scalar::copy(out, at(0)));
            }
        }
    }

    /// A pass, and how many numbers its registers hold.
    fn pass(&self, dims: &[usize], members: &[Member], registers: usize) -> (Pass<S>, usize) {
        let period = period_of(self.plan, dims, members);
        let axes = if period.is_some() { 2 } else { 1 };
        let (rows, row) = dims.split_at(dims.len() - axes);
        let len: usize = row.iter().product();
        let chunk = period.map_or(CHUNK, |period| CHUNK / period * period);
        // Of a short row all registers stay in a near cache.
        let width = CHUNK.min(len.next_multiple_of(PAD));
        let mut building = Building {
            of: self,
            space: dims,
            rows,
            period,
            pass: Pass {
                rows: rows.into(),
                walks: vec![SmallVec::from_elem(0, rows.len())],
                len,
                chunk,
                exact: false,
                steps: Vec::new(),
            },
            registers: Registers { base: registers, width, free: Vec::new(), used: 0 },
            inside: FastMap::default(),
        };
        // The last member that reads what each computes.
        let mut last: FastMap<Address, usize> = FastMap::default();
        for (m, member) in members.iter().enumerate() {
            member.operands(self.plan).iter().for_each(|operand| {
                last.insert(operand.first(), m);
            });
        }
        for (m, member) in members.iter().enumerate() {
            building.member(m, member, &last);
        }
        if building.registers.used == 0 {
            building.pass.chunk = len;
        }
        (building.pass, building.registers.used * width)
    }

    fn single(&self, instruction: &Instruction<Address>) -> Task<S> {
        match instruction.op {
            Op::Contract { guarded } => self.contract(instruction, guarded),
            Op::Rule(index) => self.by_rule(instruction, index),
            _ => self.reduce(instruction),
        }
    }

    /// Start and strides of a strided operand in the workspace.
    fn strided(&self, access: &Access<Address>) -> (usize, SmallVec<[isize; 6]>) {
        match access {
            Access::Strided { start, strides } => (
                self.place(*start).index(),
                strides.iter().map(|&stride| stride as isize).collect(),
            ),
            Access::Listed(_) => unreachable!("listed operands of sums are packed"),
        }
    }

    fn by_rule(&self, instruction: &Instruction<Address>, index: u32) -> Task<S> {
        let spread = |access: &Access<Address>| {
            let (start, strides) = self.strided(access);
            let row = strides.get(1).copied().unwrap_or(0);
            Spread { start, step: strides[0], row }
        };
        let rule = Arc::clone(&self.plan.rules[index as usize]);
        Task::ByRule(ByRule {
            on_tape: self.fast.then(|| Arc::new(OnTape::of(&rule))),
            rule,
            operands: instruction.operands.iter().map(spread).collect(),
            out: spread(&instruction.out),
            rows: instruction.dims.get(1).copied().unwrap_or(1),
        })
    }

    fn contract(&self, instruction: &Instruction<Address>, guarded: bool) -> Task<S> {
        let (dims, inner) = (&instruction.dims, &instruction.inner);
        let (out, out_strides) = self.strided(&instruction.out);
        let (a, a_strides) = self.strided(&instruction.operands[0]);
        let (b, b_strides) = self.strided(&instruction.operands[1]);
        let init = instruction.operands.get(2).map(|init| self.strided(init));
        let outer = merged((0..dims.len()).map(|axis| Axis {
            extent: dims[axis],
            strides: [
                out_strides[axis],
                init.as_ref().map_or(0, |(_, strides)| strides[axis]),
                a_strides[axis],
                b_strides[axis],
            ],
        }));
        let axis = |i: usize| Axis {
            extent: inner[i],
            strides: [a_strides[dims.len() + i], b_strides[dims.len() + i]],
        };
        let mut around: SmallVec<[Axis<2>; 2]> =
            merged((0..inner.len()).map(axis)).into_iter().collect();
        let inner = around.pop().unwrap_or(Axis { extent: 1, strides: [0, 0] });
        let starts = [out, init.as_ref().map_or(0, |(start, _)| *start), a, b];
        let order = if self.fast { Order::Any } else { Order::OfIndex { guarded } };
        if let Some(products) = Products::of(order, starts, init.is_some(), &outer, &around, inner)
        {
            return Task::Products(products);
        }
        let dots = self.fast && inner.strides == [1, 1] && inner.extent >= 2 * LANES;
        let (outer, lanes) = split_lanes(outer, dots);
        let layout = ContractLayout {
            starts,
            has_init: init.is_some(),
            guarded,
            outer,
            lanes,
            around,
            inner,
        };
        Task::Contract(Contract::new(layout, self.fast, self.level))
    }

    fn reduce(&self, instruction: &Instruction<Address>) -> Task<S> {
        let (dims, inner) = (&instruction.dims, &instruction.inner);
        let (out, out_strides) = self.strided(&instruction.out);
        let (x, x_strides) = self.strided(&instruction.operands[0]);
        let init = instruction.operands.get(1).map(|init| self.strided(init));
        let init_stride = |axis: usize| init.as_ref().map_or(0, |(_, strides)| strides[axis]);
        let outer = merged((0..dims.len()).map(|axis| Axis {
            extent: dims[axis],
            strides: [out_strides[axis], init_stride(axis), x_strides[axis]],
        }));
        let axis = |i: usize| Axis { extent: inner[i], strides: [x_strides[dims.len() + i]] };
        let mut around: SmallVec<[Axis<1>; 2]> =
            merged((0..inner.len()).map(axis)).into_iter().collect();
        let inner = around.pop().unwrap_or(Axis { extent: 1, strides: [0] });
        let along = self.fast && inner.strides == [1] && inner.extent >= 2 * LANES;
        let (outer, lanes) = split_lanes(outer, along);
        let starts = [out, init.as_ref().map_or(0, |(start, _)| *start), x];
        let (has_init, in_blocks) = (init.is_some(), false);
        let layout = ReduceLayout { starts, has_init, outer, lanes, around, inner, in_blocks };
        Task::Reduce(Reduce::new(instruction.op, layout, self.fast, self.level))
    }
}

/// Takes the axis out that is best computed side by side: a long one along which every operand
/// stands or takes single steps. Where sums are cut into lanes of their own instead, an axis that
/// is not so stays outside.
fn split_lanes<const N: usize>(
    mut outer: SmallVec<[Axis<N>; 4]>,
    sums_have_lanes: bool,
) -> (SmallVec<[Axis<N>; 4]>, Axis<N>) {
    let score = |axis: &Axis<N>| {
        let steady = axis.strides.iter().all(|&stride| stride == 0 || stride == 1);
        axis.extent * if steady { 8 } else { 1 }
    };
    let best = (0..outer.len()).max_by_key(|&i| (score(&outer[i]), i));
    let single = Axis { extent: 1, strides: [0; N] };
    match best {
        Some(best) if !sums_have_lanes || score(&outer[best]) >= 8 * LANES => {
            let lanes = outer.remove(best);
            (outer, lanes)
        }
        _ => (outer, single),
    }
}

/// Registers: pieces of a workspace that hold a chunk of what lives only inside a pass.
struct Registers {
    base: usize,
    width: usize,
    free: Vec<usize>,
    used: usize,
}

impl Registers {
    fn take(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| self.fresh())
    }

    fn fresh(&mut self) -> usize {
        self.used += 1;
        self.used - 1
    }

    fn window(&self, register: usize) -> Window {
        let start = Place::new(self.base + register * self.width);
        Window { start, walk: 0, moves: false, single: false }
    }
}

/// The extent of the last axis, if it is short and can be walked as one row with the axis before:
/// where every operand goes on evenly from one to the next, starts again, or repeats each element.
fn period_of<S>(plan: &Plan<S>, dims: &[usize], members: &[Member]) -> Option<usize> {
    let &[.., before, last] = dims else { return None };
    let even = |access: &Access<Address>| match access {
        Access::Strided { strides, .. } => {
            let (outer, inner) = (strides[dims.len() - 2], strides[dims.len() - 1]);
            outer == inner * last as i32 || outer == 0 || inner == 0
        }
        Access::Listed(_) => false,
    };
    let run = |member: &Member| member.out(plan).is_contiguous(dims);
    let all = members.iter().all(|member| run(member) && member.operands(plan).iter().all(even));
    (last <= SHORT && before > 1 && all).then_some(last)
}

/// Rows up to this length are walked together.
const SHORT: usize = CHUNK / 4;

/// A pass under construction.
struct Building<'a, S: 'static> {
    of: &'a Assembler<'a, S>,
    space: &'a [usize],
    rows: &'a [usize],
    /// Where the last two axes are walked as one row: the extent of the last.
    period: Option<usize>,
    pass: Pass<S>,
    registers: Registers,
    /// The places of what members have computed, by first address, and the register if it is one.
    inside: FastMap<Address, (Window, Option<usize>)>,
}

impl<S: Elementary + Product + Platform> Building<'_, S> {
    fn member(&mut self, m: usize, member: &Member, last: &FastMap<Address, usize>) {
        let instruction = &self.of.plan.instructions[member.index];
        let mut loaded: SmallVec<[usize; 3]> = SmallVec::new();
        let nowhere = Window { start: Place::new(0), walk: 0, moves: false, single: true };
        let mut operands = [nowhere; 3];
        for (i, operand) in member.operands(self.of.plan).iter().enumerate() {
            operands[i] = match self.inside.get(&operand.first()) {
                Some(&(place, _))
                    if matches!(operand, Access::Strided { .. }) && self.is_whole(operand) =>
                {
                    place
                }
                _ => self.outside(operand, &mut loaded),
            };
        }
        self.registers.free.extend(loaded);
        for operand in member.operands(self.of.plan) {
            if last.get(&operand.first()) == Some(&m)
                && let Some((_, Some(register))) = self.inside.get(&operand.first()).copied()
                && !self.registers.free.contains(&register)
            {
                self.registers.free.push(register);
            }
        }
        if let Access::Listed(list) = member.out(self.of.plan) {
            let to = list.iter().map(|&address| self.of.place(address)).collect();
            self.pass.steps.push(Step::Scatter { from: operands[0], to });
            return;
        }
        let kernel = elementwise::kernel::<S>(instruction.op, self.of.fast, self.of.level);
        let first = member.out(self.of.plan).first();
        // What lies beside a part of an output is another part.
        self.pass.exact |= self.of.homes[self.of.plan.line.run_of(first)];
        let (out, register) = if self.of.places.get(first).is_none() {
            let register = self.registers.take();
            (self.registers.window(register), Some(register))
        } else {
            (self.memory(member.out(self.of.plan), 1), None)
        };
        self.inside.insert(first, (out, register));
        self.pass.steps.push(Step::Compute { op: instruction.op, kernel, out, operands });
    }

    /// Whether an operand walks the whole space in order, as what members compute is kept.
    fn is_whole(&self, operand: &Access<Address>) -> bool {
        operand.is_contiguous(self.space)
    }

    /// An operand that was computed before the pass.
    fn outside(&mut self, operand: &Access<Address>, loaded: &mut SmallVec<[usize; 3]>) -> Window {
        let mut register = |this: &mut Self| {
            let register = this.registers.take();
            loaded.push(register);
            this.registers.window(register)
        };
        match operand {
            Access::Listed(list) => {
                let out = register(self);
                let places = list.iter().map(|&address| self.of.place(address)).collect();
                self.pass.steps.push(Step::gather(out, places));
                out
            }
            Access::Strided { strides, .. } => {
                let row = &strides[self.rows.len()..];
                let (step, outer) = (row[row.len() - 1], row[0]);
                let from = self.memory(operand, i32::from(step == 1));
                match self.period {
                    Some(period) if outer != step * period as i32 => {
                        let from = Window { moves: false, single: true, ..from };
                        if outer == 0 {
                            // A register that nothing else gets, or got: it is filled for the first
                            // chunk of a row alone.
                            let kept = self.registers.fresh();
                            let out = self.registers.window(kept);
                            self.pass.steps.push(Step::Cycle {
                                out,
                                from,
                                stride: step as isize,
                                period,
                            });
                            return out;
                        }
                        let out = register(self);
                        self.pass.steps.push(Step::Repeat {
                            out,
                            from,
                            stride: outer as isize,
                            times: period,
                        });
                        out
                    }
                    _ if step == 1 || step == 0 || self.pass.len == 1 => from,
                    _ => {
                        let out = register(self);
                        self.pass.steps.push(Step::Stride { out, from, stride: step as isize });
                        out
                    }
                }
            }
        }
    }

    fn memory(&mut self, access: &Access<Address>, step: i32) -> Window {
        let Access::Strided { start, strides } = access else { unreachable!("lists are gathered") };
        let rows = &strides[..self.rows.len()];
        let walk =
            self.pass.walks.iter().position(|walk| walk.as_slice() == rows).unwrap_or_else(|| {
                self.pass.walks.push(rows.into());
                self.pass.walks.len() - 1
            });
        Window {
            start: self.of.place(*start),
            walk: walk as u16,
            moves: step == 1,
            single: step != 1,
        }
    }
}
