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
    let crosses =
        run(&mut out, &Options { out: None, slip, compiled: false }).expect("the example runs");
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
    let crosses = run(&mut out, &Options { out: None, slip: Slip::None, compiled: true })
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
fn ticks_end_in_success() {
    assert_eq!(format!("{:?}", exit_code(0)), format!("{:?}", ExitCode::SUCCESS));
}

#[test]
fn views_are_written_and_are_the_same_every_time() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for dir in [&first, &second] {
        let options =
            Options { out: Some(dir.path().to_owned()), slip: Slip::None, compiled: false };
        run(&mut Vec::new(), &options).unwrap();
    }
    let drawn = std::fs::read_to_string(first.path().join("2-1-2.svg")).unwrap();
    assert!(
        drawn == include_str!("../docs/2-1-2.svg"),
        "docs/2-1-2.svg is not what the example draws: copy it anew"
    );
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
        seen, 26,
        "a trace, a table, ledgers, a listing, two reports, three graphs, three derivations and a page, of two networks"
    );
}

/// The worked solution that `docs/` shows is what the example writes.
#[test]
fn the_derivation_in_the_docs_is_the_examples() {
    let dir = tempfile::tempdir().unwrap();
    run(
        &mut Vec::new(),
        &Options { out: Some(dir.path().to_owned()), slip: Slip::None, compiled: false },
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
