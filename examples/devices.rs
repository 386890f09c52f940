//! A network trained by our program, by XLA on one device and on four: the same losses.
//!
//! ```text
//! pip install lammps-jax-pjrt-cpu       XLA for processors, as one file; or another plugin
//! export PJRT_PLUGIN=$(python3 -c 'import lammps_jax_pjrt_cpu as p; print(p.PLUGIN_PATH)')
//! cargo run --release --example devices
//! cargo run --release --example devices -- --steps 1000
//! cargo run --release --example devices -- --write step.mlir     the step for four devices as a file
//! ```
//!
//! 784-128-10, by plain gradient descent: the digits of `digits`, their 8 by 8 pixels drawn as 28 by
//! 28. The step (loss, gradient, update) is recorded once, compiled by `Compiler`, and exported as
//! StableHLO; a batch's rows are split over the four devices, which XLA simulates, and XLA puts in the
//! sums over them. XLA adds in another order, so losses are equal up to rounding.

use std::error::Error;
use std::time::{Duration, Instant};

use wengert::{Compiler, Leaf, Tape, Var};
use wengert_pjrt::{Argument, Buffer, Client, Plugin};
use wengert_stablehlo::{Export, Module};

const PIXELS: usize = 784;
const HIDDEN: usize = 128;
const CLASSES: usize = 10;
const BATCH: usize = 128;
const STEPS: usize = 120;
const RATE: f64 = 0.5;
/// How far apart losses may be, relative.
const TOLERANCE: f64 = 1e-9;

/// The step on a tape.
struct Step<'t> {
    pictures: Var<'t>,
    classes: Var<'t>,
    parameters: Vec<Var<'t>>,
    loss: Var<'t>,
    next: Vec<Var<'t>>,
}

/// Losses, and how long a step took.
type Curve = (Vec<f64>, Duration);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let tape = Tape::new();
    let step = step(&tape)?;
    let mut steps = STEPS;
    match &arguments[..] {
        [] => {}
        [flag, count] if flag == "--steps" => steps = count.parse::<usize>()?.max(1),
        [flag, file] if flag == "--write" => {
            std::fs::write(file, module(&tape, &step, 4)?.text())?;
            return Ok(());
        }
        _ => return Err("usage: devices [--steps N] [--write FILE]".into()),
    }
    let batches = batches(steps);
    let ours = by_our_program(&tape, &step, &batches)?;
    let plugin = match Plugin::from_env() {
        Ok(plugin) => plugin,
        Err(error) => {
            println!("our program: loss {:.6} to {:.6}", ours.0[0], ours.0[steps - 1]);
            println!("{error}\n`pip install lammps-jax-pjrt-cpu` has one for processors");
            return Ok(());
        }
    };
    let client = plugin.client(&[("cpu_device_count", 4)])?;
    let (major, minor) = plugin.version();
    println!("{} devices of {}, PJRT {major}.{minor}", client.devices(), client.platform()?);
    let one = by_xla(&client, &tape, &module(&tape, &step, 1)?, &batches)?;
    let four = by_xla(&client, &tape, &module(&tape, &step, 4)?, &batches)?;

    println!("\n{:>5}  {:>18}  {:>18}  {:>18}", "step", "our program", "XLA", "XLA, four devices");
    for i in (0..steps - 1).step_by(10).chain([steps - 1]) {
        println!("{i:>5}  {:>18.15}  {:>18.15}  {:>18.15}", ours.0[i], one.0[i], four.0[i]);
    }
    let time = |curve: &Curve| format!("{:.2} ms", 1e3 * curve.1.as_secs_f64());
    println!("{:>5}  {:>18}  {:>18}  {:>18}", "", time(&ours), time(&one), time(&four));
    let apart = |other: &Curve| {
        let pairs = ours.0.iter().zip(&other.0);
        pairs.map(|(a, b)| (a - b).abs() / a).fold(0.0, f64::max)
    };
    let (one, four) = (apart(&one), apart(&four));
    println!("\nlargest relative difference to ours: {one:.1e} on one device, {four:.1e} on four");
    if one.max(four) > TOLERANCE {
        return Err(format!("more than {TOLERANCE:e}").into());
    }
    Ok(())
}

fn step(tape: &Tape) -> Result<Step<'_>, Box<dyn Error>> {
    let pictures = tape.tensor(Leaf::Data, &vec![0.0; BATCH * PIXELS], [BATCH, PIXELS])?;
    let classes = tape.tensor(Leaf::Data, &vec![0.0; BATCH * CLASSES], [BATCH, CLASSES])?;
    let (pictures, classes) = (pictures.named("pictures"), classes.named("classes"));
    let mut count = 0_u64;
    let mut weights = |rows: usize, columns: usize| -> Result<Var<'_>, wengert::Error> {
        let numbers: Vec<f64> = (0..rows * columns)
            .map(|_| {
                // Additive recurrence: evenly spread, and no generator needed.
                count += 1;
                ((count as f64 * 0.618_033_988_749_894_9).fract() - 0.5) / (rows as f64).sqrt()
            })
            .collect();
        tape.tensor(Leaf::Param, &numbers, [rows, columns])
    };
    let (w1, w2) = (weights(PIXELS, HIDDEN)?.named("w1"), weights(HIDDEN, CLASSES)?.named("w2"));
    let (b1, b2) = (tape.param(vec![0.0; HIDDEN]).named("b1"), tape.param(vec![0.0; CLASSES]));
    let b2 = b2.named("b2");
    let logits = (pictures.matmul(w1) + b1).relu().matmul(w2) + b2;
    let loss = (-(classes * logits.log_softmax(1)).sum() / BATCH as f64).named("loss");
    let parameters = vec![w1, b1, w2, b2];
    let gradient = loss.record_gradient(&parameters)?;
    let next = parameters.iter().zip(gradient).map(|(&parameter, gradient)| {
        Ok(parameter - RATE * gradient.ok_or("a parameter that no path leads to")?)
    });
    let next = next.collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    Ok(Step { pictures, classes, parameters, loss, next })
}

