//! A model that was split into several files, put together again: one header, and where the data is in which part.
//!
//! The form is that of llama.cpp's `gguf-split`: each part is a GGUF file of its own with the tensors that it holds; the
//! first has the metadata of the whole, and every part `split.no`, `split.count` and `split.tensors.count`.

use super::cursor::{Cursor, Stop};
use super::layout::aligned;
use super::{File, Value, limits, value};
use crate::error::{Error, ErrorKind, Result};
use std::collections::HashSet;
use std::ops::Range;

const NUMBER: &str = "split.no";
const COUNT: &str = "split.count";
const TENSORS: &str = "split.tensors.count";
/// Magic, version and the two counts.
const FIXED_BYTES: u64 = 24;

/// One part of a split model.
#[derive(Debug)]
pub struct Part<'a> {
    /// For messages.
    pub name: &'a str,
    /// The beginning of the file, with all of its header.
    pub bytes: &'a [u8],
    /// What [`parse`](super::parse) made of it.
    pub file: &'a File,
}

/// The whole, as a recipe: the header, then these ranges of the parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// Header with its padding.
    pub header: Vec<u8>,
    /// In order: which part, which of its bytes, and how many zeros behind them.
    pub copies: Vec<(usize, Range<u64>, u64)>,
}

/// The number of a part and how many there are; `None` for a file that was not split.
pub fn numbered(file: &File) -> Option<(u64, u64)> {
    match (whole(file, NUMBER), whole(file, COUNT)) {
        (Some(number), Some(count)) if count > 1 => Some((number, count)),
        _ => None,
    }
}

/// Puts the parts together, in whatever order they are given.
///
/// # Errors
/// `ModelInvalid` if a part is missing, there twice, or of another model.
pub fn join(parts: &[Part<'_>]) -> Result<Joined> {
    let wrong = |why: String| Error::new(ErrorKind::ModelInvalid, format!("the parts of this split model {why}"));
    let mut order = Vec::new();
    for number in 0..parts.len() {
        let of_number = |part: &&Part| numbered(part.file) == Some((number as u64, parts.len() as u64));
        let mut found = parts.iter().enumerate().filter(|(_, part)| of_number(part));
        match (found.next(), found.next()) {
            (Some(found), None) => order.push(found),
            (Some((_, first)), Some((_, second))) => {
                let names = format!("{} and {}", super::quoted(first.name), super::quoted(second.name));
                return Err(wrong(format!("hold number {} twice: {names}; give each once", number.saturating_add(1))));
            }
            _ => {
                let expected = parts.iter().filter_map(|part| numbered(part.file)).map(|(_, count)| count).max();
                return Err(wrong(format!(
                    "are incomplete: number {} is missing among the {} given; the model has {}; give all of them together",
                    number.saturating_add(1),
                    parts.len(),
                    expected.unwrap_or_default()
                )));
            }
        }
    }
    let Some((_, first)) = order.first() else { return Err(wrong("are none; choose a .gguf file".into())) };
    let tensors: usize = order.iter().map(|(_, part)| part.file.tensors().len()).sum();
    if whole(first.file, TENSORS).is_some_and(|expected| expected != tensors as u64) {
        return Err(wrong(format!(
            "hold {tensors} tensors, but the first announces another number; take parts of one model"
        )));
    }
    let alignment = first.file.alignment();
    if order.iter().any(|(_, part)| part.file.alignment() != alignment) {
        return Err(wrong("differ in their alignment; take parts of one model".into()));
    }

    let mut names = HashSet::new();
    let twice = order.iter().flat_map(|(_, part)| part.file.tensors()).find(|tensor| !names.insert(&tensor.name));
    if let Some(tensor) = twice {
        let name = super::quoted(&tensor.name);
        return Err(wrong(format!("hold the tensor {name} twice: take parts of one model")));
    }

    let entries = entries(first)?;
    let mut table = Vec::new();
    let mut copies = Vec::new();
    let mut data: u64 = 0;
    for (index, part) in &order {
        let start = part.file.data_offset();
        let mut end = start;
        for tensor in part.file.tensors() {
            let offset = data.saturating_add(tensor.offset.saturating_sub(start));
            table.extend(string(&tensor.name));
            table.extend((tensor.dims.len() as u32).to_le_bytes());
            tensor.dims.iter().for_each(|dim| table.extend(dim.to_le_bytes()));
            table.extend(tensor.dtype.ggml_id().to_le_bytes());
            table.extend(offset.to_le_bytes());
            end = tensor.offset.saturating_add(tensor.bytes);
        }
        if start < end {
            let next = aligned(data.saturating_add(end.saturating_sub(start)), alignment)?;
            let zeros = next.saturating_sub(data).saturating_sub(end.saturating_sub(start));
            copies.push((*index, start..end, zeros));
            data = next;
        }
    }
    let mut header = b"GGUF".to_vec();
    header.extend(3_u32.to_le_bytes());
    header.extend((tensors as u64).to_le_bytes());
    header.extend((entries.len() as u64).to_le_bytes());
    entries.iter().for_each(|entry| header.extend(*entry));
    header.extend(table);
    let padded = aligned(header.len() as u64, alignment)?;
    header.resize(usize::try_from(padded).unwrap_or(header.len()), 0);
    Ok(Joined { header, copies })
}

/// The bytes of each metadata entry of the first part, without those that tell of the split.
fn entries<'a>(part: &Part<'a>) -> Result<Vec<&'a [u8]>> {
    let read = || -> Result<Vec<&'a [u8]>, Stop> {
        let mut cursor = Cursor::new(part.bytes, None);
        cursor.take(FIXED_BYTES, "the counts")?;
        let mut entries = Vec::new();
        for _ in 0..part.file.metadata().len() {
            let start = cursor.position();
            let key = cursor.string(limits::KEY_BYTES, "the key")?;
            value::read(&mut cursor)?;
            let range = usize::try_from(start).ok().zip(usize::try_from(cursor.position()).ok());
            let bytes = range.and_then(|(start, end)| part.bytes.get(start..end)).unwrap_or_default();
            if ![NUMBER, COUNT, TENSORS].contains(&key) {
                entries.push(bytes);
            }
        }
        Ok(entries)
    };
    read().map_err(|stop| match stop {
        Stop::Bad(error) => error,
        // It was parsed before.
        Stop::NeedMore { .. } => Error::new(ErrorKind::Internal, "a header that was read is cut off"),
    })
}

fn string(text: &str) -> impl Iterator<Item = u8> {
    (text.len() as u64).to_le_bytes().into_iter().chain(text.bytes())
}

fn whole(file: &File, key: &str) -> Option<u64> {
    match file.metadata().get(key)? {
        Value::U8(number) => Some((*number).into()),
        Value::U16(number) => Some((*number).into()),
        Value::U32(number) => Some((*number).into()),
        Value::U64(number) => Some(*number),
        Value::I32(number) => u64::try_from(*number).ok(),
        Value::I64(number) => u64::try_from(*number).ok(),
        _ => None,
    }
}
