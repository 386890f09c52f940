use super::*;
use wengert::{Compiler, Numerics, Options, Tape};

const START: [f64; 3] = [1.0, -2.0, 0.5];

/// The gradient of the oracle's script.
fn pull(k: u64, w: &[f64]) -> Vec<f64> {
    let pull = |i: usize| ((7 * k as usize + 3 * i) % 11) as f64 - 5.0;
    (0..w.len()).map(|i| pull(i) / 8.0 + w[i] / 4.0).collect()
}

fn cases() -> Vec<(&'static str, Optimiser)> {
    vec![
        ("gradient_descent", Optimiser::gradient_descent(0.1)),
        ("momentum", Optimiser::momentum(0.1)),
        ("nesterov", Optimiser::nesterov(0.1)),
        ("decayed", Optimiser::momentum(0.1).weight_decay(0.05)),
        ("rms_prop", Optimiser::rms_prop(0.01)),
        ("adagrad", Optimiser::adagrad(0.1)),
        ("adam", Optimiser::adam(0.05)),
        ("adam_decayed", Optimiser::adam(0.05).weight_decay(0.05)),
        ("adam_w", Optimiser::adam_w(0.05)),
        ("clip_norm", Optimiser::gradient_descent(0.1).clip(Clip::Norm(0.3))),
        ("clip_value", Optimiser::gradient_descent(0.1).clip(Clip::Value(0.3))),
    ]
}

#[test]
fn steps_are_pytorchs() {
    let text = include_str!("../../../tests/oracle/pytorch_training.txt");
    for (name, optimiser) in cases() {
        let (mut w, mut stepper) = (START, optimiser.start(3));
        let lines = text.lines().filter_map(|l| l.strip_prefix(&format!("optimiser {name} ")));
        let mut count = 0;
        for (k, line) in lines.enumerate() {
            let gradient = pull(k as u64, &w);
            stepper.step(&mut w, &gradient).unwrap();
            let theirs: Vec<f64> =
                line.split(' ').skip(1).map(|number| number.parse().unwrap()).collect();
            for (ours, theirs) in w.iter().zip(&theirs) {
                // A few roundings of numbers of size 1, over 40 steps.
                assert!((ours - theirs).abs() < 2e-15, "{name}, step {k}: {ours:?} {theirs:?}");
            }
            count += 1;
        }
        assert_eq!(count, 40, "{name}");
    }
}

#[test]
fn schedules_are_pytorchs() {
    let text = include_str!("../../../tests/oracle/pytorch_training.txt");
    for (name, schedule) in [
        ("step", Schedule::Step { every: 7, factor: 0.5 }),
        ("linear", Schedule::Linear { steps: 20, end: 0.25 }),
        ("cosine", Schedule::Cosine { warm_up: 0, steps: 29, floor: 0.1 }),
    ] {
        let optimiser = Optimiser::gradient_descent(0.2).schedule(schedule);
        let lines = text.lines().filter_map(|l| l.strip_prefix(&format!("schedule {name} ")));
        let mut count = 0;
        for line in lines {
            let (step, rate) = line.split_once(' ').unwrap();
            let (ours, theirs) =
                (optimiser.rate_at(step.parse().unwrap()), rate.parse::<f64>().unwrap());
            assert!((ours - theirs).abs() < 1e-15, "{name}, step {step}: {ours:?} {theirs:?}");
            count += 1;
        }
        assert_eq!(count, 30, "{name}");
    }
    let warm = Schedule::WarmUp { steps: 4 };
    assert_eq!([0, 1, 2, 3, 4].map(|k| warm.factor(k)), [0.25, 0.5, 0.75, 1.0, 1.0]);
}

/// A program with the step in it, and numbers moved by the same optimiser: the same bits.
#[test]
fn nodes_and_numbers_agree_to_the_bit() {
    for (name, optimiser) in cases() {
        let optimiser = optimiser.schedule(Schedule::Cosine { warm_up: 3, steps: 9, floor: 0.1 });
        let tape = Tape::with(Options::default().numerics(Numerics::Exact));
        let (w, pulls) = (tape.param(START), tape.data([0.0; 3]));
        let loss = (pulls * w).sum() + 0.125 * w.square().sum();
        let gradient = tape.data([0.0; 3]);
        let step = optimiser.record(&tape, &[Block { params: w, gradient, decays: true }]).unwrap();
        let mut compiler = Compiler::new(&tape);
        compiler.gradient_as(loss, w, gradient).unwrap();
        let by_gradient = compiler.gradient(loss, w).unwrap();
        let next = compiler.output(step.params[0]).unwrap();
        compiler.feed(next, w).unwrap();
        for (next, kept) in step.next[0].iter().zip(&step.kept[0]) {
            let next = compiler.output(*next).unwrap();
            compiler.feed(next, *kept).unwrap();
        }
        let program = compiler.compile().unwrap();
        let pulls = program.input(pulls).unwrap();
        let scalars = step.scalars.map(|scalar| program.input(scalar));
        let mut workspace = program.workspace();
        let (mut numbers, mut stepper) = (START, optimiser.start(3));
        for k in 0..12 {
            workspace.set(pulls, &pull(k, &[0.0; 3])).unwrap();
            for (input, number) in scalars.iter().zip(optimiser.step_numbers(k)) {
                if let Ok(input) = input {
                    workspace.set(*input, &[number]).unwrap();
                }
            }
            program.run(&mut workspace).unwrap();
            stepper.step(&mut numbers, &workspace.values(by_gradient)).unwrap();
            assert_eq!(workspace.values(next), numbers, "{name}, step {k}");
        }
    }
}

