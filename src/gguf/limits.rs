//! The largest things that are read, and why. What exceeds a limit is refused before anything is allocated for it.
//!
//! The header of a real InternLM2.5 has 24 to 40 metadata entries, 435 tensors at most, and 2.2 MB, nearly all of it
//! the vocabulary. The limits leave room for files that other tools decorate, not for files made to exhaust memory.

/// Bytes of everything before the tensor data. It is held in memory, in the browser as well, where the engine has a
/// budget of 200 MiB and an array of strings takes up to four times its bytes in the file.
pub const HEADER_BYTES: u64 = 48 << 20;

/// Metadata entries.
pub const METADATA_ENTRIES: u64 = 16_384;

/// Tensors.
pub const TENSORS: u64 = 65_536;

/// Bytes of a metadata key; the format's own limit.
pub const KEY_BYTES: u64 = 65_535;

/// Bytes of one text. The longest in practice is a chat template of some ten kilobytes.
pub const STRING_BYTES: u64 = 1 << 20;

/// Items of one array. The longest in practice is a vocabulary: 92,544 tokens for InternLM2.5.
pub const ARRAY_ITEMS: u64 = 1 << 20;

/// Bytes of a tensor's name: ggml keeps names in 64 bytes with a NUL at the end.
pub const TENSOR_NAME_BYTES: u64 = 63;

/// Dimensions of a tensor, as in ggml.
pub const DIMENSIONS: u32 = 4;

/// The alignments of tensor data that make sense: from that of a u64 to a large page.
pub const ALIGNMENT: std::ops::RangeInclusive<u32> = 8..=65_536;

/// The alignment where `general.alignment` is absent; fixed by the format.
pub const DEFAULT_ALIGNMENT: u32 = 32;

/// Bytes of a file. Above this, browsers cannot express a position in it: file offsets are floats there.
pub const FILE_BYTES: u64 = 1 << 53;

/// The smallest metadata entry: key length, one byte of key, value type, one byte of value.
pub const SMALLEST_ENTRY_BYTES: u64 = 8 + 1 + 4 + 1;

/// The smallest line of the tensor table: name length, one byte of name, dimension count, one dimension, type, offset.
pub const SMALLEST_TENSOR_BYTES: u64 = 8 + 1 + 4 + 8 + 4 + 8;

/// How much of a file is asked for first. A small model's whole header, and a fast no for anything that is not GGUF.
pub const FIRST_READ_BYTES: u64 = 64 << 10;
