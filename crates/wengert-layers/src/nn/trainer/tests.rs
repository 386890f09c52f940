use super::*;
use crate::Activation;
use crate::nn::loss::{self, BinaryCrossEntropy, CrossEntropy, HalfSquaredError, MeanSquaredError};
use crate::nn::{
    Dense, Dropout, LayerNorm, Model, Optimiser, Residual, Scaling, Sequential, Warning,
};

/// Three crowds in the plane, not quite apart.
fn crowds(count: usize) -> Table {
    let mut random = crate::PythonRandom::seed(3);
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    for i in 0..count {
        let label = i % 3;
        let centre = [[0.0, 2.0], [2.0, -1.0], [-2.0, -1.0]][label];
        features.extend(centre.map(|x| random.gauss(x, 0.5)));
        labels.push(label);
    }
    Table::of_classes(features, labels, 3).unwrap()
}

fn layers() -> Sequential {
    Sequential::new()
        .then(Dense::new(2, 6))
        .then(Activation::Tanh)
        .then(Dropout { share: 0.2 })
        .then(Residual::new(Sequential::new().then(LayerNorm::new(6)).then(Dense::new(6, 6))))
        .then(Dense::new(6, 3))
}

fn trained(trainer: Trainer<'_>, table: &Table) -> (Model, History) {
    let mut trainer = trainer;
    let mut model = Model::new(layers(), 1).unwrap();
    let history = trainer.train(&mut model, table).unwrap();
    (model, history)
}

fn trainer<'a>() -> Trainer<'a> {
    Trainer::new(Optimiser::adam(0.02), CrossEntropy::default()).epochs(6).batch(16).seed(5)
}

/// 70 rows in batches of 16: the last has 6.
#[test]
fn every_way_of_stepping_gives_the_same_bits() {
    let table = crowds(70);
    let exact = || trainer().numerics(Numerics::Exact).l2(0.01).l1(0.001);
    let (model, history) = trained(exact().passes(Passes::Recorded), &table);
    assert!(history.epochs[5].loss < history.epochs[0].loss);
    for passes in [Passes::Replayed, Passes::Compiled] {
        let (other, its) = trained(exact().passes(passes), &table);
        assert_eq!(other.values(), model.values(), "{passes:?}");
        assert_eq!(its, history, "{passes:?}");
    }
    let (fast, _) = trained(trainer().l2(0.01).l1(0.001), &table);
    for (fast, exact) in fast.values().iter().zip(model.values()) {
        assert!((fast - exact).abs() < 1e-9, "{fast:?} {exact:?}");
    }
}

/// An engine that is made of the crate's own programs.
struct OwnPrograms;

struct OwnProgram {
    program: wengert::Program,
    workspace: wengert::Workspace,
    given: Vec<wengert::program::Input>,
    kept: Vec<wengert::program::Input>,
    loss: wengert::program::Output,
}

impl Engine<f64> for OwnPrograms {
    fn prepare(&self, step: &StepOnTape<'_>) -> Result<Box<dyn EngineStep<f64>>, String> {
        let rows = step.given[0].shape().dims()[0];
        assert!(step.given[..step.per_row].iter().all(|leaf| leaf.shape().dims()[0] == rows));
        let mut compiler = wengert::Compiler::new(step.tape);
        let loss = compiler.output(step.loss).unwrap();
        let mut all = step.loss;
        for &(leaf, next) in &step.kept {
            let next = compiler.output(next).unwrap();
            compiler.feed(next, leaf).unwrap();
        }
        // Every leaf is an input, though the rule may not read it.
        for &leaf in &step.given {
            all += leaf.sum() * 0.0;
        }
        compiler.output(all).unwrap();
        let program = compiler.compile().map_err(|error| error.to_string())?;
        let input = |leaf| program.input(leaf).unwrap();
        Ok(Box::new(OwnProgram {
            workspace: program.workspace(),
            given: step.given.iter().map(|&leaf| input(leaf)).collect(),
            kept: step.kept.iter().map(|&(leaf, _)| input(leaf)).collect(),
            loss,
            program,
        }))
    }
}

