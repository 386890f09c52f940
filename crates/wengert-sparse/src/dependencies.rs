//! The patterns of a tape: one walk forwards for what each number depends on, one backwards for
//! what bends.

use std::collections::HashSet;

use wengert::node::{Node, NodeId};
use wengert::{Error, Place, Scalar, Tape, Var};

use crate::pattern::Pattern;
use crate::sets::{EMPTY, SetId, Sets};
use crate::steps::{Curvature, curvature, each_entry, is_running, lanes};

/// The pattern of the Jacobian of some outputs, one after another, by an input block.
///
/// An entry is there if a path of entries of the rule book leads from the input to the output. It
/// is a statement on the recorded list, not on its numbers, so no replay needs a wider one:
///
/// - What was not chosen counts: both values of a `select`, every element of a maximum, the zero
///   side of a `relu`.
/// - A factor that happens to be 0 counts, a constant one too; so do terms that cancel.
/// - What the rule book states to be zero everywhere does not: a step function (`floor`,
///   `signum`), a comparison as a number, the condition of a `select`, an integer exponent. Nor
///   does what is read as a constant, as data or detached.
///
/// Branches of the program are not seen: the pattern is that of the recorded one, and a replay that
/// would take another is refused.
///
/// The input may be any node or a part of one: what it was computed from does not count then.
///
/// # Errors
///
/// [`Error::NothingAsked`] without an output; [`Error::Operand`] for an output or input that is
/// detached (data and constants are) and for an input that repeats a number; [`Error::TwoTapes`].
///
/// # Examples
///
/// ```
/// let tape = wengert::Tape::new();
/// let x = tape.input([1.0, 2.0, 3.0]);
/// let y = x.slice(0, 0..2) * x.slice(0, 1..3);
/// let pattern = wengert_sparse::jacobian_pattern(&[y], x)?;
/// assert_eq!((pattern.row(0), pattern.row(1)), (&[0, 1][..], &[1, 2][..]));
/// # Ok::<(), wengert::Error>(())
/// ```
#[track_caller]
pub fn jacobian_pattern<'t, S: Scalar>(
    outputs: &[Var<'t, S>],
    input: Var<'t, S>,
) -> Result<Pattern, Error> {
    check("jacobian_pattern", outputs, input)?;
    let mut walk = Walk::of(input);
    let mut pattern = Pattern::without_rows(input.len());
    for output in outputs {
        for offset in output.layout().offsets() {
            let set = walk.of[output.id().slot() + offset];
            walk.sets.write_out(set);
            pattern.push(walk.sets.positions(set).iter().map(|&column| column as usize));
        }
    }
    Ok(pattern)
}

/// The pattern of the Hessian of a single number by an input block: symmetric, both triangles.
///
/// An entry `(i, j)` is there if some operation on a path to the output is curved in two numbers of
/// which one depends on i and the other on j. A product is curved in its two factors, a quotient in
/// both and in its divisor, every other elementwise function in all its operands; sums, moved
/// elements and what is made of linear pieces (`abs`, `relu`, `max`, `min`, `select`, a remainder)
/// in none. As in [`jacobian_pattern`], values play no part, and the pattern may be wider than need
/// be: `(x + y)² − (x − y)²` has all four entries.
///
/// # Errors
///
/// As [`jacobian_pattern`], and [`Error::Operand`] if the output has axes.
///
/// # Examples
///
/// ```
/// let tape = wengert::Tape::new();
/// let x = tape.input([1.0, 2.0, 3.0]);
/// let y = x.at(0) * x.at(1) + x.at(2).exp();
/// let pattern = wengert_sparse::hessian_pattern(y, x)?;
/// assert_eq!(pattern.places().collect::<Vec<_>>(), [(0, 1), (1, 0), (2, 2)]);
/// # Ok::<(), wengert::Error>(())
/// ```
#[track_caller]
pub fn hessian_pattern<'t, S: Scalar>(
    output: Var<'t, S>,
    input: Var<'t, S>,
) -> Result<Pattern, Error> {
    check("hessian_pattern", &[output], input)?;
    if !output.is_scalar() {
        return Err(
            output.operand_error("hessian_pattern", "a run has no single Hessian".to_owned())
        );
    }
    let mut walk = Walk::of(input);
    let mut pairs = Pairs::default();
    walk.bends(output, &mut pairs);
    Ok(pairs.pattern(input.len()))
}

