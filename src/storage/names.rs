//! Names in storage: a model's id from its file's name, the files that belong to an id, and what may be swept away.
//!
//! An id is a plain name that is safe as a file name and in an address; it never contains a path separator. Each id
//! owns one record and two places for data, so that a new copy can be written beside the old one and take over only
//! when it is whole.

use crate::error::{Error, ErrorKind, Result};
use crate::protocol::ModelId;
use crate::storage::manifest::{Manifest, State};
use std::collections::{BTreeMap, BTreeSet};

const RECORD_SUFFIX: &str = ".json";
const DATA_SUFFIXES: [&str; 2] = [".gguf", ".gguf.2"];
/// Files that only prove that storage can be written.
const PROBE_PREFIX: &str = "probe-";
/// Letters of an id before a number is added.
const LONGEST_STEM: usize = 100;
const LONGEST_ID: usize = 120;

/// The records of a directory; one that cannot be read has its error.
pub type Records = BTreeMap<ModelId, Result<Manifest>>;

/// The id that a file of this name would like to have.
pub fn id_for(file_name: &str) -> ModelId {
    let name = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
    let ending = name.len().checked_sub(".gguf".len()).and_then(|at| name.split_at_checked(at));
    let stem = match ending {
        Some((stem, ending)) if ending.eq_ignore_ascii_case(".gguf") => stem,
        _ => name,
    };
    let mut id = String::new();
    for c in stem.chars().take(LONGEST_STEM) {
        let c = if is_allowed(c) { c } else { '-' };
        if !(c == '-' && id.ends_with('-')) {
            id.push(c);
        }
    }
    // A leading dot would hide the file, a trailing one is dropped by some systems.
    let id = id.trim_matches(['.', '-']);
    ModelId(if id.is_empty() { "model".to_owned() } else { id.to_owned() })
}

/// Checks an id that came from outside.
pub fn check(id: &ModelId) -> Result<()> {
    let ModelId(name) = id;
    let whole = !name.is_empty() && name.len() <= LONGEST_ID && !name.starts_with('.') && name.chars().all(is_allowed);
    if whole { Ok(()) } else { Err(not_found(id)) }
}

/// The error for an id that names no stored model.
pub fn not_found(ModelId(name): &ModelId) -> Error {
    let shown: String = name.chars().take(LONGEST_ID).collect();
    Error::new(ErrorKind::NotFound, format!("there is no stored model {shown:?}; list the models, or add it again"))
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

/// The file of the model's record.
pub fn record_file(ModelId(name): &ModelId) -> String {
    format!("{name}{RECORD_SUFFIX}")
}

/// The two files that may hold the model's bytes.
pub fn data_files(ModelId(name): &ModelId) -> [String; 2] {
    DATA_SUFFIXES.map(|suffix| format!("{name}{suffix}"))
}

/// Name of a file that proves that storage can be written.
pub fn probe_file(random: f64) -> String {
    format!("{PROBE_PREFIX}{}", (random * 1e15) as u64)
}

/// The model whose record this file is.
pub fn record_owner(file: &str) -> Option<ModelId> {
    owner(file, RECORD_SUFFIX)
}

fn data_owner(file: &str) -> Option<ModelId> {
    DATA_SUFFIXES.iter().find_map(|suffix| owner(file, suffix))
}

fn owner(file: &str, suffix: &str) -> Option<ModelId> {
    let id = ModelId(file.strip_suffix(suffix)?.to_owned());
    check(&id).is_ok().then_some(id)
}

/// Where a new model goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Its id.
    pub id: ModelId,
    /// The data file to write.
    pub file: String,
    /// The complete copy that it takes the place of once it is whole.
    pub replaces: Option<Manifest>,
}