impl EngineStep<f64> for OwnProgram {
    fn set(&mut self, kept: &[&[f64]]) -> Result<(), String> {
        for (&input, &numbers) in self.kept.iter().zip(kept) {
            self.workspace.set(input, numbers).unwrap();
        }
        Ok(())
    }

    fn step(&mut self, given: &[&[f64]]) -> Result<f64, String> {
        for (&input, &numbers) in self.given.iter().zip(given) {
            self.workspace.set(input, numbers).unwrap();
        }
        self.program.run(&mut self.workspace).map_err(|error| error.to_string())?;
        Ok(self.workspace.value(self.loss))
    }

    fn kept(&self) -> Result<Vec<Vec<f64>>, String> {
        Ok(self.kept.iter().map(|&input| self.workspace.input(input).to_vec()).collect())
    }
}

#[test]
fn an_engine_is_one_more_way_of_stepping() {
    let table = crowds(70);
    let held = crowds(31);
    let exact = || trainer().numerics(Numerics::Exact).l2(0.01).validate(&held);
    let (model, history) = trained(exact(), &table);
    let (other, its) = trained(exact().engine(&OwnPrograms), &table);
    for (a, b) in model.values().iter().zip(other.values()) {
        assert!((a - b).abs() < 1e-12, "{a:?} {b:?}");
    }
    assert_eq!((its.epochs.len(), its.kept, its.ended), (6, history.kept, history.ended));
    for (a, b) in its.epochs.iter().zip(&history.epochs) {
        assert!((a.loss - b.loss).abs() < 1e-12 && a.rate == b.rate, "{a:?} {b:?}");
    }
    // What was begun by an engine goes on without.
    let (_, half) = trained(exact().epochs(3).engine(&OwnPrograms), &table);
    let (resumed, _) = trained(exact().resume(half.checkpoint), &table);
    for (a, b) in model.values().iter().zip(resumed.values()) {
        assert!((a - b).abs() < 1e-12, "{a:?} {b:?}");
    }
}

#[test]
fn what_an_engine_says_ends_the_training() {
    struct Refuses;
    impl Engine<f64> for Refuses {
        fn prepare(&self, _: &StepOnTape<'_>) -> Result<Box<dyn EngineStep<f64>>, String> {
            Err("no such card".to_owned())
        }
    }
    let mut model: Model = Model::new(layers(), 1).unwrap();
    let before = model.values().to_vec();
    let error = trainer().engine(&Refuses).train(&mut model, &crowds(70)).unwrap_err();
    assert_eq!(error.to_string(), "the engine: no such card");
    assert_eq!(model.values(), before);
    let recorded = trainer().record_step(&mut model, &crowds(70), |step| step.kept.len());
    // Of Adam every block keeps two.
    assert_eq!(recorded.unwrap(), 3 * model.tensors().len());
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let table = crowds(70);
    let with = |threads: usize| trained(trainer().batch(30).threads(threads), &table);
    let (one, history) = with(1);
    for threads in [2, 3] {
        let (other, its) = with(threads);
        assert_eq!((other.values(), &its), (one.values(), &history), "{threads}");
    }
    // The same but for rounding and the random numbers as one batch, so without those.
    let plain = || {
        Sequential::<f64>::new()
            .then(Dense::new(2, 6))
            .then(Activation::Tanh)
            .then(Dense::new(6, 3))
    };
    let run = |trainer: Trainer<'_>| {
        let mut model = Model::new(plain(), 1).unwrap();
        let mut trainer = trainer.batch(30);
        trainer.train(&mut model, &table).unwrap();
        model
    };
    let (parts, whole) = (run(trainer().threads(2)), run(trainer()));
    for (a, b) in parts.values().iter().zip(whole.values()) {
        assert!((a - b).abs() < 1e-12, "{a:?} {b:?}");
    }
}

