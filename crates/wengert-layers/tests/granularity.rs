//! One network recorded finely and coarsely, row by row and in batches; and its gradient against
//! differences.

use wengert::{Error, Numerics, Options, Tape, Var};
use wengert_layers::{Activation, Dataset, FitError, Forward, Granularity, Init, Law, Mlp};

const BOTH: [Granularity; 2] = [Granularity::PerNeuron, Granularity::PerLayer];

const ROWS: [[f64; 3]; 4] =
    [[0.5, -1.0, 2.0], [1.5, 0.25, -0.75], [0.0, 3.0, 1.0], [-2.0, 0.125, 0.5]];
const TARGETS: [[f64; 3]; 4] =
    [[0.0, 1.0, 0.5], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.25, 1.0, 0.0]];

/// Digits are compared to the last.
fn exact_tape() -> Tape {
    Tape::with(Options::default().numerics(Numerics::Exact))
}

/// One network for each activation, and one of mixed ones: 3 inputs, 3 outputs, wider in between.
fn networks() -> Vec<Mlp> {
    let law = Law::Uniform { lo: -0.8, hi: 0.9 }.seeded(11);
    let alike =
        Activation::ALL.iter().map(|&activation| Mlp::new(&[3, 7, 5, 3], activation, law).unwrap());
    let mixed = [Activation::Relu, Activation::Tanh, Activation::Sigmoid];
    let single = Mlp::new(&[3, 3], Activation::Sigmoid, law).unwrap();
    alike.chain([Mlp::with_activations(&[3, 1, 5, 3], &mixed, law).unwrap(), single]).collect()
}

struct Numbers {
    forward: Vec<f64>,
    loss: f64,
    gradient: Vec<f64>,
    deltas: Vec<f64>,
    recorded_deltas: Vec<f64>,
}

fn numbers<'t>(
    mlp: &Mlp,
    granularity: Granularity,
    tape: &'t Tape,
    x: Var<'t>,
    target: Var<'t>,
) -> Numbers {
    let bound = mlp.bind(tape, granularity);
    let pass: Forward<'_> = bound.forward(x);
    let loss = pass.half_squared_error(target);
    let gradients = loss.backward();
    let deltas = pass.deltas(&gradients).concat();
    let recorded = pass.record_deltas(loss).unwrap();
    Numbers {
        forward: pass
            .layers()
            .iter()
            .flat_map(|layer| [layer.z().values(), layer.output().values()].concat())
            .collect(),
        loss: loss.value(),
        gradient: gradients.values_wrt(bound.params()),
        deltas,
        recorded_deltas: recorded.iter().flat_map(|deltas| deltas.values()).collect(),
    }
}

fn batch<'t>(tape: &'t Tape, rows: &[[f64; 3]]) -> Var<'t> {
    tape.tensor(wengert::Leaf::Data, &rows.concat(), [rows.len(), 3]).unwrap()
}

/// Sums of the same terms in another order: 1e-15 of the largest number beside them.
#[track_caller]
fn assert_same_sums(a: &[f64], b: &[f64]) {
    assert_eq!(a.len(), b.len());
    let scale = a.iter().fold(0.0, |scale: f64, a| scale.max(a.abs()));
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() <= 1e-15 * scale, "{a:?} {b:?}");
    }
}

#[test]
fn per_neuron_equals_per_layer() {
    for mlp in networks() {
        for (row, target) in ROWS.iter().zip(&TARGETS) {
            let tape = exact_tape();
            let [fine, coarse] = BOTH.map(|granularity| {
                numbers(&mlp, granularity, &tape, tape.data(row), tape.data(target))
            });
            assert_eq!((&fine.forward, fine.loss), (&coarse.forward, coarse.loss));
            assert_same_sums(&fine.gradient, &coarse.gradient);
            assert_same_sums(&fine.deltas, &coarse.deltas);
            for numbers in [&fine, &coarse] {
                assert_same_sums(&numbers.deltas, &numbers.recorded_deltas);
            }
        }
    }
}

#[test]
fn a_batch_is_its_rows() {
    for mlp in networks() {
        for granularity in BOTH {
            let tape = exact_tape();
            let of_batch =
                numbers(&mlp, granularity, &tape, batch(&tape, &ROWS), batch(&tape, &TARGETS));
            let bound = mlp.bind(&tape, granularity);
            let (mut outputs, mut gradient) = (Vec::new(), vec![0.0; mlp.params().len()]);
            for (row, target) in ROWS.iter().zip(&TARGETS) {
                let pass = bound.forward(tape.data(row));
                outputs.extend(pass.output().values());
                let gradients = pass.half_squared_error(tape.data(target)).backward();
                gradient
                    .iter_mut()
                    .zip(gradients.values_wrt(bound.params()))
                    .for_each(|(sum, g)| *sum += g);
            }
            assert_eq!(of_batch.forward[of_batch.forward.len() - outputs.len()..], outputs);
            assert_same_sums(&of_batch.gradient, &gradient);
            assert_same_sums(&of_batch.deltas, &of_batch.recorded_deltas);
        }
    }
}

