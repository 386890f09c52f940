//! Every smooth op and its first and second derivatives against numbers computed with 60 digits:
//! `precision/make.py`.

use wengert::op::{Binary, Unary};
use wengert::{Tape, Var};

/// The distance of two numbers in units of the last place of the second.
fn ulps(found: f64, exact: f64) -> f64 {
    if found == exact {
        return 0.0;
    }
    let size = exact.abs();
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
    include_str!("precision/functions.csv").lines().filter(|line| !line.starts_with('#')).map(
        |line| {
            let cells: Vec<&str> = line.split(',').collect();
            let numbers = |range: std::ops::Range<usize>| -> Vec<f64> {
                cells[range]
                    .iter()
                    .filter(|cell| !cell.is_empty())
                    .map(|cell| cell.parse().unwrap())
                    .collect()
            };
            Line {
                op: cells[0],
                at: numbers(1..3),
                value: numbers(3..4)[0],
                first: numbers(4..6),
                second: numbers(6..9),
            }
        },
    )
}

/// How many ulps the value, the first and the second derivatives may be off.
const ALLOWED: [f64; 3] = [1.0, 4.0, 8.0];

#[test]
fn values_and_derivatives_are_right_to_a_few_ulps() {
    let mut count = 0;
    for line in lines() {
        let at = format!("{} at {:?}", line.op, line.at);
        let check = |order: usize, found: f64, exact: f64| {
            let off = ulps(found, exact);
            assert!(
                off <= ALLOWED[order],
                "{at}, order {order}: {found} is {off} ulps from {exact}"
            );
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
            assert_eq!(tape.tangents(&[(x, &[1.0])]).unwrap().value(y), first, "{at}");
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
