//! Repeated operations as a loop: the same sub-program at places that move on evenly.
//!
//! A recurrence that was recorded round by round (a chain of functions, time steps) is a list of
//! operations that repeats. As straight code it would be read from memory once a run; as a loop it
//! is a few instructions. Each operation reads and writes the places that it would have, in the same
//! order: so nothing has to be known of what depends on what.

use std::collections::HashMap;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{BlockArg, InstBuilder, Value, types};
use wengert_ops::op::Binary;
use wengert_program::Float;
use wengert_program::internals::{Act, Line};

use crate::ops::Emit;
use crate::unroll::count;

/// Fewer operations than this in all are as good as straight code.
const FEWEST: usize = 256;
/// Repeated so often, at least.
const TIMES: usize = 8;
/// A round has no more operations than this.
const LONGEST: usize = 2048;
/// Rounds are looked for at so many multiples of the distance at which operations repeat.
const MULTIPLES: usize = 32;
/// Operations that are alike in so many neighbours may be another round.
const ALIKE: usize = 8;
/// There are no more distances by which places move on: each takes a register.
const STRIDES: usize = 6;
/// A number stays in a register for so many operations.
const NEAR: usize = 24;

/// Rounds of operations: their places move on by a distance each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rolled {
    /// The first operation of the first round.
    pub(crate) from: usize,
    /// How many operations a round has.
    pub(crate) period: usize,
    /// How many rounds there are.
    pub(crate) times: usize,
    /// By operation of a round, how far the result's place and the operands' move on.
    strides: Vec<[i64; 4]>,
}

/// A place in each round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moving {
    start: u32,
    stride: i64,
}

impl Moving {
    /// Where it is in a round.
    pub(crate) fn at(self, round: usize) -> usize {
        (i64::from(self.start) + round as i64 * self.stride) as usize
    }

    /// Whether two are one place in some round.
    fn meets(self, other: Moving, times: usize) -> bool {
        let (apart, nearer) =
            (i64::from(other.start) - i64::from(self.start), self.stride - other.stride);
        if nearer == 0 {
            return apart == 0;
        }
        apart % nearer == 0 && (0..times as i64).contains(&(apart / nearer))
    }

    /// Whether two may be one place, each in a round of its own.
    fn may_share(self, other: Moving, times: usize) -> bool {
        let apart = i64::from(other.start) - i64::from(self.start);
        if self.stride == other.stride && self.stride != 0 {
            return apart % self.stride == 0 && apart.abs() / self.stride.abs() < times as i64;
        }
        let reach = |moving: Moving| {
            let (first, last) = (moving.at(0), moving.at(times - 1));
            (first.min(last), first.max(last))
        };
        let ((low, high), (first, last)) = (reach(self), reach(other));
        low <= last && first <= high
    }
}

fn places(line: &Line) -> [u32; 4] {
    let [a, b, c] = line.operands;
    [line.out, a, b, c]
}

/// The rounds among some lines, in order.
pub(crate) fn find(lines: &[Line]) -> Vec<Rolled> {
    // How far on the same operations follow again, looked at from the end.
    let mut last: HashMap<u64, usize> = HashMap::new();
    let mut on = vec![0_u32; lines.len()];
    let codes: Vec<u64> = lines.iter().map(|line| code(line.act)).collect();
    for i in (0..lines.len().saturating_sub(ALIKE)).rev() {
        let mix = |hash: u64, code: &u64| (hash ^ code).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let hash = codes[i..i + ALIKE].iter().fold(0, mix);
        if let Some(next) = last.insert(hash, i) {
            on[i] = (next - i) as u32;
        }
    }
    let mut all = Vec::new();
    // What is known of each period, so that no line is compared twice for one.
    let mut stretches: HashMap<usize, Stretch> = HashMap::new();
    let mut i = 0;
    while i < lines.len() {
        let step = on[i] as usize;
        let multiples = (1..=MULTIPLES).map(|times| times * step);
        let mut periods = multiples.take_while(|&period| (1..=LONGEST).contains(&period));
        let found = periods.find_map(|period| {
            let known = stretches.get(&period).filter(|known| i < known.end);
            let stretch = match known {
                Some(known) => *known,
                None => {
                    let stretch = Stretch::of(lines, i, period);
                    stretches.insert(period, stretch);
                    stretch
                }
            };
            stretch.rounds(lines, i, period)
        });
        match found {
            Some(rolled) => {
                i += rolled.period * rolled.times;
                all.push(rolled);
            }
            None => i += 1,
        }
    }
    all
}

/// Lines each of which moves on, a period later, as it does the period after that.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    /// The first line that does not.
    end: usize,
    /// Whether the distances in a period are few. They are the same wherever in the stretch it
    /// begins.
    is_simple: bool,
}

/// How far the places of a line have moved on a period later.
fn moved_on(lines: &[Line], at: usize, period: usize) -> [i64; 4] {
    let (x, y) = (places(&lines[at]), places(&lines[at + period]));
    std::array::from_fn(|k| i64::from(y[k]) - i64::from(x[k]))
}

