//! The page of each network, and for the trained one where it decided, epoch by epoch.

use std::error::Error;
use std::path::Path;

use wengert_inspect::{Boundary, Page, Trace, Training as Rows};
use wengert_layers::{Dataset, Granularity, Mlp, Sgd, Trained, Trainer};

/// After how many epochs a frame is drawn, before the last.
const FRAMES: [usize; 12] = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000];

/// What the page of a trained network shows beside its graph.
pub(crate) struct Training {
    curve: Vec<(usize, f64)>,
    boundary: Boundary,
    rows: Rows,
    /// The last row's pass at each of the frames.
    moments: Vec<(usize, Trace)>,
    /// The pass that cell 10 prints: the last row's, before the last update.
    pub(crate) last: Trace,
}

impl Training {
    /// Trains an untrained network again, stopping for a frame now and then, and before the last
    /// row of the last epoch: SGD keeps nothing from row to row, so parts of a training are the
    /// training, bit for bit.
    pub(crate) fn again(
        mut mlp: Mlp,
        data: &Dataset,
        rate: f64,
        trained: &Trained,
        after: &Mlp,
    ) -> Result<Self, Box<dyn Error>> {
        let target = |class: usize| data.one_hot(class);
        let lesson = Rows::new("x", "target")
            .rate(rate)
            .set("the notebook's rows", data.rows().map(|(row, class)| (row, target(class))))
            .start("trained", after.params())
            .start("untrained", mlp.params())
            .score("output/1.output", Some("output/0.output"));
        let mut boundary = Boundary::new((0.5, 9.5), (-1.0, 5.0));
        for (row, class) in data.rows() {
            boundary = boundary.point(row[0], row[1], class);
        }
        let train = |mlp: &mut Mlp, epochs: usize, rows: &Dataset| {
            let trainer = Trainer::new(Sgd { rate }, epochs).granularity(Granularity::PerNeuron);
            trainer.train(mlp, rows).map(|_| ())
        };
        // By how much output 1 is above output 0; a point that the network cannot answer stays
        // blank.
        let score = |mlp: &Mlp, x: f64, y: f64| {
            mlp.answer(&[x, y]).map_or(f64::NAN, |output| output[1] - output[0])
        };
        let rows: Vec<(Vec<f64>, usize)> =
            data.rows().map(|(row, class)| (row.to_vec(), class)).collect();
        let (last, before) = rows.split_last().ok_or("no row was trained on")?;
        let (mut epochs, mut moments) = (0, Vec::new());
        for frame in FRAMES.into_iter().filter(|&frame| frame < trained.history.len()) {
            train(&mut mlp, frame - epochs, data)?;
            epochs = frame;
            boundary = boundary.frame(frame, |x, y| score(&mlp, x, y));
            moments.push((frame, pass(&mlp, data, last)?));
        }
        train(&mut mlp, trained.history.len() - 1 - epochs, data)?;
        train(&mut mlp, 1, &Dataset::new(before.to_vec(), 2)?)?;
        let trace = pass(&mlp, data, last)?;
        train(&mut mlp, 1, &Dataset::new(vec![last.clone()], 2)?)?;
        boundary = boundary.frame(trained.history.len(), |x, y| score(&mlp, x, y));
        if mlp.params().iter().zip(after.params()).any(|(a, b)| a.to_bits() != b.to_bits()) {
            return Err("training in parts did not end where training at once did".into());
        }
        let curve = trained.history.iter().map(|epoch| (epoch.epoch, epoch.sum_error)).collect();
        Ok(Training { curve, boundary, rows: lesson, moments, last: trace })
    }
}

/// One row through the network and back.
fn pass(
    mlp: &Mlp,
    data: &Dataset,
    (features, class): &(Vec<f64>, usize),
) -> Result<Trace, Box<dyn Error>> {
    let tape = super::exact_tape();
    let pass = mlp.bind(&tape, Granularity::PerNeuron).forward(tape.data(features).named("x"));
    let loss = pass.half_squared_error(tape.data(data.one_hot(*class)).named("target"));
    Ok(Trace::of(&loss.backward())?)
}

/// Writes the page.
pub(crate) fn write(
    dir: &Path,
    name: &str,
    title: &str,
    which: &str,
    trace: &Trace,
    training: Option<&Training>,
) -> Result<(), Box<dyn Error>> {
    let exercises = if training.is_none() { super::exercise::exercises() } else { Vec::new() };
    let mut page = Page::of(trace)
        .title(title)
        .pass(which)
        .exercises(&exercises)
        .caption("L = ½ Σ (target − output)², δ = −∂L/∂z")
        .delta(|path| path.ends_with(".z"));
    if let Some(training) = training {
        page = page
            .curve(&training.curve)
            .boundary(&training.boundary)
            .moments(&training.moments)
            .training(&training.rows);
    }
    let path = dir.join(format!("{name}.page.html"));
    let written = std::fs::write(&path, page.to_string());
    Ok(written.map_err(|error| format!("{}: {error}", path.display()))?)
}
