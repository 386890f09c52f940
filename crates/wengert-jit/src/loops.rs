//! Passes over runs as loops: what a pass computes on the way stays in registers, and what it reads
//! from anywhere is read where it is needed.

use std::collections::HashMap;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{BlockArg, InstBuilder, MemFlagsData, Value, types};
use cranelift_frontend::Variable;
use wengert_program::internals::{At, From, PassStep, PassTask};

use crate::ops::{Emit, flags};
use crate::passes::period;
use crate::unroll::count;

/// A sum of what a step of a pass computes, over all elements, in any order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) step: usize,
    /// Where there is something that it is added to.
    pub(crate) init: Option<u32>,
    pub(crate) out: u32,
}

/// So many elements are added one after the other before another block of them begins: the error
/// of a sum grows with the length of a block and with their number.
const BLOCK: usize = 2048;

/// Numbers on the way to a sum.
#[derive(Clone, Copy, Debug)]
struct Adding {
    step: usize,
    /// Of the block under way, in lanes.
    block: Variable,
    /// Of the blocks before it, in lanes.
    lanes: Variable,
    /// Of elements that fill no register, in the first lane.
    rest: Variable,
}

/// What the loops are of.
#[derive(Clone, Copy)]
pub(crate) struct Source<'p> {
    pub(crate) pass: &'p PassTask,
    pub(crate) sums: &'p [Sum],
    /// By step, the address of its list of places.
    pub(crate) tables: &'p [Option<usize>],
    /// The number that an operand always is.
    pub(crate) constant: &'p dyn Fn(&At) -> Option<f64>,
    /// Whether nothing outside an element reads what a step computes.
    pub(crate) unread: &'p dyn Fn(usize) -> bool,
}

/// Loops under construction.
struct Loops<'e, 'f, 'p> {
    emit: &'e mut Emit<'f>,
    source: Source<'p>,
    adding: Vec<Adding>,
    /// Bytes of a number.
    size: i64,
    /// By walk, the address of the place 0 for operands that stand still in a row, and for those
    /// that move.
    bases: Vec<[Value; 2]>,
    /// How many elements come before this row, or this part of it.
    before: Value,
    /// Which part of a row, where a row is two axes.
    part: Option<Value>,
    /// Numbers that are the same for all elements of a row or a part.
    same: HashMap<usize, Value>,
    /// By walk, the address of the elements that a round of the loop is for.
    moved: Vec<Option<Value>>,
}

/// Writes the body of a function that goes through a pass.
pub(crate) fn emit(emit: &mut Emit<'_>, source: Source<'_>) {
    let pass = source.pass;
    let period = period(pass).unwrap_or(0);
    let size = i64::from(emit.number.bytes());
    let memory = emit.memory;
    let zero = emit.builder.ins().iconst(types::I64, 0);
    let mut loops = Loops {
        emit,
        source,
        adding: Vec::new(),
        size,
        bases: vec![[memory; 2]; pass.walks.len()],
        before: zero,
        part: None,
        same: HashMap::new(),
        moved: Vec::new(),
    };
    loops.begin_sums();
    let inner = if period == 0 { pass.len } else { period };
    let mut after: Vec<usize> = vec![inner * (pass.len / inner); pass.rows.len()];
    for axis in (1..pass.rows.len()).rev() {
        after[axis - 1] = after[axis] * pass.rows[axis];
    }
    loops.rows(0, &after, inner);
    loops.end_sums();
    loops.emit.builder.ins().return_(&[]);
}

