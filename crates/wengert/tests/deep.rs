//! Long chains: no step of record, sweep, replay, listing or drop recurses, so depth costs no
//! stack.

use wengert::{Gradients, Tape, Var};

const LENGTH: usize = 2_000_000;

/// Runs a test on a stack that would hold but a few bytes per node of its chain.
fn on_a_stack_of(kib: usize, test: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(kib << 10).spawn(test).unwrap().join().unwrap();
}

fn chain<'t>(x: Var<'t>) -> Var<'t> {
    // Toward 1, in steps of partials that are not 1.
    (0..LENGTH / 2).fold(x, |y, _| (y * 0.999) + 0.001)
}

#[test]
fn two_million_nodes_record_reverse_replay_and_drop() {
    on_a_stack_of(128, || {
        let tape = Tape::new();
        let x = tape.input(3.0);
        let y = chain(x);
        assert_eq!(tape.len(), LENGTH + 3, "two constants and the input beside the chain");
        assert!((y.value() - 1.0).abs() < 1e-12);
        let gradients: Gradients<'_> = y.backward();
        // 0.999^1000000 is below the smallest normal number.
        assert!(gradients.get(x).unwrap() < f64::MIN_POSITIVE);
        let near = y.id().slot() - 2000;
        let adjoint = gradients.adjoints()[near];
        assert!((adjoint - 0.999_f64.powi(1000)).abs() < 1e-12, "{adjoint}");
        tape.replay(&[(x, &[1.0])]).unwrap();
        assert!((y.value() - 1.0).abs() < 1e-12);
        assert!(gradients.is_stale());
        assert_eq!(tape.nodes().len(), LENGTH + 3);
    });
}

#[test]
fn duals_and_recorded_gradients_of_long_chains() {
    // Without optimisation the sweep over duals takes half a mebibyte in one call.
    on_a_stack_of(1024, || {
        let tape = Tape::new();
        let x = tape.input(3.0);
        let y = (0..100_000).fold(x, |y, _| y + 1e-6);
        assert_eq!(tape.tangents(&[(x, &[1.0])]).unwrap().value(y), 1.0);
        assert_eq!(y.record_gradient(&[x]).unwrap()[0].unwrap().value(), 1.0);
        assert_eq!(tape.hvp(y * y, &[(x, &[1.0])], &[x]).unwrap(), [[2.0]]);
    });
}

#[test]
fn a_fan_of_many_readers() {
    on_a_stack_of(128, || {
        let tape = Tape::new();
        let x = tape.input(1.0);
        let y: Var<'_> = (0..200_000).map(|_| x * 2.0).sum();
        assert_eq!(y.backward().wrt(x), 400_000.0);
    });
}

#[test]
fn a_long_run() {
    // Without optimisation a kernel for all operations, each inlined, takes hundreds of kibibytes
    // in one call.
    on_a_stack_of(1024, || {
        let tape = Tape::new();
        let run = tape.input(vec![0.5; 500_000]);
        let y = (run * run).sum();
        assert!(y.backward().values_wrt(run).iter().all(|&adjoint| adjoint == 1.0));
    });
}

#[test]
fn clearing_keeps_the_memory() {
    let mut tape = Tape::new();
    let mut capacity = 0;
    for round in 0..3 {
        let x = tape.input(3.0);
        let y = (0..50_000).fold(x, |y, _| y * 1.000_001);
        assert!(y.backward().wrt(x) > 1.0);
        if round > 0 {
            assert_eq!(tape.capacity(), capacity);
        }
        capacity = tape.capacity();
        tape.clear();
        assert!(tape.is_empty() && tape.names().is_empty() && tape.guards().is_empty());
    }
}
