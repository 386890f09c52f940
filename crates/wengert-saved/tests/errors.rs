//! What is wrong with a file is said, with its place.

use wengert::{Compiler, External, Operation, Scan, Tape};
use wengert_saved::{Kind, Loader, head, load_program, load_tape, program_text, tape_text};

fn tape() -> String {
    let tape = Tape::new();
    let x = tape.input([2.0, 3.0]).named("x");
    let y = x.exp().sum().named("y");
    assert!(y > 1.0);
    tape_text(&tape)
}

fn program() -> String {
    let tape = Tape::new();
    let w = tape.param([2.0, 3.0]).named("w");
    let loss = w.exp().sum().named("loss");
    let g = tape.data([0.0, 0.0]);
    let mut compiler = Compiler::new(&tape);
    compiler.output(loss).unwrap();
    compiler.gradient_as(loss, w, g).unwrap();
    let next = compiler.output(w - g).unwrap();
    compiler.feed(next, w).unwrap();
    program_text(&compiler)
}

/// The message for a tape in which one text stands for another.
#[track_caller]
fn tape_with(from: &str, to: &str) -> String {
    let text = tape();
    assert!(text.contains(from), "{text}");
    load_tape::<f64>(&text.replacen(from, to, 1)).unwrap_err().to_string()
}

#[track_caller]
fn program_with(from: &str, to: &str) -> String {
    let text = program();
    assert!(text.contains(from), "{text}");
    load_program::<f64>(&text.replacen(from, to, 1)).unwrap_err().to_string()
}

#[test]
fn what_is_no_saved_file_is_refused() {
    let message = |text: &str| load_tape::<f64>(text).unwrap_err().to_string();
    assert_eq!(
        message(""),
        "the file ends at line 1 before it is complete; it was cut off, so write or copy it again"
    );
    assert_eq!(message("{}"), "this is no saved tape or program: it has no field \"wengert\"");
    assert_eq!(message("a,b\n1,2\n"), "line 1, column 1: expected value");
    assert_eq!(
        message("{\"wengert\":\"tape\",\n\"version\":\"one\"}"),
        "line 2, column 15: invalid type: string \"one\", expected u32"
    );
    assert_eq!(
        tape_with("\"version\":1", "\"version\":7"),
        "the file has version 7, and this program reads versions 1 to 1"
    );
    assert_eq!(
        tape_with("\"wengert\":\"tape\"", "\"wengert\":\"picture\""),
        "the file: it holds a \"picture\", and not a tape or a program"
    );
}

#[test]
fn another_kind_or_number_is_refused() {
    assert_eq!(
        load_program::<f64>(&tape()).unwrap_err().to_string(),
        "this is a saved tape, and a program is asked for"
    );
    assert_eq!(
        load_tape::<f32>(&tape()).unwrap_err().to_string(),
        "the file holds numbers of the type f64, and f32 is asked for"
    );
    let head = head(&program()).unwrap();
    assert_eq!((head.kind, head.version, head.number.as_str()), (Kind::Program, 1, "f64"));
}

#[test]
fn a_step_that_does_not_hold_is_refused() {
    let unknown = tape_with("\"op\":\"sum\"", "\"op\":\"summ\"");
    assert_eq!(unknown, "node 2: there is no operation summ");
    let outside = tape_with("\"at\":2,\"shape\":[2]", "\"at\":3,\"shape\":[2]");
    assert_eq!(
        outside,
        "node 2: it reads shape [2] from slot 3 on, and 4 slots are filled before it"
    );
    let axes = tape_with("\"axes\":[0]", "\"axes\":[4]");
    assert!(axes.starts_with("node 2: sum") && axes.contains("axis 4"), "{axes}");
    let field = tape_with("\"axes\":[0]", "\"axis\":[0]");
    assert!(field.contains("column") && field.contains("unknown field `axis`"), "{field}");
    let values = tape_with("\"values\":[2,3]", "\"values\":[2,3,4]");
    assert!(values.starts_with("node 0: input") && values.contains("3"), "{values}");
    let taken = tape_with("\"op\":\"exp\"", "\"op\":\"exp\",\"name\":\"f\"");
    assert_eq!(taken, "node 1: exp takes no field \"name\"");
    let guard = tape_with("\"is\":\">\"", "\"is\":\"<\"");
    assert_eq!(guard, "guard 0: it was true when saved, and is false here");
    let symbol = tape_with("\"is\":\">\"", "\"is\":\"!=\"");
    assert_eq!(symbol, "guard 0: there is no comparison !=");
}

#[test]
fn what_is_asked_for_wrongly_is_refused() {
    let feed = program_with("\"output\":1", "\"output\":2");
    assert_eq!(feed, "asked, feed 0: there is no output 2");
    let pass = program_with("\"outputs\":", "\"without\":[\"luck\"],\"outputs\":");
    assert_eq!(pass, "asked: there is no pass \"luck\"");
    let rows = program_with(
        "\"outputs\":",
        "\"rows\":{\"count\":3,\"blocks\":[{\"at\":1,\"shape\":[1]}]},\"outputs\":",
    );
    assert!(rows.starts_with("asked, rows: rows"), "{rows}");
    let standing = program_with("\"leaf\":{\"at\":5,", "\"leaf\":{\"at\":0,");
    assert!(standing.starts_with("asked, standing 0: gradient_as"), "{standing}");
}

