//! Files that were damaged, or made to do harm: an error, or a program; never a panic, and never more
//! memory than is allowed.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;
use wengert::op::{Op, Structural};
use wengert::{Compiler, External, Externals, Leaf, Operation, Scan, Tape};
use wengert_saved::{LoadError, Loader, program_text};

use crate::{cases, memory};

fn table() -> External {
    External::new("table", |x, y| {
        for (y, x) in y.iter_mut().zip(x[0]) {
            *y = x.powi(3);
        }
    })
    .with_vjp(|x, _, g, to| {
        for ((to, x), g) in to[0].iter_mut().zip(x[0]).zip(g) {
            *to = 3.0 * x.powi(2) * g;
        }
    })
}

/// Fewer where nothing is optimised.
const CASES: u32 = if cfg!(debug_assertions) { 1000 } else { 20_000 };

/// Little is allowed, so that a file that asks for much shows.
fn loader() -> Loader {
    let mut known = Externals::new();
    known.register(table()).unwrap();
    Loader::new().externals(known).numbers(1 << 14).operations(1 << 20)
}

/// A program with everything that a file can hold.
fn everything() -> String {
    let tape = Tape::new();
    let w = tape.param([[0.5, -0.25], [0.125, 1.5]]).named("w");
    let x = tape.data([0.5, 2.0]).named("x");
    let turn = Operation::new("turn", |x| (x[0] * x[1]).sin())
        .with_vjp(|x, _, g| vec![g * x[1] * (x[0] * x[1]).cos(), g * x[0]]);
    let scan = Scan::new().state(x).fixed(w.at(0)).rows(w).steps(2);
    let turned = scan
        .record(|step| {
            let next = turn.of(&[step.state(0), step.fixed(0)]) + step.row(0);
            step.next([next]).with([next.sum()])
        })
        .unwrap();
    let chosen =
        tape.cond(w.at(1).at(0), &[turned.state(0)], |x| x[0].exp(), |x| x[0].cos()).unwrap();
    let solved = tape.root(x, &[w.at(0)], |y, p| y + y.square() * 0.1 - p[0]).unwrap();
    let hidden = {
        let _scope = tape.scope("hidden");
        (w.t().matmul(x) + chosen + solved.detach()).tanh().named("z")
    };
    let gathered = hidden.gather(&[1, 0, 1]).cumsum(0);
    let loss = (table().of(&[gathered]).sum() + turned.rows(0).sum() + (w.at(0).log_sum_exp()))
        .named("loss");
    assert!(loss > -1e9);
    let g = tape.data([[0.0, 0.0], [0.0, 0.0]]);
    let next = w - 0.1 * g;
    let mut compiler = Compiler::new(&tape);
    compiler.output(loss).unwrap();
    compiler.gradient_as(loss, w, g).unwrap();
    compiler.gradient(loss, w).unwrap();
    let next = compiler.output(next).unwrap();
    compiler.feed(next, w).unwrap();
    program_text(&compiler)
}

/// The most bytes that loading a file of few numbers may take.
const MOST: isize = 24 << 20;

/// Loads, and runs what could be loaded.
fn survives(text: &str) -> Result<(), LoadError> {
    let mut result = Ok(());
    let most = memory::most(|| {
        result = loader().program::<f64>(text).map(|loaded| {
            let mut workspace = loaded.program.workspace();
            let _ = loaded.program.run(&mut workspace);
        });
    });
    assert!(most < MOST, "{most} bytes for\n{text}");
    result
}

