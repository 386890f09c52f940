//! NumPy's format of one array, version 1.0.
//!
//! <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>

use std::path::Path;

use super::KeepError;
use super::write;

const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";

/// Writes an array of `f64`, row-major, for `numpy.load`.
///
/// # Errors
///
/// [`KeepError::File`]; then the old file is as it was.
///
/// # Panics
///
/// If there are not as many numbers as the shape says.
#[track_caller]
pub fn write_npy(path: impl AsRef<Path>, shape: &[usize], values: &[f64]) -> Result<(), KeepError> {
    assert_eq!(shape.iter().product::<usize>(), values.len(), "the shape is {shape:?}");
    let extents: String = shape.iter().map(|extent| format!("{extent}, ")).collect();
    let mut header =
        format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}), }}", extents.trim_end());
    // Numbers begin at a multiple of 64; the header ends in a line feed.
    let before = MAGIC.len() + 2;
    let end = (before + header.len() + 1).next_multiple_of(64);
    header.push_str(&" ".repeat(end - before - header.len() - 1));
    header.push('\n');
    let mut bytes = MAGIC.to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    write::whole(path.as_ref(), &bytes)
}

/// Reads an array of `f64` or `f32`, little-endian and row-major: its shape and its numbers.
///
/// # Errors
///
/// [`KeepError::File`], [`KeepError::Truncated`], [`KeepError::Foreign`] for another type, another
/// version, or column-major order.
pub fn read_npy(path: impl AsRef<Path>) -> Result<(Vec<usize>, Vec<f64>), KeepError> {
    let (file, bytes) = write::read(path.as_ref())?;
    let foreign = |reason: String| KeepError::Foreign {
        file: file.clone(),
        expected: "an .npy file of floats",
        reason,
    };
    let truncated = |what: String| KeepError::Truncated { file: file.clone(), what };
    if !bytes.starts_with(&MAGIC[..6]) {
        return Err(foreign("it does not begin with NumPy's mark".to_owned()));
    }
    if !bytes.starts_with(MAGIC) {
        return Err(foreign("version 1.0 is read".to_owned()));
    }
    let rest = &bytes[MAGIC.len()..];
    let Some((length, rest)) = rest.split_first_chunk::<2>() else {
        return Err(truncated("its header is not there".to_owned()));
    };
    let length = usize::from(u16::from_le_bytes(*length));
    if rest.len() < length {
        return Err(truncated(format!("its header has {length} bytes, {} are there", rest.len())));
    }
    let (header, data) = rest.split_at(length);
    let header = String::from_utf8_lossy(header);
    let after =
        |key: &str| header.split_once(key).map(|(_, rest)| rest.trim_start_matches([':', ' ']));
    let shape = after("'shape'").and_then(|rest| rest.strip_prefix('(')?.split_once(')'));
    let (Some(descr), Some(order), Some((shape, _))) =
        (after("'descr'"), after("'fortran_order'"), shape)
    else {
        return Err(foreign(format!("its header is {:?}", header.trim())));
    };
    if !order.starts_with("False") {
        return Err(foreign("its order is column-major; save numpy.ascontiguousarray".to_owned()));
    }
    let extents = shape.split(',').map(str::trim).filter(|extent| !extent.is_empty());
    let extents = extents.map(str::parse).collect::<Result<Vec<usize>, _>>();
    let shape = extents.map_err(|error| foreign(format!("its shape is ({shape}): {error}")))?;
    let width = match &descr[..descr.len().min(5)] {
        "'<f8'" => 8,
        "'<f4'" => 4,
        other => return Err(foreign(format!("its type is {other}, '<f8' and '<f4' are read"))),
    };
    let count = shape.iter().try_fold(width, |bytes: usize, &extent| bytes.checked_mul(extent));
    match count {
        Some(count) if data.len() == count => {}
        Some(count) if data.len() < count => {
            return Err(truncated(format!("{count} bytes of numbers, {} are there", data.len())));
        }
        _ => return Err(foreign(format!("{} bytes do not fit the shape {shape:?}", data.len()))),
    }
    let values = match width {
        8 => data.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect(),
        _ => data.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes).into()).collect(),
    };
    Ok((shape, values))
}
