//! A function of plain numbers: foreign code, a table, a solver. The tape knows what it returned
//! and, if somebody said it, its derivative; not how it came about.

use std::fmt;
use std::sync::Arc;

use crate::shape::Shape;

/// The value: of the operands' numbers, written into the result's, which are 0 before.
pub type ExternalValue = dyn Fn(&[&[f64]], &mut [f64]) + Send + Sync;
/// The vector-Jacobian product: of the operands x, the result v and its cotangent g, written into
/// the operands' cotangents, which are 0 before.
pub type ExternalVjp = dyn Fn(&[&[f64]], &[f64], &[f64], &mut [&mut [f64]]) + Send + Sync;
/// The Jacobian-vector product: of the operands x, the result v and the operands' tangents, written
/// into the result's tangent, which is 0 before.
pub type ExternalJvp = dyn Fn(&[&[f64]], &[f64], &[&[f64]], &mut [f64]) + Send + Sync;
/// The shape of the result, of the operands' shapes; or why they do not fit.
pub type ExternalShape = dyn Fn(&[Shape]) -> Result<Shape, String> + Send + Sync;

/// A function of plain numbers.
///
/// It equals itself alone. A tape takes no two of one key, so that on a tape the key says which it
/// is.
pub struct External {
    /// The key by which it is known, and those of its two products with the Jacobian.
    keys: [String; 3],
    /// What it computes.
    pub value: Arc<ExternalValue>,
    /// The shape of what it computes.
    pub shape: Arc<ExternalShape>,
    /// Its vector-Jacobian product, if it is known.
    pub vjp: Option<Arc<ExternalVjp>>,
    /// Its Jacobian-vector product, if it is known.
    pub jvp: Option<Arc<ExternalJvp>>,
}

/// What a step computes of a function of plain numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExternalPart {
    /// The function, of its operands.
    Value,
    /// Its vector-Jacobian product: of its operands, its result and a cotangent of that.
    Pullback,
    /// Its Jacobian-vector product: of its operands, its result and a tangent for each operand.
    Pushforward,
}

impl External {
    /// A function whose result has the shape of its first operand, and no derivative.
    #[must_use]
    pub fn new(key: &str, value: Arc<ExternalValue>) -> Self {
        let shape = |shapes: &[Shape]| {
            shapes.first().cloned().ok_or_else(|| "it has at least one operand".to_owned())
        };
        External {
            keys: [key.to_owned(), format!("{key}'"), format!("{key}·")],
            value,
            shape: Arc::new(shape),
            vjp: None,
            jvp: None,
        }
    }

    /// The key by which it is known.
    #[must_use]
    pub fn key(&self) -> &str {
        self.name(ExternalPart::Value)
    }

    /// What a listing calls a step that computes a part of it.
    #[must_use]
    pub fn name(&self, part: ExternalPart) -> &str {
        &self.keys[part as usize]
    }

    /// Whether somebody said what its derivative is.
    #[must_use]
    pub fn has_rule(&self) -> bool {
        self.vjp.is_some() || self.jvp.is_some()
    }
}

impl PartialEq for External {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl fmt::Debug for External {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "External({})", self.key())
    }
}
