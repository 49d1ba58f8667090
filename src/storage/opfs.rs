//! The site's private file system (OPFS): one flat directory of files, read and written in place.
//!
//! Knows files and bytes, and nothing of models. A file has one exclusive handle at a time, in any tab; a second one
//! is an error of kind [`ErrorKind::Busy`], never a wait. Weights go between JavaScript arrays and files without a
//! copy in wasm memory. Sync handles exist in dedicated workers only.

use crate::error::{Error, ErrorKind, Result};
use crate::source::browser;
use crate::storage::fault;
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetDirectoryOptions, FileSystemGetFileOptions,
    FileSystemReadWriteOptions, FileSystemSyncAccessHandle, StorageManager,
};

/// The largest position that a JavaScript number holds exactly.
const FARTHEST: u64 = 1 << 53;

/// What a write gives in a private window of Chromium where there is no room: the error number -8, taken for a count.
const NO_ROOM: u64 = 0xffff_fff8;

/// What to do about a file that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Make an empty one.
    Create,
    /// Report [`ErrorKind::NotFound`].
    Refuse,
}

/// The browser's storage of this site.
pub fn manager() -> Result<StorageManager> {
    let navigator = browser::worker()?.navigator();
    if browser::has(&navigator, "storage") {
        return Ok(navigator.storage());
    }
    let message = "this browser offers no storage to this page; open it over https or on this computer, or update the \
                   browser";
    Err(Error::new(ErrorKind::StorageUnavailable, message))
}

/// A directory of OPFS.
#[derive(Debug, Clone)]
pub struct Directory {
    handle: FileSystemDirectoryHandle,
}

impl Directory {
    /// Opens, or makes, the directory `name` at the root.
    pub async fn open(name: &str) -> Result<Self> {
        let manager = manager()?;
        if !browser::has(&manager, "getDirectory") {
            let message = "this browser has no private file system for web sites; update the browser";
            return Err(Error::new(ErrorKind::StorageUnavailable, message));
        }
        let what = "opening browser storage";
        let root: FileSystemDirectoryHandle = settle(what, manager.get_directory()).await?;
        let options = FileSystemGetDirectoryOptions::new();
        options.set_create(true);
        let handle = settle(what, root.get_directory_handle_with_options(name, &options)).await?;
        Ok(Self { handle })
    }

    /// The names of all that lies in it, sorted.
    pub async fn names(&self) -> Result<Vec<String>> {
        let what = "listing browser storage";
        let keys = self.handle.keys();
        let mut names = Vec::new();
        loop {
            let next = keys.next().map_err(|e| fault::error(what, &e))?;
            let step = JsFuture::from(next).await.map_err(|e| fault::error(what, &e))?;
            let property = |key| Reflect::get(&step, &JsValue::from_str(key)).unwrap_or(JsValue::UNDEFINED);
            if property("done").is_truthy() {
                names.sort_unstable();
                return Ok(names);
            }
            names.extend(property("value").as_string());
        }
    }

    /// Opens a file for reading and writing, to the exclusion of all others.
    pub async fn open_file(&self, name: &str, missing: Missing) -> Result<SyncFile> {
        let what = format!("opening {name:?}");
        let options = FileSystemGetFileOptions::new();
        options.set_create(missing == Missing::Create);
        let file: FileSystemFileHandle =
            settle(&what, self.handle.get_file_handle_with_options(name, &options)).await?;
        if !browser::has(&file, "createSyncAccessHandle") {
            let message = "this browser cannot write its private files from a worker; update the browser";
            return Err(Error::new(ErrorKind::StorageUnavailable, message));
        }
        let handle = settle(&what, file.create_sync_access_handle()).await?;
        Ok(SyncFile { handle, name: name.to_owned() })
    }

    /// Reads the first `limit` bytes of a small file, or all of it, without locking it.
    pub async fn peek(&self, name: &str, limit: u64) -> Result<Vec<u8>> {
        let what = format!("reading {name:?}");
        let blob = self.snapshot(name).await?;
        let part = blob.slice_with_f64_and_f64(0.0, limit.min(FARTHEST) as f64).map_err(|e| fault::error(&what, &e))?;
        let buffer = JsFuture::from(part.array_buffer()).await.map_err(|e| fault::error(&what, &e))?;
        Ok(Uint8Array::new(&buffer).to_vec())
    }

    /// Length of a file, without locking it.
    pub async fn length(&self, name: &str) -> Result<u64> {
        Ok(self.snapshot(name).await?.size() as u64)
    }

    /// Writes a small file whole, in place of what it held.
    pub async fn put(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let file = self.open_file(name, Missing::Create).await?;
        // Before it is shortened: a crash in between leaves the old or the new text, seldom a mixture.
        file.write(&Uint8Array::from(bytes), 0)?;
        file.truncate(bytes.len() as u64)?;
        file.flush()
    }

    /// Deletes a file.
    pub async fn remove(&self, name: &str) -> Result<()> {
        let what = format!("deleting {name:?}");
        JsFuture::from(self.handle.remove_entry(name)).await.map_err(|e| fault::error(&what, &e))?;
        Ok(())
    }

