//! The lines of a module, as a tree: what is not used is left out, and values get their names when
//! the text is written.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::rc::Rc;

/// A value is written into a line as its number between these.
const OPEN: char = '\u{1}';
const CLOSE: char = '\u{2}';

/// What stands in a line for a value.
pub(crate) fn mark(id: u32) -> String {
    format!("{OPEN}{id}{CLOSE}")
}

/// An operation.
#[derive(Debug)]
pub(crate) struct Line {
    /// The values that it defines; none of a `return`.
    pub(crate) results: Vec<u32>,
    /// What stands behind the `=`, up to the regions.
    pub(crate) text: String,
    /// The regions, in order.
    pub(crate) regions: Vec<Region>,
    /// What stands behind the regions.
    pub(crate) tail: String,
    /// Where it comes from.
    pub(crate) location: Option<Rc<str>>,
}

/// Lines inside an operation.
#[derive(Debug)]
pub(crate) struct Region {
    /// What opens it.
    pub(crate) open: String,
    /// The last is its `return`.
    pub(crate) lines: Vec<Line>,
    /// What closes it.
    pub(crate) close: &'static str,
}

/// The values that a text names.
fn marks(text: &str) -> impl Iterator<Item = u32> + '_ {
    text.split(OPEN).skip(1).filter_map(|rest| rest.split(CLOSE).next()?.parse().ok())
}

/// Leaves out what `live` does not need, and adds to it what the rest needs.
pub(crate) fn prune(lines: &mut Vec<Line>, live: &mut HashSet<u32>) {
    let mut kept = Vec::with_capacity(lines.len());
    while let Some(mut line) = lines.pop() {
        if !line.results.is_empty() && !line.results.iter().any(|id| live.contains(id)) {
            continue;
        }
        live.extend(marks(&line.text));
        for region in &mut line.regions {
            prune(&mut region.lines, live);
            live.extend(marks(&region.open));
        }
        live.extend(marks(&line.tail));
        kept.push(line);
    }
    kept.reverse();
    *lines = kept;
}

/// The names of values.
#[derive(Debug, Default)]
pub(crate) struct Names {
    given: HashMap<u32, String>,
    taken: HashSet<String>,
    /// Of an operation with several results: the first, and which of them.
    parts: HashMap<u32, (u32, usize)>,
    count: usize,
}

impl Names {
    /// Gives a value a name, unless it has one.
    pub(crate) fn give(&mut self, id: u32, name: &str) {
        if self.given.contains_key(&id) || self.parts.contains_key(&id) {
            return;
        }
        let name = self.free(&identifier(name));
        self.given.insert(id, name);
    }

    /// Whether a value has one.
    pub(crate) fn has(&self, id: u32) -> bool {
        self.given.contains_key(&id) || self.parts.contains_key(&id)
    }

    /// A value is one of several of an operation.
    pub(crate) fn part(&mut self, id: u32, first: u32, i: usize) {
        self.parts.insert(id, (first, i));
    }

    fn free(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut count = 1;
        while !self.taken.insert(name.clone()) {
            count += 1;
            name = format!("{wanted}.{count}");
        }
        name
    }

    fn own(&mut self, id: u32) -> &str {
        if !self.given.contains_key(&id) {
            let name = self.count.to_string();
            self.count += 1;
            self.given.insert(id, name);
        }
        &self.given[&id]
    }

    fn of(&mut self, id: u32) -> String {
        match self.parts.get(&id).copied() {
            Some((first, i)) => format!("%{}#{i}", self.own(first)),
            None => format!("%{}", self.own(id)),
        }
    }

    /// A text with the names in their places.
    pub(crate) fn written(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut pieces = text.split(OPEN);
        out.push_str(pieces.next().unwrap_or(""));
        for piece in pieces {
            let (id, rest) = piece.split_once(CLOSE).unwrap_or((piece, ""));
            if let Ok(id) = id.parse() {
                out.push_str(&self.of(id));
            }
            out.push_str(rest);
        }
        out
    }
}

/// A path of the tape as an identifier of MLIR: a letter first, then letters, digits, `.`, `_`, `$`
/// and `-`.
fn identifier(path: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '$' | '-');
    let each = path.chars().map(|c| match c {
        '/' | '#' => '.',
        c if fits(c) => c,
        _ => '_',
    });
    let name: String = each.collect();
    match name.chars().next() {
        Some(first) if first.is_ascii_digit() || first == '-' => format!("_{name}"),
        None => "_".to_owned(),
        _ => name,
    }
}

/// Writes lines, each two spaces further in than what holds them.
pub(crate) fn write(lines: &[Line], names: &mut Names, indent: usize, out: &mut String) {
    for line in lines {
        let _ = write!(out, "{:indent$}", "");
        if let [first, rest @ ..] = line.results.as_slice() {
            let _ = match rest.len() {
                0 => write!(out, "{} = ", names.of(*first)),
                more => write!(out, "%{}:{} = ", names.own(*first), more + 1),
            };
        }
        out.push_str(&names.written(&line.text));
        for region in &line.regions {
            let open = names.written(&region.open);
            let mut opening = open.split('\n');
            let _ = writeln!(out, "{}", opening.next().unwrap_or(""));
            for block in opening {
                let _ = writeln!(out, "{:indent$}{block}", "");
            }
            write(&region.lines, names, indent + 2, out);
            let _ = write!(out, "{:indent$}{}", "", region.close);
        }
        out.push_str(&names.written(&line.tail));
        if let Some(location) = &line.location {
            let _ = write!(out, " {location}");
        }
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_an_identifier() {
        for (path, wanted) in [
            ("layer/w", "layer.w"),
            ("mul#3", "mul.3"),
            ("2nd", "_2nd"),
            ("∂L/∂w", "_L._w"),
            ("", "_"),
        ] {
            assert_eq!(identifier(path), wanted);
        }
    }

    #[test]
    fn two_paths_of_one_identifier_get_two_names() {
        let mut names = Names::default();
        names.give(0, "a/b");
        names.give(1, "a.b");
        assert_eq!(names.written(&(mark(0) + &mark(1) + &mark(2))), "%a.b%a.b.2%0");
    }
}
