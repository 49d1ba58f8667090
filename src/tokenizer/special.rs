//! Control tokens by their text, and where they stand in a text that is trusted to contain them.
//!
//! Nothing else in the tokenizer turns text into a control token, so this is the one place to look at when asking
//! whether a person could forge one: [`SpecialTokens::split`] must only ever see text of our own or of a developer.

use std::collections::HashMap;

/// The control tokens of a vocabulary.
#[derive(Debug, Clone)]
pub(super) struct SpecialTokens {
    ids: HashMap<String, u32>,
    /// Distinct lengths of the texts in bytes, longest first.
    lengths: Vec<usize>,
    /// Whether some text begins with this byte.
    begins: [bool; 256],
}

/// A part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// Text without control tokens; not empty.
    Text(&'a str),
    /// A control token.
    Special(u32),
}

impl SpecialTokens {
    /// From the control tokens' texts and ids. One with an empty text has no place in a text and is left out.
    pub(super) fn new<'a>(tokens: impl Iterator<Item = (&'a str, u32)>) -> Self {
        let ids: HashMap<String, u32> =
            tokens.filter(|(text, _)| !text.is_empty()).map(|(text, id)| (text.to_owned(), id)).collect();
        let mut lengths: Vec<usize> = ids.keys().map(String::len).collect();
        lengths.sort_unstable_by(|a, b| b.cmp(a));
        lengths.dedup();
        let mut begins = [false; 256];
        for byte in ids.keys().filter_map(|text| text.bytes().next()) {
            if let Some(begins) = begins.get_mut(usize::from(byte)) {
                *begins = true;
            }
        }
        Self { ids, lengths, begins }
    }

    /// The id of the control token with this text.
    pub(super) fn id(&self, text: &str) -> Option<u32> {
        self.ids.get(text).copied()
    }

    /// `text` cut at its control tokens: the leftmost first, the longest where several begin at one place. That is
    /// the official tokenizer's rule. One pass; a look-up for each distinct length where a token may begin.
    pub(super) fn split<'a>(&self, text: &'a str) -> Vec<Part<'a>> {
        let mut parts = Vec::new();
        let mut plain_from = 0;
        for (at, byte) in text.bytes().enumerate() {
            if at < plain_from || !self.begins.get(usize::from(byte)).copied().unwrap_or(false) {
                continue;
            }
            let Some((id, length)) = text.get(at..).and_then(|rest| self.longest_at_start(rest)) else { continue };
            parts.extend(text.get(plain_from..at).filter(|plain| !plain.is_empty()).map(Part::Text));
            parts.push(Part::Special(id));
            plain_from = at.saturating_add(length);
        }
        parts.extend(text.get(plain_from..).filter(|plain| !plain.is_empty()).map(Part::Text));
        parts
    }

    /// The longest control token that `text` begins with, and its length in bytes.
    fn longest_at_start(&self, text: &str) -> Option<(u32, usize)> {
        self.lengths.iter().find_map(|&length| Some((self.id(text.get(..length)?)?, length)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, SpecialTokens};

    #[test]
    fn a_text_is_cut_at_the_leftmost_longest_tokens() {
        let specials = SpecialTokens::new([("<s>", 1), ("<s>!", 2), ("书生", 3), ("", 4)].into_iter());
        let split = |text| specials.split(text);
        assert_eq!(split(""), []);
        assert_eq!(split("<<s><s>!"), [Part::Text("<"), Part::Special(1), Part::Special(2)]);
        assert_eq!(split("书书生<s"), [Part::Text("书"), Part::Special(3), Part::Text("<s")]);
        assert_eq!(specials.id(""), None);
    }
}
