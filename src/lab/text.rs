//! `lab tokenize`, `detokenize`, `ask` and `chat`: text in, text out.

use super::file::ModelFile;
use super::{DeviceArguments, SamplingArguments};
use crate::engine::{Emitted, Session};
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{FinishReason, GenerateOptions, Message, Role};
use crate::source::Cancel;
use crate::tokenizer::prompt::encode_chat;
use crate::tokenizer::{Shown, Specials, decode};
use serde_json::json;
use std::io::{BufRead, Write};
use std::path::Path;

fn specials(parse: bool) -> Specials {
    if parse { Specials::Parse } else { Specials::PlainText }
}

/// Prints the ids of `text`.
pub fn tokenize(path: &Path, text: &str, special: bool) -> Result<()> {
    let tokenizer = ModelFile::open(path)?.tokenizer()?;
    super::print(&json!({ "ids": tokenizer.encode(text, specials(special))? }))
}

/// Prints the ids of each JSON string on standard input.
pub fn tokenize_lines(path: &Path, special: bool) -> Result<()> {
    let tokenizer = ModelFile::open(path)?.tokenizer()?;
    for (number, line) in std::io::stdin().lock().lines().enumerate() {
        let text = json_string(number, line)?;
        super::print(&json!({ "ids": tokenizer.encode(&text, specials(special))? }))?;
    }
    Ok(())
}

/// Prints the text of `ids`, special tokens included.
pub fn detokenize(path: &Path, ids: &[u32]) -> Result<()> {
    let tokenizer = ModelFile::open(path)?.tokenizer()?;
    super::print(&json!({ "text": decode(tokenizer.vocabulary(), ids, Shown::All)? }))
}

/// Prints the answer to one prompt, or to each JSON string on standard input.
pub async fn ask(
    path: Option<&Path>,
    prompt: Option<&str>,
    system: Option<&str>,
    sampling: &SamplingArguments,
    device: DeviceArguments,
) -> Result<()> {
    let (mut session, loaded) = ModelFile::open_or_guide(path)?.session(None, device).await?;
    let options = sampling.options(&loaded.id);
    let question = |content: String| {
        let mut messages = opening(system);
        messages.push(Message { role: Role::User, content });
        messages
    };
    if let Some(prompt) = prompt {
        answer(&mut session, &question(prompt.to_owned()), &options, &mut show).await?;
        println!();
        return Ok(());
    }
    for (number, line) in std::io::stdin().lock().lines().enumerate() {
        let messages = question(json_string(number, line)?);
        let answer = answer(&mut session, &messages, &options, &mut |_| ()).await?;
        super::print(&json!({ "answer": answer }))?;
    }
    Ok(())
}

/// Talks until the input ends.
pub async fn chat(
    path: Option<&Path>,
    system: Option<&str>,
    sampling: &SamplingArguments,
    device: DeviceArguments,
) -> Result<()> {
    let (mut session, loaded) = ModelFile::open_or_guide(path)?.session(None, device).await?;
    let options = sampling.options(&loaded.id);
    eprintln!("{} on {}. An empty line starts anew; Ctrl-D ends.", loaded.name, loaded.adapter);
    let mut messages = opening(system);
    loop {
        eprint!("> ");
        let mut line = String::new();
        if std::io::stdin().lock().read_line(&mut line).map_err(input)? == 0 {
            return Ok(());
        }
        let line = line.trim_end_matches(['\n', '\r']);
        if line.is_empty() {
            messages = opening(system);
            continue;
        }
        messages.push(Message { role: Role::User, content: line.to_owned() });
        let content = answer(&mut session, &messages, &options, &mut show).await?;
        println!();
        messages.push(Message { role: Role::Assistant, content });
    }
}

fn opening(system: Option<&str>) -> Vec<Message> {
    system.map(|content| Message { role: Role::System, content: content.to_owned() }).into_iter().collect()
}

/// Prints new text of an answer.
fn show(delta: &str) {
    print!("{delta}");
    // A closed pipe shows itself at the next print; the answer goes on for the caller.
    let _ = std::io::stdout().flush();
}

/// Hands the answer to `show` while it comes, and returns it.
async fn answer(
    session: &mut Session,
    messages: &[Message],
    options: &GenerateOptions,
    show: &mut dyn FnMut(&str),
) -> Result<String> {
    let prompt = encode_chat(session.tokenizer(), messages)?;
    let mut text = String::new();
    let mut emit = |emitted| {
        if let Emitted::Text(delta) = emitted {
            show(&delta);
            text.push_str(&delta);
        }
    };
    let (reason, stats) = session.generate(&prompt, options, &Cancel::new(), &mut emit).await?;
    if reason == FinishReason::ContextFull {
        eprintln!("\n(the context of {} tokens is full)", stats.context_used);
    }
    Ok(text)
}

fn input(error: std::io::Error) -> Error {
    Error::new(ErrorKind::BadRequest, format!("cannot read the input: {error}"))
}

/// The string on line `number` of the input, counted from 0.
fn json_string(number: usize, line: std::io::Result<String>) -> Result<String> {
    serde_json::from_str(&line.map_err(input)?).map_err(|error| {
        let message = format!("line {} of the input is no JSON string: {error}", number + 1);
        Error::new(ErrorKind::BadRequest, message)
    })
}
