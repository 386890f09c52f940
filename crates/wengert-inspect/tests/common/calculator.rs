//! A reader with a calculator: takes the printed lines of a derivation and computes them again.

use wengert::number::Real;
use wengert::op::{Binary, Unary};
use wengert::{Leaf, Tape, Var};
use wengert_inspect::Digits;

/// What was found in one text.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Lines with an equals sign, of names too.
    pub(crate) lines: usize,
    /// Lines of numbers that were computed and gave the printed result.
    pub(crate) recomputed: usize,
    /// Results that were printed in fewer digits than asked for.
    pub(crate) shortened: usize,
    /// Lines that say themselves that they are not equal.
    pub(crate) unequal: usize,
    /// Sums of contributions.
    pub(crate) sums: usize,
}

const POLICY: &str = "a factor of 0 passes nothing on";

/// Computes every line of numbers of a plain text, and panics where the printed result is another.
pub(crate) fn recompute(text: &str, digits: usize) -> Found {
    let mut found = Found::default();
    let mut numbers: Option<&str> = None;
    let mut shares = 0;
    let following = text.lines().skip(1).chain([""]);
    for (line, next) in text.lines().zip(following) {
        // A declared policy of the chain rule, which the text states where it matters: 0 times
        // infinity is 0.
        let chained = line.contains(POLICY) || next.contains(POLICY);
        found.lines += usize::from(line.contains(" = "));
        if let Some(share) = line.strip_prefix("  by ") {
            shares += 1;
            found.unequal += usize::from(share.contains(" ≈ "));
            // The reader's name, then formula, numbers and result.
            let (_, chain) = share.split_once(": ").expect("a colon behind the reader");
            let parts: Vec<&str> = chain.split(" = ").collect();
            if let [.., numbers, result] = *parts {
                check(numbers, result, digits, &mut found, chained);
            }
        } else if let Some((left, right)) =
            line.split_once(" = ").filter(|(left, _)| left.starts_with("  "))
        {
            found.sums += usize::from(shares > 0);
            shares = 0;
            if let Some(numbers) = numbers.filter(|_| left.trim().is_empty()) {
                check(numbers, right, digits, &mut found, chained);
            }
            numbers = Some(right);
        } else {
            found.unequal += usize::from(line.contains(" ≈ "));
            numbers = None;
        }
    }
    found
}

/// A line of names is not computed; of numbers it must give the result.
fn check(numbers: &str, result: &str, digits: usize, found: &mut Found, chained: bool) {
    let tape = Tape::new();
    let Some(computed) = compute(&tape, numbers) else { return };
    let Some(printed) = numerals(result) else { return };
    let computed = computed.values();
    assert_eq!(computed.len(), printed.len(), "{numbers} = {result}");
    if chained && result.starts_with('0') && computed.iter().all(|x| x.is_nan()) {
        return;
    }
    let agrees = |digits: usize| {
        let text =
            |x: f64| Digits::new(if x == 0.0 { 0.0 } else { x }).significant(digits).to_string();
        computed.iter().zip(&printed).all(|(&x, printed)| text(x) == *printed)
    };
    match (3..=digits).rev().find(|&digits| agrees(digits)) {
        Some(most) => {
            found.recomputed += 1;
            found.shortened += usize::from(most < digits);
        }
        None => panic!("{numbers}\ngives {computed:?}\nand not {result}"),
    }
}

/// The numbers of a result, as they are printed.
fn numerals(result: &str) -> Option<Vec<String>> {
    let all: Vec<String> =
        result.split(['[', ']', ',', ' ']).filter(|t| !t.is_empty()).map(str::to_owned).collect();
    all.iter().all(|numeral| numeral.parse::<f64>().is_ok()).then_some(all)
}

/// The value of a formula of numbers; nothing if there is a name in it.
pub(crate) fn compute<'t>(tape: &'t Tape, text: &str) -> Option<Var<'t>> {
    let mut calculator = Calculator { tape, rest: text.trim() };
    let value = calculator.sum()?;
    calculator.rest.trim().is_empty().then_some(value)
}

struct Calculator<'t, 's> {
    tape: &'t Tape,
    rest: &'s str,
}

