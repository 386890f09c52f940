//! The mark and the strides of what is differentiated, set and read are looked at.

use wengert::{
    CompileTape, Compiler, Error, Function, Numerics, Options, Tape, Var, grad, hessian, hvp,
    jacobian, jvp, value_and_grad, vjp,
};

#[test]
fn a_detached_output_has_no_gradient() {
    assert_eq!(grad(|x| (x * x).sum().detach(), &[3.0]).unwrap(), [0.0]);
    let tape = Tape::new();
    let x = tape.input(3.0);
    let y = (x * x).detach();
    assert_eq!(y.backward().get(x), None);
    assert_eq!(y.backward_with(&[1.0]).unwrap().get(x), None);
    assert_eq!(tape.tangents(&[(x, &[1.0])]).unwrap().value(y), 0.0);
    assert!(y.record_gradient(&[x]).unwrap()[0].is_none());
    assert_eq!(tape.hvp(y, &[(x, &[1.0])], &[x]).unwrap(), [[0.0]]);
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let mut compiler = Compiler::new(&tape).numerics(numerics);
        let (open, closed) =
            (compiler.gradient(x * x, x).unwrap(), compiler.gradient(y, x).unwrap());
        let program = compiler.compile().unwrap();
        let mut workspace = program.workspace();
        program.run(&mut workspace).unwrap();
        assert_eq!((workspace.value(open), workspace.value(closed)), (6.0, 0.0));
    }
    assert!(y.check().run().unwrap().agrees());
    // A claim of the derivative that passes through is found out.
    assert!(!y.check().claim(x, &[6.0]).run().unwrap().agrees());
}

#[test]
fn a_broadcast_view_is_not_set() {
    let tape = Tape::new();
    let x = tape.input(1.0);
    let wide = x.broadcast_to([3]);
    let is_operand = |error: Error| matches!(error, Error::Operand { .. });
    assert!(is_operand(tape.replay(&[(wide, &[7.0, 8.0, 9.0])]).unwrap_err()));
    assert!(is_operand(tape.update(wide, |_| ()).unwrap_err()));
    assert_eq!(x.value(), 1.0);
    // Every element once is fine, in whatever order.
    let m = tape.input([1.0, 2.0, 3.0, 4.0]).reshape([2, 2]);
    tape.replay(&[(m.t(), &[1.0, 2.0, 3.0, 4.0])]).unwrap();
    assert_eq!(m.values(), [1.0, 3.0, 2.0, 4.0]);
}

