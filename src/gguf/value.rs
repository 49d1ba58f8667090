//! Metadata values: the thirteen types of the format, and how they are read.
//!
//! Arrays of arrays exist in the format but in no model file; they are refused, so that reading needs no recursion
//! and a small file cannot exhaust the stack.

use super::cursor::{Cursor, Stop};
use super::{limits, quoted};
use std::fmt;

/// One metadata value.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "each variant is the type of its name")]
pub enum Value {
    U8(u8),
    I8(i8),
    U16(u16),
    I16(i16),
    U32(u32),
    I32(i32),
    U64(u64),
    I64(i64),
    F32(f32),
    F64(f64),
    Bool(bool),
    String(String),
    Array(Array),
}

/// A metadata value that is a list; all items are of one type.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "each variant is the type of its name")]
pub enum Array {
    U8(Vec<u8>),
    I8(Vec<i8>),
    U16(Vec<u16>),
    I16(Vec<i16>),
    U32(Vec<u32>),
    I32(Vec<i32>),
    U64(Vec<u64>),
    I64(Vec<i64>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    Bool(Vec<bool>),
    String(Vec<String>),
}

impl Array {
    /// Number of items.
    pub fn len(&self) -> usize {
        match self {
            Self::U8(items) => items.len(),
            Self::I8(items) => items.len(),
            Self::U16(items) => items.len(),
            Self::I16(items) => items.len(),
            Self::U32(items) => items.len(),
            Self::I32(items) => items.len(),
            Self::U64(items) => items.len(),
            Self::I64(items) => items.len(),
            Self::F32(items) => items.len(),
            Self::F64(items) => items.len(),
            Self::Bool(items) => items.len(),
            Self::String(items) => items.len(),
        }
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What an item is called in messages.
    fn item_type(&self) -> &'static str {
        match self {
            Self::U8(_) => "u8",
            Self::I8(_) => "i8",
            Self::U16(_) => "u16",
            Self::I16(_) => "i16",
            Self::U32(_) => "u32",
            Self::I32(_) => "i32",
            Self::U64(_) => "u64",
            Self::I64(_) => "i64",
            Self::F32(_) => "f32",
            Self::F64(_) => "f64",
            Self::Bool(_) => "bool",
            Self::String(_) => "string",
        }
    }
}

impl fmt::Display for Value {
    /// As a message names it: type and value, the value cut where it is long.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::U8(value) => write!(f, "the u8 {value}"),
            Self::I8(value) => write!(f, "the i8 {value}"),
            Self::U16(value) => write!(f, "the u16 {value}"),
            Self::I16(value) => write!(f, "the i16 {value}"),
            Self::U32(value) => write!(f, "the u32 {value}"),
            Self::I32(value) => write!(f, "the i32 {value}"),
            Self::U64(value) => write!(f, "the u64 {value}"),
            Self::I64(value) => write!(f, "the i64 {value}"),
            Self::F32(value) => write!(f, "the f32 {value}"),
            Self::F64(value) => write!(f, "the f64 {value}"),
            Self::Bool(value) => write!(f, "the bool {value}"),
            Self::String(value) => write!(f, "the string {}", quoted(value)),
            Self::Array(array) => write!(f, "an array of {} × {}", array.len(), array.item_type()),
        }
    }
}

/// The format's numbers for the types.
mod id {
    pub(super) const U8: u32 = 0;
    pub(super) const I8: u32 = 1;
    pub(super) const U16: u32 = 2;
    pub(super) const I16: u32 = 3;
    pub(super) const U32: u32 = 4;
    pub(super) const I32: u32 = 5;
    pub(super) const F32: u32 = 6;
    pub(super) const BOOL: u32 = 7;
    pub(super) const STRING: u32 = 8;
    pub(super) const ARRAY: u32 = 9;
    pub(super) const U64: u32 = 10;
    pub(super) const I64: u32 = 11;
    pub(super) const F64: u32 = 12;
}

