//! The teaching notebook, cell by cell, from a tape; then every delta three times: derived by hand,
//! from the tape, and as the notebook printed it.
//!
//! ```text
//! cargo run --release --example notebook                   the notebook, and the table
//! cargo run --release --example notebook -- --out DIR      and traces, listings, graphs in DIR
//! cargo run --release --example notebook -- --slip sign    a mistake by hand: see the crosses
//! cargo run --release --example notebook -- --deltas FILE  your own deltas, held to the tape
//! cargo run --release --example notebook -- --compiled     the second network trained compiled
//! ```
//!
//! The mistakes: `sign`, `missing-derivative`, `factor-two`, `update-too-early`,
//! `derivative-of-input`, `mean-for-sum`, `weights-forgotten`.
//!
//! The exit code is 0 if every row of the table has a tick, 1 if there is a cross.

#[path = "notebook/cause.rs"]
mod cause;
#[path = "notebook/exercise.rs"]
mod exercise;
#[path = "notebook/files.rs"]
mod files;
#[path = "notebook/hand.rs"]
pub(crate) mod hand;
#[path = "training/index.rs"]
mod index;
#[path = "notebook/own.rs"]
mod own;
#[path = "notebook/page.rs"]
mod page;
#[path = "notebook/printed.rs"]
pub(crate) mod printed;
#[path = "notebook/table.rs"]
mod table;

use std::error::Error;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use hand::Slip;
use table::Table;
use wengert::{Numerics, Tape};
use wengert_inspect::{Derivation, Health, Known, LedgerText, Picture, Severance, Trace};
use wengert_layers::{Activation, Dataset, Granularity, Init, Mlp, Passes, Sgd, Trained, Trainer};

/// What the command line asks for.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Where to write the traces and graphs, if anywhere.
    pub(crate) out: Option<PathBuf>,
    /// The mistake to plant in the hand-derived side.
    pub(crate) slip: Slip,
    /// A file of a reader's own numbers.
    pub(crate) own: Option<PathBuf>,
    /// Whether the training runs as a compiled program.
    pub(crate) compiled: bool,
}

impl Options {
    /// Reads the arguments after the program's name.
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Options { out: None, slip: Slip::None, own: None, compiled: false };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--out" => options.out = Some(PathBuf::from(value()?)),
                "--slip" => {
                    let asked = value()?;
                    let slip = Slip::ALL.into_iter().find(|slip| slip.name() == asked);
                    options.slip = slip.ok_or_else(|| {
                        let names = Slip::ALL.map(Slip::name).join(", ");
                        format!("no slip is called {asked}: {names}")
                    })?;
                }
                "--deltas" => options.own = Some(PathBuf::from(value()?)),
                "--compiled" => options.compiled = true,
                other => return Err(format!("unknown argument {other}\n{USAGE}")),
            }
        }
        Ok(options)
    }
}

const USAGE: &str = "usage: notebook [--out DIR] [--slip MISTAKE] [--deltas FILE] [--compiled]

--out DIR       writes the traces, pictures and pages
--slip MISTAKE  plants a mistake in the hand-derived side: sign, missing-derivative, factor-two,
                update-too-early, derivative-of-input, mean-for-sum, weights-forgotten
--deltas FILE   holds your own numbers for cell 6 to the tape, and nothing else: a line of titles
                (node, and value, adjoint or delta), then a line for each node, as in
                node, delta
                hidden/0.z, -0.0027
--compiled      trains by a compiled program; every digit is the same";

