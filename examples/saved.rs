//! A program that is recorded here and run elsewhere: as a file of text.
//!
//! ```text
//! cargo run --release --example saved                          what the file is, and how soon it is loaded
//! cargo run --release --example saved -- --write notebook.wg   writes it
//! cargo install --path crates/wengert-cli
//! wengert show notebook.wg
//! printf 'x[0],x[1],target[0],target[1]\n2.78,2.55,1,0\n' | wengert run notebook.wg
//! ```
//!
//! It is the loss of the notebook's network for one row of data, and its gradient by the parameters.

use std::error::Error;
use std::time::Instant;

use wengert::{Compiler, Tape, Var};
use wengert_layers::{Activation, Init, Mlp};
use wengert_saved::{load_program, program_text};

const USAGE: &str = "usage: saved [--write FILE]";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let text = text()?;
    match &arguments[..] {
        [] => {}
        [flag, file] if flag == "--write" => return Ok(std::fs::write(file, text)?),
        [flag] if flag == "--help" || flag == "-h" => {
            println!("{USAGE}");
            return Ok(());
        }
        _ => return Err(USAGE.into()),
    }
    println!("{text}");
    let mut took = Vec::new();
    for _ in 0..101 {
        let start = Instant::now();
        load_program::<f64>(&text)?;
        took.push(start.elapsed());
    }
    took.sort_unstable();
    println!("{} bytes, loaded in {:?} (median of {})", text.len(), took[50], took.len());

    let loaded = load_program::<f64>(&text)?;
    let mut workspace = loaded.program.workspace();
    workspace.set(loaded.program.input("x")?, &[1.465, 2.362])?;
    loaded.program.run(&mut workspace)?;
    for info in &loaded.outputs {
        println!("{} = {:?}", info.label, workspace.values(info.output));
    }
    Ok(())
}

/// The program as text.
fn text() -> Result<String, Box<dyn Error>> {
    let network = Mlp::new(&[2, 2, 2], Activation::Sigmoid, Init::Notebook { seed: 1 })?;
    let tape = Tape::new();
    let params = tape.param(network.params()).named("params");
    let (x, target) = (tape.data([2.78, 2.55]).named("x"), tape.data([1.0, 0.0]).named("target"));
    let x = [x.at(0), x.at(1)];
    let hidden = [neuron(params, 0, x), neuron(params, 3, x)];
    let output = [neuron(params, 6, hidden), neuron(params, 9, hidden)];
    let loss = 0.5 * ((target.at(0) - output[0]).square() + (target.at(1) - output[1]).square());
    let loss = loss.named("loss");
    let mut compiler = Compiler::new(&tape);
    compiler.output(loss)?;
    compiler.gradient(loss, params)?;
    Ok(program_text(&compiler))
}

/// A neuron: from the first of its parameters on, two weights and a bias.
fn neuron<'t>(params: Var<'t>, first: usize, x: [Var<'t>; 2]) -> Var<'t> {
    let p = |i: usize| params.at(first + i);
    (p(2) + p(0) * x[0] + p(1) * x[1]).sigmoid()
}
