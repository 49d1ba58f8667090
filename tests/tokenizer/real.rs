//! The real vocabulary and its golden cases.
//!
//! They are not part of this repository. They are read from the folder in `INKSTONE_TOKENIZER`, or from
//! `../shared/tokenizer`; tests that cannot find them say that they are skipped.

use super::{beside_the_repository, decoded, encode, folder, message, read_gguf, turns};
use inkstone::chat::template::DEFAULT_SYSTEM_PROMPT;
use inkstone::protocol::Role;
use inkstone::tokenizer::prompt::encode_chat;
use inkstone::tokenizer::{Arrays, PieceKind, Shown, Specials, StreamDecoder, Tokenizer, Vocabulary};
use serde::Deserialize;
use std::path::PathBuf;
use std::sync::LazyLock;

fn real_folder(what: &str) -> Option<PathBuf> {
    let given = std::env::var_os("INKSTONE_TOKENIZER").map(PathBuf::from);
    folder(what, &[given.unwrap_or_else(|| beside_the_repository("../shared/tokenizer"))])
}

static REAL: LazyLock<Option<Tokenizer>> = LazyLock::new(|| {
    let path = real_folder("the real vocabulary")?.join("ggml-vocab-internlm2_5.gguf");
    let vocabulary = Vocabulary::from_gguf(&read_gguf(&path).expect("a valid file"), None).expect("valid");
    Some(Tokenizer::new(vocabulary).expect("valid merges"))
});

/// One line of `cases.jsonl`; a stream has the second half of the fields.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Case {
    kind: String,
    text: String,
    parse_special: bool,
    ids: Vec<u32>,
    decode: String,
    decode_skip_special: String,
    emit: Vec<String>,
    flush: String,
    official_decode: String,
}

fn cases() -> Option<(&'static Tokenizer, Vec<Case>)> {
    let tokenizer = REAL.as_ref()?;
    let text = std::fs::read_to_string(real_folder("the golden cases")?.join("cases.jsonl")).expect("cases.jsonl");
    let cases = text.lines().map(|line| serde_json::from_str(line).expect("a case")).collect();
    Some((tokenizer, cases))
}

fn check_text(tokenizer: &Tokenizer, case: &Case) {
    let specials = if case.parse_special { Specials::Parse } else { Specials::PlainText };
    assert_eq!(encode(tokenizer, &case.text, specials), case.ids, "{}: {:?}", case.kind, case.text);
    assert_eq!(decoded(tokenizer, &case.ids, Shown::All), case.decode, "{}", case.kind);
    assert_eq!(decoded(tokenizer, &case.ids, Shown::TextOnly), case.decode_skip_special, "{}", case.kind);
}

#[test]
fn the_small_golden_set_agrees() {
    #[derive(Deserialize)]
    struct SmallCase {
        text: String,
        ids: Vec<u32>,
        decode_keep_special: String,
        decode_skip_special: String,
    }
    #[derive(Deserialize)]
    struct SmallSet {
        cases: Vec<SmallCase>,
    }
    let Some(tokenizer) = REAL.as_ref() else { return };
    let Some(folder) = real_folder("the small golden set") else { return };
    let text = std::fs::read_to_string(folder.join("golden_small.json")).expect("golden_small.json");
    let set: SmallSet = serde_json::from_str(&text).expect("the golden set");
    assert_eq!(set.cases.len(), 42);
    for SmallCase { text, ids, decode_keep_special, decode_skip_special } in set.cases {
        let case = Case {
            kind: "golden_small".into(),
            parse_special: true,
            text,
            ids,
            decode: decode_keep_special,
            decode_skip_special,
            ..Case::default()
        };
        check_text(tokenizer, &case);
    }
}

#[test]
fn every_golden_case_agrees() {
    let Some((tokenizer, cases)) = cases() else { return };
    assert_eq!(cases.len(), 635);
    for case in &cases {
        if !case.kind.starts_with("stream") {
            check_text(tokenizer, case);
            continue;
        }
        let mut decoder = StreamDecoder::new(tokenizer.vocabulary(), Shown::All);
        let emit: Vec<String> = case.ids.iter().map(|&id| decoder.push(id).expect("in range")).collect();
        let flush = decoder.flush();
        if case.kind == "stream" {
            assert_eq!((&emit, &flush), (&case.emit, &case.flush), "{:?}", case.ids);
            assert_eq!(emit.concat() + &flush, case.official_decode);
        }
        assert_eq!(emit.concat() + &flush, case.emit.concat() + &case.flush, "{:?}", case.ids);
    }
}

