//! Model files on disk.

use super::DeviceArguments;
use crate::engine::choice::choose;
use crate::engine::selftest::{SelfTest, verdict};
use crate::engine::{Prepared, Session, Upload};
use crate::error::{Error, ErrorKind, Result};
use crate::gguf::{self, File};
use crate::gpu::{ByteSource, Gpu, GpuOptions, StagingBytes};
use crate::protocol::{LoadOptions, LoadedModel, ModelId};
use crate::source::Cancel;
use crate::tokenizer::{Tokenizer, Vocabulary};
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The model that comes with the program, as it does with the page.
static GUIDE: &[u8] = include_bytes!("../../static/guide.gguf");

/// Bytes that can be read from any place.
trait Bytes: Read + Seek {}

impl<T: Read + Seek> Bytes for T {}

/// An open model file.
pub struct ModelFile {
    path: PathBuf,
    file: Box<dyn Bytes>,
    bytes: u64,
}

impl ModelFile {
    /// Opens `path`.
    pub fn open(path: &Path) -> Result<Self> {
        let fault = |error: std::io::Error| {
            let kind = match error.kind() {
                std::io::ErrorKind::NotFound => ErrorKind::NotFound,
                _ => ErrorKind::Storage,
            };
            Error::new(kind, format!("cannot open {}: {error}", path.display()))
        };
        let file = std::fs::File::open(path).map_err(fault)?;
        let metadata = file.metadata().map_err(fault)?;
        if !metadata.is_file() {
            return Err(Error::new(ErrorKind::NotFound, format!("{} is no file", path.display())));
        }
        Ok(Self { path: path.to_owned(), file: Box::new(file), bytes: metadata.len() })
    }

    /// Opens `path`, or the guide where there is none.
    pub fn open_or_guide(path: Option<&Path>) -> Result<Self> {
        path.map_or_else(|| Ok(Self::guide()), Self::open)
    }

    /// The guide.
    pub fn guide() -> Self {
        Self { path: ModelId::GUIDE.into(), file: Box::new(Cursor::new(GUIDE)), bytes: GUIDE.len() as u64 }
    }

    /// Its length in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Parses the header.
    pub fn header(&mut self) -> Result<File> {
        let bytes = self.bytes;
        gguf::read_header(|offset, length| self.read(offset, length), bytes)
            .map_err(|error| error.context(self.path.display().to_string()))
    }

    /// Reads `length` bytes from `offset` on.
    pub fn read(&mut self, offset: u64, length: u64) -> Result<Vec<u8>> {
        // The file may have shrunk since; never more than it has is allocated.
        let length = length.min(self.bytes.saturating_sub(offset));
        let mut bytes = vec![0; length as usize];
        self.fill(offset, &mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, offset: u64, bytes: &mut [u8]) -> Result<()> {
        let read = self.file.seek(SeekFrom::Start(offset)).and_then(|_| self.file.read_exact(bytes));
        read.map_err(|error| {
            let place = format!("cannot read {} bytes at {offset} of {}", bytes.len(), self.path.display());
            Error::new(ErrorKind::Storage, format!("{place}: {error}"))
        })
    }

    /// The vocabulary alone.
    pub fn tokenizer(&mut self) -> Result<Tokenizer> {
        let header = self.header()?;
        Tokenizer::new(Vocabulary::from_gguf(&header, None)?)
    }

    /// The whole model on the GPU, with a context of `needed` tokens unless the arguments say otherwise.
    pub(super) async fn session(
        mut self,
        needed: Option<u32>,
        device: DeviceArguments,
    ) -> Result<(Session, LoadedModel)> {
        let DeviceArguments { kv: kv_type, context, max_binding, variants: kernels } = device;
        let options = LoadOptions { context_length: context.or(needed), kv_type, kernels };
        let prepared = Prepared::new(&self.header()?, &options)?;
        let gpu = Rc::new(Gpu::open(GpuOptions { max_binding_bytes: max_binding, ..Default::default() }).await?);
        let id = ModelId(self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default());
        let choice = choose(&gpu, &prepared.demand(), &options.kernels, &[]).await?;
        let scope = prepared.scope();
        let variants = if choice.speeds.is_empty() {
            choice.ranking.first()
        } else {
            // Measured is not yet right.
            let (right, report) = SelfTest::new(&gpu, None, &[])?.run(&scope, &choice.ranking).await?;
            verdict(right, &report)?
        };
        let choice_ms = choice.milliseconds;
        let upload = Upload { id, source: &mut self, cancel: &Cancel::new(), variants, choice_ms };
        prepared.load(gpu, upload, &mut |_, _| ()).await
    }
}

impl ByteSource for ModelFile {
    fn read_into(&mut self, offset: u64, length: usize, chunk: &mut StagingBytes) -> Result<()> {
        let room = chunk.len();
        let bytes = chunk.get_mut(..length).ok_or_else(|| {
            Error::new(ErrorKind::Internal, format!("{length} bytes do not fit the upload chunk of {room}"))
        })?;
        self.fill(offset, bytes)
    }
}
