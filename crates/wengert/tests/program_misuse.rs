//! Bad input of compiled programs: each case is an error that names the culprit, the rule and the
//! caller's line, and leaves the tape, the compiler and the workspace as they were. Nothing here
//! rests on debug assertions; the tests hold in release builds too.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wengert::program::Batch;
use wengert::{CompileTape, Compiler, Error, Numerics, Options, Program, Tape, Var};

/// The message of the panic that `f` must end in.
#[track_caller]
fn panics<T>(f: impl FnOnce() -> T) -> String {
    let payload =
        catch_unwind(AssertUnwindSafe(f)).map(drop).expect_err("nothing was wrong with it");
    match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(payload) => (*payload.downcast::<&str>().unwrap()).to_owned(),
    }
}

/// The message, which must have these parts, and the line of the caller.
#[track_caller]
fn says<T>(result: Result<T, Error>, parts: &[&str]) -> Error {
    let error = result.map(drop).expect_err("nothing was wrong with it");
    for part in parts {
        assert!(error.to_string().contains(part), "{error}: there is no {part:?}");
    }
    // The refused call stands among the arguments of this one: on its line, or one further down.
    let (place, line) = (error.place().unwrap(), std::panic::Location::caller().line());
    assert!(place.file().ends_with("program_misuse.rs"), "{error}");
    assert!((line..=line + 1).contains(&place.line()), "{error}: not at line {line}");
    assert!(error.to_string().contains(&place.to_string()), "{error}");
    error
}

/// `½ |w − x|²` and what it is made of.
struct Loss<'t> {
    x: Var<'t>,
    w: Var<'t>,
    loss: Var<'t>,
}

fn loss(tape: &Tape) -> Loss<'_> {
    let (x, w) = (tape.data([1.0, 2.0]).named("x"), tape.param([3.0, 5.0]).named("w"));
    Loss { x, w, loss: (0.5 * (w - x).square().sum()).named("L") }
}

/// Whether the tape still records, sweeps, replays and compiles.
#[track_caller]
fn assert_usable(tape: &Tape) {
    let z = tape.input(3.0);
    let y = z * z;
    assert_eq!(y.backward().wrt(z), 6.0);
    tape.replay(&[(z, &[4.0])]).unwrap();
    let program = tape.compile(&[y], &[z]).unwrap();
    let mut workspace = program.workspace();
    program.run(&mut workspace).unwrap();
    let numbers: Vec<f64> =
        program.outputs().into_iter().map(|output| workspace.value(output)).collect();
    assert_eq!(numbers, [16.0, 8.0]);
}

fn step_of(tape: &Tape) -> Program {
    let Loss { w, loss, .. } = loss(tape);
    tape.compile(&[loss], &[w]).unwrap()
}

#[test]
fn a_workspace_of_another_program_is_refused() {
    let tape = Tape::new();
    let (one, other) = (step_of(&tape), step_of(&tape));
    let mut workspace = other.workspace();
    other.run(&mut workspace).unwrap();
    let before = workspace.values(other.outputs()[1]);
    let error = says(one.run(&mut workspace), &["run at", "another program", "workspace()"]);
    assert!(matches!(error, Error::OtherProgram { .. }), "{error}");
    says(one.profile(&mut workspace, 1), &["profile at", "another program"]);
    assert_eq!(workspace.values(other.outputs()[1]), before);
    other.run(&mut workspace).unwrap();
    // A clone is the same program, and a workspace's clone is of it.
    one.clone().run(&mut one.workspace().clone()).unwrap();
    assert_usable(&tape);
}

#[test]
fn inputs_of_another_shape_change_nothing() {
    let tape = Tape::new();
    let Loss { x, w, loss } = loss(&tape);
    let program = tape.compile(&[loss], &[w]).unwrap();
    let (mut workspace, input) = (program.workspace(), program.input(x).unwrap());
    let parts = ["set at", "x of shape [2] takes 2 numbers", "3 were given"];
    let error = says(workspace.set(input, &[1.0; 3]), &parts);
    assert!(matches!(error, Error::Length { op: "set", found: 3, .. }), "{error}");
    says(workspace.set(input, &[]), &["0 were given"]);
    assert_eq!(workspace.input(input), [1.0, 2.0]);
    program.run(&mut workspace).unwrap();
    assert_eq!(workspace.value(program.outputs()[0]), loss.value());
    assert_usable(&tape);
}

