use super::*;

fn params(init: Init, sizes: &[usize]) -> Vec<LayerParams> {
    let mut initialiser = init.start().expect("these bounds are in order");
    sizes.windows(2).map(|pair| initialiser.layer_params(pair[0], pair[1])).collect()
}

fn weights(law: Law, fan_in: usize, fan_out: usize) -> Vec<f64> {
    params(law.seeded(1), &[fan_in, fan_out]).remove(0).weights
}

fn mean(numbers: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = numbers.len() as f64;
    numbers.sum::<f64>() / n
}

// ---- The notebook's generator.

#[test]
fn python_random_is_cpythons() {
    for line in include_str!("../../tests/oracle/python_random.txt").lines() {
        let mut fields = line.split(' ');
        let mut field = || fields.next().expect("three fields");
        let (seed, index, value) = (field().parse().unwrap(), field().parse().unwrap(), field());
        let mut python = PythonRandom::seed(seed);
        let draw = (0..=index).map(|_| python.random()).last();
        assert_eq!(draw, Some(value.parse().unwrap()), "seed {seed}, draw {index}");
    }
}

#[test]
fn the_notebook_draws_neuron_by_neuron_bias_last() {
    let [hidden, output] = params(Init::Notebook { seed: 1 }, &[2, 1, 2]).try_into().unwrap();
    assert_eq!(hidden.weights, [0.13436424411240122, 0.8474337369372327]);
    assert_eq!(hidden.biases, [0.763774618976614]);
    assert_eq!(output.weights, [0.2550690257394217, 0.4494910647887381]);
    assert_eq!(output.biases, [0.49543508709194095, 0.651592972722763]);
}

// ---- The laws.

#[test]
fn zeros() {
    assert_eq!(
        params(Init::Zeros, &[2, 1])[0],
        LayerParams { weights: vec![0.0; 2], biases: vec![0.0] }
    );
}

#[test]
fn uniform_laws_fill_their_bounds() {
    let (glorot, he) = ((6.0_f64 / 500.0).sqrt(), (6.0_f64 / 200.0).sqrt());
    for (law, lo, hi) in [
        (Law::GlorotUniform, -glorot, glorot),
        (Law::HeUniform, -he, he),
        (Law::Uniform { lo: -1.0, hi: 3.0 }, -1.0, 3.0),
    ] {
        let weights = weights(law, 200, 300);
        assert!(weights.iter().all(|w| (lo..=hi).contains(w)), "{law:?}");
        // 60,000 draws all miss an end of one in a thousand with probability 0.999^60000 = 1e-26.
        let end = 1e-3 * (hi - lo);
        assert!(
            weights.iter().any(|w| *w < lo + end) && weights.iter().any(|w| *w > hi - end),
            "{law:?}"
        );
    }
}

/// Mean, variance and fourth moment within 5 standard errors of their own.
#[test]
fn laws_have_their_moments() {
    // Kurtosis: E x^4 of the law with mean 0 and variance 1.
    let (uniform, normal) = (9.0 / 5.0, 3.0);
    for (law, variance, kurtosis) in [
        (Law::GlorotUniform, 2.0 / 500.0, uniform),
        (Law::GlorotNormal, 2.0 / 500.0, normal),
        (Law::HeUniform, 2.0 / 200.0, uniform),
        (Law::HeNormal, 2.0 / 200.0, normal),
        (Law::Uniform { lo: -3.0, hi: 3.0 }, 3.0, uniform),
    ] {
        let x = weights(law, 200, 300);
        let n = x.len() as f64;
        let deviation = f64::sqrt(variance);
        let standard = || x.iter().map(|x| x / deviation);
        let within = |what, ours: f64, expected: f64, variance_of_one: f64| {
            let error = (variance_of_one / n).sqrt();
            assert!(
                (ours - expected).abs() < 5.0 * error,
                "{law:?}: {what} {ours}, expected {expected} +- {error}"
            );
        };
        within("mean", mean(standard()), 0.0, 1.0);
        within("variance", mean(standard().map(|x| x.powi(2))), 1.0, kurtosis - 1.0);
        // E x^8 of the same: 3^4 / 9 for the uniform law, 7 * 5 * 3 for the normal one.
        let eighth = if kurtosis == normal { 105.0 } else { 9.0 };
        within(
            "fourth moment",
            mean(standard().map(|x| x.powi(4))),
            kurtosis,
            eighth - kurtosis * kurtosis,
        );
    }
}

