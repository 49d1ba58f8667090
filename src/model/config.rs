//! The sizes of an InternLM2 model, from a file's metadata.
//!
//! Everything downstream (shapes, buffers, dispatches) is computed from these numbers, so they are checked here once:
//! inside stated limits, consistent with each other, and nothing in the metadata asks for a computation that the
//! forward pass does not do. A model that cannot be computed exactly is refused, never approximated in silence.

use crate::error::{Error, ErrorKind, Result};
use crate::gguf::{File, Metadata, Value, quoted};

/// The architecture that is computed here.
const ARCHITECTURE: &str = "internlm2";

/// The name of the embedding matrix, whose rows are the vocabulary.
pub(super) const TOKEN_EMBD: &str = "token_embd.weight";

/// Limits on the sizes. InternLM2.5-20B has 48 layers, hidden 6144, feed-forward 16384, 48 heads of 128, a vocabulary
/// of 92,544; the 1M model was trained on 262,144 positions. There is room for larger ones, but not for sizes whose
/// sums and small multiples could leave a u32, or that are only meant to exhaust memory.
pub mod limits {
    /// Layers.
    pub const LAYERS: u32 = 512;
    /// Width of the residual stream.
    pub const HIDDEN: u32 = 65_536;
    /// Width inside the feed-forward network.
    pub const FFN: u32 = 262_144;
    /// Query heads.
    pub const HEADS: u32 = 1024;
    /// Width of a head: the attention kernels keep one query of it in workgroup memory.
    pub const HEAD_DIM: u32 = 256;
    /// Tokens; no larger than the token list of a GGUF may be.
    pub const VOCABULARY: u32 = 1 << 20;
    /// Positions.
    pub const CONTEXT: u32 = 1 << 24;
    /// Hidden and feed-forward width are multiples of the smallest quantised block.
    pub const BLOCK: u32 = 32;
}

/// The sizes and constants of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Transformer blocks.
    pub layers: u32,
    /// Width of the residual stream.
    pub hidden: u32,
    /// Width inside the feed-forward network.
    pub ffn: u32,
    /// Query heads.
    pub heads: u32,
    /// Key and value heads; each serves [`group`](Self::group) query heads.
    pub kv_heads: u32,
    /// Width of a head, even: `hidden / heads`.
    pub head_dim: u32,
    /// Rows of the embedding matrix, which is the number of token ids. In a file without tensors, the number of
    /// tokens.
    pub vocabulary: u32,
    /// What RMSNorm adds to the mean square.
    pub rms_eps: f32,
    /// The base of the rotary frequencies.
    pub rope_base: f64,
    /// Positions that the model was trained on.
    pub trained_context: u32,
    /// What the file calls the model.
    pub name: Option<String>,
}

impl Config {
    /// Reads and checks the sizes of an InternLM2 file.
    pub fn from_gguf(file: &File) -> Result<Self> {
        let metadata = file.metadata();
        check_architecture(metadata)?;
        check_whole(metadata)?;
        let layers = size(metadata, "block_count", limits::LAYERS)?;
        let hidden = size(metadata, "embedding_length", limits::HIDDEN)?;
        let ffn = size(metadata, "feed_forward_length", limits::FFN)?;
        let heads = size(metadata, "attention.head_count", limits::HEADS)?;
        let kv_heads = match metadata.get(&key("attention.head_count_kv")) {
            Some(_) => size(metadata, "attention.head_count_kv", limits::HEADS)?,
            None => heads,
        };
        let config = Self {
            layers,
            hidden,
            ffn,
            heads,
            kv_heads,
            head_dim: head_dim(hidden, heads, kv_heads)?,
            vocabulary: vocabulary(file)?,
            rms_eps: metadata.require_f32(&key("attention.layer_norm_rms_epsilon"))?,
            rope_base: metadata.f64(&key("rope.freq_base"))?.unwrap_or(10_000.0),
            trained_context: size(metadata, "context_length", limits::CONTEXT)?,
            name: metadata.string("general.name")?.map(str::to_owned),
        };
        config.check_numbers()?;
        config.check_head_keys(metadata)?;
        check_rope_scaling(metadata)?;
        Ok(config)
    }

    /// Query heads that share a key and value head.
    pub fn group(&self) -> u32 {
        self.heads / self.kv_heads
    }

    /// Width of the keys (or values) of one position in one layer.
    pub fn kv_width(&self) -> u32 {
        self.kv_heads * self.head_dim
    }

    /// Number of weights.
    pub fn parameters(&self) -> u64 {
        let [layers, hidden, ffn] = [self.layers, self.hidden, self.ffn].map(u64::from);
        let [kv_width, vocabulary] = [self.kv_width(), self.vocabulary].map(u64::from);
        let attention = 2 * hidden * hidden + 2 * hidden * kv_width;
        let block = attention + 3 * hidden * ffn + 2 * hidden;
        layers * block + 2 * vocabulary * hidden + hidden
    }

    /// The floats, and the widths that quantised blocks must divide.
    fn check_numbers(&self) -> Result<()> {
        if !(self.rms_eps.is_finite() && self.rms_eps > 0.0) {
            return Err(invalid("attention.layer_norm_rms_epsilon", self.rms_eps, "a positive number"));
        }
        if !(self.rope_base.is_finite() && self.rope_base > 0.0) {
            return Err(invalid("rope.freq_base", self.rope_base, "a positive number"));
        }
        for (name, width) in [("embedding_length", self.hidden), ("feed_forward_length", self.ffn)] {
            if !width.is_multiple_of(limits::BLOCK) {
                return Err(unsupported(name, width, &format!("multiples of {}", limits::BLOCK)));
            }
        }
        if self.head_dim > limits::HEAD_DIM {
            let supported = format!("heads of at most {}", limits::HEAD_DIM);
            return Err(unsupported("embedding_length / attention.head_count", self.head_dim, &supported));
        }
        Ok(())
    }