#[test]
fn the_gradient_is_the_slope() {
    let loss_at = |mlp: &Mlp| {
        let tape = exact_tape();
        let pass = mlp.bind(&tape, Granularity::PerLayer).forward(batch(&tape, &ROWS));
        pass.half_squared_error(batch(&tape, &TARGETS)).value()
    };
    for mlp in networks() {
        let tape = exact_tape();
        let gradient = numbers(
            &mlp,
            Granularity::PerNeuron,
            &tape,
            batch(&tape, &ROWS),
            batch(&tape, &TARGETS),
        )
        .gradient;
        for (k, &derivative) in gradient.iter().enumerate() {
            let h = 1e-5;
            let shifted = |by: f64| {
                let mut params = mlp.params().to_vec();
                params[k] += by;
                loss_at(&Mlp::from_params(mlp.sizes(), mlp.activations(), params).unwrap())
            };
            let difference = (shifted(h) - shifted(-h)) / (2.0 * h);
            let error = (derivative - difference).abs();
            assert!(
                error < 1e-7 * (1.0 + derivative.abs()),
                "{}: {derivative} {difference}",
                mlp.param_name(k)
            );
        }
    }
}

#[test]
fn no_path_to_the_loss_is_a_delta_of_zero() {
    let mlp = Mlp::new(&[3, 2, 2], Activation::Sigmoid, Init::Notebook { seed: 1 }).unwrap();
    let tape = exact_tape();
    let pass = mlp.bind(&tape, Granularity::PerNeuron).forward(tape.data(ROWS[0]));
    let first = pass.layer(1).output_of(0);
    let loss = first * first;
    let deltas = pass.record_deltas(loss).unwrap();
    assert_eq!(deltas[1].at(1).value(), 0.0);
    assert_eq!(deltas[1].values(), pass.deltas(&loss.backward())[1]);
}

#[test]
fn misuse_is_refused_by_name() {
    let mlp = Mlp::new(&[3, 2, 2], Activation::Sigmoid, Init::Zeros).unwrap();
    for granularity in BOTH {
        let (tape, other) = (exact_tape(), exact_tape());
        let bound = mlp.bind(&tape, granularity);
        let narrow = tape.data([1.0, 2.0]).named("narrow");
        let recorded = tape.len();
        let error = bound.try_forward(narrow).unwrap_err().to_string();
        assert!(
            error.contains("narrow of shape [2]") && error.contains("has 3 numbers"),
            "{error}"
        );
        assert_eq!(tape.len(), recorded, "nothing is recorded of a refused pass");
        assert!(matches!(bound.try_forward(other.data(ROWS[0])), Err(Error::TwoTapes { .. })));
        let pass = bound.forward(tape.data(ROWS[0]));
        // Broadcasting would make a loss of it.
        let error = pass.try_half_squared_error(tape.data([1.0]).named("short")).unwrap_err();
        assert!(matches!(error, Error::Shapes { op: "half_squared_error", .. }));
        assert!(error.to_string().contains("short of shape [1]"), "{error}");
        assert!(matches!(
            pass.try_half_squared_error(other.data([1.0, 0.0])),
            Err(Error::TwoTapes { .. })
        ));
    }
}

#[test]
fn predictions() {
    let third = 1.0 / 3.0;
    let weights = [[[third, 0.0, 0.0, 1.0], [0.0, third, 0.0, 1.0], [0.0, 0.0, third, 1.0]]];
    let mlp = Mlp::from_weights(&weights, &[Activation::Identity]).unwrap();
    assert_eq!(mlp.predict(&[1.0, 2.0, 3.0]), Ok(2));
    assert_eq!(mlp.predict(&[1.0, 2.0, 2.0]), Ok(1), "the first of equals");
    assert_eq!(mlp.answer(&[1.0, 2.0]), Err(FitError::Inputs { rows: 2, network: 3 }));
    let nan = mlp.predict(&[1.0, f64::NAN, 0.0]).unwrap_err();
    assert_eq!(nan.to_string(), "column 1: NaN is not a finite number");

    // More rows than go through in one batch, and the last batch not full.
    let rows: Vec<([f64; 3], usize)> =
        (0..700).map(|i| ([i % 3, i % 5, i % 7].map(f64::from), i as usize % 3)).collect();
    let data = Dataset::new(rows.clone(), 3).unwrap();
    let all = mlp.predict_all(&data).unwrap();
    assert!(all.iter().zip(&rows).all(|(&class, (row, _))| mlp.predict(row) == Ok(class)));
    let right = all.iter().zip(&rows).filter(|(class, (_, label))| *class == label).count();
    assert_eq!(mlp.accuracy(&data), Ok(right as f64 / 700.0));
    let two = Dataset::new([([1.0, 2.0, 3.0], 1)], 2).unwrap();
    assert_eq!(mlp.accuracy(&two), Err(FitError::Outputs { classes: 2, network: 3 }));
}
