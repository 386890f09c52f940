//! The page of each network, and for the trained one where it decided, epoch by epoch.

use std::error::Error;
use std::path::Path;

use wengert_inspect::{Boundary, Page, Trace, Training as Rows};
use wengert_layers::{Dataset, Granularity, Mlp, Sgd, Trained, Trainer};

/// After how many epochs a frame is drawn.
const FRAMES: [usize; 13] = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5001];

/// What the page of a trained network shows beside its graph.
pub(crate) struct Training {
    curve: Vec<(usize, f64)>,
    boundary: Boundary,
    rows: Rows,
}

impl Training {
    /// Trains an untrained network again, stopping for a frame now and then: SGD keeps nothing from
    /// row to row, so parts of a training are the training, bit for bit.
    pub(crate) fn again(
        mut mlp: Mlp,
        data: &Dataset,
        rate: f64,
        trained: &Trained,
        after: &Mlp,
    ) -> Result<Self, Box<dyn Error>> {
        let target = |class: usize| data.one_hot(class);
        let rows = Rows::new("x", "target")
            .rate(rate)
            .set("the notebook's rows", data.rows().map(|(row, class)| (row, target(class))))
            .start("trained", after.params())
            .start("untrained", mlp.params())
            .score("output/1.output", Some("output/0.output"));
        let mut boundary = Boundary::new((0.5, 9.5), (-1.0, 5.0));
        for (row, class) in data.rows() {
            boundary = boundary.point(row[0], row[1], class);
        }
        let mut epochs = 0;
        for frame in FRAMES.into_iter().filter(|&frame| frame <= trained.history.len()) {
            let trainer =
                Trainer::new(Sgd { rate }, frame - epochs).granularity(Granularity::PerNeuron);
            trainer.train(&mut mlp, data)?;
            epochs = frame;
            // By how much output 1 is above output 0; a point that the network cannot answer stays
            // blank.
            boundary = boundary.frame(frame, |x, y| {
                mlp.answer(&[x, y]).map_or(f64::NAN, |output| output[1] - output[0])
            });
        }
        if mlp.params().iter().zip(after.params()).any(|(a, b)| a.to_bits() != b.to_bits()) {
            return Err("training in parts did not end where training at once did".into());
        }
        let curve = trained.history.iter().map(|epoch| (epoch.epoch, epoch.sum_error)).collect();
        Ok(Training { curve, boundary, rows })
    }
}

/// Writes the page.
pub(crate) fn write(
    dir: &Path,
    name: &str,
    title: &str,
    trace: &Trace,
    training: Option<&Training>,
) -> Result<(), Box<dyn Error>> {
    let mut page = Page::of(trace)
        .title(title)
        .caption("L = ½ Σ (target − output)², δ = −∂L/∂z")
        .delta(|path| path.ends_with(".z"));
    if let Some(training) = training {
        page = page.curve(&training.curve).boundary(&training.boundary).training(&training.rows);
    }
    let path = dir.join(format!("{name}.page.html"));
    let written = std::fs::write(&path, page.to_string());
    Ok(written.map_err(|error| format!("{}: {error}", path.display()))?)
}
