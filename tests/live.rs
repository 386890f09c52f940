//! The page computes: its numbers at other weights, inputs and targets, and those of a training,
//! are the engine's, bit for bit.

#[path = "../examples/playground.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod playground;

use serde_json::Value;
use wengert::number::Real;
use wengert::op::{Binary, Unary};
use wengert::{Numerics, Tape};
use wengert_inspect::{Adjoint, Digits, Page, Trace, Training};
use wengert_layers::{Activation, Granularity, Init, Mlp, Sgd};

use crate::page::browser::{Seen, chromium, open};

/// The notebook's ten rows: two measurements, and the targets of two outputs.
fn rows() -> Vec<([f64; 2], [f64; 2])> {
    let measured = [
        ([2.7810836, 2.550537003], 0),
        ([1.465489372, 2.362125076], 0),
        ([3.396561688, 4.400293529], 0),
        ([1.38807019, 1.850220317], 0),
        ([3.06407232, 3.005305973], 0),
        ([7.627531214, 2.759262235], 1),
        ([5.332441248, 2.088626775], 1),
        ([6.922596716, 1.77106367], 1),
        ([8.675418651, -0.242068655], 1),
        ([7.673756466, 3.508563011], 1),
    ];
    let target = |class: usize| [f64::from(class == 0), f64::from(class == 1)];
    measured.into_iter().map(|(row, class)| (row, target(class))).collect()
}

fn network(sizes: &[usize], activation: Activation) -> Mlp {
    Mlp::new(sizes, activation, Init::Notebook { seed: 1 }).unwrap()
}

/// A pass of a network over one row, and back.
fn pass(mlp: &Mlp, granularity: Granularity, x: &[f64], target: &[f64]) -> Trace {
    let tape = Tape::with(wengert::Options::default().numerics(Numerics::Exact));
    let pass = mlp.bind(&tape, granularity).forward(tape.data(x).named("x"));
    let loss = pass.half_squared_error(tape.data(target).named("target"));
    Trace::of(&loss.backward()).unwrap()
}

/// The network with other parameters.
fn with(mlp: &Mlp, change: impl Fn(&mut [f64])) -> Mlp {
    let mut other = mlp.clone();
    let mut params = mlp.params().to_vec();
    change(&mut params);
    other.set_params(&params).unwrap();
    other
}

/// What the page shows of every number, from the table, which the panel copies.
const READ: &str = "
    const numbers = () => {
        fillTable();
        return [...document.querySelectorAll('.nodes tr[data-slot]')].map((row) => {
            const slot = Number(row.dataset.slot), cell = (style) => row.querySelector('td.' + style)?.textContent;
            return [slot, cell('value'), cell('adjoint'), cell('delta') ?? null];
        });
    };
    const boxes = () => [...document.querySelectorAll('.wg-box[data-v]')].map((box) =>
        [Number(box.dataset.v), seen('.wg-value', box)[0], seen('.wg-adjoint', box)[0]]);
    // Of every formula the first line, and the result.
    const formulas = () => [...document.querySelectorAll('.nodes .definition, .nodes .derivative')].map((part) => {
        const lines = [...part.querySelectorAll('tr')].map((line) => line.textContent);
        return [Number(part.closest('.of-slot').dataset.slot), part.className, lines[0], lines.at(-1).replace(/[^=]*=/, '=')];
    }).sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1));
    const ledgers = () => [...document.querySelectorAll('.nodes table.sum')].map((table) => [Number(table.dataset.slot),
        [...table.rows].slice(1).map((row) => [...row.cells].map((cell) => cell.textContent))]);
    const put = (slot, number) => { const field = document.querySelector(`[data-key='change:${slot}']`);
        field.value = number; field.dispatchEvent(new Event('change', { bubbles: true })); };";

/// Every number that the page says is the trace's.
fn check(trace: &Trace, seen: &Value) {
    let mut compared = 0;
    for row in seen.as_array().unwrap() {
        let slot = trace.slots().nth(usize::try_from(row[0].as_u64().unwrap()).unwrap()).unwrap();
        let label = trace.label(slot);
        assert_eq!(row[1], format!("{:?}", trace.value(slot)), "the value of {label}");
        match trace.adjoint(slot) {
            Adjoint::Computed(adjoint) => {
                assert_eq!(row[2], format!("{adjoint:?}"), "the adjoint of {label}");
                assert!(row[3].is_null() || row[3] == format!("{:?}", -adjoint), "{label}: {row}");
            }
            Adjoint::Zero(_) => assert_eq!(row[2], "0.0", "the adjoint of {label}"),
            words => assert_eq!(row[2], words.to_string(), "the adjoint of {label}"),
        }
        compared += 1;
    }
    assert!(compared > 12, "{compared} numbers");
}

