//! Networks as files.

use serde::{Deserialize, Deserializer, Serialize};

use crate::activation::UnknownActivation;
use crate::mlp::{Mlp, MlpError};

/// What [`SavedMlp::format`] says.
const FORMAT: &str = "wengert-layers/mlp";
/// The version that this crate writes, and the only one it reads.
const VERSION: u32 = 1;

/// A network as it is saved: plain, documented, versioned. For any format of serde; for JSON there
/// are [`Mlp::to_json`] and [`Mlp::from_json`].
///
/// ```json
/// {
///   "format": "wengert-layers/mlp",
///   "version": 1,
///   "sizes": [2, 1, 2],
///   "activations": ["sigmoid", "sigmoid"],
///   "weights": [
///     [[0.13436424411240122, 0.8474337369372327, 0.763774618976614]],
///     [[0.2550690257394217, 0.49543508709194095], [0.4494910647887381, 0.651592972722763]]
///   ]
/// }
/// ```
///
/// A struct of its own, so that [`Mlp`] can change without old files becoming unreadable, and so
/// that numbers from a file become a network only through the checks of
/// [`Mlp::try_from`](Mlp#impl-TryFrom<SavedMlp>-for-Mlp). Numbers come back bit for bit if the
/// format keeps them: serde_json needs its feature `float_roundtrip`, which this crate turns on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedMlp {
    /// `wengert-layers/mlp`.
    pub format: String,
    /// 1.
    pub version: u32,
    /// The number of inputs, then the number of neurons of each layer.
    pub sizes: Vec<usize>,
    /// The [name](crate::Activation::name) of the activation of each layer.
    pub activations: Vec<String>,
    /// By layer, by neuron: one weight per input, then the bias. In formats for people, `null`
    /// reads as NaN, which is what JSON's writers make of it, so that the parameter can be named.
    #[serde(deserialize_with = "weights")]
    pub weights: Vec<Vec<Vec<f64>>>,
}

/// Why a saved network could not be loaded.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The text stops before its end.
    #[error("the file is truncated: it ends at line {line}, column {column}, within its JSON")]
    Truncated {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },

    /// The text is not JSON.
    #[error("not a saved network: no JSON at line {line}, column {column}: {reason}")]
    NotJson {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong there.
        reason: String,
    },

    /// Something else was saved there.
    #[error("not a saved network: {}, expected \"wengert-layers/mlp\"", says(found.as_deref()))]
    Foreign {
        /// What the field says; nothing if there is no such field.
        found: Option<String>,
    },

    /// Another version of the format.
    #[error(
        "field `version` is {found}, expected {expected}; it was saved by another version of wengert-layers"
    )]
    Version {
        /// The version found.
        found: u32,
        /// The version that can be read.
        expected: u32,
    },

    /// A field is missing or holds what it can't.
    #[error("malformed network: {reason} at line {line}, column {column}")]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong, naming the field.
        reason: String,
    },

    /// Field `activations` has an unknown name.
    #[error("field `activations[{layer}]`: {source}")]
    Activation {
        /// The layer, from 0.
        layer: usize,
        /// The name.
        source: UnknownActivation,
    },

    /// Field `weights` has not the layers or neurons that field `sizes` says.
    #[error("field `weights` has {found} {what}, but field `sizes` says {expected}")]
    Count {
        /// `layers`, or `neurons in weights[1]`.
        what: String,
        /// What `sizes` says.
        expected: usize,
        /// What `weights` has.
        found: usize,
    },

    /// The numbers make no network.
    #[error("field `{field}`: {source}")]
    Network {
        /// The field.
        field: &'static str,
        /// Why not.
        source: MlpError,
    },

    /// A network of another shape than the one it was to be loaded into.
    #[error("the file holds a network of {found}, expected {expected}")]
    Shape {
        /// The network to be loaded into: `2-1-2 sigmoid, sigmoid`.
        expected: String,
        /// The network in the file.
        found: String,
    },
}

impl From<&Mlp> for SavedMlp {
    fn from(mlp: &Mlp) -> Self {
        SavedMlp {
            format: FORMAT.to_owned(),
            version: VERSION,
            sizes: mlp.sizes().to_vec(),
            activations: mlp.activations().iter().map(ToString::to_string).collect(),
            weights: mlp.weights(),
        }
    }
}

/// Checks everything that a file can get wrong.
impl TryFrom<SavedMlp> for Mlp {
    type Error = LoadError;

    fn try_from(saved: SavedMlp) -> Result<Self, LoadError> {
        check_header(Some(saved.format), Some(saved.version))?;
        let parse = |(layer, name): (usize, &String)| {
            name.parse().map_err(|source| LoadError::Activation { layer, source })
        };
        let activations =
            saved.activations.iter().enumerate().map(parse).collect::<Result<Vec<_>, _>>()?;
        let widths = saved.sizes.get(1..).unwrap_or(&[]);
        let count = |what: String, expected, found| match expected == found {
            true => Ok(()),
            false => Err(LoadError::Count { what, expected, found }),
        };
        count("layers".to_owned(), widths.len(), saved.weights.len())?;
        for (i, (layer, &expected)) in saved.weights.iter().zip(widths).enumerate() {
            count(format!("neurons in weights[{i}]"), expected, layer.len())?;
        }
        Mlp::from_sized_weights(&saved.sizes, &saved.weights, &activations).map_err(|source| {
            let field = match source {
                MlpError::Activations { .. } => "activations",
                MlpError::NoLayers | MlpError::ZeroWidth { .. } | MlpError::TooLarge { .. } => {
                    "sizes"
                }
                _ => "weights",
            };
            LoadError::Network { field, source }
        })
    }
}

