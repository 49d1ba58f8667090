//! The worker that runs the model, as the page sees it: commands in, a stream of events out for each.
//!
//! Commands given before the worker is ready wait for it. When it dies, every open stream ends with a failure, so that
//! nothing on the page waits for ever. A stream that is dropped before its end cancels its request.

use crate::error::{Error, ErrorKind};
use crate::protocol::{Command, ErrorReport, Event, Reply, Request, RequestId, VERSION};
use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use js_sys::{Array, Object, Reflect};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::rc::{Rc, Weak};
use std::task::{Poll, Waker};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ErrorEvent, File, MessageEvent, Worker, WorkerOptions, WorkerType};

/// Written by Trunk beside the page; relative, so that the site works in a folder.
const WORKER_URL: &str = "./worker_loader.js";
/// How long the worker may take before the page says that something is wrong.
const PATIENCE_MS: u32 = 45_000;

/// What the worker tells of itself, outside of any request.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// It takes commands.
    Ready,
    /// It has not said so for a long time; it still may.
    Slow,
    /// It is of another version than the page.
    VersionMismatch(ErrorReport),
    /// It did not start.
    NotStarted(ErrorReport),
    /// It was running and has died.
    Died(ErrorReport),
    /// The GPU device was lost.
    GpuLost(ErrorReport),
    /// Something about the other tabs.
    Told(Box<Event>),
}

/// The link to the worker.
#[derive(Clone)]
pub struct Client(Rc<Inner>);

struct Inner {
    worker: Worker,
    phase: RefCell<Phase>,
    next_id: Cell<u64>,
    routes: RefCell<HashMap<RequestId, Rc<RefCell<Queue>>>>,
    listeners: RefCell<Vec<EventListener>>,
    patience: RefCell<Option<Timeout>>,
    notify: Box<dyn Fn(Notice)>,
}

enum Phase {
    /// Messages that wait for the worker.
    Starting(Vec<JsValue>),
    Running,
    Dead(ErrorReport),
}

/// Events that have arrived and were not taken yet.
#[derive(Default)]
struct Queue {
    events: VecDeque<Event>,
    waker: Option<Waker>,
}

impl Client {
    /// Starts the worker; `notify` hears how that goes.
    pub fn start(notify: impl Fn(Notice) + 'static) -> Result<Self, Error> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(WORKER_URL, &options)
            .map_err(|error| Error::new(ErrorKind::Internal, format!("no worker: {error:?}")))?;
        let inner = Rc::new(Inner {
            worker,
            phase: RefCell::new(Phase::Starting(Vec::new())),
            next_id: Cell::new(1),
            routes: RefCell::default(),
            listeners: RefCell::default(),
            patience: RefCell::default(),
            notify: Box::new(notify),
        });
        inner.listen();
        Ok(Self(inner))
    }

    /// Gives a command, with the files that it needs, and returns the events that answer it.
    pub fn send(&self, command: Command, files: &[File]) -> Events {
        let id = self.0.fresh_id();
        let queue = Rc::new(RefCell::new(Queue::default()));
        self.0.routes.borrow_mut().insert(id, queue.clone());
        self.0.post(id, command, files);
        Events { id, queue, client: Rc::downgrade(&self.0) }
    }

    /// Asks for the end of a request; its own stream tells when that has happened.
    pub fn cancel(&self, request: RequestId) {
        self.0.cancel(request);
    }
}