#[test]
fn functions_are_the_engines_to_the_bit() {
    let Some(chromium) = chromium() else { return };
    let tape = Tape::new();
    let x = tape.input(0.5).named("x");
    let page = Page::of(&Trace::of(&x.tanh().ln().exp().backward()).unwrap()).to_string();
    // Operands of all sizes, from a generator that anybody can write again.
    let mut state = 1_u64;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut operands =
        vec![0.0, -0.0, 1.0, -1.0, 1e-300, 709.5, -709.5, -740.0, 1e-12, 1e300, 5e-324];
    operands.extend((0..1500).map(|_| 40.0 * next() - 20.0));
    operands.extend((0..1500).map(|_| 1400.0 * next() - 700.0));
    operands.extend((0..1500).map(|_| (2.0 * next() - 1.0) * 10_f64.powi(-(12.0 * next()) as i32)));
    operands.extend((0..500).map(|_| 10_f64.powi((600.0 * next() - 300.0) as i32) * next()));
    operands.extend([1.0_f64.next_up(), 1.0_f64.next_down(), 0.5_f64.next_up(), 2_f64.ln()]);
    let names = [
        (Unary::Exp, "exp"),
        (Unary::ExpM1, "exp_m1"),
        (Unary::Ln, "ln"),
        (Unary::Ln1p, "ln_1p"),
        (Unary::Tanh, "tanh"),
        (Unary::Sigmoid, "sigmoid"),
        (Unary::Softplus, "softplus"),
        (Unary::LogSigmoid, "log_sigmoid"),
        (Unary::Relu, "relu"),
        (Unary::Round, "round"),
        (Unary::Signum, "signum"),
        (Unary::OneMinusSquare, "one_minus_square"),
    ];
    let given = serde_json::to_string(&operands).unwrap();
    let asked: Vec<&str> = names.iter().map(|(_, name)| *name).collect();
    let script = format!(
        "const given = {given}; for (const name of {asked:?}) log(given.map((x) => exact(f[name](x))));
         log(given.map((x) => exact(f.sigmoid_slope(x, f.sigmoid(x)))));
         log(given.map((x) => exact(f.tanh_slope(x, f.tanh(x)))));
         log(given.slice(0, 2000).map((x) => exact(f.powi(x, 3))));
         log(given.map((x) => digits(x, 6)));"
    );
    let Seen { log, .. } = open(&chromium, &page, "", &script);
    let compare = |what: &str, seen: &Value, expected: &dyn Fn(f64) -> String| {
        let seen = seen.as_array().unwrap();
        for (seen, &x) in seen.iter().zip(&operands) {
            // Of two texts as near to a number JavaScript has the even one.
            let number = |text: &str| text.parse::<f64>().unwrap().to_bits();
            assert_eq!(
                number(seen.as_str().unwrap()),
                number(&expected(x)),
                "{what} of {x:?}: {seen}, {}",
                expected(x)
            );
        }
    };
    for ((op, name), seen) in names.iter().zip(&log) {
        compare(name, seen, &|x| format!("{:?}", x.unary(*op)));
    }
    let slope = |op: Binary, of: Unary| move |x: f64| format!("{:?}", x.binary(op, x.unary(of)));
    compare("sigmoid'", &log[12], &slope(Binary::SigmoidSlope, Unary::Sigmoid));
    compare("tanh'", &log[13], &slope(Binary::TanhSlope, Unary::Tanh));
    compare("x³", &log[14], &|x| format!("{:?}", x.binary(Binary::Powi, 3.0)));
    compare("six digits", &log[15], &|x| Digits::new(x).significant(6).to_string());
}

