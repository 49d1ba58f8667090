//! How many tokens of a prompt go to the GPU at a time, and in how many submissions, so that none keeps it from the page's
//! frames for long, nor a fast GPU waits for the next one.

use crate::kernels::MAX_STEP_TOKENS;
use crate::model::Grain;

/// What one submission should take: the page misses one frame of sixty a second at most.
const SUBMISSION_SECONDS: f64 = 0.015;

/// Fewer tokens than this would leave kernels' tiles empty.
const FEWEST: u32 = 32;

/// What has been learnt of a model's speed with prompts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Seconds of a block for a token.
    block_token: Option<f64>,
    blocks: u32,
}

impl Pace {
    /// For a model of `blocks` blocks of which nothing is known yet.
    pub fn new(blocks: u32) -> Self {
        Self { block_token: None, blocks: blocks.max(1) }
    }

    /// Tokens of the next step, at most `most`.
    pub fn tokens(&self, most: u32) -> u32 {
        let tokens = match self.block_token {
            // Before anything is known: soon over on any device.
            None => FEWEST,
            Some(seconds) => {
                let fit = (SUBMISSION_SECONDS / seconds.max(1e-9)).min(f64::from(MAX_STEP_TOKENS)) as u32;
                (fit / FEWEST * FEWEST).max(FEWEST)
            }
        };
        tokens.clamp(1, most.max(1))
    }

    /// What to submit at a time for a step of `tokens`.
    pub fn grain(&self, tokens: u32) -> Grain {
        match self.block_token {
            Some(seconds) if seconds * f64::from(tokens) > 2.0 * SUBMISSION_SECONDS => Grain::Launch,
            _ => Grain::Block,
        }
    }

    /// Learns that a step of `tokens` took `seconds`.
    pub fn learn(&mut self, tokens: u32, seconds: f64) {
        // A few tokens take as long as a tile of them.
        if tokens >= FEWEST {
            self.block_token = Some(seconds / f64::from(tokens) / f64::from(self.blocks));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fast_gpus_get_long_steps_and_slow_ones_short_ones() {
        let mut pace = Pace::new(32);
        assert_eq!((pace.tokens(512), pace.grain(32)), (32, Grain::Block));
        pace.learn(128, 32.0 * 0.003); // 3 ms a block
        assert_eq!((pace.tokens(512), pace.grain(512)), (512, Grain::Block));
        pace.learn(128, 32.0 * 0.030);
        assert_eq!((pace.tokens(512), pace.grain(64)), (64, Grain::Block));
        pace.learn(128, 32.0 * 1.4);
        assert_eq!((pace.tokens(512), pace.grain(32)), (32, Grain::Launch));
        assert_eq!(pace.tokens(20), 20);
    }

    #[test]
    fn a_few_tokens_teach_nothing() {
        let mut pace = Pace::new(2);
        pace.learn(3, 100.0);
        assert_eq!(pace, Pace::new(2));
    }
}