    async fn snapshot(&self, name: &str) -> Result<Blob> {
        let what = format!("reading {name:?}");
        let file: FileSystemFileHandle = settle(&what, self.handle.get_file_handle(name)).await?;
        settle(&what, file.get_file()).await
    }
}

/// Waits for a promise and checks the type of what it gives.
async fn settle<T: JsCast>(what: &str, promise: js_sys::Promise) -> Result<T> {
    let value = JsFuture::from(promise).await.map_err(|e| fault::error(what, &e))?;
    // `unchecked`, because some of these types are not exposed as globals everywhere, and `instanceof` would throw.
    if value.is_object() {
        return Ok(value.unchecked_into());
    }
    Err(Error::new(ErrorKind::Internal, format!("{what}: the browser gave {value:?}, expected an object")))
}

/// A file held exclusively; closed when dropped.
#[derive(Debug)]
pub struct SyncFile {
    handle: FileSystemSyncAccessHandle,
    name: String,
}

impl SyncFile {
    /// Its name in the directory.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its length.
    pub fn size(&self) -> Result<u64> {
        let size = self.handle.get_size().map_err(|e| self.fault("measuring", &e))?;
        Ok(size as u64)
    }

    /// Fills `target` from position `offset`; less than that is an error.
    pub fn read_into(&self, target: &Uint8Array, offset: u64) -> Result<()> {
        let wanted = u64::from(target.length());
        let options = self.at(offset, wanted)?;
        let got = self.handle.read_with_js_u8_array_and_options(target, &options);
        self.all_read(offset, wanted, got)
    }

    /// Reads a small range into wasm memory.
    pub fn read(&self, offset: u64, length: u64) -> Result<Vec<u8>> {
        // Compared first, so that a wrong length allocates nothing.
        let available = self.size()?.saturating_sub(offset);
        if length > available {
            return Err(self.short(offset, length, available));
        }
        let whole = usize::try_from(length).map_err(|_| self.short(offset, length, 0))?;
        let mut bytes = vec![0; whole];
        let got = self.handle.read_with_u8_array_and_options(&mut bytes, &self.at(offset, length)?);
        self.all_read(offset, length, got)?;
        Ok(bytes)
    }

    /// Writes all of `source` at position `offset`.
    pub fn write(&self, source: &Uint8Array, offset: u64) -> Result<()> {
        let wanted = u64::from(source.length());
        let options = self.at(offset, wanted)?;
        let got = self.handle.write_with_js_u8_array_and_options(source, &options);
        let got = got.map_err(|e| self.fault("writing", &e))? as u64;
        if got == wanted {
            return Ok(());
        }
        let kind = if got < wanted || got == NO_ROOM { ErrorKind::StorageFull } else { ErrorKind::Storage };
        let message = format!("writing {:?} at {offset} gave {got}, expected {wanted} bytes: ", self.name);
        Err(Error::new(kind, message + fault::advice(kind)))
    }

    /// Makes all that was written so far durable.
    pub fn flush(&self) -> Result<()> {
        self.handle.flush().map_err(|e| self.fault("flushing", &e))
    }

    /// Sets its length.
    pub fn truncate(&self, length: u64) -> Result<()> {
        let length = self.position(length, 0)?;
        self.handle.truncate_with_f64(length).map_err(|e| self.fault("resizing", &e))
    }

    fn at(&self, offset: u64, length: u64) -> Result<FileSystemReadWriteOptions> {
        let options = FileSystemReadWriteOptions::new();
        options.set_at(self.position(offset, length)?);
        Ok(options)
    }

    /// `offset` as the browser's number, if `length` bytes from there can be addressed.
    fn position(&self, offset: u64, length: u64) -> Result<f64> {
        match offset.checked_add(length) {
            Some(end) if end <= FARTHEST => Ok(offset as f64),
            _ => Err(Error::new(
                ErrorKind::Internal,
                format!("{:?}: position {offset} with length {length} is beyond what a file can have", self.name),
            )),
        }
    }

    fn all_read(&self, offset: u64, wanted: u64, got: Result<f64, JsValue>) -> Result<()> {
        let got = got.map_err(|e| self.fault("reading", &e))? as u64;
        if got == wanted {
            return Ok(());
        }
        if got < wanted {
            return Err(self.short(offset, wanted, got));
        }
        // An error number that was taken for a count.
        let advice = fault::advice(ErrorKind::Storage);
        let message = format!("reading {:?} at {offset} gave {got}, expected {wanted} bytes: {advice}", self.name);
        Err(Error::new(ErrorKind::Storage, message))
    }

    fn short(&self, offset: u64, wanted: u64, got: u64) -> Error {
        let name = &self.name;
        Error::new(
            ErrorKind::GgufTruncated,
            format!(
                "reading {name:?} at {offset} gave {got} bytes, expected {wanted}: the file in browser storage is too \
                 short; remove the model and add it again"
            ),
        )
    }

    fn fault(&self, what: &str, error: &JsValue) -> Error {
        fault::error(&format!("{what} {:?}", self.name), error)
    }
}

impl Drop for SyncFile {
    fn drop(&mut self) {
        self.handle.close();
    }
}
