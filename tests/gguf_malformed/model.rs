//! Files that are sound as GGUF but no model that can be computed.

use super::writer::{Parts, Tensor};
use super::{header, load};
use inkstone::error::{ErrorKind, Result};
use inkstone::gguf::{Array, File, Value};
use inkstone::model::{Config, TensorSet};

const F32: u32 = 0;
const F16: u32 = 1;
const Q4_0: u32 = 2;

/// The configuration of a file with these parts.
fn config(parts: &Parts) -> Result<Config> {
    Config::from_gguf(&header(&parts.write()).unwrap())
}

/// The tensors of a file with these parts.
fn tensors(parts: &Parts) -> Result<TensorSet> {
    let file: File = header(&parts.write()).unwrap();
    TensorSet::from_gguf(&file, &Config::from_gguf(&file).unwrap())
}

/// Asserts that `result` is an error of that kind which mentions `part`.
#[track_caller]
fn assert_refused<T: std::fmt::Debug>(result: Result<T>, kind: ErrorKind, part: &str) {
    let error = result.expect_err(part);
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(part), "{error} lacks {part}");
}

#[test]
fn the_valid_model_is_read_as_it_was_made() {
    let config = config(&Parts::valid()).unwrap();
    let expected = Config {
        layers: 1,
        hidden: 32,
        ffn: 64,
        heads: 2,
        kv_heads: 1,
        head_dim: 16,
        vocabulary: 275,
        rms_eps: 1e-5,
        rope_base: 1e6,
        trained_context: 256,
        name: Some("tiny".into()),
    };
    assert_eq!(config, expected);
    assert_eq!((config.group(), config.kv_width()), (2, 16));
    let file = header(&Parts::valid().write()).unwrap();
    assert_eq!(config.parameters(), file.tensors().iter().map(|tensor| tensor.elements()).sum::<u64>());
}

#[test]
fn sizes_of_the_real_models_give_their_known_numbers_of_parameters() {
    for (layers, hidden, ffn, heads, parameters) in [
        (24, 2048, 8192, 16, 1_889_110_016),
        (32, 4096, 14_336, 32, 7_737_708_544),
        (48, 6144, 16_384, 48, 19_861_149_696),
    ] {
        let real = Config {
            layers,
            hidden,
            ffn,
            heads,
            kv_heads: 8,
            head_dim: 128,
            vocabulary: 92_544,
            ..config(&Parts::valid()).unwrap()
        };
        assert_eq!(real.parameters(), parameters);
    }
}

#[test]
fn absent_keys_have_the_defaults_of_the_format() {
    let parts = Parts::valid().without("internlm2.rope.freq_base").without("general.name");
    let read = config(&parts).unwrap();
    assert_eq!((read.rope_base, read.name), (10_000.0, None));
    assert_eq!(config(&parts.without("internlm2.attention.head_count_kv")).unwrap().kv_heads, 2);
}

#[test]
fn numbers_that_make_no_model_are_refused() {
    use ErrorKind::{ModelInvalid, UnsupportedModel};
    for (key, value, kind) in [
        ("block_count", Value::U32(513), UnsupportedModel),
        ("block_count", Value::I32(-1), ModelInvalid),
        ("block_count", Value::Array(Array::U32(vec![1])), ModelInvalid),
        ("embedding_length", Value::U32(0), ModelInvalid),
        ("embedding_length", Value::U32(48), UnsupportedModel),
        ("embedding_length", Value::U64(1 << 40), ModelInvalid),
        ("embedding_length", Value::U32(1 << 17), UnsupportedModel),
        ("feed_forward_length", Value::U32(0), ModelInvalid),
        ("feed_forward_length", Value::U32(63), UnsupportedModel),
        ("feed_forward_length", Value::U32(1 << 30), UnsupportedModel),
        ("attention.head_count", Value::U32(1025), UnsupportedModel),
        // Heads of width 1 have no pairs to rotate.
        ("attention.head_count", Value::U32(32), UnsupportedModel),
        ("attention.head_count_kv", Value::U32(3), ModelInvalid),
        ("attention.head_count_kv", Value::U32(4), ModelInvalid),
        ("attention.head_count_kv", Value::Array(Array::U32(vec![1])), ModelInvalid),
        ("attention.key_length", Value::U32(8), UnsupportedModel),
        ("attention.value_length", Value::U32(32), UnsupportedModel),
        ("rope.dimension_count", Value::U32(8), UnsupportedModel),
        ("attention.layer_norm_rms_epsilon", Value::F32(0.0), ModelInvalid),
        ("attention.layer_norm_rms_epsilon", Value::F32(f32::NAN), ModelInvalid),
        ("attention.layer_norm_rms_epsilon", Value::F32(f32::INFINITY), ModelInvalid),
        ("attention.layer_norm_rms_epsilon", Value::U32(1), ModelInvalid),
        ("rope.freq_base", Value::F32(0.0), ModelInvalid),
        ("rope.freq_base", Value::F32(-1e6), ModelInvalid),
        ("rope.freq_base", Value::F64(f64::INFINITY), ModelInvalid),
        ("context_length", Value::U32(0), ModelInvalid),
        ("context_length", Value::U32(u32::MAX), UnsupportedModel),
        ("rope.scaling.type", Value::String("yarn".into()), UnsupportedModel),
        ("rope.scaling.type", Value::String("a\nb".repeat(100)), UnsupportedModel),
        ("rope.scaling.type", Value::U32(1), ModelInvalid),
        ("rope.scaling.factor", Value::F32(4.0), UnsupportedModel),
        ("rope.scaling.factor", Value::F32(f32::NAN), UnsupportedModel),
        ("rope.scale_linear", Value::F32(2.0), UnsupportedModel),
    ] {
        let name = key.rsplit('.').next().unwrap();
        // Faults of a width are told by what they make impossible.
        let part = if value == Value::U32(32) && name == "head_count" { "even widths" } else { name };
        let part = if value == Value::F32(2.0) { "factor" } else { part };
        let key = format!("internlm2.{key}");
        let result = config(&Parts::valid().with(&key, value));
        assert!(result.as_ref().err().is_none_or(|error| error.to_string().len() < 300), "{key}");
        assert_refused(result, kind, part);
    }
}

