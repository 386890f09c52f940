//! Comparisons of values, each recorded as a guard.

use std::cmp::Ordering;

use super::{Operand, Var};
use crate::error::{Error, Place};
use crate::op::Comparison;
use crate::real::Scalar;
use crate::tape::Guard;

/// # Comparisons that a replay watches
impl<'t, S: Scalar> Var<'t, S> {
    /// Compares two single numbers and records operands and outcome, so that a replay where the
    /// outcome would flip is an error and not a silently wrong gradient.
    ///
    /// # Panics
    ///
    /// If an operand has axes or stands on another tape; [`try_guard`](Var::try_guard) returns that
    /// as an error.
    #[track_caller]
    #[must_use]
    pub fn guard(self, comparison: Comparison, other: impl Operand<'t, S>) -> bool {
        super::or_panic(self.try_guard(comparison, other))
    }

    /// As [`guard`](Var::guard).
    ///
    /// # Errors
    ///
    /// [`Error::TwoTapes`], [`Error::Operand`] for an operand with axes, [`Error::Full`] if a
    /// number has no room.
    #[track_caller]
    pub fn try_guard(
        self,
        comparison: Comparison,
        other: impl Operand<'t, S>,
    ) -> Result<bool, Error> {
        let op = comparison.symbol();
        let other = other.try_on(self.tape, op)?;
        self.same_tape(op, other)?;
        for side in [self, other] {
            if !side.is_scalar() {
                return Err(side.operand_error(op, "a branch compares single numbers".to_owned()));
            }
        }
        let outcome = comparison.holds(&self.value(), &other.value());
        let guard = Guard {
            comparison,
            left: self.view.start(),
            right: other.view.start(),
            outcome,
            place: Place::caller(),
        };
        self.tape.side.borrow_mut().guards.push(guard);
        Ok(outcome)
    }
}

macro_rules! comparisons {
    ($other:ty) => {
        impl<'t, S: Scalar> PartialEq<$other> for Var<'t, S> {
            /// Compares **values**, and records a guard.
            #[track_caller]
            fn eq(&self, other: &$other) -> bool {
                self.guard(Comparison::Eq, *other)
            }
        }

        impl<'t, S: Scalar> PartialOrd<$other> for Var<'t, S> {
            /// Compares values, and records as many guards as it looks at.
            #[track_caller]
            fn partial_cmp(&self, other: &$other) -> Option<Ordering> {
                if self.guard(Comparison::Lt, *other) {
                    Some(Ordering::Less)
                } else if self.guard(Comparison::Eq, *other) {
                    Some(Ordering::Equal)
                } else if self.guard(Comparison::Gt, *other) {
                    Some(Ordering::Greater)
                } else {
                    None
                }
            }

            #[track_caller]
            fn lt(&self, other: &$other) -> bool {
                self.guard(Comparison::Lt, *other)
            }

            #[track_caller]
            fn le(&self, other: &$other) -> bool {
                self.guard(Comparison::Le, *other)
            }

            #[track_caller]
            fn gt(&self, other: &$other) -> bool {
                self.guard(Comparison::Gt, *other)
            }

            #[track_caller]
            fn ge(&self, other: &$other) -> bool {
                self.guard(Comparison::Ge, *other)
            }
        }
    };
}
comparisons!(Var<'t, S>);
comparisons!(S);
