//! The stored models: what the engine asks of storage.
//!
//! A new model is written beside whatever is there and counts from the moment its record is written; until then a
//! failure, a stop or a crash costs only the new bytes. Nothing waits for another tab: what that one holds is an
//! error of kind [`ErrorKind::Busy`].

use crate::error::{Context, Error, ErrorKind, Result};
use crate::protocol::{ModelId, StorageUse, StoredModel};
use crate::source::Source;
use crate::source::browser::{self, Pace};
use crate::storage::header::{Header, HeaderReader, PIECE_BYTES};
use crate::storage::manifest::{self, Facts, Manifest, State};
use crate::storage::names::{self, Place, Records};
use crate::storage::opfs::{Directory, Missing, SyncFile};
use crate::storage::quota;
use js_sys::Uint8Array;

/// The directory of OPFS that holds the models.
const DIRECTORY: &str = "models";

/// The site's stored models.
#[derive(Debug, Clone)]
pub struct Library {
    directory: Directory,
}

/// What lies in the directory.
struct Index {
    files: Vec<String>,
    records: Records,
}

/// How the bytes of a source ended up.
enum Arrival {
    /// They are written.
    Written {
        /// What their header says.
        header: Header,
        /// How many they are.
        bytes: u64,
    },
    /// They are those that are stored already.
    Known(StoredModel),
}

impl Library {
    /// Opens the library and clears away what a crash has left.
    ///
    /// Proves by writing that this browser lets the site store at all: some private windows fail only then.
    pub async fn open() -> Result<Self> {
        let library = Self { directory: Directory::open(DIRECTORY).await? };
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

    /// The complete models, in the order of their ids.
    pub async fn list(&self) -> Result<Vec<StoredModel>> {
        let Index { files, records } = self.index().await?;
        let whole = |(id, manifest): (&ModelId, &Result<Manifest>)| {
            let manifest = manifest.as_ref().ok().filter(|manifest| files.contains(&manifest.file))?;
            manifest.stored(id)
        };
        Ok(records.iter().filter_map(whole).collect())
    }

    /// The models whose record cannot be read, and why; [`remove`](Self::remove) deletes them as any other.
    pub async fn unreadable(&self) -> Result<Vec<(ModelId, Error)>> {
        let records = self.index().await?.records;
        Ok(records.into_iter().filter_map(|(id, manifest)| manifest.err().map(|error| (id, error))).collect())
    }

    /// Storage in use and at hand.
    pub async fn storage_use(&self) -> Result<StorageUse> {
        quota::storage_use().await
    }

    /// Copies a model into storage. Its header is judged as soon as it has come; see [`Header`].
    ///
    /// `on_progress` is told bytes done and, if known, bytes in all, some twenty times a second. The source's own
    /// [`Cancel`](crate::source::Cancel) stops it. On any error nothing of the new model remains, and all others are
    /// as they were. A download of a model that is stored already ends with that one, untouched, once its header has
    /// been compared; a file from disk is always copied anew, as its weights may differ where nothing else does.
    pub async fn store(
        &self,
        mut source: Source,
        mut on_progress: impl FnMut(u64, Option<u64>),
    ) -> Result<StoredModel> {
        source.cancel().check()?;
        let place = names::place(&self.index().await?.records, source.file_name(), source.origin(), source.total())?;
        if known_copy(&source, &place).is_none() {
            quota::check_space(source.total()).await?;
        }
        quota::ask_to_persist().await;

        // The file first: who holds it owns the id, in all tabs.
        let file = self.directory.open_file(&place.file, Missing::Create).await?;
        let stored = match self.receive(&file, &place, &mut source, &mut on_progress).await {
            Ok(Arrival::Written { header, bytes }) => {
                self.commit(&file, &place, source.origin(), header, bytes).await.map(|model| (model, true))
            }
            Ok(Arrival::Known(model)) => Ok((model, false)),
            Err(error) => Err(error),
        };
        drop(file);
        match stored {
            Ok((model, true)) => {
                if let Some(old) = &place.replaces {
                    // It may be open just now; the next start sweeps it.
                    let _ = self.directory.remove(&old.file).await;
                }
                Ok(model)
            }
            Ok((model, false)) => {
                self.discard(&place).await;
                Ok(model)
            }
            Err(error) => {
                self.discard(&place).await;
                Err(error.context(format!("storing {:?}", source.file_name())))
            }
        }
    }

    /// Deletes a model.
    pub async fn remove(&self, id: &ModelId) -> Result<()> {
        names::check(id)?;
        let files = self.directory.names().await?;
        let record = names::record_file(id);
        let data: Vec<_> = names::data_files(id).into_iter().filter(|file| files.contains(file)).collect();
        if data.is_empty() && !files.contains(&record) {
            return Err(names::not_found(id));
        }
        // Data first: if it is in use this fails, and the model is as it was.
        for file in &data {
            self.directory.remove(file).await?;
        }
        if files.contains(&record) { self.directory.remove(&record).await } else { Ok(()) }
    }

    /// Opens a complete model for reading, to the exclusion of all others until it is dropped.
    pub async fn open_model(&self, id: &ModelId) -> Result<ModelFile> {
        names::check(id)?;
        let bytes = match self.directory.peek(&names::record_file(id), manifest::LONGEST_BYTES).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(names::not_found(id)),
            bytes => bytes?,
        };
        let manifest = Manifest::parse(id, &bytes)?;
        let model = manifest.stored(id).ok_or_else(|| {
            let message = format!("the model {:?} has not arrived completely; wait for it, or add it again", id.0);
            Error::new(ErrorKind::NotFound, message)
        })?;
        let file = self.directory.open_file(&manifest.file, Missing::Refuse).await?;
        let found = file.size()?;
        if found != model.bytes {
            let kind = if found < model.bytes { ErrorKind::GgufTruncated } else { ErrorKind::GgufMalformed };
            let message = format!(
                "the stored file of {:?} has {found} bytes, but {} were stored; remove the model and add it again",
                id.0, model.bytes
            );
            return Err(Error::new(kind, message));
        }
        Ok(ModelFile { file, model })
    }