impl Stretch {
    /// The stretch from a line on: of one line at least, which may be one that does not move on so.
    fn of(lines: &[Line], from: usize, period: usize) -> Self {
        let goes_on = |at: usize| {
            at + 2 * period < lines.len()
                && lines[at].act == lines[at + period].act
                && lines[at].act == lines[at + 2 * period].act
                && moved_on(lines, at, period) == moved_on(lines, at + period, period)
        };
        let mut end = from;
        while goes_on(end) {
            end += 1;
        }
        let mut distances: Vec<i64> = Vec::new();
        let whole = end - from >= period;
        for at in from..if whole { from + period } else { from } {
            for stride in moved_on(lines, at, period) {
                if stride != 0 && !distances.contains(&stride) {
                    distances.push(stride);
                }
            }
            if distances.len() > STRIDES {
                break;
            }
        }
        Stretch { end: end.max(from + 1), is_simple: whole && distances.len() <= STRIDES }
    }

    /// The rounds that begin at a line of the stretch, if they are worth a loop.
    fn rounds(self, lines: &[Line], from: usize, period: usize) -> Option<Rolled> {
        // A line moves on as the next one does: so the stretch is two rounds shorter.
        let times = (self.end - from) / period + 2;
        let worth = self.is_simple && times >= TIMES && times * period >= FEWEST;
        worth.then(|| {
            let strides = (from..from + period).map(|at| moved_on(lines, at, period)).collect();
            Rolled { from, period, times, strides }
        })
    }
}

/// A number for what an operation is.
fn code(act: Act) -> u64 {
    match act {
        Act::Empty => 1,
        Act::Copy => 2,
        Act::Select => 3,
        Act::AddProduct { guarded, skipped } => 4 + u64::from(guarded) + 2 * u64::from(skipped),
        Act::AddFused { guarded } => 8 + u64::from(guarded),
        Act::Unary(op) => 256 + op as u64,
        Act::Binary(op) => 512 + op as u64,
    }
}

impl Rolled {
    /// How far places move on, each distance once, 0 left out.
    fn distances(&self) -> Vec<i64> {
        let mut all: Vec<i64> = self.strides.iter().flatten().copied().collect();
        all.sort_unstable();
        all.dedup();
        all.retain(|&stride| stride != 0);
        all
    }

    fn out(&self, lines: &[Line], j: usize) -> Moving {
        Moving { start: lines[self.from + j].out, stride: self.strides[j][0] }
    }