#[test]
fn keys_that_change_nothing_are_accepted() {
    for (key, value) in [
        ("internlm2.rope.scaling.type", Value::String("none".into())),
        ("internlm2.rope.scaling.type", Value::String("linear".into())),
        ("internlm2.rope.scaling.factor", Value::F32(1.0)),
        ("internlm2.rope.dimension_count", Value::U32(16)),
        ("internlm2.attention.key_length", Value::U64(16)),
        ("split.count", Value::U16(0)),
    ] {
        load(&Parts::valid().with(key, value).write()).unwrap();
    }
}

#[test]
fn a_part_of_a_split_model_is_refused_by_name() {
    let parts = Parts::valid().with("split.count", Value::U16(3));
    assert_refused(config(&parts), ErrorKind::UnsupportedModel, "one of 3 parts");
}

#[test]
fn a_file_of_only_a_vocabulary_has_a_configuration_but_no_tensors() {
    let parts = Parts { tensors: Vec::new(), ..Parts::valid() };
    assert_eq!(config(&parts).unwrap().vocabulary, 275);
    assert_refused(tensors(&parts), ErrorKind::ModelInvalid, "token_embd.weight");
}

#[test]
fn every_tensor_is_needed_and_no_other_allowed() {
    for missing in 0..Parts::valid().tensors.len() {
        let mut parts = Parts::valid();
        let removed = parts.tensors.remove(missing);
        let file = header(&parts.write()).unwrap();
        let result = Config::from_gguf(&file).and_then(|config| TensorSet::from_gguf(&file, &config));
        assert_refused(result, ErrorKind::ModelInvalid, &removed.name);
    }
    for (name, kind) in [
        ("blk.0.attn_q.bias", ErrorKind::UnsupportedModel),
        ("output.bias", ErrorKind::UnsupportedModel),
        ("blk.1.attn_norm.weight", ErrorKind::ModelInvalid),
        ("blk.00.attn_norm.weight", ErrorKind::ModelInvalid),
        ("rope_freqs.weight", ErrorKind::ModelInvalid),
    ] {
        assert_refused(tensors(&Parts::valid().with_tensor(Tensor::new(name, &[32], F32, 128))), kind, name);
    }
}

#[test]
fn shapes_must_be_those_of_the_configuration() {
    for name in Parts::valid().tensors.iter().map(|tensor| &tensor.name) {
        for change in [|dims: &mut Vec<u64>| dims.push(1), |dims: &mut Vec<u64>| *dims.last_mut().unwrap() *= 2] {
            // More rows of the embedding are more tokens, which then are too many for the head.
            let culprit = if name == "token_embd.weight" { "weight" } else { name };
            let mut parts = Parts::valid();
            let tensor = parts.tensor(name);
            let before: u64 = tensor.dims.iter().product();
            change(&mut tensor.dims);
            tensor.bytes *= (tensor.dims.iter().product::<u64>() / before) as usize;
            assert_refused(tensors(&parts), ErrorKind::ModelInvalid, culprit);
        }
    }
}

#[test]
fn norms_must_be_in_full_precision() {
    let mut parts = Parts::valid();
    parts.tensor("blk.0.ffn_norm.weight").type_id = F16;
    parts.tensor("blk.0.ffn_norm.weight").bytes = 64;
    assert_refused(tensors(&parts), ErrorKind::UnsupportedModel, "blk.0.ffn_norm.weight");
}

#[test]
fn fused_queries_keys_and_values_are_rows_of_one_tensor() {
    let mut parts = Parts::valid();
    parts
        .tensors
        .retain(|tensor| !["attn_q", "attn_k", "attn_v"].iter().any(|part| tensor.name.contains(&format!("{part}."))));
    parts.tensors.push(Tensor::new("blk.0.attn_qkv.weight", &[32, 64], Q4_0, 64 * 18));
    let set = tensors(&parts).unwrap();
    let block = &set.blocks[0];
    let start = block.attn_q.tensor.offset;
    for (matrix, first_row, rows) in [(&block.attn_q, 0, 32), (&block.attn_k, 32, 16), (&block.attn_v, 48, 16)] {
        assert_eq!((matrix.first_row, matrix.rows, matrix.cols(), matrix.row_bytes()), (first_row, rows, 32, 18));
        assert_eq!((matrix.offset(), matrix.bytes()), (start + first_row * 18, rows * 18));
    }
    // Both forms at once would leave one of them unused.
    let both = parts.clone().with_tensor(Tensor::new("blk.0.attn_v.weight", &[32, 16], Q4_0, 16 * 18));
    assert_refused(tensors(&both), ErrorKind::ModelInvalid, "attn_v");
    let split = &tensors(&Parts::valid()).unwrap().blocks[0];
    assert_eq!((split.attn_v.first_row, split.attn_v.offset()), (0, split.attn_v.tensor.offset));
}