impl Mlp {
    /// The network as a JSON text, in the form of [`SavedMlp`].
    ///
    /// # Examples
    ///
    /// ```
    /// use wengert_layers::{Activation, Init, Mlp};
    ///
    /// let mlp = Mlp::new(&[2, 1, 2], Activation::Sigmoid, Init::Notebook { seed: 1 })?;
    /// assert_eq!(Mlp::from_json(&mlp.to_json()), Ok(mlp));
    /// # Ok::<(), wengert_layers::MlpError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// Never: strings and finite numbers have a JSON form.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(&SavedMlp::from(self))
            .expect("strings and numbers are JSON");
        text.push('\n');
        text
    }

    /// The network that [`to_json`](Mlp::to_json) wrote, bit for bit.
    ///
    /// # Errors
    ///
    /// A [`LoadError`] for each thing that can be wrong with the text, the earliest check first:
    /// cut off, no JSON, something else's JSON, another version, a field of the wrong type, then
    /// [`Mlp::try_from`](Mlp#impl-TryFrom<SavedMlp>-for-Mlp)'s.
    pub fn from_json(json: &str) -> Result<Self, LoadError> {
        // What it is and of which version comes first: only then are the other fields those of
        // `SavedMlp`.
        let header: Header = serde_json::from_str(json).map_err(|error| not_read(json, &error))?;
        check_header(header.format, header.version)?;
        let saved: SavedMlp = serde_json::from_str(json).map_err(|error| {
            let (line, column, reason) = parts(&error);
            LoadError::Malformed { line, column, reason }
        })?;
        Mlp::try_from(saved)
    }

    /// Replaces the parameters by saved ones of a network of the same sizes and activations.
    ///
    /// # Errors
    ///
    /// As [`from_json`](Mlp::from_json), and [`LoadError::Shape`] for another network. Then this
    /// one is as it was.
    pub fn load_json(&mut self, json: &str) -> Result<(), LoadError> {
        let loaded = Mlp::from_json(json)?;
        if (loaded.sizes(), loaded.activations()) != (self.sizes(), self.activations()) {
            return Err(LoadError::Shape { expected: self.kind(), found: loaded.kind() });
        }
        *self = loaded;
        Ok(())
    }

    /// `2-1-2 sigmoid, sigmoid`.
    fn kind(&self) -> String {
        let sizes: Vec<String> = self.sizes().iter().map(usize::to_string).collect();
        let activations: Vec<&str> =
            self.activations().iter().map(|activation| activation.name()).collect();
        format!("{} {}", sizes.join("-"), activations.join(", "))
    }
}

/// What a foreign file need not have.
#[derive(Deserialize)]
struct Header {
    format: Option<String>,
    version: Option<u32>,
}

fn check_header(format: Option<String>, version: Option<u32>) -> Result<(), LoadError> {
    if format.as_deref() != Some(FORMAT) {
        return Err(LoadError::Foreign { found: format });
    }
    match version {
        // A missing version is reported as a missing field.
        Some(found) if found != VERSION => Err(LoadError::Version { found, expected: VERSION }),
        _ => Ok(()),
    }
}

fn says(format: Option<&str>) -> String {
    match format {
        Some(format) => format!("field `format` is {format:?}"),
        None => "there is no field `format`".to_owned(),
    }
}

/// Why a text is not even the JSON of an object.
fn not_read(json: &str, error: &serde_json::Error) -> LoadError {
    use serde_json::error::Category;
    let (line, column, reason) = parts(error);
    // A number cut off behind its point or its e is bad syntax to serde_json, with nothing behind
    // it.
    let at_end =
        (line, column) == (json.split('\n').count(), json.rsplit('\n').next().map_or(0, str::len));
    match error.classify() {
        Category::Eof => LoadError::Truncated { line, column },
        Category::Syntax if at_end && reason == "invalid number" => {
            LoadError::Truncated { line, column }
        }
        Category::Syntax | Category::Io => LoadError::NotJson { line, column, reason },
        Category::Data => LoadError::Foreign { found: None },
    }
}

/// The place and the message, which serde_json ends with the place.
fn parts(error: &serde_json::Error) -> (usize, usize, String) {
    let (line, column, text) = (error.line(), error.column(), error.to_string());
    let reason = text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text);
    (line, column, reason.to_owned())
}

fn weights<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Vec<Vec<f64>>>, D::Error> {
    if !deserializer.is_human_readable() {
        // Compact formats have NaN, and write no mark for a number that is there.
        return Deserialize::deserialize(deserializer);
    }
    let layers: Vec<Vec<Vec<Option<f64>>>> = Deserialize::deserialize(deserializer)?;
    let numbers =
        |row: Vec<Option<f64>>| row.into_iter().map(|number| number.unwrap_or(f64::NAN)).collect();
    Ok(layers.into_iter().map(|layer| layer.into_iter().map(numbers).collect()).collect())
}

#[cfg(test)]
mod tests;
