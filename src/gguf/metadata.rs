//! The metadata of a file: entries in file order, found by key, with a typed look-up that says what it found instead.

use super::cursor::{Cursor, Stop};
use super::value::{self, Array, Value};
use super::{limits, quoted};
use crate::error::{Error, ErrorKind, Result};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// The metadata entries of a file.
///
/// Every typed look-up has two forms: `u32(key)` for a key that may be absent and `require_u32(key)` for one that must
/// not. Both fail where the key has a value of another type.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metadata {
    entries: Vec<(String, Value)>,
    /// Where in `entries` a key is.
    index: HashMap<String, usize>,
}

impl Metadata {
    /// Reads `count` entries.
    pub(super) fn read(cursor: &mut Cursor, count: u64) -> Result<Self, Stop> {
        let mut metadata = Self::default();
        for i in 0..count {
            let key = cursor.string(limits::KEY_BYTES, "the key");
            let key = key.map_err(|stop| stop.at(|| format!("metadata entry {i}")))?;
            if key.is_empty() {
                return Err(Stop::malformed(format!("metadata entry {i} has an empty key")));
            }
            let value = value::read(cursor).map_err(|stop| stop.at(|| format!("metadata {}", quoted(key))))?;
            metadata.insert(key, value)?;
        }
        Ok(metadata)
    }

    /// Adds an entry, unless there is one of that key.
    fn insert(&mut self, key: &str, value: Value) -> Result<(), Stop> {
        match self.index.entry(key.to_owned()) {
            Entry::Occupied(_) => Err(Stop::malformed(format!("the metadata key {} occurs twice", quoted(key)))),
            Entry::Vacant(place) => {
                place.insert(self.entries.len());
                self.entries.push((key.to_owned(), value));
                Ok(())
            }
        }
    }

    /// All entries, in the order of the file.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> {
        self.entries.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The value of `key`, of whatever type.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.index.get(key).and_then(|i| self.entries.get(*i)).map(|(_, value)| value)
    }

    /// An integer of any type that fits a u32.
    pub fn u32(&self, key: &str) -> Result<Option<u32>> {
        self.typed(key, "an integer from 0 to 4294967295", |value| integer(value).and_then(|i| u32::try_from(i).ok()))
    }

    /// As [`u32`](Self::u32), of a key that must be there.
    pub fn require_u32(&self, key: &str) -> Result<u32> {
        required(key, self.u32(key)?)
    }

    /// An f32.
    pub fn f32(&self, key: &str) -> Result<Option<f32>> {
        self.typed(key, "an f32", |value| if let Value::F32(number) = value { Some(*number) } else { None })
    }

    /// As [`f32`](Self::f32), of a key that must be there.
    pub fn require_f32(&self, key: &str) -> Result<f32> {
        required(key, self.f32(key)?)
    }

    /// A float of either type, without loss.
    pub fn f64(&self, key: &str) -> Result<Option<f64>> {
        self.typed(key, "a float", |value| match value {
            Value::F32(number) => Some(f64::from(*number)),
            Value::F64(number) => Some(*number),
            _ => None,
        })
    }

    /// As [`f64`](Self::f64), of a key that must be there.
    pub fn require_f64(&self, key: &str) -> Result<f64> {
        required(key, self.f64(key)?)
    }

    /// A bool.
    pub fn bool(&self, key: &str) -> Result<Option<bool>> {
        self.typed(key, "a bool", |value| if let Value::Bool(flag) = value { Some(*flag) } else { None })
    }

    /// As [`bool`](Self::bool), of a key that must be there.
    pub fn require_bool(&self, key: &str) -> Result<bool> {
        required(key, self.bool(key)?)
    }

    /// A text.
    pub fn string(&self, key: &str) -> Result<Option<&str>> {
        self.typed(key, "a string", |value| if let Value::String(text) = value { Some(text.as_str()) } else { None })
    }

    /// As [`string`](Self::string), of a key that must be there.
    pub fn require_string(&self, key: &str) -> Result<&str> {
        required(key, self.string(key)?)
    }

    /// A list of texts.
    pub fn strings(&self, key: &str) -> Result<Option<&[String]>> {
        self.typed(key, "an array of strings", |value| match value {
            Value::Array(Array::String(items)) => Some(items.as_slice()),
            _ => None,
        })
    }

    /// As [`strings`](Self::strings), of a key that must be there.
    pub fn require_strings(&self, key: &str) -> Result<&[String]> {
        required(key, self.strings(key)?)
    }

    /// A list of f32.
    pub fn f32s(&self, key: &str) -> Result<Option<&[f32]>> {
        self.typed(key, "an array of f32", |value| match value {
            Value::Array(Array::F32(items)) => Some(items.as_slice()),
            _ => None,
        })
    }

    /// As [`f32s`](Self::f32s), of a key that must be there.
    pub fn require_f32s(&self, key: &str) -> Result<&[f32]> {
        required(key, self.f32s(key)?)
    }

    /// A list of i32.
    pub fn i32s(&self, key: &str) -> Result<Option<&[i32]>> {
        self.typed(key, "an array of i32", |value| match value {
            Value::Array(Array::I32(items)) => Some(items.as_slice()),
            _ => None,
        })
    }

    /// As [`i32s`](Self::i32s), of a key that must be there.
    pub fn require_i32s(&self, key: &str) -> Result<&[i32]> {
        required(key, self.i32s(key)?)
    }

    /// The value of `key` as `convert` sees it; an error if it sees nothing.
    fn typed<'a, T>(
        &'a self,
        key: &str,
        expected: &str,
        convert: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        match convert(value) {
            Some(converted) => Ok(Some(converted)),
            None => Err(Error::new(
                kind_of(key),
                format!("the metadata key {} is {value}; {expected} was expected", quoted(key)),
            )),
        }
    }
}

