//! `lab digest`: what a host keeps beside a model so that the page can check each chunk as it arrives.

use super::file::ModelFile;
use crate::error::{Error, ErrorKind, Result};
use crate::source::digests::{CHUNK_BYTES, Digests};
use crate::source::hash::{Hasher, Sha256};
use serde_json::json;
use std::path::Path;

/// Prints the digests of a file; with `url`, its entry for `models.json` instead, which names `URL.digests.json`.
pub fn digest(path: &Path, url: Option<&str>) -> Result<()> {
    let mut file = ModelFile::open(path)?;
    // A list of the digests of what is no model would be of no use.
    file.header()?;
    let digests = digests(&mut file)?;
    let Some(url) = url else {
        super::print_line(&digests.to_json()?);
        return Ok(());
    };
    if !url.ends_with(".gguf") {
        return Err(Error::new(ErrorKind::BadRequest, format!("{url:?} does not end in .gguf, as the page expects")));
    }
    let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    super::print(&json!({
        "name": name,
        "url": url,
        "bytes": digests.bytes,
        "sha256": digests.sha256.to_string(),
        "digests": format!("{url}.digests.json"),
    }))
}

fn digests(file: &mut ModelFile) -> Result<Digests> {
    let bytes = file.bytes();
    let mut whole = Hasher::default();
    let mut chunks = Vec::new();
    let mut start = 0;
    while start < bytes {
        let chunk = file.read(start, u64::from(CHUNK_BYTES).min(bytes - start))?;
        whole.update(&chunk);
        chunks.push(Sha256::of(&chunk));
        start += chunk.len() as u64;
    }
    Ok(Digests { bytes, sha256: whole.finish(), chunks })
}
