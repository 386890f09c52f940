//! What compiling makes of scalar code: networks written in products and sums, neuron by neuron,
//! and how long each task of their programs takes.
//!
//! ```text
//! cargo run --release --example program                the notebook's network and a 784-30-10 one
//! cargo run --release --example program -- 13 9 8 3    a network of these sizes
//! ```

use std::error::Error;
use std::io::Write;

use wengert::{Compiler, Tape, Var};

const USAGE: &str = "usage: program [SIZE SIZE ..]: the neurons of each layer, inputs first";

fn main() -> Result<(), Box<dyn Error>> {
    let out = &mut std::io::stdout().lock();
    let mut sizes = Vec::new();
    for argument in std::env::args().skip(1) {
        // What was asked for is no error.
        if argument == "--help" || argument == "-h" {
            writeln!(out, "{USAGE}")?;
            return Ok(());
        }
        let size: Result<usize, _> = argument.parse();
        sizes.push(size.map_err(|_| format!("{argument} is no size of a layer\n{USAGE}"))?);
    }
    if sizes.is_empty() {
        run(out, &[2, 2, 2], 1000)?;
        writeln!(out)?;
        return run(out, &[784, 30, 10], 1000);
    }
    run(out, &sizes, 1000)
}

/// Records the loss of one sample, compiles it with its gradient, runs it `runs` times, and prints
/// what came of it.
pub(crate) fn run(out: &mut impl Write, sizes: &[usize], runs: u32) -> Result<(), Box<dyn Error>> {
    if sizes.len() < 2 || sizes.contains(&0) {
        return Err("a network has at least two sizes, none of them 0".into());
    }
    let some =
        |n: usize, scale: f64| (0..n).map(|i| scale * (i as f64 * 0.7).sin()).collect::<Vec<f64>>();
    let tape = Tape::new();
    let count = sizes.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum();
    let params = tape.param(some(count, 0.1)).named("params");
    let x = tape.data(some(sizes[0], 1.0)).named("x");
    let target = tape.data(some(sizes[sizes.len() - 1], 0.5)).named("target");
    let loss = network(sizes, params, x, target).named("L");

    let mut compiler = Compiler::new(&tape);
    compiler.output(loss)?;
    let gradient = compiler.gradient(loss, params)?;
    let program = compiler.compile()?;
    let mut workspace = program.workspace();
    program.run(&mut workspace)?;
    let by_tape = loss.backward().values_wrt(params);
    let by_program = workspace.values(gradient);
    let off = by_tape.iter().zip(&by_program).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);

    let names: Vec<String> = sizes.iter().map(usize::to_string).collect();
    writeln!(
        out,
        "A {} network of sigmoids, one sample, its loss and gradient.\n",
        names.join("-")
    )?;
    writeln!(out, "{}", program.report())?;
    writeln!(out, "Largest difference from the tape's gradient: {off:.1e}\n")?;
    // Caches and pages are warm from here on.
    program.profile(&mut workspace, runs)?;
    write!(out, "{}", program.profile(&mut workspace, runs)?)?;
    Ok(())
}

/// Every product and every sum a node: by neuron its weights, then its bias.
pub(crate) fn network<'t>(
    sizes: &[usize],
    params: Var<'t>,
    x: Var<'t>,
    target: Var<'t>,
) -> Var<'t> {
    let mut layer: Vec<Var<'t>> = x.iter().collect();
    let mut at = 0;
    for pair in sizes.windows(2) {
        let (inputs, neurons) = (pair[0], pair[1]);
        let neuron = |j: usize| {
            let row = at + j * (inputs + 1);
            let mut z = params.at(row + inputs);
            for (i, &input) in layer.iter().enumerate() {
                z += params.at(row + i) * input;
            }
            z.sigmoid()
        };
        let next = (0..neurons).map(neuron).collect();
        at += neurons * (inputs + 1);
        layer = next;
    }
    0.5 * layer
        .iter()
        .zip(target.iter())
        .map(|(&output, target)| (target - output).square())
        .sum::<Var<'t>>()
}
