//! Branches that a replay may take either way.

use std::sync::Arc;

use wengert_ops::attributes::Cond;

use super::{at, record_body};
use crate::attributes::Attributes;
use crate::error::{Error, Place};
use crate::op::Structural;
use crate::real::Scalar;
use crate::tape::Tape;
use crate::var::Var;

/// # Branches
impl<S: Scalar> Tape<S> {
    /// Records both branches as one node: `yes` is run where the condition is not 0, `no` where it
    /// is 0. A replay takes the branch that the new numbers ask for, where a program that branches
    /// by `if` is refused. No derivative passes the condition.
    ///
    /// Both branches are recorded at the numbers of `inputs`; what one of them would have to refuse
    /// there, such as a singular matrix, it refuses.
    ///
    /// # Errors
    ///
    /// [`Error::Operand`] if the condition is not a single number, or the branches return other
    /// shapes; [`Error::Body`] as for [`checkpoint`](Tape::checkpoint); [`Error::TwoTapes`];
    /// [`Error::Full`].
    ///
    /// # Examples
    ///
    /// ```
    /// let tape = wengert::Tape::new();
    /// let x = tape.input(2.0);
    /// let y = tape.cond(x.indicator_gt(0.0), &[x], |x| x[0].sqrt(), |x| -x[0])?;
    /// assert_eq!(y.value(), 2.0f64.sqrt());
    /// tape.replay(&[(x, &[-3.0])])?;
    /// assert_eq!((y.value(), y.backward().wrt(x)), (3.0, -1.0));
    /// # Ok::<(), wengert::Error>(())
    /// ```
    #[track_caller]
    pub fn cond<'t>(
        &'t self,
        condition: Var<'t, S>,
        inputs: &[Var<'t, S>],
        yes: impl for<'b> FnOnce(&[Var<'b, S>]) -> Var<'b, S>,
        no: impl for<'b> FnOnce(&[Var<'b, S>]) -> Var<'b, S>,
    ) -> Result<Var<'t, S>, Error> {
        const NAME: &str = "cond";
        if inputs.is_empty() {
            let problem = "the branches have at least one input".to_owned();
            return Err(Error::Body { name: NAME.to_owned(), problem, at: Place::caller() });
        }
        let at = at(inputs);
        let yes = record_body(NAME, &at, |_, x| Ok(vec![yes(x)]))?;
        let no = record_body(NAME, &at, |_, x| Ok(vec![no(x)]))?;
        let operands: Vec<Var<'t, S>> =
            std::iter::once(condition.detach()).chain(inputs.iter().copied()).collect();
        let attributes = Attributes::Cond(Arc::new(Cond { yes, no }));
        self.record_call(Structural::Cond, &operands, attributes)
    }
}
