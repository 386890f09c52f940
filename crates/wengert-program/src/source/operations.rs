//! Operations as expressions, and what they need from elsewhere.

use std::collections::BTreeSet;

use super::error::RustError;
use super::expr::Expr;
use super::helpers;
use crate::op::{Binary, Unary};

/// Where functions come from, and which have been used.
#[derive(Debug)]
pub(crate) struct Operations {
    /// `f64`, `f32`
    pub(crate) number: &'static str,
    /// Whether elementary functions are a module's, and not the platform's.
    of_module: bool,
    /// Helpers to be written, by name.
    helpers: BTreeSet<&'static str>,
    /// What is taken from the module.
    pub(crate) imports: BTreeSet<&'static str>,
}

impl Operations {
    pub(crate) fn new(number: &'static str, of_module: bool) -> Self {
        Operations { number, of_module, helpers: BTreeSet::new(), imports: BTreeSet::new() }
    }

    /// The texts of all helpers that are called.
    pub(crate) fn helpers(&self) -> Vec<String> {
        let mut all = self.helpers.clone();
        self.helpers.iter().for_each(|name| all.extend(helpers::calls(name)));
        all.iter().filter_map(|name| helpers::text(name, self.number)).collect()
    }

    /// A helper of the text's own.
    pub(crate) fn own(&mut self, name: &'static str, arguments: &[&Expr]) -> Expr {
        self.helpers.insert(name);
        Expr::call(name, arguments)
    }

    /// A helper, or the module's function of that name if it is an elementary one.
    fn helper(&mut self, name: &'static str, arguments: &[&Expr]) -> Expr {
        if self.of_module && helpers::is_elementary(name) {
            self.imports.insert(name);
        } else {
            self.helpers.insert(name);
        }
        Expr::call(name, arguments)
    }

    /// A method of the type, or the module's function.
    fn elementary(&mut self, name: &'static str, x: &Expr, others: &[&Expr]) -> Expr {
        if self.of_module {
            self.imports.insert(name);
            let arguments: Vec<&Expr> = std::iter::once(x).chain(others.iter().copied()).collect();
            return Expr::call(name, &arguments);
        }
        x.method(name, others, self.number)
    }

    pub(crate) fn unary(&mut self, op: Unary, x: &Expr) -> Result<Expr, RustError> {
        let one = || Expr::number("1.0".to_owned());
        Ok(match op {
            Unary::Neg => x.negated(),
            Unary::Recip => one().infix('/', x),
            // The same bits everywhere.
            Unary::Sqrt | Unary::Abs | Unary::Floor | Unary::Ceil | Unary::Round | Unary::Trunc => {
                x.method(op.name(), &[], self.number)
            }
            Unary::OneMinusSquare if x.is_atom() => {
                one().infix('-', x).infix('*', &one().infix('+', x))
            }
            Unary::Signum
            | Unary::Relu
            | Unary::OneMinusSquare
            | Unary::Sigmoid
            | Unary::Softplus
            | Unary::Gaussian => self.helper(op.name(), &[x]),
            // The platform has none of these.
            Unary::Erf
            | Unary::Erfc
            | Unary::LogSigmoid
            | Unary::Log1mExp
            | Unary::NormPdf
            | Unary::NormCdf
            | Unary::NormLogCdf
            | Unary::NormLogCdfSlope
            | Unary::NormLogCdfExcess
            | Unary::NormPpf
                if !self.of_module =>
            {
                return Err(RustError::NoFunction { operation: op.name() });
            }
            Unary::Cbrt
            | Unary::Exp
            | Unary::Exp2
            | Unary::ExpM1
            | Unary::Ln
            | Unary::Ln1p
            | Unary::Log2
            | Unary::Log10
            | Unary::Sin
            | Unary::Cos
            | Unary::Tan
            | Unary::Asin
            | Unary::Acos
            | Unary::Atan
            | Unary::Sinh
            | Unary::Cosh
            | Unary::Tanh
            | Unary::Asinh
            | Unary::Acosh
            | Unary::Atanh
            | Unary::Erf
            | Unary::Erfc
            | Unary::LogSigmoid
            | Unary::Log1mExp
            | Unary::NormPdf
            | Unary::NormCdf
            | Unary::NormLogCdf
            | Unary::NormLogCdfSlope
            | Unary::NormLogCdfExcess
            | Unary::NormPpf => self.elementary(op.name(), x, &[]),
        })
    }

    /// `known`: the operands' numbers, where they are constants.
    pub(crate) fn binary(
        &mut self,
        op: Binary,
        [x, y]: [&Expr; 2],
        known: [Option<f64>; 2],
    ) -> Result<Expr, RustError> {
        Ok(match op {
            Binary::LogAddExp
            | Binary::XLogY
            | Binary::DifferenceSigmoid
            | Binary::NormPpfSlope => {
                if !self.of_module {
                    return Err(RustError::NoFunction { operation: op.name() });
                }
                self.elementary(op.name(), x, &[y])
            }
            // An adjoint that is not zero passes on what a product does.
            Binary::MulNoNan if known[0].is_some_and(|adjoint| adjoint != 0.0) => x.infix('*', y),
            Binary::Add => x.infix('+', y),
            Binary::Sub => x.infix('-', y),
            Binary::Mul => x.infix('*', y),
            Binary::Div => x.infix('/', y),
            Binary::Rem => x.infix('%', y),
            Binary::Powi => match known[1] {
                Some(2.0) if x.is_atom() => x.infix('*', x),
                Some(2.0) => self.helper("square", &[x]),
                Some(1.0) => x.clone(),
                Some(_) => self.elementary("powf", x, &[y]),
                None => self.helper_with_powf("powi", &[x, y]),
            },
            Binary::Powf | Binary::Atan2 | Binary::Hypot => self.elementary(op.name(), x, &[y]),
            Binary::Min
            | Binary::Max
            | Binary::Gt
            | Binary::Ge
            | Binary::Eq
            | Binary::MulNoNan
            | Binary::MulNoNanEither
            | Binary::SigmoidSlope
            | Binary::TanhSlope
            | Binary::HypotSlope
            | Binary::OverSquares
            | Binary::PowSlope
            | Binary::PowCurve
            | Binary::PowLn => self.helper(op.name(), &[x, y]),
        })
    }

    /// An integer power whose exponent is only known when it runs.
    fn helper_with_powf(&mut self, name: &'static str, arguments: &[&Expr]) -> Expr {
        self.helpers.insert(if self.of_module { "powi_of_module" } else { name });
        if self.of_module {
            self.imports.insert("powf");
        }
        Expr::call(name, arguments)
    }
}
