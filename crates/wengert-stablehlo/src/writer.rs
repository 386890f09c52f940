//! Values under way: what is written, and the handle by which rules write.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use wengert_ops::shape::Shape;

use crate::lines::{Line, Names, Region, mark};

/// What a value's elements are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Kind {
    /// Numbers of the tape.
    Number,
    /// Truth values.
    Truth,
    /// Positions.
    Whole,
}

struct Value {
    shape: Shape,
    kind: Kind,
    /// The number that all elements are.
    splat: Option<f64>,
}

/// The constants of a block: by kind, bits and shape.
type Constants = HashMap<(Kind, u64, Shape), u32>;

struct State {
    values: Vec<Value>,
    /// The open blocks, the innermost last, each with the constants that were written in it.
    blocks: Vec<(Vec<Line>, Constants)>,
    names: Names,
    location: Option<Rc<str>>,
    /// The first operation that could not be written, and why.
    refused: Option<(&'static str, &'static str)>,
}

/// Collects lines.
pub(crate) struct Writer {
    /// The type of numbers: `f64` or `f32`.
    pub(crate) number: &'static str,
    /// The largest number of the type.
    pub(crate) largest: f64,
    state: RefCell<State>,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Writer of {}: {} values", self.number, self.state.borrow().values.len())
    }
}

/// A handle of a value.
#[derive(Clone, Copy)]
pub(crate) struct Val<'w> {
    pub(crate) writer: &'w Writer,
    pub(crate) id: u32,
}

impl fmt::Debug for Val<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "value {} of type {}", self.id, self.ty())
    }
}

impl fmt::Display for Val<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&mark(self.id))
    }
}

impl Writer {
    pub(crate) fn new(number: &'static str, largest: f64) -> Self {
        let state = State {
            values: Vec::new(),
            blocks: vec![Default::default()],
            names: Names::default(),
            location: None,
            refused: None,
        };
        Writer { number, largest, state: RefCell::new(state) }
    }