impl Inner {
    fn listen(self: &Rc<Self>) {
        let on = |name: &'static str, hear: fn(&Inner, &web_sys::Event)| {
            let this = Rc::downgrade(self);
            EventListener::new(&self.worker, name, move |event| {
                if let Some(this) = this.upgrade() {
                    hear(&this, event);
                }
            })
        };
        let heard = vec![
            on("message", |this, event| {
                if let Some(text) = event.dyn_ref::<MessageEvent>().and_then(|message| message.data().as_string()) {
                    this.receive(&text);
                }
            }),
            on("messageerror", |this, _| this.die("a message of the worker could not be read")),
            on("error", |this, event| {
                let message = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message).unwrap_or_default();
                let message =
                    if message.is_empty() { "the worker could not be fetched or run".into() } else { message };
                this.die(&message);
            }),
        ];
        self.listeners.replace(heard);
        let this = Rc::downgrade(self);
        self.patience.replace(Some(Timeout::new(PATIENCE_MS, move || {
            if let Some(this) = this.upgrade() {
                (this.notify)(Notice::Slow);
            }
        })));
    }

    fn fresh_id(&self) -> RequestId {
        let id = self.next_id.get();
        self.next_id.set(id + 1);
        RequestId(id)
    }

    fn post(&self, id: RequestId, command: Command, files: &[File]) {
        let message = match message(&Request { id, command }, files) {
            Ok(message) => message,
            Err(error) => return self.route(id, Event::Failed { error: (&error).into() }),
        };
        let refused = match &mut *self.phase.borrow_mut() {
            Phase::Starting(waiting) => {
                waiting.push(message);
                None
            }
            Phase::Running => self.worker.post_message(&message).err().map(|error| {
                let error = Error::new(ErrorKind::Internal, format!("the worker took no message: {error:?}"));
                (&error).into()
            }),
            Phase::Dead(error) => Some(error.clone()),
        };
        if let Some(error) = refused {
            self.route(id, Event::Failed { error });
        }
    }

    fn cancel(&self, request: RequestId) {
        // Its answer, `Done`, finds no route and is dropped.
        let id = self.fresh_id();
        self.post(id, Command::Cancel { request }, &[]);
    }

    fn receive(&self, text: &str) {
        match serde_json::from_str::<Reply>(text) {
            Ok(Reply { id: Some(id), event }) => self.route(id, event),
            Ok(Reply { id: None, event: Event::Ready { version } }) => self.ready(version),
            Ok(Reply { id: None, event: Event::GpuLost { error } }) => (self.notify)(Notice::GpuLost(error)),
            Ok(Reply { id: None, event: Event::Failed { error } }) => self.die(&error.message),
            Ok(Reply { id: None, event }) => (self.notify)(Notice::Told(Box::new(event))),
            Err(error) => leptos::logging::warn!("a message that is no reply: {error}"),
        }
    }

    fn ready(&self, worker: u32) {
        self.patience.take();
        if worker != VERSION {
            let error = Error::new(ErrorKind::Internal, format!("worker speaks version {worker}, page {VERSION}"));
            self.phase.replace(Phase::Dead((&error).into()));
            return (self.notify)(Notice::VersionMismatch((&error).into()));
        }
        let before = self.phase.replace(Phase::Running);
        if let Phase::Starting(waiting) = before {
            for message in waiting {
                if let Err(error) = self.worker.post_message(&message) {
                    leptos::logging::warn!("the worker took no message: {error:?}");
                }
            }
        }
        (self.notify)(Notice::Ready);
    }

    /// Hands an event to the request it answers. One that nobody awaits any more is dropped.
    fn route(&self, id: RequestId, event: Event) {
        let queue = if event.is_final() {
            self.routes.borrow_mut().remove(&id)
        } else {
            self.routes.borrow().get(&id).cloned()
        };
        if let Some(queue) = queue {
            queue.borrow_mut().events.push_back(event);
            let waker = queue.borrow_mut().waker.take();
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    fn die(&self, message: &str) {
        let error: ErrorReport = (&Error::new(ErrorKind::Internal, message)).into();
        self.patience.take();
        let before = self.phase.replace(Phase::Dead(error.clone()));
        self.worker.terminate();
        let open: Vec<RequestId> = self.routes.borrow().keys().copied().collect();
        for id in open {
            self.route(id, Event::Failed { error: error.clone() });
        }
        (self.notify)(match before {
            Phase::Starting(_) => Notice::NotStarted(error),
            Phase::Running | Phase::Dead(_) => Notice::Died(error),
        });
    }
}

/// The events of one request, in order, up to its final one.
pub struct Events {
    id: RequestId,
    queue: Rc<RefCell<Queue>>,
    client: Weak<Inner>,
}

impl Events {
    /// The request that they answer.
    pub fn id(&self) -> RequestId {
        self.id
    }

    /// The next event, in its turn. After the final one it waits for ever.
    pub async fn next(&mut self) -> Event {
        poll_fn(|context| {
            let mut queue = self.queue.borrow_mut();
            match queue.events.pop_front() {
                Some(event) => Poll::Ready(event),
                None => {
                    queue.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// The final event, past all others; a failure as an error.
    pub async fn last(mut self) -> Result<Event, ErrorReport> {
        loop {
            match self.next().await {
                Event::Failed { error } => return Err(error),
                event if event.is_final() => return Ok(event),
                _ => {}
            }
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        if let Some(client) = self.client.upgrade() {
            let open = client.routes.borrow_mut().remove(&self.id);
            if open.is_some() {
                client.cancel(self.id);
            }
        }
    }
}

/// A request as it crosses: its JSON, and the one thing that JSON cannot carry.
fn message(request: &Request, files: &[File]) -> Result<JsValue, Error> {
    let json = serde_json::to_string(request)
        .map_err(|error| Error::new(ErrorKind::BadRequest, format!("a request that is no JSON: {error}")))?;
    let message = Object::new();
    let set = |name: &str, value: &JsValue| {
        Reflect::set(&message, &name.into(), value)
            .map_err(|error| Error::new(ErrorKind::Internal, format!("no message object: {error:?}")))
    };
    set("json", &json.into())?;
    if !files.is_empty() {
        set("files", &files.iter().collect::<Array>())?;
    }
    Ok(message.into())
}
