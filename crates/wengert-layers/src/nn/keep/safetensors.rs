//! The format of safetensors: 8 bytes with the length of a JSON header, the header, the numbers.
//!
//! <https://github.com/huggingface/safetensors>, "Format".

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::KeepError;
use super::write;

/// A named array.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Its name: `0.weight`.
    pub name: String,
    /// Its extents; none for a single number.
    pub shape: Vec<usize>,
    /// Its numbers, row-major. Those of `f32` are held without loss.
    pub values: Vec<f64>,
    /// How they are, or are to be, stored.
    pub dtype: Dtype,
}

/// How a number is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Dtype {
    /// 32 bits.
    F32,
    /// 64 bits.
    F64,
}

impl Dtype {
    fn bytes(self) -> usize {
        match self {
            Dtype::F32 => 4,
            Dtype::F64 => 8,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: [usize; 2],
}

/// The longest header that is read, as the reference implementation has it.
const LONGEST_HEADER: u64 = 100_000_000;

/// Writes tensors as a safetensors file.
///
/// # Errors
///
/// [`KeepError::File`]; then the old file is as it was.
///
/// # Panics
///
/// If a tensor has not as many numbers as its shape says.
#[track_caller]
pub fn write_safetensors(path: impl AsRef<Path>, tensors: &[Tensor]) -> Result<(), KeepError> {
    let (mut entries, mut data) = (BTreeMap::new(), Vec::new());
    for Tensor { name, shape, values, dtype } in tensors {
        assert_eq!(shape.iter().product::<usize>(), values.len(), "{name} is of shape {shape:?}");
        let start = data.len();
        for &value in values {
            match dtype {
                Dtype::F32 => data.extend((value as f32).to_le_bytes()),
                Dtype::F64 => data.extend(value.to_le_bytes()),
            }
        }
        let dtype = match dtype {
            Dtype::F32 => "F32",
            Dtype::F64 => "F64",
        };
        let data_offsets = [start, data.len()];
        entries.insert(name, Entry { dtype: dtype.to_owned(), shape: shape.clone(), data_offsets });
    }
    let mut header = serde_json::to_vec(&entries).expect("texts and whole numbers");
    header.resize(header.len().next_multiple_of(8), b' ');
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.extend(data);
    write::whole(path.as_ref(), &bytes)
}

/// Reads a safetensors file of `F32` and `F64` arrays, in the order of their data.
///
/// # Errors
///
/// [`KeepError::File`], [`KeepError::Truncated`], [`KeepError::Foreign`] for anything that is no
/// such file: a header that is no JSON, arrays of other types, offsets that leave gaps or overlap.
pub fn read_safetensors(path: impl AsRef<Path>) -> Result<Vec<Tensor>, KeepError> {
    let (file, bytes) = write::read(path.as_ref())?;
    let foreign = |reason: String| KeepError::Foreign {
        file: file.clone(),
        expected: "a safetensors file",
        reason,
    };
    let truncated = |what: String| KeepError::Truncated { file: file.clone(), what };
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else {
        return Err(truncated(format!("{} bytes, its header begins with 8", bytes.len())));
    };
    let length = u64::from_le_bytes(*length);
    if length > LONGEST_HEADER {
        return Err(foreign(format!("its header would have {length} bytes")));
    }
    let length = length as usize;
    if rest.len() < length {
        return Err(truncated(format!("its header has {length} bytes, {} are there", rest.len())));
    }
    let (header, data) = rest.split_at(length);
    let header: BTreeMap<String, serde_json::Value> = serde_json::from_slice(header)
        .map_err(|error| foreign(format!("its header is no JSON: {error}")))?;
    let mut entries = Vec::new();
    for (name, entry) in header {
        if name == "__metadata__" {
            continue;
        }
        let entry: Entry = serde_json::from_value(entry)
            .map_err(|error| foreign(format!("the entry of {name}: {error}")))?;
        entries.push((name, entry));
    }
    entries.sort_by_key(|(_, entry)| entry.data_offsets);
    let (mut tensors, mut at) = (Vec::with_capacity(entries.len()), 0);
    for (name, Entry { dtype, shape, data_offsets: [start, end] }) in entries {
        let dtype = match dtype.as_str() {
            "F32" => Dtype::F32,
            "F64" => Dtype::F64,
            _ => return Err(foreign(format!("{name} is of type {dtype}, F32 and F64 are read"))),
        };
        let count = shape.iter().try_fold(1_usize, |count, &extent| count.checked_mul(extent));
        let len = count.and_then(|count| count.checked_mul(dtype.bytes()));
        if start != at || end < start || len != Some(end - start) {
            let reason = format!("the bytes {start} to {end} of {name} do not fit {shape:?}");
            return Err(foreign(reason));
        }
        let Some(bytes) = data.get(start..end) else {
            return Err(truncated(format!("{name} ends at byte {end} of {}", data.len())));
        };
        let values = match dtype {
            Dtype::F32 => {
                bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b).into()).collect()
            }
            Dtype::F64 => bytes.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect(),
        };
        tensors.push(Tensor { name, shape, values, dtype });
        at = end;
    }
    if at != data.len() {
        return Err(foreign(format!("{} bytes follow the last array", data.len() - at)));
    }
    Ok(tensors)
}
