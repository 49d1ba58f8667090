//! What was measured of the GPU at hand, from which follows which models fit it and how fast they will be.

use serde::{Deserialize, Serialize};

/// What a short measurement has shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// The adapter.
    pub adapter: String,
    /// Whether the "GPU" is a program on the CPU.
    pub processor: Processor,
    /// The largest buffer that a kernel can bind, in bytes. Tensors are split by rows; one layer's cache is not.
    pub max_binding_bytes: u64,
    /// Bytes that could be allocated beside what is loaded, at most [`Measurement::probed_bytes`].
    pub free_bytes: u64,
    /// Bytes that were asked for.
    pub probed_bytes: u64,
    /// For each type of weights, how many packed bytes a second the kernel of decoding reads.
    pub rates: Vec<(String, f64)>,
    /// Seconds that a decoded token takes for each kernel launch, beyond reading weights.
    pub seconds_per_launch: f64,
    /// Launches of a transformer block.
    pub launches_per_block: u32,
    /// Launches before and after the blocks.
    pub launches_beside: u32,
    /// Milliseconds that it took.
    pub milliseconds: f64,
}

/// What runs the shaders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Processor {
    /// A graphics processor.
    Gpu,
    /// A program on the CPU.
    Software,
}

impl Measurement {
    /// Packed bytes a second of a type, by its name such as "Q4_K"; of an unmeasured one the slowest, to promise nothing.
    pub fn rate(&self, dtype: &str) -> f64 {
        let known = self.rates.iter().find(|(name, _)| name == dtype).map(|(_, rate)| *rate);
        known.unwrap_or_else(|| self.rates.iter().map(|(_, rate)| *rate).fold(f64::INFINITY, f64::min))
    }

    /// Decoded tokens a second of a model of `layers` blocks that reads these bytes of each type for every token.
    pub fn decode_tok_s<'a>(&self, layers: u32, bytes: impl IntoIterator<Item = (&'a str, u64)>) -> f64 {
        let launches = f64::from(self.launches_per_block) * f64::from(layers) + f64::from(self.launches_beside);
        let reading: f64 = bytes.into_iter().map(|(dtype, bytes)| bytes as f64 / self.rate(dtype)).sum();
        1.0 / (reading + launches * self.seconds_per_launch)
    }
}