    /// A value that something else defines: an argument.
    pub(crate) fn value(&self, shape: &Shape, kind: Kind) -> Val<'_> {
        let mut state = self.state.borrow_mut();
        state.values.push(Value { shape: shape.clone(), kind, splat: None });
        Val { writer: self, id: state.values.len() as u32 - 1 }
    }

    /// Writes an operation with one result.
    pub(crate) fn line(&self, shape: &Shape, kind: Kind, text: String) -> Val<'_> {
        let value = self.value(shape, kind);
        self.push(vec![value.id], text, Vec::new(), String::new());
        value
    }

    /// Writes an operation with regions and these results.
    pub(crate) fn lines(
        &self,
        shapes: &[(Shape, Kind)],
        text: String,
        regions: Vec<Region>,
        tail: String,
    ) -> Vec<Val<'_>> {
        let values: Vec<Val<'_>> =
            shapes.iter().map(|(shape, kind)| self.value(shape, *kind)).collect();
        if let [first, _, ..] = values.as_slice() {
            let mut state = self.state.borrow_mut();
            for (i, value) in values.iter().enumerate() {
                state.names.part(value.id, first.id, i);
            }
        }
        self.push(values.iter().map(|value| value.id).collect(), text, regions, tail);
        values
    }

    fn push(&self, results: Vec<u32>, text: String, regions: Vec<Region>, tail: String) {
        let mut state = self.state.borrow_mut();
        let location = state.location.clone();
        let line = Line { results, text, regions, tail, location };
        state.blocks.last_mut().expect("a block is open").0.push(line);
    }

    /// The lines that `write` writes, the last a `return` of what it gives.
    pub(crate) fn block<'w>(&'w self, write: impl FnOnce() -> Vec<Val<'w>>) -> Vec<Line> {
        self.state.borrow_mut().blocks.push(Default::default());
        let returned = write();
        let types: Vec<String> = returned.iter().map(|value| value.ty()).collect();
        let text = format!("stablehlo.return {} : {}", listed(&returned), types.join(", "));
        self.push(Vec::new(), text, Vec::new(), String::new());
        self.state.borrow_mut().blocks.pop().expect("it was pushed").0
    }

    /// A constant, all of whose elements are one number. Each is written once in a block.
    pub(crate) fn splat(&self, number: f64, shape: &Shape) -> Val<'_> {
        self.constant(Kind::Number, number, literal(number, self.number), shape)
    }

    /// As [`splat`](Writer::splat), of a position.
    pub(crate) fn whole(&self, number: i64, shape: &Shape) -> Val<'_> {
        self.constant(Kind::Whole, number as f64, number.to_string(), shape)
    }

    fn constant(&self, kind: Kind, number: f64, literal: String, shape: &Shape) -> Val<'_> {
        let key = (kind, number.to_bits(), shape.clone());
        let known = {
            let state = self.state.borrow();
            state.blocks.iter().find_map(|(_, constants)| constants.get(&key).copied())
        };
        if let Some(id) = known {
            return Val { writer: self, id };
        }
        let ty = self.ty(shape, kind);
        // A constant comes from no line of its own.
        let location = self.state.borrow_mut().location.take();
        let value = self.line(shape, kind, format!("stablehlo.constant dense<{literal}> : {ty}"));
        let mut state = self.state.borrow_mut();
        state.location = location;
        state.values[value.id as usize].splat = (kind == Kind::Number).then_some(number);
        state.blocks.last_mut().expect("a block is open").1.insert(key, value.id);
        value
    }

    /// The type of a value.
    pub(crate) fn ty(&self, shape: &Shape, kind: Kind) -> String {
        let element = match kind {
            Kind::Number => self.number,
            Kind::Truth => "i1",
            Kind::Whole => "i64",
        };
        let dims: String = shape.dims().iter().map(|extent| format!("{extent}x")).collect();
        format!("tensor<{dims}{element}>")
    }

    /// What the next lines come from.
    pub(crate) fn locate(&self, location: Option<Rc<str>>) {
        self.state.borrow_mut().location = location;
    }

    /// Names a value, unless it has a name.
    pub(crate) fn name(&self, value: Val<'_>, name: &str) {
        self.state.borrow_mut().names.give(value.id, name);
    }

    /// Whether a value has a name.
    pub(crate) fn is_named(&self, value: Val<'_>) -> bool {
        self.state.borrow().names.has(value.id)
    }

    /// Notes that an operation cannot be written. The caller goes on with any value of its shape.
    pub(crate) fn refuse(&self, op: &'static str, reason: &'static str) {
        self.state.borrow_mut().refused.get_or_insert((op, reason));
    }

    /// The operation that could not be written, if there was one.
    pub(crate) fn refused(&self) -> Option<(&'static str, &'static str)> {
        self.state.borrow().refused
    }

    /// The lines, and the names.
    pub(crate) fn finish(self) -> (Vec<Line>, Names) {
        let mut state = self.state.into_inner();
        (state.blocks.pop().expect("a block is open").0, state.names)
    }
}

impl<'w> Val<'w> {
    pub(crate) fn shape(self) -> Shape {
        self.writer.state.borrow().values[self.id as usize].shape.clone()
    }

    pub(crate) fn kind(self) -> Kind {
        self.writer.state.borrow().values[self.id as usize].kind
    }

    /// The number that all elements are, if it is known.
    pub(crate) fn splat(self) -> Option<f64> {
        self.writer.state.borrow().values[self.id as usize].splat
    }

    pub(crate) fn ty(self) -> String {
        self.writer.ty(&self.shape(), self.kind())
    }

