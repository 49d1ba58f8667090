//! Conversations and plain prompts → token ids.
//!
//! Joins the chat format, which knows no ids, with the tokenizer, which knows no format. Control tokens come from the
//! format's own [`Segment::Special`] by look-up; everything else is encoded as plain text, so nothing that a person, a
//! tool or the model wrote can begin or end a turn.

use super::encode::Tokenizer;
use crate::chat::Message;
use crate::chat::template::{Segment, SpecialToken, render};
use crate::error::{Error, ErrorKind, Result};

/// The ids of a conversation up to the point where the assistant answers, `<s>` included.
///
/// Errors with [`ErrorKind::BadRequest`] if there are no messages, and with [`ErrorKind::UnsupportedModel`] if the
/// vocabulary has no tokens for turns.
pub fn encode_chat(tokenizer: &Tokenizer, messages: &[Message]) -> Result<Vec<u32>> {
    if messages.is_empty() {
        return Err(Error::new(
            ErrorKind::BadRequest,
            "the conversation is empty; expected at least one message to answer",
        ));
    }
    let mut ids = Vec::new();
    // Text between two special tokens is one run: that is how the models were trained, and merges may join what the
    // format brings with what follows it ("user\n" and "\nHello" share the token "\n\n").
    let mut run = String::new();
    for segment in render(messages) {
        match segment {
            Segment::Scaffold(text) => run.push_str(text),
            Segment::Content(text) => run.push_str(text),
            Segment::Special(token) => {
                tokenizer.encode_plain(&run, &mut ids)?;
                run.clear();
                ids.push(special_id(tokenizer, token)?);
            }
        }
    }
    tokenizer.encode_plain(&run, &mut ids)?;
    Ok(ids)
}

/// The ids of a text to be continued: `<s>`, if the model wants it, and the text as plain text.
pub fn encode_completion(tokenizer: &Tokenizer, text: &str) -> Result<Vec<u32>> {
    let vocabulary = tokenizer.vocabulary();
    let mut ids = Vec::new();
    if vocabulary.adds_bos() {
        ids.push(vocabulary.bos());
    }
    tokenizer.encode_plain(text, &mut ids)?;
    Ok(ids)
}

fn special_id(tokenizer: &Tokenizer, token: SpecialToken) -> Result<u32> {
    let vocabulary = tokenizer.vocabulary();
    let id = match token {
        SpecialToken::Begin => Some(vocabulary.bos()),
        SpecialToken::TurnStart | SpecialToken::TurnEnd => vocabulary.special(token.text()),
    };
    id.ok_or_else(|| {
        Error::new(
            ErrorKind::UnsupportedModel,
            format!(
                "the vocabulary has no control token {:?}, so this model cannot chat; use it to continue a text, or \
                 choose a chat model",
                token.text()
            ),
        )
    })
}
