//! What must hold for any file, cut anywhere, changed anyhow, arriving in any pieces.

use super::writer::{Parts, Tensor};
use super::{bad, header, load};
use inkstone::error::ErrorKind;
use inkstone::gguf::{Array, Parsed, Value, parse, parse_all};
use inkstone::quant::{DType, first_not_finite};
use proptest::prelude::*;

#[test]
fn a_file_cut_at_any_byte_is_truncated_and_a_prefix_needs_more() {
    let bytes = bad("valid.gguf");
    let whole = header(&bytes).unwrap();
    let last = whole.tensors().last().unwrap();
    for cut in 0..bytes.len() {
        let prefix = &bytes[..cut];
        let needed = match parse(prefix, None).unwrap() {
            Parsed::NeedMore { at_least } => Some(at_least),
            Parsed::Done(file) => {
                assert_eq!((file.tensors(), file.file_len()), (whole.tensors(), None));
                None
            }
        };
        // Never less than what is there, never more than the header is long.
        assert!(needed.is_none_or(|needed| needed > cut as u64 && needed <= whole.data_offset()), "{cut}: {needed:?}");
        let known = parse(prefix, Some(bytes.len() as u64)).unwrap();
        assert_eq!(matches!(known, Parsed::Done(_)), needed.is_none(), "{cut}");
        if (cut as u64) < last.offset + last.bytes {
            let error = parse_all(prefix, cut as u64).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::GgufTruncated, "{cut}: {error}");
        }
    }
}

fn any_text() -> impl Strategy<Value = String> {
    proptest::collection::vec(any::<char>(), 0..12).prop_map(String::from_iter)
}

fn any_value() -> impl Strategy<Value = Value> {
    // Floats are finite so that values can be compared.
    let f32s = || proptest::num::f32::NORMAL | proptest::num::f32::ZERO;
    let f64s = || proptest::num::f64::NORMAL | proptest::num::f64::ZERO;
    let few = 0..6_usize;
    let items = |few: &std::ops::Range<usize>| few.clone();
    use proptest::collection::vec;
    prop_oneof![
        any::<u8>().prop_map(Value::U8),
        any::<i8>().prop_map(Value::I8),
        any::<u16>().prop_map(Value::U16),
        any::<i16>().prop_map(Value::I16),
        any::<u32>().prop_map(Value::U32),
        any::<i32>().prop_map(Value::I32),
        any::<u64>().prop_map(Value::U64),
        any::<i64>().prop_map(Value::I64),
        f32s().prop_map(Value::F32),
        f64s().prop_map(Value::F64),
        any::<bool>().prop_map(Value::Bool),
        any_text().prop_map(Value::String),
        vec(any::<u8>(), items(&few)).prop_map(|v| Value::Array(Array::U8(v))),
        vec(any::<i8>(), items(&few)).prop_map(|v| Value::Array(Array::I8(v))),
        vec(any::<u16>(), items(&few)).prop_map(|v| Value::Array(Array::U16(v))),
        vec(any::<i16>(), items(&few)).prop_map(|v| Value::Array(Array::I16(v))),
        vec(any::<u32>(), items(&few)).prop_map(|v| Value::Array(Array::U32(v))),
        vec(any::<i32>(), items(&few)).prop_map(|v| Value::Array(Array::I32(v))),
        vec(any::<u64>(), items(&few)).prop_map(|v| Value::Array(Array::U64(v))),
        vec(any::<i64>(), items(&few)).prop_map(|v| Value::Array(Array::I64(v))),
        vec(f32s(), items(&few)).prop_map(|v| Value::Array(Array::F32(v))),
        vec(f64s(), items(&few)).prop_map(|v| Value::Array(Array::F64(v))),
        vec(any::<bool>(), items(&few)).prop_map(|v| Value::Array(Array::Bool(v))),
        vec(any_text(), items(&few)).prop_map(|v| Value::Array(Array::String(v))),
    ]
}

/// Any sound file: keys and names are made unique by their number.
fn any_parts() -> impl Strategy<Value = Parts> {
    let entries = proptest::collection::vec((any_text(), any_value()), 0..8);
    let dims = (1..4_u64, proptest::collection::vec(1..4_u64, 0..4));
    let tensors = proptest::collection::vec((proptest::sample::select(&DType::ALL[..]), dims), 0..6);
    (entries, tensors, 3..9_u32).prop_map(|(entries, tensors, log)| {
        let mut parts = Parts { alignment: 1 << log, ..Parts::new() };
        parts.entries.push(("general.alignment".into(), Value::U32(1 << log)));
        let entries = entries.into_iter().enumerate();
        parts.entries.extend(entries.map(|(i, (key, value))| (format!("{i}{key}"), value)));
        for (i, (dtype, (blocks, outer))) in tensors.into_iter().enumerate() {
            let outer = &outer[..outer.len().min(3)];
            let cols = blocks * dtype.block_len() as u64;
            let bytes = dtype.row_bytes(cols).unwrap() * outer.iter().product::<u64>();
            let dims = [&[cols][..], outer].concat();
            parts.tensors.push(Tensor::new(&format!("tensor {i}"), &dims, dtype.ggml_id(), bytes as usize));
        }
        parts
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_written_is_read_back(parts in any_parts()) {
        let file = header(&parts.write()).unwrap();
        let read = Parts::of(&file);
        prop_assert_eq!(read.entries, parts.entries);
        prop_assert_eq!(read.tensors, parts.tensors);
        for tensor in file.tensors() {
            prop_assert_eq!(tensor.offset % u64::from(file.alignment()), 0);
            prop_assert_eq!(tensor.dtype.row_bytes(tensor.cols()).unwrap() * tensor.rows(), tensor.bytes);
        }
    }

    #[test]
    fn reading_in_any_pieces_equals_reading_at_once(parts in any_parts(), steps in proptest::collection::vec(1..200_usize, 1..50)) {
        let bytes = parts.write();
        let file_len = bytes.len() as u64;
        let mut have = 0;
        let mut steps = steps.into_iter().cycle();
        let file = loop {
            match parse(&bytes[..have], Some(file_len)).unwrap() {
                Parsed::Done(file) => break file,
                Parsed::NeedMore { at_least } => {
                    prop_assert!(at_least > have as u64 && at_least <= file_len);
                    have = (have + steps.next().unwrap()).max(at_least as usize).min(bytes.len());
                }
            }
        };
        prop_assert_eq!(file, header(&bytes).unwrap());
    }

    #[test]
    fn changed_bytes_never_panic_and_what_is_accepted_lies_inside_the_file(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
        in_header in any::<bool>(),
    ) {
        let mut bytes = bad("valid.gguf");
        let region = if in_header { 7840 } else { bytes.len() };
        for (index, byte) in changes {
            bytes[index.index(region)] = byte;
        }
        let _ = load(&bytes);
        if let Ok(file) = header(&bytes) {
            for tensor in file.tensors() {
                let data = &bytes[tensor.offset as usize..][..tensor.bytes as usize];
                first_not_finite(tensor.dtype, data);
            }
        }
    }

    #[test]
    fn any_bytes_after_the_magic_are_harmless(version in 2..4_u32, bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let bytes = [&b"GGUF"[..], &version.to_le_bytes(), &bytes].concat();
        let _ = load(&bytes);
        let _ = parse(&bytes, None);
        // Small counts get further than random ones.
        let small = [&super::writer::preamble(version, 2, 2)[..], &bytes].concat();
        let _ = load(&small);
        let _ = parse(&small, None);
    }
}
