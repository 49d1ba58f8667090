//! Downloads that are never lost: each byte is fetched once, each chunk has its digest, the whole is read back and hashed
//! before it counts as a model.
//!
//! `conductor` keeps requests (`lane`) under way and chooses between hosts (`mirrors`); `ledger` is the file and its
//! journal; `audit` reads back what has arrived; `search` finds a chunk that was damaged on its way. Whatever ends a
//! download, all that has arrived is kept for the next try, unless it is proved to be no model.

mod audit;
mod conductor;
mod lane;
mod ledger;
mod opening;
mod search;

use self::audit::Audit;
use self::lane::Job;
pub(super) use self::ledger::Ledger;
use super::mirrors::{self, Mirrors};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{DownloadPlan, ModelId, Stage, StoredModel, Wait};
use crate::source::Cancel;
use crate::source::address::{ModelUrl, check_digests_url, check_url};
use crate::source::browser;
use crate::source::hash::Sha256;
use crate::source::http::Breaker;
use crate::storage::Library;
use crate::storage::manifest::{Facts, Hash, Manifest, Partial, Rest, State};
use crate::storage::names::{self, Spot};
use gloo_events::EventListener;
use gloo_timers::future::TimeoutFuture;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// How long a browser may take to count deleted files as free space, in milliseconds.
const FREEING_MS: u32 = 1_500;

/// What happens to a download.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// It has this id.
    Begun(ModelId),
    /// How far it is.
    Progress {
        /// Arriving, or being read back.
        stage: Stage,
        /// Bytes.
        done: u64,
        /// Of how many.
        total: u64,
    },
    /// It will try again by itself.
    Waiting(Wait),
}

/// Ends the wait before the next try; clones end the same one.
#[derive(Debug, Clone, Default)]
pub struct Nudge(Rc<Cell<bool>>);

impl Nudge {
    /// Try now.
    pub fn give(&self) {
        self.0.set(true);
    }

    fn take(&self) -> bool {
        self.0.take()
    }
}

/// Told when another tab takes the download over: its record is that tab's from then on. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct Loss(Rc<Cell<bool>>);

impl Loss {
    /// It was taken over.
    pub fn note(&self) {
        self.0.set(true);
    }
}

/// A plan whose addresses were checked.
#[derive(Debug, Clone)]
pub struct Order {
    plan: DownloadPlan,
    urls: Vec<ModelUrl>,
    pointers: Vec<ModelUrl>,
    digests: Option<ModelUrl>,
    sha256: Option<Sha256>,
}

impl Order {
    /// Checks a plan. `complete` makes an address whole that is relative to the page, whose origin is `origin`.
    ///
    /// # Errors
    /// `UrlNotAllowed` for addresses that are not, `BadRequest` for a plan that makes no sense.
    pub fn check(plan: DownloadPlan, complete: impl Fn(&str) -> Result<String>, origin: &str) -> Result<Self> {
        let check = |url: &String| check_url(&complete(url)?, origin);
        let urls = plan.urls.iter().map(check).collect::<Result<Vec<_>>>()?;
        if urls.is_empty() {
            return Err(mirrors::nowhere());
        }
        let pointers = plan.pointers.iter().map(check).collect::<Result<Vec<_>>>()?;
        let digests = plan.digests.as_ref().map(|url| check_digests_url(&complete(url)?, origin)).transpose()?;
        let sha256 = plan.sha256.as_ref().map(|hash| hash.parse()).transpose()?;
        let whole = |urls: &[ModelUrl]| urls.iter().map(|url| url.as_str().to_owned()).collect();
        let plan = DownloadPlan {
            urls: whole(&urls),
            pointers: whole(&pointers),
            digests: digests.as_ref().map(|url| url.as_str().to_owned()),
            ..plan
        };
        Ok(Self { plan, urls, pointers, digests, sha256 })
    }

    /// Notes the hash that the file must have.
    fn pin(&mut self, sha256: Sha256) {
        if self.sha256.is_none() {
            self.sha256 = Some(sha256);
            self.plan.sha256 = Some(sha256.to_string());
        }
    }

