//! Stages become tasks: kernels are chosen, and addresses become places in a workspace.

mod pass;

use std::sync::Arc;

use smallvec::SmallVec;

use super::access::Access;
use super::exec::contract::Layout as ContractLayout;
use super::exec::pass::Pass;
use super::exec::platform::Platform;
use super::exec::product::{Order, Products};
use super::exec::reduce::Layout as ReduceLayout;
use super::exec::rule::{OnTape, Spread};
use super::exec::scalars::{Scalar, Scalars};
use super::exec::walk::{Axis, merged};
use super::exec::{ByRule, CHUNK, Contract, InPieces, LANES, Reduce, Task};
use super::fuse::{Member, Stage};
use super::graph::{Instruction, Op};
use super::group::Plan;
use super::ids::{Address, Id, Map, Place, RunId};
use super::memory::Places;
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

    /// Turns axes of a sum round that every operand walks backwards, as sums over what a sweep has
    /// added do, if the order of the sum is free. Where the operands begin then.
    fn forwards<const N: usize>(&self, axes: &mut [Axis<N>], mut starts: [usize; N]) -> [usize; N] {
        for Axis { extent, strides } in axes.iter_mut().filter(|_| self.fast) {
            if strides.iter().all(|&stride| stride <= 0) {
                for (start, stride) in starts.iter_mut().zip(strides) {
                    *start = (*start as isize + (*extent as isize - 1) * *stride) as usize;
                    *stride = -*stride;
                }
            }
        }
        starts
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
        let mut axes: SmallVec<[Axis<2>; 2]> = (0..inner.len()).map(axis).collect();
        let begin = [a, b];
        let [a, b] = self.forwards(&mut axes, begin);
        // What a sweep has added round by round is no product of matrices, which is IEEE's in fast
        // numerics: a zero adjoint passes nothing on. It is one where the other factor is finite.
        let by_rounds = guarded && [a, b] != begin;
        let mut around: SmallVec<[Axis<2>; 2]> = merged(axes).into_iter().collect();
        let inner = around.pop().unwrap_or(Axis { extent: 1, strides: [0, 0] });
        let starts = [out, init.as_ref().map_or(0, |(start, _)| *start), a, b];
        let order = if self.fast { Order::Any } else { Order::OfIndex { guarded } };
        let products = Products::of(order, starts, init.is_some(), &outer, &around, inner);
        if !by_rounds && let Some(products) = products {
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
        let contract = Contract::new(layout, self.fast, self.level);
        Task::Contract(match products {
            Some(products) => contract.or_products(products),
            None => contract,
        })
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
        let mut axes: SmallVec<[Axis<1>; 2]> = (0..inner.len()).map(axis).collect();
        let [x] = self.forwards(&mut axes, [x]);
        let mut around: SmallVec<[Axis<1>; 2]> = merged(axes).into_iter().collect();
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
