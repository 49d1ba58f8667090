//! The vocabulary of a GGUF file: its pieces, what they are for, and the ids that end an answer.
//!
//! A [`Vocabulary`] exists only if its arrays agree with each other and with the embedding, so an id below
//! [`Vocabulary::len`] always has a piece. It also undoes what converters are known to have done to InternLM2 files;
//! without that a chat would not stop, or tool calls would show as `[UNUSED_TOKEN_141]`.
//!
//! The real vocabulary has 92,544 pieces: their texts lie in one string, not in as many allocations.

use super::special::{Part, SpecialTokens};
use crate::error::{Error, ErrorKind, Result};
use crate::gguf::{File, quoted};
use std::collections::HashMap;

/// Number of pieces of every InternLM2 and InternLM2.5 text model.
const REAL_SIZE: usize = 92_544;

/// The control tokens of the real vocabulary (chat/chat_format.md of InternLM/InternLM). Files converted before
/// July 2024 call the last six `[UNUSED_TOKEN_141]` to `[UNUSED_TOKEN_146]` and give them the type of plain text.
const REAL_SPECIALS: [(u32, &str); 9] = [
    (0, "<unk>"),
    (1, "<s>"),
    (2, "</s>"),
    (92_538, "<|plugin|>"),
    (92_539, "<|interpreter|>"),
    (92_540, "<|action_end|>"),
    (92_541, "<|action_start|>"),
    (92_542, "<|im_end|>"),
    (92_543, "<|im_start|>"),
];

/// What llama.cpp's converter writes in place of the piece U+0000, id 354 of the real vocabulary.
const NUL_IN_FILES: &str = "🐉";

/// The longest text of a piece in bytes; the real vocabulary's longest has 384. Finding the merges takes time in the
/// square of it.
const LONGEST_PIECE: usize = 1024;

/// The arrays and ids of a vocabulary as a file has them, before any check.
#[derive(Debug, Clone, Copy, Default)]
pub struct Arrays<'a> {
    /// `general.architecture`; the repairs are made for "internlm2" only.
    pub architecture: &'a str,
    /// Texts, with U+2581 for a space.
    pub tokens: &'a [String],
    /// The higher, the earlier a piece is merged. One per token.
    pub scores: &'a [f32],
    /// Numbers of llama.cpp's `llama_token_type`. One per token.
    pub types: &'a [i32],
    /// Begins a sequence; `None`: the control token `<s>`.
    pub bos: Option<u32>,
    /// Ends an answer.
    pub eos: Option<u32>,
    /// Stands for what cannot be written; `None`: 0.
    pub unknown: Option<u32>,
    /// Fills up batches. Not used here.
    pub padding: Option<u32>,
    /// Whether a text to be continued begins with `bos`; `None`: it does.
    pub add_bos: Option<bool>,
}

/// What a piece is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PieceKind {
    /// Text, spare pieces (`[UNUSED_TOKEN_…]`) included: merged when encoding, shown when decoding.
    Text,
    /// One byte of a character that has no piece.
    Byte(u8),
    /// Structure. Plain text never encodes to it.
    Control,
}

/// One entry of a vocabulary.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece<'a> {
    /// Its token id.
    pub id: u32,
    /// Its text as in the file, with U+2581 for a space.
    pub text: &'a str,
    /// What it is for.
    pub kind: PieceKind,
    /// The higher, the earlier it is merged. Finite for [`PieceKind::Text`].
    pub score: f32,
}

/// A checked vocabulary.
#[derive(Debug, Clone)]
pub struct Vocabulary {
    /// All texts, one after the other.
    texts: String,
    entries: Vec<Entry>,
    specials: SpecialTokens,
    bos: u32,
    adds_bos: bool,
    stop_ids: Vec<u32>,
    longest_chars: usize,
}

/// A piece whose text is `texts[start..end]`, in bytes.
#[derive(Debug, Clone, Copy)]
struct Entry {
    start: u32,
    end: u32,
    score: f32,
    kind: PieceKind,
}

