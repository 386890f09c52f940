//! The points of `points.csv`.

/// A point with the exact numbers there: value, dx, dy, dxx, dxy, dyy, as far as they are numbers.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) op: String,
    pub(crate) at: Vec<f64>,
    pub(crate) exact: [Option<f64>; 6],
}

/// Those of a type.
pub(crate) fn points(kind: &str) -> Vec<Point> {
    let lines = include_str!("points.csv").lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let number = |i: usize| cells[i].parse::<f64>().ok();
            let point = Point {
                op: cells[1].to_owned(),
                at: [2, 3].into_iter().filter_map(number).collect(),
                exact: std::array::from_fn(|i| number(4 + i)),
            };
            (cells[0] == kind).then_some(point)
        })
        .collect()
}