    /// A constant of the same shape.
    pub(crate) fn all(self, number: f64) -> Val<'w> {
        self.writer.splat(number, &self.shape())
    }

    /// A line whose result is like this.
    pub(crate) fn like_this(self, text: String) -> Val<'w> {
        self.writer.line(&self.shape(), self.kind(), text)
    }

    /// An operation on this alone.
    pub(crate) fn op(self, op: &str) -> Val<'w> {
        self.like_this(format!("{op} {self} : {}", self.ty()))
    }

    /// An operation on two values of one shape.
    pub(crate) fn op2(self, op: &str, other: Val<'w>) -> Val<'w> {
        self.like_this(format!("{op} {self}, {other} : {}", self.ty()))
    }

    /// An operation of the dialect `chlo`.
    pub(crate) fn chlo(self, op: &str) -> Val<'w> {
        let ty = self.ty();
        self.like_this(format!("chlo.{op} {self} : {ty} -> {ty}"))
    }

    /// A comparison of two values of one shape.
    pub(crate) fn compare(self, direction: &str, other: Val<'w>) -> Val<'w> {
        let kind = if self.kind() == Kind::Number { "FLOAT" } else { "SIGNED" };
        let ty = self.ty();
        let text = format!(
            "stablehlo.compare {direction}, {self}, {other}, {kind} : ({ty}, {ty}) -> {}",
            { self.writer.ty(&self.shape(), Kind::Truth) }
        );
        self.writer.line(&self.shape(), Kind::Truth, text)
    }

    /// One of two values where this holds, the other where it does not.
    pub(crate) fn choose(self, yes: Val<'w>, no: Val<'w>) -> Val<'w> {
        yes.like_this(format!("stablehlo.select {self}, {yes}, {no} : {}, {}", self.ty(), yes.ty()))
    }

    pub(crate) fn and(self, other: Val<'w>) -> Val<'w> {
        self.op2("stablehlo.and", other)
    }

    pub(crate) fn or(self, other: Val<'w>) -> Val<'w> {
        self.op2("stablehlo.or", other)
    }

    /// This repeated to a shape.
    pub(crate) fn spread(self, shape: &Shape) -> Val<'w> {
        let own = self.shape();
        if own == *shape {
            return self;
        }
        if let Some(number) = self.splat() {
            return self.writer.splat(number, shape);
        }
        let first = shape.rank() - own.rank();
        let axes: Vec<usize> = (first..shape.rank()).collect();
        self.along(&axes, shape)
    }

    /// This repeated to a shape, of which its axes are these.
    pub(crate) fn along(self, axes: &[usize], shape: &Shape) -> Val<'w> {
        let to = self.writer.ty(shape, self.kind());
        let text =
            format!("stablehlo.broadcast_in_dim {self}, dims = {axes:?} : ({}) -> {to}", self.ty());
        self.writer.line(shape, self.kind(), text)
    }

    /// The same elements under another shape.
    pub(crate) fn under(self, shape: &Shape) -> Val<'w> {
        if self.shape() == *shape {
            return self;
        }
        if let Some(number) = self.splat() {
            return self.writer.splat(number, shape);
        }
        let to = self.writer.ty(shape, self.kind());
        let text = format!("stablehlo.reshape {self} : ({}) -> {to}", self.ty());
        self.writer.line(shape, self.kind(), text)
    }

    /// The elements one after the other.
    pub(crate) fn flat(self) -> Val<'w> {
        self.under(&Shape::from([self.shape().len()]))
    }

    /// The axes in another order.
    pub(crate) fn turned(self, order: &[usize]) -> Val<'w> {
        if order.iter().enumerate().all(|(to, &from)| to == from) {
            return self;
        }
        let own = self.shape();
        let dims: Vec<usize> = order.iter().map(|&axis| own.dims()[axis]).collect();
        let shape = Shape::from(dims);
        let to = self.writer.ty(&shape, self.kind());
        let text =
            format!("stablehlo.transpose {self}, dims = {order:?} : ({}) -> {to}", self.ty());
        self.writer.line(&shape, self.kind(), text)
    }

    /// The elements from `from` up to `to` along each axis, every `step`-th.
    pub(crate) fn window(self, bounds: &[(usize, usize, usize)]) -> Val<'w> {
        let own = self.shape();
        let whole =
            |(axis, &bound): (usize, &(usize, usize, usize))| bound == (0, own.dims()[axis], 1);
        if bounds.iter().enumerate().all(whole) {
            return self;
        }
        let each = bounds.iter().map(|&(from, to, step)| match step {
            1 => format!("{from}:{to}"),
            step => format!("{from}:{to}:{step}"),
        });
        let each: Vec<String> = each.collect();
        let dims: Vec<usize> =
            bounds.iter().map(|&(from, to, step)| (to - from).div_ceil(step)).collect();
        let shape = Shape::from(dims);
        let to = self.writer.ty(&shape, self.kind());
        let text =
            format!("stablehlo.slice {self} [{}] : ({}) -> {to}", each.join(", "), self.ty());
        self.writer.line(&shape, self.kind(), text)
    }

    /// With more elements along an axis, before and behind; fewer where a count is negative.
    pub(crate) fn padded(self, axis: usize, (low, high): (i64, i64), with: f64) -> Val<'w> {
        let own = self.shape();
        let at = |count: i64| -> Vec<i64> {
            (0..own.rank()).map(|other| if other == axis { count } else { 0 }).collect()
        };
        let mut dims: Vec<usize> = own.dims().to_vec();
        dims[axis] = (dims[axis] as i64 + low + high) as usize;
        let shape = Shape::from(dims);
        let with = self.writer.splat(with, &Shape::scalar());
        let (from, to) = (self.ty(), self.writer.ty(&shape, self.kind()));
        let text = format!(
            "stablehlo.pad {self}, {with}, low = {:?}, high = {:?}, interior = {:?} : \
             ({from}, {}) -> {to}",
            at(low),
            at(high),
            at(0),
            with.ty()
        );
        self.writer.line(&shape, self.kind(), text)
    }

    /// 0, 1, 2, .. along an axis of a shape.
    pub(crate) fn count_along(self, axis: usize, shape: &Shape) -> Val<'w> {
        let ty = self.writer.ty(shape, Kind::Whole);
        self.writer.line(shape, Kind::Whole, format!("stablehlo.iota dim = {axis} : {ty}"))
    }
}