/// Finds the place for a model: its own, if it was stored before from the same origin in the same length; otherwise
/// the first free id, with a number where others have the name already.
pub fn place(records: &Records, file_name: &str, origin: &str, total: Option<u64>) -> Result<Place> {
    let ModelId(stem) = id_for(file_name);
    for number in 1..=10_000 {
        let id = if number == 1 { ModelId(stem.clone()) } else { ModelId(format!("{stem}-{number}")) };
        let [first, second] = data_files(&id);
        match records.get(&id) {
            None => return Ok(Place { id, file: first, replaces: None }),
            Some(Ok(manifest)) if manifest.origin == origin => match &manifest.state {
                State::Partial { .. } => return Ok(Place { id, file: manifest.file.clone(), replaces: None }),
                State::Complete(facts) if total.is_none_or(|total| total == facts.bytes) => {
                    let file = if manifest.file == first { second } else { first };
                    return Ok(Place { id, file, replaces: Some(manifest.clone()) });
                }
                State::Complete(_) => (),
            },
            // Another's, or one that cannot be read and so may be anybody's.
            Some(_) => (),
        }
    }
    let message = format!("ten thousand stored models are called {stem:?} already; remove some, or rename the file");
    Err(Error::new(ErrorKind::Storage, message))
}

/// Files that a crash left behind, to be deleted in this order; a record only once its data is gone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Leftover {
    /// Data files that no record vouches for.
    pub data: Vec<String>,
    /// The record that announced them.
    pub record: Option<String>,
}

