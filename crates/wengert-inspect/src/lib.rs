//! Traces of a Wengert tape: ledger, listings, graphs

mod digits;
mod compare;
mod columns;
mod side_by_side;

pub use compare::{Tolerance, relative, ulps};
pub use digits::{Digits, SIGNIFICANT};
pub use side_by_side::SideBySide;