impl Vocabulary {
    /// The vocabulary of `file`, which may be a vocabulary-only file. `rows`: of the embedding, where there is one.
    ///
    /// Errors with [`ErrorKind::VocabularyInvalid`] where arrays are missing or contradict each other, `rows` or the
    /// ids, and with [`ErrorKind::UnsupportedModel`] for a tokenizer of another kind: another algorithm than
    /// SentencePiece's ("llama"), or one that puts a space before every text. InternLM2 does not; a file that leaves
    /// `add_space_prefix` out is read as one that does not, although llama.cpp reads it otherwise, because no
    /// InternLM2 has ever been trained with that space.
    pub fn from_gguf(file: &File, rows: Option<u32>) -> Result<Self> {
        let metadata = file.metadata();
        let model = metadata.require_string("tokenizer.ggml.model")?;
        if model != "llama" {
            return Err(Error::new(
                ErrorKind::UnsupportedModel,
                format!(
                    "tokenizer.ggml.model is {}; expected \"llama\" (SentencePiece), which every InternLM2 file has. \
                     Choose an InternLM2.5 file",
                    quoted(model)
                ),
            ));
        }
        if metadata.bool("tokenizer.ggml.add_space_prefix")? == Some(true) {
            return Err(Error::new(
                ErrorKind::UnsupportedModel,
                "tokenizer.ggml.add_space_prefix is true; expected false, as InternLM2 was trained without a space \
                 before the text. Convert the model again with a current llama.cpp",
            ));
        }
        let arrays = Arrays {
            architecture: metadata.string("general.architecture")?.unwrap_or_default(),
            tokens: metadata.require_strings("tokenizer.ggml.tokens")?,
            scores: metadata.require_f32s("tokenizer.ggml.scores")?,
            types: metadata.require_i32s("tokenizer.ggml.token_type")?,
            bos: metadata.u32("tokenizer.ggml.bos_token_id")?,
            eos: metadata.u32("tokenizer.ggml.eos_token_id")?,
            unknown: metadata.u32("tokenizer.ggml.unknown_token_id")?,
            padding: metadata.u32("tokenizer.ggml.padding_token_id")?,
            add_bos: metadata.bool("tokenizer.ggml.add_bos_token")?,
        };
        Self::from_arrays(&arrays, rows)
    }

    /// The vocabulary of `arrays`, checked and repaired; `rows` and errors as for [`from_gguf`](Self::from_gguf).
    pub fn from_arrays(arrays: &Arrays<'_>, rows: Option<u32>) -> Result<Self> {
        check_lengths(arrays, rows)?;
        check_ids(arrays)?;
        let (texts, entries) = read_pieces(arrays)?;
        let mut vocabulary = Self {
            texts,
            entries,
            specials: SpecialTokens::new(std::iter::empty()),
            bos: 0,
            adds_bos: arrays.add_bos.unwrap_or(true),
            stop_ids: Vec::new(),
            longest_chars: 1,
        };
        vocabulary.check_pieces()?;
        let controls = vocabulary.pieces().filter(|piece| piece.kind == PieceKind::Control);
        vocabulary.specials = SpecialTokens::new(controls.map(|piece| (piece.text, piece.id)));
        vocabulary.longest_chars =
            vocabulary.pieces().map(|piece| piece.text.chars().count()).max().unwrap_or(1).max(1);
        vocabulary.bos = arrays.bos.or_else(|| vocabulary.special("<s>")).ok_or_else(|| {
            invalid(
                "there is neither a tokenizer.ggml.bos_token_id nor a control token \"<s>\"; one of them must begin \
                 every text",
            )
        })?;
        // A base file ends with </s>, a chat file with <|im_end|>, and generation_config.json of the models lists
        // both; a file names only one of them.
        let stops = [arrays.eos, vocabulary.special("</s>"), vocabulary.special("<|im_end|>")];
        vocabulary.stop_ids = stops.into_iter().flatten().collect();
        vocabulary.stop_ids.sort_unstable();
        vocabulary.stop_ids.dedup();
        if vocabulary.stop_ids.is_empty() {
            return Err(invalid(
                "there is neither a tokenizer.ggml.eos_token_id nor a control token \"</s>\" or \"<|im_end|>\"; \
                 without one of them no answer would end",
            ));
        }
        Ok(vocabulary)
    }

