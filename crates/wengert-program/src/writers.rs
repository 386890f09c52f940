//! Which instruction computes what an instruction reads.
//!
//! A run is one instruction's result, or a home that several write, each at strides of its own.

use std::cell::OnceCell;

use super::access::{Access, Dims, Strides};
use super::graph::Instruction;
use super::group::Plan;
use super::ids::{Address, Id, InstructionId, Map, Point, RunId};
use super::regions::are_apart;

/// The writers of every run.
pub(crate) struct Writers {
    of: Map<RunId, Writer>,
}

enum Writer {
    Nobody,
    One(InstructionId),
    Several(Box<Several>),
}

/// The writers of a home.
struct Several {
    outs: Vec<(InstructionId, Access<Address>, Dims)>,
    /// By element, made when strides do not tell who wrote what is read.
    elements: OnceCell<Vec<Option<InstructionId>>>,
}

impl Writers {
    pub(crate) fn of<S>(plan: &Plan<S>) -> Self {
        let mut of: Map<RunId, Writer> = plan.line.ids().map(|_| Writer::Nobody).collect();
        for home in &plan.homes {
            let several = Several { outs: Vec::new(), elements: OnceCell::new() };
            of[home.run] = Writer::Several(Box::new(several));
        }
        for (i, instruction) in plan.instructions.iter() {
            match &mut of[plan.line.run_of(instruction.out.first())] {
                Writer::Several(several) => {
                    several.outs.push((i, instruction.out.clone(), instruction.dims.clone()));
                }
                writer => *writer = Writer::One(i),
            }
        }
        Writers { of }
    }

    /// The instruction that computes the number at an address.
    pub(crate) fn at<S>(&self, plan: &Plan<S>, address: Address) -> Option<InstructionId> {
        let run = plan.line.run_of(address);
        match &self.of[run] {
            Writer::Nobody => None,
            Writer::One(by) => Some(*by),
            Writer::Several(several) => several.at(plan, run, address),
        }
    }

    /// Calls `visit` with every instruction whose results an access reads, possibly several times.
    pub(crate) fn for_each<S>(
        &self,
        plan: &Plan<S>,
        access: &Access<Address>,
        dims: &[usize],
        mut visit: impl FnMut(InstructionId),
    ) {
        if let Some(run) = access.run(dims, &plan.line) {
            match &self.of[run] {
                Writer::Nobody => {}
                Writer::One(by) => visit(*by),
                Writer::Several(several) => several.for_each(plan, run, access, dims, visit),
            }
            return;
        }
        let mut last = None;
        access.for_each_distinct(dims, |address| {
            let by = self.at(plan, address);
            if by != last {
                by.into_iter().for_each(&mut visit);
                last = by;
            }
        });
    }

    /// Calls `visit` with every instruction whose results an instruction reads, possibly several
    /// times.
    pub(crate) fn for_each_read<S>(
        &self,
        plan: &Plan<S>,
        instruction: &Instruction<Address>,
        mut visit: impl FnMut(InstructionId),
    ) {
        instruction
            .for_each_operand(|operand, axes| self.for_each(plan, operand, axes, &mut visit));
    }
}

impl Several {
    fn elements<S>(&self, plan: &Plan<S>, run: RunId) -> &[Option<InstructionId>] {
        self.elements.get_or_init(|| {
            let mut elements = vec![None; plan.line.len_of(run)];
            for (by, out, dims) in &self.outs {
                out.for_each(dims, |address| {
                    elements[address.minus(plan.line.start(run)) as usize] = Some(*by)
                });
            }
            elements
        })
    }

    fn at<S>(&self, plan: &Plan<S>, run: RunId, address: Address) -> Option<InstructionId> {
        self.elements(plan, run)[address.minus(plan.line.start(run)) as usize]
    }

    fn for_each<S>(
        &self,
        plan: &Plan<S>,
        run: RunId,
        access: &Access<Address>,
        dims: &[usize],
        mut visit: impl FnMut(InstructionId),
    ) {
        let whole =
            access.is_contiguous(dims) && dims.iter().product::<usize>() == plan.line.len_of(run);
        let read = place(access, dims);
        if whole {
            return self.outs.iter().for_each(|(by, ..)| visit(*by));
        }
        let mut candidates =
            self.outs.iter().filter(|(_, out, own)| match (place(out, own), &read) {
                (Some(out), Some(read)) => {
                    !are_apart((out.0, own, &out.1), (read.0, dims, &read.1))
                }
                _ => true,
            });
        let (first, second) = (candidates.next(), candidates.next());
        if let (Some((by, ..)), None) = (first, second) {
            return visit(*by);
        }
        let elements = self.elements(plan, run);
        let mut last = None;
        access.for_each_distinct(dims, |address| {
            let by = elements[address.minus(plan.line.start(run)) as usize];
            if by != last {
                by.into_iter().for_each(&mut visit);
                last = by;
            }
        });
    }
}

/// The numbers that strides reach, counted forwards: the first, and how far apart the others are.
fn place(access: &Access<Address>, dims: &[usize]) -> Option<(usize, Strides)> {
    let Access::Strided { strides, .. } = access else { return None };
    let (first, _) = access.reach(dims)?;
    Some((first.index(), strides.iter().map(|stride| stride.abs()).collect()))
}
