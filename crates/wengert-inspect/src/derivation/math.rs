//! From a formula to its layout: what is written over, under and beside what. The three writers
//! only spell this out.

use std::f64::consts::{FRAC_2_SQRT_PI, LN_2, LN_10};

use wengert::op::{Binary, Unary};

use super::expr::{Expr, Id, Quantity, Term};
use super::symbol::{Role, Symbol};
use crate::digits::{Digits, SIGNIFICANT};

/// A formula as it stands on paper.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Math {
    /// Digits, perhaps with a sign and a power of ten.
    Number(String),
    Symbol(Symbol),
    /// Where a number is to be put in: see [`Symbol::mark`].
    Mark(String),
    /// What is between two operands: `+`, `-`, `·`, `⊙`, `>`, `≥`, `=`, `≠`, `,`.
    Operator(char),
    Row(Vec<Math>),
    Fraction(Box<Math>, Box<Math>),
    Power(Box<Math>, Box<Math>),
    /// `e` to a power.
    Exp(Box<Math>),
    /// The square root, or the third.
    Root(u8, Box<Math>),
    /// `(`, `|`, `⌊`, `⌈` or `[`, with its partner.
    Fenced(char, Box<Math>),
    Call(&'static str, Vec<Math>),
    /// An op that this version does not know.
    Foreign(String, Vec<Math>),
    /// A column of numbers.
    Vector(Vec<Math>),
    /// Rows of numbers.
    Matrix(Vec<Vec<Math>>),
    Transposed(Box<Math>),
    /// The sum of all elements, or of each column.
    Total(&'static str, Box<Math>),
    /// If the first is not 0, the second, else the third.
    Cases(Box<[Math; 3]>),
    /// Words within a formula.
    Words(String),
}

/// Whether a formula shows names or the numbers that stand for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Show {
    Names,
    /// A mark for each name, so that numbers can be put in later.
    Marks,
    Numbers(Operands),
}

/// How the numbers that are put in are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operands {
    pub(super) significant: usize,
    /// Whether −0 keeps its sign, which matters to who divides by it.
    pub(super) signed_zeros: bool,
}

impl Operands {
    pub(super) fn text(self, number: f64) -> String {
        let text = digits(number, self.significant);
        if number == 0.0 && number.is_sign_negative() && self.signed_zeros {
            format!("-{text}")
        } else {
            text
        }
    }
}

/// How tightly the outermost operation of a formula binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Sum,
    Product,
    Power,
    Atom,
}

/// A number in some significant digits, a zero without its sign.
pub(super) fn digits(number: f64, significant: usize) -> String {
    Digits::new(if number == 0.0 { 0.0 } else { number }).significant(significant).to_string()
}

/// Lays a formula out.
pub(super) fn layout(term: Term<'_>, show: Show) -> Math {
    Layout { show }.of(term).0
}

struct Layout {
    show: Show,
}

fn row(parts: impl IntoIterator<Item = Math>) -> Math {
    Math::Row(parts.into_iter().collect())
}

fn fenced(math: Math) -> Math {
    Math::Fenced('(', Box::new(math))
}