    /// Number of pieces; ids are below it. Fits a `u32`.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no pieces; never, as a vocabulary has at least the 256 bytes.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The piece of an id; `None` if the id is not below [`len`](Self::len).
    pub fn piece(&self, id: u32) -> Option<Piece<'_>> {
        let entry = self.entries.get(usize::try_from(id).ok()?)?;
        self.piece_of(id, entry)
    }

    /// All pieces, by id.
    pub fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        (0u32..).zip(&self.entries).filter_map(|(id, entry)| self.piece_of(id, entry))
    }

    /// The id of the control token with this text, such as `<|im_start|>`.
    pub fn special(&self, text: &str) -> Option<u32> {
        self.specials.id(text)
    }

    /// The token that begins every sequence.
    pub fn bos(&self) -> u32 {
        self.bos
    }

    /// Whether a text to be continued begins with [`bos`](Self::bos). Conversations always do.
    pub fn adds_bos(&self) -> bool {
        self.adds_bos
    }

    /// The tokens that end an answer, ascending: {2, 92542} for the real vocabulary. Never empty.
    pub fn stop_ids(&self) -> &[u32] {
        &self.stop_ids
    }

    /// Whether there are the tokens that begin and end a turn of a conversation.
    pub fn is_chat(&self) -> bool {
        self.special("<|im_start|>").is_some() && self.special("<|im_end|>").is_some()
    }

    /// The most characters that one token can stand for.
    pub fn longest_chars(&self) -> usize {
        self.longest_chars
    }

    /// `text` cut at its control tokens.
    pub(super) fn split<'a>(&self, text: &'a str) -> Vec<Part<'a>> {
        self.specials.split(text)
    }

    fn piece_of(&self, id: u32, entry: &Entry) -> Option<Piece<'_>> {
        let (start, end) = (usize::try_from(entry.start).ok()?, usize::try_from(entry.end).ok()?);
        Some(Piece { id, text: self.texts.get(start..end)?, kind: entry.kind, score: entry.score })
    }

    /// Checks what needs all pieces at once: their texts differ, and every byte can be written.
    fn check_pieces(&self) -> Result<()> {
        let mut seen = HashMap::with_capacity(self.len());
        let mut bytes = [false; 256];
        for piece in self.pieces() {
            if let Some(earlier) = seen.insert(piece.text, piece.id) {
                return Err(invalid(format!(
                    "tokens {earlier} and {} both have the text {}; every token must have its own",
                    piece.id,
                    quoted(piece.text)
                )));
            }
            if let PieceKind::Byte(byte) = piece.kind
                && let Some(found) = bytes.get_mut(usize::from(byte))
            {
                *found = true;
            }
        }
        match bytes.iter().position(|found| !found) {
            None => Ok(()),
            Some(byte) => Err(invalid(format!(
                "there is no byte token \"<0x{byte:02X}>\" (type 6); all 256 are needed to write any text"
            ))),
        }
    }
}

