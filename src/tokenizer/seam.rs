//! Where a long text can be cut without changing its tokens.
//!
//! InternLM2 has no pre-tokenizer: a whole message is one "word" to the BPE, which takes some sixty bytes of memory for
//! every byte of it. A merge across the border of two characters makes a piece in which they stand side by side; if no
//! piece has them side by side, no merge can cross, and the two sides are encoded alike together or apart.

use super::SPACE;
use super::vocabulary::{PieceKind, Vocabulary};

/// Pairs of characters that stand side by side in some piece.
#[derive(Debug)]
pub(super) struct Seams {
    /// Sorted.
    joined: Vec<(char, char)>,
}

impl Seams {
    /// The pairs of a vocabulary's pieces. Takes some tens of milliseconds: for long texts only.
    pub(super) fn new(vocabulary: &Vocabulary) -> Self {
        let texts = vocabulary.pieces().filter(|piece| piece.kind == PieceKind::Text).map(|piece| piece.text);
        let mut joined: Vec<_> = texts.flat_map(|text| text.chars().zip(text.chars().skip(1))).collect();
        joined.sort_unstable();
        joined.dedup();
        joined.shrink_to_fit();
        Self { joined }
    }

    /// Cuts `text` at the first seam at or after `bytes`; the second part is empty if there is none. Joined, the parts
    /// are the text; encoded one after the other, they give its tokens.
    pub(super) fn cut<'a>(&self, text: &'a str, bytes: usize) -> (&'a str, &'a str) {
        let mut before = None;
        for (at, character) in text.char_indices() {
            let after = if character == ' ' { SPACE } else { character };
            if at >= bytes && before.is_some_and(|before| self.joined.binary_search(&(before, after)).is_err()) {
                return text.split_at_checked(at).unwrap_or((text, ""));
            }
            before = Some(after);
        }
        (text, "")
    }
}
