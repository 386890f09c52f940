//! The core's rules, written in JavaScript by reading them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

use wengert::number::Real;
use wengert::op::{Binary, Unary};
use wengert::rulebook::rules::{self, Partial};

/// Which rules a program needs.
#[derive(Debug, Default)]
pub(super) struct Rules {
    unary: BTreeSet<usize>,
    binary: BTreeSet<usize>,
}

impl Rules {
    /// What a function of one number is called in a program.
    ///
    /// # Errors
    ///
    /// The name of an operation that the page has no function for.
    pub(super) fn unary(&mut self, op: Unary) -> Result<&'static str, &'static str> {
        if self.unary.insert(op as usize) {
            let text = Text::default();
            let [x, v] = ["x", "v"].map(|name| text.named(name));
            let _ = (x.unary(op), rules::unary(op, x, v));
            text.complete()?;
        }
        Ok(op.name())
    }

    /// As [`unary`](Rules::unary), of two numbers.
    pub(super) fn binary(&mut self, op: Binary) -> Result<&'static str, &'static str> {
        if self.binary.insert(op as usize) {
            let text = Text::default();
            let [x, y, v] = ["x", "y", "v"].map(|name| text.named(name));
            let _ = (x.binary(op, y), rules::first(op, x, y, v), rules::second(op, x, y, v));
            text.complete()?;
        }
        Ok(op.name())
    }
}

/// Two objects: `rules` has a function for every value, `slopes` what is needed of every partial.
impl fmt::Display for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Text::default();
        let [x, y, v] = ["x", "y", "v"].map(|name| text.named(name));
        let unary = || Unary::ALL.iter().copied().filter(|&op| self.unary.contains(&(op as usize)));
        let binary =
            || Binary::ALL.iter().copied().filter(|&op| self.binary.contains(&(op as usize)));
        writeln!(f, "const rules = {{")?;
        for op in unary() {
            writeln!(f, "  {}: (x) => {},", op.name(), x.unary(op).bare())?;
        }
        for op in binary() {
            writeln!(f, "  {}: (x, y) => {},", op.name(), x.binary(op, y).bare())?;
        }
        writeln!(f, "}};\nconst slopes = {{")?;
        for op in unary() {
            slope(f, op.name(), 0, rules::unary(op, x, v))?;
        }
        for op in binary() {
            slope(f, op.name(), 0, rules::first(op, x, y, v))?;
            slope(f, op.name(), 1, rules::second(op, x, y, v))?;
        }
        writeln!(f, "}};")
    }
}

fn slope(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    operand: usize,
    partial: Partial<Js<'_>>,
) -> fmt::Result {
    write!(f, "  \"{name}.{operand}\": ")?;
    let formula = |js: Js<'_>| format!("(x, y, v) => {}", js.bare());
    match partial {
        Partial::Zero => writeln!(f, "[\"zero\"],"),
        Partial::One => writeln!(f, "[\"one\"],"),
        Partial::MinusOne => writeln!(f, "[\"minus one\"],"),
        Partial::Of(p) => writeln!(f, "[\"of\", {}],", formula(p)),
        Partial::Choice(p) => writeln!(f, "[\"choice\", {}],", formula(p)),
        Partial::Product(p, q) => writeln!(f, "[\"product\", {}, {}],", formula(p), formula(q)),
    }
}

/// The expressions that have been written.
#[derive(Debug, Default)]
struct Text {
    written: RefCell<Vec<String>>,
    /// An operation that a page has no function for.
    missing: Cell<Option<&'static str>>,
}

impl Text {
    fn named(&self, name: &str) -> Js<'_> {
        self.put(name.to_owned())
    }

    fn put(&self, text: String) -> Js<'_> {
        let mut written = self.written.borrow_mut();
        written.push(text);
        Js { text: self, at: written.len() - 1 }
    }

    fn complete(&self) -> Result<(), &'static str> {
        self.missing.get().map_or(Ok(()), Err)
    }
}

/// An expression: what the rules compute with. What is no name and no call is fenced.
#[derive(Clone, Copy, Debug)]
struct Js<'a> {
    text: &'a Text,
    at: usize,
}

impl Js<'_> {
    fn text(self) -> String {
        self.text.written.borrow()[self.at].clone()
    }

    /// Without the outermost fence.
    fn bare(self) -> String {
        let text = self.text();
        match text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
            Some(inner) if text.starts_with('(') && is_balanced(inner) => inner.to_owned(),
            _ => text,
        }
    }

    fn missing(self, name: &'static str) -> Self {
        self.text.missing.set(Some(name));
        self
    }
}