impl<'t> Calculator<'t, '_> {
    fn takes(&mut self, token: &str) -> bool {
        match self.rest.trim_start().strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn sum(&mut self) -> Option<Var<'t>> {
        let mut value = if self.takes("-") { -self.product()? } else { self.product()? };
        loop {
            if self.takes("+") {
                value += self.product()?;
            } else if self.takes("-") {
                value -= self.product()?;
            } else {
                return Some(value);
            }
        }
    }

    fn product(&mut self) -> Option<Var<'t>> {
        let mut value = self.power()?;
        loop {
            if self.takes("·") || self.takes("⊙") {
                value *= self.power()?;
            } else if self.takes("/") {
                value /= self.power()?;
            } else if self.takes("@") {
                value = self.matrix_product(value)?;
            } else {
                return Some(value);
            }
        }
    }

    /// A column times a transposed column is an outer product.
    fn matrix_product(&mut self, a: Var<'t>) -> Option<Var<'t>> {
        let b = self.atom()?;
        let transposed = self.takes("ᵀ");
        Some(match (a.shape().rank(), b.shape().rank(), transposed) {
            (1, 1, true) => a.outer(b),
            (_, 2, true) => a.matmul(b.t()),
            _ => a.matmul(b),
        })
    }

    fn power(&mut self) -> Option<Var<'t>> {
        let base = self.atom()?;
        if self.takes("ᵀ") {
            // A vector is a column, and so a row when it is turned.
            return Some(if base.shape().rank() == 1 {
                base.reshape([1, base.len()])
            } else {
                base.t()
            });
        }
        if !self.takes("^") {
            return Some(base);
        }
        let exponent = if self.takes("-") { -self.atom()? } else { self.atom()? };
        Some(base.binary(Binary::Powi, exponent))
    }

    fn list(&mut self, end: &str) -> Option<Vec<Var<'t>>> {
        let mut items = vec![self.sum()?];
        while self.takes(",") {
            items.push(self.sum()?);
        }
        self.takes(end).then_some(items)
    }

    fn atom(&mut self) -> Option<Var<'t>> {
        if self.takes("(") {
            let value = self.sum()?;
            return self.takes(")").then_some(value);
        }
        if self.takes("[") {
            return self.bracket();
        }
        let rest = self.rest.trim_start();
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'))
            .unwrap_or(rest.len());
        let (word, mut after) = rest.split_at(end);
        if let Some(signed) = after
            .strip_prefix('-')
            .filter(|_| word.ends_with('e') && word.starts_with(|c: char| c.is_ascii_digit()))
        {
            let digits = signed.find(|c: char| !c.is_ascii_digit()).unwrap_or(signed.len());
            after = &signed[digits..];
            let number = format!("{word}-{}", &signed[..digits]);
            self.rest = after;
            return Some(self.tape.input(number.parse::<f64>().ok()?));
        }
        self.rest = after;
        if let Ok(number) = word.parse::<f64>() {
            return Some(self.tape.input(number));
        }
        if !self.takes("(") {
            return None;
        }
        let arguments = self.list(")")?;
        self.call(word, &arguments)
    }

    /// `[x > y]` is 1 or 0; everything else is a vector or a matrix.
    fn bracket(&mut self) -> Option<Var<'t>> {
        let first = self.sum()?;
        for (sign, op) in [(">", Binary::Gt), ("≥", Binary::Ge), ("=", Binary::Eq)] {
            if self.takes(sign) {
                let value = first.binary(op, self.sum()?);
                return self.takes("]").then_some(value);
            }
        }
        let mut items = vec![first];
        while self.takes(",") {
            items.push(self.sum()?);
        }
        let inner = items[0].shape();
        let numbers: Vec<f64> = items.iter().flat_map(|item| item.values()).collect();
        let mut dims = vec![items.len()];
        dims.extend(inner.dims());
        self.takes("]")
            .then(|| self.tape.tensor(Leaf::Input, &numbers, &*dims).expect("rows of one length"))
    }

    fn call(&self, name: &str, arguments: &[Var<'t>]) -> Option<Var<'t>> {
        let name = match name {
            "arcsin" => "asin",
            "arccos" => "acos",
            "arctan" => "atan",
            "arsinh" => "asinh",
            "arcosh" => "acosh",
            "artanh" => "atanh",
            "expm1" => "exp_m1",
            "ln1p" => "ln_1p",
            "sign" => "signum",
            "rem" => "rem",
            name => name,
        };
        if let Some(&op) = Unary::ALL.iter().find(|op| op.name() == name) {
            return Some(arguments[0].unary(op));
        }
        match (name, arguments) {
            ("log_sum_exp", all) => Some(self.tape.stack(all).log_sum_exp_axes(0)),
            ("select", [c, a, b]) => Some(c.select(*a, *b)),
            ("Σ", [x]) => Some(x.sum()),
            ("Σ_rows", [x]) => Some(x.sum_axes(0)),
            (name, all) => {
                let &op = Binary::ALL.iter().find(|op| op.name() == name)?;
                all.iter().copied().reduce(|a, b| a.binary(op, b))
            }
        }
    }
}
