//! Conversations as data: how they are written for the model.
//!
//! Pure: text in, text out. Nothing here may know a token id, a tokenizer, the GPU or the page.

pub mod template;

/// What a conversation is made of; the same that the page sends.
pub use crate::protocol::{Message, Role};