#[test]
fn golden_conversations_have_their_tokens() {
    let Some((tokenizer, cases)) = cases() else { return };
    let chats: Vec<&Case> = cases.iter().filter(|case| case.kind == "chat").collect();
    assert!(!chats.is_empty());
    for case in chats {
        assert_eq!(encode_chat(tokenizer, &turns(&case.text)).as_ref(), Ok(&case.ids), "{:?}", case.text);
    }
}

#[test]
fn a_two_turn_conversation_has_its_tokens() {
    let Some(tokenizer) = REAL.as_ref() else { return };
    let messages = [
        message(Role::System, DEFAULT_SYSTEM_PROMPT),
        message(Role::User, "Hello"),
        message(Role::Assistant, "你好，世界！"),
        message(Role::User, "<|im_end|>"),
    ];
    let ids = encode_chat(tokenizer, &messages).expect("encodes");
    // <s> and the system turn; the prompt itself has 87 tokens.
    let (system, rest) = ids.split_at(4 + 87);
    assert_eq!(system[..4], [1, 92_543, 9_081, 364]);
    let expected = [
        &[92_542, 364, 92_543, 1_008, 364, 9_843, 92_542, 364][..],
        &[92_543, 525, 11_353, 364, 77_230, 60_353, 68_339, 60_477, 92_542, 364],
        // A special token in a person's text is spelled out.
        &[92_543, 1_008, 364, 333, 352, 449, 6_368, 352, 330, 92_542, 364],
        &[92_543, 525, 11_353, 364],
    ];
    assert_eq!(rest, expected.concat());
}

#[test]
fn the_real_vocabulary_is_repaired_and_described() {
    let Some(tokenizer) = REAL.as_ref() else { return };
    let vocabulary = tokenizer.vocabulary();
    assert_eq!(vocabulary.len(), 92_544);
    assert_eq!(vocabulary.stop_ids(), [2, 92_542]);
    assert_eq!(vocabulary.special("<|action_start|>"), Some(92_541));
    assert_eq!(vocabulary.longest_chars(), 128);
    assert_eq!(vocabulary.piece(354).map(|piece| piece.text), Some("\0"));
    assert_eq!(vocabulary.pieces().filter(|piece| piece.kind == PieceKind::Control).count(), 9);
    assert!(vocabulary.is_chat());
}

#[test]
fn a_file_of_before_july_2024_is_repaired() {
    let Some(tokenizer) = REAL.as_ref() else { return };
    // As converters wrote it then: the last six under their old names and as plain text, one type for all spares.
    let pieces = || tokenizer.vocabulary().pieces();
    let old_text = |id: u32, text: &str| match id {
        92_538..=92_543 => format!("[UNUSED_TOKEN_{}]", id - 92_397),
        354 => "🐉".to_owned(),
        _ => text.to_owned(),
    };
    let tokens: Vec<String> = pieces().map(|piece| old_text(piece.id, piece.text)).collect();
    let scores: Vec<f32> = pieces().map(|piece| piece.score).collect();
    let old_type = |id: u32, kind| match kind {
        PieceKind::Byte(_) => 6,
        _ if id < 3 => 3,
        _ if id >= 92_397 => 2,
        _ => 1,
    };
    let types: Vec<i32> = pieces().map(|piece| old_type(piece.id, piece.kind)).collect();
    let arrays = Arrays {
        architecture: "internlm2",
        tokens: &tokens,
        scores: &scores,
        types: &types,
        eos: Some(2),
        ..Arrays::default()
    };
    let repaired = Vocabulary::from_arrays(&arrays, Some(92_544)).expect("valid");
    assert_eq!(repaired.stop_ids(), [2, 92_542]);
    assert!(repaired.pieces().eq(pieces()));
}

#[test]
fn a_long_text_has_the_tokens_of_the_official_tokenizer() {
    let Some((tokenizer, cases)) = cases() else { return };
    let Some(folder) = real_folder("the official tokenizer") else { return };
    let mut official = tokenizers::Tokenizer::from_file(folder.join("tokenizer.json")).expect("tokenizer.json");
    official.set_encode_special_tokens(true);
    // Longer than one part, so that this also tests where the text is cut: the official one does not cut. It joins a
    // typed "<s>" to the token of that name, even so; see the README of the golden cases.
    let texts: Vec<&str> = cases.iter().map(|case| case.text.as_str()).filter(|text| !text.contains("<s>")).collect();
    let text = [texts.join("\n"), texts.concat()].concat();
    assert!(text.len() > 50_000, "only {} bytes", text.len());
    let expected = official.encode(text.as_str(), false).expect("encodes");
    assert_eq!(encode(tokenizer, &text, Specials::PlainText), expected.get_ids());
}
