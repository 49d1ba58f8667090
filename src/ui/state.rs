//! All that the page knows, as signals: one [`State`], made once and handed down as a context.
//!
//! States that exclude each other are enums, so that no view can show two of them. What changes many times a second
//! (progress, the text of an answer) has signals of its own.

use super::beside::Beside;
use super::cargo::{Lane, Progress, Wanted};
use super::engine::Client;
use super::i18n::{Language, Strings};
use super::preferences::{self, Key, Settings, Theme, recall};
use super::queue::Queue;
use super::shelf::{Check, Library};
use super::sources::Sources;
use super::split::Missing;
use super::turn::{Answering, Pending, Turn};
use crate::error::ErrorKind;
use crate::protocol::{ErrorReport, LoadedModel, Measurement, ModelId, RequestId, SelfTestFault, SelfTestReport};
use leptos::prelude::*;

/// Every signal of the page. Copied freely: it only names them.
#[derive(Clone, Copy)]
pub struct State {
    /// The link to the worker; `None` if it could not even be made.
    pub client: StoredValue<Option<Client>, LocalStorage>,
    /// The line in front of it.
    pub queue: StoredValue<Queue, LocalStorage>,
    /// How many loads there have been.
    pub loads: StoredValue<u64>,
    /// What the engine is at.
    pub engine: RwSignal<Engine>,
    /// How far loading is.
    pub load_progress: RwSignal<Option<Progress>>,
    /// The download.
    pub download: Lane,
    /// The file of the user's that is being taken in.
    pub intake: Lane,
    /// Downloads that wait for their turn.
    pub line: RwSignal<Vec<Wanted>>,
    /// Whether the engine has been asked for what another tab downloads, and will tell when it is to be had.
    pub asked: StoredValue<bool>,
    /// How far the download of another tab is: which, bytes done, of how many.
    pub remote: RwSignal<Option<(ModelId, u64, Option<u64>)>>,
    /// The model that this tab would run, but another tab has one on the GPU.
    pub elsewhere: RwSignal<Option<ModelId>>,
    /// Whether it became free while nobody was looking at this tab.
    pub freed: StoredValue<bool>,
    /// Models on the user's disk whose file is not to be had any more.
    pub lost: RwSignal<Vec<ModelId>>,
    /// The files that were given last are not all parts of their model.
    pub missing: RwSignal<Option<Missing>>,
    /// The check of a stored file.
    pub check: RwSignal<Check>,
    /// How far that is.
    pub check_progress: RwSignal<Option<Progress>>,
    /// Models that the site itself has, beside the page.
    pub beside: RwSignal<Vec<Beside>>,
    /// The stored models.
    pub library: RwSignal<Library>,
    /// A fault of the library that belongs to no transfer and no load.
    pub library_fault: RwSignal<Option<ErrorReport>>,
    /// The conversation, oldest first.
    pub turns: RwSignal<Vec<Turn>>,
    /// The answer being made, or waited for.
    pub answering: RwSignal<Option<Answering>>,
    /// The turn that waits for a model.
    pub pending: StoredValue<Option<Pending>>,
    /// Why the last message could not be answered at all.
    pub answer_fault: RwSignal<Option<ErrorReport>>,
    /// Notified when text has been added, after at most one frame.
    pub written: Trigger,
    /// Text in the composer.
    pub draft: RwSignal<String>,
    /// How to load and to answer.
    pub settings: RwSignal<Settings>,
    /// Which view is shown.
    pub view: RwSignal<View>,
    /// Whether the settings are open.
    pub panel: RwSignal<Panel>,
    /// Language of the page.
    pub language: RwSignal<Language>,
    /// Colours of the page.
    pub theme: RwSignal<Theme>,
    /// Where downloads come from, the first first.
    pub sources: RwSignal<Sources>,
    /// What the GPU can hold and how fast it is.
    pub measured: RwSignal<Measured>,
    /// The self-test that was asked for.
    pub self_test: RwSignal<SelfTest>,
    /// What the checks before the last load did not pass, though it succeeded: a kernel variant was replaced.
    pub replaced: RwSignal<Vec<SelfTestFault>>,
    /// The kernel variants that were forced in the last load that succeeded.
    pub forced: RwSignal<Vec<String>>,
    /// Last thing told to screen readers.
    pub announcement: RwSignal<String>,
}

/// What the engine is at.
#[derive(Debug, Clone, PartialEq)]
pub enum Engine {
    /// The worker has not yet said that it is ready.
    Starting,
    /// The page cannot work here.
    Unsupported(Obstacle),
    /// No model is loaded.
    Idle,
    /// A model is on its way to the GPU.
    Loading(Loading),
    /// A model can answer.
    Ready(LoadedModel),
    /// Loading failed, or the GPU was lost.
    Failed {
        /// Why.
        error: ErrorReport,
        /// What to load again.
        model: Option<ModelId>,
    },
}

/// A model on its way to the GPU.
#[derive(Debug, Clone, PartialEq)]
pub struct Loading {
    /// Tells it from other loads of this page.
    pub number: u64,
    /// To cancel it; `None` while it waits for its turn.
    pub request: Option<RequestId>,
    /// Which one.
    pub model: ModelId,
    /// Its name.
    pub name: String,
}