/// A detached output is 0 through every other door too.
#[test]
fn a_detached_output_has_no_derivative_of_any_kind() {
    fn cube(x: Var<'_>) -> Var<'_> {
        (x * x * x).sum().detach()
    }
    assert_eq!(value_and_grad(cube, &[3.0]).unwrap(), (27.0, vec![0.0]));
    assert_eq!(vjp(|x| (x * x).detach(), &[3.0], &[1.0]).unwrap(), (vec![9.0], vec![0.0]));
    assert_eq!(jvp(|x| (x * x).detach(), &[3.0], &[1.0]).unwrap(), (vec![9.0], vec![0.0]));
    assert_eq!(jacobian(|x| (x * x).detach(), &[3.0, 4.0]).unwrap(), [[0.0; 2]; 2]);
    assert_eq!(hvp(cube, &[3.0], &[1.0]).unwrap(), [0.0]);
    assert_eq!(hessian(cube, &[3.0]).unwrap(), [[0.0]]);
    let mut function = Function::of([3.0], cube).unwrap();
    let there = function.at(&[2.0]).unwrap();
    assert_eq!((there.value(0), there.gradient(0).unwrap().to_vec()), (8.0, vec![0.0]));
    let tape = Tape::new();
    let (x, dx) = (tape.input(3.0), tape.input(1.0));
    let y = (x * x).detach();
    assert_eq!(tape.backward_from(&[(y, &[1.0])]).unwrap().get(x), None);
    assert!(y.record_tangent(&[(x, dx)]).unwrap().is_none());
    // A loss that is part open and part closed: the closed part adds nothing.
    assert_eq!((x * x + y).backward().wrt(x), 6.0);
    assert_eq!(tape.backward_from(&[(y, &[1.0]), (x, &[5.0])]).unwrap().wrt(x), 5.0);
    // As what stands for a gradient in a program.
    let stands = tape.data(7.0);
    let moved = x - stands;
    let mut compiler = Compiler::new(&tape);
    compiler.gradient_as(y, x, stands).unwrap();
    let moved = compiler.output(moved).unwrap();
    let program = compiler.compile().unwrap();
    let mut workspace = program.workspace();
    program.run(&mut workspace).unwrap();
    assert_eq!(workspace.value(moved), 3.0);
}

/// A view of what is differentiated has its own order, and may repeat a number.
#[test]
fn the_strides_of_an_output_are_looked_at() {
    let cotangent = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let turned = [1.0, 3.0, 5.0, 2.0, 4.0, 6.0];
    for numerics in [Numerics::Exact, Numerics::Fast] {
        let tape: Tape = Tape::with(Options::default().numerics(numerics));
        let m = tape.input(cotangent).reshape([2, 3]);
        assert_eq!(m.t().backward_with(&cotangent).unwrap().values_wrt(m), turned);
        let seeds: [(Var<'_>, &[f64]); 1] = [(m.t(), &cotangent)];
        assert_eq!(tape.backward_from(&seeds).unwrap().values_wrt(m), turned);
        assert_eq!(tape.tangents(&[(m, &cotangent)]).unwrap().values(m.t()), m.t().values());
        let direction = m.t().values();
        assert_eq!(tape.tangents(&[(m.t(), &direction)]).unwrap().values(m), m.values());
        let along = tape.input(direction).reshape([3, 2]);
        let moved = m.square().sum().record_tangent(&[(m.t(), along)]).unwrap().unwrap();
        assert_eq!(moved.value(), 2.0 * 91.0);
        assert_eq!(tape.jacobian(m.t(), m).unwrap()[1][3], 1.0);
        let x = tape.input(2.0);
        let wide = x.broadcast_to([3]);
        assert_eq!(wide.backward_with(&[1.0, 2.0, 4.0]).unwrap().wrt(x), 7.0);
        assert_eq!(tape.tangents(&[(x, &[1.0])]).unwrap().values(wide), [1.0; 3]);
        let mut compiler = Compiler::new(&tape).numerics(numerics);
        let asked = [m.t(), wide, m.slice(1, 1..3)];
        let outputs = asked.map(|y| (compiler.output(y).unwrap(), y.values()));
        let loss = (m.t() * along).sum() + wide.sum();
        let gradients = [m.t(), m.slice(1, 1..3), x]
            .map(|by| (compiler.gradient(loss, by).unwrap(), loss.backward().values_wrt(by)));
        let program = compiler.compile().unwrap();
        let mut workspace = program.workspace();
        program.run(&mut workspace).unwrap();
        for (output, values) in outputs.into_iter().chain(gradients) {
            assert_eq!(workspace.values(output), values);
        }
    }
}

/// A number that stands twice in a view cannot be given two tangents.
#[test]
fn a_broadcast_view_is_no_direction() {
    let tape = Tape::new();
    let x = tape.input(1.0);
    let (wide, y) = (x.broadcast_to([3]), x * x);
    let three = tape.input([7.0, 8.0, 9.0]);
    let refused = |error: Error, op: &str| {
        assert!(matches!(error, Error::Operand { .. }), "{error}");
        assert!(error.op() == op && error.to_string().contains("are one number"), "{error}");
    };
    let seeds: [(Var<'_>, &[f64]); 1] = [(wide, &[7.0, 8.0, 9.0])];
    refused(tape.tangents(&seeds).map(|_| ()).unwrap_err(), "tangents");
    refused(tape.hvp(y, &seeds, &[x]).unwrap_err(), "hvp");
    refused(y.record_tangent(&[(wide, three)]).unwrap_err(), "record_tangent");
    refused(tape.jacobian(y, wide).unwrap_err(), "jacobian");
    refused(tape.hessian(y, wide).unwrap_err(), "hessian");
    // Read, it has one adjoint in every place.
    assert_eq!(y.backward().values_wrt(wide), [2.0; 3]);
}

/// A program's input is set in the order of its block: a handle or a name in another order, or of a
/// part, does not stand for it.
#[test]
fn a_view_is_no_input_of_a_program() {
    let tape = Tape::new();
    let m = tape.input([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).reshape([2, 3]).named("m");
    let turned = m.t().named("turned");
    let row = m.at(0).named("row");
    let x = tape.input(1.0);
    let loss = (turned * turned).sum() + row.sum() + x.broadcast_to([3]).sum();
    let program = tape.compile(&[loss], &[]).unwrap();
    for view in [turned, row, x.broadcast_to([3]), m.step_by(1, 2), m.at(0).at(0)] {
        let error = program.input(view).unwrap_err();
        assert!(matches!(error, Error::NotSettable { op: "input", .. }), "{error}");
        assert!(error.to_string().contains("no whole block of leaves"), "{error}");
    }
    for path in ["turned", "row"] {
        let error = program.input(path).unwrap_err();
        assert!(error.to_string().contains("no whole block of leaves"), "{error}");
    }
    // All of it in its order, in whatever shape.
    let input = program.input(m).unwrap();
    assert_eq!((program.input("m"), program.input(m.reshape([6]))), (Ok(input), Ok(input)));
    let error = program.workspace().set(input, &[1.0]).unwrap_err();
    assert!(error.to_string().contains("m of shape [6] takes 6 numbers"), "{error}");
}
