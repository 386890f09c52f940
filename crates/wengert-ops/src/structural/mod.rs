//! The rule book: a file for every structural operation, in which stands all there is to say of it.
//!
//! | the file states | once, and its readers are |
//! |---|---|
//! | its shape rule | recording, `Tape::apply`, the check of a trace |
//! | its value | recording, replay, forward mode |
//! | `entries`, its Jacobian one by one | the exact sweep, ledgers, traces, the diff, reasons of zeros |
//! | `share`, the adjoint of an operand, over an [`Algebra`] | recorded gradients, the compiler |
//! | `tangent`, over an [`Algebra`] | recorded tangents |
//! | `composed`, the value over an [`Algebra`] | the compiler, where it has no instruction for it |
//! | `reading`, how an element is made of what it reads | derivations |
//!
//! Its name, formula, derivative and domain stand in its row of `structural_functions`, in
//! [`op`](crate::op). A quicker way of any of these is a named optimisation, and a test holds it to
//! the file.

mod affine;
mod arrays;
mod body;
mod call;
mod concat;
mod cond;
mod contiguous;
mod cumprod;
mod cumsum;
pub(crate) mod duals;
mod external;
mod extremum;
mod fault;
mod gather;
mod linalg;
mod log_sum_exp;
mod machine;
mod matmul;
pub mod pairwise;
pub mod reduction;
mod revolve;
mod root;
mod scan;
mod scatter_add;
mod select;
mod sort_by;
mod stack;
mod sum;
mod swept;
mod take;

use smallvec::SmallVec;

#[doc(hidden)]
pub use body::{Filled, view};
pub use concat::parts;
pub use fault::{Fault, Found};
pub use linalg::pivots::{BadPivot, Pivots};
use linalg::{cholesky, cholesky_back, lstsq, lu, solve_triangular, triangle};

use crate::algebra::Algebra;
use crate::attributes::Attributes;
use crate::elementwise;
use crate::op::{Binary, Op, Structural, structural_functions};
use crate::real::{Real, Scalar};
use crate::rules::Partial;
use crate::run::{Layouts, Wide};
use crate::shape::{Layout, Shape};
use crate::tensor::Tensor;

/// Operands, or attributes, that an operation does not take.
#[derive(Clone, Debug, PartialEq)]
pub enum Misfit {
    /// Two operands that do not fit together.
    Pair {
        /// One of them.
        left: usize,
        /// The other.
        right: usize,
        /// What must hold.
        rule: &'static str,
    },
    /// An operand that does not fit by itself, or its attributes do not fit it.
    One {
        /// Which.
        operand: usize,
        /// What does not hold.
        rule: String,
    },
    /// Another number of operands than the operation has.
    Count,
}

/// A step with its numbers: what a value and a Jacobian are computed from.
#[derive(Debug)]
pub struct Site<'a, S> {
    /// What it reads.
    pub operands: SmallVec<[Tensor<'a, S>; 3]>,
    /// Which operands pass no derivative.
    pub cut: SmallVec<[bool; 3]>,
    /// The shape of the result.
    pub shape: &'a Shape,
    /// What it needs beside its operands.
    pub attributes: &'a Attributes,
    /// The result; empty while it is computed.
    pub run: &'a [S],
}

impl<'a, S: Scalar> Site<'a, S> {
    /// A step of a tape; `values` is the column up to the end of its run, or up to its run.
    #[must_use]
    pub fn of(wide: &'a Wide, layouts: &'a Layouts, values: &'a [S]) -> Self {
        Site {
            operands: wide.operands.iter().map(|&view| Tensor::of(values, view, layouts)).collect(),
            cut: wide.operands.iter().map(|view| view.is_cut()).collect(),
            shape: layouts.get(wide.layout).shape(),
            attributes: &wide.attributes,
            run: &values[wide.out as usize..],
        }
    }

    /// A number read by operand `i`: it stands still if the operand is cut, so that it does in the
    /// others' partials too.
    #[inline(always)]
    fn read(&self, i: usize, slot: usize) -> S {
        let value = self.operands[i].data[slot];
        if S::HAS_TANGENT && self.cut[i] { value.detached() } else { value }
    }

    /// Where the elements of an operand lie after broadcasting to the result's shape.
    fn broadcast(&self, i: usize) -> Layout {
        self.operands[i].layout.broadcast_to(self.shape).expect("the shape rule holds")
    }
}