/// Values as a list.
pub(crate) fn listed(values: &[Val<'_>]) -> String {
    let each: Vec<String> = values.iter().map(Val::to_string).collect();
    each.join(", ")
}

/// Their types as a list.
pub(crate) fn types(values: &[Val<'_>]) -> String {
    let each: Vec<String> = values.iter().map(|value| value.ty()).collect();
    each.join(", ")
}

/// A number as MLIR reads it: the shortest decimal that is it, or its bits.
pub(crate) fn literal(number: f64, of: &str) -> String {
    if !number.is_finite() || (of == "f32" && !(number as f32).is_finite()) {
        return match of {
            "f32" => format!("0x{:08X}", (number as f32).to_bits()),
            _ => format!("0x{:016X}", number.to_bits()),
        };
    }
    let text = match of {
        "f32" => format!("{:?}", number as f32),
        _ => format!("{number:?}"),
    };
    match text.split_once('e') {
        Some((digits, power)) if !digits.contains('.') => format!("{digits}.0e{power}"),
        _ => text,
    }
}

/// Numbers as nested lists, by their shape.
pub(crate) fn nested(texts: &[String], dims: &[usize]) -> String {
    match dims {
        [] => texts[0].clone(),
        [_] => format!("[{}]", texts.join(", ")),
        [_, rest @ ..] => {
            let width: usize = rest.iter().product();
            let each: Vec<String> = texts.chunks(width).map(|part| nested(part, rest)).collect();
            format!("[{}]", each.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_mlir_reads_them() {
        for (number, wanted) in [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (1e-7, "1.0e-7"),
            (1.5e300, "1.5e300"),
            (0.1, "0.1"),
            (f64::INFINITY, "0x7FF0000000000000"),
        ] {
            assert_eq!(literal(number, "f64"), wanted);
        }
        assert_eq!(literal(0.1, "f32"), "0.1");
        assert_eq!(literal(f64::NEG_INFINITY, "f32"), "0xFF800000");
        assert_eq!(literal(1e300, "f32"), "0x7F800000");
    }

    #[test]
    fn numbers_nest_by_their_shape() {
        let texts: Vec<String> = (0..6).map(|i| i.to_string()).collect();
        assert_eq!(nested(&texts, &[2, 3]), "[[0, 1, 2], [3, 4, 5]]");
        assert_eq!(nested(&texts[..1], &[]), "0");
    }
}