/// Finds what no complete model needs. What belongs to a record that cannot be read is left alone: a newer Inkstone
/// may have written it.
pub fn leftovers(files: &[String], records: &Records) -> Vec<Leftover> {
    let present: BTreeSet<&str> = files.iter().map(String::as_str).collect();
    let mut found: Vec<Leftover> = files
        .iter()
        .filter(|file| file.starts_with(PROBE_PREFIX) && data_owner(file).is_none() && record_owner(file).is_none())
        .map(|file| Leftover { data: vec![file.clone()], record: None })
        .collect();
    let mut ids: BTreeSet<ModelId> = files.iter().filter_map(|file| data_owner(file)).collect();
    ids.extend(records.keys().cloned());
    for id in ids {
        let data = data_files(&id).into_iter().filter(|file| present.contains(file.as_str()));
        let leftover = match records.get(&id) {
            Some(Err(_)) => continue,
            None => Leftover { data: data.collect(), record: None },
            Some(Ok(manifest)) => match manifest.state {
                State::Complete(_) if present.contains(manifest.file.as_str()) => {
                    Leftover { data: data.filter(|file| *file != manifest.file).collect(), record: None }
                }
                _ => Leftover { data: data.collect(), record: Some(record_file(&id)) },
            },
        };
        if leftover != Leftover::default() {
            found.push(leftover);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ModelShape;
    use crate::storage::manifest::Facts;

    fn manifest(file: &str, origin: &str, bytes: Option<u64>) -> Result<Manifest> {
        let state = match bytes {
            None => State::Partial { received: 0 },
            Some(bytes) => {
                let shape = ModelShape {
                    layers: 1,
                    hidden: 1,
                    heads: 1,
                    kv_heads: 1,
                    vocabulary: 1,
                    trained_context: 1,
                    parameters: 1,
                };
                State::Complete(Facts { name: "n".into(), bytes, quantisation: "F16".into(), stored_at: 0.0, shape })
            }
        };
        Ok(Manifest::new(file.into(), origin.into(), state))
    }

    fn records(entries: impl IntoIterator<Item = (&'static str, Result<Manifest>)>) -> Records {
        entries.into_iter().map(|(id, manifest)| (ModelId(id.into()), manifest)).collect()
    }

    fn unreadable() -> Result<Manifest> {
        Err(Error::new(ErrorKind::Storage, "damaged"))
    }

    #[test]
    fn ids_are_safe_names() {
        for (file, id) in [
            ("internlm2_5-7b-chat-q4_k_m.gguf", "internlm2_5-7b-chat-q4_k_m"),
            ("A.GGUF", "A"),
            ("../../etc/passwd", "passwd"),
            ("C:\\models\\x.gguf", "x"),
            ("my model (1).gguf", "my-model-1"),
            ("书生·浦语.gguf", "model"),
            ("书生 7b.gguf", "7b"),
            ("....gguf", "model"),
            (".hidden.gguf", "hidden"),
            ("", "model"),
            (".gguf", "model"),
            ("x.gguf.gguf", "x.gguf"),
            ("语gguf", "gguf"),
        ] {
            assert_eq!(id_for(file), ModelId(id.into()), "{file}");
            assert!(check(&id_for(file)).is_ok(), "{file}");
        }
        assert!(check(&id_for(&format!("{}.gguf", "x".repeat(5000)))).is_ok());
    }

    #[test]
    fn ids_from_outside_cannot_leave_the_directory() {
        for id in ["", ".", "..", "a/b", "../a", "a\\b", "a b", "a\0", "语", ".a", &"x".repeat(500)] {
            assert_eq!(check(&ModelId(id.into())).expect_err(id).kind(), ErrorKind::NotFound);
        }
    }

    #[test]
    fn every_file_has_at_most_one_owner() {
        let ids = ["x", "x.gguf", "x.gguf.2", "x.json", "x.2"].map(|id| ModelId(id.into()));
        let mut seen = BTreeSet::new();
        for id in &ids {
            for file in data_files(id) {
                assert_eq!(data_owner(&file).as_ref(), Some(id), "{file}");
                assert!(seen.insert(file));
            }
            assert_eq!(record_owner(&record_file(id)).as_ref(), Some(id));
            assert!(seen.insert(record_file(id)));
        }
    }

    #[test]
    fn the_same_file_again_goes_beside_the_old_copy() {
        let stored = records([("x", manifest("x.gguf", "o", Some(5)))]);
        let place = place(&stored, "x.gguf", "o", Some(5)).expect("place");
        assert_eq!((place.id.0.as_str(), place.file.as_str()), ("x", "x.gguf.2"));
        assert!(place.replaces.is_some());
        let swapped = records([("x", manifest("x.gguf.2", "o", Some(5)))]);
        assert_eq!(super::place(&swapped, "x.gguf", "o", None).expect("place").file, "x.gguf");
    }

    #[test]
    fn another_file_of_that_name_gets_a_number() {
        let stored = records([
            ("x", manifest("x.gguf", "o", Some(5))),
            ("x-2", unreadable()),
            ("x-3", manifest("x-3.gguf", "p", Some(5))),
        ]);
        let id = |origin, total| place(&stored, "x.gguf", origin, total).expect("place").id.0;
        assert_eq!(id("o", Some(6)), "x-4");
        assert_eq!(id("q", Some(5)), "x-4");
        assert_eq!(id("p", Some(5)), "x-3");
    }

    #[test]
    fn an_unfinished_copy_is_begun_anew() {
        let stored = records([("x", manifest("x.gguf", "o", None))]);
        let again = place(&stored, "x.gguf", "o", Some(5)).expect("place");
        assert_eq!(again, Place { id: ModelId("x".into()), file: "x.gguf".into(), replaces: None });
        assert_eq!(place(&stored, "x.gguf", "other", Some(5)).expect("place").id.0, "x-2");
    }

    #[test]
    fn only_what_no_record_vouches_for_is_swept() {
        let files = [
            "whole.gguf",
            "whole.gguf.2",
            "whole.json",
            "part.gguf",
            "part.json",
            "orphan.gguf",
            "newer.gguf",
            "newer.json",
            "gone.json",
            "probe-12",
            "probe-x.gguf",
            "probe-x.json",
            "unknown.txt",
        ]
        .map(String::from);
        let stored = records([
            ("whole", manifest("whole.gguf.2", "o", Some(5))),
            ("part", manifest("part.gguf", "o", None)),
            ("newer", unreadable()),
            ("gone", manifest("gone.gguf", "o", Some(5))),
            ("probe-x", manifest("probe-x.gguf", "o", Some(5))),
        ]);
        let leftover = |data: &[&str], record: Option<&str>| Leftover {
            data: data.iter().map(|file| file.to_string()).collect(),
            record: record.map(String::from),
        };
        assert_eq!(
            leftovers(&files, &stored),
            [
                leftover(&["probe-12"], None),
                leftover(&[], Some("gone.json")),
                leftover(&["orphan.gguf"], None),
                leftover(&["part.gguf"], Some("part.json")),
                leftover(&["whole.gguf"], None),
            ]
        );
    }
}