    /// Writes all of `source` to `file`, judging the header on the way.
    async fn receive(
        &self,
        file: &SyncFile,
        place: &Place,
        source: &mut Source,
        on_progress: &mut impl FnMut(u64, Option<u64>),
    ) -> Result<Arrival> {
        let total = source.total();
        file.truncate(0)?;
        if place.replaces.is_none() {
            let partial = State::Partial { received: 0 };
            self.write_record(place, source.origin(), partial).await?;
        }
        let known = known_copy(source, place);
        let mut reader = Some(HeaderReader::new(total));
        let mut header = None;
        let mut received: u64 = 0;
        let mut pace = Pace::new();
        while let Some(chunk) = source.next_chunk().await? {
            if let Some(found) = read_header(&mut reader, &chunk)? {
                if let Some(known) = &known {
                    if self.begins_with(known, &found.bytes).await {
                        return Ok(Arrival::Known(known.1.clone()));
                    }
                    quota::check_space(total).await?;
                }
                header = Some(found);
            }
            file.write(&chunk, received)?;
            received = received.saturating_add(u64::from(chunk.length()));
            if pace.is_due() {
                on_progress(received, total);
                browser::give_way().await;
            }
        }
        source.cancel().check()?;
        on_progress(received, total);
        let header = match (header, reader) {
            (Some(header), _) => header,
            (None, Some(reader)) => reader.finish()?,
            (None, None) => return Err(Error::new(ErrorKind::Internal, "the header was read and lost")),
        };
        header.check_length(received)?;
        Ok(Arrival::Written { header, bytes: received })
    }

    /// Makes the new copy the model of its id.
    async fn commit(
        &self,
        file: &SyncFile,
        place: &Place,
        origin: &str,
        header: Header,
        bytes: u64,
    ) -> Result<StoredModel> {
        file.flush()?;
        let facts = Facts {
            name: header.name.unwrap_or_else(|| place.id.0.clone()),
            bytes,
            quantisation: header.quantisation,
            stored_at: js_sys::Date::now(),
            shape: header.shape,
        };
        let manifest = self.write_record(place, origin, State::Complete(facts)).await?;
        manifest
            .stored(&place.id)
            .ok_or_else(|| Error::new(ErrorKind::Internal, "a complete record reads as incomplete"))
    }

