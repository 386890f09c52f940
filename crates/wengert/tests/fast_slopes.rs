//! The sigmoid and its slope, which programs in fast numerics compute at once.

use wengert::{Compiler, Numerics, Options, Tape};
use wengert_ops::real::Real;

macro_rules! held {
    ($name:ident, $t:ty, $span:expr) => {
        #[test]
        fn $name() {
            let special = [0.0, -0.0, 1e-30, <$t>::MAX, <$t>::MIN, <$t>::INFINITY];
            let special = special.into_iter().chain([<$t>::NEG_INFINITY, <$t>::NAN]);
            let even = (0..4001).map(|i| (i as $t / 2000.0 - 1.0) * $span);
            let all: Vec<$t> = special.chain(even).collect();
            // Whole vectors, and something that is left.
            for len in [all.len(), 1003, 16, 5] {
                let x = &all[..len];
                let tape = Tape::<$t>::with(Options::default());
                let leaf = tape.input(vec![0.25; len]);
                let y = leaf.sigmoid();
                let mut compiler = Compiler::new(&tape).numerics(Numerics::Fast);
                let value = compiler.output(y).unwrap();
                let gradient = compiler.gradient(y.sum(), leaf).unwrap();
                let program = compiler.compile().unwrap();
                let mut workspace = program.workspace();
                workspace.set(program.input(leaf).unwrap(), x).unwrap();
                program.run(&mut workspace).unwrap();
                let found = workspace.values(value).into_iter().zip(workspace.values(gradient));
                for (&x, (y, slope)) in x.iter().zip(found) {
                    let wide = f64::from(x);
                    let exact_y = Real::sigmoid(wide);
                    // e/(1 + e)², which cancels nowhere.
                    let e = (-wide.abs()).exp();
                    let exact = e / ((1.0 + e) * (1.0 + e));
                    let near = |found: $t, exact: f64, ulps: f64| {
                        let unit = f64::from(<$t>::EPSILON) * exact.abs();
                        let least = f64::from(<$t>::MIN_POSITIVE);
                        (f64::from(found) - exact).abs() <= ulps * unit + least
                            || (found.is_nan() && exact.is_nan())
                    };
                    assert!(near(y, exact_y, 2.0), "sigmoid({x:e}) is {y:e}, not {exact_y:e}");
                    assert!(near(slope, exact, 5.0), "slope at {x:e}: {slope:e}, not {exact:e}");
                }
            }
        }
    };
}

held!(slopes_of_f64, f64, 720.0);
held!(slopes_of_f32, f32, 90.0);

/// The slopes take the place of what they are the slopes at, which something reads after the
/// sigmoid.
#[test]
fn slopes_that_take_the_place_of_their_argument_come_after_what_reads_it() {
    let at: Vec<f64> = (0..1000).map(|i| f64::from(i) / 100.0 - 5.0).collect();
    let tape = Tape::new();
    let x = tape.param(&at);
    let (y, cubes) = (x.sigmoid(), x * x * x);
    let mut compiler = Compiler::new(&tape).numerics(Numerics::Fast);
    let values = compiler.output(y).unwrap();
    let read = compiler.output(cubes).unwrap();
    let slopes = compiler.gradient(y.sum(), x).unwrap();
    compiler.feed(slopes, x).unwrap();
    let program = compiler.compile().unwrap();
    let mut workspace = program.workspace();
    let mut x = at;
    for _ in 0..3 {
        program.run(&mut workspace).unwrap();
        let (y, found) = (workspace.values(values), workspace.values(read));
        for ((&x, y), found) in x.iter().zip(y).zip(found) {
            assert!((y - Real::sigmoid(x)).abs() < 1e-15, "{x} {y}");
            assert!((found - x * x * x).abs() <= 4.0 * f64::EPSILON * found.abs(), "{x} {found}");
        }
        x = workspace.values(slopes);
    }
}