#[test]
fn a_model_of_f32_learns() {
    let table = crowds(60);
    let layers = Sequential::<f32>::new()
        .then(Dense::new(2, 6))
        .then(Activation::Gelu)
        .then(Dense::new(6, 3));
    let mut model: Model<f32> = Model::new(layers, 1).unwrap();
    let mut trainer: Trainer<'_, f32> =
        Trainer::new(Optimiser::adam(0.05), CrossEntropy::default()).epochs(30);
    trainer.train(&mut model, &table).unwrap();
    assert!(model.answers(&table).unwrap().accuracy() > 0.95);
}

/// With a table for validation and patience, so that what was best counts too; in memory and by a
/// file.
#[test]
fn a_resumed_training_continues_bit_for_bit() {
    let (table, held) = (crowds(50), crowds(31));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("crowds.checkpoint");
    let rate =
        || Optimiser::adam(0.3).schedule(crate::nn::Schedule::Step { every: 9, factor: 0.9 });
    let new = || {
        let trainer = Trainer::new(rate(), CrossEntropy::default()).batch(16).seed(5);
        trainer.validate(&held).patience(6).epochs(20)
    };
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let new = || new().numerics(numerics);
        let (whole, all) = trained(new(), &table);
        for split in [1, 4] {
            let (_, first) = trained(new().epochs(split).checkpoints(&file, 3), &table);
            let loaded = Checkpoint::load(&file).unwrap();
            assert_eq!(loaded, first.checkpoint);
            let (second, rest) = trained(new().resume(loaded), &table);
            assert_eq!((second.values(), rest), (whole.values(), all.clone()), "{split}");
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);

    let (_, whole) = trained(new(), &table);
    let mut other: Model = Model::new(Dense::new(2, 3), 1).unwrap();
    let before = other.values().to_vec();
    let error = new().resume(whole.checkpoint).train(&mut other, &table).unwrap_err().to_string();
    assert_eq!(error, "the state has 93 numbers, the optimiser was started for 9");
    assert_eq!(other.values(), before);
    std::fs::write(&file, "{\"format\": \"wengert-layers/model\"}").unwrap();
    let error = Checkpoint::load(&file).unwrap_err().to_string();
    assert!(error.contains("is not a checkpoint: it says \"wengert-layers/model\""), "{error}");
}

#[test]
fn a_search_trains_a_model_and_ends_at_a_minimum() {
    let table = crowds(60);
    let plain = || {
        Sequential::<f64>::new()
            .then(Dense::new(2, 5))
            .then(Activation::Tanh)
            .then(Dense::new(5, 3))
    };
    let run = |trainer: Trainer<'_>| {
        let mut model = Model::new(plain(), 1).unwrap();
        let mut trainer = trainer;
        let history = trainer.train(&mut model, &table).unwrap();
        (model, history)
    };
    let new = || {
        Trainer::new(
            crate::nn::Lbfgs { tolerance: 1e-6, ..Default::default() },
            CrossEntropy::default(),
        )
    };
    let (model, history) = run(new().l2(0.01).epochs(500));
    assert_eq!(history.ended, Ended::Converged);
    let losses = history.losses();
    assert!(losses.windows(2).all(|pair| pair[1] <= pair[0]), "it never rises");
    assert!(losses.len() < 200 && model.answers(&table).unwrap().accuracy() > 0.95);
    for threads in [2, 3] {
        let (other, _) = run(new().l2(0.01).epochs(500).threads(threads));
        assert_eq!(other.values(), model.values());
    }
    let (_, first) = run(new().l2(0.01).epochs(9));
    let (resumed, rest) = run(new().l2(0.01).epochs(500).resume(first.checkpoint));
    assert_eq!((resumed.values(), rest), (model.values(), history));
    let adam = run(trainer().epochs(2)).1.checkpoint;
    let mut model = Model::new(plain(), 1).unwrap();
    let error = new().resume(adam).train(&mut model, &table).unwrap_err().to_string();
    assert_eq!(error, "the state is that of adam, the optimiser is lbfgs");
}