/// Reads and repairs the pieces one by one.
fn read_pieces(arrays: &Arrays<'_>) -> Result<(String, Vec<Entry>)> {
    let internlm2 = arrays.architecture == "internlm2";
    let real = internlm2 && arrays.tokens.len() == REAL_SIZE;
    let nul_is_hidden = internlm2 && !arrays.tokens.iter().any(|token| token == "\0");
    let mut texts = String::with_capacity(arrays.tokens.iter().map(String::len).sum());
    let mut entries = Vec::with_capacity(arrays.tokens.len());
    let mut start = 0;
    for (id, ((token, &score), &number)) in (0u32..).zip(arrays.tokens.iter().zip(arrays.scores).zip(arrays.types)) {
        let forced = REAL_SPECIALS.iter().find(|(special, _)| real && *special == id);
        let (text, kind) = match forced {
            Some((_, text)) => (*text, PieceKind::Control),
            None if nul_is_hidden && token == NUL_IN_FILES => ("\0", kind_of(id, token, number, arrays)?),
            None => (token.as_str(), kind_of(id, token, number, arrays)?),
        };
        if text.len() > LONGEST_PIECE {
            return Err(invalid(format!(
                "token {id} has {} bytes; expected at most {LONGEST_PIECE}: {}",
                text.len(),
                quoted(text)
            )));
        }
        if kind == PieceKind::Text && !score.is_finite() {
            return Err(invalid(format!(
                "token {id}, {}, has the score {score}; expected a finite number, as scores order the merges",
                quoted(text)
            )));
        }
        texts.push_str(text);
        let end = u32::try_from(texts.len())
            .map_err(|_| invalid(format!("the token texts have {} bytes in all; expected below 4 GiB", texts.len())))?;
        entries.push(Entry { start, end, score, kind });
        start = end;
    }
    Ok((texts, entries))
}

/// What a piece is for, by its type number in the file.
///
/// Type 2 (unknown) is control only for the unknown token itself: files of July 2024 have it on all 141 spare pieces.
/// Types 4 (user-defined) and 5 (unused) are text like any other, as in the official tokenizer.
fn kind_of(id: u32, text: &str, number: i32, arrays: &Arrays<'_>) -> Result<PieceKind> {
    match number {
        2 if id == arrays.unknown.unwrap_or(0) => Ok(PieceKind::Control),
        1 | 2 | 4 | 5 => Ok(PieceKind::Text),
        3 => Ok(PieceKind::Control),
        6 => byte_of(text).map(PieceKind::Byte).ok_or_else(|| {
            invalid(format!(
                "token {id} is a byte (type 6) with the text {}; expected \"<0x00>\" to \"<0xFF>\"",
                quoted(text)
            ))
        }),
        _ => Err(invalid(format!("token {id}, {}, has the type {number}; expected 1 to 6", quoted(text)))),
    }
}

/// The byte that a text like `<0x0A>` names.
fn byte_of(text: &str) -> Option<u8> {
    let digits = text.strip_prefix("<0x")?.strip_suffix('>')?;
    let canonical = digits.len() == 2 && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'A'..=b'F'));
    u8::from_str_radix(digits, 16).ok().filter(|_| canonical)
}

fn check_lengths(arrays: &Arrays<'_>, rows: Option<u32>) -> Result<()> {
    let tokens = arrays.tokens.len();
    for (key, found) in [("scores", arrays.scores.len()), ("token_type", arrays.types.len())] {
        if found != tokens {
            return Err(invalid(format!(
                "tokenizer.ggml.{key} has {found} entries; expected {tokens}, as many as tokenizer.ggml.tokens has. \
                 The file is damaged or badly converted: choose another"
            )));
        }
    }
    match rows {
        Some(rows) if usize::try_from(rows) != Ok(tokens) => Err(invalid(format!(
            "tokenizer.ggml.tokens has {tokens} entries; expected {rows}, as many as the embedding has rows. The file \
             is damaged or badly converted: choose another"
        ))),
        _ if u32::try_from(tokens).is_err() => {
            Err(invalid(format!("tokenizer.ggml.tokens has {tokens} entries; ids must fit 32 bits")))
        }
        _ => Ok(()),
    }
}

fn check_ids(arrays: &Arrays<'_>) -> Result<()> {
    let ids = [
        ("bos_token_id", arrays.bos),
        ("eos_token_id", arrays.eos),
        ("unknown_token_id", arrays.unknown),
        ("padding_token_id", arrays.padding),
    ];
    for (key, id) in ids {
        let Some(id) = id else { continue };
        if !usize::try_from(id).is_ok_and(|id| id < arrays.tokens.len()) {
            return Err(invalid(format!(
                "tokenizer.ggml.{key} is {id}; expected an id below {}, the number of tokens",
                arrays.tokens.len()
            )));
        }
    }
    Ok(())
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::VocabularyInvalid, message)
}