    /// What the file is called at its first address.
    fn file_name(&self) -> &str {
        self.urls.first().map_or("", ModelUrl::file_name)
    }
}

/// What all parts of a download need.
struct Tools<'a> {
    library: &'a Library,
    cancel: &'a Cancel,
    nudge: Nudge,
    loss: Loss,
    tell: &'a mut dyn FnMut(News),
}

impl Tools<'_> {
    fn tell(&mut self, news: News) {
        (self.tell)(news);
    }

    /// Deletes for good what was deleted before; whether that freed anything.
    async fn make_room(&self) -> bool {
        let freed = self.library.purge().await.unwrap_or_default() > 0;
        if freed {
            // The browser takes a moment to notice.
            TimeoutFuture::new(FREEING_MS).await;
        }
        freed
    }
}

/// The record of a download under way.
struct Record {
    id: ModelId,
    manifest: Manifest,
}

impl Record {
    fn partial(&mut self) -> Option<&mut Partial> {
        match &mut self.manifest.state {
            State::Partial(partial) => Some(partial),
            State::Complete(_) => None,
        }
    }

    /// Notes the versions that bytes came from, if there are new ones: before many bytes refer to them.
    async fn save_versions(&mut self, job: &Job, library: &Library) -> Result<()> {
        let versions = job.versions.borrow().clone();
        match self.partial() {
            Some(partial) if partial.versions != versions => partial.versions = versions,
            _ => return Ok(()),
        }
        library.write(&self.id, &self.manifest).await
    }
}

impl Library {
    /// Fetches a model, or the rest of it. One that is there already ends it at once; one that was deleted and is still
    /// there comes back.
    ///
    /// # Errors
    /// `Cancelled` on a request to stop, which is a pause; those of the network only while nothing has arrived or all
    /// addresses have refused; those of storage; `HashMismatch`; those of a file that is no model.
    pub async fn download(
        &self,
        order: Order,
        cancel: &Cancel,
        nudge: Nudge,
        loss: Loss,
        mut tell: impl FnMut(News),
    ) -> Result<StoredModel> {
        let online = nudge.clone();
        let _online = EventListener::new(browser::worker()?.as_ref(), "online", move |_| online.give());
        let mut tools = Tools { library: self, cancel, nudge, loss, tell: &mut tell };
        let name = order.file_name().to_owned();
        self.fetch(order, &mut tools).await.map_err(|error| error.context(format!("downloading {name:?}")))
    }

    async fn fetch(&self, mut order: Order, tools: &mut Tools<'_>) -> Result<StoredModel> {
        if let Some(model) = self.known(&order).await? {
            return Ok(model);
        }
        let mut mirrors = Mirrors::new(order.urls.clone());
        let opening = self.open_download(&mut order, &mut mirrors, tools).await?;
        // The hash may have been learned just now.
        if let Some(model) = self.known(&order).await? {
            return Ok(model);
        }
        let mut record = self.record_of(&order, opening.total).await?;
        let received = self.received(&record.manifest).await;
        self.make_room(opening.total.saturating_sub(received)).await?;
        self.write(&record.id, &record.manifest).await?;
        self.announce();
        tools.tell(News::Begun(record.id.clone()));

        let arrived = self.arrive(&order, &mut record, opening, &mut mirrors, tools).await;
        match arrived {
            Ok(model) => Ok(model),
            Err(error) => {
                if is_no_model(error.kind()) {
                    self.discard(&record.id, &record.manifest).await;
                } else if let (false, Some(partial)) = (tools.loss.0.get(), record.partial()) {
                    let paused = error.kind() == ErrorKind::Cancelled;
                    partial.rest = if paused { Rest::Paused } else { Rest::Interrupted };
                    self.write(&record.id, &record.manifest).await?;
                    self.announce();
                }
                Err(error)
            }
        }
    }