/// The value of a key that must be there.
fn required<T>(key: &str, value: Option<T>) -> Result<T> {
    value.ok_or_else(|| {
        let message =
            format!("the metadata has no {}, which every InternLM2 file needs; choose another file", quoted(key));
        Error::new(kind_of(key), message)
    })
}

/// A fault in a tokenizer's key is one of the vocabulary, any other is one of the model.
fn kind_of(key: &str) -> ErrorKind {
    if key.starts_with("tokenizer.") { ErrorKind::VocabularyInvalid } else { ErrorKind::ModelInvalid }
}

/// A value of any integer type.
fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::U8(number) => Some(i128::from(*number)),
        Value::I8(number) => Some(i128::from(*number)),
        Value::U16(number) => Some(i128::from(*number)),
        Value::I16(number) => Some(i128::from(*number)),
        Value::U32(number) => Some(i128::from(*number)),
        Value::I32(number) => Some(i128::from(*number)),
        Value::U64(number) => Some(i128::from(*number)),
        Value::I64(number) => Some(i128::from(*number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(entries: &[(&str, Value)]) -> Metadata {
        let mut metadata = Metadata::default();
        for (key, value) in entries {
            metadata.insert(key, value.clone()).unwrap();
        }
        metadata
    }

    #[test]
    fn an_integer_of_any_type_that_fits_is_a_u32() {
        for value in [Value::U8(7), Value::I8(7), Value::U16(7), Value::I32(7), Value::U64(7), Value::I64(7)] {
            assert_eq!(metadata(&[("k", value)]).require_u32("k").unwrap(), 7);
        }
        for value in [Value::I8(-1), Value::U64(1 << 32), Value::F32(7.0), Value::Bool(true)] {
            assert!(metadata(&[("k", value)]).u32("k").is_err());
        }
    }

    #[test]
    fn messages_name_key_found_and_expected() {
        let metadata = metadata(&[("internlm2.block_count", Value::String("a\nb".into()))]);
        let error = metadata.require_u32("internlm2.block_count").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ModelInvalid);
        assert_eq!(
            error.to_string(),
            "the metadata key \"internlm2.block_count\" is the string \"a\\nb\"; \
             an integer from 0 to 4294967295 was expected"
        );
        let error = metadata.require_strings("tokenizer.ggml.tokens").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::VocabularyInvalid);
        assert!(error.to_string().contains("\"tokenizer.ggml.tokens\""));
        assert_eq!(metadata.strings("tokenizer.ggml.tokens").unwrap(), None);
    }

    #[test]
    fn entries_keep_the_order_of_the_file() {
        let metadata = metadata(&[("b", Value::U8(1)), ("a", Value::U8(2)), ("c", Value::U8(3))]);
        assert_eq!(metadata.iter().map(|(key, _)| key).collect::<Vec<_>>(), ["b", "a", "c"]);
        assert_eq!(metadata.get("a"), Some(&Value::U8(2)));
    }
}