#[test]
fn what_is_no_block_of_leaves_is_no_input() {
    let tape = Tape::new();
    let Loss { x, loss, .. } = loss(&tape);
    let program = tape.compile(&[loss], &[]).unwrap();
    let error = says(
        program.input(loss),
        &["input at", "L is computed (mul)", "only inputs, parameters and data"],
    );
    assert!(matches!(error, Error::NotSettable { op: "input", .. }), "{error}");
    let sum = (x.square().sum()).id();
    let with_sum = tape.compile(&[loss], &[]).unwrap();
    says(with_sum.input(sum), &[&format!("{sum} is computed (sum)")]);
    says(program.input(x.at(1).id()), &["v1", "no whole block of leaves"]);
    let later = tape.input(1.0);
    says(program.input(later), &[&later.id().to_string()]);
    program.input(x).unwrap();
    assert_usable(&tape);
}

#[test]
fn a_loss_with_axes_has_no_gradient() {
    let tape = Tape::new();
    let Loss { x, w, loss } = loss(&tape);
    let v = (w - x).named("v");
    let g = tape.data([0.0; 2]);
    let mut compiler = Compiler::new(&tape);
    let parts = ["v of shape [2]", "no single derivative"];
    let error = says(compiler.gradient(v, w), &parts);
    assert!(matches!(error, Error::Operand { op: "gradient", .. }), "{error}");
    says(compiler.gradient_as(v, w, g), &parts);
    says(tape.compile(&[v], &[w]), &parts);
    // Nothing was asked for by what was refused.
    let value = compiler.output(loss).unwrap();
    let program = compiler.compile().unwrap();
    assert_eq!(program.outputs(), [value]);
    assert_usable(&tape);
}

#[test]
fn handles_of_another_tape_are_refused_in_every_request() {
    let (tape, made) = (Tape::new(), line!());
    let (other, other_made) = (Tape::new(), line!());
    let (here, there) = (loss(&tape), loss(&other));
    let (g, other_g) = (tape.data([0.0; 2]), other.data([0.0; 2]));
    let tapes = [made, other_made].map(|line| format!("program_misuse.rs:{line}:"));
    let two = |name| ["two tapes", name, &tapes[0], &tapes[1]];
    let mut compiler = Compiler::new(&tape);
    says(compiler.output(there.loss), &two("output"));
    says(compiler.gradient(there.loss, here.w), &two("gradient"));
    says(compiler.gradient(here.loss, there.w), &two("gradient"));
    says(compiler.gradient_as(there.loss, here.w, g), &two("gradient_as"));
    says(compiler.gradient_as(here.loss, there.w, g), &two("gradient_as"));
    says(compiler.gradient_as(here.loss, here.w, other_g), &two("gradient_as"));
    let output = compiler.output(here.w).unwrap();
    says(compiler.feed(output, there.w), &two("feed"));
    assert_eq!(compiler.compile().unwrap().outputs().len(), 1);
    assert_usable(&tape);
    assert_usable(&other);
}

#[test]
fn what_stands_for_a_gradient_is_data_of_its_shape_recorded_after_it() {
    let tape = Tape::new();
    let early = tape.data([0.0; 2]).named("early");
    let Loss { x, w, loss } = loss(&tape);
    let rule = "block of data, recorded after";
    let mut compiler = Compiler::new(&tape);
    let wrong = tape.data([0.0; 3]).named("wrong");
    let error = says(
        compiler.gradient_as(loss, w, wrong),
        &["wrong of shape [3]", "w of shape [2]", "has its shape"],
    );
    assert!(matches!(error, Error::Shapes { op: "gradient_as", .. }), "{error}");
    says(compiler.gradient_as(loss, w, early), &["early of shape [2]", rule]);
    says(compiler.gradient_as(loss, w, x), &["x of shape [2]", rule]);
    says(compiler.gradient_as(loss, w, tape.param([0.0; 2]).named("p")), &["p of shape [2]", rule]);
    says(
        compiler.gradient_as(loss, w, (w * 2.0).named("computed")),
        &["computed of shape [2]", rule],
    );
    // A part of a block, and a block out of order.
    let wide = tape.data([0.0; 4]).named("wide");
    says(compiler.gradient_as(loss, w, wide.slice(0, 0..2)), &[rule]);
    says(compiler.gradient_as(loss, w, wide.slice(0, 2..4)), &[rule]);
    let square = tape.param([1.0; 4]).reshape([2, 2]);
    let energy = square.square().sum();
    let table = tape.data([0.0; 4]).reshape([2, 2]);
    says(compiler.gradient_as(energy, square, table.t()), &[rule]);
    compiler.gradient_as(energy, square, table).unwrap();
    compiler.output(loss).unwrap();
    compiler.compile().unwrap();
    assert_usable(&tape);
}

