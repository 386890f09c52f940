//! In how many digits numbers are printed, so that whoever computes with them gets the printed
//! result.

use wengert::op::{Attributes, Binary, Op};
use wengert::{Leaf, Tape, Var};

use super::expr::{Expr, Term};
use super::math::{Operands, digits};

/// Digits in which a line is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fit {
    /// Of what is put in.
    pub(super) operands: Operands,
    /// Of the result.
    pub(super) result: usize,
    /// Whether the printed operands give the printed result.
    pub(super) exact: bool,
}

impl Fit {
    /// Of a line whose numbers are not shown.
    pub(super) fn unseen(result: usize) -> Self {
        Fit {
            operands: Operands { significant: result + GUARD, signed_zeros: false },
            result,
            exact: true,
        }
    }
}

/// Digits that an operand has beyond the result's, at least.
const GUARD: usize = 2;
/// Enough to tell any number from its neighbours.
const ALL: usize = 17;
/// A result with fewer digits than this would say nothing.
const FEWEST: usize = 3;

/// The digits for a formula and its results, of which `wanted` are to be shown.
///
/// Where terms cancel, operands get as many digits more as it takes. If even all 17 do not give the
/// result (a formula of several steps rounds elsewhere than the tape did, or the tape computed in
/// `f32`), the result is printed in fewer digits; if that does not help, the two sides are not
/// called equal.
pub(super) fn fit(term: Term<'_>, results: &[f64], wanted: usize) -> Fit {
    let agree = |operands: Operands, significant: usize| {
        let Some(found) = evaluate(term, operands) else { return false };
        let text = |number: f64| digits(number, significant);
        found.len() == results.len() && found.iter().zip(results).all(|(&a, &b)| text(a) == text(b))
    };
    let result = wanted.clamp(1, ALL);
    let least = (result + GUARD).min(ALL);
    // A zero's sign is noise, unless somebody divides by it.
    for signed_zeros in [false, true] {
        for significant in least..=ALL {
            let operands = Operands { significant, signed_zeros };
            if agree(operands, result) {
                return Fit { operands, result, exact: true };
            }
        }
    }
    let all = Operands { significant: ALL, signed_zeros: false };
    for fewer in (FEWEST..result).rev() {
        if agree(all, fewer) {
            return Fit { operands: all, result: fewer, exact: true };
        }
    }
    Fit { operands: Operands { significant: least, signed_zeros: false }, result, exact: false }
}

/// The value of a formula in which every number has been rounded to some digits, by the core's own
/// operations; nothing if it holds what is not known.
pub(super) fn evaluate(term: Term<'_>, operands: Operands) -> Option<Vec<f64>> {
    let tape = Tape::new();
    let value = Evaluation { tape: &tape, operands }.of(term)?;
    Some(value.values())
}

struct Evaluation<'t> {
    tape: &'t Tape,
    operands: Operands,
}

impl<'t> Evaluation<'t> {
    fn rounded(&self, number: f64) -> f64 {
        self.operands.text(number).parse().unwrap_or(f64::NAN)
    }

