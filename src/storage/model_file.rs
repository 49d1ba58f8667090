//! A stored model, open for reading: from the site's own storage, or from the user's disk.

use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{ModelId, StoredModel};
use crate::source::browser::Exception;
use crate::storage::library::DIRECTORY;
use crate::storage::manifest::Facts;
use crate::storage::opfs::{Missing, SyncFile};
use crate::storage::{Library, names};
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use web_sys::{Blob, File, FileReaderSync};

/// A model's bytes.
#[derive(Debug)]
pub struct ModelFile {
    bytes: Bytes,
    model: StoredModel,
}

#[derive(Debug)]
enum Bytes {
    /// In the site's storage, held by nobody else.
    Stored(SyncFile),
    /// On the user's disk.
    Disk(File, FileReaderSync),
}

impl Library {
    /// Opens a complete model for reading; in storage to the exclusion of all others until it is dropped. `file` is the
    /// user's own, for one that was left on disk.
    ///
    /// # Errors
    /// `NotFound` if it is not there, or its file on disk was not given or has changed; `GgufTruncated` or `GgufMalformed`
    /// if a stored file has changed; `Busy` if somebody else has it.
    pub async fn open_model(&self, id: &ModelId, file: Option<File>) -> Result<ModelFile> {
        names::check(id)?;
        let manifest = self.read(id).await?;
        let found = manifest.facts().cloned().zip(manifest.stored(id, DIRECTORY));
        let Some((facts, model)) = found.filter(|_| manifest.removed_at.is_none()) else {
            let message = format!("the model {:?} has not arrived completely; wait for it, or add it again", id.0);
            return Err(Error::new(ErrorKind::NotFound, message));
        };
        if facts.modified.is_some() {
            return open_on_disk(model, &facts, file);
        }
        let file = self.directory.open_file(&manifest.file, Missing::Refuse).await?;
        let found = file.size()?;
        if found != model.bytes {
            let kind = if found < model.bytes { ErrorKind::GgufTruncated } else { ErrorKind::GgufMalformed };
            let message = format!(
                "the stored file of {:?} has {found} bytes, but {} were stored; check the model, or remove it and add it \
                 again",
                id.0, model.bytes
            );
            return Err(Error::new(kind, message));
        }
        Ok(ModelFile { bytes: Bytes::Stored(file), model })
    }
}

fn open_on_disk(model: StoredModel, facts: &Facts, file: Option<File>) -> Result<ModelFile> {
    let Some(file) = file else {
        let message = format!(
            "the model {:?} is on your disk, and the page has no access to it; pick its file again",
            model.id.0
        );
        return Err(Error::new(ErrorKind::NotFound, message));
    };
    let blob: &Blob = &file;
    let (bytes, modified) = (blob.size() as u64, file.last_modified());
    if bytes != model.bytes || Some(modified) != facts.modified {
        let message = format!(
            "{:?} was changed since it was added: it has {bytes} bytes where there were {}, or another date; add it again",
            file.name(),
            model.bytes
        );
        return Err(Error::new(ErrorKind::NotFound, message));
    }
    let reader = FileReaderSync::new().map_err(|error| unreadable(&file, 0, &error))?;
    Ok(ModelFile { bytes: Bytes::Disk(file, reader), model })
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
        match &self.bytes {
            Bytes::Stored(file) => file.read_into(target, offset),
            Bytes::Disk(file, reader) => {
                let bytes = read_slice(file, reader, offset, target.length().into())?;
                target.set(&bytes, 0);
                Ok(())
            }
        }
    }

    /// Reads a small range, such as a part of the header, into wasm memory.
    pub fn read(&self, offset: u64, length: u64) -> Result<Vec<u8>> {
        match &self.bytes {
            Bytes::Stored(file) => file.read(offset, length),
            Bytes::Disk(file, reader) => Ok(read_slice(file, reader, offset, length)?.to_vec()),
        }
    }
}

fn read_slice(file: &File, reader: &FileReaderSync, offset: u64, length: u64) -> Result<Uint8Array> {
    let end = offset.saturating_add(length);
    let slice = file.slice_with_f64_and_f64(offset as f64, end as f64).map_err(|e| unreadable(file, offset, &e))?;
    let bytes = reader.read_as_array_buffer(&slice).map_err(|e| unreadable(file, offset, &e))?;
    let bytes = Uint8Array::new(&bytes);
    if u64::from(bytes.length()) != length {
        let message =
            format!("{:?} gave {} bytes at {offset}, expected {length}; add it again", file.name(), bytes.length());
        return Err(Error::new(ErrorKind::GgufTruncated, message));
    }
    Ok(bytes)
}

fn unreadable(file: &File, offset: u64, error: &JsValue) -> Error {
    let reason = Exception::from(error);
    let kind = if reason.name == "NotFoundError" { ErrorKind::NotFound } else { ErrorKind::Storage };
    let message = format!(
        "{:?} cannot be read at byte {offset} ({reason}): it was moved, changed or is not permitted; pick it again",
        file.name()
    );
    Error::new(kind, message)
}