impl Layout {
    fn of(&self, term: Term<'_>) -> (Math, Binding) {
        let plain = |id: Id| Box::new(self.of(term.at(id)).0);
        let list = |ids: &[Id]| ids.iter().map(|&id| self.of(term.at(id)).0).collect::<Vec<_>>();
        match term.expr() {
            Expr::Number(number) => self.number(number),
            Expr::Named(quantity) => self.named(&quantity),
            Expr::Unary(op, x) => self.unary(op, term.at(x)),
            Expr::Binary(op, x, y) => self.binary(op, term.at(x), term.at(y)),
            Expr::Sum(xs) => {
                (self.sum(&xs.iter().map(|&x| term.at(x)).collect::<Vec<_>>()), Binding::Sum)
            }
            Expr::Product(xs) => (
                self.product(&xs.iter().map(|&x| term.at(x)).collect::<Vec<_>>()),
                Binding::Product,
            ),
            Expr::Extremum(op, xs) => {
                let name = if op == Binary::Max { "max" } else { "min" };
                (Math::Call(name, list(&xs)), Binding::Atom)
            }
            Expr::Called(op, xs) => (Math::Call(op.name(), list(&xs)), Binding::Atom),
            Expr::Select(c, a, b) => {
                (Math::Cases(Box::new([*plain(c), *plain(a), *plain(b)])), Binding::Sum)
            }
            Expr::Total(x) => (Math::Total("Σ", plain(x)), Binding::Atom),
            Expr::ColumnSums(x) => (Math::Total("Σ_rows", plain(x)), Binding::Atom),
            Expr::MatMul(a, b) => {
                // A vector on the left is a row.
                let first = self.factor(term.at(a));
                let row_vector = term.at(a).rank() == 1;
                let first = if row_vector { Math::Transposed(Box::new(first)) } else { first };
                let parts = [first, Math::Operator(' '), self.factor(term.at(b))];
                (row(parts), Binding::Product)
            }
            Expr::Outer(a, b) => {
                let second = Math::Transposed(Box::new(self.factor(term.at(b))));
                (row([self.factor(term.at(a)), Math::Operator(' '), second]), Binding::Product)
            }
            Expr::Transposed(x) => {
                (Math::Transposed(Box::new(self.factor(term.at(x)))), Binding::Power)
            }
            Expr::Ones(shape) => match self.show {
                Show::Names | Show::Marks => (Math::Words("ones".to_owned()), Binding::Atom),
                Show::Numbers(_) => (
                    matrix(&vec![1.0; shape.iter().product()], &shape, |one| one.to_string()),
                    Binding::Atom,
                ),
            },
            // What of its operands was left out is said by its name.
            Expr::Opaque(name, xs) if xs.is_empty() => (Math::Words(name), Binding::Atom),
            Expr::Opaque(name, xs) => (Math::Foreign(name, list(&xs)), Binding::Atom),
        }
    }

    fn number(&self, number: f64) -> (Math, Binding) {
        let significant = match self.show {
            Show::Numbers(operands) => return digit_math(operands.text(number)),
            _ if number == LN_2 => {
                return (Math::Words("ln 2".to_owned()), Binding::Product);
            }
            _ if number == LN_10 => {
                return (Math::Words("ln 10".to_owned()), Binding::Product);
            }
            _ if number == FRAC_2_SQRT_PI => {
                return (Math::Words("2/√π".to_owned()), Binding::Product);
            }
            Show::Names | Show::Marks => SIGNIFICANT,
        };
        digit_math(digits(number, significant))
    }

    fn named(&self, quantity: &Quantity) -> (Math, Binding) {
        let binding =
            if quantity.symbol.role == Role::Error { Binding::Sum } else { Binding::Atom };
        let operands = match self.show {
            Show::Names => return (Math::Symbol(quantity.symbol.clone()), binding),
            Show::Marks => return (Math::Mark(quantity.symbol.mark()), binding),
            Show::Numbers(operands) => operands,
        };
        match *quantity.numbers {
            [number] if quantity.shape.is_empty() => digit_math(operands.text(number)),
            _ => (
                matrix(&quantity.numbers, &quantity.shape, |number| operands.text(number)),
                Binding::Atom,
            ),
        }
    }

    /// A factor that is not the first, or the base of a power: fenced unless it binds tightly.
    fn factor(&self, term: Term<'_>) -> Math {
        let (math, binding) = self.of(term);
        if binding < Binding::Power { fenced(math) } else { math }
    }

