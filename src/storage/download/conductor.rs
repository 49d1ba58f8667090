//! Keeps requests under way until all of a file has arrived and was read back.
//!
//! It alone decides whom to ask, how many requests there are and when to wait. It ends with the hash of the stored file, a
//! request to stop, or an error that waiting does not mend; what has arrived is stored and noted by then.

use super::audit::Audit;
use super::lane::{Ended, Job, Reason, fetch};
use super::{News, Record, Tools};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{ErrorReport, Stage, Wait};
use crate::source::browser::{self, Pace};
use crate::source::hash::Sha256;
use crate::source::http::Breaker;
use crate::source::refusal::Hope;
use crate::storage::lanes::Lanes;
use crate::storage::mirrors::{Bond, Mirrors, Next};
use crate::storage::segments::Segments;
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use gloo_timers::future::TimeoutFuture;
use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;

/// How often to look whether there is something to do, in milliseconds.
const LOOK_MS: u32 = 50;

/// How long to wait for the browser's word that the network is back before trying anyway.
const OFFLINE_MS: f64 = 30_000.0;

/// What the conductor watches while requests run.
struct State<'a> {
    job: &'a Rc<Job>,
    audit: &'a Audit,
    mirrors: &'a mut Mirrors,
    segments: Segments,
    lanes: Lanes,
    speed: Speed,
    /// No request begins before this time.
    hold_ms: f64,
}

/// Brings all that is missing; returns the hash of the stored file.
pub(super) async fn run(
    job: &Rc<Job>,
    audit: &Audit,
    mirrors: &mut Mirrors,
    record: &mut Record,
    tools: &mut Tools<'_>,
) -> Result<Sha256> {
    if job.breaker.borrow().is_cut() {
        job.breaker.replace(Breaker::of(tools.cancel));
    }
    let mut state = State {
        job,
        audit,
        mirrors,
        segments: Segments::new(job.ledger.journal().missing()),
        lanes: Lanes::new(),
        speed: Speed::default(),
        hold_ms: 0.0,
    };
    let mut running = FuturesUnordered::new();
    let mut reading = pin!(audit.follow(job));
    let mut pace = Pace::new();
    let ending = loop {
        if let Err(cancelled) = tools.cancel.check() {
            break Err(cancelled);
        }
        let now = js_sys::Date::now();
        if tools.nudge.take() {
            state.hold_ms = 0.0;
        }
        state.speed.observe(now, job.arrived.get());
        state.lanes.observe(now, job.arrived.get(), running.len());
        // Until the header is judged, one request is enough: the file may be a wrong one.
        let allowed = if audit.has_header() { state.lanes.allowed() } else { 1 };
        while now >= state.hold_ms && running.len() < allowed {
            if state.segments.is_empty() && running.is_empty() {
                state.segments = Segments::new(job.ledger.journal().missing());
            }
            let Some(url) = state.mirrors.current().cloned() else { break };
            let Some(segment) = state.segments.take(state.speed.per_lane(running.len()), allowed) else { break };
            running.push(fetch(job.clone(), url, segment));
        }
        if pace.is_due() {
            tools.tell(progress(job, audit));
            if let Err(error) = record.save_versions(job, tools.library).await {
                break Err(error);
            }
        }
        let look = pin!(TimeoutFuture::new(LOOK_MS));
        let ended =
            pin!(async { if running.is_empty() { std::future::pending().await } else { running.next().await } });
        match first(ended, &mut reading, look).await {
            First::Ended(Some(ended)) => {
                if let Err(error) = state.conclude(ended, tools).await {
                    break Err(error);
                }
            }
            First::Read(Ok(hash)) => break Ok(hash),
            First::Read(Err(error)) => break Err(error),
            First::Ended(None) | First::Look => (),
        }
    };
    // Requests store what they have before they end.
    job.breaker.borrow().cut();
    while running.next().await.is_some() {}
    job.ledger.flush()?;
    tools.tell(progress(job, audit));
    ending
}