impl Loops<'_, '_, '_> {
    /// Counts from 0 to `end` by `by`, which divides it; `body` gets the count.
    fn count(&mut self, end: usize, by: usize, body: impl FnOnce(&mut Self, Value)) {
        let (head, out) = (self.emit.builder.create_block(), self.emit.builder.create_block());
        let i = self.emit.builder.append_block_param(head, types::I64);
        let zero = self.emit.builder.ins().iconst(types::I64, 0);
        self.emit.builder.ins().jump(head, &[BlockArg::Value(zero)]);
        self.emit.builder.switch_to_block(head);
        body(self, i);
        let next = self.emit.builder.ins().iadd_imm_s(i, by as i64);
        let more = self.emit.builder.ins().icmp_imm_u(IntCC::UnsignedLessThan, next, end as i64);
        self.emit.builder.ins().brif(more, head, &[BlockArg::Value(next)], out, &[]);
        self.emit.builder.switch_to_block(out);
    }

    /// The rows' axes from one on.
    fn rows(&mut self, axis: usize, after: &[usize], inner: usize) {
        if axis == self.source.pass.rows.len() {
            return self.row(inner);
        }
        let (kept, before) = (self.bases.clone(), self.before);
        self.count(self.source.pass.rows[axis], 1, |this, k| {
            for (walk, bases) in this.bases.iter_mut().enumerate() {
                let by = i64::from(this.source.pass.walks[walk][axis]) * this.size;
                if by != 0 {
                    let moved = this.emit.builder.ins().imul_imm_s(k, by);
                    for base in bases {
                        *base = this.emit.builder.ins().iadd(*base, moved);
                    }
                }
            }
            let elements = this.emit.builder.ins().imul_imm_s(k, after[axis] as i64);
            this.before = this.emit.builder.ins().iadd(before, elements);
            this.rows(axis + 1, after, inner);
        });
        (self.bases, self.before) = (kept, before);
    }

    /// A row: one axis, or two.
    fn row(&mut self, inner: usize) {
        if inner == self.source.pass.len {
            return self.along(inner);
        }
        let (kept, before) = (self.bases.clone(), self.before);
        self.count(self.source.pass.len / inner, 1, |this, part| {
            let moved = this.emit.builder.ins().imul_imm_s(part, inner as i64 * this.size);
            for [_, moves] in &mut this.bases {
                *moves = this.emit.builder.ins().iadd(*moves, moved);
            }
            let elements = this.emit.builder.ins().imul_imm_s(part, inner as i64);
            this.before = this.emit.builder.ins().iadd(before, elements);
            this.part = Some(part);
            this.along(inner);
        });
        (self.bases, self.before, self.part) = (kept, before, None);
    }

    /// Neighbours: vectors of them, then what is left one by one.
    fn along(&mut self, count: usize) {
        let lanes = self.emit.lanes() as usize;
        let mut done = 0;
        self.emit.single = false;
        if count >= lanes {
            self.hoist();
        }
        if !self.adding.is_empty() && count > BLOCK {
            let blocks = count / BLOCK;
            self.count(blocks, 1, |this, block| {
                let from = this.emit.builder.ins().imul_imm_s(block, BLOCK as i64);
                this.count(BLOCK, lanes, |this, k| {
                    let i = this.emit.builder.ins().iadd(from, k);
                    this.body(i);
                });
                this.end_block();
            });
            done = blocks * BLOCK;
        }
        let whole = (count - done) / lanes * lanes;
        if whole > 0 {
            self.stretch(done, whole, lanes);
        }
        done += whole;
        self.emit.single = true;
        if done < count {
            self.hoist();
            self.stretch(done, count - done, 1);
        }
    }

    fn stretch(&mut self, from: usize, len: usize, by: usize) {
        self.count(len, by, |this, k| {
            let i = match from {
                0 => k,
                _ => this.emit.builder.ins().iadd_imm_s(k, from as i64),
            };
            this.body(i);
        });
    }

    fn begin_sums(&mut self) {
        let ty = self.emit.ty();
        let empty = self.emit.constant(-0.0);
        for sum in self.source.sums {
            let [block, lanes, rest] = std::array::from_fn(|_| {
                let variable = self.emit.builder.declare_var(ty);
                self.emit.builder.def_var(variable, empty);
                variable
            });
            self.adding.push(Adding { step: sum.step, block, lanes, rest });
        }
    }

    /// Adds what a step has computed, if there is a sum of it.
    fn add(&mut self, step: usize, value: Value) {
        for k in 0..self.adding.len() {
            let adding = self.adding[k];
            if adding.step == step {
                self.add_to(if self.emit.single { adding.rest } else { adding.block }, value);
            }
        }
    }

    fn add_to(&mut self, sum: Variable, value: Value) {
        let before = self.emit.builder.use_var(sum);
        let after = self.emit.builder.ins().fadd(before, value);
        self.emit.builder.def_var(sum, after);
    }

    fn end_block(&mut self) {
        let empty = self.emit.constant(-0.0);
        for k in 0..self.adding.len() {
            let Adding { block, lanes, .. } = self.adding[k];
            let sum = self.emit.builder.use_var(block);
            self.add_to(lanes, sum);
            self.emit.builder.def_var(block, empty);
        }
    }

    fn end_sums(&mut self) {
        self.end_block();
        self.emit.single = true;
        for (k, sum) in self.source.sums.iter().enumerate() {
            let Adding { lanes, rest, .. } = self.adding[k];
            let (lanes, rest) = (self.emit.builder.use_var(lanes), self.emit.builder.use_var(rest));
            let mut total = self.emit.builder.ins().extractlane(rest, 0);
            for lane in 0..self.emit.lanes() as u8 {
                let one = self.emit.builder.ins().extractlane(lanes, lane);
                total = self.emit.builder.ins().fadd(total, one);
            }
            if let Some(init) = sum.init {
                let init = self.emit.load(init);
                let init = self.emit.builder.ins().extractlane(init, 0);
                total = self.emit.builder.ins().fadd(init, total);
            }
            let ty = self.emit.ty();
            let total = self.emit.builder.ins().scalar_to_vector(ty, total);
            self.emit.store(sum.out, total);
        }
    }

    /// Loads what all elements share.
    fn hoist(&mut self) {
        self.same.clear();
        let pass = self.source.pass;
        for (s, step) in pass.steps.iter().enumerate() {
            match step {
                PassStep::Compute { act, operands, .. } => {
                    for (k, at) in operands[..count(*act)].iter().enumerate() {
                        if !at.register && !at.moves {
                            let value = self.single(at, None);
                            if let Some(number) = (self.source.constant)(at) {
                                self.emit.constants.insert(value, number);
                            }
                            self.same.insert(4 * s + k, value);
                        }
                    }
                }
                PassStep::Scatter { from: at, .. } if !at.register && !at.moves => {
                    let value = self.single(at, None);
                    self.same.insert(4 * s, value);
                }
                PassStep::Bring { from: From::Repeat { at, stride, .. }, .. } => {
                    let part = self.part.map(|part| (part, *stride));
                    let value = self.single(at, part);
                    self.same.insert(4 * s, value);
                }
                _ => {}
            }
        }
    }

    /// One number, in every lane.
    fn single(&mut self, at: &At, moved: Option<(Value, isize)>) -> Value {
        let mut base = self.bases[at.walk][0];
        if let Some((by, stride)) = moved {
            let bytes = self.emit.builder.ins().imul_imm_s(by, stride as i64 * self.size);
            base = self.emit.builder.ins().iadd(base, bytes);
        }
        let offset = (at.start as i64 * self.size) as i32;
        if self.emit.single {
            return self.emit.load_at(base, offset);
        }
        let one = self.emit.builder.ins().load(self.emit.number, flags(), base, offset);
        let ty = self.emit.ty();
        self.emit.builder.ins().splat(ty, one)
    }

    /// All steps for the elements from `i` on.
    fn body(&mut self, i: Value) {
        let pass = self.source.pass;
        self.emit.forget();
        let along = self.emit.builder.ins().ishl_imm_u(i, i64::from(self.size.trailing_zeros()));
        self.moved = vec![None; self.bases.len()];
        // What steps have written, by where.
        let mut known: Vec<(At, Value)> = Vec::new();
        for (s, step) in pass.steps.iter().enumerate() {
            match step {
                PassStep::Compute { act, out, operands } => {
                    let used = count(*act);
                    let mut values = [Value::from_u32(0); 3];
                    for k in 0..3 {
                        values[k] = match k < used {
                            true => self.read(&known, &operands[k], 4 * s + k, along),
                            false if used == 0 => continue,
                            false => values[used - 1],
                        };
                    }
                    let exponent = (self.source.constant)(&operands[1]);
                    let value = self.emit.inline(*act, values, exponent);
                    let value = value.expect("a pass with a call is left to the interpreter");
                    self.add(s, value);
                    if (self.source.unread)(s) {
                        known.retain(|(written, _)| written != out);
                        known.push((*out, value));
                    } else {
                        self.write(&mut known, out, value, along);
                    }
                }
                PassStep::Bring { out, from } => {
                    let value = self.bring(s, from, i, along);
                    self.write(&mut known, out, value, along);
                }
                PassStep::Scatter { from, .. } => {
                    let value = self.read(&known, from, 4 * s, along);
                    self.scatter(s, i, value);
                }
            }
        }
    }

    fn read(&mut self, known: &[(At, Value)], at: &At, shared: usize, along: Value) -> Value {
        if let Some((_, value)) = known.iter().rev().find(|(written, _)| written == at) {
            return *value;
        }
        if let Some(value) = self.same.get(&shared) {
            return *value;
        }
        let base = self.moved(at, along);
        self.emit.load_at(base, (at.start as i64 * self.size) as i32)
    }

    /// The address of the elements of an operand, less its start.
    fn moved(&mut self, at: &At, along: Value) -> Value {
        let base = self.bases[at.walk][1];
        let builder = &mut self.emit.builder;
        *self.moved[at.walk].get_or_insert_with(|| builder.ins().iadd(base, along))
    }

    fn write(&mut self, known: &mut Vec<(At, Value)>, at: &At, value: Value, along: Value) {
        known.retain(|(written, _)| written != at);
        known.push((*at, value));
        if !at.register {
            let base = self.moved(at, along);
            let offset = (at.start as i64 * self.size) as i32;
            self.emit.store_at(value, base, offset);
        }
    }

    /// The numbers that a step brings for the elements from `i` on.
    fn bring(&mut self, s: usize, from: &From, i: Value, along: Value) -> Value {
        let lanes = self.lanes();
        let number = self.emit.number;
        let ones: Vec<Value> = match from {
            From::Repeat { .. } => return self.same[&(4 * s)],
            From::Stride { at, stride } | From::Cycle { at, stride, .. } => {
                let bytes = match *stride {
                    1 => along,
                    stride => self.emit.builder.ins().imul_imm_s(along, stride as i64),
                };
                let base = self.emit.builder.ins().iadd(self.bases[at.walk][0], bytes);
                if *stride == 1 {
                    return self.emit.load_at(base, (at.start as i64 * self.size) as i32);
                }
                let offset = |lane: usize| {
                    ((at.start as i64 + lane as i64 * *stride as i64) * self.size) as i32
                };
                (0..lanes)
                    .map(|lane| self.emit.builder.ins().load(number, flags(), base, offset(lane)))
                    .collect()
            }
            From::List(_) => {
                let places = self.listed(s, i);
                let memory = self.emit.memory;
                places
                    .into_iter()
                    .map(|bytes| {
                        let at = self.emit.builder.ins().iadd(memory, bytes);
                        self.emit.builder.ins().load(number, flags(), at, 0)
                    })
                    .collect()
            }
        };
        self.joined(&ones)
    }

    /// How many elements a round of the loop is for.
    fn lanes(&self) -> usize {
        if self.emit.single { 1 } else { self.emit.lanes() as usize }
    }

    fn joined(&mut self, ones: &[Value]) -> Value {
        let ty = self.emit.ty();
        let mut value = self.emit.builder.ins().scalar_to_vector(ty, ones[0]);
        for (lane, one) in ones.iter().enumerate().skip(1) {
            value = self.emit.builder.ins().insertlane(value, *one, lane as u8);
        }
        value
    }

    /// The places listed for the elements from `i` on, in bytes from the first.
    fn listed(&mut self, s: usize, i: Value) -> Vec<Value> {
        let table = self.source.tables[s].expect("a list has a table");
        let table = self.emit.builder.ins().iconst(types::I64, table as i64);
        let element = self.emit.builder.ins().iadd(self.before, i);
        let bytes = self.emit.builder.ins().ishl_imm_u(element, 2);
        let at = self.emit.builder.ins().iadd(table, bytes);
        // A table never changes.
        let constant = MemFlagsData::new().with_notrap().with_readonly();
        (0..self.lanes() as i32)
            .map(|lane| {
                let place = self.emit.builder.ins().uload32(constant, at, 4 * lane);
                self.emit.builder.ins().imul_imm_s(place, self.size)
            })
            .collect()
    }

    fn scatter(&mut self, s: usize, i: Value, value: Value) {
        let places = self.listed(s, i);
        for (lane, bytes) in places.into_iter().enumerate() {
            let one = self.emit.builder.ins().extractlane(value, lane as u8);
            let at = self.emit.builder.ins().iadd(self.emit.memory, bytes);
            self.emit.builder.ins().store(flags(), one, at, 0);
        }
    }
}
