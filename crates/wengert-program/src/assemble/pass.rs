//! Elementwise instructions become the steps of a pass, over registers and the workspace.

use smallvec::SmallVec;

use super::Assembler;
use crate::access::Access;
use crate::elementary::Elementary;
use crate::exec::pass::{Pass, Step, Window};
use crate::exec::platform::Platform;
use crate::exec::{CHUNK, LANES, contract, elementwise};
use crate::folds::terms;
use crate::fuse::Member;
use crate::graph::{FastMap, FastSet, Op};
use crate::group::Plan;
use crate::ids::{Address, Id, Place};
use crate::memory::PAD;
use crate::op::{Binary, Unary};
use wengert_kernels::product::Product;

impl<S: Elementary + Product + Platform> Assembler<'_, S> {
    /// A pass, and how many numbers its registers hold.
    pub(super) fn pass(
        &self,
        dims: &[usize],
        members: &[Member],
        registers: usize,
    ) -> (Pass<S>, usize) {
        let (pass, used) = self.pass_by(CHUNK, dims, members, registers);
        let bytes = |numbers: usize| used * numbers * size_of::<S>();
        let most = (NEAR / bytes(1).max(1)).max(SHORTEST) / PAD * PAD;
        let period = period_of(self.plan, dims, members).unwrap_or(1);
        if most >= CHUNK.min(pass.len) || most < period {
            let width = CHUNK.min(pass.len.next_multiple_of(PAD));
            return (pass, used * width);
        }
        // Shorter registers, so that all of them stay in a near cache.
        let (pass, used) = self.pass_by(most, dims, members, registers);
        (pass, used * most)
    }

    /// A pass whose registers hold so many numbers at most, and how many registers there are.
    fn pass_by<'m>(
        &'m self,
        most: usize,
        dims: &'m [usize],
        members: &'m [Member],
        registers: usize,
    ) -> (Pass<S>, usize) {
        let period = period_of(self.plan, dims, members);
        let axes = if period.is_some() { 2 } else { 1 };
        let (rows, row) = dims.split_at(dims.len() - axes);
        let len: usize = row.iter().product();
        let chunk = period.map_or(most, |period| most / period * period);
        // Of a short row all registers stay in a near cache.
        let width = most.min(len.next_multiple_of(PAD));
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
            reads: FastMap::default(),
            brought: FastMap::default(),
        };
        // The last member that reads what each computes.
        let mut last: FastMap<Address, usize> = FastMap::default();
        for (m, member) in members.iter().enumerate() {
            for operand in member.operands(self.plan) {
                last.insert(operand.first(), m);
                if matches!(operand, Access::Strided { .. }) {
                    *building.reads.entry(operand).or_default() += 1;
                }
            }
        }
        for (m, member) in members.iter().enumerate() {
            building.member(m, member, &last);
        }
        let Building { mut pass, registers: Registers { used, .. }, .. } = building;
        if used == 0 {
            pass.chunk = len;
        }
        // A chunk of whole periods may end inside a vector: a result in the place of what is read
        // would be there too early for the next chunk.
        pass.exact |= pass.chunk < len && pass.chunk % LANES != 0 && overwrites(&pass.steps);
        (pass, used)
    }
}

