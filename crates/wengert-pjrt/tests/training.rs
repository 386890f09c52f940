//! Exported steps, run from Rust: on one device and on four, the parameters staying there.

use std::time::Instant;

use wengert::{Leaf, Tape, Var};
use wengert_pjrt::{Argument, Buffer, Client};
use wengert_stablehlo::{Export, Module};

use crate::plugin::client;

fn wave(count: usize, step: f64) -> Vec<f64> {
    (0..count).map(|i| (step * (i + 1) as f64).sin()).collect()
}

struct Step<'t> {
    leaves: [Var<'t>; 4],
    loss: Var<'t>,
    next: [Var<'t>; 2],
}

/// Gradient descent of a sigmoid layer over 16 rows.
fn step(tape: &Tape) -> Step<'_> {
    let x = tape.tensor(Leaf::Data, &wave(16 * 6, 0.7), [16, 6]).unwrap().named("x");
    let y = tape.tensor(Leaf::Data, &wave(16 * 3, 0.3), [16, 3]).unwrap().named("y");
    let w = tape.tensor(Leaf::Param, &wave(18, 0.9), [6, 3]).unwrap().named("w");
    let b = tape.param([0.1, 0.2, 0.3]).named("b");
    let loss = 0.5 * ((x.matmul(w) + b).sigmoid() - y).square().sum();
    let gradient = loss.record_gradient(&[w, b]).unwrap();
    let next = [w - 0.1 * gradient[0].unwrap(), b - 0.1 * gradient[1].unwrap()];
    Step { leaves: [x, y, w, b], loss, next }
}

fn export<'t>(tape: &'t Tape, step: &Step<'t>, devices: usize) -> Module {
    let mut export = Export::new(tape);
    let [x, y, w, b] = step.leaves;
    for leaf in step.leaves {
        export.input(leaf).unwrap();
    }
    if devices > 1 {
        export.mesh(&[("data", devices)]).unwrap();
        export.shard(x, &[Some("data"), None]).unwrap();
        export.shard(y, &[Some("data"), None]).unwrap();
    }
    export.output("loss", step.loss).unwrap();
    export.update(w, step.next[0]).unwrap();
    export.update(b, step.next[1]).unwrap();
    export.module("step").unwrap()
}

/// The losses of some steps, w and b after them; rows are split over the devices.
fn trained(client: &Client, tape: &Tape, module: &Module, steps: usize) -> (Vec<f64>, Vec<f64>) {
    let devices = module.devices();
    let start = Instant::now();
    let program = client.compile(module.text(), devices).unwrap();
    println!("{devices} devices: compiled in {:?}", start.elapsed());
    let values = tape.all_values();
    let put = |device: usize, i: usize| -> Buffer {
        let numbers = &values[module.arguments()[i].slots.clone()];
        let (part, dims) = module.part(i, device, numbers);
        client.put(device, &part, &dims).unwrap()
    };
    let data: Vec<[Buffer; 2]> = (0..devices).map(|d| [put(d, 0), put(d, 1)]).collect();
    let mut parameters: Vec<[Buffer; 2]> = (0..devices).map(|d| [put(d, 2), put(d, 3)]).collect();
    let mut losses = Vec::new();
    let start = Instant::now();
    for _ in 0..steps {
        let arguments = data
            .iter()
            .zip(parameters)
            .map(|([x, y], [w, b])| {
                use Argument::{Give, Keep};
                vec![Keep(x), Keep(y), Give(w), Give(b)]
            })
            .collect();
        let results = program.run_sharded(arguments).unwrap();
        losses.push(results[0][0].get::<f64>().unwrap()[0]);
        parameters = results
            .into_iter()
            .map(|list| {
                let [_, w, b] = <[Buffer; 3]>::try_from(list).unwrap();
                [w, b]
            })
            .collect();
    }
    println!("{devices} devices: a step in {:?}", start.elapsed() / steps as u32);
    let last = parameters[0].iter().flat_map(|buffer| buffer.get::<f64>().unwrap()).collect();
    (losses, last)
}

#[test]
fn a_training_loop_stays_on_the_devices() {
    let Some(client) = client(4) else { return };
    let tape = Tape::new();
    let step = step(&tape);
    let one = trained(&client, &tape, &export(&tape, &step, 1), 20);
    let four = trained(&client, &tape, &export(&tape, &step, 4), 20);
    // The same by the tape.
    let mut losses = Vec::new();
    for _ in 0..20 {
        losses.push(step.loss.value());
        let [w, b] = step.next.map(Var::values);
        tape.replay(&[(step.leaves[2], &w), (step.leaves[3], &b)]).unwrap();
    }
    let last = [step.leaves[2].values(), step.leaves[3].values()].concat();
    for found in [one, four] {
        for (found, wanted) in [(&found.0, &losses), (&found.1, &last)] {
            assert_eq!(found.len(), wanted.len());
            for (found, wanted) in found.iter().zip(wanted) {
                assert!((found - wanted).abs() <= 1e-13 * (1.0 + wanted.abs()), "{found} {wanted}");
            }
        }
    }
}
