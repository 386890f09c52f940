//! Passes over runs as loops: what a pass computes on the way stays in registers, and what it reads
//! from anywhere is read where it is needed.

use std::collections::HashMap;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{BlockArg, InstBuilder, MemFlagsData, Value, types};
use wengert_program::internals::{Act, At, From, PassStep, PassTask};

use crate::live;
use crate::ops::{Emit, flags, is_inline};
use crate::pieces;
use crate::unroll::count;

/// Whether loops of machine code are as good as a pass's kernels: it has no call, and enough to do
/// for an element that vectors of 128 bits, loaded and stored once, are as good as longer ones that
/// go through memory at each step.
pub(crate) fn is_worth_it(pass: &PassTask, exponent: impl Fn(&At) -> Option<f64>) -> bool {
    let call = call(pass, exponent).is_some();
    !call && steps(pass) >= FEWEST && period(pass).is_some() && is_in_order(pass)
}

/// What an interpreted pass is: the first function in it, or why it is no loop.
pub(crate) fn reason(pass: &PassTask, exponent: impl Fn(&At) -> Option<f64>) -> &'static str {
    match call(pass, exponent) {
        Some(Act::Unary(op)) => op.name(),
        Some(Act::Binary(op)) => op.name(),
        _ if steps(pass) < FEWEST => "short pass",
        _ if !pieces::can_be_cut(pass) => "long pass",
        _ => "pass with an order of its own",
    }
}

/// The first operation that is a call.
fn call(pass: &PassTask, exponent: impl Fn(&At) -> Option<f64>) -> Option<Act> {
    pass.steps.iter().find_map(|step| match step {
        PassStep::Compute { act, operands, .. } => {
            (!is_inline(*act, exponent(&operands[1]))).then_some(*act)
        }
        _ => None,
    })
}

/// How much is done for an element.
fn steps(pass: &PassTask) -> usize {
    let weight = |step: &PassStep| if let PassStep::Compute { .. } = step { 1 } else { 2 };
    pass.steps.iter().map(weight).sum()
}

/// Fewer operations on an element than this are left to kernels.
const FEWEST: usize = 4;

/// The extent of the last axis, if a row is two axes walked as one; 0 if it is one.
fn period(pass: &PassTask) -> Option<usize> {
    let (mut period, mut strides) = (0, false);
    for step in &pass.steps {
        let own = match step {
            PassStep::Bring { from: From::Cycle { period, .. }, .. } => *period,
            PassStep::Bring { from: From::Repeat { times, .. }, .. } => *times,
            PassStep::Bring { from: From::Stride { .. }, .. } => {
                strides = true;
                continue;
            }
            _ => continue,
        };
        if period != 0 && period != own {
            return None;
        }
        period = own;
    }
    (period == 0 || pass.len.is_multiple_of(period) && !strides).then_some(period)
}

/// Whether a pass may go element by element: what it writes it reads nowhere else than at the same
/// element.
fn is_in_order(pass: &PassTask) -> bool {
    let along = |at: &At| if at.moves { (pass.len, 1) } else { (1, 0) };
    let mut written: Vec<(At, std::ops::Range<usize>)> = Vec::new();
    for step in &pass.steps {
        match step {
            PassStep::Compute { out, .. } if !out.register => {
                written.push((*out, live::window(pass, out, along(out))));
            }
            PassStep::Scatter { to, .. } => {
                let (first, last) = (to.iter().min(), to.iter().max());
                let (Some(&first), Some(&last)) = (first, last) else { return false };
                let none = At { start: usize::MAX, walk: 0, moves: false, register: false };
                written.push((none, first as usize..last as usize + 1));
            }
            _ => {}
        }
    }
    let apart = |own: Option<&At>, places: &std::ops::Range<usize>| {
        written.iter().all(|(at, range)| {
            own == Some(at) || places.end <= range.start || range.end <= places.start
        })
    };
    let mut fits = true;
    for step in &pass.steps {
        if let PassStep::Compute { act, operands, .. } = step {
            let read = operands[..count(*act)].iter().filter(|at| !at.register);
            for at in read {
                fits &= apart(Some(at), &live::window(pass, at, along(at)));
            }
        } else if let PassStep::Scatter { from, .. } = step
            && !from.register
        {
            fits &= apart(Some(from), &live::window(pass, from, along(from)));
        }
    }
    // Everything that is brought is read by steps of its own.
    let brought = PassTask {
        steps: pass
            .steps
            .iter()
            .filter(|step| matches!(step, PassStep::Bring { .. }))
            .cloned()
            .collect(),
        ..pass.clone()
    };
    live::pass_reads(&brought, |places| fits &= apart(None, &places));
    fits
}

