//! The page in two languages, each a value of one struct: a missing text does not compile.
//!
//! Pure: it knows nothing of signals or of the DOM, so its tests run on the host.

mod chinese;
mod chinese_errors;
mod chinese_library;
mod english;
mod english_errors;
mod english_library;
mod parts;
mod strings;
#[cfg(all(target_arch = "wasm32", feature = "page"))]
mod time;

use crate::error::ErrorKind;
pub use parts::{CheckStrings, FitStrings, GuideStrings, KernelStrings, LibraryStrings, RenewalStrings};
use serde::{Deserialize, Serialize};
pub use strings::{ErrorText, Quality, Setting, Size, Strings, Suggestion};
#[cfg(all(target_arch = "wasm32", feature = "page"))]
pub use time::moment;

/// A language of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[serde(rename = "en")]
    English,
    /// Simplified Chinese.
    #[serde(rename = "zh")]
    Chinese,
}

impl Language {
    /// The first of the visitor's languages that the page speaks; English if there is none.
    pub fn preferred<'a>(languages: impl IntoIterator<Item = &'a str>) -> Self {
        languages.into_iter().find_map(Self::from_tag).unwrap_or(Self::English)
    }

    /// The language of a tag such as "zh-Hant-TW" or "en-GB".
    fn from_tag(tag: &str) -> Option<Self> {
        match tag.split(['-', '_']).next()?.to_ascii_lowercase().as_str() {
            "zh" => Some(Self::Chinese),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    /// For the `lang` attribute.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-CN",
        }
    }

    /// The one to change to.
    pub const fn other(self) -> Self {
        match self {
            Self::English => Self::Chinese,
            Self::Chinese => Self::English,
        }
    }

    /// All texts but those of the errors.
    pub const fn strings(self) -> &'static Strings {
        match self {
            Self::English => &english::STRINGS,
            Self::Chinese => &chinese::STRINGS,
        }
    }

    /// What happened and what to do about it.
    pub const fn error(self, kind: ErrorKind) -> ErrorText {
        match self {
            Self::English => english_errors::text(kind),
            Self::Chinese => chinese_errors::text(kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_that_the_page_speaks_is_chosen() {
        assert_eq!(Language::preferred(["fr-FR", "zh-Hans-CN", "en"]), Language::Chinese);
        assert_eq!(Language::preferred(["en-GB", "zh-CN"]), Language::English);
        assert_eq!(Language::preferred(["zh_TW"]), Language::Chinese);
        assert_eq!(Language::preferred(["fr", "de"]), Language::English);
    }

    #[test]
    fn every_error_says_something_of_its_own_in_both_languages() {
        for language in [Language::English, Language::Chinese] {
            let mut titles = std::collections::HashSet::new();
            for kind in ErrorKind::ALL {
                let text = language.error(kind);
                assert!(!text.title.is_empty() && !text.advice.is_empty(), "{kind:?}");
                assert!(titles.insert(text.title), "{}: used twice", text.title);
            }
        }
    }
}
