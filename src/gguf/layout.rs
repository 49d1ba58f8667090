//! Where the tensors' data lies: aligned, in the order of the table, without hole or overlap, inside the file.
//!
//! Contiguity is stricter than safety needs. It is what every writer of GGUF does, and a file that does otherwise is
//! damaged or hostile.

use super::cursor::{malformed, truncated};
use super::tensor::{Entry, TensorInfo};
use super::{Metadata, Value, limits, quoted};
use crate::error::{Context, Result};

/// The alignment that the metadata states, or the format's own.
pub(super) fn alignment(metadata: &Metadata) -> Result<u32> {
    const KEY: &str = "general.alignment";
    match metadata.get(KEY) {
        None => Ok(limits::DEFAULT_ALIGNMENT),
        Some(Value::U32(alignment)) if alignment.is_power_of_two() && limits::ALIGNMENT.contains(alignment) => {
            Ok(*alignment)
        }
        Some(other) => Err(malformed(format!(
            "{KEY} is {other}; it must be a u32 and a power of two from {} to {}",
            limits::ALIGNMENT.start(),
            limits::ALIGNMENT.end()
        ))),
    }
}

/// The first byte after `position` (or at it) that is a multiple of `alignment`.
pub(super) fn aligned(position: u64, alignment: u32) -> Result<u64> {
    let next = position.checked_next_multiple_of(u64::from(alignment));
    next.filter(|next| *next <= limits::FILE_BYTES)
        .ok_or_else(|| malformed(format!("the data reaches past byte {}", limits::FILE_BYTES)))
}

/// Gives every tensor its place in the file, after checking that the table says the same.
pub(super) fn place(
    entries: Vec<Entry>,
    data_offset: u64,
    alignment: u32,
    file_len: Option<u64>,
) -> Result<Vec<TensorInfo>> {
    let mut tensors = Vec::with_capacity(entries.len());
    let mut expected = 0;
    for entry in entries {
        let place = || format!("tensor {}", quoted(entry.name));
        check_offset(entry.relative_offset, expected, alignment).with_context(place)?;
        let end = data_offset.checked_add(expected).and_then(|offset| offset.checked_add(entry.bytes));
        let end = end.filter(|end| *end <= limits::FILE_BYTES);
        let end = end.ok_or_else(|| malformed("its data would lie beyond any file")).with_context(place)?;
        if let Some(file_len) = file_len.filter(|file_len| end > *file_len) {
            return Err(truncated("its data", end, file_len)).with_context(place);
        }
        let offset = end.saturating_sub(entry.bytes);
        expected = aligned(end, alignment).with_context(place)?.saturating_sub(data_offset);
        let (name, dims) = (entry.name.to_owned(), entry.dims);
        tensors.push(TensorInfo { name, dims, dtype: entry.dtype, offset, bytes: entry.bytes });
    }
    Ok(tensors)
}

/// Compares an offset of the table with where the previous tensor ends.
fn check_offset(found: u64, expected: u64, alignment: u32) -> Result<()> {
    let fault = if found == expected {
        return Ok(());
    } else if !found.is_multiple_of(u64::from(alignment)) {
        format!("which is not a multiple of the alignment {alignment}")
    } else if found < expected {
        "inside the tensors before it".to_owned()
    } else {
        "which leaves a hole after the tensors before it".to_owned()
    };
    Err(malformed(format!("its data is said to begin at {found} of the tensor data, {fault}; {expected} was expected")))
}
