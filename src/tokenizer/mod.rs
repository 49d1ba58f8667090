//! Text ↔ token ids, from the vocabulary in a GGUF file.
//!
//! [`Vocabulary`] reads and repairs the file's arrays, [`Tokenizer`] encodes with the `tokenizers` crate's BPE,
//! [`StreamDecoder`] turns ids back into text while they arrive, and [`prompt`] writes conversations as ids.
//!
//! Three things may never happen here: plain text that turns into a control token (a person could then forge the
//! system's turn), half a character that reaches the screen, and a panic over a file, a text or an id.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

mod decode;
mod encode;
pub mod prompt;
mod seam;
mod special;
mod vocabulary;

pub use decode::{Shown, StreamDecoder, decode};
pub use encode::{Specials, Tokenizer};
pub use vocabulary::{Arrays, Piece, PieceKind, Vocabulary};

/// What stands for a space in the pieces of the vocabulary: U+2581, lower one eighth block.
const SPACE: char = '▁';
