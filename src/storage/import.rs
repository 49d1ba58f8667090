//! Taking in files of the user's: copied as fast as the disk goes, or left where they are. They are hashed when somebody
//! asks for a check.
//!
//! The header is judged before anything is copied. On any failure nothing of the new model remains, and all others are as
//! they were.

use crate::error::{Error, ErrorKind, Result};
use crate::gguf::split::{self, Part};
use crate::gguf::{self, File as Gguf, Parsed, limits};
use crate::protocol::StoredModel;
use crate::source::browser::{self, Pace};
use crate::source::file::{LocalFile, beginning, length};
use crate::source::{Cancel, digests::CHUNK_BYTES};
use crate::storage::Library;
use crate::storage::header::{Header, HeaderReader};
use crate::storage::manifest::{Facts, Hash, Manifest, Partial, Recipe, State};
use crate::storage::names::{self, Place};
use crate::storage::opfs::{Missing, SyncFile};
use futures_util::future::join;
use web_sys::File;

/// Bytes that are read and written in one go: enough that their fixed cost does not count, few enough to report often.
const SLICE_BYTES: u64 = 8 << 20;

/// Bytes that are read for the header at first; a real one has about two megabytes.
const FIRST_READ_BYTES: u64 = 4 << 20;

/// The origin of parts put together has no name of its own; this stands between number and ending.
const PART_MARK: &str = "-00001-of-";

impl Library {
    /// Copies a file, or the parts of a split one, into storage. `on_progress` is told bytes done and in all, some twenty
    /// times a second. A copy of the same name and length is replaced once the new one is whole.
    ///
    /// # Errors
    /// Those of a file that is no model, before anything is copied; `StorageFull`; `Cancelled`.
    pub async fn import(
        &self,
        files: Vec<File>,
        cancel: &Cancel,
        mut on_progress: impl FnMut(u64, u64),
    ) -> Result<StoredModel> {
        cancel.check()?;
        let source = gather(&files).await?;
        let header = judge(&source).await?;
        let place = names::place(&self.index().await?.records, source.name(), source.name(), source.total())?;
        self.make_room(source.total()).await?;
        let stored = self.copy(&source, &place, header, cancel, &mut on_progress).await;
        match stored {
            Ok(model) => {
                if let Some(old) = &place.replaces {
                    // It may be open just now; the next start sweeps it.
                    let _ = self.directory.remove(&names::journal_file(&old.file)).await;
                    let _ = self.directory.remove(&old.file).await;
                }
                self.announce();
                Ok(model)
            }
            Err(error) => {
                self.give_up(&place).await;
                Err(error.context(format!("storing {:?}", source.name())))
            }
        }
    }

    /// Takes note of a file that stays where it is.
    ///
    /// # Errors
    /// Those of a file that is no model.
    pub async fn link(&self, file: &File) -> Result<StoredModel> {
        let source = LocalFile::of(file);
        let header = judge(&source).await?;
        let records = self.index().await?.records;
        let known = records.iter().find(|(_, manifest)| {
            manifest.as_ref().is_ok_and(|manifest| manifest.is_on_disk() && manifest.origin == source.name())
        });
        let (id, file_name) = match known {
            // The same name again: the file has moved, or the page has lost sight of it.
            Some((id, Ok(manifest))) => (id.clone(), manifest.file.clone()),
            _ => {
                let Place { id, file, .. } = names::free(&records, source.name())?;
                (id, file)
            }
        };
        let facts = Facts { modified: Some(file.last_modified()), ..facts(&id.0, header, source.total()) };
        let origin = source.name().to_owned();
        let manifest = Manifest::new(file_name, origin, Recipe::default(), State::Complete(facts));
        self.write(&id, &manifest).await?;
        self.announce();
        self.stored(&id, &manifest).ok_or_else(incomplete)
    }

    async fn copy(
        &self,
        source: &LocalFile,
        place: &Place,
        header: Header,
        cancel: &Cancel,
        on_progress: &mut impl FnMut(u64, u64),
    ) -> Result<StoredModel> {
        // The file first: who holds it owns the id, in all tabs.
        let file = self.directory.open_file(&place.file, Missing::Create).await?;
        file.truncate(0)?;
        if place.replaces.is_none() {
            let partial = State::Partial(Partial::default());
            let manifest = Manifest::new(place.file.clone(), source.name().to_owned(), Recipe::default(), partial);
            self.write(&place.id, &manifest).await?;
        }
        copy_slices(source, &file, cancel, on_progress).await?;
        file.flush()?;
        let state = State::Complete(facts(&place.id.0, header, source.total()));
        let manifest = Manifest::new(place.file.clone(), source.name().to_owned(), Recipe::default(), state);
        self.write(&place.id, &manifest).await?;
        self.stored(&place.id, &manifest).ok_or_else(incomplete)
    }

