//! Split models put together again: the joined header says what the whole file's says, and its data is in the parts.

use inkstone::error::ErrorKind;
use inkstone::gguf::split::{Joined, Part, join, numbered};
use inkstone::gguf::{self, File};
use std::path::Path;

/// The bytes of a fixture of several tensors.
fn whole() -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/bad");
    std::fs::read(folder.join("valid.gguf")).expect("the fixture")
}

fn parse(bytes: &[u8]) -> File {
    gguf::parse_all(bytes, bytes.len() as u64).expect("a header")
}

fn text(key: &str) -> Vec<u8> {
    [&(key.len() as u64).to_le_bytes()[..], key.as_bytes()].concat()
}

/// Cuts a file into parts as gguf-split does: metadata in the first, and what tells of the split in all.
fn cut(bytes: &[u8], count: usize) -> Vec<Vec<u8>> {
    let file = parse(bytes);
    let tensors = file.tensors();
    let own = |number: usize| (0..tensors.len()).filter(move |t| t * count / tensors.len() == number);
    let all_entries = metadata(bytes, &file);
    (0..count)
        .map(|number| {
            let mut entries = if number == 0 { all_entries.clone() } else { Vec::new() };
            entries.push(
                [text("split.no"), 2_u32.to_le_bytes().to_vec(), (number as u16).to_le_bytes().to_vec()].concat(),
            );
            entries.push(
                [text("split.count"), 2_u32.to_le_bytes().to_vec(), (count as u16).to_le_bytes().to_vec()].concat(),
            );
            let total = (tensors.len() as i32).to_le_bytes().to_vec();
            entries.push([text("split.tensors.count"), 5_u32.to_le_bytes().to_vec(), total].concat());
            let mut part = b"GGUF".to_vec();
            part.extend(3_u32.to_le_bytes());
            part.extend((own(number).count() as u64).to_le_bytes());
            part.extend((entries.len() as u64).to_le_bytes());
            entries.iter().for_each(|entry| part.extend(entry));
            let mut data = Vec::new();
            for tensor in own(number).map(|t| &tensors[t]) {
                part.extend(text(&tensor.name));
                part.extend((tensor.dims.len() as u32).to_le_bytes());
                tensor.dims.iter().for_each(|dim| part.extend(dim.to_le_bytes()));
                part.extend(tensor.dtype.ggml_id().to_le_bytes());
                part.extend((data.len() as u64).to_le_bytes());
                let start = tensor.offset as usize;
                data.extend(&bytes[start..start + tensor.bytes as usize]);
                data.resize(data.len().next_multiple_of(32), 0);
            }
            part.resize(part.len().next_multiple_of(32), 0);
            part.extend(data);
            part
        })
        .collect()
}

/// The metadata of a file, entry by entry: found by joining it with itself alone, which copies them.
fn metadata(bytes: &[u8], file: &File) -> Vec<Vec<u8>> {
    let mut entries = Vec::new();
    let mut at = 24;
    for (key, _) in file.metadata().iter() {
        let start = at;
        at += 8 + key.len();
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
        let long = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes")) as usize;
        let size = |kind: u32| [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8][kind as usize];
        let mut kind = word(at);
        at += 4;
        let mut count = 1;
        if kind == 9 {
            (kind, count) = (word(at), long(at + 4));
            at += 12;
        }
        for _ in 0..count {
            at += if kind == 8 { 8 + long(at) } else { size(kind) };
        }
        entries.push(bytes[start..at].to_vec());
    }
    entries
}

/// Joins parts in the order given.
fn joined(parts: &[&Vec<u8>]) -> inkstone::error::Result<Joined> {
    let files: Vec<File> = parts.iter().map(|part| parse(part)).collect();
    let parts: Vec<Part> =
        parts.iter().zip(&files).map(|(bytes, file)| Part { name: "part", bytes: bytes.as_slice(), file }).collect();
    join(&parts)
}

fn put_together(parts: &[&Vec<u8>]) -> Vec<u8> {
    let Joined { header, copies } = joined(parts).expect("all parts");
    let mut bytes = header;
    for (index, range, zeros) in copies {
        bytes.extend(&parts[index][range.start as usize..range.end as usize]);
        bytes.resize(bytes.len() + zeros as usize, 0);
    }
    bytes
}

#[test]
fn the_parts_of_a_model_make_the_whole_in_any_order() {
    let bytes = whole();
    let original = parse(&bytes);
    for count in [2, 3, original.tensors().len()] {
        let parts = cut(&bytes, count);
        let again = put_together(&parts.iter().rev().collect::<Vec<_>>());
        let file = parse(&again);
        assert_eq!(file.metadata(), original.metadata(), "in {count} parts");
        assert_eq!(file.tensors().len(), original.tensors().len());
        for (tensor, before) in file.tensors().iter().zip(original.tensors()) {
            assert_eq!((&tensor.name, &tensor.dims, tensor.dtype), (&before.name, &before.dims, before.dtype));
            let data = |bytes: &[u8], at: u64| bytes[at as usize..(at + tensor.bytes) as usize].to_vec();
            assert_eq!(data(&again, tensor.offset), data(&bytes, before.offset), "{}", tensor.name);
        }
    }
}

#[test]
fn parts_that_do_not_make_a_whole_are_refused() {
    let parts = cut(&whole(), 3);
    let others = cut(&whole(), 2);
    let [a, b, c] = &parts[..] else { panic!("three parts") };
    assert_eq!(numbered(&parse(b)), Some((1, 3)));
    assert_eq!(numbered(&parse(&whole())), None);
    for wrong in [vec![a], vec![a, b], vec![a, b, b], vec![a, b, &others[1]], vec![&others[0], b, c], vec![]] {
        let error = joined(&wrong).expect_err("not a whole");
        assert_eq!(error.kind(), ErrorKind::ModelInvalid, "{error}");
    }
    let error = joined(&[a, c]).expect_err("one is missing");
    assert!(error.message().contains('3'), "{error}");
}
