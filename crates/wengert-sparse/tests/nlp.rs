//! Constrained problems: values, derivatives by hand, what is remembered, what is refused.

use wengert::{Error, Tape, Var};
use wengert_sparse::Nlp;

/// Problem 71 of W. Hock and K. Schittkowski, Test examples for nonlinear programming codes,
/// Springer 1981.
fn hs71<'t>(x: Var<'t>) -> (Var<'t>, Vec<Var<'t>>) {
    let [a, b, c, d] = std::array::from_fn(|i| x.at(i));
    (a * d * (a + b + c) + c, vec![a * b * c * d, x.square().sum()])
}

const AT: [f64; 4] = [1.0, 5.0, 4.5, 1.25];

#[test]
fn derivatives_by_hand() {
    let mut nlp = Nlp::record(&[1.0; 4], hs71).unwrap();
    assert_eq!((nlp.variables(), nlp.rows()), (4, 2));
    let [a, b, c, d] = AT;
    assert_eq!(nlp.objective(&AT).unwrap(), a * d * (a + b + c) + c);
    assert_eq!(nlp.constraints(&AT).unwrap(), [28.125, 47.8125]);
    let gradient = [d * (2.0 * a + b + c), a * d, a * d + 1.0, a * (a + b + c)];
    assert_eq!(nlp.gradient(&AT).unwrap(), gradient);
    assert!(nlp.jacobian_pattern().places().eq((0..8).map(|k| (k / 4, k % 4))));
    let products = [b * c * d, a * c * d, a * b * d, a * b * c];
    let rows = products.into_iter().chain(AT.map(|x| 2.0 * x));
    assert!(nlp.jacobian(&AT).unwrap().iter().copied().eq(rows));
    // The lower triangle, row after row.
    let places: Vec<_> = nlp.hessian_pattern().places().collect();
    let lower: Vec<_> = (0..4).flat_map(|i| (0..=i).map(move |j| (i, j))).collect();
    assert_eq!(places, lower);
    let (s, p, q) = (2.0, 0.5, -3.0);
    let by_hand = [
        2.0 * s * d + 2.0 * q,
        s * d + p * c * d,
        2.0 * q,
        s * d + p * b * d,
        p * a * d,
        2.0 * q,
        s * (2.0 * a + b + c) + p * b * c,
        s * a + p * a * c,
        s * a + p * a * b,
        2.0 * q,
    ];
    assert_eq!(nlp.hessian(&AT, s, &[p, q]).unwrap(), by_hand);
}

#[test]
fn what_is_remembered_is_of_the_point_that_is_asked_for() {
    let mut nlp = Nlp::record(&[1.0; 4], hs71).unwrap();
    for at in [AT, [1.0; 4], AT, AT] {
        let mut fresh = Nlp::record(&[1.0; 4], hs71).unwrap();
        assert_eq!(nlp.constraints(&at).unwrap(), fresh.constraints(&at).unwrap());
        assert_eq!(nlp.objective(&at).unwrap(), fresh.objective(&at).unwrap());
        assert_eq!(nlp.jacobian(&at).unwrap(), fresh.jacobian(&at).unwrap());
        assert_eq!(nlp.gradient(&at).unwrap(), fresh.gradient(&at).unwrap());
    }
    // −0 is another point than 0.
    let mut signed = Nlp::record(&[1.0], |x| (x.at(0).recip(), vec![])).unwrap();
    assert_eq!(signed.objective(&[0.0]).unwrap(), f64::INFINITY);
    assert_eq!(signed.objective(&[-0.0]).unwrap(), f64::NEG_INFINITY);
}

#[test]
fn without_constraints_and_without_curvature() {
    let mut free = Nlp::record(&[1.0, 2.0], |x| (x.square().sum(), vec![])).unwrap();
    assert_eq!((free.rows(), free.jacobian_pattern().rows()), (0, 0));
    assert!(free.jacobian(&[1.0, 2.0]).unwrap().is_empty());
    assert!(free.constraints(&[1.0, 2.0]).unwrap().is_empty());
    assert_eq!(free.hessian(&[1.0, 2.0], 0.5, &[]).unwrap(), [1.0, 1.0]);
    let mut linear = Nlp::record(&[1.0, 2.0], |x| (x.sum(), vec![3.0 * x])).unwrap();
    assert_eq!(linear.jacobian(&[1.0, 2.0]).unwrap(), [3.0, 3.0]);
    assert!(linear.hessian(&[1.0, 2.0], 1.0, &[1.0, 1.0]).unwrap().is_empty());
}

#[test]
fn refused_by_name() {
    let mut nlp = Nlp::record(&[1.0; 4], hs71).unwrap();
    assert!(matches!(nlp.objective(&[1.0]), Err(Error::Length { .. })));
    assert!(matches!(nlp.jacobian(&[1.0]), Err(Error::Length { .. })));
    assert!(matches!(nlp.hessian(&AT, 1.0, &[1.0]), Err(Error::Length { .. })));
    // What was refused is not taken for a point that was computed.
    assert_eq!(nlp.constraints(&AT).unwrap(), [28.125, 47.8125]);
    let run = Nlp::record(&[1.0, 2.0], |x| (x.square(), vec![]));
    assert!(matches!(run, Err(Error::Operand { .. })));
    let constant = Nlp::record(&[1.0, 2.0], |x| (x.sum(), vec![x.tape().constant(1.0)]));
    assert!(matches!(constant, Err(Error::Operand { .. })));
    let empty: &[f64] = &[];
    assert!(matches!(Nlp::record(empty, |x| (x.sum(), vec![])), Err(Error::Empty { .. })));
    let branching = Nlp::record(&[1.0, 2.0], |x| {
        let y = if x.at(0) < x.at(1) { x.at(1) } else { x.at(0) };
        (y.square(), vec![])
    });
    assert!(matches!(branching.unwrap().objective(&[2.0, 1.0]), Err(Error::GuardFlipped { .. })));
    let (tape, other) = (Tape::new(), Tape::new());
    let (x, z) = (tape.input([1.0]), other.input([1.0]));
    assert!(matches!(Nlp::new(x.sum(), &[z], x), Err(Error::TwoTapes { .. })));
}