/// Whether a step writes what it, or a step before it, reads.
fn overwrites<S>(steps: &[Step<S>]) -> bool {
    let mut read: FastSet<Place> = FastSet::default();
    steps.iter().any(|step| match step {
        Step::Compute { out, operands, .. } | Step::WithProduct { out, operands, .. } => {
            read.extend(operands.iter().filter(|from| from.moves).map(|from| from.start));
            out.moves && read.contains(&out.start)
        }
        Step::SigmoidAndSlope { out, slope, x, .. } => {
            read.extend(Some(x.start).filter(|_| x.moves));
            [out, slope].iter().any(|to| to.moves && read.contains(&to.start))
        }
        _ => false,
    })
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

    /// The register that a place is.
    fn number_of(&self, window: Window) -> Option<usize> {
        let offset = window.start.index().checked_sub(self.base)?;
        Some(offset / self.width)
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

/// Registers of a pass take so many bytes at most, if each has room for the shortest chunk: of a
/// second cache of a megabyte more than half.
const NEAR: usize = 640 << 10;
const SHORTEST: usize = 64;

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
    /// How often what is brought into a register is read from now on.
    reads: FastMap<&'a Access<Address>, u32>,
    /// What has been brought into registers.
    brought: FastMap<&'a Access<Address>, (Window, usize)>,
}

impl<'a, S: Elementary + Product + Platform> Building<'a, S> {
    fn member(&mut self, m: usize, member: &'a Member, last: &FastMap<Address, usize>) {
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
        if !instruction.op.is_elementwise() {
            return self.fold(instruction.op, member.out(self.of.plan).first(), operands);
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
        let sigmoid = self.sigmoid_of(instruction.op, first, operands);
        let (out, register) = if self.of.places.get(first).is_none() {
            // With its sigmoid, a slope is computed before this step, where others may have been in
            // a register that is free now.
            let register = match sigmoid {
                Some(_) => self.registers.fresh(),
                None => self.registers.take(),
            };
            (self.registers.window(register), Some(register))
        } else {
            (self.memory(member.out(self.of.plan), 1), None)
        };
        self.inside.insert(first, (out, register));
        if let Some(sigmoid) = sigmoid {
            let [x, of, _] = operands;
            let kernel = elementwise::sigmoid_and_slope::<S>(self.of.level);
            self.pass.steps[sigmoid] = Step::SigmoidAndSlope { kernel, out: of, slope: out, x };
            return;
        }
        let step = match self.with_product(instruction.op, out, operands) {
            Some(step) => step,
            None => Step::Compute { op: instruction.op, kernel, out, operands },
        };
        self.pass.steps.push(step);
    }

    /// The step that computes the sigmoid of which an operation is the slope, if both can be
    /// computed at once: what others read after that step stays until then.
    fn sigmoid_of(&self, op: Op, out: Address, [x, of, _]: [Window; 3]) -> Option<usize> {
        if !self.of.fast || op != Op::Binary(Binary::SigmoidSlope) {
            return None;
        }
        // The last step that wrote there, so that x is what it was then.
        let found = self.pass.steps.iter().rposition(|step| step.writes(of))?;
        let same = matches!(
            self.pass.steps[found],
            Step::Compute { op: Op::Unary(Unary::Sigmoid), operands: [read, ..], .. } if read == x
        );
        let taken = self.of.places.get(out);
        let in_the_way =
            |step: &Step<S>| step.writes(x) || taken.is_some_and(|place| step.reads(place));
        (same && !x.single && !self.pass.steps[found + 1..].iter().any(in_the_way)).then_some(found)
    }

    /// A sum over the elements, of products if it is of two operands.
    fn fold(&mut self, op: Op, out: Address, [a, b, _]: [Window; 3]) {
        let products = terms(op) == 2;
        let kernel = contract::folding::<S>(
            products,
            matches!(op, Op::Contract { guarded: true }),
            self.of.level,
        );
        let operands = [a, if products { b } else { a }];
        self.pass.steps.push(Step::Fold { kernel, out: self.of.place(out), operands });
    }

    /// A sum or a difference with the product of the step before, if that is in a register which
    /// nobody else reads: instead of that step.
    fn with_product(&mut self, op: Op, out: Window, operands: [Window; 3]) -> Option<Step<S>> {
        let minus = match op {
            Op::Binary(Binary::Add) => false,
            Op::Binary(Binary::Sub) => true,
            _ => return None,
        };
        let Some(&Step::Compute { op, out: product, operands: [a, b, _], .. }) =
            self.pass.steps.last().filter(|_| self.of.fast)
        else {
            return None;
        };
        let guarded = match op {
            Op::Binary(Binary::Mul) => false,
            Op::Binary(Binary::MulNoNan) => true,
            _ => return None,
        };
        let [x, y, _] = operands;
        // A register that is free again was read by this step for the last time.
        let is_free = self
            .registers
            .number_of(product)
            .is_some_and(|number| self.registers.free.contains(&number) || out == product);
        let other = if y == product { x } else { y };
        if !is_free || x == y || !(y == product || (x == product && !minus)) {
            return None;
        }
        self.pass.steps.pop();
        let kernel = elementwise::with_product::<S>(guarded, minus, self.of.level);
        Some(Step::WithProduct { guarded, minus, kernel, out, operands: [a, b, other], product })
    }

    /// Whether an operand walks the whole space in order, as what members compute is kept.
    fn is_whole(&self, operand: &Access<Address>) -> bool {
        operand.is_contiguous(self.space)
    }

    /// An operand that was computed before the pass.
    fn outside(
        &mut self,
        operand: &'a Access<Address>,
        loaded: &mut SmallVec<[usize; 3]>,
    ) -> Window {
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
                        let left = self.reads.get_mut(operand).expect("all reads were counted");
                        *left -= 1;
                        let last = *left == 0;
                        let (out, kept) = match self.brought.get(operand) {
                            Some(&known) => known,
                            None => {
                                let kept = self.registers.take();
                                let out = self.registers.window(kept);
                                let stride = step as isize;
                                self.pass.steps.push(Step::Stride { out, from, stride });
                                self.brought.insert(operand, (out, kept));
                                (out, kept)
                            }
                        };
                        if last {
                            self.brought.remove(operand);
                            loaded.push(kept);
                        }
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
