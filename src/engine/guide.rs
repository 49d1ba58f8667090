//! The guide: the tiny model of our own that comes with the page (`tools/guide`), and an answer of it that is known.

use super::{Emitted, Session};
use crate::chat::Message;
use crate::error::Result;
use crate::protocol::{GenerateOptions, KnownAnswer, Role};
use crate::source::Cancel;
use crate::tokenizer::prompt::encode_chat;

/// The fixed question of the self-test.
pub const PROMPT: &str = "What is Inkstone?";

/// How its answer begins; the first sentence of the topic in `tools/guide/facts.toml`.
pub const ANSWER: &str = "Inkstone is a web page that runs InternLM2.5 on your own GPU through WebGPU.";

/// More tokens than [`ANSWER`] has.
const TOKENS: u32 = 40;

/// Tokens of context that [`known_answer`] needs at least.
pub const KNOWN_ANSWER_CONTEXT: u32 = 128;

/// Asks the fixed question at temperature 0: prefill, decode and every kernel of the model together. Afterwards the
/// pipelines of all of them are compiled. The session's conversation is forgotten.
///
/// # Errors
/// `Cancelled`, and the GPU's.
pub async fn known_answer(session: &mut Session, cancel: &Cancel) -> Result<KnownAnswer> {
    session.clear();
    let prompt = encode_chat(session.tokenizer(), &[Message { role: Role::User, content: PROMPT.into() }])?;
    let options = GenerateOptions { max_tokens: Some(TOKENS), ..GenerateOptions::by_heart() };
    let enough = Cancel::new();
    let mut found = String::new();
    let mut emit = |emitted| {
        if let Emitted::Text(delta) = emitted {
            found.push_str(&delta);
            if found.len() >= ANSWER.len() || cancel.is_cancelled() {
                enough.cancel();
            }
        }
    };
    session.generate(&prompt, &options, &enough, &mut emit).await?;
    session.clear();
    cancel.check()?;
    // What it says after the known beginning does not matter.
    let end = found.char_indices().map(|(at, _)| at).find(|at| *at >= ANSWER.len()).unwrap_or(found.len());
    found.truncate(end);
    Ok(KnownAnswer { prompt: PROMPT.into(), expected: ANSWER.into(), found })
}