impl State<'_> {
    /// Draws the conclusion from the end of a request.
    async fn conclude(&mut self, ended: Ended, tools: &mut Tools<'_>) -> Result<()> {
        let Ended { url, rest, brought, reason } = ended;
        let had_any = self.job.ledger.journal().received() > 0;
        let bond = if self.job.pinned || !had_any { Bond::Free } else { Bond::Bound };
        if brought > 0 {
            self.mirrors.arrived();
        }
        let random = js_sys::Math::random();
        let next = match reason {
            Reason::Done => {
                self.segments.give_back(rest);
                return Ok(());
            }
            Reason::Whole => {
                // What others had set out to fetch has come with it.
                self.segments.clear();
                self.lanes.be_modest();
                return Ok(());
            }
            Reason::Storage(error) => {
                self.segments.give_back(rest);
                return if error.kind() == ErrorKind::StorageFull && tools.make_room().await {
                    Ok(())
                } else {
                    Err(error)
                };
            }
            Reason::OtherVersion => {
                self.segments.clear();
                self.drop_older_versions()?;
                return Ok(());
            }
            Reason::OtherLength(length, error) => {
                self.segments.give_back(rest);
                let next = self.mirrors.told_length(&url, length, error.clone(), bond, random);
                (next, error)
            }
            Reason::Refused(refusal) => {
                self.segments.give_back(rest);
                if refusal.error.kind() == ErrorKind::Cancelled {
                    return Ok(());
                }
                if matches!(refusal.hope, Hope::Slower(_)) {
                    self.lanes.be_modest();
                }
                let error = refusal.error.clone();
                let next = match refusal.hope {
                    Hope::Later(asked) if brought > 0 => self.mirrors.broke(asked, random),
                    // Without a network nobody is to blame.
                    Hope::Later(_) if !is_online() => Next::Ask(OFFLINE_MS),
                    _ => self.mirrors.failed(&url, refusal, had_any, bond, random),
                };
                (next, error)
            }
        };
        self.hold(next, tools)
    }

    /// Waits as long as was decided, and says so.
    fn hold(&mut self, (next, error): (Next, Error), tools: &mut Tools<'_>) -> Result<()> {
        match next {
            Next::GiveUp(error) => Err(error),
            Next::Ask(wait) => {
                self.hold_ms = self.hold_ms.max(js_sys::Date::now() + wait);
                if wait > 0.0 {
                    // What has arrived by now first: whoever hears of more afterwards takes the wait to be over.
                    tools.tell(progress(self.job, self.audit));
                    let retry_ms = is_online().then_some(wait);
                    tools.tell(News::Waiting(Wait { error: ErrorReport::from(&error), retry_ms }));
                }
                Ok(())
            }
        }
    }

    /// The host has another version now, and no hash tells which is right: the newest is.
    fn drop_older_versions(&mut self) -> Result<()> {
        let count = self.job.ledger.journal().len();
        for index in 0..count {
            let arrived = self.job.ledger.journal().arrived(index);
            if arrived.is_some_and(|arrived| arrived.version != self.job.newest.get()) {
                self.job.ledger.note(index, None)?;
            }
        }
        self.job.drops.set(self.job.drops.get().wrapping_add(1));
        Ok(())
    }
}

/// Waits before something is tried again; ends early on a nudge, and with an error on a request to stop.
pub(super) async fn wait(milliseconds: f64, tools: &Tools<'_>) -> Result<()> {
    let until = js_sys::Date::now() + milliseconds;
    while js_sys::Date::now() < until && !tools.nudge.take() {
        tools.cancel.check()?;
        TimeoutFuture::new(LOOK_MS).await;
    }
    tools.cancel.check()
}

/// How far it is: arriving, or being read back.
fn progress(job: &Job, audit: &Audit) -> News {
    let total = job.total;
    let received = job.ledger.journal().received();
    let (stage, done) = if received < total { (Stage::Download, received) } else { (Stage::Verify, audit.done()) };
    News::Progress { stage, done, total }
}

/// Whether the browser believes that there is a network.
fn is_online() -> bool {
    browser::worker().is_ok_and(|scope| scope.navigator().on_line())
}

enum First<E, R> {
    Ended(E),
    Read(R),
    Look,
}

async fn first<E, R>(
    ended: impl Future<Output = E> + Unpin,
    reading: impl Future<Output = R> + Unpin,
    look: impl Future<Output = ()> + Unpin,
) -> First<E, R> {
    match select(ended, select(reading, look)).await {
        Either::Left((ended, _)) => First::Ended(ended),
        Either::Right((Either::Left((read, _)), _)) => First::Read(read),
        Either::Right((Either::Right(_), _)) => First::Look,
    }
}

/// Bytes a second, over the last few.
#[derive(Debug, Default)]
struct Speed {
    since: Cell<Option<(f64, u64)>>,
    rate: Cell<Option<f64>>,
}

impl Speed {
    const SPAN_MS: f64 = 2_000.0;

    fn observe(&self, now_ms: f64, bytes: u64) {
        match self.since.get() {
            Some((since, had)) if now_ms - since >= Self::SPAN_MS => {
                self.rate.set(Some(bytes.saturating_sub(had) as f64 * 1000.0 / (now_ms - since)));
                self.since.set(Some((now_ms, bytes)));
            }
            Some(_) => (),
            None => self.since.set(Some((now_ms, bytes))),
        }
    }

    fn per_lane(&self, lanes: usize) -> Option<f64> {
        Some(self.rate.get()? / lanes.max(1) as f64)
    }
}
