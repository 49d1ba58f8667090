//! Vocabularies in GGUF files: the fixtures' and the damaged ones, where they are at hand.

use super::{beside_the_repository, decoded, encode, folder, read_gguf, skip, turns};
use inkstone::error::ErrorKind;
use inkstone::tokenizer::prompt::encode_chat;
use inkstone::tokenizer::{Shown, Specials, Tokenizer, Vocabulary};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// A fixture's description, as far as the tokenizer is concerned.
#[derive(Deserialize)]
struct Fixture {
    model: String,
    stop_ids: Vec<u32>,
    prompt_text: String,
    prompt: Vec<u32>,
}

#[test]
fn the_fixtures_prompts_have_their_tokens() {
    let places = ["tests/fixtures", "../shared/fixtures"].map(beside_the_repository);
    let described: Vec<(PathBuf, Fixture)> = places.iter().flat_map(|place| fixtures(place)).collect();
    if described.is_empty() {
        skip("the fixtures' prompts", &places);
    }
    for (path, fixture) in described {
        let file = read_gguf(&path).expect("a valid file");
        let vocabulary = Vocabulary::from_gguf(&file, Some(512)).expect("a valid vocabulary");
        assert_eq!(vocabulary.stop_ids(), fixture.stop_ids, "{path:?}");
        let tokenizer = Tokenizer::new(vocabulary).expect("valid merges");
        let ids = encode(&tokenizer, &fixture.prompt_text, Specials::Parse);
        assert_eq!(ids, fixture.prompt, "{path:?}");
        assert_eq!(decoded(&tokenizer, &ids, Shown::All), fixture.prompt_text, "{path:?}");
        assert_eq!(encode_chat(&tokenizer, &turns(&fixture.prompt_text)), Ok(fixture.prompt), "{path:?}");
    }
}

/// The models in a folder that have a description with a prompt beside them.
fn fixtures(folder: &Path) -> Vec<(PathBuf, Fixture)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry").path());
    let jsons = entries.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let described = jsons.filter_map(|path| {
        let json = std::fs::read_to_string(path).expect("the file can be read");
        let fixture: Fixture = serde_json::from_str(&json).ok()?;
        Some((folder.join(&fixture.model), fixture))
    });
    described.filter(|(path, _)| path.is_file()).collect()
}

#[test]
fn damaged_vocabularies_in_files_are_refused() {
    let places = ["tests/fixtures/bad", "../shared/fixtures/bad"].map(beside_the_repository);
    let Some(folder) = folder("the damaged vocabularies", &places) else { return };
    let read = |name: &str| {
        let path = folder.join(name).with_extension("gguf");
        path.is_file().then(|| Vocabulary::from_gguf(&read_gguf(&path).expect("only the vocabulary is bad"), Some(275)))
    };
    for name in ["tokens_missing", "scores_shorter", "eos_out_of_range", "vocab_smaller_than_rows", "score_nan"] {
        let Some(result) = read(name) else { continue };
        assert_eq!(result.expect_err(name).kind(), ErrorKind::VocabularyInvalid, "{name}");
    }
    assert!(read("valid").is_none_or(|result| result.is_ok()));
}
