//! The first request of a download: how long is the file, what must it be?
//!
//! Its answer is not thrown away: the first lane goes on with it, so that no byte is fetched twice.

use super::conductor::wait;
use super::{News, Order, Tools};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{ErrorReport, Wait};
use crate::source::address::ModelUrl;
use crate::source::digests::{self, Digests};
use crate::source::http::{self, Answer, Breaker, Part};
use crate::source::pointer;
use crate::source::refusal::Refusal;
use crate::storage::Library;
use crate::storage::header::{HeaderReader, PIECE_BYTES};
use crate::storage::manifest::State;
use crate::storage::mirrors::{Bond, Mirrors, Next};
use crate::storage::names::{self, Spot};
use crate::storage::segments::FIRST_BYTES;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

/// What is known when a download begins.
pub(super) struct Opening {
    /// Length of the file.
    pub(super) total: u64,
    /// Digests of its chunks, if there are.
    pub(super) digests: Option<Digests>,
    /// What ends the requests made so far.
    pub(super) breaker: Breaker,
    /// The beginning of the file, on its way.
    pub(super) answer: Option<Answer>,
}

impl Library {
    /// Finds out how long the file is and, if that can be had, which hash it must have; that goes into `order`.
    pub(super) async fn open_download(
        &self,
        order: &mut Order,
        mirrors: &mut Mirrors,
        tools: &mut Tools<'_>,
    ) -> Result<Opening> {
        let breaker = Breaker::of(tools.cancel);
        let begun = self.begun(order).await?;
        if order.plan.bytes.is_none() || order.sha256.is_none() {
            learn(order, &breaker).await;
        }
        let digests = match &order.digests {
            Some(url) => read_digests(url, &breaker).await,
            None => None,
        };
        tools.cancel.check()?;
        let digests = digests.filter(|digests| agrees(order, digests));
        if let Some(digests) = &digests {
            order.plan.bytes = Some(digests.bytes);
            order.pin(digests.sha256);
        }
        if let Some(total) = begun.or(order.plan.bytes) {
            return Ok(Opening { total, digests, breaker, answer: None });
        }
        let answer = ask(mirrors, &breaker, tools).await?;
        let total = answer.head().total.unwrap_or_default();
        Ok(Opening { total, digests, breaker, answer: Some(answer) })
    }

    /// Length of a file that has begun to arrive; its hash, if it was learned then, goes into `order`.
    async fn begun(&self, order: &mut Order) -> Result<Option<u64>> {
        let index = self.index().await?;
        let Spot::Taken(_, manifest) = names::spot(&index.records, order.file_name(), &order.plan)? else {
            return Ok(None);
        };
        let State::Partial(partial) = &manifest.state else { return Ok(None) };
        if let (None, Some(known)) = (order.sha256, manifest.pinned()) {
            order.pin(known);
        }
        Ok(partial.total)
    }
}

/// Asks all pointers at once for length and hash, and takes the first answer: where one host is out of reach, nobody
/// should wait for it. A pointer that cannot be had is no obstacle.
async fn learn(order: &mut Order, breaker: &Breaker) {
    let ask = |url: ModelUrl| async move {
        let text = http::read_small(&url, pointer::LONGEST_BYTES, breaker).await.ok()?;
        pointer::parse(&text)
    };
    let mut asked: FuturesUnordered<_> = order.pointers.iter().cloned().map(ask).collect();
    while let Some(answer) = asked.next().await {
        if let Some(found) = answer {
            order.plan.bytes = order.plan.bytes.or(Some(found.bytes));
            order.pin(found.sha256);
            return;
        }
    }
}

async fn read_digests(url: &ModelUrl, breaker: &Breaker) -> Option<Digests> {
    let text = http::read_small(url, digests::LONGEST_BYTES, breaker).await.ok()?;
    Digests::parse(&text).ok()
}

/// Whether a list of digests is of the file that is wanted.
fn agrees(order: &Order, digests: &Digests) -> bool {
    order.sha256.is_none_or(|wanted| wanted == digests.sha256)
        && order.plan.bytes.is_none_or(|bytes| bytes == digests.bytes)
}

/// Asks one address after the other for the beginning of the file, until one tells its length.
async fn ask(mirrors: &mut Mirrors, breaker: &Breaker, tools: &mut Tools<'_>) -> Result<Answer> {
    loop {
        let Some(url) = mirrors.current().cloned() else {
            return Err(Error::new(ErrorKind::Internal, "no address is left to ask"));
        };
        let refusal = match begin(&url, breaker).await {
            Ok(answer) => return Ok(answer),
            Err(refusal) => refusal,
        };
        tools.cancel.check()?;
        let error = ErrorReport::from(&refusal.error);
        match mirrors.failed(&url, refusal, false, Bond::Free, js_sys::Math::random()) {
            Next::GiveUp(error) => return Err(error),
            Next::Ask(retry_ms) if retry_ms > 0.0 => {
                tools.tell(News::Waiting(Wait { error, retry_ms: Some(retry_ms) }));
                wait(retry_ms, tools).await?;
            }
            Next::Ask(_) => (),
        }
    }
}

/// An answer with the beginning of the file that tells the length of all of it.
async fn begin(url: &ModelUrl, breaker: &Breaker) -> Result<Answer, Refusal> {
    let answer = http::open(url, Part::Bytes(0..FIRST_BYTES), breaker).await?;
    if answer.head().total.is_some() {
        return Ok(answer);
    }
    // Of a part, another site's host may hide the whole length; of the whole it does not.
    drop(answer);
    let mut answer = http::open(url, Part::All, breaker).await?;
    if answer.head().total.is_some() {
        return Ok(answer);
    }
    // If it is no model at all, that is the better thing to say.
    if let Some(first) = answer.next_chunk().await? {
        let bytes = first.subarray(0, first.length().min(PIECE_BYTES)).to_vec();
        HeaderReader::new(None).feed(&bytes).map_err(Refusal::last)?;
    }
    let message = format!(
        "{} does not tell how long the file is; choose another source, or download the file with the browser and add it \
         from disk",
        url.as_str()
    );
    Err(Refusal::last(Error::new(ErrorKind::HttpContent, message)))
}