#[test]
fn the_best_parameters_are_kept_and_patience_ends() {
    let table = crowds(60);
    let (train, held) = table.split(0.3, 2).unwrap();
    // A rate that is far too large in the end: the loss rises again.
    let rate = Optimiser::gradient_descent(0.5)
        .schedule(crate::nn::Schedule::Step { every: 12, factor: 20.0 });
    let mut model = Model::new(layers(), 1).unwrap();
    let mut seen = 0;
    let history = Trainer::new(rate, CrossEntropy::default())
        .epochs(50)
        .validate(&held)
        .patience(3)
        .each_epoch(|_| {
            seen += 1;
            ControlFlow::Continue(())
        })
        .train(&mut model, &train)
        .unwrap();
    let least = history.epochs.iter().map(|r| r.validation.unwrap()).fold(f64::INFINITY, f64::min);
    let kept = *history.kept().unwrap();
    assert_eq!(kept.validation, Some(least));
    assert_eq!((history.ended, history.epochs.len()), (Ended::OutOfPatience, kept.epoch + 4));
    assert_eq!(seen, history.epochs.len());
    assert_eq!(model.answers(&held).unwrap().accuracy(), kept.accuracy.unwrap());
    assert_eq!(history.to_csv().lines().count(), seen + 1);
    assert!(history.to_svg().contains("validation</text>"));
}

