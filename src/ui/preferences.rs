//! What the page remembers between visits, in the browser's local storage, as JSON. What belongs to a tab, it remembers in
//! the tab's own storage, too: tabs that are reloaded together must not get each other's conversation.
//!
//! Storage may be missing, full or hold anything: whatever cannot be read counts as never saved, and a save that fails
//! costs a preference, never the conversation on the screen.

use super::i18n::Language;
use crate::protocol::{GenerateOptions, LoadOptions};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use web_sys::{Storage, window};

/// The system prompt of InternLM2.5's own demos (`chat/web_demo.py` of InternLM/InternLM).
pub const INTERNLM_SYSTEM_PROMPT: &str = "You are an AI assistant whose name is InternLM (书生·浦语).\n\
    - InternLM (书生·浦语) is a conversational language model that is developed by Shanghai AI Laboratory \
    (上海人工智能实验室). It is designed to be helpful, honest, and harmless.\n\
    - InternLM (书生·浦语) can understand and communicate fluently in the language chosen by the user such as English \
    and 中文.";

/// What is remembered; each has a name in storage.
#[derive(Debug, Clone, Copy)]
pub enum Key {
    /// [`Language`]; also read by `static/boot.js`.
    Language,
    /// [`Theme`]; also read by `static/boot.js`.
    Theme,
    /// [`Settings`].
    Settings,
    /// Id of the model that was loaded last; also read by `static/measuring`.
    Model,
    /// Id of the model being loaded; still there at the next start only if the page crashed meanwhile.
    Loading,
    /// The conversation.
    Conversation,
    /// Text in the composer.
    Draft,
    /// [`Sources`](super::sources::Sources).
    Source,
    /// [`Verified`](crate::protocol::Verified): the checks that this GPU has passed, and how fast its kernels are; also
    /// read by `static/measuring`.
    Verified,
}

impl Key {
    const fn name(self) -> &'static str {
        match self {
            Self::Language => "inkstone.language",
            Self::Theme => "inkstone.theme",
            Self::Settings => "inkstone.settings",
            Self::Model => "inkstone.model",
            Self::Loading => "inkstone.loading",
            Self::Conversation => "inkstone.conversation",
            Self::Draft => "inkstone.draft",
            Self::Source => "inkstone.sources",
            Self::Verified => "inkstone.verified",
        }
    }
}

impl Key {
    /// Where it is kept, in the order in which it is looked for.
    fn storages(self) -> impl Iterator<Item = Storage> {
        let of_all = window().and_then(|window| window.local_storage().ok()?);
        self.of_tab().into_iter().chain(of_all)
    }

    /// The tab's own storage, if this is a thing of the tab's.
    fn of_tab(self) -> Option<Storage> {
        matches!(self, Self::Conversation | Self::Draft).then(|| window()?.session_storage().ok()?).flatten()
    }
}

/// Colours of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// As the system.
    #[default]
    System,
    /// Ink on paper.
    Light,
    /// Paper on ink.
    Dark,
}

impl Theme {
    /// The one after this, for a button that goes through them.
    pub const fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }

    /// For the `data-theme` attribute of the document.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// How to load and how to answer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Sent before every conversation unless it is blank.
    pub system_prompt: String,
    /// Sampling and limits.
    pub generate: GenerateOptions,
    /// For the next load.
    pub load: LoadOptions,
}

/// The language chosen before, or the first of the browser's that the page speaks.
pub fn language() -> Language {
    recall(Key::Language).unwrap_or_else(|| {
        let tags = window().map(|window| window.navigator().languages()).unwrap_or_default();
        let tags: Vec<String> = tags.iter().filter_map(|tag| tag.as_string()).collect();
        Language::preferred(tags.iter().map(String::as_str))
    })
}

/// What was kept under `key`, if it is there and still makes sense.
pub fn recall<T: DeserializeOwned>(key: Key) -> Option<T> {
    let text = key.storages().find_map(|storage| storage.get_item(key.name()).ok()?)?;
    serde_json::from_str(&text).ok()
}

/// Keeps `value` for the next visit.
pub fn keep<T: Serialize>(key: Key, value: &T) {
    let Ok(text) = serde_json::to_string(value) else { return };
    for storage in key.storages() {
        // Refused when storage is full or blocked; see the module's header.
        let _ = storage.set_item(key.name(), &text);
    }
}

/// Forgets what was kept under `key`.
pub fn forget(key: Key) {
    for storage in key.storages() {
        let _ = storage.remove_item(key.name());
    }
    leave_out(key);
}

/// Remembers that this tab has nothing under `key`, whatever the others have.
pub fn leave_out(key: Key) {
    if let Some(storage) = key.of_tab() {
        // It is found, and makes no sense.
        let _ = storage.set_item(key.name(), "null");
    }
}
