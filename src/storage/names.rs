//! Names in storage: a model's id from its file's name, the files that belong to an id, and what may be swept away.
//!
//! An id is a plain name that is safe as a file name and in an address; it never contains a path separator. Each id
//! owns one record and two places for data, each with its journal, so that a new copy can be written beside the old one
//! and take over only when it is whole.

use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{DownloadPlan, ModelId};
use crate::storage::manifest::{Manifest, State};
use std::collections::{BTreeMap, BTreeSet};

const RECORD_SUFFIX: &str = ".json";
const DATA_SUFFIXES: [&str; 2] = [".gguf", ".gguf.2"];
const JOURNAL_SUFFIX: &str = ".journal";
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

/// The journal of a data file.
pub fn journal_file(data: &str) -> String {
    format!("{data}{JOURNAL_SUFFIX}")
}

/// Name of a file that proves that storage can be written.
pub fn probe_file(random: f64) -> String {
    format!("{PROBE_PREFIX}{}", (random * 1e15) as u64)
}

/// The model whose record this file is.
pub fn record_owner(file: &str) -> Option<ModelId> {
    owner(file, RECORD_SUFFIX)
}

/// The model that a data file, or the journal of one, belongs to.
fn data_owner(file: &str) -> Option<ModelId> {
    let data = file.strip_suffix(JOURNAL_SUFFIX).unwrap_or(file);
    DATA_SUFFIXES.iter().find_map(|suffix| owner(data, suffix))
}

fn owner_of(file: &str) -> Option<ModelId> {
    data_owner(file).or_else(|| record_owner(file))
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

/// Finds the place for a file of the user's: its own, if it was stored before under the same name in the same length;
/// otherwise the first free id, with a number where others have the name already.
pub fn place(records: &Records, file_name: &str, origin: &str, total: u64) -> Result<Place> {
    for id in candidates(file_name) {
        let [first, second] = data_files(&id);
        match records.get(&id) {
            None => return Ok(Place { id, file: first, replaces: None }),
            Some(Ok(manifest)) if manifest.origin == origin => match &manifest.state {
                State::Partial(_) => return Ok(Place { id, file: manifest.file.clone(), replaces: None }),
                State::Complete(facts) if total == facts.bytes => {
                    let file = if manifest.file == first { second } else { first };
                    return Ok(Place { id, file, replaces: Some(manifest.clone()) });
                }
                State::Complete(_) => (),
            },
            // Another's, or one that cannot be read and so may be anybody's.
            Some(_) => (),
        }
    }
    Err(crowded(file_name))
}

/// A place that nothing is at yet.
pub fn free(records: &Records, file_name: &str) -> Result<Place> {
    let id = candidates(file_name).find(|id| !records.contains_key(id)).ok_or_else(|| crowded(file_name))?;
    let [file, _] = data_files(&id);
    Ok(Place { id, file, replaces: None })
}

/// What a download finds.
#[derive(Debug, Clone, PartialEq)]
pub enum Spot {
    /// The file is there already, or has begun to arrive.
    Taken(ModelId, Box<Manifest>),
    /// Nothing of it is there; this is where it goes.
    Free(ModelId, String),
}

/// Finds the place for a download of a file with that name.
pub fn spot(records: &Records, file_name: &str, plan: &DownloadPlan) -> Result<Spot> {
    let known = records.iter().filter_map(|(id, manifest)| Some((id, manifest.as_ref().ok()?)));
    if let Some((id, manifest)) = known.into_iter().find(|(_, manifest)| manifest.is_of(plan)) {
        return Ok(Spot::Taken(id.clone(), Box::new(manifest.clone())));
    }
    let Place { id, file, .. } = free(records, file_name)?;
    Ok(Spot::Free(id, file))
}

/// The ids that a file of this name may have, the nicest first.
fn candidates(file_name: &str) -> impl Iterator<Item = ModelId> {
    let ModelId(stem) = id_for(file_name);
    (1..=10_000).map(move |number| ModelId(if number == 1 { stem.clone() } else { format!("{stem}-{number}") }))
}

fn crowded(file_name: &str) -> Error {
    let ModelId(stem) = id_for(file_name);
    let message = format!("ten thousand stored models are called {stem:?} already; remove some, or rename the file");
    Error::new(ErrorKind::Storage, message)
}

/// Files that a crash left behind, to be deleted in this order; a record only once its data is gone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Leftover {
    /// Data files that no record vouches for.
    pub data: Vec<String>,
    /// The record that announced them.
    pub record: Option<String>,
}

/// Finds what neither a complete model nor a download that can go on needs. What belongs to a record that cannot be
/// read is left alone: a newer Inkstone may have written it.
pub fn leftovers(files: &[String], records: &Records) -> Vec<Leftover> {
    let present: BTreeSet<&str> = files.iter().map(String::as_str).collect();
    let mut found: Vec<Leftover> = files
        .iter()
        .filter(|file| file.starts_with(PROBE_PREFIX) && owner_of(file).is_none())
        .map(|file| Leftover { data: vec![file.clone()], record: None })
        .collect();
    let mut ids: BTreeSet<ModelId> = files.iter().filter_map(|file| data_owner(file)).collect();
    ids.extend(records.keys().cloned());
    for id in ids {
        let own = data_files(&id).into_iter().flat_map(|data| [journal_file(&data), data]);
        let own = own.filter(|file| present.contains(file.as_str()));
        let leftover = match records.get(&id) {
            Some(Err(_)) => continue,
            None => Leftover { data: own.collect(), record: None },
            Some(Ok(manifest)) if is_there(manifest, &present) => {
                let kept = [journal_file(&manifest.file), manifest.file.clone()];
                Leftover { data: own.filter(|file| !kept.contains(file)).collect(), record: None }
            }
            Some(Ok(_)) => Leftover { data: own.collect(), record: Some(record_file(&id)) },
        };
        if leftover != Leftover::default() {
            found.push(leftover);
        }
    }
    found
}

/// Whether what a record speaks of is worth keeping and still there.
fn is_there(manifest: &Manifest, present: &BTreeSet<&str>) -> bool {
    // Bytes on the user's disk are for the user to look after.
    manifest.is_worth_keeping() && (manifest.is_on_disk() || present.contains(manifest.file.as_str()))
}

#[cfg(test)]
#[path = "names/tests.rs"]
mod tests;