/// Loops under construction.
struct Loops<'e, 'f, 'p> {
    emit: &'e mut Emit<'f>,
    pass: &'p PassTask,
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
    /// Addresses of the tables that steps read, by step.
    tables: &'p [Option<usize>],
    exponents: &'p [Option<f64>],
}

/// Writes the body of a function that goes through a pass. `tables`: by step, the address of its
/// list of places; `exponents`: by step, its second operand if that is a constant.
pub(crate) fn emit(
    emit: &mut Emit<'_>,
    pass: &PassTask,
    tables: &[Option<usize>],
    exponents: &[Option<f64>],
) {
    let period = period(pass).unwrap_or(0);
    let size = i64::from(emit.number.bytes());
    let memory = emit.memory;
    let zero = emit.builder.ins().iconst(types::I64, 0);
    let mut loops = Loops {
        emit,
        pass,
        size,
        bases: vec![[memory; 2]; pass.walks.len()],
        before: zero,
        part: None,
        same: HashMap::new(),
        tables,
        exponents,
    };
    let inner = if period == 0 { pass.len } else { period };
    let mut after: Vec<usize> = vec![inner * (pass.len / inner); pass.rows.len()];
    for axis in (1..pass.rows.len()).rev() {
        after[axis - 1] = after[axis] * pass.rows[axis];
    }
    loops.rows(0, &after, inner);
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
        if axis == self.pass.rows.len() {
            return self.row(inner);
        }
        let (kept, before) = (self.bases.clone(), self.before);
        self.count(self.pass.rows[axis], 1, |this, k| {
            for (walk, bases) in this.bases.iter_mut().enumerate() {
                let by = i64::from(this.pass.walks[walk][axis]) * this.size;
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
        if inner == self.pass.len {
            return self.elements(inner);
        }
        let (kept, before) = (self.bases.clone(), self.before);
        self.count(self.pass.len / inner, 1, |this, part| {
            let moved = this.emit.builder.ins().imul_imm_s(part, inner as i64 * this.size);
            for [_, moves] in &mut this.bases {
                *moves = this.emit.builder.ins().iadd(*moves, moved);
            }
            let elements = this.emit.builder.ins().imul_imm_s(part, inner as i64);
            this.before = this.emit.builder.ins().iadd(before, elements);
            this.part = Some(part);
            this.elements(inner);
        });
        (self.bases, self.before, self.part) = (kept, before, None);
    }

    /// Neighbours: vectors of them, then what is left one by one.
    fn elements(&mut self, count: usize) {
        let lanes = (16 / self.size) as usize;
        let whole = count / lanes * lanes;
        if whole > 0 {
            self.emit.lanes = lanes as u32;
            self.hoist();
            self.count(whole, lanes, |this, i| this.body(i));
        }
        self.emit.lanes = 1;
        if whole < count {
            self.hoist();
            let rest = count - whole;
            self.count(rest, 1, |this, k| {
                let i = this.emit.builder.ins().iadd_imm_s(k, whole as i64);
                this.body(i);
            });
        }
    }

    /// Loads what all elements share.
    fn hoist(&mut self) {
        self.same.clear();
        let pass = self.pass;
        for (s, step) in pass.steps.iter().enumerate() {
            match step {
                PassStep::Compute { act, operands, .. } => {
                    for (k, at) in operands[..count(*act)].iter().enumerate() {
                        if !at.register && !at.moves {
                            let value = self.single(at, None);
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
        let one = self.emit.builder.ins().load(self.emit.number, flags(), base, offset);
        let ty = self.emit.ty();
        if self.emit.lanes == 1 { one } else { self.emit.builder.ins().splat(ty, one) }
    }

    /// All steps for the elements from `i` on.
    fn body(&mut self, i: Value) {
        let pass = self.pass;
        self.emit.masks.clear();
        let along = self.emit.builder.ins().imul_imm_s(i, self.size);
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
                    let value = self
                        .emit
                        .inline(*act, values, self.exponents[s])
                        .expect("a pass with a call is left to the interpreter");
                    self.write(&mut known, out, value, along);
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
        let base = self.emit.builder.ins().iadd(self.bases[at.walk][1], along);
        let (ty, offset) = (self.emit.ty(), (at.start as i64 * self.size) as i32);
        self.emit.builder.ins().load(ty, flags(), base, offset)
    }

    fn write(&mut self, known: &mut Vec<(At, Value)>, at: &At, value: Value, along: Value) {
        known.retain(|(written, _)| written != at);
        known.push((*at, value));
        if !at.register {
            let base = self.emit.builder.ins().iadd(self.bases[at.walk][1], along);
            let offset = (at.start as i64 * self.size) as i32;
            self.emit.builder.ins().store(flags(), value, base, offset);
        }
    }

    /// The numbers that a step brings for the elements from `i` on.
    fn bring(&mut self, s: usize, from: &From, i: Value, along: Value) -> Value {
        let lanes = self.emit.lanes as usize;
        let number = self.emit.number;
        let ones: Vec<Value> = match from {
            From::Repeat { .. } => return self.same[&(4 * s)],
            From::Stride { at, stride } | From::Cycle { at, stride, .. } => {
                let bytes = self.emit.builder.ins().imul_imm_s(along, *stride as i64);
                let base = self.emit.builder.ins().iadd(self.bases[at.walk][0], bytes);
                if *stride == 1 {
                    let (ty, offset) = (self.emit.ty(), (at.start as i64 * self.size) as i32);
                    return self.emit.builder.ins().load(ty, flags(), base, offset);
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

    fn joined(&mut self, ones: &[Value]) -> Value {
        if let [one] = ones {
            return *one;
        }
        let ty = self.emit.ty();
        let mut value = self.emit.builder.ins().scalar_to_vector(ty, ones[0]);
        for (lane, one) in ones.iter().enumerate().skip(1) {
            value = self.emit.builder.ins().insertlane(value, *one, lane as u8);
        }
        value
    }

    /// The places listed for the elements from `i` on, in bytes from the first.
    fn listed(&mut self, s: usize, i: Value) -> Vec<Value> {
        let table = self.tables[s].expect("a list has a table");
        let table = self.emit.builder.ins().iconst(types::I64, table as i64);
        let element = self.emit.builder.ins().iadd(self.before, i);
        let bytes = self.emit.builder.ins().ishl_imm_u(element, 2);
        let at = self.emit.builder.ins().iadd(table, bytes);
        // A table never changes.
        let constant = MemFlagsData::new().with_notrap().with_readonly();
        (0..self.emit.lanes as i32)
            .map(|lane| {
                let place = self.emit.builder.ins().uload32(constant, at, 4 * lane);
                self.emit.builder.ins().imul_imm_s(place, self.size)
            })
            .collect()
    }

    fn scatter(&mut self, s: usize, i: Value, value: Value) {
        let places = self.listed(s, i);
        for (lane, bytes) in places.into_iter().enumerate() {
            let one = match self.emit.lanes {
                1 => value,
                _ => self.emit.builder.ins().extractlane(value, lane as u8),
            };
            let at = self.emit.builder.ins().iadd(self.emit.memory, bytes);
            self.emit.builder.ins().store(flags(), one, at, 0);
        }
    }
}