#[test]
fn a_changed_weight_input_and_target_give_the_engines_numbers() {
    let Some(chromium) = chromium() else { return };
    for (granularity, activation) in [
        (Granularity::PerNeuron, Activation::Sigmoid),
        (Granularity::PerNeuron, Activation::Tanh),
        (Granularity::PerLayer, Activation::Relu),
    ] {
        let mlp = network(&[2, 2, 2], activation);
        let recorded = pass(&mlp, granularity, &[1.0, 0.0], &[0.0, 1.0]);
        let page = Page::of(&recorded).delta(|path| path.ends_with(".z")).to_string();
        let slot = |path: &str| recorded.slot(path).unwrap().index();
        let weight = recorded.parameters()[0];
        let (weight, x, target) = (weight.index(), slot("x[1]"), slot("target[0]"));
        let script = format!(
            "{READ}
            const told = () => byId('live-said').textContent;
            const of = (slot) => press(document.querySelector(`.wg-box[data-v='${{program.vertices[slot]}}']`));
            const before = byId('all').innerHTML;
            of({weight}); put({weight}, 1.75); log(numbers()); log(ledgers()); log(told());
            of({x}); put({x}, -0.5); log(numbers());
            of({target}); put({target}, 0.25); log(numbers()); log(ledgers());
            log(boxes()); log(data.wires.map((wire) => wire.label)); log(formulas());
            press(byId('reset'));
            log(byId('all').innerHTML === before);"
        );
        let Seen { log, .. } = open(&chromium, &page, "", &script);
        let first = with(&mlp, |params| params[0] = 1.75);
        let after = pass(&first, granularity, &[1.0, 0.0], &[0.0, 1.0]);
        check(&after, &log[0]);
        check_ledgers(&after, &log[1]);
        let six = |trace: &Trace| {
            Digits::new(trace.value(trace.loss().unwrap())).significant(6).to_string()
        };
        let name = after.label(after.parameters()[0]);
        assert_eq!(
            log[2],
            format!("{name} = 1.75: L = {}, recorded {}.", six(&after), six(&recorded))
        );
        check(&pass(&first, granularity, &[1.0, -0.5], &[0.0, 1.0]), &log[3]);
        let last = pass(&first, granularity, &[1.0, -0.5], &[0.25, 1.0]);
        check(&last, &log[4]);
        check_ledgers(&last, &log[5]);
        // The boxes and the arrows are those that a page of that trace has.
        let expected = Page::of(&last).delta(|path| path.ends_with(".z")).to_string();
        let Seen { log: theirs, .. } = open(
            &chromium,
            &expected,
            "",
            &format!(
                "{READ} log(boxes()); log(data.wires.map((wire) => wire.label)); log(formulas());"
            ),
        );
        assert_eq!(log[6], theirs[0], "the boxes");
        assert_eq!(log[7], theirs[1], "the arrows");
        let (ours, theirs) = (log[8].as_array().unwrap(), theirs[2].as_array().unwrap());
        assert!(ours.len() > 10 && ours.len() == theirs.len(), "{} formulas", ours.len());
        for (ours, theirs) in ours.iter().zip(theirs) {
            assert_eq!(ours, theirs);
        }
        assert_eq!(log[9], true, "the recorded table is back");
    }
}

/// The lines of every ledger that the page shows.
fn check_ledgers(trace: &Trace, seen: &Value) {
    let mut lines = 0;
    for shown in seen.as_array().unwrap() {
        let slot = trace.slots().nth(usize::try_from(shown[0].as_u64().unwrap()).unwrap()).unwrap();
        let ledger = trace.ledger(slot);
        let rows = shown[1].as_array().unwrap();
        let rows: Vec<&Value> =
            rows.iter().filter(|row| row[0] != "seed" && row[0] != "sum").collect();
        assert_eq!(rows.len(), ledger.contributions().len(), "{}", trace.label(slot));
        for (row, of) in rows.iter().zip(ledger.contributions()) {
            assert_eq!(row[0], trace.label(of.reader));
            assert_eq!(row[1], format!("{:?}", of.partial), "{}", trace.label(slot));
            assert_eq!(row[2], format!("× {:?}", of.adjoint));
            assert_eq!(row[3], format!("= {:?}", of.product));
            lines += 1;
        }
    }
    assert!(lines > 6, "{lines} lines");
}

