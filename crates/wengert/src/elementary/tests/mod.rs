//! The vector forms: `precision` against the exact results of `reference`, `bits` for what must not depend on place, length or way of calling.

mod bits;
mod precision;
mod reference;
