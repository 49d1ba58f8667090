//! The stored models: what the engine asks of storage.
//!
//! A model counts from the moment its record says that it is whole; until then a failure, a stop or a crash costs at most
//! bytes of that model. Deleting only marks: the bytes go when the space is needed, or with a visit after a day. Nothing
//! waits for another tab: what that one holds is an error of kind [`ErrorKind::Busy`].

use crate::error::{Context, ErrorKind, Result};
use crate::protocol::{Halt, ModelId, StorageUse, StoredModel, Unfinished};
use crate::source::digests::CHUNK_BYTES;
use crate::storage::download::Ledger;
use crate::storage::journal::{ENTRY_BYTES, HEADER_BYTES, Journal};
use crate::storage::manifest::{self, Manifest, State};
use crate::storage::names::{self, Records};
use crate::storage::opfs::{Directory, Missing};
use crate::storage::quota;
use gloo_timers::future::TimeoutFuture;
use std::rc::Rc;

/// The directory of OPFS that holds the models.
pub(super) const DIRECTORY: &str = "models";

/// How long a deleted model is kept for a change of mind, in milliseconds.
const KEPT_MS: f64 = 24.0 * 3600.0 * 1000.0;

/// How often, and how long in milliseconds, to wait for another tab to close a file.
const LETTING_GO_TRIES: u32 = 50;
const LETTING_GO_MS: u32 = 100;

/// The site's stored models.
#[derive(Clone)]
pub struct Library {
    pub(super) directory: Directory,
    /// Called when something has changed that a list would show.
    changed: Rc<dyn Fn()>,
}

/// What lies in the directory.
pub(super) struct Index {
    pub(super) files: Vec<String>,
    pub(super) records: Records,
}

/// All that a list shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Shelf {
    /// Complete models, in the order of their ids.
    pub models: Vec<StoredModel>,
    /// Downloads that are not complete.
    pub unfinished: Vec<Unfinished>,
    /// Deleted models that can be brought back.
    pub removed: Vec<StoredModel>,
    /// Storage in use and at hand.
    pub storage: StorageUse,
}

impl Library {
    /// Opens the library and clears away what a crash has left. `changed` is called whenever a list would show something
    /// else than before.
    ///
    /// Proves by writing that this browser lets the site store at all: some private windows fail only then.
    ///
    /// # Errors
    /// `StorageUnavailable` where it does not, with what to do.
    pub async fn open(changed: impl Fn() + 'static) -> Result<Self> {
        let library = Self { directory: Directory::open(DIRECTORY).await?, changed: Rc::new(changed) };
        let probe = names::probe_file(js_sys::Math::random());
        let proof = library.directory.put(&probe, &[1]).await;
        // Swept up at the next start if it cannot be deleted now.
        let _ = library.directory.remove(&probe).await;
        match proof {
            // With a full disk there is still something to list and to remove.
            Err(error) if error.kind() != ErrorKind::StorageFull => return Err(error.context("trying browser storage")),
            _ => (),
        }
        library.sweep().await;
        Ok(library)
    }

    /// Everything that is stored; `interrupted` is what a download is called that nobody has paused.
    pub async fn shelf(&self, interrupted: Halt) -> Result<Shelf> {
        let Index { files, records } = self.index().await?;
        let known = || records.iter().filter_map(|(id, manifest)| Some((id, manifest.as_ref().ok()?)));
        let (mut models, mut removed, mut unfinished) = (Vec::new(), Vec::new(), Vec::new());
        let mut storage = quota::storage_use().await?;
        for (id, manifest) in known() {
            let bytes = self.length(&manifest.file).await.unwrap_or_default();
            storage.models = storage.models.saturating_add(bytes);
            if let Some(model) = manifest.stored(id, DIRECTORY) {
                let there = manifest.is_on_disk() || files.contains(&manifest.file);
                match manifest.removed_at {
                    _ if !there => (),
                    Some(_) => {
                        storage.removed = storage.removed.saturating_add(bytes);
                        removed.push(model);
                    }
                    None => models.push(model),
                }
            } else if manifest.is_worth_keeping() {
                let received = self.received(manifest).await;
                unfinished.extend(manifest.unfinished(id, received).map(|item| match item.halt {
                    Halt::Interrupted => Unfinished { halt: interrupted, ..item },
                    _ => item,
                }));
            }
        }
        Ok(Shelf { models, unfinished, removed, storage })
    }

    /// Deletes a model: a complete one so that it can come back until the space is needed, anything else for good.
    ///
    /// # Errors
    /// `NotFound`; `Busy` while it is in use.
    pub async fn remove(&self, id: &ModelId) -> Result<()> {
        names::check(id)?;
        match self.read(id).await {
            Ok(manifest) if manifest.facts().is_some() && manifest.removed_at.is_none() => {
                // In use it cannot be opened, and then not be deleted either.
                if !manifest.is_on_disk() {
                    drop(self.directory.open_file(&manifest.file, Missing::Create).await?);
                }
                let mut manifest = manifest;
                manifest.removed_at = Some(js_sys::Date::now());
                self.write(id, &manifest).await?;
            }
            Ok(_) => self.erase(id).await?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(error),
            Err(_) => self.erase(id).await?,
        }
        self.announce();
        Ok(())
    }

    /// Brings back a deleted model.
    ///
    /// # Errors
    /// `NotFound` if its space has been taken meanwhile.
    pub async fn restore(&self, id: &ModelId) -> Result<()> {
        names::check(id)?;
        let mut manifest = self.read(id).await?;
        manifest.removed_at = None;
        self.write(id, &manifest).await?;
        self.announce();
        Ok(())
    }

    /// Frees the space of deleted models; returns how many there were.
    ///
    /// # Errors
    /// Those of storage; what is in use stays.
    pub async fn purge(&self) -> Result<usize> {
        self.purge_where(|_| true).await
    }

