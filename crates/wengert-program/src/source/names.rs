//! Names for Rust, made of a tape's.

use std::collections::{HashMap, HashSet};

use crate::ids::{Id, Slot};
use crate::op::{Binary, Unary};
use crate::recipe::Name;

/// Identifiers that have been given out. What shadows a loop's index, a helper or a keyword is not
/// given out.
#[derive(Debug)]
pub(crate) struct Names {
    taken: HashSet<String>,
    /// By name, the last number that was put behind it.
    last: HashMap<String, usize>,
}

/// The indices of loops, from the outermost on.
pub(crate) const INDICES: [&str; 6] = ["i", "j", "k", "l", "m", "n"];

/// Words of the language, and names that the text uses itself.
const RESERVED: &str = "abstract as async await become box break const continue crate do dyn else \
    enum extern false final fn for gen if impl in let loop macro match mod move mut override priv \
    pub ref return self static struct super trait true try type typeof union unsafe unsized use \
    virtual where while yield std core f32 f64 usize rest sum most factor workspace \
    sum_of dot";

impl Names {
    pub(crate) fn new() -> Self {
        let words = RESERVED.split_whitespace().chain(INDICES).chain(["square"]);
        let ops = Unary::ALL.iter().map(|op| op.name());
        let ops = ops.chain(Binary::ALL.iter().map(|op| op.name()));
        Names { taken: words.chain(ops).map(str::to_owned).collect(), last: HashMap::new() }
    }

    /// The identifier that a path on the tape is, given out once: `hidden/0.z` is `hidden_0_z`, and
    /// another of that name `hidden_0_z_2`.
    pub(crate) fn unique(&mut self, path: &str) -> String {
        let name = identifier(path);
        if self.taken.insert(name.clone()) {
            return name;
        }
        let last = self.last.entry(name.clone()).or_insert(1);
        loop {
            *last += 1;
            let next = format!("{name}_{last}");
            if self.taken.insert(next.clone()) {
                return next;
            }
        }
    }

    /// As `unique`, for a table.
    pub(crate) fn table(&mut self, path: &str) -> String {
        self.unique(path).to_uppercase()
    }
}

