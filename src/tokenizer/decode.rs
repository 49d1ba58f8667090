//! Token ids → text, also while they arrive.
//!
//! A character without a piece comes as up to four byte tokens, so a token may end in the middle of one. What is shown
//! to a person must never be half a character: incomplete bytes are held back until they are complete or cannot
//! become so, and each maximal broken sequence shows as one U+FFFD. All text ever given out, joined, is
//! `String::from_utf8_lossy` of all bytes.

use super::SPACE;
use super::vocabulary::{PieceKind, Vocabulary};
use crate::error::{Error, ErrorKind, Result};

/// Whether control tokens show in decoded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// By their text, such as `<|im_end|>`: for tool calls and for debugging.
    All,
    /// Not at all: for people.
    TextOnly,
}

/// Decodes one stream of tokens.
#[derive(Debug, Clone)]
pub struct StreamDecoder<'a> {
    vocabulary: &'a Vocabulary,
    shown: Shown,
    /// The beginning of a character: at most three bytes between two calls.
    held: Vec<u8>,
}

impl<'a> StreamDecoder<'a> {
    /// A decoder at the beginning of a stream.
    pub fn new(vocabulary: &'a Vocabulary, shown: Shown) -> Self {
        Self { vocabulary, shown, held: Vec::new() }
    }

    /// The text that can be shown after the next token: complete characters only, often none.
    ///
    /// Errors with [`ErrorKind::BadRequest`] if the vocabulary has no such id; the stream is then as before.
    pub fn push(&mut self, id: u32) -> Result<String> {
        let piece = self.vocabulary.piece(id).ok_or_else(|| {
            Error::new(
                ErrorKind::BadRequest,
                format!("there is no token {id}; expected ids below {}", self.vocabulary.len()),
            )
        })?;
        match piece.kind {
            PieceKind::Byte(byte) => self.held.push(byte),
            PieceKind::Control if self.shown == Shown::TextOnly => return Ok(String::new()),
            PieceKind::Text | PieceKind::Control => {
                let mut text = self.flush();
                text.extend(piece.text.chars().map(|character| if character == SPACE { ' ' } else { character }));
                return Ok(text);
            }
        }
        Ok(self.take_complete())
    }

    /// What the end of the stream adds: U+FFFD if a character has remained incomplete. The decoder is then as new.
    pub fn flush(&mut self) -> String {
        let text = String::from_utf8_lossy(&self.held).into_owned();
        self.held.clear();
        text
    }

    /// Takes all held bytes but those that a later byte may still complete to a character.
    fn take_complete(&mut self) -> String {
        let mut text = String::new();
        let mut incomplete = Vec::new();
        let mut chunks = self.held.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            text.push_str(chunk.valid());
            if chunk.invalid().is_empty() {
                continue;
            }
            if chunks.peek().is_none() && may_be_completed(chunk.invalid()) {
                incomplete = chunk.invalid().to_vec();
            } else {
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        self.held = incomplete;
        text
    }
}

/// Whether `bytes` are the beginning of a character rather than a broken one.
fn may_be_completed(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
}

/// The text of `ids`, all at once.
///
/// Errors with [`ErrorKind::BadRequest`] if the vocabulary has no such id.
pub fn decode(vocabulary: &Vocabulary, ids: &[u32], shown: Shown) -> Result<String> {
    let mut decoder = StreamDecoder::new(vocabulary, shown);
    let mut text = String::new();
    for &id in ids {
        text.push_str(&decoder.push(id)?);
    }
    text.push_str(&decoder.flush());
    Ok(text)
}
