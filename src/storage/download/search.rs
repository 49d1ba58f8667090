//! The stored file is not the published one, though every chunk is what arrived: which chunk was wrong on its way?
//!
//! Without published digests of the chunks nobody can tell. So they are fetched once more and compared, those of other
//! versions of the file first, from another host if there is one; a chunk that differs takes the place of the old one.
//! It ends as soon as the whole is right.

use super::audit::Audit;
use super::conductor::wait;
use super::lane::{Job, fetch_chunk};
use super::ledger::chunk_buffer;
use super::{News, Tools};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{ErrorReport, Stage, Wait};
use crate::source::address::ModelUrl;
use crate::source::backoff::Backoff;
use crate::source::hash::Sha256;
use crate::source::refusal::Hope;
use crate::storage::hashing;
use crate::storage::journal::Arrived;
use crate::storage::mirrors::Mirrors;

/// Replaces chunks until the file's hash is `wanted`.
///
/// # Errors
/// `HashMismatch` when all hosts have been asked for all chunks; those of storage.
pub(super) async fn search(
    job: &Job,
    audit: &Audit,
    mirrors: &Mirrors,
    wanted: Sha256,
    tools: &mut Tools<'_>,
) -> Result<()> {
    for url in mirrors.others_first() {
        let mut replaced: u32 = 0;
        let mut tried = false;
        for index in order(job, &url) {
            tools.cancel.check()?;
            match compare(job, &url, index, tools).await? {
                Comparison::Same => (),
                Comparison::Refused => break,
                Comparison::Replaced => {
                    replaced = replaced.saturating_add(1);
                    tried = false;
                    // Hashing a large file takes a while: not after each of many.
                    if replaced.is_power_of_two() {
                        if audit.follow(job).await? == wanted {
                            return Ok(());
                        }
                        tried = true;
                    }
                }
            }
        }
        if replaced > 0 && !tried && audit.follow(job).await? == wanted {
            return Ok(());
        }
    }
    let message = format!(
        "the file that arrived is not the one with the SHA-256 {wanted}, also after every part was fetched twice: the \
         hosts serve another file; choose another source, or delete what has arrived"
    );
    Err(Error::new(ErrorKind::HashMismatch, message))
}

/// All chunks, those first that are of another version than `url` serves now.
fn order(job: &Job, url: &ModelUrl) -> Vec<usize> {
    let newest = newest_of(job, url);
    let count = job.ledger.journal().len();
    let is_newest = |index: &usize| {
        let arrived = job.ledger.journal().arrived(*index);
        arrived.is_some_and(|arrived| Some(arrived.version as usize) == newest)
    };
    let (current, older): (Vec<usize>, Vec<usize>) = (0..count).partition(is_newest);
    older.into_iter().chain(current).collect()
}

/// The version that `url` serves now, as far as it was asked.
fn newest_of(job: &Job, url: &ModelUrl) -> Option<usize> {
    let versions = job.versions.borrow();
    let last = job.newest.get() as usize;
    match versions.get(last) {
        Some(version) if version.url == url.as_str() => Some(last),
        _ => versions.iter().rposition(|version| version.url == url.as_str()),
    }
}

enum Comparison {
    Same,
    Replaced,
    /// The host does not give it.
    Refused,
}

async fn compare(job: &Job, url: &ModelUrl, index: usize, tools: &mut Tools<'_>) -> Result<Comparison> {
    let buffer = chunk_buffer();
    let mut backoff = Backoff::default();
    let span = job.ledger.journal().span(index);
    tools.tell(News::Progress { stage: Stage::Verify, done: span.start, total: job.total });
    let (chunk, version) = loop {
        match fetch_chunk(job, url, index, &buffer).await {
            Ok(found) => break found,
            Err(refusal) => {
                tools.cancel.check()?;
                let (Hope::Later(asked) | Hope::Slower(asked)) = refusal.hope else { return Ok(Comparison::Refused) };
                let retry_ms = backoff.fail(js_sys::Math::random(), asked);
                let error = ErrorReport::from(&refusal.error);
                tools.tell(News::Waiting(Wait { error, retry_ms: Some(retry_ms) }));
                wait(retry_ms, tools).await?;
            }
        }
    };
    let digest = hashing::digest(&chunk).await?;
    let before = job.ledger.journal().arrived(index);
    if before.is_some_and(|before| before.digest == digest) {
        return Ok(Comparison::Same);
    }
    job.ledger.write(&chunk, span.start)?;
    job.ledger.note(index, Some(Arrived { filled: chunk.length(), version, digest }))?;
    Ok(Comparison::Replaced)
}