/// Whether a caller's name for a function, or a part of a path, is one.
pub(crate) fn is_identifier(name: &str) -> bool {
    let first = name.chars().next();
    first.is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && name != "_"
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Whether a name is a word of the language.
pub(crate) fn is_keyword(name: &str) -> bool {
    RESERVED.split_whitespace().take_while(|&word| word != "std").any(|word| word == name)
}

/// In small letters and underscores, Greek letters by their names.
fn identifier(path: &str) -> String {
    let mut name = String::new();
    for c in path.chars() {
        match c {
            _ if c.is_ascii_alphanumeric() => name.push(c.to_ascii_lowercase()),
            '₀'..='₉' => name.extend(char::from_digit(c as u32 - '₀' as u32, 10)),
            '\'' | '′' => name.push_str("_prime"),
            _ => match GREEK.iter().find(|(letter, _)| c.to_lowercase().eq([*letter])) {
                Some((_, spelled)) => name.push_str(spelled),
                None if !name.ends_with('_') && !name.is_empty() => name.push('_'),
                None => {}
            },
        }
    }
    let name = name.trim_end_matches('_');
    match name.chars().next() {
        None => "value".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("v{name}"),
        Some(_) => name.to_owned(),
    }
}

const GREEK: [(char, &str); 24] = [
    ('α', "alpha"),
    ('β', "beta"),
    ('γ', "gamma"),
    ('δ', "delta"),
    ('ε', "epsilon"),
    ('ζ', "zeta"),
    ('η', "eta"),
    ('θ', "theta"),
    ('ι', "iota"),
    ('κ', "kappa"),
    ('λ', "lambda"),
    ('μ', "mu"),
    ('ν', "nu"),
    ('ξ', "xi"),
    ('ο', "omicron"),
    ('π', "pi"),
    ('ρ', "rho"),
    ('σ', "sigma"),
    ('τ', "tau"),
    ('υ', "upsilon"),
    ('φ', "phi"),
    ('χ', "chi"),
    ('ψ', "psi"),
    ('ω', "omega"),
];

/// What the tape calls a run of so many numbers from a slot on, and whether somebody gave that very
/// run its name.
///
/// Of alike numbers that were recorded one by one the name is the first one's, without its numbers:
/// `hidden/0.z`, `hidden/1.z` together are `hidden/z`.
pub(crate) fn path(names: &[Name], slot: Slot, len: usize) -> (String, bool) {
    let from = names.partition_point(|name| name.start < slot);
    let mut here = names[from..].iter().take_while(|name| name.start == slot);
    if let Some(name) = here.clone().find(|name| name.len == len) {
        return (name.path.clone(), true);
    }
    if len > 1
        && let Some(name) = here.find(|name| name.len == 1)
    {
        return (without_numbers(&name.path), false);
    }
    // The smallest that holds it; names nest, so that it begins near.
    let holding = names[..from]
        .iter()
        .rev()
        .take(NEAR)
        .chain(&names[from..])
        .take_while(|name| name.start <= slot || name.start == slot)
        .filter(|name| slot.index() + len <= name.start.index() + name.len)
        .min_by_key(|name| name.len);
    match holding {
        Some(name) if len == 1 => {
            (format!("{}_{}", name.path, slot.index() - name.start.index()), false)
        }
        Some(name) => (name.path.clone(), false),
        None => (format!("v{}", slot.index()), false),
    }
}

/// What an element of a block of leaves is called by itself, where a part of the block that it is
/// in has a name.
pub(crate) fn element(names: &[Name], (slot, len): (Slot, usize), offset: usize) -> Option<String> {
    let at = slot.index() + offset;
    let from = names.partition_point(|name| name.start < slot);
    let inside = names[from..].iter().take_while(|name| name.start.index() <= at);
    let part = inside
        .filter(|name| name.len < len && at < name.start.index() + name.len)
        .min_by_key(|name| name.len)?;
    match part.len {
        1 => Some(part.path.clone()),
        _ => Some(format!("{}_{}", part.path, at - part.start.index())),
    }
}

/// How many names before a number are looked at.
const NEAR: usize = 64;

fn without_numbers(path: &str) -> String {
    let words = path.split(|c: char| !c.is_alphanumeric());
    let words = words.map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    if words.is_empty() { path.to_owned() } else { words.join("_") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_identifiers_that_are_given_out_once() {
        let mut names = Names::new();
        for (path, expected) in [
            ("hidden/0.z", "hidden_0_z"),
            ("hidden.0/z", "hidden_0_z_2"),
            ("L", "l_2"),
            ("∂L/∂w₁", "l_w1"),
            ("δ", "delta"),
            ("loop", "loop_2"),
            ("sigmoid", "sigmoid_2"),
            ("7 days", "v7_days"),
            ("→", "value"),
            ("x'", "x_prime"),
        ] {
            assert_eq!(names.unique(path), expected, "{path}");
        }
    }

    #[test]
    fn a_caller_names_functions_by_identifiers() {
        for (name, right) in [("step", true), ("_s2", true), ("2s", false), ("a-b", false)] {
            assert_eq!(is_identifier(name), right, "{name}");
        }
        assert!(is_keyword("match") && !is_keyword("rest") && !is_identifier(""));
    }

    #[test]
    fn a_run_is_called_by_what_it_is_or_holds() {
        let name =
            |start, len, path: &str| Name { start: Slot::new(start), len, path: path.into() };
        let names =
            [name(0, 6, "params"), name(2, 1, "b"), name(9, 1, "hidden/0.z"), name(12, 1, "h10")];
        for (slot, len, expected) in [
            (0, 6, "params"),
            (1, 1, "params_1"),
            (2, 1, "b"),
            (9, 1, "hidden/0.z"),
            (9, 2, "hidden_z"),
            (12, 5, "h"),
            (20, 1, "v20"),
        ] {
            assert_eq!(path(&names, Slot::new(slot), len).0, expected, "{slot} {len}");
        }
    }
}
