//! Text → token ids.
//!
//! The merges that the `tokenizers` crate wants are not in a GGUF file. They are found again from the pieces and their
//! scores as transformers 4.41 does when it makes the official fast tokenizer (`SentencePieceExtractor`): every way to
//! split a piece into two pieces, by the whole piece's score. Newer versions order equal scores differently, and 2,354
//! scores of the real vocabulary are shared by two pieces: do not copy those.
//!
//! The model of that crate is used alone. Its only normaliser here is "a space is U+2581", and control tokens are
//! kept out of the model altogether: whatever it is given, it cannot answer with one.

use super::SPACE;
use super::seam::Seams;
use super::special::Part;
use super::vocabulary::{Piece, PieceKind, Vocabulary};
use crate::error::{Error, ErrorKind, Result};
use std::cmp::Ordering;
use std::sync::OnceLock;
use tokenizers::Model;
use tokenizers::models::bpe::{BPE, Merges, Vocab};

/// Longer texts are encoded in parts of about this many bytes, which bounds the memory a merge takes.
const PART_BYTES: usize = 8 * 1024;

/// What the texts of control tokens mean in a text to be encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Specials {
    /// Each becomes its id. Only for text of our own, or of a developer who asks for it.
    Parse,
    /// They are text like any other: no control token comes out. For everything that a person or a model wrote.
    PlainText,
}

/// Encodes text with a vocabulary.
pub struct Tokenizer {
    vocabulary: Vocabulary,
    bpe: BPE,
    /// Made when the first long text comes.
    seams: OnceLock<Seams>,
}

impl Tokenizer {
    /// Prepares a vocabulary for encoding: finds its merges and builds the BPE. The slow step of this module.
    ///
    /// Errors with [`ErrorKind::VocabularyInvalid`] if the `tokenizers` crate refuses the result.
    pub fn new(vocabulary: Vocabulary) -> Result<Self> {
        let of_kind = |wanted: fn(PieceKind) -> bool| vocabulary.pieces().filter(move |piece| wanted(piece.kind));
        let entry = |piece: Piece<'_>| (piece.text.to_owned(), piece.id);
        let mut ids: Vocab = of_kind(|kind| kind == PieceKind::Text).map(entry).collect();
        let merges = merges(&vocabulary, &ids);
        // Bytes join only now: they stand for characters without a piece, and no merge may lead to or from one.
        ids.extend(of_kind(|kind| matches!(kind, PieceKind::Byte(_))).map(entry));
        // No unknown token is set, because all 256 bytes are there and so nothing is unknown. No cache, because it
        // would keep whole messages for the life of the thread.
        let bpe = BPE::builder()
            .vocab_and_merges(ids, merges)
            .byte_fallback(true)
            .fuse_unk(true)
            .cache_capacity(0)
            .build()
            .map_err(|error| {
                Error::new(ErrorKind::VocabularyInvalid, format!("the tokens cannot be merged: {error}"))
            })?;
        Ok(Self { vocabulary, bpe, seams: OnceLock::new() })
    }

    /// The vocabulary it encodes with.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The token ids of `text`, without a token for the beginning. The time grows with n log n in the worst case.
    ///
    /// Errors with [`ErrorKind::Internal`] if the `tokenizers` crate fails, which no text is known to bring about.
    pub fn encode(&self, text: &str, specials: Specials) -> Result<Vec<u32>> {
        let mut ids = Vec::new();
        match specials {
            Specials::PlainText => self.encode_plain(text, &mut ids)?,
            Specials::Parse => {
                for part in self.vocabulary.split(text) {
                    match part {
                        Part::Text(text) => self.encode_plain(text, &mut ids)?,
                        Part::Special(id) => ids.push(id),
                    }
                }
            }
        }
        Ok(ids)
    }

    /// A lower bound of the number of tokens of `text`, found without encoding it: enough to refuse at once a text that
    /// cannot fit the context.
    pub fn fewest_tokens(&self, text: &str) -> usize {
        text.chars().count().div_ceil(self.vocabulary.longest_chars().max(1))
    }

    /// Appends the ids of plain `text` to `ids`.
    pub(super) fn encode_plain(&self, text: &str, ids: &mut Vec<u32>) -> Result<()> {
        let mut rest = text;
        while !rest.is_empty() {
            let part;
            (part, rest) = if rest.len() > PART_BYTES {
                self.seams.get_or_init(|| Seams::new(&self.vocabulary)).cut(rest, PART_BYTES)
            } else {
                (rest, "")
            };
            let normalised = part.replace(' ', SPACE.encode_utf8(&mut [0; 4]));
            let tokens = self.bpe.tokenize(&normalised).map_err(|error| {
                Error::new(
                    ErrorKind::Internal,
                    format!("encoding {} bytes of text failed: {error}. Please report this text", part.len()),
                )
            })?;
            ids.extend(tokens.iter().map(|token| token.id));
        }
        Ok(())
    }
}

impl std::fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokenizer").field("bpe", &self.bpe).finish_non_exhaustive()
    }
}

/// All merges, first to last. `ids`: of the pieces that may be a half or a whole.
///
/// The order is that of a stable sort of all splits by falling score, where the splits of one piece are sorted by the
/// ids of left and right half and pieces come in the order of their ids. As the splits of a piece share its score,
/// sorting the pieces is enough.
fn merges(vocabulary: &Vocabulary, ids: &Vocab) -> Merges {
    let mut pieces: Vec<Piece<'_>> = vocabulary.pieces().filter(|piece| piece.kind == PieceKind::Text).collect();
    pieces.sort_by(|a, b| b.score.partial_cmp(&a.score).unwrap_or(Ordering::Equal));
    let mut merges = Merges::with_capacity(pieces.len().saturating_mul(2));
    let mut splits = Vec::new();
    for piece in pieces {
        splits.clear();
        splits.extend(piece.text.char_indices().skip(1).filter_map(|(at, _)| {
            let (left, right) = piece.text.split_at_checked(at)?;
            Some((*ids.get(left)?, *ids.get(right)?, left, right))
        }));
        splits.sort_unstable();
        merges.extend(splits.iter().map(|&(_, _, left, right)| (left.to_owned(), right.to_owned())));
    }
    merges
}
