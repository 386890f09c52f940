//! Traces from files: what is read is what was written, and what is wrong with a file is told
//! apart.

use crate::common::{AT, network, tensor_program};
use proptest::prelude::*;
use wengert::Tape;
use wengert_inspect::{
    Adjoint, Diff, Health, LedgerText, Malformed, ParameterTable, Picture, ReadError, Severance,
    Table, Trace, VERSION,
};

fn traced() -> Trace {
    Trace::of(&network(&Tape::new()).backward()).unwrap()
}

fn bits(trace: &Trace) -> Vec<(u64, Option<u64>, String)> {
    let adjoint = |slot| match trace.adjoint(slot) {
        Adjoint::Computed(number) => (Some(number.to_bits()), String::new()),
        other => (None, other.to_string()),
    };
    let row = |slot| {
        let (number, answer) = adjoint(slot);
        (trace.value(slot).to_bits(), number, answer)
    };
    trace.slots().map(row).collect()
}

#[test]
fn every_number_survives_bit_for_bit() {
    let odd = [
        0.1,
        -0.0,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        5e-324,
        -f64::MIN_POSITIVE / 3.0,
        f64::MAX,
    ];
    let tape = Tape::new();
    let x = tape.input(odd).named("x");
    let trace = Trace::of(&(x * x.sin()).sum().named("y").backward()).unwrap();
    let program = {
        let tape = Tape::new();
        Trace::of(&tensor_program(&tape, tape.input(AT).named("x")).backward()).unwrap()
    };
    for trace in [trace, program] {
        let json = trace.to_json();
        let back = Trace::from_json(&json).unwrap();
        assert_eq!(bits(&trace), bits(&back));
        assert_eq!(json, back.to_json());
        // In any layout of the text.
        let pretty = serde_json::to_string_pretty(&trace).unwrap();
        assert_eq!(bits(&trace), bits(&Trace::from_json(&pretty).unwrap()));
    }
}

