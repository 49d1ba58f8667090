//! The buffer with what changes from one step to the next: position, count and ids of the tokens, and the random number
//! for the draw after them.

use super::MAX_STEP_TOKENS;

pub(super) const WGSL: &str = include_str!("step.wgsl");

/// Bytes of the buffer.
pub const BYTES: u64 = 4 * (HEAD as u64 + MAX_STEP_TOKENS as u64);

/// Words before the ids.
const HEAD: usize = 3;

/// A number from 0 to below 1 for a draw.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Unit(f64);

impl Unit {
    /// The number, brought into its range.
    pub fn new(unit: f64) -> Self {
        Self(unit.clamp(0.0, 1.0 - f64::EPSILON))
    }

    /// The number.
    pub fn value(self) -> f64 {
        self.0
    }

    /// The same for the GPU: the largest multiple of 2^-24 that is not above it, as fine as f32 are just below 1.
    pub fn single(self) -> f32 {
        const STEPS: f64 = (1 << 24) as f64;
        ((self.0 * STEPS).floor() / STEPS) as f32
    }
}

/// The buffer's contents for `tokens` (1 to [`MAX_STEP_TOKENS`]) of which the first stands at `position`.
pub fn words(position: u32, tokens: &[u32], unit: Unit) -> Vec<u32> {
    let mut words = Vec::with_capacity(HEAD + tokens.len());
    words.extend([position, tokens.len() as u32, unit.single().to_bits()]);
    words.extend_from_slice(tokens);
    words
}

/// The beginning of the buffer for the one token at `position` that a draw has left there.
pub fn drawn(position: u32, unit: Unit) -> [u32; HEAD] {
    [position, 1, unit.single().to_bits()]
}

#[cfg(test)]
mod tests {
    use super::Unit;

    #[test]
    fn units_stay_below_one() {
        assert_eq!(Unit::new(0.999_999_999_9).single(), 1.0 - f32::EPSILON / 2.0);
        assert_eq!(Unit::new(1.0).single(), 1.0 - f32::EPSILON / 2.0);
        assert_eq!((Unit::new(0.5).single(), Unit::new(0.0).single()), (0.5, 0.0));
    }
}
