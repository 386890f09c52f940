//! The teaching notebook, reproduced.

fn main() {}
