use super::*;
use wengert::{Numerics, Options, Tape};

/// PyTorch's figure of a name: see the script beside the file.
fn oracle(kind: &str, name: &str) -> Vec<f64> {
    let text = include_str!("../../../tests/oracle/pytorch_training.txt");
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{kind} {name} ")));
    line.unwrap().split(' ').map(|number| number.parse().unwrap()).collect()
}

#[track_caller]
fn close(ours: &[f64], theirs: &[f64]) {
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert!((ours - theirs).abs() <= 4e-16 * theirs.abs().max(0.1), "{ours:?} {theirs:?}");
    }
}

#[track_caller]
fn check(name: &str, loss: impl Loss) {
    let tape = Tape::with(Options::default().numerics(Numerics::Exact));
    let z = tape.input([[0.25, -1.5, 3.0], [40.0, 0.125, -7.0], [-0.5, 1000.0, 999.0]]);
    let y = tape.data([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.25, 0.5, 0.25]]);
    let loss = loss.record(z, y).unwrap();
    close(&[loss.value()], &oracle("loss", name));
    close(&loss.backward().values_wrt(z), &oracle("gradient", name));
}

#[test]
fn losses_and_gradients_are_pytorchs() {
    check("mean_squared", MeanSquaredError);
    check("mean_absolute", MeanAbsoluteError);
    check("huber", Huber { delta: 1.5 });
    check("binary", BinaryCrossEntropy::default());
    check("binary_weighted", BinaryCrossEntropy { weight: 2.5 });
    check("cross_entropy", CrossEntropy::default());
    let weights = Some(vec![1.0, 2.0, 0.5]);
    check("cross_entropy_weighted", CrossEntropy { weights, smoothing: 0.0 });
    check("cross_entropy_smoothed", CrossEntropy { weights: None, smoothing: 0.1 });

    struct OfClasses(Option<[f64; 3]>);
    impl Loss for OfClasses {
        fn record<'t>(&self, z: Var<'t>, _: Var<'t>) -> Result<Var<'t>, Error> {
            cross_entropy_of_classes(z, &[1, 0, 2], self.0.as_ref().map(|w| &w[..]))
        }
    }
    check("classes", OfClasses(None));
    check("classes_weighted", OfClasses(Some([1.0, 2.0, 0.5])));
}

/// PyTorch's own gradient is 0 here; the figures are −e⁻ᶻ and e⁻ᶻ/(1 + e⁻ᶻ) to 17 digits (mpmath).
#[test]
fn cross_entropy_keeps_its_digits_at_any_logit() {
    let at = |z: f64, y: f64| {
        let tape = Tape::with(Options::default().numerics(Numerics::Exact));
        let (z, y) = (tape.input([z]), tape.data([y]));
        let loss = BinaryCrossEntropy::default().record(z, y).unwrap();
        (loss.value(), loss.backward().values_wrt(z)[0])
    };
    let (value, slope) = at(40.0, 1.0);
    assert!((value / 4.248_354_255_291_589e-18 - 1.0).abs() < 1e-15, "{value:?}");
    assert!((slope / -4.248_354_255_291_589e-18 - 1.0).abs() < 1e-15, "{slope:?}");
    assert_eq!(at(-1e300, 0.0), (0.0, 0.0));
    assert_eq!(at(1e300, 0.0), (1e300, 1.0));
    assert_eq!(at(f64::INFINITY, 1.0), (0.0, -0.0));
    assert_eq!(at(f64::NEG_INFINITY, 1.0).0, f64::INFINITY);

    let tape = Tape::with(Options::default().numerics(Numerics::Exact));
    let z = tape.input([[f64::NEG_INFINITY, 1.0, 1.0]]);
    let loss = CrossEntropy::default().record(z, tape.data([[0.0, 1.0, 0.0]])).unwrap();
    assert_eq!(loss.value(), std::f64::consts::LN_2);
    assert_eq!(loss.backward().values_wrt(z), [0.0, -0.5, 0.5]);
}

#[test]
fn classes_and_distributions_agree() {
    let tape = Tape::with(Options::default().numerics(Numerics::Exact));
    let z = tape.input([[0.5, -1.0, 2.0], [0.0, 3.0, 1.0]]);
    let by_class = cross_entropy_of_classes(z, &[2, 0], None).unwrap();
    let p = tape.data([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]);
    let by_share = CrossEntropy::default().record(z, p).unwrap();
    close(&[by_class.value()], &[by_share.value()]);
    close(&by_class.backward().values_wrt(z), &by_share.backward().values_wrt(z));
    let logs = z.log_softmax(Last);
    let by_logs = NegativeLogLikelihood.record(logs, p).unwrap();
    close(&[by_logs.value()], &[by_share.value()]);

    let message =
        |classes: &[usize]| cross_entropy_of_classes(z, classes, None).unwrap_err().to_string();
    assert!(message(&[2]).contains("1 classes were given for 2 rows"));
    assert!(message(&[2, 3]).contains("row 1 is of class 3, there are 3"));
    let error = cross_entropy_of_classes(z, &[0, 0], Some(&[1.0])).unwrap_err().to_string();
    assert!(error.contains("1 weights were given for 3 classes"), "{error}");
}

#[test]
fn a_huber_loss_has_its_second_derivative_at_zero() {
    let hessian = wengert::hessian(
        |x| Huber::default().record(x, x.tape().data([0.0, 0.0])).unwrap(),
        &[0.0, 3.0],
    );
    assert_eq!(hessian.unwrap(), [[0.5, 0.0], [0.0, 0.0]]);
}

#[test]
fn penalties_are_their_sums() {
    let tape = Tape::new();
    let (a, b) = (tape.param([3.0, -4.0]), tape.param([[-1.0]]));
    assert_eq!(l1(0.5, &[a, b]).unwrap().unwrap().value(), 4.0);
    let l2 = l2(0.5, &[a, b]).unwrap().unwrap();
    assert_eq!(l2.value(), 6.5);
    assert_eq!(l2.backward().values_wrt(a), [1.5, -2.0]);
    assert!(l1::<f64>(1.0, &[]).unwrap().is_none());
}

#[test]
fn shapes_that_differ_are_refused() {
    let tape = Tape::new();
    let (output, target) = (tape.input([[1.0, 2.0]]).named("out"), tape.data([1.0, 2.0]));
    for error in [
        MeanSquaredError.record(output, target).unwrap_err(),
        CrossEntropy::default().record(output, target).unwrap_err(),
        BinaryCrossEntropy::default().record(output, target).unwrap_err(),
    ] {
        let text = error.to_string();
        assert!(text.contains("out") && text.contains("one shape"), "{text}");
    }
    let weights = CrossEntropy { weights: Some(vec![1.0]), smoothing: 0.0 };
    let error = weights.record(output, tape.data([[1.0, 0.0]])).unwrap_err().to_string();
    assert!(error.contains("1 weights were given for 2 classes"), "{error}");
}