#[test]
fn the_program_itself_is_loaded() {
    let text = everything();
    survives(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
}

#[test]
fn a_file_that_was_cut_off_is_refused() {
    let text = everything();
    let end = text.trim_end().len();
    for cut in (0..end).step_by(7).chain(end - 20..end) {
        let error = survives(&text[..cut]).expect_err(&text[..cut]);
        let cut_off = matches!(error, LoadError::Truncated { .. } | LoadError::Form { .. });
        assert!(cut_off, "{cut}: {error}");
    }
}

#[test]
fn a_byte_that_was_changed_is_an_error_or_another_program() {
    let text = everything();
    let bytes = text.as_bytes();
    let mut loaded = 0;
    let step = if cfg!(debug_assertions) { 5 } else { 1 };
    for at in (0..bytes.len()).step_by(step) {
        for changed in [bytes[at] ^ 1, bytes[at] ^ 2, bytes[at] ^ 0x10, b'9', b','] {
            let mut bytes = bytes.to_vec();
            bytes[at] = changed;
            if let Ok(text) = String::from_utf8(bytes) {
                loaded += u32::from(survives(&text).is_ok());
            }
        }
    }
    // A digit of a number changed is another number.
    assert!(loaded > 100, "{loaded}");
}

/// Every number and every text of the file, one after another.
fn places(value: &Value, path: &str, all: &mut Vec<String>) {
    match value {
        Value::Array(list) => {
            for (i, item) in list.iter().enumerate() {
                places(item, &format!("{path}/{i}"), all);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                places(field, &format!("{path}/{name}"), all);
            }
        }
        _ => {}
    }
    all.push(path.to_owned());
}

/// Another value in some places of the file: numbers at the ends of their range, parts of the file in
/// the place of others, lists with items left out or twice.
#[test]
fn a_value_that_was_changed_is_an_error_or_another_program() {
    let text = everything();
    let whole: Value = serde_json::from_str(&text).unwrap();
    let mut all = Vec::new();
    places(&whole, "", &mut all);
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let change = (0..all.len(), 0..18_u8, 0..all.len());
    let changes = prop::collection::vec(change, 1..4);
    let result = TestRunner::new_with_rng(config, rng).run(&changes, |changes| {
        let mut file = whole.clone();
        for (at, what, from) in changes {
            let other = whole.pointer(&all[from]).cloned().unwrap_or_default();
            let Some(place) = file.pointer_mut(&all[at]) else { continue };
            let number = place.as_i64();
            match what {
                0 => *place = 0.into(),
                1 => *place = (-1).into(),
                2 => *place = u32::MAX.into(),
                3 => *place = u64::MAX.into(),
                4 => *place = 1e308.into(),
                5 => *place = "nan".into(),
                6 => *place = Value::Null,
                7 => *place = true.into(),
                8 | 9 => *place = other,
                10 => *place = number.map_or(1.into(), |n| n.wrapping_add(1).into()),
                11 => *place = number.map_or(2.into(), |n| n.wrapping_sub(1).into()),
                12 => *place = number.map_or(1000.into(), |n| n.wrapping_mul(1000).into()),
                13 => *place = Value::Array(vec![]),
                14 => {
                    if let Some(list) = place.as_array_mut() {
                        list.pop();
                    }
                }
                15 => {
                    if let Some(list) = place.as_array_mut()
                        && let Some(last) = list.last().cloned()
                    {
                        list.push(last);
                    }
                }
                16 => {
                    if let Some(list) = place.as_array_mut() {
                        list.reverse();
                    }
                }
                _ => {
                    if let Some(fields) = place.as_object_mut()
                        && let Some(name) = fields.keys().next().cloned()
                    {
                        fields.remove(&name);
                    }
                }
            }
        }
        let _ = survives(&file.to_string());
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

/// Any operation, of operands and attributes of another.
#[test]
fn an_operation_in_the_place_of_another_is_an_error_or_another_program() {
    for &op in Structural::ALL {
        for case in cases::cases(op).iter().take(2) {
            let tape = cases::exact();
            let (leaves, read) = cases::operands(&tape, op, case);
            let value = tape.apply(Op::Structural(op), &read, case.attributes.clone()).unwrap();
            let weights = cases::numbers(value.len(), 100);
            let weights = tape.tensor(Leaf::Data, &weights, value.shape()).unwrap();
            let loss = (value * weights).sum();
            let mut compiler = Compiler::new(&tape);
            for leaf in leaves.into_iter().filter(|leaf| !leaf.is_detached()) {
                compiler.gradient(loss, leaf).unwrap();
            }
            let text = program_text(&compiler);
            let wanted = format!("\"op\":\"{}\"", op.name());
            for &other in Structural::ALL {
                let _ = survives(&text.replace(&wanted, &format!("\"op\":\"{}\"", other.name())));
            }
        }
    }
}