#[test]
fn a_resumed_run_continues_bit_for_bit() {
    for (name, optimiser) in cases() {
        let optimiser = optimiser.schedule(Schedule::Step { every: 5, factor: 0.3 });
        let run = |stepper: &mut Stepper, w: &mut [f64], steps: std::ops::Range<u64>| {
            for k in steps {
                let gradient = pull(k, w);
                stepper.step(w, &gradient).unwrap();
            }
        };
        let (mut whole, mut stepper) = (START, optimiser.start(3));
        run(&mut stepper, &mut whole, 0..20);

        let (mut halved, mut first) = (START, optimiser.start::<f64>(3));
        run(&mut first, &mut halved, 0..11);
        let json = serde_json::to_string(&first.state()).unwrap();
        let mut second = optimiser.start(3);
        second.resume(&serde_json::from_str(&json).unwrap()).unwrap();
        run(&mut second, &mut halved, 11..20);
        assert_eq!((halved, second), (whole, stepper), "{name}");
    }
}

#[test]
fn what_cannot_learn_is_refused() {
    let message = |optimiser: Optimiser| {
        let mut w = START;
        let error = optimiser.start(3).step(&mut w, &[1.0; 3]).unwrap_err().to_string();
        assert_eq!(w, START);
        error
    };
    let rate = "the optimiser's rate is 0.0, expected a finite number above 0";
    assert_eq!(message(Optimiser::adam(0.0)), rate);
    assert!(message(Optimiser::adam(f64::NAN)).contains("rate is NaN"));
    assert!(message(Optimiser::adam(1.0).weight_decay(-1.0)).contains("weight decay is -1.0"));
    assert!(message(Optimiser::adam(1.0).clip(Clip::Norm(0.0))).contains("clip is 0.0"));
    let rule = Rule::Momentum { momentum: 1.0 };
    assert!(message(Optimiser::new(rule, 1.0)).contains("momentum is 1.0"));
    let never = Schedule::Linear { steps: 0, end: 0.0 };
    assert!(message(Optimiser::adam(1.0).schedule(never)).contains("schedule's steps"));

    let mut stepper = Optimiser::adam(1.0).start(3);
    let error = stepper.step(&mut [0.0; 3], &[0.0; 2]).unwrap_err().to_string();
    assert_eq!(error, "the gradient has 2 numbers, the optimiser was started for 3");
    let other = Optimiser::momentum(1.0).start::<f64>(3).state();
    let error = stepper.resume(&other).unwrap_err().to_string();
    assert_eq!(error, "the state is that of momentum, the optimiser is adam");
}

/// Where the first step that is tried is always taken, so that there is no line search to differ.
#[test]
fn a_search_takes_pytorchs_steps() {
    let (a, c) = ([1.0, 2.0, 0.5, 1.5], [0.5, 1.0, -1.0, 2.0]);
    let f = |w: &[f64]| {
        let before = |i: usize| w[(i + 3) % 4];
        let term = |i: usize| {
            a[i] / 2.0 * (w[i] - c[i]).powi(2)
                + w[i].powi(4) / 200.0
                + (w[i] - before(i)).powi(2) / 8.0
        };
        let slope = |i: usize| {
            let around = (w[i] - before(i)) / 4.0 - (w[(i + 1) % 4] - w[i]) / 4.0;
            a[i] * (w[i] - c[i]) + w[i].powi(3) / 50.0 + around
        };
        ((0..4).map(term).sum(), (0..4).map(slope).collect())
    };
    let text = include_str!("../../../tests/oracle/pytorch_lbfgs.txt");
    for (k, line) in text.lines().enumerate() {
        let settings = Lbfgs { memory: 5, tolerance: 0.0, steps: k + 1 };
        let found = settings.minimise(&[1.0, -2.0, 0.5, 3.0], f).unwrap();
        assert_eq!((found.steps, found.evaluations), (k + 1, k + 2));
        for (ours, theirs) in found.at.iter().zip(line.split(' ')) {
            let theirs: f64 = theirs.parse().unwrap();
            assert!((ours - theirs).abs() < 1e-13, "step {k}: {ours:?} {theirs:?}");
        }
    }
    assert_eq!(text.lines().count(), 9);
}

#[test]
fn a_search_finds_the_valley_of_rosenbrock() {
    let f = |x: &[f64]| {
        let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
        (a * a + 100.0 * b * b, vec![-2.0 * a - 400.0 * b * x[0], 200.0 * b])
    };
    let found = Lbfgs::default().minimise(&[-1.2, 1.0], f).unwrap();
    assert!(found.converged && found.evaluations < 60, "{found:?}");
    assert!(found.at.iter().all(|x| (x - 1.0).abs() < 1e-8), "{found:?}");
    let error = Lbfgs::default().minimise(&[0.0], |_| (f64::NAN, vec![0.0])).unwrap_err();
    assert!(error.to_string().contains("NaN where the search begins"));
}
