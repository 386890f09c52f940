//! A playground: networks of two inputs as pages that compute and train themselves.
//!
//! ```text
//! cargo run --release --example playground
//! cargo run --release --example playground -- --seed 7     other points
//! cargo run --release --example playground -- --out DIR    where the pages go
//! ```
//!
//! Each page is one network, recorded once by the engine: two inputs, 1 to 8 hidden neurons of an
//! activation, one output in tanh. On it the reader chooses the points, the noise, the rate and the
//! weights to begin with, trains by the row or by the epoch, and changes any number.

use std::error::Error;
use std::io::Write;
use std::path::Path;

use wengert::{Numerics, Tape};
use wengert_inspect::{Page, Trace, Training};
use wengert_layers::{Activation, Granularity, Init, Law, Mlp};

#[path = "training/arguments.rs"]
mod arguments;
#[path = "playground/data.rs"]
pub(crate) mod data;

const NEURONS: [usize; 6] = [1, 2, 3, 4, 6, 8];
const ACTIVATIONS: [(&str, Activation); 3] =
    [("tanh", Activation::Tanh), ("sigmoid", Activation::Sigmoid), ("relu", Activation::Relu)];
/// What is opened first.
const FIRST: (usize, &str) = (3, "tanh");
/// Seeds of the weights that a training may begin with.
const WEIGHTS: std::ops::RangeInclusive<u64> = 1..=5;

fn main() -> Result<(), Box<dyn Error>> {
    let Some(told) = arguments::Arguments::read("playground", 1..=1, &[])? else { return Ok(()) };
    run(&mut std::io::stdout().lock(), told.seeds[0], &told.folder.join("playground"))
}

/// Writes a page for every network.
pub(crate) fn run(out: &mut impl Write, seed: u64, folder: &Path) -> Result<(), Box<dyn Error>> {
    let sets = data::sets(seed);
    let (mut largest, mut all) = (0, 0);
    for neurons in NEURONS {
        for (name, activation) in ACTIVATIONS {
            let page = page(neurons, name, activation, &sets, seed)?;
            largest = largest.max(page.len());
            all += 1;
            arguments::write(folder, &file(neurons, name), &page)?;
        }
    }
    let first = folder.join(file(FIRST.0, FIRST.1));
    writeln!(out, "{all} networks, at most {} kB a page, points of seed {seed}", largest / 1000)?;
    writeln!(out, "open {}", first.display())?;
    Ok(())
}

fn file(neurons: usize, activation: &str) -> String {
    format!("2-{neurons}-1-{activation}.html")
}

/// A network's page: one pass over the first point, and all that it trains on.
fn page(
    neurons: usize,
    name: &str,
    activation: Activation,
    sets: &[data::Points],
    seed: u64,
) -> Result<String, Box<dyn Error>> {
    let network = |seed| {
        let law = if activation == Activation::Relu { Law::HeNormal } else { Law::GlorotNormal };
        let init = Init::Random { law, seed };
        Mlp::with_activations(&[2, neurons, 1], &[activation, Activation::Tanh], init)
    };
    let mut training =
        Training::new("x", "target").rate(0.05).score("output/0.output", None).opened();
    for set in sets {
        training = training.set(set.name, set.rows.iter().copied()).noise(&set.noise);
    }
    for seed in WEIGHTS {
        training = training.start(&format!("seed {seed}"), network(seed)?.params());
    }
    // The same bits on every platform, as the page has them.
    let tape = Tape::with(wengert::Options::default().numerics(Numerics::Exact));
    let (x, target) = sets[0].rows[0];
    let mlp = network(*WEIGHTS.start())?;
    let pass = mlp.bind(&tape, Granularity::PerNeuron).forward(tape.data(x).named("x"));
    let loss = pass.half_squared_error(tape.data(target).named("target"));
    let trace = Trace::of(&loss.backward())?;
    let counts = NEURONS.map(|neurons| (neurons.to_string(), file(neurons, name)));
    let kinds = ACTIVATIONS.map(|(kind, _)| (kind.to_owned(), file(neurons, kind)));
    Ok(Page::of(&trace)
        .title(&format!("Playground: 2-{neurons}-1, {name}"))
        .caption(&format!("L = ½ (target − output)², points of seed {seed}"))
        .delta(|path| path.ends_with(".z"))
        .choice("hidden neurons", &neurons.to_string(), &counts)
        .choice("activation", name, &kinds)
        .training(&training)
        .to_string())
}
