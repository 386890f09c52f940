//! Sums and joints in the graph, in the order in which the tape's kernels add and join.

use wengert_ops::structural::pairwise::BLOCK;

use super::access::{Access, Strides, joined, row_major};
use super::graph::{Kind, Op, Part};
use super::ids::{Id, Line, Node, Place, Point, Value};
use super::sym::Builder;
use crate::op::Binary;
use crate::real::Scalar;

/// Shorter joints are lists of values, and so are those whose parts have fewer numbers than `EACH`
/// on average: later passes group single numbers. Longer ones are put together once for all
/// readers.
const JOINED: usize = 64;
const EACH: usize = 8;
/// So few that they are better as scalar nodes, which later passes group with others.
const FEW: usize = 8;

impl<S: Scalar> Builder<S> {
    pub(crate) fn emit(
        &self,
        op: Op,
        dims: &[usize],
        inner: &[usize],
        operands: &[Access<Value>],
    ) -> Access<Value> {
        self.graph.borrow_mut().run(op, dims, inner, operands)
    }

    pub(crate) fn emit_scalar(&self, op: Binary, a: Value, b: Value) -> Value {
        self.graph.borrow_mut().push(Kind::Binary(op, a, b))
    }

    /// The elements over `dims` of a run that is put together of parts, which leave nothing out.
    pub(crate) fn joined(&self, dims: &[usize], parts: Vec<Part<Value>>) -> Access<Value> {
        let len: usize = dims.iter().product();
        if let Some(start) = neighbours(&parts, &self.graph.borrow().line) {
            return Access::contiguous(start, dims);
        }
        if let [Part { offset: 0, dims: own, strides, from }] = &parts[..]
            && strides[..] == row_major(own)[..]
        {
            return from.reshaped(own, dims);
        }
        if len < JOINED || len < EACH * parts.len() {
            let mut values: Vec<Option<Value>> = vec![None; len];
            for part in &parts {
                let place = Access::Strided {
                    start: Place::new(part.offset),
                    strides: part.strides.clone(),
                };
                let mut places = place.numbers(&part.dims).into_iter();
                part.from.for_each(&part.dims, |value| {
                    values[places.next().expect("as many places as values").index()] = Some(value);
                });
            }
            let values = values.into_iter().map(|value| value.expect("parts leave nothing out"));
            return Access::of(values.collect(), dims);
        }
        Access::contiguous(self.graph.borrow_mut().assemble(len, parts), dims)
    }

    /// The sum of single values, in order.
    pub(crate) fn total(&self, terms: &[Value]) -> Value {
        terms[1..].iter().fold(terms[0], |sum, &term| self.emit_scalar(Binary::Add, sum, term))
    }

    /// The sum of terms over `inner`: of up to [`BLOCK`] in order, of more as the tape's kernel
    /// adds them, block by block and then in pairs.
    pub(crate) fn total_over(
        &self,
        dims: &[usize],
        inner: &[usize],
        terms: &Access<Value>,
    ) -> Access<Value> {
        let n: usize = inner.iter().product();
        if n <= BLOCK {
            return self.emit(Op::Sum, dims, inner, std::slice::from_ref(terms));
        }
        let flat = joined(dims, &[n]);
        let terms = terms.reshaped(&joined(dims, inner), &flat);
        // Elements of `access` along its last axis: from `first` on, every `step`-th, over `last`
        // axes.
        let part =
            |access: &Access<Value>, len: usize, first: usize, steps: &[i32], last: &[usize]| {
                let own = joined(dims, &[len]);
                let strides: Strides =
                    row_major(&own)[..dims.len()].iter().chain(steps).copied().collect();
                access.viewed(&own, first, &strides, &joined(dims, last))
            };
        let (whole, rest) = (n / BLOCK, n % BLOCK);
        let blocks = part(&terms, n, 0, &[BLOCK as i32, 1], &[whole, BLOCK]);
        let mut sums = self.emit(Op::Sum, &joined(dims, &[whole]), &[BLOCK], &[blocks]);
        // Behind the blocks' sums one more, if there is one: of the rest, or what had no partner.
        let mut last = (rest > 0).then(|| {
            let terms = part(&terms, n, whole * BLOCK, &[1], &[rest]);
            self.emit(Op::Sum, dims, &[rest], &[terms])
        });
        let mut count = whole;
        while count > 0 && (count > 1 || last.is_some()) {
            let pairs = count / 2;
            let alone = (count % 2 == 1).then(|| part(&sums, count, count - 1, &[], &[]));
            last = match (alone, last) {
                (Some(alone), Some(last)) => Some(self.add(dims, &alone, &last)),
                (alone, last) => alone.or(last),
            };
            if pairs > 0 {
                let [a, b] = [0, 1].map(|first| part(&sums, count, first, &[2], &[pairs]));
                sums = self.add(&joined(dims, &[pairs]), &a, &b);
            }
            count = pairs;
        }
        match last {
            Some(last) => last,
            None => part(&sums, 1, 0, &[], &[]),
        }
    }

    /// The elementwise sum of two lists of values.
    pub(crate) fn add_lists(&self, a: Vec<Value>, b: Vec<Value>) -> Vec<Value> {
        let dims = [a.len()];
        self.add(&dims, &Access::of(a, &dims), &Access::of(b, &dims)).numbers(&dims)
    }

    /// The elementwise sum of two runs.
    pub(crate) fn add(
        &self,
        dims: &[usize],
        a: &Access<Value>,
        b: &Access<Value>,
    ) -> Access<Value> {
        if dims.iter().product::<usize>() <= FEW {
            let pairs = a.numbers(dims).into_iter().zip(b.numbers(dims));
            return Access::of(
                pairs.map(|(a, b)| self.emit_scalar(Binary::Add, a, b)).collect(),
                dims,
            );
        }
        self.emit(Op::Binary(Binary::Add), dims, &[], &[a.clone(), b.clone()])
    }

    /// `sums[target] += term` for each pair in order, as many at a time as have targets of their
    /// own.
    pub(crate) fn add_in_rounds(
        &self,
        mut sums: Vec<Value>,
        pairs: impl Iterator<Item = (usize, Value)>,
    ) -> Vec<Value> {
        let mut rounds: Vec<Vec<(usize, Value)>> = Vec::new();
        let mut times = vec![0_u32; sums.len()];
        for (target, term) in pairs {
            let round = times[target] as usize;
            times[target] += 1;
            if round == rounds.len() {
                rounds.push(Vec::new());
            }
            rounds[round].push((target, term));
        }
        for round in rounds {
            let (before, terms) = round.iter().map(|&(target, term)| (sums[target], term)).unzip();
            let after = self.add_lists(before, terms);
            round.iter().zip(after).for_each(|(&(target, _), sum)| sums[target] = sum);
        }
        sums
    }
}

/// The first value, if all parts are neighbours in one node, in the order in which they are joined.
fn neighbours(parts: &[Part<Value>], line: &Line<Value, Node>) -> Option<Value> {
    let first = parts.first()?.from.first();
    let mut len = 0;
    for part in parts {
        let Access::Strided { start, strides } = &part.from else { return None };
        let in_order = part.offset == len && part.strides[..] == row_major(&part.dims)[..];
        if !in_order || start.minus(first) != len as i64 || strides[..] != part.strides[..] {
            return None;
        }
        len += part.dims.iter().product::<usize>();
    }
    line.run_of_both(first, first.plus(len as i64 - 1)).map(|_| first)
}