/// One entry of a step's Jacobian: element `out` of the run by the number in `slot`, read as
/// operand `operand`.
#[derive(Clone, Copy, Debug)]
pub struct Entry<S> {
    /// The row-major position in the result.
    pub out: usize,
    /// Which operand was read.
    pub operand: usize,
    /// The slot that was read, in the operand's column.
    pub slot: usize,
    /// The derivative; [`Partial::Zero`] where a choice fell on something else.
    pub partial: Partial<S>,
    /// The slot whose value the partial is: the other factor of a product.
    pub factor: Option<usize>,
    /// In a running sum the position of the element read: what is added for one of them is added up
    /// first, and then to the adjoint.
    pub running: Option<usize>,
}

impl<S> Entry<S> {
    fn new(out: usize, operand: usize, slot: usize, partial: Partial<S>) -> Self {
        Entry { out, operand, slot, partial, factor: None, running: None }
    }

    fn one(out: usize, operand: usize, slot: usize) -> Self {
        Entry::new(out, operand, slot, Partial::One)
    }
}

/// A step over an [`Algebra`]: what a rule reads.
#[derive(Debug)]
pub struct At<'a, T> {
    /// What it reads.
    pub operands: &'a [T],
    /// Its result.
    pub value: T,
    /// What it needs beside its operands.
    pub attributes: &'a Attributes,
}

/// How an element of a result is made of the numbers that it reads: what a derivation writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// It is one of them.
    Moved,
    /// They are added up.
    Added,
    /// Products are added up: what operand `0` or `1` reads times the entry's factor; from a first
    /// term, if `from` is said.
    Products {
        /// The operand that the sum begins with.
        from: Option<usize>,
        /// The operand whose entries are the products.
        of: usize,
    },
    /// The largest or the smallest of them.
    Chosen(Binary),
    /// Operand 1 where operand 0 is not 0, else operand 2.
    Cases,
    /// A function of all of them, written as a call.
    Called,
}

/// What the file of an operation states.
trait Rule {
    /// The shape of the result, or why there is none.
    fn shape(operands: &[&Shape], attributes: &Attributes) -> Result<Shape, Misfit>;

