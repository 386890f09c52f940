//! `wengert run`.

use wengert::{Compiler, External, Tape};
use wengert_saved::{program_text, tape_text};

use crate::tool::{fit, folder, wengert, write};

#[test]
fn rows_are_computed_one_after_another() {
    let folder = folder();
    write(&folder, "fit.wg", &fit());
    let done = wengert(&folder, &["run", "fit.wg"], "2,2,0,0.5,-0.25\n1,0,1,0.1,7\n");
    assert_eq!(done.out, "loss,d loss/d w[0],d loss/d w[1]\n0.25,2.0,2.0\n0.81,-1.8,0.0\n");
    assert_eq!((done.err.as_str(), done.code), ("", 0));
}

#[test]
fn columns_have_names_and_other_inputs_keep_their_numbers() {
    let folder = folder();
    write(&folder, "fit.wg", &fit());
    write(&folder, "rows.csv", "target[0], x[1]\n\n0, 2\n1,4\n");
    let done = wengert(&folder, &["run", "fit.wg", "rows.csv", "--no-header"], "");
    // w = [0.5, −0.25], x = [1, .]
    assert_eq!(done.out, "0.0,0.0,0.0\n2.25,-3.0,-12.0\n");
    assert_eq!((done.err.as_str(), done.code), ("", 0));
    let chosen = wengert(&folder, &["run", "fit.wg", "--inputs", "x,target"], "1,2,0\n1,4,1\n");
    assert_eq!(chosen.out, "loss,d loss/d w[0],d loss/d w[1]\n0.0,0.0,0.0\n2.25,-3.0,-12.0\n");
}

#[test]
fn digits_read_back_as_the_number() {
    let folder = folder();
    let tape = Tape::new();
    let x = tape.input(0.5).named("x");
    let mut compiler = Compiler::new(&tape);
    compiler.output((x / 3.0).named("third")).unwrap();
    compiler.output((x * 1.0).named("same")).unwrap();
    write(&folder, "third.wg", &program_text(&compiler));
    let done = wengert(
        &folder,
        &["run", "third.wg"],
        "0.1\n-0\n5e-324\n1e300\nnan\n-inf\n0.30000000000000004\n",
    );
    assert_eq!(
        done.out,
        "third,same\n0.03333333333333333,0.1\n-0.0,-0.0\n0.0,5e-324\n3.3333333333333335e299,1e300\n\
         NaN,NaN\n-inf,-inf\n0.10000000000000002,0.30000000000000004\n"
    );
    for line in done.out.lines().skip(1).filter(|line| !line.contains("NaN")) {
        let [third, x] = [0, 1].map(|i| line.split(',').nth(i).unwrap().parse::<f64>().unwrap());
        assert_eq!(third.to_bits(), (x / 3.0).to_bits(), "{line}");
    }
}

#[test]
fn numbers_of_32_bits_have_their_own_digits() {
    let folder = folder();
    let tape = Tape::<f32>::default();
    let x = tape.input([[0.5_f32, 1.0], [2.0, 3.0]]).named("x");
    let mut compiler = Compiler::new(&tape);
    compiler.output((x / 3.0).named("y")).unwrap();
    write(&folder, "third.wg", &program_text(&compiler));
    let done = wengert(&folder, &["run", "third.wg"], "\"x[1, 1]\",\"x[0,0]\"\n0.1,1\n");
    assert_eq!(
        done.out,
        "\"y[0, 0]\",\"y[0, 1]\",\"y[1, 0]\",\"y[1, 1]\"\n0.33333334,0.33333334,0.6666667,0.033333335\n"
    );
}

/// A step of training begins with the file's parameters in every row.
#[test]
fn a_row_knows_nothing_of_the_rows_before_it() {
    let folder = folder();
    let tape = Tape::new();
    let (w, x) = (tape.param([1.0, 1.0]).named("w"), tape.data([0.0, 0.0]).named("x"));
    let mut compiler = Compiler::new(&tape);
    let next = compiler.output((w + x).named("next")).unwrap();
    compiler.feed(next, w).unwrap();
    write(&folder, "step.wg", &program_text(&compiler));
    let done = wengert(&folder, &["run", "step.wg", "--inputs", "x"], "1,2\n1,2\n");
    assert_eq!(done.out, "next[0],next[1]\n2.0,3.0\n2.0,3.0\n");
}

#[test]
fn programs_for_many_rows_take_blocks() {
    let folder = folder();
    let tape = Tape::new();
    let (x, w) = (tape.data([1.0, 2.0]).named("x"), tape.param([0.5, -0.25]).named("w"));
    let loss = (w.dot(x) - 1.0).square().named("loss");
    let program = |sum: bool| {
        let mut compiler = Compiler::new(&tape);
        compiler.rows(4, &[x]).unwrap();
        compiler.output(loss).unwrap();
        match sum {
            true => compiler.gradient(loss, w).unwrap(),
            false => compiler.gradient_per_row(loss, w).unwrap(),
        };
        program_text(&compiler)
    };
    write(&folder, "each.wg", &program(false));
    write(&folder, "sum.wg", &program(true));
    let rows: String = (0..700).map(|i| format!("{i},2\n")).collect();
    let done = wengert(&folder, &["run", "each.wg"], &rows);
    let lines: Vec<&str> = done.out.lines().collect();
    assert_eq!((lines.len(), done.code), (701, 0));
    assert_eq!(lines[0], "loss,d loss/d w[0],d loss/d w[1]");
    for (i, line) in lines[1..].iter().enumerate() {
        let i = i as f64;
        let off = 0.5 * i - 0.5 - 1.0;
        assert_eq!(
            *line,
            format!("{:?},{:?},{:?}", off * off, 2.0 * off * i + 0.0, 4.0 * off + 0.0)
        );
    }
    let refused = wengert(&folder, &["run", "sum.wg"], &rows);
    assert!(refused.err.contains("`d loss/d w` is one number for all rows"), "{}", refused.err);
    assert_eq!(refused.code, 2);
}

