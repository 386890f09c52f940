//! The files of `oracle/adbench`, and how near to them is near enough.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// The bound on |a - b| / (|a| + |b|), for the value and every derivative. The sources divide by
/// max(1, |a| + |b|), which is weaker for small numbers: of the LSTM's derivatives, half are below
/// 2e-4 and the smallest is 7e-7.
pub(crate) const TOLERANCE: f64 = 1e-8;

/// A function's value and gradient at some inputs: an outside one, or the one under test.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) value: f64,
    /// By the parameters, in the order of their file.
    pub(crate) gradient: Vec<f64>,
}

impl Answer {
    /// The largest deviation from `expected`; NaN, which is no agreement, if any number here or
    /// there is NaN.
    pub(crate) fn deviation(&self, expected: &Answer) -> f64 {
        assert_eq!(self.gradient.len(), expected.gradient.len(), "as many derivatives as expected");
        let pairs =
            self.gradient.iter().zip(&expected.gradient).chain([(&self.value, &expected.value)]);
        let deviations =
            pairs.map(|(a, b)| if a == b { 0.0 } else { (a - b).abs() / (a.abs() + b.abs()) });
        deviations
            .fold(0.0, |largest, next| if next.is_nan() || next > largest { next } else { largest })
    }

    pub(crate) fn agrees_with(&self, expected: &Answer) -> bool {
        self.deviation(expected) < TOLERANCE
    }

    pub(crate) fn bits(&self) -> Vec<u64> {
        self.gradient.iter().chain([&self.value]).map(|number| number.to_bits()).collect()
    }
}

pub(crate) fn text(file: &str) -> String {
    // A crate's tests may use these functions too: the files are at the workspace's root.
    let mut folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let folder = folders.find_map(|folder| {
        let oracle = folder.join("tests/oracle/adbench");
        oracle.is_dir().then_some(oracle)
    });
    let path = folder.expect("the workspace has tests/oracle/adbench").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn json(file: &str) -> Value {
    serde_json::from_str(&text(file)).expect("the file is JSON")
}

/// ADBench's answer for one of its functions.
pub(crate) fn adbench(function: &str) -> Answer {
    let answer = &json("adbench_expected.json")[function];
    Answer { value: number(&answer["objective"]), gradient: numbers(&answer["gradient"]) }
}

pub(crate) fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

pub(crate) fn count(value: &Value) -> usize {
    value.as_u64().and_then(|count| count.try_into().ok()).expect("a count")
}

/// The numbers of an array, or of an array of rows, one after the other.
pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    match value.as_array() {
        Some(parts) => parts.iter().flat_map(numbers).collect(),
        None => vec![number(value)],
    }
}

/// The numbers of a text file, taken in order.
pub(crate) struct Words<'a>(std::str::SplitAsciiWhitespace<'a>);

impl<'a> Words<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        Words(text.split_ascii_whitespace())
    }

    pub(crate) fn take(&mut self, count: usize) -> Vec<f64> {
        let numbers: Vec<f64> =
            self.0.by_ref().take(count).map(|word| word.parse().expect("a number")).collect();
        assert_eq!(numbers.len(), count, "the file ends too early");
        numbers
    }

    pub(crate) fn counts<const N: usize>(&mut self) -> [usize; N] {
        std::array::from_fn(|_| self.0.next().and_then(|word| word.parse().ok()).expect("a count"))
    }

    pub(crate) fn finish(mut self) {
        assert_eq!(self.0.next(), None, "the file goes on");
    }
}
