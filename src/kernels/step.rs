//! The buffer with what changes from one step to the next: position, count and ids of the tokens.

use super::MAX_STEP_TOKENS;

pub(super) const WGSL: &str = include_str!("step.wgsl");

/// Bytes of the buffer.
pub const BYTES: u64 = 4 * (2 + MAX_STEP_TOKENS as u64);

/// The buffer's contents for `tokens` (1 to [`MAX_STEP_TOKENS`]) of which the first stands at `position`.
pub fn words(position: u32, tokens: &[u32]) -> Vec<u32> {
    let mut words = Vec::with_capacity(2 + tokens.len());
    words.push(position);
    words.push(tokens.len() as u32);
    words.extend_from_slice(tokens);
    words
}
