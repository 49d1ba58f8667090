//! Logits → one token id.
//!
//! Pure and seeded: the same logits, options and seed give the same ids on every machine. Nothing here may read a
//! clock, draw entropy, or know the model, the tokenizer or the GPU.
//!
//! The order of the steps is llama.cpp's default chain, because the numbers people carry over from other programs were
//! tuned on it: repetition penalty → top-k → top-p → min-p → temperature. The truncations therefore see the
//! distribution at temperature 1, and a high temperature flattens only what they left: it cannot bring back the tail.
//! Temperature 0 takes the best id after the penalty, the lowest one in a tie.
//!
//! NaN and infinity are errors and never a token: they mean broken weights or a broken kernel, and an answer made
//! from them would look merely odd.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::indexing_slicing))]

mod candidates;
mod random;

use crate::error::{Error, ErrorKind, Result};
use crate::protocol::GenerateOptions;
use candidates::Candidates;
use random::Random;
use std::collections::HashSet;

/// Chooses the tokens of one answer.
///
/// Call [`accept`](Self::accept) for every token of the prompt and for every token chosen: the repetition penalty
/// covers both, as in the Hugging Face implementation that InternLM's suggested 1.005 was made for.
#[derive(Debug, Clone)]
pub struct Sampler {
    temperature: f32,
    top_k: usize,
    top_p: f32,
    min_p: f32,
    repetition_penalty: f32,
    seed: u64,
    random: Random,
    seen: HashSet<u32>,
    candidates: Candidates,
}

impl Sampler {
    /// A sampler for one answer, with the seed of `options`, or `fresh_seed` if they leave it open (where randomness
    /// comes from is the caller's affair).
    ///
    /// Errors with [`ErrorKind::BadRequest`] where a parameter is out of its range.
    pub fn new(options: &GenerateOptions, fresh_seed: u64) -> Result<Self> {
        let GenerateOptions { temperature, top_k, top_p, min_p, repetition_penalty, seed, max_tokens: _ } = *options;
        require("temperature", temperature, temperature >= 0.0, "0 (always the best token) or more; 0.8 is usual")?;
        require("top_p", top_p, (0.0..=1.0).contains(&top_p), "from 0 to 1; 1 is off")?;
        require("min_p", min_p, (0.0..=1.0).contains(&min_p), "from 0 to 1; 0 is off")?;
        require("repetition_penalty", repetition_penalty, repetition_penalty > 0.0, "more than 0; 1 is off")?;
        let seed = seed.unwrap_or(fresh_seed);
        Ok(Self {
            temperature,
            top_k: usize::try_from(top_k).unwrap_or(usize::MAX),
            top_p,
            min_p,
            repetition_penalty,
            seed,
            random: Random::new(seed),
            seen: HashSet::new(),
            candidates: Candidates::default(),
        })
    }

    /// The temperature, top-p, min-p and repetition penalty, all in range.
    pub fn numbers(&self) -> [f32; 4] {
        [self.temperature, self.top_p, self.min_p, self.repetition_penalty]
    }

    /// How many of the likeliest are kept; 0: all.
    pub fn top_k(&self) -> usize {
        self.top_k
    }

    /// The tokens noted for the repetition penalty, in no order.
    pub fn seen(&self) -> impl Iterator<Item = u32> + '_ {
        self.seen.iter().copied()
    }

    /// The number, from 0 to below 1, for the next draw.
    pub fn unit(&mut self) -> f64 {
        self.random.unit()
    }

    /// The seed in use, so that an answer can be had again.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Notes a token of the prompt or of the answer for the repetition penalty.
    pub fn accept(&mut self, token: u32) {
        self.seen.insert(token);
    }

    /// The next token, from `logits` `[vocabulary]`. The penalty is applied in place; the rest of them stays as it is.
    ///
    /// Errors with [`ErrorKind::NotFinite`] if any logit is NaN or infinite, whether it could be chosen or not, and
    /// with [`ErrorKind::Internal`] if there are none.
    pub fn sample(&mut self, logits: &mut [f32]) -> Result<u32> {
        // The best token needs no number, and takes none, so that a seed means the same with it and without.
        let unit = if self.temperature == 0.0 { 0.0 } else { self.unit() };
        self.sample_at(logits, unit)
    }

    /// [`Sampler::sample`] with a number from [`Sampler::unit`].
    ///
    /// Errors as there.
    pub fn sample_at(&mut self, logits: &mut [f32], unit: f64) -> Result<u32> {
        check_finite(logits)?;
        self.penalise(logits);
        let Some(best) = best(logits) else {
            return Err(Error::new(ErrorKind::Internal, "the model returned no logits; expected one per token"));
        };
        if self.temperature == 0.0 {
            return Ok(best.id);
        }
        self.candidates.keep(logits, best.logit, self.top_k, self.top_p, self.min_p);
        let chosen = self.candidates.draw(best.logit, self.temperature, unit);
        Ok(chosen.unwrap_or(best.id))
    }

    /// Repetition penalty of CTRL (Keskar et al. 2019, arXiv:1909.05858, section 4.1) in the form that all
    /// implementations share: positive logits are divided, negative ones multiplied, once per distinct token.
    fn penalise(&self, logits: &mut [f32]) {
        if self.repetition_penalty == 1.0 {
            return;
        }
        for &token in &self.seen {
            let Some(logit) = usize::try_from(token).ok().and_then(|at| logits.get_mut(at)) else { continue };
            let changed =
                if *logit > 0.0 { *logit / self.repetition_penalty } else { *logit * self.repetition_penalty };
            // An extreme penalty must not make infinity out of a finite logit: infinity minus itself is NaN.
            *logit = changed.clamp(f32::MIN, f32::MAX);
        }
    }
}

/// A token that may be chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Candidate {
    id: u32,
    logit: f32,
}

/// The candidates in order of their ids. Ids beyond `u32` cannot occur: a vocabulary counts in `u32`.
fn each(logits: &[f32]) -> impl Iterator<Item = Candidate> + '_ {
    (0u32..).zip(logits).map(|(id, &logit)| Candidate { id, logit })
}

/// The highest logit, the lowest id in a tie; `None` if there are none.
fn best(logits: &[f32]) -> Option<Candidate> {
    each(logits).reduce(|best, next| if next.logit > best.logit { next } else { best })
}

/// Refuses logits that are not finite. The first look is a maximum over bit patterns, which compilers vectorise.
fn check_finite(logits: &[f32]) -> Result<()> {
    let magnitude = |logit: &f32| logit.to_bits() & !f32::to_bits(-0.0);
    if logits.iter().map(magnitude).fold(0, u32::max) < f32::INFINITY.to_bits() {
        return Ok(());
    }
    let Some(bad) = each(logits).find(|candidate| !candidate.logit.is_finite()) else { return Ok(()) };
    Err(Error::new(
        ErrorKind::NotFinite,
        format!(
            "logit {} of {} is {}; expected finite numbers: the weights are damaged or a GPU kernel is wrong. \
             Check the file's hash and run the self-test",
            bad.id,
            logits.len(),
            bad.logit
        ),
    ))
}

fn require(name: &str, value: f32, in_range: bool, expected: &str) -> Result<()> {
    if in_range && value.is_finite() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::BadRequest, format!("{name} is {value}; expected a number {expected}")))
}