    /// Notes that a model was used.
    pub async fn touch(&self, id: &ModelId) -> Result<()> {
        let mut manifest = self.read(id).await?;
        manifest.last_used = Some(js_sys::Date::now());
        self.write(id, &manifest).await
    }

    /// Makes sure, as far as the browser tells, that `bytes` more can be stored; deleted models make way for them.
    pub(super) async fn make_room(&self, bytes: u64) -> Result<()> {
        match quota::check_space(bytes).await {
            Err(error) if error.kind() == ErrorKind::StorageFull && self.purge().await? > 0 => {
                quota::check_space(bytes).await
            }
            checked => checked,
        }
    }

    /// The model of a complete record.
    pub(super) fn stored(&self, id: &ModelId, manifest: &Manifest) -> Option<StoredModel> {
        manifest.stored(id, DIRECTORY)
    }

    /// The record of a model.
    pub(super) async fn read(&self, id: &ModelId) -> Result<Manifest> {
        match self.directory.peek(&names::record_file(id), manifest::LONGEST_BYTES).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Err(names::not_found(id)),
            bytes => Manifest::parse(id, &bytes?),
        }
    }

    /// Writes the record of a model.
    pub(super) async fn write(&self, id: &ModelId, manifest: &Manifest) -> Result<()> {
        self.directory.put(&names::record_file(id), &manifest.to_json()?).await.context("writing the record")
    }

    /// Tells whoever shows a list.
    pub(super) fn announce(&self) {
        (self.changed)();
    }

    /// Bytes of a file, `None` if there is none.
    pub(super) async fn length(&self, file: &str) -> Option<u64> {
        self.directory.length(file).await.ok()
    }

    /// Bytes of a download that are there, by its journal.
    pub(super) async fn received(&self, manifest: &Manifest) -> u64 {
        let State::Partial(partial) = &manifest.state else { return 0 };
        self.journal(manifest, partial.total.unwrap_or_default()).await.map_or(0, |journal| journal.received())
    }

    /// The journal of a file of `total` bytes, without locking it.
    pub(super) async fn journal(&self, manifest: &Manifest, total: u64) -> Option<Journal> {
        let chunks = total.div_ceil(u64::from(CHUNK_BYTES));
        let longest = chunks.saturating_mul(ENTRY_BYTES as u64).saturating_add(HEADER_BYTES as u64);
        let bytes = self.directory.peek(&names::journal_file(&manifest.file), longest).await.ok()?;
        Journal::parse(&bytes, total)
    }

    /// Opens a file that is arriving, with its journal.
    pub(super) async fn open_ledger(&self, file: &str, total: u64) -> Result<Ledger> {
        let mut tries = 0;
        loop {
            match Ledger::open(&self.directory, file, total).await {
                // A tab that was closed, or that this was taken over from, needs a moment to let go.
                Err(error) if error.kind() == ErrorKind::Busy && tries < LETTING_GO_TRIES => {
                    tries += 1;
                    TimeoutFuture::new(LETTING_GO_MS).await;
                }
                opened => return opened,
            }
        }
    }

    /// Deletes what did not become a model.
    pub(super) async fn discard(&self, id: &ModelId, manifest: &Manifest) {
        // What cannot be deleted now is swept at the next start.
        let _ = self.directory.remove(&names::journal_file(&manifest.file)).await;
        let _ = self.directory.remove(&manifest.file).await;
        let _ = self.directory.remove(&names::record_file(id)).await;
        self.announce();
    }

    pub(super) async fn index(&self) -> Result<Index> {
        let files = self.directory.names().await?;
        let mut records = Records::new();
        for id in files.iter().filter_map(|file| names::record_owner(file)) {
            match self.read(&id).await {
                // Deleted since.
                Err(error) if error.kind() == ErrorKind::NotFound => (),
                manifest => drop(records.insert(id, manifest)),
            }
        }
        Ok(Index { files, records })
    }

    /// Deletes all files of an id.
    async fn erase(&self, id: &ModelId) -> Result<()> {
        let files = self.directory.names().await?;
        // Data first: if it is in use this fails, and the model is as it was.
        for data in names::data_files(id) {
            for file in [data.clone(), names::journal_file(&data)] {
                if files.contains(&file) {
                    self.directory.remove(&file).await?;
                }
            }
        }
        let record = names::record_file(id);
        if files.contains(&record) { self.directory.remove(&record).await } else { Ok(()) }
    }

    async fn purge_where(&self, due: impl Fn(f64) -> bool) -> Result<usize> {
        let mut purged = 0;
        for (id, manifest) in self.index().await?.records {
            let removed_at = manifest.ok().and_then(|manifest| manifest.removed_at);
            if removed_at.is_some_and(&due) {
                self.erase(&id).await?;
                purged += 1;
            }
        }
        if purged > 0 {
            self.announce();
        }
        Ok(purged)
    }

    /// Deletes what a crash has left, and what was deleted long ago. What another tab is writing is locked and stays.
    async fn sweep(&self) {
        // Only tidiness: whatever fails here fails again, and is told, where it matters.
        let now = js_sys::Date::now();
        let _ = self.purge_where(|removed_at| now - removed_at > KEPT_MS).await;
        let Ok(Index { files, records }) = self.index().await else { return };
        for leftover in names::leftovers(&files, &records) {
            let mut gone = true;
            for file in &leftover.data {
                gone &= self.directory.remove(file).await.is_ok();
            }
            if let Some(record) = leftover.record.filter(|_| gone) {
                let _ = self.directory.remove(&record).await;
            }
        }
    }
}

impl std::fmt::Debug for Library {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Library").field("directory", &self.directory).finish_non_exhaustive()
    }
}