    /// Deletes a copy that did not become a model. What cannot be deleted now is swept at the next start.
    async fn give_up(&self, place: &Place) {
        let _ = self.directory.remove(&names::journal_file(&place.file)).await;
        let _ = self.directory.remove(&place.file).await;
        match &place.replaces {
            None => {
                let _ = self.directory.remove(&names::record_file(&place.id)).await;
            }
            // A disk that filled up while the record was replaced may have damaged it.
            Some(old) if self.read(&place.id).await.as_ref() != Ok(old) => {
                let _ = self.write(&place.id, old).await;
            }
            Some(_) => (),
        }
    }
}

/// Copies slice by slice: the next one is read while this one is written.
async fn copy_slices(
    source: &LocalFile,
    file: &SyncFile,
    cancel: &Cancel,
    on_progress: &mut impl FnMut(u64, u64),
) -> Result<()> {
    let total = source.total();
    let slice = |start: u64| start..start.saturating_add(SLICE_BYTES).min(total);
    let mut pace = Pace::new();
    let mut start = 0;
    let mut bytes = source.read(slice(start)).await?;
    while start < total {
        cancel.check()?;
        let next = slice(start).end;
        // In this order: the browser reads on while the write holds this thread.
        let (following, written) = join(source.read(slice(next)), async { file.write(&bytes, start) }).await;
        written?;
        bytes = following?;
        start = next;
        if pace.is_due() {
            on_progress(start, total);
            browser::give_way().await;
        }
    }
    cancel.check()?;
    on_progress(total, total);
    Ok(())
}

/// One run of bytes: the only file, or the parts of a split model put together.
async fn gather(files: &[File]) -> Result<LocalFile> {
    let [first, ..] = files else {
        return Err(Error::new(ErrorKind::BadRequest, "an import needs a file beside the message"));
    };
    let (bytes, file) = read_header(first).await?;
    if files.len() == 1 && split::numbered(&file).is_none() {
        return Ok(LocalFile::of(first));
    }
    let mut heads = vec![(first.name(), bytes, file)];
    for other in files.iter().skip(1) {
        let (bytes, file) = read_header(other).await?;
        heads.push((other.name(), bytes, file));
    }
    let parts: Vec<Part> = heads.iter().map(|(name, bytes, file)| Part { name, bytes, file }).collect();
    let joined = split::join(&parts)?;
    let mut whole = LocalFile::named(whole_name(&first.name()));
    whole.push_bytes(&joined.header);
    for (index, range, zeros) in joined.copies {
        if let Some(file) = files.get(index) {
            whole.push_file(file, range);
        }
        whole.push_bytes(&vec![0; usize::try_from(zeros).unwrap_or_default()]);
    }
    Ok(whole)
}

/// The name of the whole, by that of any of its parts.
fn whole_name(part: &str) -> String {
    let mark = part.len().checked_sub("-00001-of-00001.gguf".len()).filter(|at| part.is_char_boundary(*at));
    match mark.and_then(|at| part.split_at_checked(at)) {
        Some((stem, rest)) if rest.len() == PART_MARK.len() + "00001.gguf".len() => format!("{stem}.gguf"),
        _ => part.to_owned(),
    }
}

/// The header of a file, and as much of its beginning as it needs.
async fn read_header(file: &File) -> Result<(Vec<u8>, Gguf)> {
    let total = length(file);
    let mut wanted = FIRST_READ_BYTES;
    loop {
        let bytes = beginning(file, wanted).await?;
        match gguf::parse(&bytes, Some(total))? {
            Parsed::Done(header) => return Ok((bytes, header)),
            Parsed::NeedMore { at_least } => {
                wanted = wanted.saturating_mul(2).max(at_least).min(limits::HEADER_BYTES.max(at_least))
            }
        }
    }
}

/// Checks all that the header tells.
async fn judge(source: &LocalFile) -> Result<Header> {
    let mut reader = HeaderReader::new(Some(source.total()));
    let mut start = 0;
    while start < source.total() {
        let end = start.saturating_add(u64::from(CHUNK_BYTES / 4)).min(source.total());
        if let Some(header) = reader.feed(&source.read(start..end).await?.to_vec())? {
            return Ok(header);
        }
        start = end;
    }
    reader.finish()
}

fn facts(id: &str, header: Header, bytes: u64) -> Facts {
    Facts {
        name: header.name.unwrap_or_else(|| id.to_owned()),
        bytes,
        quantisation: header.quantisation,
        stored_at: js_sys::Date::now(),
        shape: header.shape,
        hash: Hash::Unknown,
        modified: None,
    }
}

fn incomplete() -> Error {
    Error::new(ErrorKind::Internal, "a complete record reads as incomplete")
}
