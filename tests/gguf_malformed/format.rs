//! Faults of the format that no file of `fixtures/bad` has, and the limits from both sides.

use super::header;
use super::writer::{Parts, Tensor, encode, preamble, text};
use inkstone::error::{ErrorKind, Result};
use inkstone::gguf::{Array, File, Parsed, Value, limits, parse, read_header};

const F32: u32 = 0;

/// Asserts that `result` is an error of that kind which mentions all `parts`.
#[track_caller]
fn assert_refused<T>(result: Result<T>, kind: ErrorKind, parts: &[&str]) {
    let Err(error) = result else { panic!("accepted, but must be refused with {kind:?} {parts:?}") };
    let text = error.to_string();
    assert_eq!(error.kind(), kind, "{text}");
    assert!(parts.iter().all(|part| text.contains(part)), "{text} lacks one of {parts:?}");
}

#[track_caller]
fn assert_malformed<T>(result: Result<T>, parts: &[&str]) {
    assert_refused(result, ErrorKind::GgufMalformed, parts);
}

/// A file with one entry, whose value is these bytes.
fn with_value(raw: &[u8]) -> Result<File> {
    header(&[&preamble(3, 0, 1)[..], &text("k"), raw].concat())
}

/// A file of one tensor.
fn with_tensor(tensor: Tensor) -> Result<File> {
    header(&Parts::new().with_tensor(tensor).write())
}

#[test]
fn a_file_without_metadata_or_tensors_is_valid() {
    let file = header(&Parts::new().write()).unwrap();
    assert_eq!((file.version(), file.metadata().len(), file.tensors().len()), (3, 0, 0));
    assert_eq!((file.data_offset(), file.file_len()), (32, Some(24)));
}

