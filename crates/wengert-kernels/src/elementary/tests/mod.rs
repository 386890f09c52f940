//! The vector forms: `precision` against the exact results of `reference`, `bits` for what must not
//! depend on place, length or way of calling, `speed` beside `libm` and the standard library.

mod bits;
mod precision;
mod reference;
mod speed;
