//! Four sets of points in the plane, each with its class, and the noise that a reader may add.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use wengert::number::Real;
use wengert::op::Unary;

/// As many points as a page shows at once.
const POINTS: usize = 60;

/// A set of points: the inputs and the target, 1 or −1, and what a unit of noise adds to the inputs.
pub(crate) struct Points {
    pub(crate) name: &'static str,
    pub(crate) rows: Vec<([f64; 2], [f64; 1])>,
    pub(crate) noise: Vec<[f64; 2]>,
}

/// The four sets. Sines and logarithms are the engine's, so the points are the same everywhere.
pub(crate) fn sets(seed: u64) -> Vec<Points> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut part = move || rng.random::<f64>();
    let sets: [(&str, Shape, f64); 4] = [
        ("circle", circle, 0.12),
        ("exclusive or", exclusive_or, 0.12),
        ("moons", moons, 0.12),
        ("spiral", spiral, 0.06),
    ];
    let mut made = Vec::new();
    for (name, shape, unit) in sets {
        let mut points = Points { name, rows: Vec::new(), noise: Vec::new() };
        for at in 0..POINTS {
            let class = at % 2 == 0;
            let along = (at / 2) as f64 / (POINTS / 2 - 1) as f64;
            points
                .rows
                .push((shape(class, along, [part(), part()]), [if class { 1.0 } else { -1.0 }]));
            // A uniform number that is not 0, as a normal one.
            let mut normal = || unit * (1.0 - part()).min(1.0 - 1e-9).unary(Unary::NormPpf);
            points.noise.push([normal(), normal()]);
        }
        made.push(points);
    }
    made
}

/// A point of a class, by how far along its class it is, and by two numbers from 0 to 1.
type Shape = fn(bool, f64, [f64; 2]) -> [f64; 2];

const TURN: f64 = std::f64::consts::TAU;

fn around(radius: f64, turns: f64) -> [f64; 2] {
    let angle = TURN * turns;
    [radius * angle.unary(Unary::Cos), radius * angle.unary(Unary::Sin)]
}

/// One class within, the other around it.
fn circle(class: bool, along: f64, [a, _]: [f64; 2]) -> [f64; 2] {
    let turns = along * 0.97;
    around(if class { 1.4 * a } else { 2.6 + 0.8 * a }, if class { 3.0 * turns } else { turns })
}

/// One class where the two inputs have the same sign.
fn exclusive_or(class: bool, along: f64, [a, b]: [f64; 2]) -> [f64; 2] {
    let [x, y] = [0.4 + 2.8 * a, 0.4 + 2.8 * b];
    let side = if along < 0.5 { 1.0 } else { -1.0 };
    [side * x, if class { side * y } else { -side * y }]
}

/// Two half circles, each reaching into the other.
fn moons(class: bool, along: f64, _: [f64; 2]) -> [f64; 2] {
    let [x, y] = around(2.2, along / 2.0);
    if class { [x - 1.1, y - 0.6] } else { [1.1 - x, 0.6 - y] }
}

/// Two arms, one turn and a quarter each.
fn spiral(class: bool, along: f64, _: [f64; 2]) -> [f64; 2] {
    around(0.4 + 3.0 * along, 1.25 * along + if class { 0.0 } else { 0.5 })
}
