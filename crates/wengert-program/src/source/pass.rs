//! Elementwise instructions: straight lines for single numbers, a nest of loops for runs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::error::RustError;
use super::expr::Expr;
use super::loops::Loops;
use super::uses::Readers;
use super::writer::{Nest, Operand, Store, Tracks, Writer};
use crate::access::Access;
use crate::fuse::Member;
use crate::graph::{FastMap, Instruction, Op};
use crate::ids::{Address, RunId};
use crate::run::Float;

/// What is read once is written where it is read, up to this many letters; in loops up to fewer.
const SHORT: usize = 64;
const SHORTER: usize = 36;

impl<S: Float> Writer<'_, S> {
    /// Single numbers, one after the other.
    pub(crate) fn scalars(&mut self, stage: usize, members: &[Member]) -> Result<(), RustError> {
        let plan = &self.recipe.plan;
        for i in self.in_order(members) {
            let member = &members[i];
            let instruction = &plan.instructions[member.index];
            let addresses: Vec<Address> =
                member.operands(plan).iter().map(|operand| operand.first()).collect();
            self.shorten(&addresses);
            let operands: Vec<Expr> =
                member.operands(plan).iter().map(|operand| self.number(operand.first())).collect();
            let expr = self.expression(instruction, &operands)?;
            let out = member.out(plan).first();
            let (run, offset) = self.locate(out);
            let (path, own) = self.named(member.index, instruction);
            let reads = self.uses.reads(run);
            if self.recipe.plan.line.len_of(run) > 1 || matches!(self.store[run], Store::Array(_)) {
                self.note(instruction);
                let array = self.array_of(run, &path);
                let expr = self.as_stored(run, expr);
                self.body.line(&expr.stored(&format!("{array}[{offset}]")));
                continue;
            }
            let here = reads.count == 1 && reads.by == Readers::Only(stage) && !own;
            let renamed = instruction.op == Op::Copy && expr.is_variable();
            if here && expr.text().chars().count() <= SHORT || renamed {
                self.store[run] = Store::Pending { expr, path };
                continue;
            }
            self.note(instruction);
            let name = self.names.unique(&path);
            self.body.line(&format!("let {name} = {};", expr.text()));
            self.store[run] = Store::Number(name);
        }
        Ok(())
    }

    /// Single numbers as a person would write them, each after what it reads: the values of the tape
    /// from its beginning on, then its adjoints from its end.
    fn in_order(&self, members: &[Member]) -> Vec<usize> {
        let plan = &self.recipe.plan;
        let by: FastMap<Address, usize> =
            members.iter().enumerate().map(|(i, m)| (m.out(plan).first(), i)).collect();
        let mut waits = vec![0_usize; members.len()];
        let mut readers: Vec<Vec<usize>> = vec![Vec::new(); members.len()];
        for (i, member) in members.iter().enumerate() {
            for operand in member.operands(plan) {
                if let Some(&producer) = by.get(&operand.first()) {
                    waits[i] += 1;
                    readers[producer].push(i);
                }
            }
        }
        let key = |i: usize| {
            let source = plan.instructions[members[i].index].source;
            let slot = source.slot();
            let slot = if source.is_adjoint() { u32::MAX - slot } else { slot };
            Reverse((source.is_adjoint(), slot, i))
        };
        let free = (0..members.len()).filter(|&i| waits[i] == 0);
        let mut ready: BinaryHeap<_> = free.map(key).collect();
        let mut order = Vec::with_capacity(members.len());
        while let Some(Reverse((.., i))) = ready.pop() {
            order.push(i);
            for &reader in &readers[i] {
                waits[reader] -= 1;
                if waits[reader] == 0 {
                    ready.push(key(reader));
                }
            }
        }
        order
    }

    /// What an element of a run is written as: `+ 0.0` turns -0, the sum of nothing, into 0.
    pub(crate) fn as_stored(&self, run: RunId, expr: Expr) -> Expr {
        if self.cleared[run] { expr.without_minus_zero() } else { expr }
    }

    /// Runs, element by element.
    pub(crate) fn pass(
        &mut self,
        stage: usize,
        dims: &[usize],
        members: &[Member],
    ) -> Result<(), RustError> {
        let plan = &self.recipe.plan;
        self.note(&plan.instructions[members[0].index]);
        if let [member] = members
            && self.is_gathered(member)
        {
            return Ok(());
        }
        let space = super::space::of(plan, dims, members);
        let dims = &space.dims[..];
        let mut tracks = Tracks::default();
        let mut lines: Vec<Line<'_>> = Vec::with_capacity(members.len());
        // What members compute, by first address: the accesses that read it element by element.
        let mut inside: FastMap<Address, &Access<Address>> = FastMap::default();
        for (member, accesses) in members.iter().zip(&space.members) {
            let instruction = &plan.instructions[member.index];
            let (path, own) = self.named(member.index, instruction);
            let mut operands = Vec::new();
            for operand in &accesses.operands {
                let known = inside.get(&operand.first());
                operands.push(match known {
                    Some(out) if operand == *out => Read::Inside(operand.first()),
                    Some(out) if both_in_order(operand, out, dims) => Read::Inside(operand.first()),
                    _ => Read::Before(self.operand(operand, dims, &mut tracks, &path)),
                });
            }
            let out = &accesses.out;
            let (run, offset) = self.locate(out.first());
            let reads = self.uses.reads(run);
            let lives_here = reads.by == Readers::Only(stage)
                && self.recipe.plan.line.len_of(run) == instruction.len()
                && matches!(self.store[run], Store::Nowhere);
            let to = match out {
                _ if lives_here => None,
                Access::Strided { strides, .. } => {
                    let array = self.array_of(run, &path);
                    let track = tracks.add(strides.iter().map(|&stride| i64::from(stride)));
                    Some(Operand::Element { array, start: offset, track })
                }
                Access::Listed(list) => {
                    let at: Vec<i64> = list.iter().map(|&to| self.locate(to).1).collect();
                    if list.iter().any(|&to| self.locate(to).0 != run) {
                        let (operation, what) = ("copy", "its results go to several runs");
                        return Err(RustError::Instruction { operation, what });
                    }
                    let array = self.array_of(run, &path);
                    let table = self.table(&format!("{path}_to"), &at);
                    Some(Operand::Listed { array, table, track: tracks.row_major(dims) })
                }
            };
            if matches!(out, Access::Strided { .. }) {
                inside.insert(out.first(), out);
            }
            lines.push(Line { instruction, operands, out: out.first(), run, to, path, own });
        }
        let loops = Loops::new(dims, &tracks.all);
        self.open(&loops, 0);
        self.lines(&lines, &Nest { loops: &[&loops] })?;
        self.close(&loops);
        Ok(())
    }

    /// A copy of numbers from anywhere, one after the other, is written stretch by stretch: into the
    /// run itself, if it is whole.
    fn is_gathered(&mut self, member: &Member) -> bool {
        let plan = &self.recipe.plan;
        let instruction = &plan.instructions[member.index];
        let [Access::Listed(list)] = &instruction.operands[..] else { return false };
        let even = Access::of(list.to_vec(), &instruction.dims);
        if instruction.op != Op::Copy
            || even.run(&instruction.dims, &plan.line).is_some()
            || !self.is_worth_stretches(list)
        {
            return false;
        }
        let (to, dims) = (&instruction.out, &instruction.dims);
        let flat = [instruction.len()];
        let Access::Strided { strides, start } = Access::of(to.numbers(dims), &flat) else {
            return false;
        };
        let (run, offset) = self.locate(start);
        if strides[..] != [1] {
            return false;
        }
        let (path, _) = self.named(member.index, instruction);
        let array = self.array_of(run, &path);
        self.gather_into(list, (&array, offset as usize), self.cleared[run]);
        true
    }

    /// The body of a pass.
    fn lines(&mut self, lines: &[Line<'_>], nest: &Nest<'_>) -> Result<(), RustError> {
        let in_place = |run: RunId| {
            let start = self.recipe.plan.line.start(run);
            self.recipe.in_place.iter().any(|taken| taken.result == start)
        };
        let moved: Vec<bool> = lines.iter().map(|line| in_place(line.run)).collect();
        let several = moved.iter().filter(|&&moved| moved).count() > 1;
        let mut values: FastMap<Address, Expr> = FastMap::default();
        // What takes a leaf's place is stored when the leaf has been read for the last time.
        let mut last: Vec<String> = Vec::new();
        for (i, line) in lines.iter().enumerate() {
            let operands: Vec<Expr> = line
                .operands
                .iter()
                .map(|operand| match operand {
                    Read::Inside(address) => values[address].clone(),
                    Read::Before(operand) => nest.read(operand),
                })
                .collect();
            let mut expr = self.expression(line.instruction, &operands)?;
            let later = lines[i + 1..].iter().flat_map(|line| &line.operands);
            let later =
                later.filter(|read| matches!(read, Read::Inside(from) if *from == line.out));
            let (later, to) = (later.count(), line.to.as_ref().map(|to| nest.read(to)));
            let here =
                to.is_none() && later == 1 && !line.own && expr.text().chars().count() <= SHORTER;
            if later > 0 && !here && !expr.is_variable() || moved[i] && several {
                // Beside an array of that name an element is called by its indices too.
                let element = format!("{}_{}", line.path, nest.variables());
                let name = self.names.unique(if to.is_some() { &element } else { &line.path });
                self.body.line(&format!("let {name} = {};", expr.text()));
                expr = Expr::atom(name);
            }
            if let Some(to) = to {
                let store = self.as_stored(line.run, expr.clone()).stored(to.text());
                if moved[i] { last.push(store) } else { self.body.line(&store) }
            }
            values.insert(line.out, expr);
        }
        last.iter().for_each(|store| self.body.line(store));
        Ok(())
    }
}

fn both_in_order(operand: &Access<Address>, out: &Access<Address>, dims: &[usize]) -> bool {
    operand.is_contiguous(dims) && out.is_contiguous(dims)
}

/// Where an operand of a pass comes from.
enum Read {
    /// The member that computes it, by first address.
    Inside(Address),
    Before(Operand),
}

/// A member of a pass, ready to be written.
struct Line<'a> {
    instruction: &'a Instruction<Address>,
    operands: Vec<Read>,
    out: Address,
    run: RunId,
    /// The element to be stored, if it is read after the pass.
    to: Option<Operand>,
    path: String,
    own: bool,
}