#[test]
fn what_stands_for_a_gradient_comes_after_what_it_is_by() {
    let tape = Tape::new();
    let Loss { loss, .. } = loss(&tape);
    let g = tape.data([0.0; 2]).named("g");
    let late = tape.param([1.0, 1.0]).named("late");
    let mut compiler = Compiler::new(&tape);
    for wrt in [late, g] {
        says(compiler.gradient_as(loss, wrt, g), &["g of shape [2]", "recorded after"]);
    }
    compiler.output(loss).unwrap();
    compiler.compile().unwrap();
    assert_usable(&tape);
}

#[test]
fn a_leaf_stands_for_one_gradient() {
    let tape = Tape::new();
    let Loss { x, w, loss } = loss(&tape);
    let g = tape.data([0.0; 2]).named("g");
    let mut compiler = Compiler::new(&tape);
    compiler.gradient_as(loss, w, g).unwrap();
    says(compiler.gradient_as(loss, x, g), &["g of shape [2]", "stands for a gradient already"]);
    let moved = compiler.output(w - g).unwrap();
    compiler.feed(moved, w).unwrap();
    let program = compiler.compile().unwrap();
    let mut workspace = program.workspace();
    program.run(&mut workspace).unwrap();
    assert_eq!(workspace.values(moved), [1.0, 2.0]);
    assert_usable(&tape);
}

#[test]
fn what_stands_for_a_gradient_takes_no_value() {
    let tape = Tape::new();
    let Loss { w, loss, .. } = loss(&tape);
    let g = tape.data([0.0; 2]).named("g");
    let mut compiler = Compiler::new(&tape);
    compiler.gradient_as(loss, w, g).unwrap();
    let output = compiler.output(w).unwrap();
    let error = says(
        compiler.feed(output, g),
        &["g is data", "takes no new value", "stands for a gradient"],
    );
    assert!(matches!(error, Error::NotSettable { .. }), "{error}");
    // The other way round.
    let late = tape.data([0.0; 2]).named("late");
    compiler.feed(output, late).unwrap();
    says(compiler.gradient_as(loss, w, late), &["late of shape [2]", "is fed"]);
    let program = compiler.compile().unwrap();
    says(program.input(g), &["g is data", "takes no new value", "stands for a gradient"]);
    program.run(&mut program.workspace()).unwrap();
    assert_usable(&tape);
}

#[test]
fn what_is_fed_is_a_leaf_of_its_size() {
    let tape = Tape::new();
    let Loss { w, loss, .. } = loss(&tape);
    let mut compiler = Compiler::new(&tape);
    let (value, moved) = (compiler.output(loss).unwrap(), compiler.output(w * 0.5).unwrap());
    let error = says(
        compiler.feed(value, loss),
        &["L is computed (mul)", "only inputs, parameters and data"],
    );
    assert!(matches!(error, Error::NotSettable { .. }), "{error}");
    says(compiler.feed(value, tape.constant(7.0)), &["a constant"]);
    let error =
        says(compiler.feed(value, w), &["feed at", "shape [2] takes 2 numbers", "1 were given"]);
    assert!(matches!(error, Error::Length { op: "feed", found: 1, .. }), "{error}");
    compiler.feed(moved, w).unwrap();
    let program = compiler.compile().unwrap();
    let mut workspace = program.workspace();
    program.run(&mut workspace).unwrap();
    assert_eq!(workspace.input(program.input(w).unwrap()), [1.5, 2.5]);
    assert_usable(&tape);
}

#[test]
fn nothing_asked_for_is_an_error() {
    let tape = Tape::new();
    let Loss { w, loss, .. } = loss(&tape);
    let error = says(Compiler::new(&tape).compile(), &["compile at", "nothing was asked for"]);
    assert!(matches!(error, Error::NothingAsked { .. }), "{error}");
    says(tape.compile(&[], &[w]), &["nothing was asked for"]);
    let g = tape.data([0.0; 2]);
    let mut compiler = Compiler::new(&tape);
    compiler.gradient_as(loss, w, g).unwrap();
    says(compiler.compile(), &["nothing was asked for"]);
    assert_usable(&tape);
}

#[test]
fn a_program_computes_as_its_tape_does_unless_told() {
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let tape: Tape = Tape::with(Options::default().numerics(numerics));
        assert!(format!("{:?}", Compiler::new(&tape)).ends_with(&format!("{numerics:?}")));
        let other = Compiler::new(&tape).numerics(Numerics::Exact);
        assert!(format!("{other:?}").ends_with("Exact"));
    }
}

