//! Cell 6 derived by hand with a mistake in one line, for the page to ask which.

use wengert_inspect::Exercise;

use super::printed::{CELL_1_WEIGHTS, CELL_4_ROW, CELL_6_EXPECTED};

/// The line that is wrong.
#[derive(Clone, Copy, PartialEq)]
enum Mistake {
    /// `output − target` for the error of the second output.
    Sign,
    /// `z (1 − z)` for the derivative of the hidden sigmoid.
    DerivativeOfInput,
    /// The weights left out of the hidden neuron's error.
    WeightsForgotten,
    /// The bias left out of the first output's z.
    BiasForgotten,
}

/// Four derivations, each with one of the mistakes.
pub(crate) fn exercises() -> Vec<Exercise> {
    let mistakes = [
        Mistake::BiasForgotten,
        Mistake::Sign,
        Mistake::DerivativeOfInput,
        Mistake::WeightsForgotten,
    ];
    let of = |(index, mistake): (usize, Mistake)| derivation(index + 1, mistake);
    mistakes.into_iter().enumerate().map(of).collect()
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

fn derivation(number: usize, mistake: Mistake) -> Exercise {
    let [x0, x1] = CELL_4_ROW;
    let w = CELL_1_WEIGHTS[0][0];
    let z = w[2] + w[0] * x0 + w[1] * x1;
    let h = sigmoid(z);
    let mut exercise = Exercise::new(format!("Derivation {number}"))
        .value(
            "hidden/0.z",
            z,
            format!(
                "z = b + w₀ x₀ + w₁ x₁ = {} + {} · {x0} + {} · {x1} = {z:.6}",
                short(w[2]),
                short(w[0]),
                short(w[1])
            ),
        )
        .value("hidden/0.output", h, format!("h = σ(z) = {h:.6}"));
    let mut deltas = Vec::new();
    for (j, (v, target)) in CELL_1_WEIGHTS[1].iter().zip(CELL_6_EXPECTED).enumerate() {
        let bias_forgotten = mistake == Mistake::BiasForgotten && j == 0;
        let (z, formula) = match bias_forgotten {
            true => (v[0] * h, format!("v h = {} · {h:.6}", short(v[0]))),
            false => {
                (v[1] + v[0] * h, format!("b + v h = {} + {} · {h:.6}", short(v[1]), short(v[0])))
            }
        };
        let output = sigmoid(z);
        let turned = mistake == Mistake::Sign && j == 1;
        let (error, formula_of_error) = match turned {
            true => (output - target, format!("({output:.6} − {target})")),
            false => (target - output, format!("({target} − {output:.6})")),
        };
        let delta = error * output * (1.0 - output);
        let symbols = if turned { "(oⱼ − target)" } else { "(target − oⱼ)" };
        let own = |text: &str| text.replace('ⱼ', ["₀", "₁"][j]);
        exercise = exercise
            .value(&format!("output/{j}.z"), z, own(&format!("zⱼ of output {j} = {formula} = {z:.6}")))
            .value(&format!("output/{j}.output"), output, own(&format!("oⱼ = σ(zⱼ) = {output:.6}")))
            .delta(
                &format!("output/{j}.z"),
                delta,
                own(&format!(
                    "δⱼ = {symbols} oⱼ (1 − oⱼ) = {formula_of_error} · {output:.6} · (1 − {output:.6}) = {delta:.6}"
                )),
            );
        deltas.push((v[0], delta));
    }
    let [(v0, d0), (v1, d1)] = deltas[..] else { return exercise };
    let (error, formula) = match mistake == Mistake::WeightsForgotten {
        true => (d0 + d1, format!("δ₀ + δ₁ = {d0:.6} + {d1:.6}")),
        false => (
            v0 * d0 + v1 * d1,
            format!("v₀ δ₀ + v₁ δ₁ = {} · ({d0:.6}) + {} · ({d1:.6})", short(v0), short(v1)),
        ),
    };
    let (delta, formula_of_delta) = match mistake == Mistake::DerivativeOfInput {
        true => (
            error * z * (1.0 - z),
            format!("error · z (1 − z) = {error:.6} · {z:.6} · (1 − {z:.6})"),
        ),
        false => (
            error * h * (1.0 - h),
            format!("error · h (1 − h) = {error:.6} · {h:.6} · (1 − {h:.6})"),
        ),
    };
    exercise
        .adjoint(
            "hidden/0.output",
            -error,
            format!("error of the hidden neuron = {formula} = {error:.6}"),
        )
        .delta(
            "hidden/0.z",
            delta,
            format!("δ of the hidden neuron = {formula_of_delta} = {delta:.6}"),
        )
}

fn short(number: f64) -> String {
    format!("{number:.4}")
}
