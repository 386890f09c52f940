//! Functions recorded once: an owned value that answers at any point.

use wengert::function::{Ask, Branches, FunctionBuilder};
use wengert::{Error, Function, Scalar, Var};

/// `f(x) = sin(x₀) x₁ + Σ xᵢ²`.
fn bowl<S: Scalar>(x: Var<'_, S>) -> Var<'_, S> {
    x.at(0).sin() * x.at(1) + x.square().sum()
}

/// A struct can hold it, and ask it where it likes.
struct Solver {
    function: Function,
}

impl Solver {
    fn newton_step(&mut self, x: [f64; 2]) -> [f64; 2] {
        let at = self.function.at(&x).unwrap();
        let (g, h) = (at.gradient(0).unwrap(), at.hessian(0).unwrap());
        let determinant = h[0][0] * h[1][1] - h[0][1] * h[1][0];
        [
            x[0] - (h[1][1] * g[0] - h[0][1] * g[1]) / determinant,
            x[1] - (h[0][0] * g[1] - h[1][0] * g[0]) / determinant,
        ]
    }
}

#[test]
fn a_struct_that_holds_one_finds_the_minimum_by_newtons_method() {
    let mut solver = Solver { function: Function::of([0.0, 0.0], bowl).unwrap() };
    let mut x = [0.4, -0.3];
    for _ in 0..8 {
        x = solver.newton_step(x);
    }
    let slope = solver.function.at(&x).unwrap().gradient(0).unwrap();
    assert!(slope.iter().all(|slope| slope.abs() < 1e-15), "{slope:?}");
}

#[test]
fn every_answer_is_that_of_a_closure_differentiated_on_the_spot() {
    let mut function = Function::of([1.0, 1.0, 1.0], bowl).unwrap();
    let asks = [Ask::Value(0), Ask::Gradient(0), Ask::Jacobian(0), Ask::Hessian(0), Ask::Hvp(0)];
    let (mut compiled, [value, gradient, jacobian, hessian, hvp]) = function.compile(asks).unwrap();
    let direction = [1.0, -2.0, 0.5];
    compiled.along(&direction).unwrap();
    for x in [[0.3, -0.7, 2.0], [1.5, 0.0, -1.0]] {
        let exact = wengert::hessian(bowl, &x).unwrap();
        let slopes = wengert::grad(bowl, &x).unwrap();
        let product = wengert::hvp(bowl, &x, &direction).unwrap();
        let at = function.at(&x).unwrap();
        assert_eq!(at.gradient(0).unwrap(), slopes);
        assert_eq!(at.jacobian(0).unwrap(), std::slice::from_ref(&slopes));
        assert_eq!(at.hessian(0).unwrap(), exact);
        assert_eq!(at.hvp(0, &direction).unwrap(), product);
        assert_eq!(at.vjp(&[("output", &[2.0])]).unwrap_err().op(), "path");
        let along: f64 = slopes.iter().zip(direction).map(|(g, d)| g * d).sum();
        near(&at.jvp(0, &direction).unwrap(), &[along]);
        let here = at.value(0);

        compiled.run(&x).unwrap();
        near(&[compiled.value(value)], &[here]);
        near(&compiled.values(gradient), &slopes);
        near(&compiled.values(jacobian), &slopes);
        near(&compiled.values(hessian), &exact.concat());
        near(&compiled.values(hvp), &product);
    }
}

#[track_caller]
fn near(found: &[f64], exact: &[f64]) {
    assert_eq!(found.len(), exact.len());
    for (found, exact) in found.iter().zip(exact) {
        assert!((found - exact).abs() <= 8.0 * f64::EPSILON * exact.abs().max(1.0));
    }
}

/// Weights, biases and data of their own shapes, an objective and a constraint.
fn model() -> Function {
    Function::builder()
        .input("w", [[1.0, 2.0], [3.0, 4.0]])
        .input("b", [0.5, -0.5])
        .data("x", [1.0, 1.0])
        .record(|given| {
            let y = (given.get("w").matmul(given.get("x")) + given.get("b")).named("y");
            vec![y, y.square().sum().named("loss")]
        })
        .unwrap()
}

#[test]
fn arguments_are_parts_of_one_point_and_outputs_have_names() {
    let mut model = model();
    assert_eq!(model.outputs().collect::<Vec<_>>(), ["y", "loss"]);
    assert_eq!((model.len(), model.range("w"), model.range("x")), (6, Some(0..4), None));
    let point = [1.0, 2.0, 3.0, 4.0, 0.5, -0.5];
    let at = model.at(&point).unwrap();
    assert_eq!((at.values("y"), at.value("loss")), (vec![3.5, 6.5], 54.5));
    assert_eq!(at.gradient("loss").unwrap(), [7.0, 7.0, 13.0, 13.0, 7.0, 13.0]);
    let rows = [[1.0, 1.0, 0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 1.0, 1.0, 0.0, 1.0]];
    assert_eq!(at.jacobian("y").unwrap(), rows);
    // A Lagrangian: the objective, and twice the first constraint.
    let lagrangian = at.vjp(&[("loss", &[1.0]), ("y", &[2.0, 0.0])]).unwrap();
    assert_eq!(lagrangian, [9.0, 9.0, 13.0, 13.0, 9.0, 13.0]);
    // Other data, the same point.
    model.set_data("x", &[0.0, 2.0]).unwrap();
    assert_eq!(model.at(&point).unwrap().values("y"), [4.5, 7.5]);
    // An output as tall as a point is wide goes by tangents: the same numbers.
    let mut tall = Function::of([2.0], |x| x.tape().stack(&[x, x * x]).reshape([2])).unwrap();
    assert_eq!(tall.at(&[3.0]).unwrap().jacobian(0).unwrap(), [[1.0], [6.0]]);
}

fn piecewise(x: Var<'_>) -> Var<'_> {
    let x = x.at(0);
    if x > 0.0 { x * x } else { -3.0 * x }
}

#[test]
fn a_branch_that_would_flip_is_refused_or_recorded_again() {
    let mut refusing = Function::of([1.0], piecewise).unwrap();
    assert!(matches!(refusing.at(&[-1.0]), Err(Error::GuardFlipped { .. })));
    assert_eq!(refusing.at(&[2.0]).unwrap().gradient(0).unwrap(), [4.0]);
    let (mut compiled, _) = refusing.compile([Ask::Gradient(0)]).unwrap();
    assert!(matches!(compiled.run(&[-1.0]), Err(Error::GuardFlipped { .. })));

    let mut again = Function::builder()
        .input("x", [1.0])
        .branches(Branches::Record)
        .record(move |given| vec![piecewise(given.get("x"))])
        .unwrap();
    for (x, slope) in [(-1.0, -3.0), (2.0, 4.0), (-5.0, -3.0)] {
        assert_eq!(again.at(&[x]).unwrap().gradient(0).unwrap(), [slope]);
    }
}

#[test]
fn misuse_is_an_error_that_names_it() {
    let mut model = model();
    let says = |error: Error, parts: &[&str]| {
        let text = error.to_string();
        for part in parts {
            assert!(text.contains(part), "{text}: there is no {part:?}");
        }
    };
    says(model.at(&[1.0]).unwrap_err(), &["takes 6 numbers, and 1 were given"]);
    says(model.set_data("w", &[1.0]).unwrap_err(), &["nothing on the tape is called w"]);
    says(model.set_data("x", &[1.0]).unwrap_err(), &["x of shape [2] takes 2", "1 were given"]);
    let at = model.at(&[0.0; 6]).unwrap();
    says(at.gradient("los").unwrap_err(), &["called los", "function.rs"]);
    says(at.gradient("y").unwrap_err(), &["v", "y of shape [2]"]);
    says(at.gradient_into("loss", &mut [0.0; 5]).unwrap_err(), &["takes 6", "5 were given"]);
    says(at.hvp("loss", &[0.0; 5]).unwrap_err(), &["takes 6", "5 were given"]);
    says(model.compile([Ask::Gradient("y")]).unwrap_err(), &["y of shape [2]"]);
    says(model.compile([Ask::Value(7)]).unwrap_err(), &["output 7"]);
    let nothing = Function::builder().input("x", [1.0]).record(|_| Vec::new());
    assert!(matches!(nothing.unwrap_err(), Error::NothingAsked { .. }));
    let ragged = Function::builder().input("x", [vec![1.0], vec![]]).record(|_| Vec::new());
    assert!(matches!(ragged.unwrap_err(), Error::Ragged { .. }));
}

#[test]
fn other_numbers_have_functions_too() {
    let mut function = FunctionBuilder::<f32>::default()
        .input("x", [1.0_f32, 2.0])
        .record(|given| vec![given.get("x").square().sum()])
        .unwrap();
    assert_eq!(function.at(&[3.0, 4.0]).unwrap().gradient(0).unwrap(), [6.0_f32, 8.0]);
}