#[test]
fn a_callback_or_a_flag_ends_a_training_and_keeps_what_was_learnt() {
    let table = crowds(40);
    let third = |report: &EpochReport| match report.epoch {
        2 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let (broken, history) = trained(trainer().each_epoch(third), &table);
    assert_eq!((history.ended, history.epochs.len()), (Ended::ByCallback, 3));
    assert_eq!(broken.values(), trained(trainer().epochs(3), &table).0.values());

    let flag = Arc::new(AtomicBool::new(false));
    let set = |_: &EpochReport| {
        flag.store(true, std::sync::atomic::Ordering::SeqCst);
        ControlFlow::Continue(())
    };
    let (stopped, history) =
        trained(trainer().stop_when(Arc::clone(&flag)).each_epoch(set), &table);
    assert_eq!((history.ended, history.epochs.len()), (Ended::Interrupted, 1));
    assert_eq!(stopped.values(), trained(trainer().epochs(1), &table).0.values());
}

#[test]
fn frozen_blocks_stay_and_biases_do_not_decay() {
    let table = crowds(40);
    let mut model = Model::new(layers(), 1).unwrap();
    model.freeze("0.").unwrap();
    let before = model.values().to_vec();
    trainer().train(&mut model, &table).unwrap();
    assert_eq!(model.values()[..18], before[..18]); // 2 · 6 and 6
    assert!(model.values()[18..].iter().zip(&before[18..]).all(|(a, b)| a != b));
    model.freeze("").unwrap();
    let error = trainer().train(&mut model, &table).unwrap_err();
    assert_eq!(error, TrainerError::NothingToLearn);

    // With decay alone, weights shrink and biases stay: the loss has no gradient.
    let mut model: Model = Model::new(Dense::from_out_in([1, 1], &[2.0], &[3.0]), 1).unwrap();
    let table = Table::of_numbers(vec![1.0], vec![0.0], 1).unwrap();
    let nothing = loss::of(|output: wengert::Var<'_>, _| output.sum() * 0.0);
    Trainer::new(Optimiser::gradient_descent(0.5).weight_decay(0.5), nothing)
        .epochs(1)
        .train(&mut model, &table)
        .unwrap();
    assert_eq!(model.values(), [1.5, 3.0]);
}

/// Of a loss without a gradient only the penalty moves anything: by half of ½ · 0.5 · 2 · w, and by
/// half of 0.5 towards 0.
#[test]
fn penalties_leave_biases_alone() {
    let table = Table::of_numbers(vec![1.0], vec![0.0], 1).unwrap();
    for passes in [Passes::Recorded, Passes::Replayed, Passes::Compiled] {
        let moved = |l1: f64, l2: f64| {
            let dense = Dense::from_out_in([1, 1], &[-2.0], &[3.0]);
            let layers = Sequential::new().then(dense).then(LayerNorm::new(1));
            let mut model: Model = Model::new(layers, 1).unwrap();
            let nothing = loss::of(|output: wengert::Var<'_>, _| output.sum() * 0.0);
            Trainer::new(Optimiser::gradient_descent(0.5), nothing)
                .epochs(1)
                .l1(l1)
                .l2(l2)
                .passes(passes)
                .train(&mut model, &table)
                .unwrap();
            model.values().to_vec()
        };
        assert_eq!(moved(0.5, 0.0), [-1.75, 3.0, 1.0, 0.0], "{passes:?}");
        assert_eq!(moved(0.0, 0.5), [-1.5, 3.0, 1.0, 0.0], "{passes:?}");
    }
}

#[test]
fn one_output_does_for_two_classes_and_numbers_are_met() {
    let table =
        Table::of_classes(vec![0., 0., 0., 1., 1., 0., 1., 1.], vec![0, 1, 1, 0], 2).unwrap();
    let layers = |last| {
        Sequential::new()
            .then(Dense::new(2, 4))
            .then(Activation::Tanh)
            .then(Dense::new(4, 1))
            .then(last)
    };
    let mut logits: Model = Model::new(layers(Activation::Identity), 2).unwrap();
    Trainer::new(Optimiser::adam(0.05), BinaryCrossEntropy::default())
        .epochs(300)
        .train(&mut logits, &table)
        .unwrap();
    let mut shares: Model = Model::new(layers(Activation::Sigmoid), 2).unwrap();
    Trainer::new(Optimiser::adam(0.05), HalfSquaredError)
        .epochs(300)
        .train(&mut shares, &table)
        .unwrap();
    assert_eq!((logits.threshold(), shares.threshold()), (0.0, 0.5));
    for model in [&logits, &shares] {
        let answers = model.answers(&table).unwrap();
        assert_eq!(answers.classes(), [0, 1, 1, 0]);
        assert_eq!(answers.roc_auc(), 1.0);
    }

    // y = (2x + 1, −x).
    let x: Vec<f64> = (0..20).map(|i| f64::from(i) / 10.0 - 1.0).collect();
    let y: Vec<f64> = x.iter().flat_map(|x| [2.0 * x + 1.0, -x]).collect();
    let table = Table::of_numbers(x, y, 2).unwrap();
    let mut line: Model = Model::new(Dense::new(1, 2), 1).unwrap();
    Trainer::new(Optimiser::momentum(0.1), MeanSquaredError)
        .epochs(500)
        .train(&mut line, &table)
        .unwrap();
    for (found, right) in line.values().iter().zip([2.0, -1.0, 1.0, 0.0]) {
        assert!((found - right).abs() < 1e-6, "{found}");
    }
    assert!(line.answers(&table).unwrap().r_squared().iter().all(|r| *r > 1.0 - 1e-9));
}

#[test]
fn a_loss_that_is_lost_says_where_and_why() {
    let features: Vec<f64> = (0..40).map(|i| f64::from(i % 7) * 1e4).collect();
    let table = Table::of_numbers(features, (0..20).map(f64::from).collect(), 1).unwrap();
    for threads in [None, Some(2)] {
        let layers = Sequential::new()
            .then(Dense::new(2, 4))
            .then(Activation::Identity)
            .then(Dense::new(4, 1));
        let mut model: Model = Model::new(layers, 1).unwrap();
        let before = model.values().to_vec();
        let mut trainer = Trainer::new(Optimiser::gradient_descent(0.1), MeanSquaredError).batch(4);
        if let Some(threads) = threads {
            trainer = trainer.threads(threads);
        }
        let error = trainer.train(&mut model, &table).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, TrainerError::Lost { epoch: 0, .. }), "{text}");
        assert!(
            text.contains("the first node that is not finite, of") || text.contains("a parameter"),
            "{text}"
        );
        assert!(text.contains("features are as large as 6.000e4: scale them"), "{text}");
        assert_eq!(model.values(), before);
    }

    // Biases so low that no unit answers any row: as a step that was too large leaves them.
    let dead = Dense::from_out_in([2, 1], &[-1.0, 1.0], &[0.0, -10.0]);
    let layers = Sequential::new().then(dead).then(Activation::Relu).then(Dense::new(2, 1));
    let mut model: Model = Model::new(layers, 1).unwrap();
    let table = Table::of_numbers(vec![1.0, 2.0, 3.0], vec![0.0; 3], 1).unwrap();
    let history = Trainer::new(Optimiser::adam(0.1), MeanSquaredError)
        .epochs(6)
        .train(&mut model, &table)
        .unwrap();
    let place = "1 (relu)".to_owned();
    assert!(
        history.warnings.contains(&Warning::DeadUnits { place, dead: 2, of: 2 }),
        "{:?}",
        history.warnings
    );
    assert!(matches!(history.warnings[0], Warning::StandsStill { .. }));
    assert_eq!(
        history.warnings[1].to_string(),
        "2 of 2 units of 1 (relu) are dead: 0 for every row"
    );

    let stuck = Dense::from_out_in([1, 1], &[1000.0], &[0.0]);
    let mut model: Model =
        Model::new(Sequential::new().then(stuck).then(Activation::Sigmoid), 1).unwrap();
    let table = Table::of_numbers(vec![30.0, 40.0], vec![0.0, 0.0], 1).unwrap();
    let history = Trainer::new(Optimiser::gradient_descent(0.1), MeanSquaredError)
        .epochs(5)
        .train(&mut model, &table)
        .unwrap();
    let texts: Vec<String> = history.warnings.iter().map(ToString::to_string).collect();
    assert!(
        texts.iter().any(|t| t.contains("2 of 2 outputs of 1 (sigmoid) are saturated")),
        "{texts:?}"
    );
    assert!(texts.iter().any(|t| t.contains("features are as large as 4.000e1")), "{texts:?}");
}

#[test]
fn what_cannot_be_learnt_is_refused_before_the_first_step() {
    let table = crowds(30);
    let mut model = Model::new(layers(), 1).unwrap();
    let before = model.values().to_vec();
    let mut refuse = |trainer: Trainer<'_>, table: &Table| {
        let mut trainer = trainer;
        let error = trainer.train(&mut model, table).unwrap_err().to_string();
        assert_eq!(model.values(), before);
        error
    };
    let batch = "a batch of 31 rows: there are at least 1 and at most the 30 of the table";
    assert_eq!(refuse(trainer().batch(31), &table), batch);
    assert!(refuse(trainer().batch(0), &table).starts_with("a batch of 0 rows"));
    let zero = Trainer::new(Optimiser::adam(0.0), CrossEntropy::default());
    assert!(refuse(zero, &table).contains("rate is 0.0"));
    let four = Table::of_classes(vec![0.0; 8], vec![0, 1, 2, 3], 4).unwrap();
    assert_eq!(refuse(trainer().batch(4), &four), "the model has 3 outputs, the table 4 classes");
    let text = refuse(trainer().validate(&four), &table);
    assert_eq!(
        text,
        "the table for validation has 2 features, 4 classes, \
         the one for training 2 features, 3 classes"
    );
    let mut holes = table.features().to_vec();
    holes[7] = f64::NAN;
    let holes = Table::of_classes(holes, table.labels().unwrap().to_vec(), 3).unwrap();
    let text = refuse(trainer(), &holes);
    assert!(text.starts_with("row 3, column 2: NaN is not a finite number"), "{text}");
    let filled = Scaling::standard(&table).apply(&holes).unwrap();
    assert!(trainer().train(&mut Model::new(layers(), 1).unwrap(), &filled).is_ok());
    let wide = Table::of_classes(vec![0.0; 9], vec![0, 1, 2], 3).unwrap();
    assert!(refuse(trainer().batch(3), &wide).contains("a dense layer's input has 2"));
}
