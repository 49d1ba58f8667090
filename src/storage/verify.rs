//! Reading a stored model from the beginning to the end: is it still what arrived, and what was published?
//!
//! What is not becomes an unfinished download, of which only the damaged chunks are missing.

use crate::error::Result;
use crate::protocol::{ModelId, Verdict, Verification};
use crate::source::Cancel;
use crate::source::catalogue::entries;
use crate::source::digests::CHUNK_BYTES;
use crate::storage::hashing::{self, RunningHash};
use crate::storage::journal::{Arrived, Journal};
use crate::storage::manifest::{Facts, Hash, Manifest, Partial, Rest, State};
use crate::storage::{Library, ModelFile, names};
use js_sys::Uint8Array;
use web_sys::File;

impl Library {
    /// Checks a complete model; `file` is the user's own, for one that was left on disk. `on_progress` is told bytes done
    /// and in all.
    ///
    /// # Errors
    /// Those of [`open_model`](Self::open_model); `Cancelled`.
    pub async fn verify(
        &self,
        id: &ModelId,
        file: Option<File>,
        cancel: &Cancel,
        mut on_progress: impl FnMut(u64, u64),
    ) -> Result<Verification> {
        let opened = self.open_model(id, file).await?;
        let manifest = self.read(id).await?;
        let Some(facts) = manifest.facts().cloned() else { return Err(names::not_found(id)) };
        let known = if manifest.is_on_disk() { None } else { self.journal(&manifest, facts.bytes).await };
        let (found, sha256) = read_back(&opened, cancel, &mut on_progress).await?;
        drop(opened);
        let sha256 = sha256.to_string();
        let verdict = match &facts.hash {
            Hash::Published(expected) if *expected == sha256 => Verdict::Published,
            Hash::Recorded(expected) if *expected == sha256 => Verdict::Unchanged,
            Hash::Unknown if known.as_ref().is_none_or(|known| same(known, &found)) => {
                self.note_hash(id, manifest, &facts, &found, &sha256).await?
            }
            _ => self.note_damage(id, manifest, facts, known, &found).await?,
        };
        self.announce();
        Ok(Verification { model: id.clone(), sha256, verdict })
    }

    /// Records the first hash of a file, which may be a published one, and the digests of its chunks.
    async fn note_hash(
        &self,
        id: &ModelId,
        mut manifest: Manifest,
        facts: &Facts,
        found: &Journal,
        sha256: &str,
    ) -> Result<Verdict> {
        if !manifest.is_on_disk() {
            self.directory.put(&names::journal_file(&manifest.file), &found.to_bytes()).await?;
        }
        let published = entries().iter().any(|entry| entry.sha256 == Some(sha256));
        let hash = if published { Hash::Published(sha256.to_owned()) } else { Hash::Recorded(sha256.to_owned()) };
        manifest.state = State::Complete(Facts { hash, ..facts.clone() });
        self.write(id, &manifest).await?;
        Ok(if published { Verdict::Published } else { Verdict::FirstHash })
    }

    /// Makes a download of what is damaged.
    async fn note_damage(
        &self,
        id: &ModelId,
        mut manifest: Manifest,
        facts: Facts,
        known: Option<Journal>,
        found: &Journal,
    ) -> Result<Verdict> {
        let total = facts.bytes;
        let sound = |index: usize| known.as_ref().is_some_and(|known| digest(known, index) == digest(found, index));
        let bad: Vec<usize> = (0..found.len()).filter(|index| !sound(*index)).collect();
        // If no chunk can be blamed, none can be trusted.
        let blamed = if bad.is_empty() { (0..found.len()).collect() } else { bad };
        let bytes = blamed.iter().map(|index| found.span(*index)).map(|span| span.end.saturating_sub(span.start)).sum();
        if manifest.is_on_disk() {
            return Ok(Verdict::Damaged { bytes });
        }
        let ledger = self.open_ledger(&manifest.file, total).await?;
        for index in 0..found.len() {
            let arrived = found.arrived(index).filter(|_| !blamed.contains(&index));
            ledger.note(index, arrived)?;
        }
        ledger.flush()?;
        if let Hash::Published(hash) | Hash::Recorded(hash) = &facts.hash {
            manifest.recipe.pin(hash);
        }
        let partial = Partial { total: Some(total), rest: Rest::Damaged, versions: Vec::new(), was: Some(facts) };
        manifest.state = State::Partial(partial);
        self.write(id, &manifest).await?;
        Ok(Verdict::Damaged { bytes })
    }
}

/// Digests of all chunks as they are now, and the hash of the whole.
async fn read_back(
    file: &ModelFile,
    cancel: &Cancel,
    on_progress: &mut impl FnMut(u64, u64),
) -> Result<(Journal, crate::source::hash::Sha256)> {
    let mut journal = Journal::new(file.len());
    let mut hash = RunningHash::default();
    let buffer = Uint8Array::new_with_length(CHUNK_BYTES);
    for index in 0..journal.len() {
        cancel.check()?;
        let span = journal.span(index);
        let chunk = buffer.subarray(0, span.end.saturating_sub(span.start) as u32);
        file.read_into(&chunk, span.start)?;
        let (digest, ()) = futures_util::future::join(hashing::digest(&chunk), hash.update(&chunk)).await;
        journal.note(index, Some(Arrived { filled: chunk.length(), version: 0, digest: digest? }));
        on_progress(span.end, file.len());
    }
    Ok((journal, hash.finish()))
}

fn digest(journal: &Journal, index: usize) -> Option<crate::source::hash::Sha256> {
    journal.arrived(index).filter(|_| journal.is_whole(index)).map(|arrived| arrived.digest)
}

fn same(known: &Journal, found: &Journal) -> bool {
    (0..found.len()).all(|index| digest(known, index) == digest(found, index))
}
