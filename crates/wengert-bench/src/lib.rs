//! Benchmarks of Wengert against gradients written by hand
