//! Taylor coefficients against mpmath's, of every elementwise function and of structural ones.

use wengert::number::Dual;
use wengert::op::{Attributes, Op, Unary};
use wengert::{Error, External, Operation, Scan, Tape, Var, taylor};

/// Written by `taylor/make.py`: function, point, coefficients of orders 0 to 10.
const POINTS: &str = include_str!("taylor/points.csv");

fn matrix<'t>(rows: [[Var<'t>; 2]; 2]) -> Var<'t> {
    rows[0][0].tape().stack(&[rows[0][0], rows[0][1], rows[1][0], rows[1][1]]).reshape([2, 2])
}

/// The function of a name: an operation, or a formula.
fn function<'t>(name: &str, x: Var<'t>) -> Var<'t> {
    let tape = x.tape();
    let square = || matrix([[2.0 + x, x.sin()], [x.exp(), 3.0 + x * x]]);
    match name {
        "power" => x.powf(2.5),
        "tower" => x.powf(x),
        "cubed" => (1.0 + x).powi(3),
        "angle" => x.sin().atan2(2.0 + x),
        "hypotenuse" => x.hypot(x.exp()),
        "quotient" => x.sin() / (1.0 + x.exp()),
        "nested" => (1.0 + x * x).sqrt().sin().exp(),
        "determinant" => square().logdet(),
        "entry" => square().solve(tape.constant([1.0, 2.0])).at(0),
        "factor" => {
            let symmetric = matrix([[2.0 + x, x.sin()], [x.sin(), 3.0 + x.cos()]]);
            symmetric.cholesky().at(1).at(1)
        }
        "kepler" => {
            tape.root(tape.constant(1.0), &[x], |e, p| e - p[0] / 2.0 * e.sin() - 1.0).unwrap()
        }
        "logistic" => {
            let scan = Scan::new().state(tape.constant(0.3)).fixed(x).steps(4);
            let scan = scan.record(|s| {
                let y = s.state(0);
                s.next([s.fixed(0) * y * (1.0 - y)])
            });
            scan.unwrap().state(0)
        }
        "sums" => tape.stack(&[x, 2.0 * x, -x]).log_sum_exp(),
        _ => {
            let op = Unary::ALL.iter().find(|op| op.name() == name).expect("an operation");
            tape.apply(Op::Unary(*op), &[x], Attributes::None).unwrap()
        }
    }
}

#[track_caller]
fn close(a: &[f64], b: &[f64], tolerance: f64, what: &str) {
    assert_eq!(a.len(), b.len(), "{what}");
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        assert!((a - b).abs() <= tolerance * (1.0 + b.abs()), "{what}, order {i}: {a} and {b}");
    }
}

#[test]
fn coefficients_are_those_of_mpmath() {
    let mut seen = Vec::new();
    for line in POINTS.lines() {
        let (name, numbers) = line.split_once(',').unwrap();
        let numbers: Vec<f64> = numbers.split(',').map(|x| x.parse().unwrap()).collect();
        let (x, known) = (numbers[0], &numbers[1..]);
        let found = taylor(|x| function(name, x.at(0)), &[x], &[1.0], 10).unwrap().concat();
        close(&found, known, 1e-13, &format!("{name} at {x}"));
        // Twice as fast, 2ʲ the coefficient.
        let faster = taylor(|x| function(name, x.at(0)), &[x], &[2.0], 10).unwrap().concat();
        let known: Vec<f64> =
            known.iter().enumerate().map(|(j, c)| c * 2.0_f64.powi(j as i32)).collect();
        close(&faster, &known, 1e-12, &format!("{name} at {x}, twice as fast"));
        seen.push(name);
    }
    let kinked = |op: Unary| {
        use Unary::{Abs, Ceil, Floor, Neg, Relu, Round, Signum, Trunc};
        matches!(op, Neg | Abs | Signum | Floor | Ceil | Round | Trunc | Relu)
    };
    let slopes = [Unary::NormLogCdfSlope, Unary::NormLogCdfExcess, Unary::OneMinusSquare];
    for op in Unary::ALL.iter().filter(|&&op| !kinked(op) && !slopes.contains(&op)) {
        assert!(seen.contains(&op.name()), "{} has no coefficients", op.name());
    }
}

/// A hundred and more orders: of e^x cos x, whose coefficients are 2^(j/2) cos(j π/4)/j!.
#[test]
fn any_order_is_there() {
    let found = taylor(|x| x.exp() * x.cos(), &[0.0], &[1.0], 120).unwrap().concat();
    let cosines = [1.0, 0.5_f64.sqrt(), 0.0, -(0.5_f64.sqrt()), -1.0, -(0.5_f64.sqrt()), 0.0];
    let (mut scale, mut terms) = (1.0, 1.0); // √2ʲ/j!, and 2ʲ/j!: a product's terms, added up
    for (j, found) in found.iter().enumerate() {
        scale *= if j == 0 { 1.0 } else { 2.0_f64.sqrt() / j as f64 };
        terms *= if j == 0 { 1.0 } else { 2.0 / j as f64 };
        let known = scale * cosines.get(j % 8).copied().unwrap_or(0.5_f64.sqrt());
        let bound = 1e-15 * (1.0 + j as f64) * terms;
        assert!((found - known).abs() <= bound, "{j}: {found:e} {known:e}");
    }
}

