//! What all our JSON files have in common: a format, a version, blocks of numbers.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::safetensors::{Dtype, Tensor};
use super::{KeepError, write};

/// A block of numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedBlock {
    name: String,
    shape: Vec<usize>,
    values: Vec<f64>,
}

impl From<Tensor> for SavedBlock {
    fn from(Tensor { name, shape, values, .. }: Tensor) -> Self {
        SavedBlock { name, shape, values }
    }
}

impl From<SavedBlock> for Tensor {
    fn from(SavedBlock { name, shape, values }: SavedBlock) -> Self {
        Tensor { name, shape, values, dtype: Dtype::F64 }
    }
}

pub(crate) fn save_json(path: &Path, value: &impl Serialize) -> Result<(), KeepError> {
    let text = serde_json::to_string_pretty(value).map_err(|error| KeepError::File {
        file: path.display().to_string(),
        reason: error.to_string(),
    })?;
    write::whole(path, text.as_bytes())
}

/// Reads a file that says that it is of a format, in the one version that is read.
pub(crate) fn load_json<T: DeserializeOwned>(
    path: &Path,
    format: &str,
    version: u64,
    expected: &'static str,
) -> Result<T, KeepError> {
    let (file, bytes) = write::read(path)?;
    let foreign = |reason: String| KeepError::Foreign { file: file.clone(), expected, reason };
    let json = |error: serde_json::Error| match error.is_eof() {
        true => KeepError::Truncated {
            file: file.clone(),
            what: format!("it ends at line {}, column {}", error.line(), error.column()),
        },
        false => foreign(error.to_string()),
    };
    let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(json)?;
    let found = value.get("format").and_then(serde_json::Value::as_str);
    if found != Some(format) {
        let says = found.map_or("it says nothing".to_owned(), |found| format!("it says {found:?}"));
        return Err(foreign(format!("{says}, expected {format:?}")));
    }
    let found = value.get("version").and_then(serde_json::Value::as_u64).unwrap_or(0);
    if found != version {
        return Err(KeepError::Version { file, expected: version, found });
    }
    serde_json::from_value(value).map_err(json)
}
