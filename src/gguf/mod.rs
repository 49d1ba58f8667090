//! The GGUF file format: header, metadata and tensor table, read from bytes that anyone may have written.
//!
//! Pure functions over bytes, no I/O. A [`File`] exists only if its whole header was read and found consistent, so the
//! code after it need not check again that a tensor lies inside the file. Nothing here may panic, allocate by a number
//! that the file merely claims, or know about a model family.
//!
//! The bugs this prevents are the ones that GGUF readers have had: counts and shapes whose product wraps, so that
//! little is allocated and much is read or written; claimed lengths that allocate gigabytes; a division by an
//! alignment of zero; duplicate keys that mean one thing to the checker and another to the user of the value.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

mod cursor;
mod header;
mod layout;
pub mod limits;
mod metadata;
pub mod split;
mod tensor;
mod value;

pub use header::{File, Parsed, parse, parse_all, read_header};
pub use metadata::Metadata;
pub use tensor::TensorInfo;
pub use value::{Array, Value};

/// A name or text from the file as it may stand in a message: quoted, on one line, and not longer than a line.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST).and_then(|(end, _)| text.get(..end)) {
        Some(beginning) => format!("{beginning:?}…"),
        None => format!("{text:?}"),
    }
}
