//! Benchmarks of Wengert against gradients written by hand, in the same run.
//!
//! `cargo run --release -p wengert-bench`

mod network;
mod scalar;
mod timing;

fn main() {
    scalar::run();
    network::run();
}
