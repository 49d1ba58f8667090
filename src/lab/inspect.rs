//! `lab inspect`: everything that can be said of a file without a GPU.

use super::file::ModelFile;
use crate::error::{Error, ErrorKind, Result};
use crate::gguf::{Array, File, Metadata, Value};
use crate::model::{Config, TensorSet};
use crate::quant::first_not_finite;
use crate::tokenizer::Vocabulary;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Bytes of a tensor that are looked at together.
const PIECE: u64 = 4 << 20;

/// Checks `path` and prints what is in it. A file without tensors is taken for a vocabulary.
pub fn inspect(path: &Path, header_only: bool) -> Result<()> {
    let mut file = ModelFile::open(path)?;
    let header = file.header()?;
    let mut report = Map::new();
    report.insert("version".into(), header.version().into());
    report.insert("alignment".into(), header.alignment().into());
    report.insert("metadata".into(), metadata(header.metadata()));
    let mut rows = None;
    if !header.tensors().is_empty() {
        let config = Config::from_gguf(&header)?;
        TensorSet::from_gguf(&header, &config)?;
        rows = Some(config.vocabulary);
        report.insert("config".into(), config_json(&config));
        report.insert("tensors".into(), tensors(&header));
    }
    report.insert("tokenizer".into(), vocabulary(&Vocabulary::from_gguf(&header, rows)?));
    if !header_only {
        check_finite(&mut file, &header)?;
        report.insert("weights".into(), "finite".into());
    }
    super::print(&report)
}

/// Reads every tensor and refuses numbers that are not finite.
fn check_finite(file: &mut ModelFile, header: &File) -> Result<()> {
    for tensor in header.tensors() {
        let block = tensor.dtype.block_bytes() as u64;
        let piece = PIECE / block * block;
        let mut done = 0;
        while done < tensor.bytes {
            let length = piece.min(tensor.bytes - done);
            let bytes = file.read(tensor.offset + done, length)?;
            if let Some(index) = first_not_finite(tensor.dtype, &bytes) {
                let message = format!(
                    "{} has a {} that is NaN or infinite in block {} ({}), all must be finite; the file is damaged or \
                     badly converted: fetch it again",
                    tensor.name,
                    if tensor.dtype.block_len() == 1 { "weight" } else { "scale" },
                    done / block + index,
                    tensor.dtype.name(),
                );
                return Err(Error::new(ErrorKind::NotFinite, message));
            }
            done += length;
        }
    }
    Ok(())
}

fn config_json(config: &Config) -> Json {
    json!({
        "layers": config.layers, "hidden": config.hidden, "ffn": config.ffn, "heads": config.heads,
        "kv_heads": config.kv_heads, "head_dim": config.head_dim, "vocabulary": config.vocabulary,
        "rms_eps": config.rms_eps, "rope_base": config.rope_base, "trained_context": config.trained_context,
        "parameters": config.parameters(), "name": config.name,
    })
}

/// Tensors and bytes by type.
fn tensors(header: &File) -> Json {
    let mut by_type: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for tensor in header.tensors() {
        let (count, bytes) = by_type.entry(tensor.dtype.name()).or_default();
        *count += 1;
        *bytes += tensor.bytes;
    }
    let by_type: Map<String, Json> = by_type
        .into_iter()
        .map(|(name, (count, bytes))| (name.to_owned(), json!({ "count": count, "bytes": bytes })))
        .collect();
    json!({ "count": header.tensors().len(), "by_type": by_type })
}

fn vocabulary(vocabulary: &Vocabulary) -> Json {
    json!({
        "pieces": vocabulary.len(), "bos": vocabulary.bos(), "stop": vocabulary.stop_ids(), "chat": vocabulary.is_chat(),
    })
}

/// Values as they are; of arrays only the type and the length.
fn metadata(metadata: &Metadata) -> Json {
    let values = metadata.iter().map(|(key, value)| (key.to_owned(), value_json(value)));
    Json::Object(values.collect())
}

fn value_json(value: &Value) -> Json {
    match value {
        Value::U8(v) => json!(v),
        Value::I8(v) => json!(v),
        Value::U16(v) => json!(v),
        Value::I16(v) => json!(v),
        Value::U32(v) => json!(v),
        Value::I32(v) => json!(v),
        Value::F32(v) => json!(v),
        Value::Bool(v) => json!(v),
        Value::String(v) => json!(v),
        Value::U64(v) => json!(v),
        Value::I64(v) => json!(v),
        Value::F64(v) => json!(v),
        Value::Array(array) => array_json(array),
    }
}

fn array_json(array: &Array) -> Json {
    let (of, length) = match array {
        Array::U8(v) => ("u8", v.len()),
        Array::I8(v) => ("i8", v.len()),
        Array::U16(v) => ("u16", v.len()),
        Array::I16(v) => ("i16", v.len()),
        Array::U32(v) => ("u32", v.len()),
        Array::I32(v) => ("i32", v.len()),
        Array::F32(v) => ("f32", v.len()),
        Array::Bool(v) => ("bool", v.len()),
        Array::String(v) => ("string", v.len()),
        Array::U64(v) => ("u64", v.len()),
        Array::I64(v) => ("i64", v.len()),
        Array::F64(v) => ("f64", v.len()),
    };
    json!({ "array_of": of, "length": length })
}