fn is_balanced(text: &str) -> bool {
    let depth = text.chars().try_fold(0_usize, |depth, c| match c {
        '(' => Some(depth + 1),
        ')' => depth.checked_sub(1),
        _ => Some(depth),
    });
    depth == Some(0)
}

impl Real for Js<'_> {
    fn like(self, constant: f64) -> Self {
        let text = match constant {
            f64::INFINITY => "Infinity".to_owned(),
            _ if constant < 0.0 => format!("({constant:?})"),
            _ => format!("{constant:?}"),
        };
        self.text.put(text)
    }

    fn unary(self, op: Unary) -> Self {
        let x = self.text();
        let text = match op {
            Unary::Neg => format!("(-{x})"),
            Unary::Recip => format!("(1 / {x})"),
            // The same bits everywhere.
            Unary::Sqrt | Unary::Abs | Unary::Floor | Unary::Ceil | Unary::Trunc => {
                format!("Math.{}({})", op.name(), self.bare())
            }
            Unary::Exp
            | Unary::ExpM1
            | Unary::Ln
            | Unary::Ln1p
            | Unary::Tanh
            | Unary::Sigmoid
            | Unary::Softplus
            | Unary::LogSigmoid
            | Unary::Signum
            | Unary::Relu
            | Unary::Round
            | Unary::OneMinusSquare => format!("f.{}({})", op.name(), self.bare()),
            _ => return self.missing(op.name()),
        };
        self.text.put(text)
    }

    fn binary(self, op: Binary, other: Self) -> Self {
        let infix = |sign: char| format!("({} {sign} {})", self.text(), other.text());
        let text = match op {
            Binary::Add => infix('+'),
            Binary::Sub => infix('-'),
            Binary::Mul => infix('*'),
            Binary::Div => infix('/'),
            Binary::Rem => infix('%'),
            Binary::Powi
            | Binary::Min
            | Binary::Max
            | Binary::Gt
            | Binary::Ge
            | Binary::Eq
            | Binary::MulNoNan
            | Binary::MulNoNanEither
            | Binary::SigmoidSlope
            | Binary::TanhSlope => format!("f.{}({}, {})", op.name(), self.bare(), other.bare()),
            _ => return self.missing(op.name()),
        };
        self.text.put(text)
    }
}

macro_rules! operators {
    ($($trait:ident $method:ident;)*) => {$(
        impl $trait for Js<'_> {
            type Output = Self;

            fn $method(self, other: Self) -> Self {
                self.binary(Binary::$trait, other)
            }
        }
    )*};
}

operators! {
    Add add;
    Sub sub;
    Mul mul;
    Div div;
    Rem rem;
}

impl Neg for Js<'_> {
    type Output = Self;

    fn neg(self) -> Self {
        self.unary(Unary::Neg)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_those_of_the_core() {
        let mut rules = Rules::default();
        assert_eq!(rules.unary(Unary::Tanh), Ok("tanh"));
        assert_eq!(rules.unary(Unary::Recip), Ok("recip"));
        assert_eq!(rules.unary(Unary::Relu), Ok("relu"));
        assert_eq!(rules.binary(Binary::Powi), Ok("powi"));
        assert_eq!(rules.binary(Binary::Sub), Ok("sub"));
        assert_eq!(rules.unary(Unary::Erf), Err("gaussian"));
        let mut rules = Rules { unary: rules.unary, ..rules };
        rules.unary.remove(&(Unary::Erf as usize));
        assert_eq!(
            rules.to_string(),
            "\
const rules = {
  recip: (x) => 1 / x,
  tanh: (x) => f.tanh(x),
  relu: (x) => f.relu(x),
  sub: (x, y) => x - y,
  powi: (x, y) => f.powi(x, y),
};
const slopes = {
  \"recip.0\": [\"product\", (x, y, v) => -v, (x, y, v) => v],
  \"tanh.0\": [\"of\", (x, y, v) => f.tanh_slope(x, v)],
  \"relu.0\": [\"choice\", (x, y, v) => f.indicator_gt(x, 0.0)],
  \"sub.0\": [\"one\"],
  \"sub.1\": [\"minus one\"],
  \"powi.0\": [\"of\", (x, y, v) => f.mul_no_nan(y, f.powi(x, y - 1.0))],
  \"powi.1\": [\"zero\"],
};
"
        );
    }
}