#[test]
fn ten_rows_of_training_are_the_notebooks() {
    let Some(chromium) = chromium() else { return };
    let untrained = network(&[2, 2, 2], Activation::Sigmoid);
    let rate = 0.02;
    let rows = rows();
    let recorded = pass(&untrained, Granularity::PerNeuron, &rows[0].0, &rows[0].1);
    let training = Training::new("x", "target")
        .rate(rate)
        .set("the notebook's rows", rows.clone())
        .score("output/1.output", Some("output/0.output"));
    let page = Page::of(&recorded).training(&training).to_string();
    let script = format!(
        "{READ}
        const weights = () => program.params.map((slot) => exact(engine.values[slot]));
        for (let row = 0; row < 10; row++) {{ press(byId('train-row')); log(weights()); }}
        log(numbers());
        for (let epoch = 0; epoch < 3; epoch++) press(byId('train-epoch'));
        log(weights()); log(lesson.curve().map(exact));
        log(scores([[1.5, 2.0], [7.5, -0.25]]).map(exact));
        log(document.querySelectorAll('#trained .plane .point').length);"
    );
    let Seen { log, .. } = open(&chromium, &page, "", &script);

    // The same by a loop over the engine.
    let (mut mlp, mut sums) = (untrained, Vec::new());
    let train = |mlp: &mut Mlp, x: &[f64], target: &[f64], sum: &mut f64| {
        let trace = pass(mlp, Granularity::PerNeuron, x, target);
        let gradient =
            trace.parameters().into_iter().map(|slot| trace.adjoint(slot).number().unwrap());
        *sum += trace.value(trace.loss().unwrap());
        let mut params = mlp.params().to_vec();
        Sgd { rate }.step(&mut params, &gradient.collect::<Vec<_>>());
        mlp.set_params(&params).unwrap();
    };
    let text =
        |mlp: &Mlp| Value::from(mlp.params().iter().map(|p| format!("{p:?}")).collect::<Vec<_>>());
    for epoch in 0..4 {
        let mut sum = 0.0;
        for (row, (x, target)) in rows.iter().enumerate() {
            train(&mut mlp, x, target, &mut sum);
            if epoch == 0 {
                assert_eq!(log[row], text(&mlp), "after row {row}");
            }
        }
        if epoch == 0 {
            check(&pass(&mlp, Granularity::PerNeuron, &rows[0].0, &rows[0].1), &log[10]);
        }
        sums.push(format!("{sum:?}"));
    }
    assert_eq!(log[11], text(&mlp), "after four epochs");
    assert_eq!(log[12], Value::from(sums));
    let score = |x: &[f64]| {
        let answer = mlp.answer(x).unwrap();
        format!("{:?}", answer[1] - answer[0])
    };
    assert_eq!(log[13], Value::from(vec![score(&[1.5, 2.0]), score(&[7.5, -0.25])]));
    assert_eq!(log[14], 10);
}

/// The page moves through a training by what was given at each epoch.
#[test]
fn the_numbers_of_an_epoch_are_those_of_its_trace() {
    let Some(chromium) = chromium() else { return };
    let mlp = network(&[2, 2, 2], Activation::Sigmoid);
    let at = |by: f64| with(&mlp, |params| params.iter_mut().for_each(|p| *p *= by));
    let trace = |by: f64| pass(&at(by), Granularity::PerNeuron, &[1.0, 0.5], &[0.0, 1.0]);
    let moments = [(0, trace(0.5)), (10, trace(-1.5))];
    let last = trace(2.0);
    let page = Page::of(&last).caption("L = ½ Σ").moments(&moments).to_string();
    let script = format!(
        "{READ}
        const at = (index) => {{ byId('epoch').value = index; byId('epoch').dispatchEvent(new Event('input')); }};
        const summary = byId('summary').textContent, before = byId('all').innerHTML;
        at(0); log(numbers()); log(byId('summary').textContent); at(1); log(numbers()); log(ledgers());
        at(2); log([byId('summary').textContent === summary, byId('all').innerHTML === before]);"
    );
    let Seen { log, .. } = open(&chromium, &page, "", &script);
    check(&moments[0].1, &log[0]);
    let loss = Digits::new(moments[0].1.value(moments[0].1.loss().unwrap()));
    assert_eq!(log[1], format!("L = {loss} · the same pass at epoch 0 · L = ½ Σ"));
    check(&moments[1].1, &log[2]);
    check_ledgers(&moments[1].1, &log[3]);
    assert_eq!(log[4], serde_json::json!([true, true]));
}

