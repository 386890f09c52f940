//! The form of a file, as it stands in JSON. What a field means is in docs/saved.md.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::number::Number;

/// What every version of the form begins with.
#[derive(Debug, serde::Deserialize)]
#[serde(expecting = "a saved tape or program")]
pub(crate) struct Stated {
    pub(crate) wengert: Option<String>,
    pub(crate) version: Option<u32>,
    pub(crate) number: Option<String>,
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "a saved tape or program")]
pub(crate) struct File<'a> {
    pub(crate) wengert: String,
    pub(crate) version: u32,
    pub(crate) number: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) asked: Option<Asked>,
    #[serde(borrow)]
    pub(crate) tape: List<'a>,
}

/// A tape.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "a tape")]
pub(crate) struct List<'a> {
    pub(crate) numerics: Way,
    #[serde(borrow, default)]
    pub(crate) bodies: Vec<Body<'a>>,
    #[serde(borrow)]
    pub(crate) nodes: Vec<Node<'a>>,
    #[serde(borrow, default)]
    pub(crate) names: Vec<Name<'a>>,
    #[serde(borrow, default)]
    pub(crate) scopes: Vec<Scope<'a>>,
    #[serde(borrow, default)]
    pub(crate) guards: Vec<Guard<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Way {
    Exact,
    Fast,
}

/// A step, with what its operation needs.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "a node")]
pub(crate) struct Node<'a> {
    #[serde(borrow)]
    pub(crate) op: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) of: Vec<Read>,
    /// Of a leaf, and of what positions scatter into.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) shape: Vec<usize>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) values: Vec<Number>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) axes: Option<Vec<u8>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) positions: Option<Vec<u32>>,
    /// What a function is called: a key.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<Cow<'a, str>>,
    /// The bodies that it runs, by number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) bodies: Vec<usize>,
    #[serde(default, rename = "loop", skip_serializing_if = "Option::is_none")]
    pub(crate) turns: Option<Turns>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) part: Option<Part>,
}

/// What of an external function is computed.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Part {
    Value,
    Pullback,
    Pushforward,
}

/// A loop.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "a loop")]
pub(crate) struct Turns {
    pub(crate) steps: usize,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) backwards: bool,
    /// How many states a sweep keeps: `all`, or a number; nothing if it is left to the sweep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) keeps: Option<Keeps>,
    pub(crate) given: Vec<Port>,
    pub(crate) returned: Vec<Port>,
}

#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Keeps {
    All,
    Count(usize),
}

/// What an input or an output of a loop's body is; `fixed` is no output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Port {
    Row,
    Fixed,
    State(usize),
}

/// A function as a list of steps. Its column: the inputs, the constants, the results.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "a body")]
pub(crate) struct Body<'a> {
    pub(crate) inputs: Vec<Vec<usize>>,
    /// The numbers of the inputs that it was recorded at.
    pub(crate) at: Vec<Number>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) constants: Vec<Number>,
    #[serde(borrow)]
    pub(crate) nodes: Vec<Node<'a>>,
    pub(crate) outputs: Vec<Read>,
}

/// Elements that are read: one number is its slot alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Read {
    pub(crate) at: u32,
    pub(crate) cut: bool,
    pub(crate) shape: Vec<usize>,
    /// Row-major ones if there are none.
    pub(crate) strides: Option<Vec<usize>>,
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "a name")]
pub(crate) struct Name<'a> {
    #[serde(borrow)]
    pub(crate) path: Cow<'a, str>,
    pub(crate) of: Read,
}

/// The scope from a slot on.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "a scope")]
pub(crate) struct Scope<'a> {
    pub(crate) from: usize,
    #[serde(borrow)]
    pub(crate) path: Cow<'a, str>,
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "a guard")]
pub(crate) struct Guard<'a> {
    pub(crate) left: u32,
    #[serde(borrow)]
    pub(crate) is: Cow<'a, str>,
    pub(crate) right: u32,
    pub(crate) outcome: bool,
}

/// What a program computes.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "what is asked for")]
pub(crate) struct Asked {
    pub(crate) numerics: Way,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) portable: bool,
    /// The passes of the compiler that are switched off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) without: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rows: Option<Rows>,
    /// Leaves that stand for gradients.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) standing: Vec<Standing>,
    pub(crate) outputs: Vec<Output>,
    /// Leaves that get an output after a run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) feeds: Vec<Feed>,
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "rows")]
pub(crate) struct Rows {
    /// As many as the compiler finds best, if there is no number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) count: Option<usize>,
    pub(crate) blocks: Vec<Read>,
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "a leaf that stands for a gradient")]
pub(crate) struct Standing {
    pub(crate) leaf: Read,
    pub(crate) of: Read,
    pub(crate) by: Read,
}

/// A value; with `by` its derivative.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "an output")]
pub(crate) struct Output {
    pub(crate) of: Read,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<Read>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) per_row: bool,
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "a feed")]
pub(crate) struct Feed {
    pub(crate) output: usize,
    pub(crate) to: Read,
}

impl Serialize for Read {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.shape.is_empty() && !self.cut {
            return serializer.serialize_u32(self.at);
        }
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("at", &self.at)?;
        if !self.shape.is_empty() {
            map.serialize_entry("shape", &self.shape)?;
        }
        if let Some(strides) = &self.strides {
            map.serialize_entry("strides", strides)?;
        }
        if self.cut {
            map.serialize_entry("cut", &true)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields, expecting = "where elements are")]
        struct Long {
            at: u32,
            #[serde(default)]
            shape: Vec<usize>,
            strides: Option<Vec<usize>>,
            #[serde(default)]
            cut: bool,
        }
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Read;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a slot, or where elements are")
            }

            fn visit_u64<E: de::Error>(self, slot: u64) -> Result<Read, E> {
                let wrong = |_| E::invalid_value(de::Unexpected::Unsigned(slot), &"a slot");
                let at = u32::try_from(slot).map_err(wrong)?;
                Ok(Read { at, cut: false, shape: Vec::new(), strides: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Read, A::Error> {
                let Long { at, shape, strides, cut } =
                    Long::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(Read { at, cut, shape, strides })
            }
        }
        deserializer.deserialize_any(Either)
    }
}
