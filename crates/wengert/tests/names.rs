//! Names, scopes, labels and the listing: what a reader calls a number.

use std::collections::HashSet;

use wengert::{Leaf, Options, Tape, Var};

/// The paths of all nodes but constants.
#[track_caller]
fn check(record: impl FnOnce(&Tape), expected: &[&str]) {
    let tape = Tape::new();
    record(&tape);
    let paths = tape.paths();
    let distinct: HashSet<&String> = paths.iter().collect();
    assert_eq!(distinct.len(), paths.len(), "two nodes have one path: {paths:?}");
    let shown: Vec<String> =
        tape.nodes().zip(paths).filter(|(n, _)| n.op.name() != "const").map(|(_, p)| p).collect();
    assert_eq!(shown, expected);
}

#[test]
fn a_node_is_called_by_scope_and_name_or_by_scope_and_op() {
    check(
        |tape| {
            let x = tape.input(1.0).named("x");
            for i in 0..2 {
                let _layer = tape.scope("hidden");
                let _neuron = tape.scope(&i.to_string());
                let z = (x * 2.0 + 1.0).named("z");
                let _ = z.exp() + z.exp();
            }
            let _ = x * x;
        },
        &[
            "x",
            "hidden/0/mul#1",
            "hidden/0/z",
            "hidden/0/exp#1",
            "hidden/0/exp#2",
            "hidden/0/add#1",
            "hidden/1/mul#1",
            "hidden/1/z",
            "hidden/1/exp#1",
            "hidden/1/exp#2",
            "hidden/1/add#1",
            "mul#1",
        ],
    );
}

#[test]
fn a_scope_opened_again_goes_on() {
    check(
        |tape| {
            let x = tape.input(1.0).named("x");
            for _ in 0..2 {
                let _scope = tape.scope("s");
                let _ = x.exp().named("e");
                let _ = x.sin();
            }
        },
        &["x", "s/e", "s/sin#1", "s/e#2", "s/sin#2"],
    );
}

#[test]
fn paths_are_unique_whatever_names_look_like() {
    check(
        |tape| {
            let x = tape.input(1.0);
            let _ = x.exp().named("a");
            let _ = x.exp().named("a");
            let _ = x.exp().named("a#2");
            let _ = x.exp().named("a#4");
            let _ = x.exp().named("a");
            let _ = x.exp().named("a");
            let _ = x.exp().named("exp#1");
            let _ = x.exp();
            let _ = tape.scope("s");
            let _ = x.sin().named("s/cos#1");
            let _scope = tape.scope("s");
            let _ = x.cos();
        },
        &[
            "input#1", "a", "a#2", "a#2#2", "a#4", "a#3", "a#5", "exp#1", "exp#2", "s/cos#1",
            "s/cos#2",
        ],
    );
}

#[test]
fn a_later_name_replaces_an_earlier_one() {
    check(
        |tape| {
            let x = tape.input(1.0).named("x").named("x");
            let _ = (x * x).named("first").named("second");
        },
        &["x", "second"],
    );
}

#[test]
fn elements_are_called_by_the_smallest_named_run() {
    let tape = Tape::new();
    let w = tape.tensor(Leaf::Param, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2, 3]).unwrap().named("w");
    let row = w.at(1).named("row");
    let column = w.t().at(0);
    let y = w.exp();
    let label = |slot: usize| tape.label(w.at(slot / 3).at(slot % 3).id());
    assert_eq!(
        (label(0), label(2), label(3), label(5)),
        ("w[0, 0]".into(), "w[0, 2]".into(), "row[0]".into(), "row[2]".into())
    );
    let _ = w.at(0).at(0).named("corner");
    assert_eq!(label(0), "corner");
    assert_eq!(tape.label(y.id()), "v6");
    let _ = (row, column.named("column"));
    assert_eq!(label(3), "column[1]", "of two runs, the shorter names its elements");
    assert_eq!(tape.scope_of(w.id()), "");
}