    async fn write_record(&self, place: &Place, origin: &str, state: State) -> Result<Manifest> {
        let manifest = Manifest::new(place.file.clone(), origin.to_owned(), state);
        self.directory.put(&names::record_file(&place.id), &manifest.to_json()?).await.context("writing the record")?;
        Ok(manifest)
    }

    /// Deletes a copy that did not become a model. What cannot be deleted now is swept at the next start.
    async fn discard(&self, place: &Place) {
        let _ = self.directory.remove(&place.file).await;
        let record = names::record_file(&place.id);
        match place.replaces.as_ref().map(Manifest::to_json) {
            None => {
                let _ = self.directory.remove(&record).await;
            }
            // A disk that filled up while the record was replaced may have damaged it.
            Some(Ok(json)) if self.directory.peek(&record, manifest::LONGEST_BYTES).await.as_ref() != Ok(&json) => {
                let _ = self.directory.put(&record, &json).await;
            }
            Some(_) => (),
        }
    }

    /// Whether the stored copy has the right length and begins with `bytes`.
    async fn begins_with(&self, (file, model): &(String, StoredModel), bytes: &[u8]) -> bool {
        self.directory.length(file).await == Ok(model.bytes)
            && self.directory.peek(file, bytes.len() as u64).await.is_ok_and(|found| found == bytes)
    }

    async fn index(&self) -> Result<Index> {
        let files = self.directory.names().await?;
        let mut records = Records::new();
        for id in files.iter().filter_map(|file| names::record_owner(file)) {
            let manifest = match self.directory.peek(&names::record_file(&id), manifest::LONGEST_BYTES).await {
                // Deleted since.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                bytes => bytes.and_then(|bytes| Manifest::parse(&id, &bytes)),
            };
            records.insert(id, manifest);
        }
        Ok(Index { files, records })
    }

    /// Deletes what a crash has left. What another tab is writing is locked and stays.
    async fn sweep(&self) {
        // Only tidiness: whatever fails here fails again, and is told, where it matters.
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

/// A stored model, open for reading by nobody else.
#[derive(Debug)]
pub struct ModelFile {
    file: SyncFile,
    model: StoredModel,
}

impl ModelFile {
    /// What is known of it.
    pub fn model(&self) -> &StoredModel {
        &self.model
    }

    /// Its length in bytes.
    pub fn len(&self) -> u64 {
        self.model.bytes
    }

    /// Whether it has no bytes; never so, as no empty file is stored.
    pub fn is_empty(&self) -> bool {
        self.model.bytes == 0
    }

    /// Fills `target`, a JavaScript array, from position `offset`; less than that is an error.
    pub fn read_into(&self, target: &Uint8Array, offset: u64) -> Result<()> {
        self.file.read_into(target, offset)
    }

    /// Reads a small range, such as a part of the header, into wasm memory.
    pub fn read(&self, offset: u64, length: u64) -> Result<Vec<u8>> {
        self.file.read(offset, length)
    }
}

/// The stored copy that a download may turn out to be, and its file.
fn known_copy(source: &Source, place: &Place) -> Option<(String, StoredModel)> {
    let manifest = place.replaces.as_ref()?;
    match source {
        Source::Http(http) if http.total().is_some() => Some((manifest.file.clone(), manifest.stored(&place.id)?)),
        _ => None,
    }
}

/// Copies what the header may still need of `chunk`, and no more; gives the header once, when it is complete.
fn read_header(reader: &mut Option<HeaderReader>, chunk: &Uint8Array) -> Result<Option<Header>> {
    let mut start = 0;
    while let Some(open) = reader.as_mut().filter(|_| start < chunk.length()) {
        let end = start.saturating_add(PIECE_BYTES).min(chunk.length());
        if let Some(header) = open.feed(&chunk.subarray(start, end).to_vec())? {
            *reader = None;
            return Ok(Some(header));
        }
        start = end;
    }
    Ok(None)
}
