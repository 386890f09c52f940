//! The example as a reader sees it: every number of the notebook is in its output, it ends with
//! ticks, and a mistake in the hand derivation ends with crosses and a failing exit.

#[path = "../examples/notebook.rs"]
#[allow(dead_code, reason = "the example's main and its command line are not called here")]
mod notebook;

use std::process::ExitCode;

use notebook::hand::Slip;
use notebook::{Options, exit_code, printed, run};

fn output(slip: Slip) -> (String, usize) {
    let mut out = Vec::new();
    let crosses = run(&mut out, &Options { out: None, slip, own: None, compiled: false })
        .expect("the example runs");
    (String::from_utf8(out).expect("the example prints text"), crosses)
}

#[test]
fn every_line_of_the_notebook_is_printed() {
    let (text, crosses) = output(Slip::None);
    assert_eq!(crosses, 0, "{text}");
    assert!(!text.contains("part first"), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    let notebook = include_str!("oracle/notebook.txt");
    // What the notebook prints and we print to the last digit: cells 1, 4, 6, 9, 12.
    let printed = notebook.lines().filter(|line| {
        line.starts_with(">epoch")
            || line.starts_with("실제값=")
            || line.starts_with("[{")
            || line.starts_with("[0.66")
    });
    let mut compared = 0;
    // Cell 3 prints cell 1's lists within one more bracket; cell 10's last digits are the
    // platform's.
    let verbatim = printed.filter(|line| !line.ends_with(',') && !line.ends_with("]]"));
    for line in verbatim
        .filter(|line| !line.contains("-1.9544732139957548") && !line.contains("4.903406947389829"))
    {
        assert!(lines.contains(&line), "not printed: {line}");
        compared += 1;
    }
    // 2 lines of cell 1, 1 of cell 4, 2 of cell 6, 51 of cell 9, 10 of cell 12.
    assert_eq!(compared, 66);
    // Cell 10, to the digits that do not depend on the platform's exp.
    for layer in printed::CELL_10 {
        for neuron in *layer {
            for number in neuron.weights.iter().chain([&neuron.output, &neuron.delta]) {
                let shown = format!("{number:?}");
                assert!(text.contains(&shown), "cell 10's {shown} is not shown beside ours");
            }
        }
    }
}

#[test]
fn training_prints_the_lines_in_order() {
    let (text, _) = output(Slip::None);
    let ours: Vec<&str> = text.lines().filter(|line| line.starts_with(">epoch")).collect();
    assert_eq!(ours, printed::CELL_9_LINES);
    let ours: Vec<&str> = text.lines().filter(|line| line.starts_with("실제값=")).collect();
    assert_eq!(ours, printed::CELL_12_LINES);
}

#[test]
fn compiled_training_prints_the_same_to_the_byte() {
    let mut out = Vec::new();
    let crosses =
        run(&mut out, &Options { out: None, slip: Slip::None, own: None, compiled: true })
            .expect("the example runs");
    assert_eq!(
        (String::from_utf8(out).expect("the example prints text"), crosses),
        output(Slip::None)
    );
}

#[test]
fn signs_and_factors_are_explained_where_they_appear() {
    let (text, _) = output(Slip::None);
    for said in [
        "delta = -dL/dz",
        "L = 1/2 sum (target - output)^2",
        "2L",
        "before* that update",
        "No. 7 of 7",
    ] {
        assert!(text.contains(said), "not said: {said}");
    }
}

#[track_caller]
fn crosses(slip: Slip, expected: &[&str], guess: &str) {
    let (text, crosses) = output(slip);
    let crossed: Vec<&str> =
        text.lines().filter(|line| line.contains('✗') && line.contains("cell")).collect();
    assert_eq!(crossed.len(), crosses);
    assert_eq!(format!("{:?}", exit_code(crosses)), format!("{:?}", ExitCode::FAILURE));
    let of_cell_6: Vec<&str> = crossed
        .iter()
        .filter_map(|line| line.strip_prefix("2-1-2, cell 6"))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(of_cell_6, expected, "{text}");
    assert!(text.contains(&format!("{slip:?}")), "the output says that the slip was asked for");
    // The last crossed row of the sweep's first layer is the cause.
    let first = expected.last().expect("a row is crossed").replace(".delta", ".z");
    assert!(text.contains(&format!("in the order of the sweep: the delta of {first} ")), "{text}");
    assert!(text.contains(&format!("guess, by hand: {guess}")), "{text}");
}

#[test]
fn a_wrong_sign_is_crossed() {
    crosses(
        Slip::Sign,
        &["hidden/0.delta", "output/0.delta", "output/1.delta"],
        "the sign is flipped",
    );
}

#[test]
fn a_missing_derivative_is_crossed() {
    let guess = "as if the sigmoid's derivative y (1 - y) = 0.1992326675 of y = output/1.output were missing";
    crosses(
        Slip::MissingDerivative,
        &["hidden/0.delta", "output/0.delta", "output/1.delta"],
        guess,
    );
}

#[test]
fn a_factor_of_two_is_crossed() {
    crosses(Slip::FactorTwo, &["hidden/0.delta", "output/0.delta", "output/1.delta"], "a factor 2");
}

#[test]
fn an_update_before_the_hidden_deltas_is_crossed_at_the_hidden_delta() {
    let guess = "as if the weights that it is multiplied by (output/0.w[0], output/1.w[0]) had moved before it was computed: a step at rate 0.02";
    crosses(Slip::UpdateTooEarly, &["hidden/0.delta"], guess);
}

#[test]
fn the_derivative_of_the_wrong_number_is_crossed() {
    let guess =
        "as if the derivative y (1 - y) were taken of output/1.z instead of output/1.output";
    let all = ["hidden/0.delta", "output/0.delta", "output/1.delta"];
    crosses(Slip::DerivativeOfInput, &all, guess);
    // The README shows the beginning of the answer.
    let readme = include_str!("../README.md");
    let block = readme.split("-- --slip derivative-of-input\n```\n\n```text\n").nth(1);
    let block = block.and_then(|rest| rest.split("```").next()).expect("a block of text");
    let (text, _) = output(Slip::DerivativeOfInput);
    assert!(block.lines().count() > 4, "{block}");
    // The path of the example's file is another one from here.
    for line in block.lines().filter(|line| !line.starts_with("  node: ")) {
        assert!(text.contains(line), "{line}\nis not in\n{text}");
    }
}

#[test]
fn a_mean_is_crossed() {
    let guess = "a factor 1/2 (is there a 1/2 in the loss?), or a mean over 2 where it is a sum";
    let all = ["hidden/0.delta", "output/0.delta", "output/1.delta"];
    crosses(Slip::MeanForSum, &all, guess);
}

#[test]
fn forgotten_weights_are_crossed_at_the_hidden_delta() {
    let guess =
        "as if the weights that it is multiplied by (output/0.w[0], output/1.w[0]) were all 1";
    crosses(Slip::WeightsForgotten, &["hidden/0.delta"], guess);
}

/// Numbers that a reader typed: right ones, one of another sign, and files that say nothing.
#[test]
fn a_readers_own_deltas_are_held_to_the_tape() {
    let dir = tempfile::tempdir().unwrap();
    let run_on = |text: &str| {
        let file = dir.path().join("mine.csv");
        std::fs::write(&file, text).unwrap();
        let mut out = Vec::new();
        let options = Options { out: None, slip: Slip::None, own: Some(file), compiled: false };
        let result = run(&mut out, &options).map_err(|error| error.to_string());
        (result, String::from_utf8(out).unwrap())
    };
    let right = "node,delta\nhidden/0.z,-0.0027118\noutput/0.z,-0.148135\noutput/1.z,0.054726\n";
    let (found, text) = run_on(right);
    assert_eq!(found, Ok(0), "{text}");
    assert!(text.contains("no number differs"), "{text}");

    let (found, text) = run_on(&right.replace("z,-0.148135", "z,0.148135"));
    assert_eq!(found, Ok(1), "{text}");
    let first = "in the order of the sweep: the delta of output/0.z";
    assert!(text.contains(first) && text.contains("the sign is flipped"), "{text}");

    let (found, _) = run_on("node,delta\nhidden/0.z,-0,0027\n");
    let message = found.unwrap_err();
    assert!(message.contains("mine.csv: line 2: 3 cells under 2 titles"), "{message}");
    let (found, text) = run_on("node,delta\nhidden.z,-0.0027\n");
    assert_eq!(found, Ok(1), "a name that the tape does not have is a difference: {text}");
    assert!(text.contains("hidden.z"), "{text}");
}

#[test]
fn ticks_end_in_success() {
    assert_eq!(format!("{:?}", exit_code(0)), format!("{:?}", ExitCode::SUCCESS));
}

#[test]
fn views_are_written_and_are_the_same_every_time() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for dir in [&first, &second] {
        let options = Options {
            out: Some(dir.path().to_owned()),
            slip: Slip::None,
            own: None,
            compiled: false,
        };
        run(&mut Vec::new(), &options).unwrap();
    }
    let drawn = std::fs::read_to_string(first.path().join("2-1-2.svg")).unwrap();
    assert!(
        drawn == include_str!("../docs/2-1-2.svg"),
        "docs/2-1-2.svg is not what the example draws: copy it anew"
    );
    // A test's paths to the example's lines begin in the tests' folder.
    let page = |file: &str| {
        let text = std::fs::read_to_string(first.path().join(file)).unwrap();
        text.replace("tests/../", "")
    };
    for (file, shown) in [
        ("2-1-2.moving.svg", include_str!("../docs/2-1-2.moving.svg")),
        ("2-1-2.page.html", include_str!("../docs/2-1-2.page.html")),
        ("2-2-2-trained.page.html", include_str!("../docs/2-2-2-trained.page.html")),
    ] {
        let copy = "cargo run --release --example notebook -- --out traces";
        assert!(
            page(file) == shown,
            "docs/{file} is not what the example writes: copy it from {copy}"
        );
        assert!(shown.len() < 500_000, "docs/{file} has {} bytes", shown.len());
    }
    let mut seen = 0;
    for entry in std::fs::read_dir(first.path()).unwrap() {
        let path = entry.unwrap().path();
        let again = std::fs::read(second.path().join(path.file_name().unwrap())).unwrap();
        assert!(
            std::fs::read(&path).unwrap() == again,
            "{} differs from run to run",
            path.display()
        );
        seen += 1;
    }
    assert_eq!(
        seen, 28,
        "an index, a trace, a table, ledgers, a listing, two reports, three graphs, three derivations and a page, of two networks"
    );
}

/// The worked solution that `docs/` shows is what the example writes.
#[test]
fn the_derivation_in_the_docs_is_the_examples() {
    let dir = tempfile::tempdir().unwrap();
    run(
        &mut Vec::new(),
        &Options { out: Some(dir.path().to_owned()), slip: Slip::None, own: None, compiled: false },
    )
    .unwrap();
    let written = std::fs::read_to_string(dir.path().join("2-1-2.derivation.md")).unwrap();
    let shown = include_str!("../docs/derivation.md");
    // Below the line that says where it comes from.
    let (_, shown) = shown.split_once("-->\n\n").expect("a first line that says how it was made");
    assert!(
        shown == written,
        "docs/derivation.md is not what the example writes; its first line says how to make it"
    );
}
