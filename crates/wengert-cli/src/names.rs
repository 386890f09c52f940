//! What columns are called: the path of a number, or of an element of a run.

/// The names of the elements of a run, row-major: `x`, `x[1]`, `m[0, 1]`.
pub(crate) fn elements(path: &str, dims: &[usize]) -> Vec<String> {
    let len: usize = dims.iter().product();
    let of = |mut i: usize| {
        let mut index: Vec<String> = Vec::with_capacity(dims.len());
        for &extent in dims.iter().rev() {
            index.push((i % extent).to_string());
            i /= extent;
        }
        index.reverse();
        format!("{path}[{}]", index.join(", "))
    };
    if dims.is_empty() { vec![path.to_owned()] } else { (0..len).map(of).collect() }
}

/// A name as it is compared: blanks aside.
pub(crate) fn plain(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::{elements, plain};

    #[test]
    fn elements_are_named_in_their_order() {
        assert_eq!(elements("x", &[]), ["x"]);
        assert_eq!(elements("m", &[2, 2]), ["m[0, 0]", "m[0, 1]", "m[1, 0]", "m[1, 1]"]);
        assert_eq!(plain(" m[0, 1]"), "m[0,1]");
    }
}