#[test]
fn glorot_and_he_start_from_zero_biases_and_uniform_draws_them() {
    for law in [Law::GlorotUniform, Law::GlorotNormal, Law::HeUniform, Law::HeNormal] {
        assert_eq!(params(law.seeded(1), &[3, 4])[0].biases, [0.0; 4]);
    }
    let [layer] = params(Law::Uniform { lo: 1.0, hi: 2.0 }.seeded(1), &[3, 4]).try_into().unwrap();
    assert!(layer.biases.iter().all(|b| (1.0..=2.0).contains(b)));
}

// ---- Seeds.

const EVERY_LAW: [Law; 5] = [
    Law::Uniform { lo: -1.0, hi: 1.0 },
    Law::GlorotUniform,
    Law::GlorotNormal,
    Law::HeUniform,
    Law::HeNormal,
];

#[test]
fn a_seed_gives_its_numbers_and_another_seed_others() {
    let notebook = |seed| Init::Notebook { seed };
    assert_seeds_matter(notebook(7), notebook(7), notebook(8));
    for law in EVERY_LAW {
        assert_seeds_matter(law.seeded(7), law.seeded(7), law.seeded(8));
    }
}

#[track_caller]
fn assert_seeds_matter(one: Init, same: Init, other: Init) {
    let [one, same, other] = [one, same, other].map(|init| params(init, &[4, 3, 2]));
    assert_eq!(one, same);
    assert_ne!(one, other);
}

#[test]
fn layers_of_one_size_differ() {
    for law in EVERY_LAW {
        let [first, second] = params(law.seeded(7), &[3, 3, 3]).try_into().unwrap();
        assert_ne!(first.weights, second.weights);
    }
}

/// Bit for bit what an independent program computes. If this fails on another platform, the promise
/// of [`Init`] is broken; if it fails after an update of a dependency, a published seed no longer
/// gives the network it gave.
#[test]
fn the_bits_of_seed_7() {
    let ours = EVERY_LAW.map(|law| {
        let weights = params(law.seeded(7), &[4, 3]).remove(0).weights;
        [weights[0], weights[11]]
    });
    let lines = include_str!("../../tests/oracle/chacha_laws.txt").lines();
    let theirs = lines.map(|line| {
        let mut numbers = line.split(' ').skip(1).map(|number| number.parse::<f64>().unwrap());
        [numbers.next().unwrap(), numbers.next().unwrap()]
    });
    assert_eq!(ours.to_vec(), theirs.collect::<Vec<_>>());
}

// ---- Bad input.

#[test]
fn bounds_that_are_none_are_refused() {
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    for (lo, hi) in [
        (1.0, 0.0),
        (nan, 1.0),
        (0.0, nan),
        (-inf, 0.0),
        (0.0, inf),
        (inf, inf),
        (f64::MIN, f64::MAX),
    ] {
        let error = Law::Uniform { lo, hi }.seeded(1).start().unwrap_err();
        assert!(error.to_string().contains(&format!("from {lo:?} to {hi:?}:")));
    }
    assert_eq!(weights(Law::Uniform { lo: 2.0, hi: 2.0 }, 2, 1), [2.0, 2.0]);
}

#[test]
fn a_choice_survives_serde() {
    for init in [
        Init::Zeros,
        Init::Notebook { seed: u64::MAX },
        Law::HeNormal.seeded(7),
        EVERY_LAW[0].seeded(0),
    ] {
        let json = serde_json::to_string(&init).unwrap();
        assert_eq!(serde_json::from_str::<Init>(&json).unwrap(), init, "{json}");
    }
}