/// Two programs of the same outputs in another order: their handles must not be exchanged.
#[test]
fn outputs_and_inputs_of_another_program_are_noticed() {
    let tape = Tape::new();
    let Loss { x, w, loss } = loss(&tape);
    let mut one = Compiler::new(&tape);
    let value = one.output(loss).unwrap();
    let mut other = Compiler::new(&tape);
    let (moved, _) = (other.output(w).unwrap(), other.output(loss).unwrap());
    assert!(panics(|| other.feed(value, w)).contains("another compiler"));
    let (one, other) = (one.compile().unwrap(), other.compile().unwrap());
    let mut workspace = other.workspace();
    other.run(&mut workspace).unwrap();
    let input = one.input(x).unwrap();
    for message in [
        panics(|| workspace.value(value)),
        panics(|| workspace.values(value)),
        panics(|| workspace.slice(value).map(<[f64]>::len)),
        panics(|| workspace.input(input).len()),
        panics(|| workspace.clone().input_mut(input).len()),
        panics(|| workspace.clone().set(input, &[1.0, 2.0])),
        panics(|| Batch::new(one.clone()).run(&[], &[(other.input(x).unwrap(), &[1.0])])),
    ] {
        assert!(message.contains("of another program"), "{message}");
    }
    assert_eq!(workspace.values(moved), w.values());
    // The handles of programs that are gone are not taken for those of new ones.
    let stale = one.outputs()[0];
    drop(one);
    for _ in 0..50 {
        let program = tape.compile(&[loss], &[]).unwrap();
        assert!(panics(|| program.workspace().value(stale)).contains("another program"));
    }
    assert_usable(&tape);
}

#[test]
fn outputs_of_a_larger_compiler_are_named() {
    let tape = Tape::new();
    let Loss { w, loss, .. } = loss(&tape);
    let mut large = Compiler::new(&tape);
    large.output(loss).unwrap();
    let second = large.output(loss).unwrap();
    let mut small = Compiler::new(&tape);
    small.output(loss).unwrap();
    let message = panics(|| small.feed(second, w.at(0)));
    assert!(message.contains("another compiler"), "{message}");
    let program = small.compile().unwrap();
    let workspace = program.workspace();
    for message in [
        panics(|| workspace.value(second)),
        panics(|| workspace.values(second)),
        panics(|| workspace.slice(second).map(<[f64]>::len)),
    ] {
        assert!(message.contains("another program"), "{message}");
    }
    let several = panics(|| {
        let program = tape.compile(&[w], &[]).unwrap();
        program.workspace().value(program.outputs()[0])
    });
    assert!(several.contains("[2]") && several.contains("values()"), "{several}");
    assert_usable(&tape);
}

#[test]
fn everything_is_fed_at_once() {
    for swapped in [false, true] {
        let tape = Tape::new();
        let (a, b) = (tape.input(1.0), tape.input(1.0));
        let mut compiler = Compiler::new(&tape);
        let (second, sum) = (compiler.output(b).unwrap(), compiler.output(a + b).unwrap());
        let mut feeds = [(second, a), (sum, b)];
        if swapped {
            feeds.reverse();
        }
        for (output, to) in feeds {
            compiler.feed(output, to).unwrap();
        }
        let program = compiler.compile().unwrap();
        let mut workspace = program.workspace();
        let sums = [2.0, 3.0, 5.0, 8.0, 13.0];
        for expected in sums {
            program.run(&mut workspace).unwrap();
            assert_eq!(workspace.value(sum), expected, "swapped: {swapped}");
        }
    }
}

/// A program that branched, at a number where it would have branched otherwise.
#[track_caller]
fn flips(branch: impl for<'t> Fn(Var<'t>) -> Var<'t>, at: f64, to: f64, parts: &[&str]) {
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let tape = Tape::new();
        let x = tape.input(at).named("x");
        let y = branch(x);
        let mut compiler = Compiler::new(&tape).numerics(numerics);
        let value = compiler.output(y).unwrap();
        let halved = compiler.output(y * 0.5).unwrap();
        let kept = tape.input(-1.0);
        compiler.feed(halved, kept).unwrap();
        let program = compiler.compile().unwrap();
        let (input, kept) = (program.input(x).unwrap(), program.input(kept).unwrap());
        let mut workspace = program.workspace();
        workspace.set(input, &[to]).unwrap();
        let error = program.run(&mut workspace).unwrap_err();
        assert!(matches!(error, Error::GuardFlipped { .. }), "{error}");
        for part in parts.iter().chain(&["program_misuse.rs:", "record again"]) {
            assert!(error.to_string().contains(part), "{error}: there is no {part:?}");
        }
        // The tape says the same, and nothing was fed back.
        assert_eq!(tape.replay(&[(x, &[to])]).unwrap_err().to_string(), error.to_string());
        assert_eq!(workspace.input(kept), [-1.0]);
        // At a number of the recorded branch it runs again.
        workspace.set(input, &[at]).unwrap();
        program.run(&mut workspace).unwrap();
        assert_eq!(workspace.value(value), y.value());
        assert_eq!(workspace.input(kept), [0.5 * y.value()]);
        assert_usable(&tape);
    }
}