#[test]
fn the_listing_shows_ids_paths_formulas_and_values() {
    let tape = Tape::new();
    let x = tape.data([0.5, -1.0]).named("x");
    let w = tape.param([0.5, 0.25, -1.0, 0.125]).named("w");
    let (z, layer) = {
        let _scope = tape.scope("hidden");
        let layer = Var::affine(1.0, w.reshape([2, 2]), x).named("z");
        ((w.at(0) * x.at(0) + 1.0).named("0.z"), layer)
    };
    let y = (z.relu() - 1.0).square() * 0.5 + w.reshape([2, 2]).t().at(0).sum() + layer.max_axes(0);
    let _ = y.named("loss");
    let expected = "\
v0   x             data -> [2]                  [0.5, -1]
v2   w             param -> [4]                 [0.5, 0.25, -1, 0.125]
v7   hidden/z      affine 1 v2..v5 x -> [2]     [1, 0.375]
v9   hidden/mul#1  mul w[0] x[0]                0.25
v10  hidden/0.z    add v9 1                     1.25
v11  relu#1        relu hidden/0.z              1.25
v12  sub#1         sub v11 1                    0.25
v14  powi#1        powi v12 2                   0.0625
v16  mul#1         mul v14 0.5                  0.03125
v17  sum#1         sum axes [0] v2..v4 by [2]   -0.5
v18  add#1         add v16 v17                  -0.46875
v19  max_over#1    max_over axes [0] hidden/z   1
v20  loss          add v18 v19                  0.53125
";
    assert_eq!(tape.to_string(), expected);
    let many = Tape::new();
    let _ = many.param([0.5; 9]);
    assert_eq!(
        many.to_string(),
        "v0  param#1  param -> [9]   [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, ... 3 more]\n"
    );
}

#[test]
fn source_lines_are_kept_for_names_and_guards_and_on_request_for_all() {
    let off = Tape::new();
    let on = Tape::with(Options::default().source_lines(true));
    for tape in [&off, &on] {
        let x = tape.input(1.0);
        let line = line!() + 1;
        let y = x.exp();
        let named = (y * 2.0).named("named");
        let run = tape.input([1.0, 2.0]);
        assert!(named > 0.0);
        let place = |var: Var<'_>| tape.node(var.id()).unwrap().place;
        assert_eq!(place(named).unwrap().line(), line + 1);
        assert_eq!(tape.guards()[0].place.line(), line + 3);
        assert!(tape.guards()[0].place.file().ends_with("names.rs"));
        let wanted = std::ptr::eq(tape, &on);
        assert_eq!(place(x).map(|place| place.line()), wanted.then_some(line - 2));
        assert_eq!(place(y).map(|place| place.line()), wanted.then_some(line));
        assert_eq!(place(run).map(|place| place.line()), wanted.then_some(line + 2));
        assert!(place(named).unwrap().to_string().contains(&format!("names.rs:{}:", line + 1)));
    }
    assert_eq!(off.all_values(), on.all_values());
}

/// A listing goes through the names once, and not once for each operand: sixteen times as many
/// lines take sixteen times as long, or a little more, and not 256 times.
#[test]
fn the_listing_of_a_long_tape_takes_time_in_proportion() {
    let time = |lines: usize| {
        let tape = Tape::new();
        let block = tape.input(vec![0.5; lines]).named("block");
        let mut x = block.at(0);
        for i in 0..lines {
            let pair = block.slice(0, i / 2..i / 2 + 1).named(&format!("part{i}"));
            x = (x * block.at(i) + pair.sum()).named(&format!("x{i}"));
        }
        let listed = (0..3).map(|_| {
            let started = std::time::Instant::now();
            assert!(tape.to_string().lines().count() > 2 * lines);
            started.elapsed().as_secs_f64()
        });
        listed.fold(f64::INFINITY, f64::min)
    };
    let (short, long) = (time(250), time(4000));
    assert!(long < 100.0 * short, "{short} s and {long} s");
}
