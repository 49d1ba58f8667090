//! Drawing a token on the GPU, so that neither all logits nor the choice must cross to the host before the next step.
//!
//! A few hundred candidates are found that include the likeliest (`maxima`, `threshold`, `gather`), sorted and drawn from
//! (`draw`). The outcome is the one of `sampler` on all logits wherever the candidates decide it, and says so where they
//! do not. Rounding aside: sums are in f32 here.

use super::compose::{Constant, compose};
use super::step;
use crate::gpu::{Kernel, Workgroups};

/// Groups whose maxima are compared: many more than there are to be found.
const GROUPS: u32 = 4096;

/// Candidates there are at least, where the vocabulary has so many: the largest top-k that they decide.
pub const CANDIDATES: u32 = 128;

/// Candidates there is room for: those, the few beside them that are as high, and some ties.
const ROOM: u32 = 192;

/// How to draw; in range, as the sampler has checked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DrawSettings {
    /// 0: the best one.
    pub temperature: f32,
    /// Keep the likeliest up to this sum of probabilities; 1 keeps all.
    pub top_p: f32,
    /// Keep what is at least this fraction as likely as the likeliest; 0 keeps all.
    pub min_p: f32,
    /// Divides positive and multiplies negative logits of tokens that were seen; 1 is off.
    pub penalty: f32,
    /// Keep the k likeliest; 0 keeps all.
    pub top_k: u32,
}

impl DrawSettings {
    /// Bytes of their buffer.
    pub const BYTES: u64 = 20;

    /// The buffer's contents for a vocabulary of so many tokens.
    pub fn words(&self, vocabulary: u32) -> [u32; 5] {
        let top_k = if self.top_k == 0 { vocabulary } else { self.top_k };
        let floats = [self.temperature, self.top_p, self.min_p, self.penalty].map(f32::to_bits);
        [floats[0], floats[1], floats[2], floats[3], top_k]
    }

    /// Whether the candidates may decide a draw from `vocabulary` tokens. They always do for the best token and for top-k;
    /// for top-p and min-p alone it depends on the logits, and without any of them never.
    pub fn may_be_decided(&self, vocabulary: u32) -> bool {
        let cuts_k = (1..vocabulary).contains(&self.top_k);
        self.temperature == 0.0 || if cuts_k { self.top_k <= CANDIDATES } else { self.top_p < 1.0 || self.min_p > 0.0 }
    }
}

/// What came of a draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawn {
    /// This token.
    Token(u32),
    /// All logits must be looked at.
    Undecided,
    /// A logit is NaN or infinite.
    NotFinite,
}

impl Drawn {
    /// Words of the buffer.
    pub const WORDS: usize = 2;

    /// From the buffer's words; `None` for what no kernel writes.
    pub fn from_words(words: &[u32]) -> Option<Self> {
        match *words {
            [id, 0] => Some(Self::Token(id)),
            [_, 1] => Some(Self::Undecided),
            [_, 2] => Some(Self::NotFinite),
            _ => None,
        }
    }
}

/// The kernels of a draw, in their order, with their grids.
#[derive(Debug, Clone)]
pub struct Draw {
    /// The penalty, and the maxima of groups. Bindings: settings, seen, logits, maxima.
    pub maxima: (Kernel, Workgroups),
    /// The threshold. Bindings: maxima, found.
    pub threshold: (Kernel, Workgroups),
    /// The candidates. Bindings: settings, logits, found, candidates, masses.
    pub gather: (Kernel, Workgroups),
    /// The draw. Bindings: settings, found, candidates, masses, seen, step, drawn.
    pub draw: (Kernel, Workgroups),
}

impl Draw {
    /// Bytes of `maxima`.
    pub const MAXIMA_BYTES: u64 = 4 * GROUPS as u64;
    /// Bytes of `masses`.
    pub const MASSES_BYTES: u64 = 4 * GROUPS as u64;
    /// Bytes of `found`.
    pub const FOUND_BYTES: u64 = 12;
    /// Bytes of `candidates`.
    pub const CANDIDATES_BYTES: u64 = 8 * ROOM as u64;

    /// Bytes of `seen`: a bit a token.
    pub fn seen_bytes(vocabulary: u32) -> u64 {
        4 * u64::from(vocabulary.div_ceil(32))
    }
}

/// A draw from the logits of `vocabulary` tokens.
pub fn draw(vocabulary: u32) -> Draw {
    const COMMON: &str = include_str!("draw/common.wgsl");
    let sizes = [("VOCABULARY", vocabulary), ("GROUPS", GROUPS), ("WANTED", CANDIDATES), ("ROOM", ROOM)];
    let sizes = sizes.map(|(name, value)| (name, Constant::U32(value)));
    let (wide, single) = (Workgroups(GROUPS / super::WORKGROUP, 1, 1), Workgroups(1, 1, 1));
    let kernel = |name, text: &str| compose(name, &sizes, &[COMMON, text]);
    let last = compose("draw", &sizes, &[COMMON, step::WGSL, include_str!("draw/draw.wgsl")]);
    Draw {
        maxima: (kernel("maxima", include_str!("draw/maxima.wgsl")), wide),
        threshold: (kernel("threshold", include_str!("draw/threshold.wgsl")), single),
        gather: (kernel("gather", include_str!("draw/gather.wgsl")), wide),
        draw: (last, single),
    }
}
