//! Functions as one step of the list: operations of users, checkpoints, branches, loops.
//!
//! A closure is recorded on a tape of its own, and what it recorded becomes a
//! [`Body`](wengert_ops::attributes::Body): a list of steps without a tape. The step that is
//! recorded here holds the body, and runs it over whatever numbers the tape is evaluated on.
//!
//! ```text
//! closure --on a tape of its own--> list of steps --body--> Body --> one step: call, cond, scan
//! Body --recorded again, with its gradient--> list of steps --> Body, the pullback
//! ```

mod body;
mod branch;
mod derive;
mod external;
mod operation;
mod root;
mod scan;

use std::sync::Arc;

use wengert_ops::attributes::Body;

pub use body::body_of;
pub use external::{External, Externals};
pub use operation::Operation;
pub use scan::{Scan, Scanned, Step, Turn};

use crate::attributes::Attributes;
use crate::error::{Error, Place};
use crate::op::{Binary, Leaf, Structural, Unary};
use crate::real::Scalar;
use crate::shape::Shape;
use crate::tape::Tape;
use crate::var::Var;

/// Records `f` of inputs like `inputs` as a body.
#[track_caller]
fn record_body<S: Scalar>(
    name: &str,
    inputs: &[(Shape, Vec<S>)],
    f: impl for<'b> FnOnce(&'b Tape<S>, &[Var<'b, S>]) -> Result<Vec<Var<'b, S>>, Error>,
) -> Result<Arc<Body>, Error> {
    let scratch = Tape::<S>::default();
    let given: Result<Vec<Var<'_, S>>, Error> = inputs
        .iter()
        .map(|(shape, values)| scratch.tensor(Leaf::Input, values, shape.clone()))
        .collect();
    let given = given?;
    let outputs = f(&scratch, &given)?;
    let problem =
        |problem: String| Error::Body { name: name.to_owned(), problem, at: Place::caller() };
    if outputs.is_empty() {
        return Err(problem("the function returns nothing".to_owned()));
    }
    if outputs.iter().any(|output| !std::ptr::eq(output.tape, &scratch)) {
        return Err(problem(
            "the function returns a variable of another tape; what it reads of that is an input \
             of it"
                .to_owned(),
        ));
    }
    body::body_of(name, &scratch, &given, &outputs).map(Arc::new)
}

/// Why an operation of a user cannot have this name, or not so many operands.
fn problem_with(name: &str, operands: usize) -> Option<String> {
    let builtin = Unary::ALL.iter().map(|op| op.name());
    let builtin = builtin.chain(Binary::ALL.iter().map(|op| op.name()));
    let mut builtin = builtin.chain(Structural::ALL.iter().map(|op| op.name()));
    if builtin.any(|builtin| builtin == name) {
        return Some("this is the name of an operation that every tape has".to_owned());
    }
    (operands == 0).then(|| "an operation has at least one operand".to_owned())
}

/// Shapes and values, as a body is recorded at.
fn at<S: Scalar>(vars: &[Var<'_, S>]) -> Vec<(Shape, Vec<S>)> {
    vars.iter().map(|var| (var.shape(), var.values())).collect()
}

impl<S: Scalar> Tape<S> {
    /// Records a step that runs bodies.
    #[track_caller]
    fn record_call<'t>(
        &'t self,
        op: Structural,
        operands: &[Var<'t, S>],
        attributes: Attributes,
    ) -> Result<Var<'t, S>, Error> {
        for &operand in operands {
            self.owns(op.name(), operand)?;
        }
        self.record_checked(op, operands, attributes)
    }
}
