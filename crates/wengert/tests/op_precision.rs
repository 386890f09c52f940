//! Every smooth op and its first and second derivatives against numbers computed with 60 digits: `precision/make.py`.

use wengert::{Binary, Tape, Unary, Var};

/// The distance of two numbers in units of the last place of the second, or of `size` if that is larger.
fn ulps(found: f64, exact: f64, size: f64) -> f64 {
    if found == exact {
        return 0.0;
    }
    let size = exact.abs().max(size);
    let spacing = size.next_up() - size;
    ((found - exact) / spacing).abs()
}

struct Line<'a> {
    op: &'a str,
    at: Vec<f64>,
    value: f64,
    first: Vec<f64>,
    /// By xx, or by xx, xy, yy.
    second: Vec<f64>,
}

fn lines() -> impl Iterator<Item = Line<'static>> {
    include_str!("precision/functions.csv").lines().filter(|line| !line.starts_with('#')).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let numbers = |range: std::ops::Range<usize>| -> Vec<f64> {
            cells[range].iter().filter(|cell| !cell.is_empty()).map(|cell| cell.parse().unwrap()).collect()
        };
        Line { op: cells[0], at: numbers(1..3), value: numbers(3..4)[0], first: numbers(4..6), second: numbers(6..9) }
    })
}

/// How many ulps the value, the first and the second derivatives may be off.
const ALLOWED: [f64; 3] = [1.0, 2.0, 3.0];

/// What errors are relative to where it is not the derivative itself: the numbers whose difference a rule forms from the
/// rounded value, as documented on the ops. First and second derivative.
fn cancelling(line: &Line<'_>) -> [f64; 2] {
    match line.op {
        // (1 − v)(1 + v), and v (1 − v) where v is near 1
        "tanh" => [1.0, 1.0],
        "sigmoid" if line.at[0] > 0.0 => [0.5, 0.5],
        "sigmoid" => [0.0, line.first[0]],
        "softplus" if line.at[0] > 0.0 => [0.0, 1.0],
        // −(1 + x) + (1 − x)
        "asin" | "acos" | "atanh" => [0.0, 1.0],
        // 1/h − x²/h³ and its like; x/h/h by x
        "hypot" => [0.0, 1.0 / line.value],
        "atan2" => [0.0, 4.0 * (line.first[0].powi(2) + line.first[1].powi(2))],
        // The rounding of y − 1 and y − 2 counts ln x times.
        "powf" => {
            let largest = |numbers: &[f64]| numbers.iter().fold(0.0, |a: f64, b| a.max(b.abs()));
            let factor = 1.0 + line.at[0].ln().abs();
            [factor * largest(&line.first), factor * largest(&line.second)]
        }
        _ => [0.0, 0.0],
    }
}

#[test]
fn values_and_derivatives_are_right_to_a_few_ulps() {
    let mut count = 0;
    for line in lines() {
        let at = format!("{} at {:?}", line.op, line.at);
        let check = |order: usize, found: f64, exact: f64| {
            let size = if order == 0 { 0.0 } else { cancelling(&line)[order - 1] };
            let off = ulps(found, exact, size);
            assert!(off <= ALLOWED[order], "{at}, order {order}: {found} is {off} ulps from {exact}");
        };
        let tape = Tape::new();
        let vars: Vec<_> = line.at.iter().map(|&x| tape.input(x)).collect();
        let y = record(line.op, &vars);
        check(0, y.value(), line.value);
        let swept = y.backward();
        let recorded = y.record_gradient(&vars).unwrap();
        for (i, &x) in vars.iter().enumerate() {
            let first = swept.wrt(x);
            check(1, first, line.first[i]);
            // The readers of the one rule table agree to the last bit.
            assert_eq!(tape.tangents(&[(x, &[1.0])]).unwrap().of(y), first, "{at}");
            let gradient = recorded[i].unwrap();
            assert_eq!(gradient.value(), first, "{at}");
            let by_duals = tape.hvp(y, &[(x, &[1.0])], &vars).unwrap();
            let by_nodes = gradient.backward();
            for (j, &other) in vars.iter().enumerate() {
                let exact = line.second[i + j];
                check(2, by_duals[j][0], exact);
                check(2, by_nodes.wrt(other), exact);
            }
        }
        count += 1;
    }
    assert!(count > 300);
}

#[track_caller]
fn record<'t>(op: &str, vars: &[Var<'t>]) -> Var<'t> {
    if let Some(&op) = Unary::ALL.iter().find(|known| known.name() == op) {
        return vars[0].try_unary(op).unwrap();
    }
    let op = Binary::ALL.iter().find(|known| known.name() == op);
    vars[0].try_binary(*op.unwrap(), vars[1]).unwrap()
}
