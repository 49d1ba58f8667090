//! The tokenizer from outside: with a small vocabulary made here, with vocabularies in files, and with the real one.
#![cfg(feature = "engine")]

use inkstone::error::Error;
use inkstone::gguf;
use inkstone::protocol::{Message, Role};
use inkstone::tokenizer::{Shown, Specials, Tokenizer, decode};
use std::io::Write;
use std::path::{Path, PathBuf};

#[path = "tokenizer/files.rs"]
mod files;
#[path = "tokenizer/real.rs"]
mod real;
#[path = "tokenizer/small.rs"]
mod small;

fn encode(tokenizer: &Tokenizer, text: &str, specials: Specials) -> Vec<u32> {
    tokenizer.encode(text, specials).expect("any text encodes")
}

fn decoded(tokenizer: &Tokenizer, ids: &[u32], shown: Shown) -> String {
    decode(tokenizer.vocabulary(), ids, shown).expect("the ids are in range")
}

fn message(role: Role, content: &str) -> Message {
    Message { role, content: content.to_owned() }
}

/// Says that `what` is not tested, past the capture of test output.
fn skip(what: &str, places: &[PathBuf]) {
    let _ = writeln!(std::io::stderr(), "SKIPPED {what}: not found in any of {places:?}");
}

/// The first of the folders that exists; otherwise says that `what` is skipped.
fn folder(what: &str, candidates: &[PathBuf]) -> Option<PathBuf> {
    let found = candidates.iter().find(|path| path.is_dir()).cloned();
    if found.is_none() {
        skip(what, candidates);
    }
    found
}

fn beside_the_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read_gguf(path: &Path) -> Result<gguf::File, Error> {
    let bytes = std::fs::read(path).expect("the file can be read");
    gguf::parse_all(&bytes, bytes.len() as u64)
}

/// The messages of a conversation written out with its special tokens.
fn turns(text: &str) -> Vec<Message> {
    let turns = text.strip_prefix("<s>").expect("a prompt").split("<|im_start|>").skip(1);
    let message = |turn: &str| {
        let (role, content) = turn.split_once('\n')?;
        let role = match role {
            "system" => Role::System,
            "user" => Role::User,
            "assistant" => Role::Assistant,
            _ => return None,
        };
        Some(Message { role, content: content.strip_suffix("<|im_end|>\n")?.to_owned() })
    };
    turns.filter_map(message).collect()
}