/// Batches of pictures and of marks of their classes.
fn batches(steps: usize) -> Vec<[Vec<f64>; 2]> {
    let rows: Vec<Vec<f64>> = include_str!("data/digits.csv")
        .lines()
        .map(|line| line.split(',').filter_map(|cell| cell.parse().ok()).collect())
        .collect();
    let batch = |i: usize| {
        let rows = (0..BATCH).map(|k| &rows[(i * BATCH + k) % rows.len()]);
        let large = |row: &[f64]| -> Vec<f64> {
            (0..PIXELS).map(|p| row[p / 28 * 8 / 28 * 8 + p % 28 * 8 / 28] / 16.0).collect()
        };
        let marks = |row: &[f64]| -> Vec<f64> {
            (0..CLASSES).map(|class| f64::from(u8::from(row[64] == class as f64))).collect()
        };
        let pictures = rows.clone().flat_map(|row| large(row)).collect();
        [pictures, rows.flat_map(|row| marks(row)).collect()]
    };
    (0..steps).map(batch).collect()
}

fn by_our_program(
    tape: &Tape,
    step: &Step<'_>,
    batches: &[[Vec<f64>; 2]],
) -> Result<Curve, Box<dyn Error>> {
    let mut compiler = Compiler::new(tape);
    let loss = compiler.output(step.loss)?;
    for (&parameter, &next) in step.parameters.iter().zip(&step.next) {
        let next = compiler.output(next)?;
        compiler.feed(next, parameter)?;
    }
    let program = compiler.compile()?;
    let (pictures, classes) = (program.input(step.pictures)?, program.input(step.classes)?);
    let mut workspace = program.workspace();
    let mut losses = Vec::new();
    let start = Instant::now();
    for [of_pictures, of_classes] in batches {
        workspace.set(pictures, of_pictures)?;
        workspace.set(classes, of_classes)?;
        program.run(&mut workspace)?;
        losses.push(workspace.value(loss));
    }
    Ok((losses, start.elapsed() / batches.len() as u32))
}

/// The step as StableHLO; rows are split over devices, if there are several.
fn module(
    tape: &Tape,
    step: &Step<'_>,
    devices: usize,
) -> Result<Module, wengert_stablehlo::Error> {
    let mut export = Export::new(tape).without_locations();
    export.input(step.pictures)?;
    export.input(step.classes)?;
    for &parameter in &step.parameters {
        export.input(parameter)?; // in the order of their updates
    }
    if devices > 1 {
        export.mesh(&[("data", devices)])?;
        export.shard(step.pictures, &[Some("data"), None])?;
        export.shard(step.classes, &[Some("data"), None])?;
    }
    export.output("loss", step.loss)?;
    for (&parameter, &next) in step.parameters.iter().zip(&step.next) {
        export.update(parameter, next)?;
    }
    export.module("step")
}

fn by_xla(
    client: &Client,
    tape: &Tape,
    module: &Module,
    batches: &[[Vec<f64>; 2]],
) -> Result<Curve, Box<dyn Error>> {
    let devices = module.devices();
    let program = client.compile(module.text(), devices)?;
    let put = |argument: usize, device: usize, numbers: &[f64]| {
        let (part, dims) = module.part(argument, device, numbers);
        client.put(device, &part, &dims)
    };
    let values = tape.all_values();
    let first = |device: usize| -> Result<Vec<Buffer>, wengert_pjrt::Error> {
        let each = module.arguments().iter().enumerate().skip(2);
        each.map(|(i, argument)| put(i, device, &values[argument.slots.clone()])).collect()
    };
    let mut parameters = (0..devices).map(first).collect::<Result<Vec<_>, _>>()?;
    let mut losses = Vec::new();
    let start = Instant::now();
    for batch in batches {
        // Parameters are given to the step, which writes the next ones in their place.
        let mut arguments = Vec::new();
        for (device, parameters) in parameters.into_iter().enumerate() {
            let mut list = Vec::new();
            for (i, numbers) in batch.iter().enumerate() {
                list.push(Argument::Give(put(i, device, numbers)?));
            }
            list.extend(parameters.into_iter().map(Argument::Give));
            arguments.push(list);
        }
        let mut results = program.run_sharded(arguments)?;
        losses.push(results[0][0].get::<f64>()?[0]);
        results.iter_mut().for_each(|list| drop(list.remove(0)));
        parameters = results;
    }
    Ok((losses, start.elapsed() / batches.len() as u32))
}
