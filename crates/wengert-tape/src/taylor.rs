//! Taylor coefficients along a direction: the same list on truncated power series.

use smallvec::SmallVec;
use wengert_ops::algebra::Algebra;
use wengert_ops::attributes::{Attributes, Elements};
use wengert_ops::real::{Real, Scalar as Number};
use wengert_ops::series::{Power, Series};
use wengert_ops::structural::{Filled, view};

use crate::error::{Error, Place};
use crate::limits::By;
use crate::op::Op;
use crate::real::Scalar;
use crate::run::View;
use crate::shape::{Layout, Shape};
use crate::tape::{Asked, Kind, Side, Step, Tape};
use crate::var::Var;

/// # Taylor coefficients
impl<S: Scalar> Tape<S> {
    /// The Taylor coefficients of an output along a direction: of `y(x + t d) = Σ cⱼ tʲ` those up to
    /// an order, each as many numbers as the output has. c₀ is its value, c₁ its tangent, and
    /// `j! cⱼ` the j-th derivative by t. JAX calls this a `jet`.
    ///
    /// They are found by the rules alone: `j cⱼ` is coefficient `j − 1` of the tangent, for every
    /// operation there is. A coefficient of an elementwise operation is a sum of j products; that of
    /// a factor or of a root takes an evaluation for each lower order. A loop is written out.
    /// Nested dual numbers would take 2ʲ of everything.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if a direction does not fill its var, [`Error::NotSettable`] for a
    /// direction of what is no leaf, [`Error::Operand`] for a view that repeats a number;
    /// [`Error::NoRule`] if an [`External`](crate::External) moves on which the output depends and
    /// its derivative is not known: that of order 1 is if it was given, and no other;
    /// [`Error::TwoTapes`].
    ///
    /// # Panics
    ///
    /// On a tape of dual numbers.
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let x = tape.input(0.0);
    /// let y = x.exp() / (1.0 - x); // 1, 2, 5/2, 8/3, 65/24 ..
    /// let c = tape.taylor(y, &[(x, &[1.0])], 4)?.concat();
    /// assert!(c.iter().zip([1.0, 2.0, 2.5, 8.0 / 3.0, 65.0 / 24.0]).all(|(a, b)| (a - b).abs() < 1e-15));
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[doc(alias = "jet")]
    #[track_caller]
    pub fn taylor<'t>(
        &'t self,
        output: Var<'t, S>,
        direction: &[(Var<'t, S>, &[S])],
        order: usize,
    ) -> Result<Vec<Vec<S>>, Error> {
        const OP: &str = "taylor";
        self.owns(OP, output)?;
        let mut seeds = Vec::new();
        for &(var, tangent) in direction {
            self.owns(OP, var)?;
            if tangent.len() != var.len() {
                let (of, shape, found) = (var.whose(), var.shape(), tangent.len());
                return Err(Error::Length { op: OP, of, shape, found, at: Place::caller() });
            }
            self.check_settable(OP, var, tangent.len())?;
            let start = var.view.start() as usize;
            let layout = var.layout();
            let slots = layout.offsets().map(|offset| start + offset);
            seeds.extend(slots.zip(tangent.iter().copied()));
        }
        let moving: SmallVec<[View; 4]> = direction.iter().map(|(var, _)| var.view).collect();
        let times = u8::try_from(order).unwrap_or(u8::MAX);
        self.differentiable(OP, By::Views(&moving), Some(&[output.view]), times)?;
        seeds.sort_by_key(|seed| seed.0);
        let asked = Asked { output: output.view, order };
        let side = self.side.borrow();
        Ok(self.columns.read(|steps, values| S::taylor(steps, &side, values, &seeds, asked)))
    }
}

/// The coefficients; `seeds` are slots of leaves that move, ascending, each with its tangent.
pub(crate) fn along<S: Number>(
    steps: &[Step],
    side: &Side,
    values: &[S],
    seeds: &[(usize, S)],
    asked: Asked,
) -> Vec<Vec<S>> {
    let series = Series::default();
    let output = elements(side, asked.output);
    let end = output.start as usize + output.layout.last_offset();
    let mut known: Vec<Filled<Power<'_, S>>> = Vec::with_capacity(steps.len());
    let mut slot = 0;
    for step in steps {
        if slot > end {
            break;
        }
        let leaf = |shape: Shape| {
            let slots = slot..slot + shape.len();
            let first = seeds.partition_point(|&(at, _)| at < slots.start);
            let moving = seeds[first..].iter().take_while(|(at, _)| slots.contains(at));
            let mut direction: Option<Vec<S>> = None;
            for &(at, tangent) in moving {
                let zeros = || vec![S::from_f64(0.0); slots.len()];
                direction.get_or_insert_with(zeros)[at - slots.start] = tangent;
            }
            series.given(shape, values[slots].to_vec(), direction)
        };
        let (len, run) = match step.kind() {
            Kind::Leaf(_) => (1, leaf(Shape::scalar())),
            Kind::Unary(op) => (1, view(&known, &number(step.a(), step.cuts_first())).unary(op)),
            Kind::Binary(op) => {
                let x = view(&known, &number(step.a(), step.cuts_first()));
                (1, x.binary(op, view(&known, &number(step.b(), step.cuts_second()))))
            }
            Kind::Wide => {
                let wide = &side.wides[step.a() as usize];
                let shape = side.layouts.get(wide.layout).shape().clone();
                let operands =
                    wide.operands.iter().map(|&read| view(&known, &elements(side, read)));
                let operands: SmallVec<[Power<'_, S>; 3]> = operands.collect();
                let run = match wide.op {
                    Op::Leaf(_) => leaf(shape.clone()),
                    Op::Unary(op) => operands[0].unary(op),
                    Op::Binary(op) => operands[0].binary(op, operands[1]),
                    Op::Structural(op) => {
                        Power::structural(op, &operands, Attributes::clone(&wide.attributes))
                    }
                };
                let whole = if run.extents() == shape { run } else { run.repeated(&shape) };
                (wide.len as usize, whole)
            }
        };
        known.push(Filled { start: slot, len, run });
        slot += len;
    }
    let output = view(&known, &output);
    // What is on the list, in its order, and no tangent that nobody asks for.
    let count = series.count();
    for j in 0..=asked.order {
        series.advance(count, j);
    }
    output.coefficients(asked.order)
}

fn number(slot: u32, cut: bool) -> Elements {
    Elements { start: slot, cut, layout: Layout::scalar() }
}

fn elements(side: &Side, view: View) -> Elements {
    let layout = side.layouts.get(view.layout()).clone();
    Elements { start: view.start(), cut: view.is_cut(), layout }
}
