//! The one door by which an operation that is held as data is recorded.

use smallvec::SmallVec;
use wengert_ops::structural::Misfit;

use super::Var;
use crate::attributes::Attributes;
use crate::error::{Error, Place};
use crate::faults::fault;
use crate::op::{Op, Structural};
use crate::real::Scalar;
use crate::shape::Shape;
use crate::tape::{FaultCheck, Tape};

/// # Operations held as data
impl<S: Scalar> Tape<S> {
    /// Records any operation but a leaf, given as data: what a trace, a saved program or another
    /// tape's [`Node`](crate::Node) holds.
    ///
    /// # Errors
    ///
    /// [`Error::TwoTapes`]; [`Error::Singular`]; [`Error::NoConvergence`]; [`Error::Shapes`] and
    /// [`Error::Operand`] if the operation does not take these operands or attributes; [`Error::Operands`] for another number of operands than it
    /// has; [`Error::Full`].
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert::Tape;
    /// use wengert::op::{Attributes, Op, Structural};
    ///
    /// let tape = Tape::new();
    /// let x = tape.input([1.0, 2.0, 3.0]);
    /// let sum = tape.apply(Op::Structural(Structural::Sum), &[x], Attributes::axes_of(&[0]))?;
    /// assert_eq!(sum.value(), 6.0);
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[track_caller]
    pub fn apply<'t>(
        &'t self,
        op: Op,
        operands: &[Var<'t, S>],
        attributes: Attributes,
    ) -> Result<Var<'t, S>, Error> {
        for &operand in operands {
            self.owns(op.name(), operand)?;
        }
        match (op, operands) {
            (Op::Unary(op), &[x]) => x.try_unary(op),
            (Op::Binary(op), &[x, y]) => x.try_binary(op, y),
            (Op::Structural(op), operands) => self.record_checked(op, operands, attributes),
            _ => Err(Error::Operands { op: op.name(), found: operands.len(), at: Place::caller() }),
        }
    }

    /// As [`apply`](Tape::apply), of operands that are known to stand on this tape.
    #[track_caller]
    pub(crate) fn record_structural<'t>(
        &'t self,
        op: Structural,
        operands: &[Var<'t, S>],
        attributes: Attributes,
    ) -> Result<Var<'t, S>, Error> {
        let some: SmallVec<[Option<Var<'t, S>>; 3]> = operands.iter().copied().map(Some).collect();
        let shape = self.check_shapes(op, &some, &attributes)?;
        let views = operands.iter().map(|operand| operand.view).collect();
        if !op.runs_a_body() {
            return Var::record(self, Op::Structural(op), shape, views, attributes);
        }
        self.one_of_each_key(&attributes)?;
        self.has_tangents(op, operands, &attributes)?;
        let result = Var::record(self, Op::Structural(op), shape, views, attributes.clone())?;
        self.note_limit(&attributes);
        Ok(result)
    }

    /// As `record_structural`; a step without a result is an error, now and when it is computed
    /// again.
    #[track_caller]
    pub(crate) fn record_checked<'t>(
        &'t self,
        op: Structural,
        operands: &[Var<'t, S>],
        attributes: Attributes,
    ) -> Result<Var<'t, S>, Error> {
        if !op.can_fail(&attributes) {
            return self.record_structural(op, operands, attributes);
        }
        let result = self.record_structural(op, operands, attributes)?;
        let mut side = self.side.borrow_mut();
        let check = FaultCheck { wide: side.wides.len() - 1, place: Place::caller() };
        let wide = &side.wides[check.wide];
        let Some(found) = self.columns.read(|_, values| fault(wide, &side, values)) else {
            side.faults.push(check);
            return Ok(result);
        };
        let error = self.failed(&side, &check, found);
        // As if it had not been recorded.
        self.columns.take_back(wide.len);
        side.wides.pop();
        side.limited.pop_if(|limited| limited.wide == check.wide);
        side.externals.retain(|(_, wide)| *wide < check.wide);
        side.places.pop();
        Err(error)
    }

    /// The shape of the result, or the error that names the operand that does not fit. An operand
    /// that is a plain number is `None`.
    #[track_caller]
    pub(crate) fn check_shapes<'t>(
        &'t self,
        op: Structural,
        operands: &[Option<Var<'t, S>>],
        attributes: &Attributes,
    ) -> Result<Shape, Error> {
        let shapes: SmallVec<[Shape; 3]> =
            operands.iter().map(|operand| operand.map_or_else(Shape::scalar, Var::shape)).collect();
        let borrowed: SmallVec<[&Shape; 3]> = shapes.iter().collect();
        let misfit = match op.shape(&borrowed, attributes) {
            Ok(shape) => return Ok(shape),
            Err(misfit) => misfit,
        };
        let at = Place::caller();
        // A plain number fits everywhere: what does not fit is a handle.
        let handle = |i: usize| operands[i].or_else(|| operands.iter().copied().flatten().next());
        match misfit {
            Misfit::Pair { left, right, rule } => match (handle(left), handle(right)) {
                (Some(left), Some(right)) => Err(left.shapes_error(op.name(), right, rule)),
                _ => Err(Error::Operands { op: op.name(), found: operands.len(), at }),
            },
            Misfit::One { operand, rule } => match handle(operand) {
                Some(operand) => Err(operand.operand_error(op.name(), rule)),
                None => Err(Error::Operands { op: op.name(), found: operands.len(), at }),
            },
            Misfit::Count => Err(Error::Operands { op: op.name(), found: operands.len(), at }),
        }
    }
}
