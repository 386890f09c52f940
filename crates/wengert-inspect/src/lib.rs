//! Traces of a Wengert tape: ledger, listings, graphs

mod digits;
mod compare;
mod columns;
mod trace;
mod precision;
mod jacobian;
mod zero;
mod record;
mod ledger;
mod side_by_side;

pub use compare::{Tolerance, relative, ulps};
pub use digits::{Digits, SIGNIFICANT};
pub use ledger::{Contribution, Ledger};
pub use record::{Stale, Traced};
pub use side_by_side::SideBySide;
pub use trace::{
    Adjoint, Elements, Malformed, NamedPart, Output, Part, Precision, Slot, Spot, Trace, TraceData, TraceGuard,
    TraceNode, TraceOperand, VERSION,
};