fn main() -> ExitCode {
    // What was asked for is no error.
    if std::env::args().skip(1).any(|argument| argument == "--help" || argument == "-h") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    match run(&mut std::io::stdout().lock(), &options) {
        Ok(crosses) => exit_code(crosses),
        // Somebody reads the beginning only.
        Err(error)
            if error
                .downcast_ref::<std::io::Error>()
                .is_some_and(|e| e.kind() == ErrorKind::BrokenPipe) =>
        {
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

/// 0 for a table of ticks, 1 if there is a cross.
pub(crate) fn exit_code(crosses: usize) -> ExitCode {
    ExitCode::from(u8::from(crosses > 0))
}

/// Goes through the notebook and returns the number of crosses in its tables.
pub(crate) fn run(out: &mut impl Write, options: &Options) -> Result<usize, Box<dyn Error>> {
    if let Some(file) = &options.own {
        return own::check(out, file, &trace_of_cell_6()?);
    }
    if let Some(dir) = &options.out {
        std::fs::create_dir_all(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    }
    let mut deltas = Table::new();
    let cause = first_network(out, options, &mut deltas)?;
    let different = second_network(out, options, &mut deltas)?;

    heading(out, "Every delta: derived by hand, from the tape, printed by the notebook")?;
    writeln!(
        out,
        "delta = -dL/dz, with the loss L = 1/2 sum (target - output)^2: minus the adjoint of z."
    )?;
    writeln!(
        out,
        "A tick: both |hand - tape| and |tape - notebook| are at most 1e-13 of the second.\n"
    )?;
    write!(out, "{deltas}")?;
    let crosses = deltas.crosses();
    if different > 0 {
        writeln!(
            out,
            "\n{different} numbers of cell 10 differ from the notebook's by more than 1e-13."
        )?;
    }
    match crosses {
        0 => writeln!(out, "\nAll {} rows agree.", deltas.len())?,
        _ => writeln!(out, "\n{crosses} of {} rows disagree.", deltas.len())?,
    }
    if let Some(cause) = cause {
        heading(out, "2-1-2: where the two part first, and what follows from that")?;
        write!(out, "{cause}")?;
    }
    if options.slip != Slip::None {
        writeln!(out, "\nA mistake was planted in the hand-derived side: {:?}.", options.slip)?;
    }
    if let Some(dir) = &options.out {
        let index = index::write(dir, "The notebook, from a tape", &files::FILES)?;
        writeln!(out, "\nOpen {} in a browser: it leads to all files.", index.display())?;
    }
    Ok(crosses + different)
}

/// A tape that gives the same digits everywhere, as the notebook's are compared to the last.
fn exact_tape() -> Tape {
    Tape::with(wengert::Options::default().numerics(Numerics::Exact))
}

/// Cells 1 to 6 as a trace: the 2-1-2 network's one row.
fn trace_of_cell_6() -> Result<Trace, Box<dyn Error>> {
    let mlp = Mlp::new(&[2, 1, 2], Activation::Sigmoid, Init::Notebook { seed: 1 })?;
    let tape = exact_tape();
    let pass =
        mlp.bind(&tape, Granularity::PerNeuron).forward(tape.data(printed::CELL_4_ROW).named("x"));
    let loss = pass.half_squared_error(tape.data(printed::CELL_6_EXPECTED).named("target"));
    Ok(Trace::of(&loss.backward())?)
}

/// Cells 1 to 6: the 2-1-2 network, one row forward and backward. Returns where the hand-derived
/// side parts from the tape, if it does.
fn first_network(
    out: &mut impl Write,
    options: &Options,
    deltas: &mut Table,
) -> Result<Option<String>, Box<dyn Error>> {
    heading(out, "In [1]: a network of 2 inputs, 1 hidden neuron, 2 outputs, from random.seed(1)")?;
    let mlp = Mlp::new(&[2, 1, 2], Activation::Sigmoid, Init::Notebook { seed: 1 })?;
    print_weights(out, &mlp)?;
    note(out, "Each list: one weight per input, then the bias.")?;

    heading(out, "In [3]: does a forward pass change the weights?")?;
    let tape = exact_tape();
    let bound = mlp.bind(&tape, Granularity::PerNeuron);
    let before = bound.params().values();
    let pass = bound.forward(tape.data(printed::CELL_4_ROW).named("x"));
    let after = bound.params().values();
    let unchanged = before.iter().zip(&after).filter(|(b, a)| b.to_bits() == a.to_bits()).count();
    let computed = tape.nodes().filter(|node| !node.op.is_leaf()).count();
    print_weights(out, &mlp)?;
    note(
        out,
        &format!(
            "No. {unchanged} of {} weights and biases are the same to the last bit after the pass as before. The pass recorded\n\
         {computed} computed nodes on the tape; each fills its own new slot, and none writes to the parameters' slots. Weights\n\
         move in the update alone (cell 7): w += rate * delta * input.",
            before.len()
        ),
    )?;

    heading(out, "In [4]: row = [1, 0, None]")?;
    writeln!(out, "{}", list(&pass.output().values()))?;
    note(
        out,
        "None is where a row of training data has its label; it is not read here.\n\
               The two numbers are outputs of two sigmoids, not probabilities: they add up to more than 1.",
    )?;

    heading(out, "In [6]: expected = [0, 1]")?;
    let loss = pass.half_squared_error(tape.data(printed::CELL_6_EXPECTED).named("target"));
    let gradients = loss.backward();
    let from_tape = pass.deltas(&gradients);
    let outputs: Vec<Vec<f64>> =
        pass.layers().iter().map(|layer| layer.output().values()).collect();
    print_neurons(out, &mlp.weights(), &outputs, &from_tape)?;
    note(
        out,
        &format!(
            "The loss is L = 1/2 sum (target - output)^2 = {:?}. The half makes dL/d(output) = output - target, without a\n\
         factor 2. The notebook's delta has the other sign: delta = -dL/dz = (target - output) * output * (1 - output) at an\n\
         output, and (sum of weight * delta over the neurons that read it) * output * (1 - output) at a hidden neuron. So the\n\
         tape's adjoint of z is {:?} at output/0, and the notebook's delta {:?}.",
            loss.value(),
            gradients.wrt(pass.layer(1).z_of(0)),
            from_tape[1][0]
        ),
    )?;

    let mut by_hand = hand::network(printed::CELL_1_WEIGHTS);
    hand::forward_propagate(&mut by_hand, &printed::CELL_4_ROW);
    hand::backward_propagate_error(
        &mut by_hand,
        &printed::CELL_6_EXPECTED,
        printed::CELL_9_L_RATE,
        options.slip,
    );
    deltas.layers("2-1-2, cell 6", &by_hand, &from_tape, printed::CELL_6);

    let trace = Trace::of(&gradients)?;
    if let Some(dir) = &options.out {
        write_views(dir, "2-1-2", &tape, &trace)?;
        let moving = Picture::new(&trace).values(true).adjoints(true).partials(true).paper(true);
        let moving = moving.delta(|path| path.ends_with(".z")).wrap(1_100.0).digits(4);
        put(dir, "2-1-2.moving.svg", &moving.animated_svg().to_string())?;
        page::write(
            dir,
            "2-1-2",
            "The notebook's 2-1-2 network",
            "the row of cell 6",
            &trace,
            None,
        )?;
        write_derivation(dir, "2-1-2", &trace, Some(("cell 6 of the notebook", printed::CELL_6)))?;
        writeln!(
            out,
            "\nwritten to {}: 2-1-2.json .txt .ledger.txt .listing.txt .severance.txt .health.txt .dot .svg .mmd .derivation.txt \
             .derivation.md .derivation.html .page.html",
            dir.display()
        )?;
    }
    Ok(cause::cause(&trace, &by_hand))
}

/// Cells 8 to 12: the 2-2-2 network, trained row by row. Returns how many numbers of cell 10 are
/// not the notebook's.
fn second_network(
    out: &mut impl Write,
    options: &Options,
    deltas: &mut Table,
) -> Result<usize, Box<dyn Error>> {
    heading(
        out,
        "In [8], In [9]: 2-2-2 from random.seed(1), trained row by row, 5001 epochs at rate 0.02",
    )?;
    let data = Dataset::new(
        printed::CELL_8_DATASET.map(|(row, class)| (row.to_vec(), class)).to_vec(),
        2,
    )?;
    let mut mlp = Mlp::new(&[2, 2, 2], Activation::Sigmoid, Init::Notebook { seed: 1 })?;
    for (row, class) in &printed::CELL_8_DATASET {
        writeln!(out, "[{},{class}]", row.map(|x| format!("{x:?}")).join(","))?;
    }
    note(
        out,
        "Two measurements and the class; the target is 1 for the output of that class and 0 for the other.",
    )?;
    let rate = printed::CELL_9_L_RATE;
    let (mut per_layer, untrained) = (mlp.clone(), mlp.clone());
    let passes = if options.compiled { Passes::Compiled } else { Passes::default() };
    let trainer = Trainer::new(Sgd { rate }, printed::CELL_9_N_EPOCH).passes(passes);
    let trained = trainer.granularity(Granularity::PerNeuron).train(&mut mlp, &data)?;
    for epoch in trained.history.iter().step_by(hand::PRINT_EVERY) {
        writeln!(out, ">epoch={}, lrate={rate:.3}, error={:.3}", epoch.epoch, epoch.sum_error)?;
    }
    note(
        out,
        "The error printed is sum (target - output)^2 over the epoch's rows: 2L, twice the loss that is differentiated.\n\
               Its derivative would be twice as large; the deltas are those of L.",
    )?;
    trainer.granularity(Granularity::PerLayer).train(&mut per_layer, &data)?;
    let same = mlp.params().iter().zip(per_layer.params()).all(|(a, b)| a.to_bits() == b.to_bits());
    note(
        out,
        &format!(
            "Trained again with one node per layer instead of one per neuron: the weights are {}.",
            if same { "the same to the last bit" } else { "not the same bits" }
        ),
    )?;

    heading(out, "In [10]: the trained weights")?;
    let last = trained.last.as_ref().ok_or("no row was trained on")?;
    print_neurons(out, &mlp.weights(), &last.outputs, &last.deltas)?;
    note(
        out,
        "The weights are those after the last update. output and delta are of the last row *before* that update: the\n\
               notebook updates after it has computed them, and does not compute them again.\n",
    )?;
    let different = table::differences(out, &mlp.weights(), last, printed::CELL_10)?;

    let mut by_hand = hand::network(printed::CELL_9_INITIAL_WEIGHTS);
    hand::train_network(
        &mut by_hand,
        &printed::CELL_8_DATASET,
        rate,
        printed::CELL_9_N_EPOCH,
        options.slip,
    );
    deltas.layers("2-2-2, cell 10", &by_hand, &last.deltas, printed::CELL_10);

    heading(out, "In [12]: predictions")?;
    let mut right = 0;
    for ((_, class), prediction) in printed::CELL_8_DATASET.iter().zip(mlp.predict_all(&data)?) {
        writeln!(out, "실제값={class}, 예측값={prediction}")?;
        right += usize::from(*class == prediction);
    }
    note(
        out,
        &format!(
            "{right} of {} right (실제값: the actual class, 예측값: the predicted one).",
            data.labels().len()
        ),
    )?;

    if let Some(dir) = &options.out {
        last_row(out, dir, &mlp, &data, &trained, untrained)?;
    }
    Ok(different)
}

/// Writes what the trained network does on the last row.
fn last_row(
    out: &mut impl Write,
    dir: &Path,
    mlp: &Mlp,
    data: &Dataset,
    trained: &Trained,
    untrained: Mlp,
) -> Result<(), Box<dyn Error>> {
    let tape = exact_tape();
    let row = trained.last.as_ref().map_or(0, |last| last.row);
    let (features, class) = data.row(row);
    let pass = mlp.bind(&tape, Granularity::PerNeuron).forward(tape.data(features).named("x"));
    let loss = pass.half_squared_error(tape.data(data.one_hot(class)).named("target"));
    let trace = Trace::of(&loss.backward())?;
    write_views(dir, "2-2-2-trained", &tape, &trace)?;
    let training = page::Training::again(untrained, data, printed::CELL_9_L_RATE, trained, mlp)?;
    page::write(
        dir,
        "2-2-2-trained",
        "The notebook's 2-2-2 network, trained",
        "the pass that cell 10 prints: the last row, before the last update",
        &training.last,
        Some(&training),
    )?;
    write_derivation(dir, "2-2-2-trained", &trace, None)?;
    writeln!(
        out,
        "\nwritten to {}: 2-2-2-trained.json .txt .ledger.txt .listing.txt .severance.txt .health.txt .dot .svg .mmd .derivation.txt \
         .derivation.md .derivation.html: a new pass over the last row, after the last update; .page.html: the pass that is printed\n\
         above, before the last update",
        dir.display()
    )?;
    Ok(())
}

/// Writes a file; an error names it.
fn put(dir: &Path, file: &str, text: &str) -> Result<(), String> {
    let path = dir.join(file);
    std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// The trace as JSON, its table and ledgers as text, the tape's listing, and the graph.
fn write_views(dir: &Path, name: &str, tape: &Tape, trace: &Trace) -> Result<(), Box<dyn Error>> {
    let caption = "L = 1/2 sum (target - output)^2, delta = -dL/dz";
    let is_z = |path: &str| path.ends_with(".z");
    let named: Vec<&str> =
        trace.names().filter(|path| path.ends_with(".output") || path.ends_with(".z")).collect();
    let write = |ending: &str, text: String| put(dir, &format!("{name}.{ending}"), &text);
    write("json", serde_json::to_string_pretty(trace)? + "\n")?;
    write("txt", wengert_inspect::Table::new(trace).caption(caption).delta(is_z).to_string())?;
    write("ledger.txt", LedgerText::new(trace).of(&named).caption(caption).to_string())?;
    write("listing.txt", tape.to_string())?;
    write("severance.txt", Severance::new(trace).to_string())?;
    write("health.txt", Health::new(trace).to_string())?;
    let picture =
        Picture::new(trace).values(true).adjoints(true).partials(true).paper(true).wrap(1_100.0);
    write("dot", picture.dot().to_string())?;
    write("svg", picture.svg().to_string())?;
    write("mmd", picture.mermaid().to_string())?;
    Ok(())
}

/// The chain rule worked out: as plain text, as Markdown with LaTeX, and as a page with MathML.
fn write_derivation(
    dir: &Path,
    name: &str,
    trace: &Trace,
    printed: Option<(&str, &[&[printed::PrintedNeuron]])>,
) -> Result<(), Box<dyn Error>> {
    let title = format!("Backpropagation by hand: {name}");
    let mut derivation = Derivation::new(trace)
        .title(&title)
        .caption("It is L = ½ Σ (target − output)²: half the error that training prints")
        .delta(|path| path.ends_with(".z"));
    if let Some((source, network)) = printed {
        derivation = derivation.reference(source, known(network));
    }
    let write =
        |ending: &str, text: String| put(dir, &format!("{name}.derivation.{ending}"), &text);
    write("txt", derivation.to_string())?;
    write("md", derivation.markdown().to_string())?;
    write("html", derivation.html().to_string())?;
    Ok(())
}

/// What the notebook prints of a network, by path.
fn known(network: &[&[printed::PrintedNeuron]]) -> Vec<(String, Known)> {
    let mut rows = Vec::new();
    for (layer, neurons) in ["hidden", "output"].iter().zip(network) {
        for (j, neuron) in neurons.iter().enumerate() {
            rows.push((format!("{layer}/{j}.output"), Known::Value(neuron.output)));
            rows.push((format!("{layer}/{j}.z"), Known::Delta(neuron.delta)));
        }
    }
    rows
}

fn heading(out: &mut impl Write, text: &str) -> std::io::Result<()> {
    writeln!(out, "\n{text}\n{}", "-".repeat(text.chars().count()))
}

/// A remark of ours, set off from what the notebook prints.
fn note(out: &mut impl Write, text: &str) -> std::io::Result<()> {
    for line in text.lines() {
        writeln!(out, "{}", if line.is_empty() { String::new() } else { format!("  # {line}") })?;
    }
    Ok(())
}

fn print_weights(out: &mut impl Write, mlp: &Mlp) -> std::io::Result<()> {
    for layer in mlp.weights() {
        let neurons: Vec<String> =
            layer.iter().map(|weights| format!("{{'weights': {}}}", list(weights))).collect();
        writeln!(out, "[{}]", neurons.join(", "))?;
    }
    Ok(())
}

fn print_neurons(
    out: &mut impl Write,
    weights: &[Vec<Vec<f64>>],
    outputs: &[Vec<f64>],
    deltas: &[Vec<f64>],
) -> std::io::Result<()> {
    for ((weights, outputs), deltas) in weights.iter().zip(outputs).zip(deltas) {
        let neurons: Vec<String> = weights
            .iter()
            .zip(outputs)
            .zip(deltas)
            .map(|((w, output), delta)| {
                format!("{{'weights': {}, 'output': {output:?}, 'delta': {delta:?}}}", list(w))
            })
            .collect();
        writeln!(out, "[{}]", neurons.join(", "))?;
    }
    Ok(())
}

/// As Python prints a list of floats.
fn list(numbers: &[f64]) -> String {
    let texts: Vec<String> = numbers.iter().map(|number| format!("{number:?}")).collect();
    format!("[{}]", texts.join(", "))
}