/// Numbers as other programs write them: more digits than needed, exponents, whole numbers.
#[test]
fn numbers_of_other_writers_are_read_to_the_nearest() {
    let json = |number: &str| {
        format!(
            r#"{{"version":1,"precision":"f64","nodes":[{{"path":"x","op":"input","values":[{number}]}}]}}"#
        )
    };
    let read = |number: &str| {
        let trace = Trace::from_json(&json(number)).unwrap();
        trace.value(trace.slot("x").unwrap())
    };
    for (text, number) in [
        ("1", 1.0),
        ("-0", -0.0),
        ("1E2", 100.0),
        ("0.1000000000000000055511151231257827", 0.1),
        ("2.2250738585072011e-308", f64::MIN_POSITIVE.next_down()),
        ("9007199254740993", 9007199254740992.0),
        ("123456789012345678901234567890", 1.2345678901234568e29),
        (r#""inf""#, f64::INFINITY),
        (r#""-inf""#, f64::NEG_INFINITY),
    ] {
        assert_eq!(read(text).to_bits(), number.to_bits(), "{text}");
    }
    assert!(read(r#""NaN""#).is_nan());
    for text in ["NaN", "Infinity", r#""nan""#, r#""1""#, "null", "1e999"] {
        assert!(Trace::from_json(&json(text)).is_err(), "{text}");
    }
}

#[test]
fn a_file_cut_off_anywhere_is_truncated() {
    let json = traced().to_json();
    assert!(json.is_ascii());
    for end in 0..json.len() {
        assert_eq!(
            Trace::from_json(&json[..end]).unwrap_err(),
            ReadError::Truncated { line: 1 },
            "{end}"
        );
    }
    let lines = serde_json::to_string_pretty(&traced()).unwrap();
    let half: String = lines.lines().take(20).map(|line| format!("{line}\n")).collect();
    assert_eq!(Trace::from_json(&half).unwrap_err(), ReadError::Truncated { line: 21 });
}

#[track_caller]
fn refused(from: &str, to: &str, message: &str) -> ReadError {
    let json = traced().to_json();
    assert!(json.contains(from), "{json}");
    let error = Trace::from_json(&json.replacen(from, to, 1)).unwrap_err();
    assert!(error.to_string().contains(message), "{error}");
    error
}

#[test]
fn other_versions_and_forms_are_told_apart() {
    let versions = r#""version":1"#;
    for (to, found) in [(r#""version":0"#, 0), (r#""version":7,"tensors":[]"#, 7)] {
        let error = refused(
            versions,
            to,
            &format!("the trace has version {found}; this reads versions 1 to {VERSION}"),
        );
        assert_eq!(error, Malformed::Version { found }.into());
    }
    let form = |from: &str, to: &str, message: &str| {
        assert!(matches!(refused(from, to, message), ReadError::Form { line: 1, .. }));
    };
    form(versions, r#""number":1"#, "missing field `version`");
    form(versions, r#""version":"1""#, "invalid type: string");
    form(r#""precision":"f64""#, r#""precision":"bf16""#, "unknown variant `bf16`");
    form(r#""adjoints":"#, r#""gradients":"#, "unknown field `gradients`");
    form(r#""op":"input","#, "", "missing field `op`");
    form(r#""operands":[{"node":"#, r#""operands":[{"cuts":true,"node":"#, "unknown field `cuts`");
    form(
        r#""outputs":[{"of":{"node":"#,
        r#""outputs":[{"of":{"slot":1,"node":"#,
        "unknown field `slot`",
    );
    form(r#""parts":[{"path":"#, r#""parts":[{"name":"x","path":"#, "unknown field `name`");
    form(r#""values":[1.0,0.0]"#, r#""values":[1.0,null]"#, "invalid type: null");
    form(r#""no path""#, r#""none""#, r#"expected a number, "NaN""#);
    let syntax = |from: &str, to: &str| {
        assert!(matches!(refused(from, to, "not JSON"), ReadError::Syntax { line: 1, .. }));
    };
    syntax(r#""values":[1.0,0.0]"#, r#""values":[1.0,0.0}"#);
    syntax(r#""values":[1.0,0.0]"#, r#""values":[1.0 0.0]"#);
    syntax(r#""values":[1.0,0.0]"#, r#""values":[NaN,0.0]"#);
}

#[test]
fn rules_are_checked_on_reading() {
    let two = |operands: &str, second: &str| {
        let json = format!(
            r#"{{"version":1,"precision":"f64","nodes":[
                {{"path":"a","op":"exp","values":[1],"operands":{operands}}},
                {{"path":"{second}","op":"exp","values":[1],"operands":[{{"node":0}}]}}]}}"#
        );
        match Trace::from_json(&json).unwrap_err() {
            ReadError::Malformed(error) => error,
            other => panic!("{other}"),
        }
    };
    // A cycle, a loop, an operand after its node; there is no order of the two in which the
    // operands come first.
    assert!(matches!(two(r#"[{"node":1}]"#, "b"), Malformed::OperandOrder { node: 1, .. }));
    assert!(matches!(two(r#"[{"node":0}]"#, "b"), Malformed::OperandOrder { node: 0, .. }));
    assert!(matches!(two(r#"[{"node":2}]"#, "b"), Malformed::OperandOrder { node: 2, .. }));
    assert!(matches!(two("[]", "b"), Malformed::Operands { .. }));
    assert!(matches!(
        refused(r#""values":[1.0,0.0]"#, r#""values":[1.0]"#, "`x` has 1 values for shape [2]"),
        ReadError::Malformed(Malformed::Length { .. })
    ));
}

#[test]
fn a_comparison_must_be_one() {
    let tape = Tape::new();
    let x = tape.input(2.0).named("x");
    assert!(x > 1.0);
    let trace = Trace::of(&x.exp().backward()).unwrap();
    let mut data = trace.into_data();
    data.guards[0].comparison = "<>".to_owned();
    let error = Trace::new(data).unwrap_err();
    assert_eq!(error, Malformed::Comparison { guard: 0, comparison: "<>".to_owned() });
}

#[test]
fn what_was_left_out_is_in_the_file_and_in_the_texts() {
    let trace = traced().limited(8);
    let omitted = trace.omitted().unwrap().clone();
    assert!(omitted.numbers > 0);
    let back = Trace::from_json(&trace.to_json()).unwrap();
    assert_eq!(back.omitted(), Some(&omitted));
    let line = format!("# left out: {omitted}\n");
    assert!(
        Table::new(&back).to_string().contains(&line)
            && LedgerText::new(&back).to_string().contains(&line)
    );
    assert!(!Table::new(&traced()).to_string().contains("left out"));
}

/// A text with some of its digits and words exchanged: mostly JSON still, with other nodes,
/// positions, shapes, strides, axes, ops.
fn mutated(json: &str, changes: &[(usize, usize)]) -> String {
    let mut bytes = json.as_bytes().to_vec();
    let digits: Vec<usize> = (0..bytes.len()).filter(|&i| bytes[i].is_ascii_digit()).collect();
    for &(at, to) in changes {
        bytes[digits[at % digits.len()]] = b"0123456789"[to % 10];
    }
    String::from_utf8(bytes).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: proptest::test_runner::RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::with_cases(256) })]
    /// Whatever a file holds, it is refused, or it is a trace and every view of it is made without
    /// a panic.
    #[test]
    fn what_is_read_can_be_looked_at(
        changes in proptest::collection::vec((0_usize..100_000, 0_usize..10), 1..4),
        ops in proptest::option::weighted(0.3, (0_usize..60, 0_usize..60)),
    ) {
        let tape = Tape::new();
        let whole = Trace::of(&tensor_program(&tape, tape.input(AT).named("x")).backward()).unwrap();
        let mut data = whole.clone().into_data();
        if let Some((a, b)) = ops {
            let nodes = data.nodes.len();
            data.nodes[a % nodes].op = whole.nodes()[b % nodes].op.clone();
        }
        let json = mutated(&serde_json::to_string(&data).unwrap(), &changes);
        if let Ok(trace) = Trace::from_json(&json) {
            let texts = [
                Table::new(&trace).all(true).to_string(),
                LedgerText::new(&trace).to_string(),
                Picture::new(&trace).partials(true).dot().to_string(),
                ParameterTable::new(&trace).to_string(),
                Severance::new(&trace).to_string(),
                Health::new(&trace).to_string(),
                Diff::new(&trace, &whole).to_string(),
                Diff::new(&whole, &trace).to_string(),
            ];
            prop_assert!(texts.iter().all(|text| !text.is_empty()));
            let half = trace.len() / 2;
            prop_assert!(trace.limited(half).len() <= half.max(1) || half == 0);
        }
    }
}

/// Leaving out while copying leaves out the same as after: values, adjoints, reasons of zeros,
/// names, everything.
#[test]
fn a_limited_recording_is_the_whole_one_limited() {
    let tape = Tape::new();
    let gradients = tensor_program(&tape, tape.input(AT).named("x")).backward();
    let _ = tape.input([1.0; 40]).named("later");
    let whole = Trace::of(&gradients).unwrap();
    for limit in 0..=whole.len() {
        let (limited, recorded) =
            (whole.clone().limited(limit), Trace::of_at_most(limit, &gradients).unwrap());
        assert_eq!(limited.to_json(), recorded.to_json(), "{limit}");
    }
    let tape = Tape::new();
    let gradients = network(&tape).backward();
    let whole = Trace::of(&gradients).unwrap();
    let mut zeros = 0;
    for limit in 0..=whole.len() {
        let recorded = Trace::of_at_most(limit, &gradients).unwrap();
        assert_eq!(whole.clone().limited(limit).to_json(), recorded.to_json(), "{limit}");
        zeros += recorded
            .slots()
            .filter(|&slot| matches!(recorded.adjoint(slot), Adjoint::Zero(_)))
            .count();
    }
    assert!(zeros > 0, "some zeros keep their reasons");
}

#[test]
fn stale_gradients_make_no_limited_recording() {
    let tape = Tape::new();
    let x = tape.input(1.0);
    let y = x.exp().sin();
    let gradients = y.backward();
    tape.replay(&[(x, &[2.0])]).unwrap();
    assert!(
        Trace::of_at_most(1, &gradients).is_err() && Trace::of_at_most(100, &gradients).is_err()
    );
}
