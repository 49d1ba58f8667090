//! Files made to hurt: every fault must end in an error of the right kind, on one line, without panic or delay.
//!
//! `fixtures/bad` has 80 files with one fault each, and two that are sound. The modules cover what those files do not.

mod allocation;
mod format;
mod model;
mod properties;
mod writer;

use inkstone::error::{ErrorKind, Result};
use inkstone::gguf::{File, parse_all};
use inkstone::model::{Config, TensorSet};
use inkstone::quant::first_not_finite;
use inkstone::tokenizer::Vocabulary;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A file of `fixtures/bad`.
fn bad(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bad").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The header of a file that is all in memory.
fn header(bytes: &[u8]) -> Result<File> {
    parse_all(bytes, bytes.len() as u64)
}

/// All that loading does before it reads the first weight.
fn load(bytes: &[u8]) -> Result<(File, TensorSet)> {
    let file = header(bytes)?;
    let config = Config::from_gguf(&file)?;
    let tensors = TensorSet::from_gguf(&file, &config)?;
    Vocabulary::from_gguf(&file, Some(config.vocabulary))?;
    Ok((file, tensors))
}

/// The kind of error that a file of the index must end in.
fn expected_kind(name: &str, stage: &str) -> ErrorKind {
    match (name, stage) {
        ("magic_wrong.gguf", _) => ErrorKind::NotGguf,
        ("empty_file.gguf", _) => ErrorKind::GgufTruncated,
        ("architecture_llama.gguf", _) => ErrorKind::UnsupportedArchitecture,
        ("block_count_huge.gguf", _) => ErrorKind::UnsupportedModel,
        _ if name.starts_with("version_") => ErrorKind::GgufVersion,
        _ if name.starts_with("cut_") => ErrorKind::GgufTruncated,
        (_, "header" | "metadata" | "tensor_info" | "layout") => ErrorKind::GgufMalformed,
        (_, "model") => ErrorKind::ModelInvalid,
        (_, "vocabulary") => ErrorKind::VocabularyInvalid,
        (_, stage) => panic!("{name}: no kind of error is known for the stage {stage}"),
    }
}

#[test]
fn every_bad_file_is_refused_with_an_error_of_its_kind() {
    let index: BTreeMap<String, BTreeMap<String, serde_json::Value>> =
        serde_json::from_slice(&bad("index.json")).unwrap();
    let mut refused = 0;
    for (name, entry) in &index {
        let (stage, bytes) = (entry["stage"].as_str().unwrap(), bad(name));
        assert_eq!(Some(bytes.len() as u64), entry["bytes"].as_u64(), "{name}");
        if ["none", "poison"].contains(&stage) {
            load(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
            continue;
        }
        let error = load(&bytes).expect_err(name);
        let text = error.to_string();
        assert_eq!(error.kind(), expected_kind(name, stage), "{name}: {text}");
        assert!(!text.is_empty() && text.len() < 300 && !text.contains('\n'), "{name}: {text}");
        assert_eq!(header(&bytes).is_err(), !["model", "vocabulary"].contains(&stage), "{name}: wrong stage: {text}");
        refused += 1;
    }
    assert_eq!((index.len(), refused), (82, 76));
}

#[test]
fn messages_name_the_fault_and_the_place() {
    for (name, parts) in [
        ("magic_wrong.gguf", &["\"GGML\"", ".gguf file"][..]),
        ("version_big_endian.gguf", &["big-endian", "version 3"]),
        ("tensor_count_huge.gguf", &["9223372036854775808 tensors", "65536"]),
        ("cut_in_array_items.gguf", &["ends at byte 2166", "download"]),
        ("key_length_past_end.gguf", &["metadata entry 1", "1099511627776"]),
        ("key_duplicate.gguf", &["\"internlm2.block_count\"", "twice"]),
        ("value_type_13.gguf", &["\"general.name\"", "13"]),
        ("bool_2.gguf", &["\"tokenizer.ggml.add_bos_token\"", "0 or 1"]),
        ("array_nested.gguf", &["\"general.tags\"", "arrays"]),
        ("alignment_0.gguf", &["general.alignment", "the u32 0", "power of two"]),
        ("tensor_name_duplicate.gguf", &["\"blk.0.attn_k.weight\"", "twice"]),
        ("tensor_type_unknown.gguf", &["\"blk.0.attn_q.weight\"", "999"]),
        ("row_not_block_multiple.gguf", &["48", "Q4_0", "32"]),
        ("offset_overlap.gguf", &["\"blk.0.attn_q.weight\"", "inside the tensors before it"]),
        ("cut_last_byte.gguf", &["\"output.weight\"", "ends at byte 23317", "23318"]),
        ("architecture_llama.gguf", &["\"llama\"", "\"internlm2\""]),
        ("block_count_string.gguf", &["internlm2.block_count", "the string \"1\"", "integer"]),
        ("head_count_not_dividing.gguf", &["head_count is 3", "32"]),
        ("tensor_missing_output.gguf", &["output.weight"]),
        ("shape_transposed.gguf", &["blk.0.ffn_down.weight", "[32, 64]", "[64, 32]"]),
    ] {
        let text = load(&bad(name)).expect_err(name).to_string();
        assert!(parts.iter().all(|part| text.contains(part)), "{name}: {text}");
    }
}

#[test]
fn poisoned_weights_are_found_in_the_tensor_and_block_that_has_them() {
    for (name, tensor, block) in [
        ("norm_nan.gguf", "output_norm.weight", 5),
        ("norm_inf.gguf", "blk.0.attn_norm.weight", 0),
        ("scale_nan.gguf", "output.weight", 7),
        ("scale_inf.gguf", "blk.0.attn_q.weight", 3),
    ] {
        let bytes = bad(name);
        let (file, _) = load(&bytes).unwrap();
        let faults: Vec<_> = file
            .tensors()
            .iter()
            .filter_map(|info| {
                let data = &bytes[info.offset as usize..][..info.bytes as usize];
                first_not_finite(info.dtype, data).map(|block| (info.name.as_str(), block))
            })
            .collect();
        assert_eq!(faults, [(tensor, block)], "{name}");
    }
}