#[test]
fn long_lists_and_several_outputs() {
    let tape = Tape::new();
    let x = tape.input([0.3, 0.4]);
    let y = (0..3000).fold(x, |x, _| x.sin() * 1.05 + 0.01 * x.at(0));
    let c = tape.taylor(y, &[(x.at(1), &[1.0])], 6).unwrap();
    assert_eq!((c.len(), c[0].clone()), (7, y.values()));
    // The first does not depend on what moves.
    assert!((1..7).all(|j| c[j][0] == 0.0));
    let t = tape.tangents(&[(x.at(1), &[1.0])]).unwrap().values(y);
    close(&c[1], &t, 1e-12, "the tangent");
    // Of a detached number nothing moves.
    let c = tape.taylor(x.detach() * 2.0, &[(x, &[1.0, 1.0])], 2).unwrap();
    assert_eq!(c, [[0.6, 0.8], [0.0; 2], [0.0; 2]]);
    let c = tape.taylor(x.detach() * x, &[(x, &[1.0, 1.0])], 2).unwrap();
    close(&c.concat(), &[0.09, 0.16, 0.3, 0.4, 0.0, 0.0], 1e-15, "a detached factor");
}

/// What runs a body is what stands inside; a rule of one's own is what it says.
#[test]
fn functions_as_one_step() {
    type Way = for<'t> fn(Var<'t>) -> Var<'t>;
    let of = |way: Way| taylor(way, &[0.3, -0.5], &[1.0, 2.0], 5).unwrap().concat();
    let known = of(inside);
    close(&of(checkpoint), &known, 1e-14, "a checkpoint");
    close(&of(branch), &known, 1e-14, "a branch");
    close(&of(called), &known, 1e-14, "a call");
    // x² whose rule says that it is x³: c₁ is 3x², and the others follow from that.
    assert_eq!(taylor(planted, &[2.0], &[1.0], 3).unwrap().concat(), [4.0, 12.0, 6.0, 1.0]);
}

fn inside(x: Var<'_>) -> Var<'_> {
    x.at(0).sin().exp() * x.sum()
}

fn checkpoint(x: Var<'_>) -> Var<'_> {
    x.tape().checkpoint(&[x], |x| inside(x[0])).unwrap()
}

fn branch(x: Var<'_>) -> Var<'_> {
    let condition = x.at(0).indicator_gt(0.0);
    x.tape().cond(condition, &[x], |x| inside(x[0]), |x| x[0].sum()).unwrap()
}

fn called(x: Var<'_>) -> Var<'_> {
    Operation::new("inside", |x| inside(x[0])).of(&[x])
}

fn planted(x: Var<'_>) -> Var<'_> {
    let rule = Operation::new("planted", |x| x[0] * x[0]);
    rule.with_vjp(|x, _, g| vec![g * 3.0 * x[0] * x[0]]).of(&[x.at(0)])
}

#[test]
fn at_kinks_they_are_those_of_the_piece() {
    let found = taylor(|x| x.abs().relu().max(x.square()), &[-0.5], &[1.0], 2).unwrap().concat();
    assert_eq!(found, [0.5, -1.0, 0.0]);
    let found = taylor(|x| x.floor() + x.prod(), &[1.5, 2.0], &[1.0, 1.0], 3).unwrap();
    assert_eq!(found, [[4.0, 5.0], [3.5, 3.5], [1.0, 1.0], [0.0, 0.0]]);
}

#[test]
fn misuse_is_an_error() {
    let (tape, other) = (Tape::new(), Tape::new());
    let (x, far) = (tape.input([1.0, 2.0]).named("x"), other.input(1.0));
    let y = x.square();
    assert!(matches!(tape.taylor(y, &[(x, &[1.0])], 2), Err(Error::Length { op: "taylor", .. })));
    assert!(matches!(tape.taylor(far, &[], 2), Err(Error::TwoTapes { op: "taylor", .. })));
    assert!(matches!(tape.taylor(y, &[(far, &[1.0])], 2), Err(Error::TwoTapes { .. })));
    let computed = tape.taylor(y, &[(y, &[1.0, 1.0])], 2);
    assert!(matches!(computed, Err(Error::NotSettable { op: "taylor", .. })));
    let repeated = x.at(0).broadcast_to([2]);
    assert!(matches!(tape.taylor(y, &[(repeated, &[1.0; 2])], 1), Err(Error::Operand { .. })));
    assert!(matches!(taylor(|x| x, &[] as &[f64], &[], 1), Err(Error::Empty { op: "taylor", .. })));

    let op = External::new("foreign", |x, y| y[0] = x[0][0].powi(2))
        .with_vjp(|x, _, g, to| to[0][0] = 2.0 * x[0][0] * g[0]);
    let z = op.of(&[x.at(0)]);
    assert_eq!(tape.taylor(z, &[(x, &[3.0, 0.0])], 1).unwrap(), [[1.0], [6.0]]);
    let second = tape.taylor(z, &[(x, &[3.0, 0.0])], 2);
    assert!(matches!(second, Err(Error::NoRule { op: "taylor", key, .. }) if key == "foreign"));
    assert_eq!(tape.taylor(z, &[(x.at(1), &[1.0])], 3).unwrap().concat(), [1.0, 0.0, 0.0, 0.0]);

    let duals = Tape::<Dual<f64>>::default();
    let x = duals.input(Dual::new(1.0, 1.0));
    let panics = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| duals.taylor(x, &[], 1)));
    assert!(panics.is_err());
}