#[test]
fn a_guard_that_flips_is_an_error_that_names_node_and_line() {
    fn greater(x: Var<'_>) -> Var<'_> {
        if x > 1.0 { x * x } else { -x }
    }
    flips(greater, 2.0, 0.5, &["guard 0", "x > 1 was true", "is false now", "0.5 and 1"]);
    flips(greater, 2.0, f64::NAN, &["was true", "NaN"]);
    flips(|x| if x < 1.0 { x * x } else { -x }, 2.0, 0.5, &["x < ", "was false", "is true now"]);
    flips(|x| if x == 2.0 { x * x } else { -x }, 2.0, 2.5, &["x == "]);
    // Of a computed number that nothing else reads.
    flips(|x| if (x * x * 3.0) >= 4.0 { x } else { -x }, 2.0, 1.0, &[">=", "3 and 4"]);
}

#[test]
fn a_count_of_rounds_that_depends_on_data_is_guarded_each_round() {
    fn halve(mut x: Var<'_>) -> (Var<'_>, Var<'_>) {
        let mut rounds = x.tape().constant(0.0);
        while x > 1.0 {
            (x, rounds) = (x * 0.5, rounds + 1.0);
        }
        (x, rounds)
    }
    let tape = Tape::new();
    let x = tape.input(10.0).named("x");
    let (y, rounds) = halve(x);
    let program = tape.compile(&[y, rounds], &[x]).unwrap();
    let (mut workspace, input) = (program.workspace(), program.input(x).unwrap());
    for (to, guard) in [(4.0, 2), (40.0, 4), (1.0, 0)] {
        workspace.set(input, &[to]).unwrap();
        let error = program.run(&mut workspace).unwrap_err();
        assert!(
            matches!(error, Error::GuardFlipped { index, .. } if index == guard),
            "{to}: {error}"
        );
    }
    workspace.set(input, &[15.0]).unwrap();
    program.run(&mut workspace).unwrap();
    let numbers: Vec<f64> =
        program.outputs().into_iter().map(|output| workspace.value(output)).collect();
    assert_eq!(numbers, [0.9375, 4.0, 0.0625]);
    assert_usable(&tape);
}

#[test]
fn more_rows_than_a_program_can_hold_are_refused() {
    let tape = Tape::new();
    let x = tape.data([1.0, 2.0]);
    let y = (x * x).sum();
    let mut compiler = Compiler::new(&tape);
    compiler.rows(1 << 30, &[x]).unwrap();
    compiler.output(y).unwrap();
    let error = compiler.compile().unwrap_err();
    assert!(matches!(error, Error::ProgramTooLarge { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.starts_with("compile at ")
            && text.contains("program_misuse.rs:")
            && text.contains("fewer rows"),
        "{text}"
    );
}

#[test]
fn an_input_is_found_by_handle_id_and_path_and_by_nothing_else() {
    let tape = Tape::new();
    let layer = tape.scope("layer");
    let x = tape.input([1.0, 2.0]).named("x");
    drop(layer);
    let loss = x.square().sum().named("loss");
    let program = tape.compile(&[loss], &[]).unwrap();
    let input = program.input(x).unwrap();
    assert_eq!(program.input(x.id()), Ok(input));
    assert_eq!(program.input("layer/x"), Ok(input));
    let error = program.input("x").unwrap_err();
    assert!(matches!(&error, Error::NoSuchPath { path, .. } if path == "x"), "{error}");
    let error = program.input("loss").unwrap_err();
    assert!(error.to_string().contains("loss is computed (sum)"), "{error}");
    // A handle of another tape, in the same slot.
    let other = Tape::new();
    let error = program.input(other.input([1.0, 2.0])).unwrap_err();
    assert!(matches!(error, Error::TwoTapes { op: "input", .. }), "{error}");
    assert_eq!((error.op(), error.place().unwrap().line()), ("input", line!() - 2));
}