/// Reads a value: its type, then what the type says.
pub(super) fn read(cursor: &mut Cursor) -> Result<Value, Stop> {
    let start = cursor.position();
    let what = "the value";
    Ok(match cursor.u32("the value's type")? {
        id::U8 => Value::U8(u8::from_le_bytes(cursor.array(what)?)),
        id::I8 => Value::I8(i8::from_le_bytes(cursor.array(what)?)),
        id::U16 => Value::U16(u16::from_le_bytes(cursor.array(what)?)),
        id::I16 => Value::I16(i16::from_le_bytes(cursor.array(what)?)),
        id::U32 => Value::U32(u32::from_le_bytes(cursor.array(what)?)),
        id::I32 => Value::I32(i32::from_le_bytes(cursor.array(what)?)),
        id::U64 => Value::U64(u64::from_le_bytes(cursor.array(what)?)),
        id::I64 => Value::I64(i64::from_le_bytes(cursor.array(what)?)),
        id::F32 => Value::F32(f32::from_le_bytes(cursor.array(what)?)),
        id::F64 => Value::F64(f64::from_le_bytes(cursor.array(what)?)),
        id::BOOL => Value::Bool(boolean(cursor.array(what)?)?),
        id::STRING => Value::String(cursor.string(limits::STRING_BYTES, what)?.to_owned()),
        id::ARRAY => Value::Array(read_array(cursor)?),
        unknown => {
            return Err(Stop::malformed(format!("the type at byte {start} is {unknown}; GGUF has the types 0 to 12")));
        }
    })
}

/// Reads an array after its type: the type of its items, their number, the items.
fn read_array(cursor: &mut Cursor) -> Result<Array, Stop> {
    let start = cursor.position();
    let kind = cursor.u32("the array's item type")?;
    let count = cursor.u64("the array's item count")?;
    if count > limits::ARRAY_ITEMS {
        return Err(Stop::malformed(format!(
            "the array at byte {start} claims {count} items; at most {} are accepted",
            limits::ARRAY_ITEMS
        )));
    }
    Ok(match kind {
        id::U8 => Array::U8(items(cursor, count, u8::from_le_bytes)?),
        id::I8 => Array::I8(items(cursor, count, i8::from_le_bytes)?),
        id::U16 => Array::U16(items(cursor, count, u16::from_le_bytes)?),
        id::I16 => Array::I16(items(cursor, count, i16::from_le_bytes)?),
        id::U32 => Array::U32(items(cursor, count, u32::from_le_bytes)?),
        id::I32 => Array::I32(items(cursor, count, i32::from_le_bytes)?),
        id::U64 => Array::U64(items(cursor, count, u64::from_le_bytes)?),
        id::I64 => Array::I64(items(cursor, count, i64::from_le_bytes)?),
        id::F32 => Array::F32(items(cursor, count, f32::from_le_bytes)?),
        id::F64 => Array::F64(items(cursor, count, f64::from_le_bytes)?),
        id::BOOL => {
            let raw: Vec<[u8; 1]> = items(cursor, count, |raw: [u8; 1]| raw)?;
            Array::Bool(raw.into_iter().map(boolean).collect::<Result<_, _>>()?)
        }
        id::STRING => Array::String(strings(cursor, count)?),
        id::ARRAY => {
            return Err(Stop::malformed(format!("the array at byte {start} has arrays as items; no model needs that")));
        }
        unknown => {
            return Err(Stop::malformed(format!(
                "the item type of the array at byte {start} is {unknown}; GGUF has the types 0 to 12"
            )));
        }
    })
}

/// The next `count` items of `N` bytes each. All of them are at hand before room is made for them.
fn items<const N: usize, T>(cursor: &mut Cursor, count: u64, decode: fn([u8; N]) -> T) -> Result<Vec<T>, Stop> {
    // `count` is within its limit and `N` is at most 8.
    let raw = cursor.take(count.saturating_mul(N as u64), "the array")?;
    Ok(raw.as_chunks::<N>().0.iter().map(|item| decode(*item)).collect())
}

/// The next `count` texts.
fn strings(cursor: &mut Cursor, count: u64) -> Result<Vec<String>, Stop> {
    // Each has at least its length. Asking for all lengths at once saves the first rounds of an incremental read.
    cursor.require(count.saturating_mul(8), "the array")?;
    let mut texts = Vec::new();
    for i in 0..count {
        let text = cursor.string(limits::STRING_BYTES, "the text").map_err(|stop| stop.at(|| format!("item {i}")))?;
        texts.push(text.to_owned());
    }
    Ok(texts)
}

/// A bool is a byte, but only two bytes are bools.
fn boolean([raw]: [u8; 1]) -> Result<bool, Stop> {
    match raw {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Stop::malformed(format!("a bool is stored as {raw}; it must be 0 or 1"))),
    }
}
