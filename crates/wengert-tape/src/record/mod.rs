//! Derivatives as more nodes of the tape: they have a listing, replay at other inputs, and can be
//! differentiated again.

mod gradient;
mod store;
mod tangent;