/// What every entry point of this crate asks of its arguments.
#[track_caller]
pub(crate) fn check<'t, S: Scalar>(
    op: &'static str,
    outputs: &[Var<'t, S>],
    input: Var<'t, S>,
) -> Result<(), Error> {
    let at = Place::caller();
    if outputs.is_empty() {
        return Err(Error::NothingAsked { at });
    }
    for &output in outputs {
        if !std::ptr::eq(output.tape(), input.tape()) {
            let (left, right) = (output.tape().made_at(), input.tape().made_at());
            return Err(Error::TwoTapes { op, left, right, at });
        }
    }
    for &var in outputs.iter().chain([&input]) {
        if var.is_detached() {
            let rule = "no derivative passes: it is data, a constant, detached, or computed of \
                        those alone";
            return Err(var.operand_error(op, rule.to_owned()));
        }
    }
    let mut offsets: Vec<usize> = input.layout().offsets().collect();
    offsets.sort_unstable();
    if offsets.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(input.operand_error(op, "the input repeats a number".to_owned()));
    }
    Ok(())
}

/// What every slot depends on.
struct Walk<'t, S: Scalar> {
    tape: &'t Tape<S>,
    values: Vec<S>,
    sets: Sets,
    of: Vec<SetId>,
    /// The slots of the input, whose operands do not count.
    is_input: Vec<bool>,
}

impl<'t, S: Scalar> Walk<'t, S> {
    fn of(input: Var<'t, S>) -> Self {
        let tape = input.tape();
        let mut walk = Walk {
            tape,
            values: tape.all_values(),
            sets: Sets::new(),
            of: vec![EMPTY; tape.slots()],
            is_input: vec![false; tape.slots()],
        };
        for (position, offset) in input.layout().offsets().enumerate() {
            let slot = input.id().slot() + offset;
            walk.of[slot] = walk.sets.one(position);
            walk.is_input[slot] = true;
        }
        let mut read: Vec<(usize, SetId)> = Vec::new();
        let mut parts = Vec::new();
        for node in tape.nodes().filter(|node| !node.op.is_leaf()) {
            if is_running(&node) {
                walk.run_along(&node);
                continue;
            }
            let first = node.id.slot();
            read.clear();
            each_entry(&node, &walk.values, |entry| {
                let set = walk.of[entry.slot];
                if set != EMPTY {
                    read.push((entry.out, set));
                }
            });
            // Of one element the entries need not be neighbours.
            read.sort_unstable();
            for part in read.chunk_by(|a, b| a.0 == b.0) {
                parts.clear();
                parts.extend(part.iter().map(|&(_, set)| set));
                let slot = first + part[0].0;
                if !walk.is_input[slot] {
                    walk.of[slot] = walk.sets.union(&mut parts);
                }
            }
        }
        walk
    }

    fn run_along(&mut self, node: &Node) {
        let mut parts = Vec::new();
        for lane in lanes(node) {
            let mut so_far = EMPTY;
            for (out, slot) in lane {
                parts.clear();
                parts.extend([so_far, self.of[slot]]);
                so_far = self.sets.union(&mut parts);
                if !self.is_input[out] {
                    self.of[out] = so_far;
                }
            }
        }
    }

