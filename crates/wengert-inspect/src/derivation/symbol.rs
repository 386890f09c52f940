//! How a path of the trace is written in a formula.

use crate::trace::strided::subscript;
use crate::trace::{Slot, Trace};

/// What a symbol stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// v.
    Value,
    /// ∂L/∂v.
    Adjoint,
    /// δ = −∂L/∂z, of a pre-activation.
    Delta,
    /// −∂L/∂v, of what stands between two deltas: the notebook's error of a neuron.
    Error,
}

impl Role {
    /// The factor from the adjoint to what the symbol stands for.
    pub(super) fn sign(self) -> f64 {
        match self {
            Role::Value | Role::Adjoint => 1.0,
            Role::Delta | Role::Error => -1.0,
        }
    }
}

/// A path and an element of it: `hidden/0.w` and `[1]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Name {
    pub(super) path: String,
    /// `[1]` or `[0, 2]`; nothing for the whole, or for what has no axes.
    pub(super) element: String,
    /// Whether it has elements and all are meant: a vector or a matrix.
    pub(super) whole: bool,
}

impl Name {
    pub(super) fn of(trace: &Trace, slot: Slot) -> Self {
        let label = trace.label_of(slot);
        let element = if label.shape.is_empty() {
            String::new()
        } else {
            subscript(label.position, label.shape)
        };
        Name { path: label.path.to_owned(), element, whole: false }
    }

    pub(super) fn whole(path: &str, shape: &[usize]) -> Self {
        Name { path: path.to_owned(), element: String::new(), whole: !shape.is_empty() }
    }

    /// As all other texts have it: `hidden/0.w[1]`.
    pub(super) fn text(&self) -> String {
        format!("{}{}", self.path, self.element)
    }

    /// The path in parts: scope, base, subscripts. `hidden/0.w[1]` is w with the subscripts 0 and
    /// 1, of the scope hidden.
    pub(super) fn parts(&self) -> (&str, &str, Vec<&str>) {
        let (scope, last) = self.path.rsplit_once('/').unwrap_or(("", &self.path));
        let mut subscripts = Vec::new();
        let mut base = last;
        if let Some((unit, rest)) = last.split_once('.')
            && !unit.is_empty()
            && !rest.is_empty()
            && unit.bytes().all(|byte| byte.is_ascii_digit())
        {
            subscripts.push(unit);
            base = rest;
        }
        // x2 is x with a subscript; a longer word keeps its digits.
        let letter = base.chars().next().filter(|c| c.is_alphabetic()).map_or(0, char::len_utf8);
        let digits = &base[letter..];
        if letter > 0 && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            subscripts.push(digits);
            base = &base[..letter];
        }
        let element = self.element.trim_matches(['[', ']']);
        subscripts.extend(element.split(", ").filter(|index| !index.is_empty()));
        (scope, base, subscripts)
    }
}

/// What a formula calls a quantity.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Symbol {
    pub(super) role: Role,
    pub(super) name: Name,
    /// The loss's name, for derivatives of one number; otherwise v̄ is written.
    pub(super) loss: Option<Name>,
}

impl Symbol {
    /// Its place in a formula into which numbers are put later: a letter for the role, the name.
    pub(super) fn mark(&self) -> String {
        let role = match self.role {
            Role::Value => 'v',
            Role::Adjoint => 'a',
            Role::Delta | Role::Error => 'd',
        };
        format!("{role} {}", self.name.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, element: &str, expect: (&str, &str, &[&str])) {
        let name = Name { path: path.to_owned(), element: element.to_owned(), whole: false };
        let (scope, base, subscripts) = name.parts();
        assert_eq!((scope, base, &*subscripts), expect);
    }

    #[test]
    fn paths_come_apart() {
        check("x", "", ("", "x", &[]));
        check("x2", "[1]", ("", "x", &["2", "1"]));
        check("hidden/0.w", "[1]", ("hidden", "w", &["0", "1"]));
        check("net/hidden/w", "[1, 2]", ("net/hidden", "w", &["1", "2"]));
        check("hidden/output", "", ("hidden", "output", &[]));
        check("powi#1", "", ("", "powi#1", &[]));
        check("a/0.", "", ("a", "0.", &[]));
        check("conv2", "", ("", "conv2", &[]));
        check("12", "", ("", "12", &[]));
    }
}