#[track_caller]
fn refused(arguments: &[&str], input: &str, message: &str, code: i32) {
    let folder = folder();
    write(&folder, "fit.wg", &fit());
    write(&folder, "cut.wg", &fit()[..100]);
    let tape = Tape::new();
    let _ = tape.input(1.0);
    write(&folder, "tape.wg", &tape_text(&tape));
    let done = wengert(&folder, arguments, input);
    assert_eq!((done.err.trim_end(), done.code), (message, code));
}

#[test]
fn wrong_rows_are_said_with_line_and_column() {
    let run = &["run", "fit.wg"];
    refused(
        run,
        "1,2,0,1,1\n1,2,abc,1,1\n",
        "wengert: line 2, column 3 (target[0]): `abc` is no number",
        1,
    );
    refused(
        run,
        "1,2,0,1,1\n\n1,2\n",
        "wengert: line 3: 2 columns, and 5 are wanted: x[0], x[1], target[0], w[0], w[1]",
        1,
    );
    refused(
        run,
        "x[0],y\n1,2\n",
        "wengert: line 1: column 2: no input has a number `y`; the program takes x[0], x[1], target[0], w[0], w[1]",
        1,
    );
    refused(run, "x[0],x[0]\n1,2\n", "wengert: line 1: column 2: `x[0]` stands in two columns", 1);
    refused(run, "x[0],w[1]\n1,\n", "wengert: line 2, column 2 (w[1]): `` is no number", 1);
    // Without a single known name it is no line of names.
    refused(run, "a,b,c,d,e\n", "wengert: line 1, column 1 (x[0]): `a` is no number", 1);
}

/// What was done before the wrong row is there.
#[test]
fn rows_before_a_wrong_one_are_written() {
    let folder = folder();
    write(&folder, "fit.wg", &fit());
    let done = wengert(&folder, &["run", "fit.wg", "--no-header"], "2,2,0,0.5,-0.25\nx\n");
    assert_eq!((done.out.as_str(), done.code), ("0.25,2.0,2.0\n", 1));
}

#[test]
fn wrong_files_and_arguments_are_said() {
    refused(
        &["run", "cut.wg"],
        "",
        "wengert: cut.wg: the file ends at line 2 before it is complete; it was cut off, so write or copy it again",
        2,
    );
    refused(
        &["run", "tape.wg"],
        "",
        "wengert: tape.wg: it holds a tape, and a program is run; a tape has nothing that is asked of it",
        2,
    );
    refused(
        &["run", "fit.wg", "--inputs", "x,y"],
        "",
        "wengert: there is no input `y`; the program takes x, target, w",
        2,
    );
    let folder = folder();
    for arguments in [&["run", "none.wg"][..], &["run", "fit.wg", "none.csv"]] {
        write(&folder, "fit.wg", &fit());
        let done = wengert(&folder, arguments, "");
        assert!(done.err.starts_with("wengert: none."), "{}", done.err);
        assert_eq!(done.code, 2);
    }
    let usage = wengert(&folder, &["jump"], "");
    assert!(usage.err.contains("unrecognized subcommand 'jump'"), "{}", usage.err);
    assert_eq!(usage.code, 2);
}

#[test]
fn a_function_that_the_tool_does_not_have_is_named() {
    let folder = folder();
    let tape = Tape::new();
    let table = External::new("table", |x, y| y[0] = x[0][0]);
    let mut compiler = Compiler::new(&tape);
    compiler.output(table.of(&[tape.input(1.0)])).unwrap();
    write(&folder, "table.wg", &program_text(&compiler));
    let done = wengert(&folder, &["run", "table.wg"], "");
    assert!(done.err.contains("node 1") && done.err.contains("table"), "{}", done.err);
    assert_eq!(done.code, 2);
}

/// A comparison that comes out differently stops the run, with its line.
#[test]
fn a_run_that_fails_says_its_line() {
    let folder = folder();
    let tape = Tape::new();
    let x = tape.input(2.0).named("x");
    let y = if x > 1.0 { x.ln() } else { x };
    let mut compiler = Compiler::new(&tape);
    compiler.output(y).unwrap();
    write(&folder, "branch.wg", &program_text(&compiler));
    let done = wengert(&folder, &["run", "branch.wg"], "3\n0.5\n");
    assert!(done.err.starts_with("wengert: line 2: "), "{}", done.err);
    assert!(done.err.contains("x > "), "{}", done.err);
    assert_eq!(done.code, 1);
    assert_eq!(done.out.lines().count(), 2);
}

#[test]
fn help_is_no_error() {
    let folder = folder();
    let done = wengert(&folder, &["--help"], "");
    assert!(done.out.contains("run") && done.out.contains("Exit codes"), "{}", done.out);
    assert_eq!(done.code, 0);
    let run = wengert(&folder, &["run", "--help"], "");
    assert!(run.out.contains("A column is one number of an input"), "{}", run.out);
    assert_eq!(run.code, 0);
}