    /// Collects the pairs that operations on a path to the output are curved in.
    fn bends(&mut self, output: Var<'t, S>, pairs: &mut Pairs) {
        let mut reaches = vec![false; self.of.len()];
        reaches[output.id().slot()] = true;
        let mut end = output.id().slot() + 1;
        while end > 0 {
            let last = NodeId::at((end - 1) as u32);
            let Some(node) = self.tape.node(last) else { return };
            end = node.id.slot();
            let live = |slot: usize| reaches[slot] && !self.is_input[slot];
            if node.op.is_leaf() || !node.slots().any(live) {
                continue;
            }
            if is_running(&node) {
                self.bends_along(&node, &mut reaches, pairs);
            } else {
                self.bends_of(&node, &mut reaches, pairs);
            }
        }
    }

    fn bends_of(&mut self, node: &Node, reaches: &mut [bool], pairs: &mut Pairs) {
        let (first, curvature) = (node.id.slot(), curvature(node.op));
        // Of an elementwise operation: element, operand, slot.
        let (mut read, mut found) = (Vec::new(), Vec::new());
        let (of, is_input) = (&self.of, &self.is_input);
        each_entry(node, &self.values, |entry| {
            let out = first + entry.out;
            if !reaches[out] || is_input[out] || of[entry.slot] == EMPTY {
                return;
            }
            reaches[entry.slot] = true;
            match (curvature, entry.factor) {
                (Curvature::Operands(_), _) => read.push((entry.out, entry.operand, entry.slot)),
                (Curvature::Products(one, other), Some(factor))
                    if entry.operand == one && !node.operands[other].cut =>
                {
                    found.push((of[entry.slot], of[factor]));
                }
                (Curvature::All, _) => found.push((of[out], of[out])),
                _ => {}
            }
        });
        if let Curvature::Operands(curved) = curvature {
            for part in read.chunk_by(|a, b| a.0 == b.0) {
                let set = |i: usize| {
                    let read = part.iter().find(|&&(_, operand, _)| operand == i);
                    read.map_or(EMPTY, |&(.., slot)| of[slot])
                };
                found.extend(curved.iter().map(|&(i, j)| (set(i), set(j))));
            }
        }
        for (a, b) in found {
            pairs.add(&mut self.sets, a, b);
        }
    }

    fn bends_along(&mut self, node: &Node, reaches: &mut [bool], pairs: &mut Pairs) {
        let curved = curvature(node.op) == Curvature::All;
        for lane in lanes(node) {
            let mut live = false;
            for &(out, slot) in lane.iter().rev() {
                if reaches[out] && !self.is_input[out] {
                    // The first that is met has taken in all that the others have.
                    if curved && !live {
                        pairs.add(&mut self.sets, self.of[out], self.of[out]);
                    }
                    live = true;
                }
                reaches[slot] |= live;
            }
        }
    }
}

/// Places of a symmetric matrix, of each pair of them the one in the lower triangle.
#[derive(Default)]
struct Pairs {
    places: Vec<(u32, u32)>,
    /// Places after which it is worth sorting out repeated ones.
    bound: usize,
    /// The products of sets that are in already.
    done: HashSet<(SetId, SetId)>,
}

impl Pairs {
    /// Every element of one set with every element of another.
    fn add(&mut self, sets: &mut Sets, a: SetId, b: SetId) {
        let (a, b) = (a.min(b), a.max(b));
        if a == EMPTY || !self.done.insert((a, b)) {
            return;
        }
        sets.write_out(a);
        sets.write_out(b);
        let (a, b) = (sets.positions(a), sets.positions(b));
        for &i in a {
            self.places.extend(b.iter().map(|&j| (i.max(j), i.min(j))));
            if self.places.len() > self.bound {
                self.tidy();
                self.bound = (2 * self.places.len()).max(1 << 20);
            }
        }
    }

    fn tidy(&mut self) {
        self.places.sort_unstable();
        self.places.dedup();
    }

    fn pattern(mut self, n: usize) -> Pattern {
        self.tidy();
        let mut both = Vec::with_capacity(2 * self.places.len());
        for &(i, j) in &self.places {
            let (i, j) = (i as usize, j as usize);
            both.push((i, j));
            if i != j {
                both.push((j, i));
            }
        }
        both.sort_unstable();
        Pattern::of_sorted(n, n, &both)
    }
}