    /// The places that an operation of a round reads.
    pub(crate) fn reads<'a>(
        &'a self,
        lines: &'a [Line],
        j: usize,
    ) -> impl Iterator<Item = Moving> + 'a {
        let line = &lines[self.from + j];
        (0..count(line.act))
            .map(move |k| Moving { start: line.operands[k], stride: self.strides[j][k + 1] })
    }

    /// Goes through a round: `load` is asked for what is in no register, `compute` for what an
    /// operation makes of its operands.
    fn walk<C, V: Copy>(
        &self,
        lines: &[Line],
        context: &mut C,
        nothing: V,
        mut load: impl FnMut(&mut C, Moving) -> V,
        mut compute: impl FnMut(&mut C, usize, [V; 3]) -> V,
    ) {
        let mut known: Vec<(Moving, usize, V)> = Vec::new();
        for j in 0..self.period {
            known.retain(|(_, touched, _)| j - touched <= NEAR);
            let mut values = [nothing; 3];
            for (value, place) in values.iter_mut().zip(self.reads(lines, j)) {
                *value = match known.iter_mut().find(|(at, ..)| *at == place) {
                    Some((_, touched, value)) => {
                        *touched = j;
                        *value
                    }
                    None => {
                        let value = load(context, place);
                        known.push((place, j, value));
                        value
                    }
                };
            }
            let value = compute(context, j, values);
            let out = self.out(lines, j);
            known.retain(|(at, ..)| !at.meets(out, self.times));
            known.push((out, j, value));
        }
    }

    /// By operation of a round, whether its result is stored: because this round or a later one
    /// loads it, or because `live` says that something reads the place afterwards.
    pub(crate) fn stored(&self, lines: &[Line], live: impl Fn(usize) -> bool) -> Vec<bool> {
        let mut loads: Vec<Moving> = Vec::new();
        let load = |loads: &mut Vec<Moving>, place| {
            if !loads.contains(&place) {
                loads.push(place);
            }
        };
        self.walk(lines, &mut loads, (), load, |_, _, _| ());
        let is_loaded = |out: Moving| loads.iter().any(|load| load.may_share(out, self.times));
        let out = |j| self.out(lines, j);
        let is_live = |out: Moving| (0..self.times).any(|round| live(out.at(round)));
        (0..self.period).map(|j| is_loaded(out(j)) || is_live(out(j))).collect()
    }

    /// Writes the body of a function.
    pub(crate) fn emit<S: Float>(
        &self,
        emit: &mut Emit<'_>,
        (lines, stored): (&[Line], &[bool]),
        constant: impl Fn(u32) -> Option<f64>,
    ) {
        let size = i64::from(emit.number.bytes());
        let distances = self.distances();
        let (head, out) = (emit.builder.create_block(), emit.builder.create_block());
        let round = emit.builder.append_block_param(head, types::I64);
        // By distance, where the place 0 has moved to.
        let moved: Vec<Value> =
            distances.iter().map(|_| emit.builder.append_block_param(head, types::I64)).collect();
        let zero = emit.builder.ins().iconst(types::I64, 0);
        let start: Vec<BlockArg> = std::iter::once(zero)
            .chain(distances.iter().map(|_| emit.memory))
            .map(BlockArg::Value)
            .collect();
        emit.builder.ins().jump(head, &start);
        emit.builder.switch_to_block(head);
        emit.forget();
        let lines_of_a_round = &lines[self.from..self.from + self.period];
        if lines_of_a_round.iter().any(|line| emit.functions.has_formula(line.act)) {
            emit.load_base();
        }
        let memory = emit.memory;
        let base = |place: Moving| {
            let k = distances.iter().position(|&stride| stride == place.stride);
            (k.map_or(memory, |k| moved[k]), (i64::from(place.start) * size) as i32)
        };
        let load = |emit: &mut &mut Emit<'_>, place: Moving| {
            let (base, offset) = base(place);
            let value = emit.load_at(base, offset);
            if let (0, Some(number)) = (place.stride, constant(place.start)) {
                emit.constants.insert(value, number);
            }
            value
        };
        let compute = |emit: &mut &mut Emit<'_>, j: usize, values: [Value; 3]| {
            let line = &lines[self.from + j];
            let exponent = match line.act {
                Act::Binary(Binary::Powi) if self.strides[j][2] == 0 => constant(line.operands[1]),
                _ => None,
            };
            let value = emit.number::<S>(line.act, values, exponent);
            if stored[j] {
                let (base, offset) = base(self.out(lines, j));
                emit.store_at(value, base, offset);
            }
            value
        };
        let mut emit = emit;
        self.walk(lines, &mut emit, Value::from_u32(0), load, compute);
        let next = emit.builder.ins().iadd_imm_s(round, 1);
        let mut on = vec![BlockArg::Value(next)];
        for (&base, &stride) in moved.iter().zip(&distances) {
            on.push(BlockArg::Value(emit.builder.ins().iadd_imm_s(base, stride * size)));
        }
        let more = emit.builder.ins().icmp_imm_u(IntCC::UnsignedLessThan, next, self.times as i64);
        emit.builder.ins().brif(more, head, &on, out, &[]);
        emit.builder.switch_to_block(out);
        emit.builder.ins().return_(&[]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wengert_ops::op::Unary;

    fn line(op: Unary, out: u32, a: u32) -> Line {
        Line { act: Act::Unary(op), out, operands: [a; 3] }
    }

    /// `sin`, `exp` of the result, and so on, the results two places further on each round.
    fn chain(rounds: u32) -> Vec<Line> {
        let round =
            |k| [line(Unary::Sin, 2 * k + 1, 2 * k), line(Unary::Exp, 2 * k + 2, 2 * k + 1)];
        (0..rounds).flat_map(round).collect()
    }

    #[test]
    fn a_chain_is_one_loop() {
        let lines = chain(1000);
        let found = find(&lines);
        let [rolled] = &found[..] else { panic!("{found:?}") };
        assert_eq!((rolled.from, rolled.period, rolled.times), (0, 2, 1000));
        assert_eq!(rolled.strides, [[2; 4]; 2]);
    }

    #[test]
    fn what_breaks_the_pattern_stays_outside() {
        let mut lines = chain(1000);
        lines[1001].operands = [7; 3];
        let found = find(&lines);
        let [before, after] = &found[..] else { panic!("{found:?}") };
        assert_eq!(before.from + before.period * before.times, 1000);
        assert!(after.from > 1001);
    }

    #[test]
    fn a_few_rounds_are_straight_code() {
        assert_eq!(find(&chain(20)), []);
    }

    #[test]
    fn what_no_register_holds_is_stored() {
        let lines = chain(1000);
        let found = find(&lines);
        // The sine is read at once; what the next round reads is stored.
        assert_eq!(found[0].stored(&lines, |_| false), [false, true]);
        assert_eq!(found[0].stored(&lines, |place| place == 501), [true, true]);
    }

    #[test]
    fn places_meet_in_a_round_or_never() {
        let (a, b) = (Moving { start: 0, stride: 3 }, Moving { start: 12, stride: 1 });
        assert!(a.meets(b, 7) && b.meets(a, 7));
        assert!(!a.meets(b, 6));
        assert!(!a.meets(Moving { start: 1, stride: 3 }, 1000));
        assert!(!a.meets(Moving { start: 13, stride: 1 }, 1000));
    }
}
