//! The handle of a value, by which rules write lines.
//!
//! A value has the shape that the tape gives it. If it differs from row to row its type has one more
//! axis in front; operations of several values repeat those that do not (`alike`).

use std::fmt;

use wengert_ops::shape::Shape;

use crate::lines::mark;
use crate::writer::{Form, Kind, Writer};

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

impl<'w> Val<'w> {
    pub(crate) fn form(self) -> Form {
        self.writer.form(self.id)
    }

    pub(crate) fn shape(self) -> Shape {
        self.form().shape
    }

    pub(crate) fn kind(self) -> Kind {
        self.form().kind
    }

    /// Whether it differs from row to row.
    pub(crate) fn rows(self) -> bool {
        self.form().rows
    }

    /// The number that all elements are, if it is known.
    pub(crate) fn splat(self) -> Option<f64> {
        self.writer.splat_of(self.id)
    }

    pub(crate) fn ty(self) -> String {
        self.writer.ty(&self.form())
    }

    /// A constant of the same shape.
    pub(crate) fn all(self, number: f64) -> Val<'w> {
        self.writer.splat(number, &self.shape())
    }

    /// Its form with another shape.
    pub(crate) fn of_shape(self, shape: &Shape) -> Form {
        Form { shape: shape.clone(), ..self.form() }
    }

    /// The same for every row, as a value that differs from row to row.
    pub(crate) fn for_rows(self) -> Val<'w> {
        let form = self.form();
        if form.rows {
            return self;
        }
        let axes: Vec<usize> = (1..=form.shape.rank()).collect();
        let to = Form { rows: true, ..form };
        if let Some(number) = self.splat() {
            return self.writer.constant(number, to);
        }
        let ty = self.writer.ty(&to);
        let text =
            format!("stablehlo.broadcast_in_dim {self}, dims = {axes:?} : ({}) -> {ty}", self.ty());
        self.writer.line(to, text)
    }

    /// A line whose result is like this.
    pub(crate) fn like_this(self, text: String) -> Val<'w> {
        self.writer.line(self.form(), text)
    }

    /// An operation on this alone.
    pub(crate) fn op(self, op: &str) -> Val<'w> {
        self.like_this(format!("{op} {self} : {}", self.ty()))
    }

    /// An operation on two values of one shape.
    pub(crate) fn op2(self, op: &str, other: Val<'w>) -> Val<'w> {
        let [x, y] = alike([self, other]);
        x.like_this(format!("{op} {x}, {y} : {}", x.ty()))
    }

    /// An operation of the dialect `chlo`.
    pub(crate) fn chlo(self, op: &str) -> Val<'w> {
        let ty = self.ty();
        self.like_this(format!("chlo.{op} {self} : {ty} -> {ty}"))
    }

    /// An operation of the dialect `chlo` on two values of one shape.
    pub(crate) fn chlo2(self, op: &str, other: Val<'w>) -> Val<'w> {
        let [x, y] = alike([self, other]);
        let ty = x.ty();
        x.like_this(format!("chlo.{op} {x}, {y} : {ty}, {ty} -> {ty}"))
    }

    /// A comparison of two values of one shape.
    pub(crate) fn compare(self, direction: &str, other: Val<'w>) -> Val<'w> {
        let [x, y] = alike([self, other]);
        let kind = if x.kind() == Kind::Number { "FLOAT" } else { "SIGNED" };
        let (ty, to) = (x.ty(), Form { kind: Kind::Truth, ..x.form() });
        let text = format!(
            "stablehlo.compare {direction}, {x}, {y}, {kind} : ({ty}, {ty}) -> {}",
            x.writer.ty(&to)
        );
        x.writer.line(to, text)
    }

    /// One of two values where this holds, the other where it does not.
    pub(crate) fn choose(self, yes: Val<'w>, no: Val<'w>) -> Val<'w> {
        let [holds, yes, no] = alike([self, yes, no]);
        let types = format!("{}, {}", holds.ty(), yes.ty());
        yes.like_this(format!("stablehlo.select {holds}, {yes}, {no} : {types}"))
    }

    pub(crate) fn and(self, other: Val<'w>) -> Val<'w> {
        self.op2("stablehlo.and", other)
    }

    pub(crate) fn or(self, other: Val<'w>) -> Val<'w> {
        self.op2("stablehlo.or", other)
    }

    /// An axis of the tape's shape, in the type.
    pub(crate) fn axis(self, axis: usize) -> usize {
        axis + usize::from(self.rows())
    }

    /// Axes of the tape's shape, in the type: the rows stay in front.
    fn axes(self, axes: &[usize]) -> Vec<usize> {
        let rows = self.rows().then_some(0);
        rows.into_iter().chain(axes.iter().map(|&axis| self.axis(axis))).collect()
    }

    /// This repeated to a shape.
    pub(crate) fn spread(self, shape: &Shape) -> Val<'w> {
        let own = self.shape();
        if own == *shape {
            return self;
        }
        let first = shape.rank() - own.rank();
        let axes: Vec<usize> = (first..shape.rank()).collect();
        self.along(&axes, shape)
    }

    /// This repeated to a shape, of which its axes are these.
    pub(crate) fn along(self, axes: &[usize], shape: &Shape) -> Val<'w> {
        let to = self.of_shape(shape);
        if let Some(number) = self.splat() {
            return self.writer.constant(number, to);
        }
        let (axes, ty) = (self.axes(axes), self.writer.ty(&to));
        let text =
            format!("stablehlo.broadcast_in_dim {self}, dims = {axes:?} : ({}) -> {ty}", self.ty());
        self.writer.line(to, text)
    }

    /// The same elements under another shape.
    pub(crate) fn under(self, shape: &Shape) -> Val<'w> {
        if self.shape() == *shape {
            return self;
        }
        self.reshape_to(self.of_shape(shape))
    }

    /// The same elements in another form.
    pub(crate) fn reshape_to(self, to: Form) -> Val<'w> {
        if let Some(number) = self.splat() {
            return self.writer.constant(number, to);
        }
        let text = format!("stablehlo.reshape {self} : ({}) -> {}", self.ty(), self.writer.ty(&to));
        self.writer.line(to, text)
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
        let to = self.of_shape(&Shape::from(dims));
        let (order, ty) = (self.axes(order), self.writer.ty(&to));
        let text =
            format!("stablehlo.transpose {self}, dims = {order:?} : ({}) -> {ty}", self.ty());
        self.writer.line(to, text)
    }

    /// The elements from `from` up to `to` along each axis, every `step`-th.
    pub(crate) fn window(self, bounds: &[(usize, usize, usize)]) -> Val<'w> {
        let own = self.shape();
        let whole =
            |(axis, &bound): (usize, &(usize, usize, usize))| bound == (0, own.dims()[axis], 1);
        if bounds.iter().enumerate().all(whole) {
            return self;
        }
        let dims: Vec<usize> =
            bounds.iter().map(|&(from, to, step)| (to - from).div_ceil(step)).collect();
        let rows = self.rows().then_some((0, self.writer.rows, 1));
        let each = rows.iter().chain(bounds).map(|&(from, to, step)| match step {
            1 => format!("{from}:{to}"),
            step => format!("{from}:{to}:{step}"),
        });
        let each: Vec<String> = each.collect();
        let to = self.of_shape(&Shape::from(dims));
        let (from, ty) = (self.ty(), self.writer.ty(&to));
        let text = format!("stablehlo.slice {self} [{}] : ({from}) -> {ty}", each.join(", "));
        self.writer.line(to, text)
    }

    /// With more elements along an axis, before and behind; fewer where a count is negative.
    pub(crate) fn padded(self, axis: usize, (low, high): (i64, i64), with: f64) -> Val<'w> {
        let own = self.shape();
        let all = own.rank() + usize::from(self.rows());
        let at = |count: i64| -> Vec<i64> {
            (0..all).map(|other| if other == self.axis(axis) { count } else { 0 }).collect()
        };
        let mut dims: Vec<usize> = own.dims().to_vec();
        dims[axis] = (dims[axis] as i64 + low + high) as usize;
        let to = self.of_shape(&Shape::from(dims));
        let with = self.writer.splat(with, &Shape::scalar());
        let (from, ty) = (self.ty(), self.writer.ty(&to));
        let text = format!(
            "stablehlo.pad {self}, {with}, low = {:?}, high = {:?}, interior = {:?} : \
             ({from}, {}) -> {ty}",
            at(low),
            at(high),
            at(0),
            with.ty()
        );
        self.writer.line(to, text)
    }

    /// 0, 1, 2, .. along an axis of a shape.
    pub(crate) fn count_along(self, axis: usize, shape: &Shape) -> Val<'w> {
        let form = Form::whole(shape);
        let text = format!("stablehlo.iota dim = {axis} : {}", self.writer.ty(&form));
        self.writer.line(form, text)
    }

    /// The rows as the first axis of the shape.
    pub(crate) fn as_one(self) -> Val<'w> {
        let form = self.form();
        let rows = form.rows.then_some(self.writer.rows);
        let dims: Vec<usize> = rows.into_iter().chain(form.shape.dims().iter().copied()).collect();
        self.reshape_to(Form { shape: Shape::from(dims), rows: false, ..form })
    }
}

/// Values that all differ from row to row, or none of which does.
pub(crate) fn alike<'w, const N: usize>(values: [Val<'w>; N]) -> [Val<'w>; N] {
    let any = values.iter().any(|value| value.rows());
    if any { values.map(Val::for_rows) } else { values }
}

/// As [`alike`], of any number.
pub(crate) fn all_alike<'w>(values: &[Val<'w>]) -> Vec<Val<'w>> {
    let any = values.iter().any(|value| value.rows());
    values.iter().map(|value| if any { value.for_rows() } else { *value }).collect()
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
