//! What an operation needs beside its operands.

mod body;
mod calls;
mod external;
mod limit;

use std::fmt;
use std::sync::Arc;

use smallvec::SmallVec;

pub use body::{Body, Differentiate, Elements, Number, Run, Step};
pub use calls::{Call, Cond, DerivedLoops, Given, Returned, Root, Scan, Snapshots};
pub use external::{
    External, ExternalJvp, ExternalPart, ExternalShape, ExternalValue, ExternalVjp,
};
pub use limit::Limit;

use crate::shape::Shape;

/// What an operation needs beside its operands, as data: a step holds it, a trace writes it,
/// `Tape::apply` reads it.
#[derive(Clone, Debug, PartialEq, Default)]
#[non_exhaustive]
pub enum Attributes {
    /// Nothing.
    #[default]
    None,
    /// The axes that are worked along, ascending; a reduction drops them.
    Axes(SmallVec<[u8; 4]>),
    /// Row-major positions to gather from or scatter to, and the shape of the result.
    Positions {
        /// The positions, one for each element that is moved.
        positions: Box<[u32]>,
        /// The shape of the result.
        shape: Shape,
    },
    /// A function that is called.
    Call(Arc<Call>),
    /// A body that is run a number of times.
    Scan(Arc<Scan>),
    /// Two bodies, one of which is run.
    Cond(Arc<Cond>),
    /// An equation that is solved.
    Root(Arc<Root>),
    /// A function of plain numbers, and what is computed of it.
    External(Arc<External>, ExternalPart),
}

impl Attributes {
    /// Axes from numbers.
    ///
    /// # Panics
    ///
    /// If an axis is past 255: a step has a byte for each.
    #[must_use]
    pub fn axes_of(axes: &[usize]) -> Self {
        Attributes::Axes(
            axes.iter().map(|&axis| u8::try_from(axis).expect("an axis fits a byte")).collect(),
        )
    }

    /// What a listing calls a step that runs a function: the function's name, or its key. Nothing if
    /// the operation says it all.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Attributes::Call(call) => Some(&call.name),
            Attributes::Root(root) => Some(root.name),
            Attributes::External(external, part) => Some(external.name(*part)),
            _ => None,
        }
    }

    /// The axes; none if the operation has no such attribute.
    #[must_use]
    pub fn axes(&self) -> &[u8] {
        match self {
            Attributes::Axes(axes) => axes,
            _ => &[],
        }
    }

    /// The positions; none if the operation has no such attribute.
    #[must_use]
    pub fn positions(&self) -> &[u32] {
        match self {
            Attributes::Positions { positions, .. } => positions,
            _ => &[],
        }
    }
}

impl fmt::Display for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Attributes::None => f.write_str("no attributes"),
            Attributes::Axes(axes) => write!(f, "axes {:?}", axes.as_slice()),
            Attributes::Positions { positions, shape } => {
                write!(f, "positions {positions:?} into {shape}")
            }
            Attributes::Call(call) => f.write_str(&call.name),
            Attributes::Scan(scan) => write!(f, "{} steps", scan.steps),
            Attributes::Cond(_) => f.write_str("two branches"),
            Attributes::Root(root) => f.write_str(root.name),
            Attributes::External(external, part) => f.write_str(external.name(*part)),
        }
    }
}