#[test]
fn what_is_no_gguf_is_refused_at_its_first_byte() {
    let page = b"<!DOCTYPE html>";
    for count in 1..page.len() {
        assert_refused(parse(&page[..count], None), ErrorKind::NotGguf, &["web page"]);
    }
    assert_refused(parse(b"GGUf", None), ErrorKind::NotGguf, &["\"GGUf\""]);
    assert_refused(parse(b"\x00\xff\"\n", Some(4)), ErrorKind::NotGguf, &[r#"\x00\xff\"\n"#]);
}

#[test]
fn claims_are_refused_before_the_bytes_they_speak_of_arrive() {
    // Nothing but the counts is at hand, and nothing more is needed.
    assert_malformed(parse(&preamble(3, 1 << 32, 0), None), &["4294967296 tensors"]);
    assert_malformed(parse(&preamble(3, 0, u64::MAX), None), &["18446744073709551615 metadata entries"]);
    assert_refused(parse(&preamble(3, 400, 30), Some(10_000)), ErrorKind::GgufTruncated, &["30", "400"]);
    // Neither product nor sum of the largest counts wraps.
    let largest = preamble(3, limits::TENSORS, limits::METADATA_ENTRIES);
    assert!(matches!(parse(&largest, None), Ok(Parsed::NeedMore { at_least: 32 })));

    let claim = |raw: &[u8]| [&preamble(3, 0, 1)[..], &text("k"), raw].concat();
    let array = |kind: u32, count: u64| claim(&[&[9, 0, 0, 0], &kind.to_le_bytes()[..], &count.to_le_bytes()].concat());
    assert_malformed(parse(&array(6, limits::ARRAY_ITEMS + 1), None), &["1048577 items"]);
    assert_malformed(parse(&array(8, u64::MAX), None), &["18446744073709551615 items"]);
    let bytes = array(6, 1000);
    let end = bytes.len() as u64 + 4000;
    assert_eq!(parse(&bytes, None).unwrap(), Parsed::NeedMore { at_least: end });
    assert_refused(parse(&bytes, Some(end - 1)), ErrorKind::GgufTruncated, &[&end.to_string()]);
    // Strings need at least their lengths.
    let bytes = array(8, 1000);
    assert_eq!(parse(&bytes, None).unwrap(), Parsed::NeedMore { at_least: bytes.len() as u64 + 8000 });
}

#[test]
fn texts_are_limited_whether_or_not_they_are_there() {
    let long = "x".repeat(limits::STRING_BYTES as usize);
    assert!(with_value(&encode(&Value::String(long.clone()))).is_ok());
    assert_malformed(with_value(&encode(&Value::String(long.clone() + "x"))), &["1048577 bytes", "\"k\""]);
    assert_malformed(with_value(&encode(&Value::Array(Array::String(vec!["a".into(), long + "x"])))), &["item 1"]);
    let key = "k".repeat(limits::KEY_BYTES as usize);
    assert!(header(&Parts::new().with(&key, Value::U8(0)).write()).is_ok());
    assert_malformed(header(&Parts::new().with(&(key + "k"), Value::U8(0)).write()), &["65536 bytes"]);
}

#[test]
fn a_header_has_a_largest_size() {
    let text = "x".repeat(limits::STRING_BYTES as usize);
    let mut parts = Parts::new();
    for i in 0..=limits::HEADER_BYTES / limits::STRING_BYTES {
        parts.entries.push((i.to_string(), Value::String(text.clone())));
    }
    assert_malformed(header(&parts.write()), &[&limits::HEADER_BYTES.to_string()]);
}

#[test]
fn keys_and_names_are_there_and_unique() {
    assert_malformed(header(&Parts::new().with("", Value::U32(0)).write()), &["empty key"]);
    // Even with the same value, which would do no harm: no writer does that.
    let mut parts = Parts::new().with("k", Value::U8(0));
    parts.entries.push(("k".into(), Value::U8(0)));
    assert_malformed(header(&parts.write()), &["\"k\"", "twice"]);
    assert_malformed(with_tensor(Tensor::new("", &[1], F32, 4)), &["tensor 0", "empty name"]);
    assert!(with_tensor(Tensor::new(&"n".repeat(63), &[1], F32, 4)).is_ok());
    assert_malformed(with_tensor(Tensor::new(&"n".repeat(64), &[1], F32, 4)), &["64 bytes", "at most 63"]);
}

#[test]
fn hostile_names_do_not_break_the_line_of_a_message() {
    let name = "a\nb\u{202e}\u{7}";
    let text = with_tensor(Tensor::new(name, &[0], F32, 4)).unwrap_err().to_string();
    assert!(text.contains(r"a\nb\u{202e}\u{7}"), "{text}");
    let long = "é".repeat(5000);
    let mut parts = Parts::new().with(&long, Value::U8(0));
    parts.entries.push((long, Value::U8(0)));
    assert!(header(&parts.write()).unwrap_err().to_string().len() < 400);
}

#[test]
fn bools_in_an_array_are_checked_too() {
    let mut raw = encode(&Value::Array(Array::Bool(vec![true, false])));
    assert!(with_value(&raw).is_ok());
    *raw.last_mut().unwrap() = 255;
    assert_malformed(with_value(&raw), &["255"]);
}

#[test]
fn alignment_is_a_u32_power_of_two_within_limits() {
    for alignment in [8, 16, 32, 64, 4096, 65_536] {
        let mut parts = Parts::valid().with("general.alignment", Value::U32(alignment));
        parts.alignment = alignment as usize;
        let file = header(&parts.write()).unwrap();
        assert_eq!((file.alignment(), file.data_offset() % u64::from(alignment)), (alignment, 0));
        assert_eq!(file.tensors().len(), Parts::valid().tensors.len());
    }
    for wrong in [
        Value::U32(0),
        Value::U32(1),
        Value::U32(4),
        Value::U32(33),
        Value::U32(131_072),
        Value::U32(u32::MAX),
        Value::U64(32),
        Value::I32(32),
        Value::String("32".into()),
    ] {
        assert_malformed(header(&Parts::valid().with("general.alignment", wrong).write()), &["general.alignment"]);
    }
}

#[test]
fn shapes_are_one_to_four_dimensions_whose_product_is_possible() {
    let shape = |dims: &[u64]| with_tensor(Tensor::new("t", dims, F32, 4));
    assert!(shape(&[1, 1, 1, 1]).is_ok());
    assert_malformed(shape(&[]), &["\"t\"", "0 dimensions"]);
    assert_malformed(shape(&[1; 5]), &["5 dimensions"]);
    assert_malformed(shape(&[1, 0, 1]), &["[1, 0, 1]"]);
    for dims in [&[u64::MAX][..], &[1 << 62], &[1 << 32, 1 << 30], &[1 << 63, 2], &[1, u64::MAX, u64::MAX]] {
        assert_malformed(shape(dims), &["larger than any file"]);
    }
}

#[test]
fn types_of_ggml_that_cannot_be_computed_are_named() {
    for (id, name) in [(23, "IQ4_XS"), (20, "IQ4_NL"), (9, "Q8_1"), (28, "F64"), (39, "MXFP4"), (31, "Q4_0_4_4")] {
        assert_refused(
            with_tensor(Tensor::new("t", &[256], id, 256)),
            ErrorKind::UnsupportedModel,
            &["\"t\"", name, "Q4_K"],
        );
    }
    for id in [42, 999, u32::MAX] {
        assert_malformed(with_tensor(Tensor::new("t", &[256], id, 256)), &["\"t\"", &id.to_string()]);
    }
}

#[test]
fn tensors_follow_each_other_without_hole_or_overlap() {
    let at = |offsets: [u64; 2]| {
        let mut parts = Parts::new();
        for (name, offset) in ["a", "b"].into_iter().zip(offsets) {
            parts.tensors.push(Tensor { offset: Some(offset), ..Tensor::new(name, &[9], F32, 36) });
        }
        let mut bytes = parts.write();
        bytes.resize(1000, 0);
        header(&bytes)
    };
    let file = at([0, 64]).unwrap();
    let places: Vec<_> = file.tensors().iter().map(|info| (info.offset - file.data_offset(), info.bytes)).collect();
    assert_eq!(places, [(0, 36), (64, 36)]);
    assert_malformed(at([0, 36]), &["\"b\"", "alignment 32"]);
    assert_malformed(at([0, 32]), &["\"b\"", "inside the tensors before it"]);
    assert_malformed(at([0, 96]), &["\"b\"", "hole"]);
    assert_malformed(at([64, 0]), &["\"a\"", "hole"]);
    assert_malformed(at([0, u64::MAX - 31]), &["\"b\"", "hole"]);
}

#[test]
fn data_beyond_any_file_is_refused_even_if_the_length_is_unknown() {
    let mut parts = Parts::new();
    // Four tensors of 2^51 bytes fill 2^53 exactly, but for the header before them.
    for name in ["a", "b", "c", "d"] {
        let offset = parts.tensors.len() as u64 * (1 << 51);
        parts.tensors.push(Tensor { offset: Some(offset), ..Tensor::new(name, &[1 << 49], F32, 0) });
    }
    assert_malformed(parse(&parts.header(), None), &["\"d\"", "beyond any file"]);
    parts.tensors.pop();
    assert!(matches!(parse(&parts.header(), None), Ok(Parsed::Done(_))));
    assert_refused(header(&parts.header()), ErrorKind::GgufTruncated, &["\"a\""]);
}

#[test]
fn bytes_after_the_data_are_ignored_and_padding_at_the_end_is_optional() {
    let mut bytes = Parts::new().with_tensor(Tensor::new("t", &[3], F32, 12)).write();
    let exact = header(&bytes).unwrap();
    for extra in [1, 20, 21, 1000] {
        bytes.resize(bytes.len() + extra, 0xaa);
        assert_eq!(header(&bytes).unwrap().tensors(), exact.tensors());
    }
}

#[test]
fn reading_in_pieces_asks_for_every_byte_once_and_seldom() {
    let tokens = (0..92_544).map(|i| format!("token {i}")).collect();
    let parts = Parts::valid().with("tokenizer.ggml.tokens", Value::Array(Array::String(tokens)));
    let bytes = parts.write();
    let mut reads = Vec::new();
    let read = |offset: u64, length: u64| {
        reads.push((offset, length));
        Ok(bytes[offset as usize..][..length as usize].to_vec())
    };
    let file = read_header(read, bytes.len() as u64).unwrap();
    assert_eq!(Ok(file), header(&bytes));
    assert!(reads.len() <= 4, "{reads:?}");
    assert!(reads.windows(2).all(|pair| pair[0].0 + pair[0].1 == pair[1].0), "{reads:?}");
}

#[test]
fn a_reader_that_fails_or_lies_is_an_error() {
    let bytes = Parts::valid().write();
    let refused = |_, _| Err(inkstone::error::Error::new(ErrorKind::Network, "gone"));
    assert_refused(read_header(refused, 1000), ErrorKind::Network, &["gone"]);
    let short = |offset: u64, length: u64| Ok(bytes[offset as usize..][..length as usize - 1].to_vec());
    assert_refused(read_header(short, bytes.len() as u64), ErrorKind::Internal, &[]);
    assert_refused(parse(&bytes, Some(10)), ErrorKind::Internal, &["10"]);
}
