//! Numbers in files: the fewest digits that read back as the same bits.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use wengert_program::Compile;
use wengert_tape::Scalar;

/// A number that tapes and programs are saved of: `f32` or `f64`.
pub trait Saved: Scalar + Compile {
    /// What a file calls it.
    const NAME: &'static str;
}

impl Saved for f32 {
    const NAME: &'static str = "f32";
}

impl Saved for f64 {
    const NAME: &'static str = "f64";
}

/// A number as a file has it.
///
/// JSON has no NaN and no infinity: those are strings, and a NaN of other bits than the usual ones
/// is its bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number {
    pub(crate) value: f64,
    /// Whether it is written in the digits of an `f32`.
    short: bool,
}

impl Number {
    pub(crate) fn of<S: Scalar>(number: S) -> Self {
        let value = number.to_f64();
        // The shortest digits of an f32, read as an f64, might round to its neighbour.
        let single = S::from_f64(1.0 + f64::EPSILON).to_f64() == 1.0;
        let read = || (value as f32).to_string().parse::<f64>();
        let short = single && read().is_ok_and(|read| S::from_f64(read).same_bits(number));
        Number { value, short }
    }
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Number { value, short: false }
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            x if x.to_bits() == f64::NAN.to_bits() => serializer.serialize_str("nan"),
            x if x.is_nan() => serializer.serialize_str(&format!("nan {:016x}", x.to_bits())),
            f64::INFINITY => serializer.serialize_str("inf"),
            f64::NEG_INFINITY => serializer.serialize_str("-inf"),
            // Without a point it is shorter, and −0 would lose its sign.
            x if x.fract() == 0.0 && x.abs() < 1e15 && !(x == 0.0 && x.is_sign_negative()) => {
                serializer.serialize_i64(x as i64)
            }
            x if self.short => serializer.serialize_f32(x as f32),
            x => serializer.serialize_f64(x),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, \"nan\", \"inf\" or \"-inf\"")
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Number, E> {
                Ok(number.into())
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Number, E> {
                Ok((number as f64).into())
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Number, E> {
                Ok((number as f64).into())
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Number, E> {
                let bits = |bits| u64::from_str_radix(bits, 16).ok().map(f64::from_bits);
                let number = match name {
                    "nan" => Some(f64::NAN),
                    "inf" => Some(f64::INFINITY),
                    "-inf" => Some(f64::NEG_INFINITY),
                    _ => name.strip_prefix("nan ").and_then(bits).filter(|x| x.is_nan()),
                };
                let wrong = || E::invalid_value(de::Unexpected::Str(name), &self);
                Ok(number.ok_or_else(wrong)?.into())
            }
        }
        deserializer.deserialize_any(Read)
    }
}

/// Numbers as a tape has them.
pub(crate) fn read<S: Scalar>(numbers: &[Number]) -> Vec<S> {
    numbers.iter().map(|number| S::from_f64(number.value)).collect()
}

/// Numbers as a file has them.
pub(crate) fn written<S: Scalar>(numbers: &[S]) -> Vec<Number> {
    numbers.iter().map(|&number| Number::of(number)).collect()
}
