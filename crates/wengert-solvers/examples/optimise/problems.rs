//! The problems, as their books have them.

use wengert::Var;

const FREE: f64 = f64::INFINITY;

/// A function that records an objective and constraints.
type Record = for<'t> fn(Var<'t>) -> (Var<'t>, Vec<Var<'t>>);

/// A problem with a printed solution.
pub(crate) struct Published {
    pub(crate) name: &'static str,
    pub(crate) start: Vec<f64>,
    pub(crate) record: Record,
    /// The bounds of every variable.
    within: (f64, f64),
    /// Of each constraint.
    between: Vec<(f64, f64)>,
    pub(crate) objective: f64,
    /// Up to signs, where the problem does not tell them apart.
    pub(crate) solution: Vec<f64>,
    /// What the printed digits leave open.
    pub(crate) digits: f64,
}

impl Published {
    pub(crate) fn variables(&self) -> Vec<(f64, f64)> {
        vec![self.within; self.start.len()]
    }

    pub(crate) fn constraints(&self) -> Vec<(f64, f64)> {
        self.between.clone()
    }
}

/// Problems 6, 40, 43, 71 and 78 of Hock and Schittkowski.
pub(crate) fn published() -> [Published; 5] {
    let power = |e: f64| 2.0_f64.powf(e);
    [
        Published {
            name: "HS 6",
            start: vec![-1.2, 1.0],
            record: |x| {
                let bend = 10.0 * (x.at(1) - x.at(0).square());
                ((1.0 - x.at(0)).square(), vec![bend])
            },
            within: (-FREE, FREE),
            between: vec![(0.0, 0.0)],
            objective: 0.0,
            solution: vec![1.0, 1.0],
            digits: 1e-6,
        },
        Published {
            name: "HS 40",
            start: vec![0.8; 4],
            record: |x| {
                let [a, b, c, d] = std::array::from_fn(|i| x.at(i));
                let rows = vec![a.powi(3) + b.square() - 1.0, a.square() * d - c, d.square() - b];
                (-(a * b * c * d), rows)
            },
            within: (-FREE, FREE),
            between: vec![(0.0, 0.0); 3],
            objective: -0.25,
            solution: vec![power(-1.0 / 3.0), power(-0.5), power(-11.0 / 12.0), power(-0.25)],
            digits: 1e-6,
        },
        Published {
            name: "HS 43",
            start: vec![0.0; 4],
            record: |x| {
                let [a, b, c, d] = std::array::from_fn(|i| x.at(i));
                let [aa, bb, cc, dd] = [a, b, c, d].map(|x| x.square());
                let objective = aa + bb + 2.0 * cc + dd - 5.0 * a - 5.0 * b - 21.0 * c + 7.0 * d;
                let rows = vec![
                    8.0 - aa - bb - cc - dd - a + b - c + d,
                    10.0 - aa - 2.0 * bb - cc - 2.0 * dd + a + d,
                    5.0 - 2.0 * aa - bb - cc - 2.0 * a + b + d,
                ];
                (objective, rows)
            },
            within: (-FREE, FREE),
            between: vec![(0.0, FREE); 3],
            objective: -44.0,
            solution: vec![0.0, 1.0, 2.0, -1.0],
            digits: 1e-6,
        },
        Published {
            name: "HS 71",
            start: vec![1.0, 5.0, 5.0, 1.0],
            record: |x| {
                let [a, b, c, d] = std::array::from_fn(|i| x.at(i));
                (a * d * (a + b + c) + c, vec![a * b * c * d, x.square().sum()])
            },
            within: (1.0, 5.0),
            between: vec![(25.0, FREE), (40.0, 40.0)],
            objective: 17.0140173,
            solution: vec![1.0, 4.7429994, 3.8211503, 1.3794082],
            digits: 1e-6,
        },
        Published {
            name: "HS 78",
            start: vec![-2.0, 1.5, 2.0, -1.0, -1.0],
            record: |x| {
                let [a, b, c, d, e] = std::array::from_fn(|i| x.at(i));
                let rows =
                    vec![x.square().sum() - 10.0, b * c - 5.0 * d * e, a.powi(3) + b.powi(3) + 1.0];
                (a * b * c * d * e, rows)
            },
            within: (-FREE, FREE),
            between: vec![(0.0, 0.0); 3],
            objective: -2.91970041,
            solution: vec![-1.717142, 1.595708, 1.827248, -0.7636429, -0.7636435],
            // The printed point breaks its first constraint by 2.2e-6. In 30 digits the conditions
            // of Karush, Kuhn and Tucker give -1.71714357, 1.59570969, 1.82724575, -0.76364308.
            digits: 3e-6,
        },
    ]
}

/// Problem 5.1 of Lukšan and Vlček: `Σ 100 (xᵢ² − xᵢ₊₁)² + (xᵢ − 1)²`, and for each three
/// neighbours x, y, z `3y³ + 2z − 5 + sin(y − z) sin(y + z) + 4y − x exp(x − y) − 3 = 0`.
pub(crate) fn chained<'t>(x: Var<'t>) -> (Var<'t>, Vec<Var<'t>>) {
    let n = x.len();
    let (here, next) = (x.slice(0, 0..n - 1), x.slice(0, 1..n));
    let objective = (100.0 * (here.square() - next).square() + (here - 1.0).square()).sum();
    let (x, y, z) = (x.slice(0, 0..n - 2), x.slice(0, 1..n - 1), x.slice(0, 2..n));
    let row = 3.0 * y.powi(3) + 2.0 * z - 5.0 + (y - z).sin() * (y + z).sin() + 4.0 * y
        - x * (x - y).exp()
        - 3.0;
    (objective, vec![row])
}

/// What Ipopt prints for it, the same for every length of the chain from here on.
pub(crate) const FEWEST: usize = 20;
pub(crate) const OBJECTIVE: f64 = 6.232458632437464;
pub(crate) const FIRST: [f64; 4] =
    [-0.9505563573613093, 0.9139008176388945, 0.9890905176644905, 0.9985592422681151];