    fn of(&self, term: Term<'_>) -> Option<Var<'t>> {
        let of = |id| self.of(term.at(id));
        let list = |ids: &[usize]| ids.iter().map(|&id| of(id)).collect::<Option<Vec<_>>>();
        match term.expr() {
            Expr::Number(number) => Some(self.tape.input(self.rounded(number))),
            Expr::Named(quantity) => {
                let numbers: Vec<f64> =
                    quantity.numbers.iter().map(|&number| self.rounded(number)).collect();
                self.tape.tensor(Leaf::Input, &numbers, &*quantity.shape).ok()
            }
            Expr::Unary(op, x) => of(x)?.try_unary(op).ok(),
            // As it is written: that 0 times infinity is 0 there is for the text to say.
            Expr::Binary(Binary::MulNoNan | Binary::MulNoNanEither, x, y) => {
                of(x)?.try_binary(Binary::Mul, of(y)?).ok()
            }
            Expr::Binary(op, x, y) => of(x)?.try_binary(op, of(y)?).ok(),
            Expr::Sum(xs) => list(&xs)?
                .into_iter()
                .map(Some)
                .reduce(|a, b| a?.try_binary(Binary::Add, b?).ok())?,
            Expr::Product(xs) => list(&xs)?
                .into_iter()
                .map(Some)
                .reduce(|a, b| a?.try_binary(Binary::Mul, b?).ok())?,
            Expr::Ones(shape) => {
                self.tape.tensor(Leaf::Input, &vec![1.0; shape.iter().product()], &*shape).ok()
            }
            // Over all elements of one run.
            Expr::Extremum(op, xs) if xs.len() == 1 => {
                let x = of(xs[0])?;
                let axes: Vec<usize> = (0..x.shape().rank()).collect();
                if op == Binary::Max {
                    x.try_max_axes(&axes).ok()
                } else {
                    x.try_min_axes(&axes).ok()
                }
            }
            Expr::Extremum(op, xs) => {
                list(&xs)?.into_iter().map(Some).reduce(|a, b| a?.try_binary(op, b?).ok())?
            }
            Expr::Called(op, xs) => {
                let x =
                    if let [x] = *xs { of(x)? } else { self.tape.try_stack(&list(&xs)?).ok()? };
                let axes: Vec<usize> = (0..x.shape().rank()).collect();
                self.tape.apply(Op::Structural(op), &[x], Attributes::axes_of(&axes)).ok()
            }
            Expr::Select(c, a, b) => of(c)?.try_select(of(a)?, of(b)?).ok(),
            Expr::Total(x) => Some(of(x)?.sum()),
            Expr::ColumnSums(x) => of(x)?.try_sum_axes(0).ok(),
            Expr::MatMul(a, b) => of(a)?.try_matmul(of(b)?).ok(),
            Expr::Transposed(x) => of(x).filter(|x| x.shape().rank() > 1).map(Var::t),
            Expr::Outer(a, b) => {
                let a = of(a)?;
                a.try_reshape([a.len(), 1]).ok()?.try_binary(Binary::Mul, of(b)?).ok()
            }
            Expr::Opaque(..) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::expr::{Arena, Quantity};
    use super::super::symbol::{Name, Role, Symbol};
    use super::*;

    fn number(arena: &Arena, number: f64) -> Term<'_> {
        let name = Name { path: "x".to_owned(), element: String::new(), whole: false };
        let symbol = Symbol { role: Role::Value, name, loss: None };
        arena.named(Quantity { symbol, shape: vec![], numbers: vec![number] })
    }

    #[test]
    fn operands_get_more_digits_where_terms_cancel() {
        let arena = Arena::default();
        let (a, b) = (1.0 / 3.0, (1.0 + 1e-9) / 3.0);
        let difference = number(&arena, b) - number(&arena, a);
        let fit = fit(difference, &[b - a], 10);
        assert_eq!((fit.result, fit.exact), (10, true));
        assert!(fit.operands.significant >= 16, "{fit:?}");
    }

    #[test]
    fn two_guard_digits_otherwise() {
        let arena = Arena::default();
        let product = number(&arena, 0.1) * number(&arena, 0.3);
        let operands = Operands { significant: 12, signed_zeros: false };
        assert_eq!(fit(product, &[0.1 * 0.3], 10), Fit { operands, result: 10, exact: true });
    }

    #[test]
    fn a_result_that_the_operands_do_not_give_is_not_called_equal() {
        let arena = Arena::default();
        let sum = arena.sum(&[number(&arena, 1.0), number(&arena, 2.0)]);
        assert_eq!(fit(sum, &[3.0004], 10).result, 4);
        assert!(!fit(sum, &[4.0], 10).exact);
    }
}