/// What a page cannot compute it shows, and says why.
#[test]
fn a_page_that_cannot_compute_says_why() {
    let tape = Tape::new();
    let x = tape.param(0.5).named("x");
    let says = |trace: &Trace| {
        let page = Page::of(trace).to_string();
        assert!(!page.contains("id=\"program\"") && !page.contains("engineOf"));
        let said = page.split_once("cannot compute other numbers, because ").unwrap().1;
        said.split_once('.').unwrap().0.to_owned()
    };
    assert_eq!(says(&Trace::of(&x.erf().backward()).unwrap()), "it has no function for gaussian");
    let tape = Tape::new();
    let x = tape.param([0.5, 1.5]);
    let largest = x.try_max_axes([0]).unwrap();
    assert_eq!(says(&Trace::of(&largest.backward()).unwrap()), "it has no function for max_over");
    let tape = Tape::new();
    let x = tape.param(0.5);
    let y = if x > 0.0 { x * 2.0 } else { x };
    let branches = says(&Trace::of(&y.backward()).unwrap());
    assert_eq!(branches, "the program branches on its numbers");
    let tape = Tape::<f32>::default();
    let single = Trace::of(&tape.input(0.5).tanh().backward()).unwrap();
    assert_eq!(says(&single), "the tape computed in f32");
}

/// The playground: every network's page is within its size, says its numbers as the engine has them
/// after a training on noisy points, and takes what was chosen along.
#[test]
fn the_playground_trains_as_the_engine_does() {
    let folder = tempfile::tempdir().unwrap();
    let mut out = Vec::new();
    playground::run(&mut out, 1, folder.path()).unwrap();
    let pages: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(pages.len(), 18);
    for page in &pages {
        let text = std::fs::read_to_string(page).unwrap();
        assert!(text.len() < 500_000, "{} has {} bytes", page.display(), text.len());
        // A link leads to a page that is there.
        for link in text.split("<a href=\"2-").skip(1) {
            let file = format!("2-{}", link.split_once('"').unwrap().0);
            assert!(folder.path().join(&file).is_file(), "{file}");
        }
    }
    let Some(chromium) = chromium() else { return };
    for (activation, hidden) in
        [("tanh", Activation::Tanh), ("sigmoid", Activation::Sigmoid), ("relu", Activation::Relu)]
    {
        let page = std::fs::read_to_string(folder.path().join(format!("2-3-1-{activation}.html")))
            .unwrap();
        let script = "
            const weights = () => program.params.map((slot) => exact(engine.values[slot]));
            log(weights()); log(lesson.rows()); log([byId('set').value, byId('noise').value]);
            for (let epoch = 0; epoch < 20; epoch++) press(byId('train-epoch'));
            log(weights());
            log(document.querySelector('#choices a').getAttribute('href'));
            log(document.querySelectorAll('#plane .point').length);";
        let Seen { log, .. } = open(&chromium, &page, "#set=2&noise=0.5", script);
        let numbers = |value: &Value| -> Vec<f64> {
            value.as_array().unwrap().iter().map(|x| x.as_str().unwrap().parse().unwrap()).collect()
        };
        let activations = [hidden, Activation::Tanh];
        let mut mlp = Mlp::from_params(&[2, 3, 1], &activations, numbers(&log[0])).unwrap();
        let sets = playground::data::sets(1);
        assert_eq!(log[2], serde_json::json!(["2", "0.5"]));
        let rows: Vec<[f64; 3]> = sets[2]
            .rows
            .iter()
            .zip(&sets[2].noise)
            .map(|((x, target), noise)| [x[0] + 0.5 * noise[0], x[1] + 0.5 * noise[1], target[0]])
            .collect();
        let shown: Vec<[f64; 3]> = serde_json::from_value(log[1].clone()).unwrap();
        assert_eq!(shown, rows);
        for _ in 0..20 {
            for row in &rows {
                let trace = pass(&mlp, Granularity::PerNeuron, &row[..2], &row[2..]);
                let gradient = trace
                    .parameters()
                    .into_iter()
                    .map(|slot| trace.adjoint(slot).number().unwrap());
                let mut params = mlp.params().to_vec();
                Sgd { rate: 0.05 }.step(&mut params, &gradient.collect::<Vec<_>>());
                mlp.set_params(&params).unwrap();
            }
        }
        let expected: Vec<String> = mlp.params().iter().map(|p| format!("{p:?}")).collect();
        assert_eq!(log[3], Value::from(expected), "{activation}");
        let link = format!("/2-1-1-{activation}.html#set=2&noise=0.5&rate=0.05&start=0");
        assert!(log[4].as_str().unwrap().ends_with(&link), "{}", log[4]);
        assert_eq!(log[5], 60);
    }
}