    /// Computes the result in the order of its formula.
    fn value<S: Scalar>(site: &Site<'_, S>, run: &mut [S]);

    /// Calls `visit` for every entry of the Jacobian by operands that are not cut, in the order in
    /// which a sweep adds contributions.
    fn entries<S: Scalar>(site: &Site<'_, S>, visit: &mut impl FnMut(Entry<S>));

    /// Adds `g`'s contributions to `adjoints`: the column in which the operands' adjoints stand.
    /// The entries, one by one, if nothing is said; a quicker way adds the same numbers.
    fn reverse<S: Scalar>(site: &Site<'_, S>, g: &[S], adjoints: &mut [S]) {
        one_by_one::<Self, S>(site, g, adjoints);
    }

    /// What operand `i` gets of the result's adjoint `g`. It may have axes more than the operand,
    /// or repeated ones: they are summed away by whoever reads this. Nothing if no derivative
    /// passes.
    #[track_caller]
    fn share<T: Algebra>(at: &At<'_, T>, i: usize, g: T) -> Option<T>;

    /// Whether [`shares`](Rule::shares) computes what operands get together, and asking for one
    /// would compute all.
    const JOINT: bool = false;

    /// What each operand that is wanted gets, as [`share`](Rule::share) says of one.
    #[track_caller]
    fn shares<T: Algebra>(at: &At<'_, T>, wants: &[bool], g: T) -> SmallVec<[Option<T>; 3]> {
        let share =
            |(i, &wanted): (usize, &bool)| if wanted { Self::share(at, i, g) } else { None };
        wants.iter().enumerate().map(share).collect()
    }

    /// What the tangent `t` of operand `i` adds to the result's. It may lack axes that the result
    /// has: they are repeated by whoever reads this. Nothing if no derivative passes.
    #[track_caller]
    fn tangent<T: Algebra>(at: &At<'_, T>, i: usize, t: T) -> Option<T>;

    /// The result in terms of other operations, if it can be said so: then the compiler needs no
    /// kernel for it.
    fn composed<T: Algebra>(operands: &[T], attributes: &Attributes) -> Option<T> {
        let _ = (operands, attributes);
        None
    }

    /// How an element is made.
    const READING: Reading;

    /// The partial of an entry as a formula of the number read and of the result, where it is not a
    /// plain number.
    fn partial<R: Real>(x: R, v: R) -> Option<R> {
        let _ = (x, v);
        None
    }
}

/// The contributions one by one, in the order of the entries.
fn one_by_one<R: Rule + ?Sized, S: Scalar>(site: &Site<'_, S>, g: &[S], adjoints: &mut [S]) {
    R::entries(site, &mut |entry| {
        let g = g[entry.out];
        if !g.is_zero()
            && let Some(share) = entry.partial.times(g)
        {
            adjoints[entry.slot] = adjoints[entry.slot] + share;
        }
    });
}

macro_rules! pages {
    ($($variant:ident, $file:ident, $name:literal, $formula:literal, $derivative:literal, $domain:literal;)*) => {
        impl Structural {
            /// The shape of the result for operands of these shapes.
            ///
            /// # Errors
            ///
            /// A [`Misfit`] that says which operand does not fit, and why.
            pub fn shape(self, operands: &[&Shape], attributes: &Attributes) -> Result<Shape, Misfit> {
                match self { $(Structural::$variant => $file::$variant::shape(operands, attributes)),* }
            }

            /// Computes the result, in the order of its formula.
            pub fn value<S: Scalar>(self, site: &Site<'_, S>, run: &mut [S]) {
                S::value_of(self, site, run);
            }

            pub(crate) fn value_by_loops<S: Scalar>(self, site: &Site<'_, S>, run: &mut [S]) {
                match self { $(Structural::$variant => $file::$variant::value(site, run)),* }
            }

            /// Calls `visit` for every entry of the Jacobian by the operands that are not cut, in
            /// the order in which the reverse sweep adds contributions. An element that a choice
            /// did not fall on is visited with [`Partial::Zero`].
            pub fn entries<S: Scalar>(self, site: &Site<'_, S>, mut visit: impl FnMut(Entry<S>)) {
                if external::nobody_knows(site) {
                    return call::each_row(site, &mut visit, |site, _, adjoints| {
                        external::add_unknown(site, adjoints);
                    });
                }
                S::entries_of(self, site, &mut visit);
            }

            pub(crate) fn entries_by_loops<S: Scalar>(
                self,
                site: &Site<'_, S>,
                mut visit: &mut dyn FnMut(Entry<S>),
            ) {
                match self { $(Structural::$variant => $file::$variant::entries(site, &mut visit)),* }
            }

            /// Adds the contributions of the adjoints `g` to `adjoints`, in the order of the
            /// entries.
            pub fn reverse<S: Scalar>(self, site: &Site<'_, S>, g: &[S], adjoints: &mut [S]) {
                // Zeros pass nothing on, and running a body to find that out may take long.
                if self.runs_a_body() && g.iter().all(|g| g.is_zero()) {
                    return;
                }
                if external::nobody_knows(site) {
                    return external::add_unknown(site, adjoints);
                }
                S::reverse_of(self, site, g, adjoints);
            }

            pub(crate) fn reverse_by_loops<S: Scalar>(
                self,
                site: &Site<'_, S>,
                g: &[S],
                adjoints: &mut [S],
            ) {
                match self { $(Structural::$variant => $file::$variant::reverse(site, g, adjoints)),* }
            }

            /// As [`reverse`](Structural::reverse), entry by entry even where there is a quicker
            /// way.
            pub fn reverse_one_by_one<S: Scalar>(self, site: &Site<'_, S>, g: &[S], adjoints: &mut [S]) {
                match self { $(Structural::$variant => one_by_one::<$file::$variant, S>(site, g, adjoints)),* }
            }

            /// The vector-Jacobian product: what operand `i` gets of the result's adjoint `g`, in
            /// terms of operations. It may have axes more than the operand, or extents where the
            /// operand has 1: those are to be summed away. `None` if no derivative passes.
            #[track_caller]
            pub fn share<T: Algebra>(self, at: &At<'_, T>, i: usize, g: T) -> Option<T> {
                match self { $(Structural::$variant => $file::$variant::share(at, i, g)),* }
            }

            /// Whether [`shares`](Structural::shares) computes what operands get together, so that
            /// asking for one after the other would compute all several times.
            #[must_use]
            pub const fn shares_are_joint(self) -> bool {
                match self { $(Structural::$variant => $file::$variant::JOINT),* }
            }

            /// The vector-Jacobian products of the operands that are wanted, as
            /// [`share`](Structural::share) says of one.
            #[track_caller]
            pub fn shares<T: Algebra>(
                self,
                at: &At<'_, T>,
                wants: &[bool],
                g: T,
            ) -> SmallVec<[Option<T>; 3]> {
                match self { $(Structural::$variant => $file::$variant::shares(at, wants, g)),* }
            }

            /// The Jacobian-vector product: what the tangent `t` of operand `i` adds to the
            /// result's, in terms of operations. It may lack axes that the result has: those are to
            /// be repeated. `None` if no derivative passes.
            #[track_caller]
            pub fn tangent<T: Algebra>(self, at: &At<'_, T>, i: usize, t: T) -> Option<T> {
                match self { $(Structural::$variant => $file::$variant::tangent(at, i, t)),* }
            }

            /// The result in terms of other operations, if it can be said so.
            #[track_caller]
            pub fn composed<T: Algebra>(self, operands: &[T], attributes: &Attributes) -> Option<T> {
                match self { $(Structural::$variant => $file::$variant::composed(operands, attributes)),* }
            }

            /// How an element is made of the numbers that it reads.
            #[must_use]
            pub const fn reading(self) -> Reading {
                match self { $(Structural::$variant => $file::$variant::READING),* }
            }

            /// The partial of an entry as a formula of the number read and of the result; `None`
            /// where it is a plain number or a factor.
            pub fn partial<R: Real>(self, x: R, v: R) -> Option<R> {
                match self { $(Structural::$variant => $file::$variant::partial(x, v)),* }
            }
        }
    };
}
structural_functions!(pages);

/// What an operation that runs a body computes, on any numbers.
pub(crate) mod bodies {
    use super::*;

    macro_rules! each_body {
        ($op:expr, $does:ident($($given:expr),*)) => {
            match $op {
                Structural::Call => call::Call::$does($($given),*),
                Structural::Scan => scan::Scan::$does($($given),*),
                Structural::Cond => cond::Cond::$does($($given),*),
                Structural::Root => root::Root::$does($($given),*),
                Structural::External => external::External::$does($($given),*),
                _ => unreachable!("it runs no body"),
            }
        };
    }

    pub(crate) fn value<S: Scalar>(op: Structural, site: &Site<'_, S>, run: &mut [S]) {
        each_body!(op, value(site, run));
    }

    pub(crate) fn entries<S: Scalar>(
        op: Structural,
        site: &Site<'_, S>,
        mut visit: &mut dyn FnMut(Entry<S>),
    ) {
        each_body!(op, entries(site, &mut visit));
    }

    pub(crate) fn reverse<S: Scalar>(
        op: Structural,
        site: &Site<'_, S>,
        g: &[S],
        adjoints: &mut [S],
    ) {
        each_body!(op, reverse(site, g, adjoints));
    }
}

/// The operands, if there are as many as the operation has.
fn exactly<'a, const N: usize>(operands: &[&'a Shape]) -> Result<[&'a Shape; N], Misfit> {
    operands.try_into().map_err(|_| Misfit::Count)
}

/// Computes any operation, in the order of its formula.
pub fn compute<S: Scalar>(op: Op, site: Site<'_, S>, run: &mut [S]) {
    if !S::HAS_TANGENT || !site.cut.iter().any(|&cut| cut) {
        return compute_as_read(op, &site, run);
    }
    // A cut operand is read as a copy that stands still.
    let still = |(tensor, &cut): (&Tensor<'_, S>, &bool)| {
        let elements = tensor.elements().map(|x| if cut { x.detached() } else { x });
        (elements.collect(), Layout::contiguous(tensor.layout.shape().clone()))
    };
    let copies: Vec<(Vec<S>, Layout)> = site.operands.iter().zip(&site.cut).map(still).collect();
    let tensor = |(data, layout)| Tensor { data, start: 0, layout };
    let operands = copies.iter().map(|(data, layout)| tensor((data.as_slice(), layout))).collect();
    let Site { cut, shape, attributes, run: before, .. } = site;
    compute_as_read(op, &Site { operands, cut, shape, attributes, run: before }, run);
}

fn compute_as_read<S: Scalar>(op: Op, site: &Site<'_, S>, run: &mut [S]) {
    match op {
        // A leaf block holds what it was given.
        Op::Leaf(_) => {}
        Op::Unary(op) => elementwise::map(op, site.operands[0], run),
        Op::Binary(op) => elementwise::zip(op, site.operands[0], site.operands[1], site.shape, run),
        Op::Structural(op) => op.value(site, run),
    }
}
