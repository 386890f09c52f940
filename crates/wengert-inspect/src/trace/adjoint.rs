//! What an adjoint can be, and its form in files.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::number;
use crate::digits::Digits;

/// The adjoint of one number: four answers that are never mixed up.
///
/// In files: `"not computed"`, `"no path"`, `{"zero": "x2 = 0"}`, and a number (or `"NaN"`,
/// `"inf"`, `"-inf"`).
#[derive(Clone, Debug, PartialEq)]
pub enum Adjoint {
    /// Nothing was differentiated, or only what was recorded before this.
    NotComputed,
    /// Nothing that the output was computed from reads this, or only through detached handles.
    NoPath,
    /// The output was computed from this, but every contribution is zero for a reason that can be
    /// named: a factor is zero, a function is piecewise constant, a branch was not selected.
    Zero(String),
    /// The number that the sweep computed; it may be zero, by cancelling or by underflow.
    Computed(f64),
}

impl Adjoint {
    /// The derivative as a number: 0 where there is no path or a structural zero; `None` if it was
    /// not computed.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Adjoint::NotComputed => None,
            Adjoint::NoPath | Adjoint::Zero(_) => Some(0.0),
            Adjoint::Computed(number) => Some(*number),
        }
    }

    /// Minus the adjoint, which the delta rule calls **delta**: `δ = −∂L/∂z`.
    #[must_use]
    pub fn delta(&self) -> Adjoint {
        match self {
            Adjoint::Computed(number) => Adjoint::Computed(-number),
            other => other.clone(),
        }
    }
}

/// The number in ten digits, or the answer in words: `no path`, `zero: x2 = 0`.
impl fmt::Display for Adjoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Adjoint::NotComputed => f.pad("not computed"),
            Adjoint::NoPath => f.pad("no path"),
            Adjoint::Zero(reason) => f.pad(&format!("zero: {reason}")),
            Adjoint::Computed(number) => Digits::new(*number).fmt(f),
        }
    }
}

const NOT_COMPUTED: &str = "not computed";
const NO_PATH: &str = "no path";

impl Serialize for Adjoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Adjoint::NotComputed => serializer.serialize_str(NOT_COMPUTED),
            Adjoint::NoPath => serializer.serialize_str(NO_PATH),
            Adjoint::Zero(reason) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("zero", reason)?;
                map.end()
            }
            Adjoint::Computed(x) => number::serialize(x, serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Adjoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AdjointVisitor)
    }
}

struct AdjointVisitor;

impl<'de> Visitor<'de> for AdjointVisitor {
    type Value = Adjoint;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            r#"a number, "NaN", "inf", "-inf", "no path", "not computed" or {"zero": reason}"#,
        )
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Adjoint, E> {
        Ok(Adjoint::Computed(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Adjoint, E> {
        Ok(Adjoint::Computed(number as f64))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Adjoint, E> {
        Ok(Adjoint::Computed(number as f64))
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Adjoint, E> {
        match word {
            NOT_COMPUTED => Ok(Adjoint::NotComputed),
            NO_PATH => Ok(Adjoint::NoPath),
            _ => number::from_name(word)
                .map(Adjoint::Computed)
                .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(word), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Adjoint, A::Error> {
        let Some((key, reason)) = map.next_entry::<String, String>()? else {
            return Err(A::Error::missing_field("zero"));
        };
        if key != "zero" {
            return Err(A::Error::unknown_field(&key, &["zero"]));
        }
        if let Some(key) = map.next_key::<String>()? {
            return Err(A::Error::custom(format!("unexpected second field `{key}` beside `zero`")));
        }
        Ok(Adjoint::Zero(reason))
    }
}