    fn product(&self, factors: &[Term<'_>]) -> Math {
        let mut parts = Vec::new();
        let mut rank = 0;
        for (i, &factor) in factors.iter().enumerate() {
            let (math, binding) = self.of(factor);
            let fence = match binding {
                // The first factor may bring its sign with it.
                Binding::Sum => i > 0 || !is_signed_atom(&math),
                // A fraction, or a power of ten, needs no fence between products.
                Binding::Product => {
                    i > 0 && (matches!(math, Math::Row(_)) || starts_negative(&math))
                }
                Binding::Power | Binding::Atom => false,
            };
            if i > 0 {
                let both = rank > 0 && factor.rank() > 0;
                parts.push(Math::Operator(if both { '⊙' } else { '·' }));
            }
            rank = rank.max(factor.rank());
            parts.push(if fence { fenced(math) } else { math });
        }
        Math::Row(parts)
    }

    fn sum(&self, terms: &[Term<'_>]) -> Math {
        let mut parts = Vec::new();
        for (i, &term) in terms.iter().enumerate() {
            if i == 0 {
                parts.push(self.of(term).0);
                continue;
            }
            // A later term brings its sign with it.
            let (sign, math) = match term.expr() {
                Expr::Unary(Unary::Neg, x) => ('-', self.after_sign(term.at(x))),
                _ => match self.of(term) {
                    (Math::Number(text), _) if text.starts_with('-') => {
                        ('-', Math::Number(text[1..].to_owned()))
                    }
                    (math, binding) => (
                        '+',
                        if binding == Binding::Sum {
                            self.after_sign(term)
                        } else {
                            fence_sign(math)
                        },
                    ),
                },
            };
            parts.extend([Math::Operator(sign), math]);
        }
        Math::Row(parts)
    }

    /// What follows a plus or a minus: fenced if it is a sum or begins with a sign.
    fn after_sign(&self, term: Term<'_>) -> Math {
        let (math, binding) = self.of(term);
        if binding == Binding::Sum { fenced(math) } else { fence_sign(math) }
    }

    fn unary(&self, op: Unary, x: Term<'_>) -> (Math, Binding) {
        let plain = || self.of(x).0;
        let call = |name| (Math::Call(name, vec![plain()]), Binding::Atom);
        let fence = |open| (Math::Fenced(open, Box::new(plain())), Binding::Atom);
        match op {
            Unary::Neg => (row([Math::Operator('-'), self.after_sign(x)]), Binding::Sum),
            Unary::Recip => (
                Math::Fraction(Box::new(Math::Number("1".to_owned())), Box::new(plain())),
                Binding::Product,
            ),
            Unary::Sqrt => (Math::Root(2, Box::new(plain())), Binding::Atom),
            Unary::Cbrt => (Math::Root(3, Box::new(plain())), Binding::Atom),
            Unary::Exp => (Math::Exp(Box::new(plain())), Binding::Power),
            Unary::Exp2 => (
                Math::Power(Box::new(Math::Number("2".to_owned())), Box::new(plain())),
                Binding::Power,
            ),
            Unary::Abs => fence('|'),
            Unary::Floor => fence('⌊'),
            Unary::Ceil => fence('⌈'),
            // Not e^x - 1 and ln(1 + x), which lose their digits near 0.
            Unary::ExpM1 => call("expm1"),
            Unary::Ln1p => call("ln1p"),
            Unary::Ln => call("ln"),
            Unary::Log2 => call("log2"),
            Unary::Log10 => call("log10"),
            Unary::Sin => call("sin"),
            Unary::Cos => call("cos"),
            Unary::Tan => call("tan"),
            Unary::Asin => call("arcsin"),
            Unary::Acos => call("arccos"),
            Unary::Atan => call("arctan"),
            Unary::Sinh => call("sinh"),
            Unary::Cosh => call("cosh"),
            Unary::Tanh => call("tanh"),
            Unary::Asinh => call("arsinh"),
            Unary::Acosh => call("arcosh"),
            Unary::Atanh => call("artanh"),
            Unary::Signum => call("sign"),
            Unary::Round => call("round"),
            Unary::Trunc => call("trunc"),
            Unary::Sigmoid => call("sigmoid"),
            Unary::Softplus => call("softplus"),
            Unary::Relu => call("relu"),
            Unary::Erf => call("erf"),
            Unary::Gaussian => call("gaussian"),
            Unary::OneMinusSquare => call("one_minus_square"),
            Unary::LogSigmoid => call("log_sigmoid"),
            Unary::Log1mExp => call("log1mexp"),
            Unary::Erfc => call("erfc"),
            Unary::NormPdf => call("norm_pdf"),
            Unary::NormCdf => call("norm_cdf"),
            Unary::NormLogCdf => call("norm_log_cdf"),
            Unary::NormLogCdfSlope => call("norm_log_cdf_slope"),
            Unary::NormLogCdfExcess => call("norm_log_cdf_excess"),
            Unary::NormPpf => call("norm_ppf"),
            Unary::Lgamma => call("lgamma"),
            Unary::Digamma => call("digamma"),
            Unary::I0e => call("i0e"),
            Unary::I1e => call("i1e"),
        }
    }

    fn binary(&self, op: Binary, x: Term<'_>, y: Term<'_>) -> (Math, Binding) {
        let both = || vec![self.of(x).0, self.of(y).0];
        let call = |name| (Math::Call(name, both()), Binding::Atom);
        let bracket = |operator| {
            let [x, y] = [self.of(x).0, self.of(y).0];
            (Math::Fenced('[', Box::new(row([x, Math::Operator(operator), y]))), Binding::Atom)
        };
        match op {
            Binary::Add => (self.sum(&[x, y]), Binding::Sum),
            Binary::Sub => {
                let second = match self.of(y) {
                    (math @ Math::Number(_), _) if starts_negative(&math) => fenced(math),
                    _ => self.after_sign(y),
                };
                (row([self.of(x).0, Math::Operator('-'), second]), Binding::Sum)
            }
            Binary::Mul | Binary::MulNoNan | Binary::MulNoNanEither => {
                (self.product(&[x, y]), Binding::Product)
            }
            Binary::Div => {
                (Math::Fraction(Box::new(self.of(x).0), Box::new(self.of(y).0)), Binding::Product)
            }
            Binary::Powi | Binary::Powf => {
                let base = match self.factor(x) {
                    // A name that has a superscript already.
                    Math::Symbol(symbol) if symbol.name.path.contains('/') => {
                        fenced(Math::Symbol(symbol))
                    }
                    Math::Mark(mark) if mark.contains('/') => fenced(Math::Mark(mark)),
                    Math::Power(base, exponent) => fenced(Math::Power(base, exponent)),
                    Math::Exp(exponent) => fenced(Math::Exp(exponent)),
                    base => base,
                };
                (Math::Power(Box::new(base), Box::new(self.of(y).0)), Binding::Power)
            }
            Binary::Rem => call("rem"),
            Binary::Atan2 => call("atan2"),
            Binary::Hypot => call("hypot"),
            Binary::HypotSlope => call("hypot_slope"),
            Binary::OverSquares => call("over_squares"),
            Binary::SigmoidSlope => call("sigmoid_slope"),
            Binary::TanhSlope => call("tanh_slope"),
            Binary::PowSlope => call("pow_slope"),
            Binary::PowCurve => call("pow_curve"),
            Binary::PowLn => call("pow_ln"),
            Binary::LogAddExp => call("logaddexp"),
            Binary::XLogY => call("xlogy"),
            Binary::DifferenceSigmoid => call("difference_sigmoid"),
            Binary::NormPpfSlope => call("norm_ppf_slope"),
            Binary::Polygamma => call("polygamma"),
            Binary::I0eDerivative => call("i0e_derivative"),
            Binary::I1eDerivative => call("i1e_derivative"),
            Binary::Min => call("min"),
            Binary::Max => call("max"),
            Binary::Gt => bracket('>'),
            Binary::Ge => bracket('≥'),
            Binary::Eq => bracket('='),
        }
    }
}

fn starts_negative(math: &Math) -> bool {
    match math {
        Math::Number(text) => text.starts_with('-'),
        Math::Symbol(symbol) => symbol.role == Role::Error,
        Math::Operator(sign) => *sign == '-',
        Math::Row(parts) => parts.first().is_some_and(starts_negative),
        _ => false,
    }
}

/// A product behind a sign that begins with a sign of its own: that belongs to its first factor.
fn fence_sign(math: Math) -> Math {
    match math {
        Math::Row(mut parts) if parts.first().is_some_and(starts_negative) => {
            let first = parts.remove(0);
            parts.insert(0, fenced(first));
            Math::Row(parts)
        }
        math if starts_negative(&math) => fenced(math),
        math => math,
    }
}

/// `-5`, or `-∂L/∂v`: the sign may stand first in a product without a fence.
fn is_signed_atom(math: &Math) -> bool {
    match math {
        Math::Number(_) | Math::Symbol(_) | Math::Mark(_) => true,
        Math::Row(parts) => {
            matches!(
                &**parts,
                [Math::Operator('-'), Math::Number(_) | Math::Symbol(_) | Math::Mark(_)]
            )
        }
        _ => false,
    }
}

fn digit_math(text: String) -> (Math, Binding) {
    let binding = match &text {
        text if text.starts_with('-') => Binding::Sum,
        text if text.contains('e') => Binding::Product,
        _ => Binding::Atom,
    };
    (Math::Number(text), binding)
}

/// Numbers of a vector as a column, of a matrix as rows.
pub(super) fn matrix(numbers: &[f64], shape: &[usize], text: impl Fn(f64) -> String) -> Math {
    let cell = |&number: &f64| Math::Number(text(number));
    match *shape {
        [.., _, columns] => Math::Matrix(
            numbers.chunks(columns.max(1)).map(|row| row.iter().map(cell).collect()).collect(),
        ),
        _ => Math::Vector(numbers.iter().map(cell).collect()),
    }
}