    /// The model, if it is stored already.
    async fn known(&self, order: &Order) -> Result<Option<StoredModel>> {
        let index = self.index().await?;
        let Spot::Taken(id, mut manifest) = names::spot(&index.records, order.file_name(), &order.plan)? else {
            return Ok(None);
        };
        let there =
            manifest.facts().is_some() && self.length(&manifest.file).await == manifest.facts().map(|f| f.bytes);
        if !there {
            return Ok(None);
        }
        if manifest.removed_at.take().is_some() {
            self.write(&id, &manifest).await?;
        }
        Ok(self.stored(&id, &manifest))
    }

    /// The record of the download: the one that it had, or a new one.
    async fn record_of(&self, order: &Order, total: u64) -> Result<Record> {
        let index = self.index().await?;
        let recipe = order.plan.clone().into();
        let origin = order.plan.urls.first().cloned().unwrap_or_default();
        let fresh = Partial { total: Some(total), ..Partial::default() };
        Ok(match names::spot(&index.records, order.file_name(), &order.plan)? {
            Spot::Taken(id, manifest) => {
                let state = match manifest.state {
                    State::Partial(partial) if partial.total == Some(total) => {
                        State::Partial(Partial { rest: Rest::Interrupted, ..partial })
                    }
                    _ => State::Partial(fresh),
                };
                Record { id, manifest: Manifest::new(manifest.file, origin, recipe, state) }
            }
            Spot::Free(id, file) => Record { id, manifest: Manifest::new(file, origin, recipe, State::Partial(fresh)) },
        })
    }

    /// Brings what is missing, and makes a model of it.
    async fn arrive(
        &self,
        order: &Order,
        record: &mut Record,
        opening: opening::Opening,
        mirrors: &mut Mirrors,
        tools: &mut Tools<'_>,
    ) -> Result<StoredModel> {
        let total = opening.total;
        let was = record.partial().and_then(|partial| partial.was.clone());
        let versions = record.partial().map(|partial| partial.versions.clone()).unwrap_or_default();
        let job = Rc::new(Job {
            ledger: self.open_ledger(&record.manifest.file, total).await?,
            total,
            digests: opening.digests,
            breaker: RefCell::new(opening.breaker),
            versions: RefCell::new(versions),
            arrived: Cell::new(0),
            running: Cell::new(0),
            pinned: order.sha256.is_some(),
            newest: Cell::new(0),
            drops: Cell::new(0),
            damaged: RefCell::default(),
            opening: RefCell::new(opening.answer),
        });
        let audit = Audit::new(&job);
        let ended = conductor::run(&job, &audit, mirrors, record, tools).await;
        record.save_versions(&job, self).await?;
        let hash = ended?;
        let hash = match order.sha256 {
            Some(wanted) => {
                if wanted != hash {
                    job.breaker.replace(Breaker::of(tools.cancel));
                    let found = search::search(&job, &audit, mirrors, wanted, tools).await;
                    record.save_versions(&job, self).await?;
                    job.ledger.flush()?;
                    found?;
                }
                match was {
                    // It was never published: only this page remembers it.
                    Some(Facts { hash: Hash::Recorded(recorded), .. }) => Hash::Recorded(recorded),
                    _ => Hash::Published(wanted.to_string()),
                }
            }
            None => Hash::Recorded(hash.to_string()),
        };
        let header = audit.take_header()?;
        header.check_length(total)?;
        let facts = Facts {
            name: header.name.unwrap_or_else(|| record.id.0.clone()),
            bytes: total,
            quantisation: header.quantisation,
            stored_at: js_sys::Date::now(),
            shape: header.shape,
            hash,
            modified: None,
        };
        record.manifest.state = State::Complete(facts);
        drop(job);
        self.write(&record.id, &record.manifest).await?;
        self.announce();
        self.stored(&record.id, &record.manifest)
            .ok_or_else(|| Error::new(ErrorKind::Internal, "a complete record reads as incomplete"))
    }
}

/// Whether an error says that the file itself is wrong.
fn is_no_model(kind: ErrorKind) -> bool {
    use ErrorKind as K;
    matches!(
        kind,
        K::NotGguf
            | K::GgufVersion
            | K::GgufTruncated
            | K::GgufMalformed
            | K::UnsupportedArchitecture
            | K::UnsupportedModel
            | K::ModelInvalid
            | K::VocabularyInvalid
    )
}
