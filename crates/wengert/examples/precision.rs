//! Where do the digits go?
//!
//! ```text
//! cargo run -p wengert --features precision --example precision
//! ```
//!
//! The smaller root of x² + b x + c by the formula from school, and by the one without
//! cancellation.

use wengert::{Error, Tape};

fn main() -> Result<(), Error> {
    let tape = Tape::new();
    let (b, c) = (tape.input(1e6).named("b"), tape.input(1.0).named("c"));
    let root = (b.square() - 4.0 * c).sqrt().named("root");

    let school = (0.5 * (root - b)).named("school");
    println!("{}", school.precision()?);

    let stable = (-2.0 * c / (b + root)).named("stable");
    println!("{}", stable.precision()?);
    Ok(())
}