/// Why the page cannot work.
#[derive(Debug, Clone, PartialEq)]
pub enum Obstacle {
    /// `navigator.gpu` is missing.
    NoWebGpu,
    /// The same, because the page came over plain http.
    Insecure,
    /// The worker did not start.
    NotStarted(ErrorReport),
    /// The worker was running and has died.
    Died(ErrorReport),
    /// The worker is not up yet after a long time.
    Slow,
    /// Page and worker are of different versions.
    VersionMismatch(ErrorReport),
}

impl Obstacle {
    /// The code that tests and reports see.
    pub fn code(&self) -> &str {
        match self {
            Self::NoWebGpu | Self::Insecure => ErrorKind::NoWebGpu.code(),
            Self::Slow => ErrorKind::Internal.code(),
            Self::NotStarted(error) | Self::Died(error) | Self::VersionMismatch(error) => &error.code,
        }
    }
}

/// What is known of the GPU's size and speed.
#[derive(Debug, Clone, PartialEq)]
pub enum Measured {
    /// Nothing.
    Not,
    /// It is being measured.
    Underway,
    /// It was.
    Done(Measurement),
    /// That failed.
    Failed,
}

/// The self-test that the visitor asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum SelfTest {
    /// Not asked for.
    Not,
    /// It is running.
    Underway,
    /// What it has shown.
    Done(SelfTestReport),
    /// It could not be run.
    Failed(ErrorReport),
}

/// Which view is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// The conversation.
    Chat,
    /// The models.
    Models,
}

/// Whether the settings are open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Panel {
    /// They are not.
    Closed,
    /// They are.
    Settings,
}

impl State {
    /// The state of a page that has just been opened.
    pub fn new() -> Self {
        let view = if last_load_crashed() { View::Models } else { View::Chat };
        Self {
            client: StoredValue::new_local(None),
            queue: StoredValue::new_local(Queue::default()),
            loads: StoredValue::new(0),
            engine: RwSignal::new(Engine::Starting),
            load_progress: RwSignal::new(None),
            download: Lane::new(),
            intake: Lane::new(),
            line: RwSignal::new(Vec::new()),
            asked: StoredValue::new(false),
            remote: RwSignal::new(None),
            elsewhere: RwSignal::new(None),
            freed: StoredValue::new(false),
            lost: RwSignal::new(Vec::new()),
            missing: RwSignal::new(None),
            check: RwSignal::new(Check::Not),
            check_progress: RwSignal::new(None),
            beside: RwSignal::new(Vec::new()),
            library: RwSignal::new(Library::Unknown),
            library_fault: RwSignal::new(None),
            turns: RwSignal::new(Vec::new()),
            answering: RwSignal::new(None),
            pending: StoredValue::new(None),
            answer_fault: RwSignal::new(None),
            written: Trigger::new(),
            draft: RwSignal::new(recall(Key::Draft).unwrap_or_default()),
            settings: RwSignal::new(recall(Key::Settings).unwrap_or_default()),
            view: RwSignal::new(view),
            panel: RwSignal::new(Panel::Closed),
            language: RwSignal::new(preferences::language()),
            theme: RwSignal::new(recall(Key::Theme).unwrap_or_default()),
            sources: RwSignal::new(recall(Key::Source).unwrap_or_default()),
            measured: RwSignal::new(Measured::Not),
            self_test: RwSignal::new(SelfTest::Not),
            replaced: RwSignal::new(Vec::new()),
            forced: RwSignal::new(Vec::new()),
            announcement: RwSignal::new(String::new()),
        }
    }

    /// The state that [`view::mount`](super::view::mount) has provided.
    pub fn of_page() -> Self {
        expect_context()
    }

    /// The link to the worker.
    pub fn client(self) -> Option<Client> {
        self.client.get_value()
    }

    /// The texts of the language chosen, and a dependency on that choice.
    pub fn strings(self) -> &'static Strings {
        self.language.get().strings()
    }

    /// The loaded model, and a dependency on it.
    pub fn loaded(self) -> Option<LoadedModel> {
        self.engine.with(|engine| match engine {
            Engine::Ready(model) => Some(model.clone()),
            _ => None,
        })
    }

    /// Whether the guide is the one to answer, now or as soon as it is there; and a dependency on that.
    pub fn guide_attends(self) -> bool {
        self.engine.with(|engine| match engine {
            Engine::Starting => last_load_crashed() || recall::<ModelId>(Key::Model).is_none(),
            Engine::Loading(loading) => loading.model.is_guide(),
            Engine::Ready(model) => model.id.is_guide(),
            Engine::Failed { model, .. } => model.as_ref().is_some_and(ModelId::is_guide),
            Engine::Unsupported(_) | Engine::Idle => false,
        })
    }

    /// The engine's state as tests and the style sheet see it.
    pub fn engine_state(self) -> &'static str {
        let answering = self.answering.with(Option::is_some);
        self.engine.with(|engine| match engine {
            Engine::Starting => "starting",
            Engine::Unsupported(_) => "unsupported",
            Engine::Idle => "idle",
            Engine::Loading(_) => "loading",
            Engine::Ready(_) if answering => "generating",
            Engine::Ready(_) => "ready",
            Engine::Failed { .. } => "failed",
        })
    }
}

/// Whether the page did not survive the last load of one of the visitor's models.
pub fn last_load_crashed() -> bool {
    recall::<ModelId>(Key::Loading).is_some()
}

/// A text of the page that changes with its language.
pub fn t<V: 'static>(
    pick: impl Fn(&'static Strings) -> V + Copy + Send + Sync + 'static,
) -> impl Fn() -> V + Copy + Send + Sync + 'static {
    let state = State::of_page();
    move || pick(state.strings())
}