    /// Keys that restate the width of a head must not state another.
    fn check_head_keys(&self, metadata: &Metadata) -> Result<()> {
        for name in ["rope.dimension_count", "attention.key_length", "attention.value_length"] {
            if let Some(width) = metadata.u32(&key(name))?.filter(|width| *width != self.head_dim) {
                let expected = format!("{}, which is embedding_length / attention.head_count,", self.head_dim);
                return Err(unsupported(name, width, &expected));
            }
        }
        Ok(())
    }
}

/// The full name of an InternLM2 key.
fn key(name: &str) -> String {
    format!("{ARCHITECTURE}.{name}")
}

/// A value that no model can have.
fn invalid(name: &str, found: impl std::fmt::Display, expected: &str) -> Error {
    let message = format!("{} is {found}; it must be {expected}; the file is damaged, choose another", key(name));
    Error::new(ErrorKind::ModelInvalid, message)
}

/// A value that a model may have, but not one that can be computed here.
fn unsupported(name: &str, found: impl std::fmt::Display, supported: &str) -> Error {
    let message = format!("{} is {found}; only {supported} can be computed; choose another model", key(name));
    Error::new(ErrorKind::UnsupportedModel, message)
}

/// The file must be a model, and one of this family.
fn check_architecture(metadata: &Metadata) -> Result<()> {
    match metadata.require_string("general.architecture")? {
        ARCHITECTURE => Ok(()),
        _ => {
            // Shown as a value, so that a hostile name is quoted and cut.
            let found = metadata.get("general.architecture").map(Value::to_string).unwrap_or_default();
            let message = format!("general.architecture is {found}; only \"{ARCHITECTURE}\" models can be loaded");
            Err(Error::new(ErrorKind::UnsupportedArchitecture, message))
        }
    }
}

/// A model that is split into several files has only some of its tensors in this one.
fn check_whole(metadata: &Metadata) -> Result<()> {
    match metadata.u32("split.count")? {
        None | Some(0 | 1) => Ok(()),
        Some(count) => {
            let message = format!("the file is one of {count} parts of a model (split.count); choose a whole model");
            Err(Error::new(ErrorKind::UnsupportedModel, message))
        }
    }
}

/// A size from 1 to `limit`.
fn size(metadata: &Metadata, name: &str, limit: u32) -> Result<u32> {
    match metadata.require_u32(&key(name))? {
        0 => Err(invalid(name, 0, "at least 1")),
        size if size > limit => Err(unsupported(name, size, &format!("values up to {limit}"))),
        size => Ok(size),
    }
}

/// Width of a head; heads must share the hidden width, and key heads the query heads, without remainder.
fn head_dim(hidden: u32, heads: u32, kv_heads: u32) -> Result<u32> {
    if !hidden.is_multiple_of(heads) {
        return Err(invalid("attention.head_count", heads, &format!("a divisor of the embedding length {hidden}")));
    }
    if !heads.is_multiple_of(kv_heads) {
        return Err(invalid("attention.head_count_kv", kv_heads, &format!("a divisor of the head count {heads}")));
    }
    let head_dim = hidden / heads;
    if !head_dim.is_multiple_of(2) {
        // Rotary embedding turns pairs.
        return Err(unsupported("embedding_length / attention.head_count", head_dim, "even widths"));
    }
    Ok(head_dim)
}

/// Number of token ids.
fn vocabulary(file: &File) -> Result<u32> {
    let rows = match file.tensor(TOKEN_EMBD) {
        Some(embedding) => embedding.rows(),
        // A file of only a vocabulary can be inspected, and its tokenizer used.
        None if file.tensors().is_empty() => file.metadata().require_strings("tokenizer.ggml.tokens")?.len() as u64,
        None => return Err(missing_tensor(TOKEN_EMBD)),
    };
    u32::try_from(rows).ok().filter(|rows| *rows <= limits::VOCABULARY).ok_or_else(|| {
        let message = format!("{TOKEN_EMBD} has {rows} rows; at most {} can be computed", limits::VOCABULARY);
        Error::new(ErrorKind::UnsupportedModel, message)
    })
}

/// The error for a tensor that should be in the file.
pub(super) fn missing_tensor(name: &str) -> Error {
    let message = format!("the file has no tensor {name}, which every InternLM2 has; download or choose another file");
    Error::new(ErrorKind::ModelInvalid, message)
}

/// Frequencies that are scaled in a way that the forward pass does not do. A linear scaling by 1 is none; where only a
/// factor is given, it is a linear one.
fn check_rope_scaling(metadata: &Metadata) -> Result<()> {
    let kind = metadata.string(&key("rope.scaling.type"))?.unwrap_or("linear");
    let mut factor = metadata.f64(&key("rope.scaling.factor"))?;
    if factor.is_none() {
        factor = metadata.f64(&key("rope.scale_linear"))?;
    }
    match (kind, factor.unwrap_or(1.0)) {
        ("none", _) | ("linear", 0.0 | 1.0) => Ok(()),
        ("linear", factor) => Err(unsupported("rope.scaling.factor", factor, "a factor of 1")),
        (kind, _) => Err(unsupported("rope.scaling.type", quoted(kind), "\"none\"")),
    }
}
