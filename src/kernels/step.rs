//! The buffer with what changes from one step to the next: position, count and ids of the tokens, and the random number
//! for the draw after them.

use super::MAX_STEP_TOKENS;

pub(super) const WGSL: &str = include_str!("step.wgsl");

/// Bytes of the buffer.
pub const BYTES: u64 = 4 * (HEAD as u64 + MAX_STEP_TOKENS as u64);

/// Words before the ids.
const HEAD: usize = 3;

/// A number from 0 to below 1 for a draw, in steps of 2^-24: as fine as f32 are just below 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Unit(f32);

impl Unit {
    /// The largest step that is not above `unit`, which is from 0 to below 1.
    pub fn at_most(unit: f64) -> Self {
        const STEPS: f64 = (1 << 24) as f64;
        Self(((unit.clamp(0.0, 1.0) * STEPS).floor().min(STEPS - 1.0) / STEPS) as f32)
    }

    /// The number.
    pub fn value(self) -> f32 {
        self.0
    }
}

/// The buffer's contents for `tokens` (1 to [`MAX_STEP_TOKENS`]) of which the first stands at `position`.
pub fn words(position: u32, tokens: &[u32], unit: Unit) -> Vec<u32> {
    let mut words = Vec::with_capacity(HEAD + tokens.len());
    words.extend([position, tokens.len() as u32, unit.0.to_bits()]);
    words.extend_from_slice(tokens);
    words
}

/// The beginning of the buffer for the one token at `position` that a draw has left there.
pub fn drawn(position: u32, unit: Unit) -> [u32; HEAD] {
    [position, 1, unit.0.to_bits()]
}

#[cfg(test)]
mod tests {
    use super::Unit;

    #[test]
    fn units_stay_below_one() {
        assert_eq!(Unit::at_most(0.999_999_999_9).value(), 1.0 - f32::EPSILON / 2.0);
        assert_eq!(Unit::at_most(0.5).value(), 0.5);
        assert_eq!(Unit::at_most(0.0).value(), 0.0);
    }
}
