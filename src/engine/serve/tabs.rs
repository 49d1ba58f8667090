//! The other tabs of the page: one of all has the engine, one the download, and all show the same list.
//!
//! Who has what is the browser's locks to say (`storage::lock`); the rest is told over a broadcast channel, in which nothing
//! is believed that matters.

use super::post;
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{Claim, Event, ModelId, Resource};
use crate::storage::lock::{self, Held};
use gloo_timers::future::TimeoutFuture;
use serde::{Deserialize, Serialize};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{AbortController, BroadcastChannel, MessageEvent};

/// The channel of all tabs.
const CHANNEL: &str = "inkstone";

/// How long what became free is kept for this tab to ask for.
const RESERVED_MS: u32 = 5_000;

/// How long to wait for the word of a tab that something was taken from; it may be frozen.
const WORD_MS: u32 = 3_000;

/// What tabs tell each other.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Word {
    /// The list of models has changed.
    Library,
    /// What was taken is given up.
    Yielded { resource: Resource },
    /// How far a download is.
    Download { model: ModelId, done: u64, total: u64 },
}

/// This tab among the others.
pub(super) struct Tabs {
    channel: Option<BroadcastChannel>,
    /// What became free, until it is asked for.
    reserved: RefCell<HashMap<Resource, Held>>,
    /// Ends the wait for what is not free.
    waiting: RefCell<HashMap<Resource, AbortController>>,
    yielded: Cell<Option<Resource>>,
}

impl Tabs {
    /// Listens to the others from now on.
    pub(super) fn open() -> Rc<Self> {
        let channel = BroadcastChannel::new(CHANNEL).ok();
        let tabs = Rc::new(Self {
            channel,
            reserved: RefCell::default(),
            waiting: RefCell::default(),
            yielded: Cell::default(),
        });
        let listener = tabs.clone();
        let hear = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| listener.hear(&message));
        if let Some(channel) = &tabs.channel {
            channel.set_onmessage(Some(hear.as_ref().unchecked_ref()));
        }
        hear.forget(); // lives as long as the worker
        tabs
    }

    /// Gets what this tab needs alone.
    ///
    /// # Errors
    /// `OtherTab` if another one has it and it is not to be taken over; when it is free, the page is told.
    pub(super) async fn claim(self: &Rc<Self>, resource: Resource, claim: Claim) -> Result<Held> {
        if let Some(controller) = self.waiting.borrow_mut().remove(&resource) {
            controller.abort();
        }
        let reserved = self.reserved.borrow_mut().remove(&resource);
        if let Some(held) = reserved {
            return Ok(held);
        }
        match (lock::take(resource).await?, claim) {
            (Some(held), _) => Ok(held),
            (None, Claim::IfFree) => {
                self.wait_for(resource);
                let what = match resource {
                    Resource::Engine => "a model runs",
                    Resource::Download => "a download is under way",
                };
                let message = format!("{what} in another tab of this page; go on there, or take it over here");
                Err(Error::new(ErrorKind::OtherTab, message))
            }
            (None, Claim::TakeOver) => {
                self.yielded.set(None);
                let held = lock::steal(resource).await?;
                let mut waited = 0;
                while self.yielded.get() != Some(resource) && waited < WORD_MS {
                    TimeoutFuture::new(50).await;
                    waited += 50;
                }
                held.ok_or_else(|| Error::new(ErrorKind::OtherTab, "another tab took it at the same moment; try again"))
            }
        }
    }

    /// Whether a tab has it; this one does not.
    pub(super) async fn is_elsewhere(&self, resource: Resource) -> bool {
        !self.reserved.borrow().contains_key(&resource) && lock::is_held(resource).await
    }

    /// Tells that the list of models has changed.
    pub(super) fn tell_library(&self) {
        self.say(&Word::Library);
    }

    /// Tells how far a download is.
    pub(super) fn tell_download(&self, model: &ModelId, done: u64, total: u64) {
        self.say(&Word::Download { model: model.clone(), done, total });
    }

    /// Tells that what was taken from this tab is given up, and has the page ask for it again once it is free.
    pub(super) fn tell_yielded(self: &Rc<Self>, resource: Resource) {
        self.say(&Word::Yielded { resource });
        self.wait_for(resource);
    }

    fn say(&self, word: &Word) {
        if let (Some(channel), Ok(json)) = (&self.channel, serde_json::to_string(word)) {
            // Refused only once the channel is closed, which it never is.
            let _ = channel.post_message(&JsValue::from_str(&json));
        }
    }

    fn hear(&self, message: &MessageEvent) {
        // Another version of the page may say something else.
        let word = message.data().as_string().and_then(|json| serde_json::from_str(&json).ok());
        match word {
            Some(Word::Library) => post::send(None, Event::LibraryChanged),
            Some(Word::Yielded { resource }) => self.yielded.set(Some(resource)),
            Some(Word::Download { model, done, total }) => {
                post::send(None, Event::DownloadElsewhere { model, done, total: Some(total) });
            }
            None => (),
        }
    }

    /// Waits until something is free, and reserves it for this tab for as long as the page may need to ask for it.
    fn wait_for(self: &Rc<Self>, resource: Resource) {
        let Ok(controller) = AbortController::new() else { return };
        if let Some(before) = self.waiting.borrow_mut().insert(resource, controller.clone()) {
            before.abort();
        }
        let tabs = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            let Ok(Some(held)) = lock::wait(resource, &controller).await else { return };
            tabs.waiting.borrow_mut().remove(&resource);
            tabs.reserved.borrow_mut().insert(resource, held);
            post::send(None, Event::Freed { resource });
            TimeoutFuture::new(RESERVED_MS).await;
            tabs.reserved.borrow_mut().remove(&resource);
        });
    }
}