#[test]
fn more_than_is_allowed_is_refused() {
    let text = tape().replacen(
        "{\"op\":\"exp\",\"of\":[{\"at\":0,\"shape\":[2]}]}",
        "{\"op\":\"exp\",\"of\":[{\"at\":0,\"shape\":[4000000000,9],\"strides\":[0,0]}]}",
        1,
    );
    assert_eq!(
        load_tape::<f64>(&text).unwrap_err().to_string(),
        "node 1: it takes 36000000002 numbers, and the bound is 16777216; who trusts the file sets \
         a higher one"
    );
    let tape = Tape::new();
    let x = tape.input(0.5);
    let scan = Scan::new().state(x).steps(1000);
    let turned = scan.record(|step| step.next([step.state(0).sin()])).unwrap();
    let text = tape_text(turned.state(0).tape());
    assert!(load_tape::<f64>(&text).is_ok());
    let long = text.replacen("\"steps\":1000", "\"steps\":90000000000", 1);
    let message = load_tape::<f64>(&long).unwrap_err().to_string();
    assert!(message.starts_with("node 1: it takes 9000000000"), "{message}");
    assert!(Loader::new().operations(100).tape::<f64>(&text).is_err());
}

/// Functions that call functions twice, twice: a short text of a huge program.
#[test]
fn functions_that_grow_are_refused() {
    let tape = Tape::new();
    let x = tape.input(0.5);
    let f = Operation::new("f", |x| x[0].sin() + x[0].cos());
    let _ = f.of(&[x]);
    let text = tape_text(&tape);
    let (before, rest) = text.split_once("\"bodies\":[\n").unwrap();
    let (first, after) = rest.split_once("\n],").unwrap();
    let mut bodies = first.to_owned();
    for k in 0..40 {
        bodies.push_str(&format!(
            ",\n{{\"inputs\":[[]],\"at\":[0.5],\"nodes\":[{{\"op\":\"call\",\"of\":[0],\"name\":\"f\",\
             \"bodies\":[{k}]}},{{\"op\":\"call\",\"of\":[1],\"name\":\"f\",\"bodies\":[{k}]}}],\
             \"outputs\":[2]}}"
        ));
    }
    let after = after.replacen("\"bodies\":[0]", "\"bodies\":[40]", 1);
    let message = load_tape::<f64>(&format!("{before}\"bodies\":[\n{bodies}\n],{after}"));
    let message = message.unwrap_err().to_string();
    assert!(message.contains("and the bound is 16777216"), "{message}");
}

#[test]
fn a_function_that_nobody_registered_is_named() {
    let tape = Tape::new();
    let table = External::new("table", |x, y| y[0] = x[0][0]);
    let _ = table.of(&[tape.input(1.0)]);
    let message = load_tape::<f64>(&tape_text(&tape)).unwrap_err().to_string();
    assert!(message.starts_with("node 1: ") && message.contains("table"), "{message}");
}

#[test]
fn loops_branches_and_rules_that_do_not_hold_are_refused() {
    let tape = Tape::new();
    let (x, w) = (tape.input([0.5, 0.25]), tape.input([1.0, 2.0]));
    let f = Operation::new("f", |x| x[0].sin()).with_vjp(|x, _, g| vec![g * x[0].cos()]);
    let y = f.of(&[x]);
    let scan = Scan::new().state(y).fixed(w).steps(3);
    let turned = scan.record(|step| step.next([step.state(0) * step.fixed(0)])).unwrap();
    let _ = tape.cond(x.at(0), &[turned.state(0)], |x| x[0] * 2.0, |x| x[0].exp()).unwrap();
    let _ = tape.root(x, &[w], |y, p| y - p[0]).unwrap();
    let text = tape_text(&tape);
    let message = |from: &str, to: &str| {
        assert!(text.contains(from), "{from} in {text}");
        load_tape::<f64>(&text.replacen(from, to, 1)).unwrap_err().to_string()
    };
    assert_eq!(message("\"steps\":3", "\"steps\":0"), "node 3: a loop has at least one step");
    let states = "every state is given once and returned once, of one shape";
    assert_eq!(
        message("[{\"state\":0},\"fixed\"]", "[{\"state\":1},\"fixed\"]"),
        format!("node 3: {states}")
    );
    assert_eq!(
        message("\"returned\":[{\"state\":0}]", "\"returned\":[\"row\"]"),
        format!("node 3: {states}")
    );
    assert_eq!(
        message("\"returned\":[{\"state\":0}]", "\"returned\":[\"fixed\"]"),
        "node 3: what a step returns is a state or a row"
    );
    assert_eq!(
        message("\"name\":\"root\"", "\"name\":\"hope\""),
        "node 5: an equation is not called hope"
    );
    let rule = message("\"name\":\"f\",\"bodies\":[0,1]", "\"name\":\"f\",\"bodies\":[0,0]");
    assert_eq!(rule, "node 2: its rule takes the operands, the result and a cotangent");
    let later = message("\"name\":\"f\",\"bodies\":[0,1]", "\"name\":\"f\",\"bodies\":[99]");
    assert!(later.starts_with("node 2: there is no body 99"), "{later}");
    let none = message("\"name\":\"f\",\"bodies\":[0,1]", "\"name\":\"f\"");
    assert_eq!(none, "node 2: call runs no 0 bodies");
}
