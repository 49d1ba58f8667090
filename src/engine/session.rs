//! One conversation with a loaded model: what is in the cache, reading a prompt, and the loop that generates.
//!
//! It stops between two steps, never inside one, so the cache always matches the list of its tokens.

mod answer;
mod draws;
mod pace;

use crate::error::{Error, ErrorKind, Result};
use crate::gpu::Gpu;
use crate::kernels::Variants;
use crate::model::{Input, Model, Want};
use crate::protocol::{FinishReason, GenerateOptions, GenerationStats};
use crate::source::Cancel;
use crate::tokenizer::{Shown, StreamDecoder, Tokenizer};
use answer::Answer;
use draws::Draws;
use pace::Pace;
use std::rc::Rc;
use web_time::Instant;

/// What [`Session::generate`] tells while it runs.
#[derive(Debug)]
pub enum Emitted {
    /// Prompt tokens read so far, and of how many.
    Prefill(u32, u32),
    /// New text: whole characters.
    Text(String),
}

/// A loaded model, its tokenizer, and the tokens whose keys and values are in its cache.
pub struct Session {
    gpu: Rc<Gpu>,
    model: Model,
    tokenizer: Rc<Tokenizer>,
    /// In the cache, oldest first.
    tokens: Vec<u32>,
    pace: Pace,
}

impl Session {
    /// A session with an empty cache.
    pub fn new(gpu: Rc<Gpu>, model: Model, tokenizer: Tokenizer) -> Self {
        let pace = Pace::new(model.config().layers);
        Self { gpu, model, tokenizer: Rc::new(tokenizer), tokens: Vec::new(), pace }
    }

    /// The GPU that it runs on.
    pub fn gpu(&self) -> &Rc<Gpu> {
        &self.gpu
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Uses other kernel variants from now on.
    pub fn set_variants(&mut self, variants: Variants) {
        self.model.set_variants(variants);
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// Forgets the conversation.
    pub fn clear(&mut self) {
        self.tokens.clear();
        self.model.truncate(0);
    }

    /// Makes `prompt` the contents of the cache, keeping the longest prefix that is there already, and returns the logits
    /// after its last token.
    ///
    /// # Errors
    /// `ContextFull` if it does not fit, `BadRequest` if it is empty, `Cancelled`, and the GPU's.
    pub async fn read(
        &mut self,
        prompt: &[u32],
        cancel: &Cancel,
        progress: &mut dyn FnMut(u32, u32),
    ) -> Result<Vec<f32>> {
        self.read_for(prompt, Want::Logits, cancel, progress).await?;
        self.model.logits(&self.gpu).await
    }

    /// The same, with what `want` says after the last token, which is only queued.
    pub(super) async fn read_for(
        &mut self,
        prompt: &[u32],
        want: Want,
        cancel: &Cancel,
        progress: &mut dyn FnMut(u32, u32),
    ) -> Result<()> {
        let Some(last) = prompt.len().checked_sub(1) else {
            return Err(Error::new(ErrorKind::BadRequest, "the prompt has no tokens; give it some text"));
        };
        if prompt.len() > self.model.context() as usize {
            let message = format!(
                "the prompt has {} tokens, the context {}; shorten the conversation or load the model with a longer \
                 context",
                prompt.len(),
                self.model.context()
            );
            return Err(Error::new(ErrorKind::ContextFull, message));
        }
        // The last token is always read again: its logits are what is wanted.
        let kept = self.cached(prompt).min(last);
        self.keep(kept);
        let mut rest = prompt.get(kept..).unwrap_or_default();
        while !rest.is_empty() {
            cancel.check()?;
            let count = self.pace.tokens(self.model.step_tokens());
            let (step, after) = rest.split_at(rest.len().min(count as usize));
            self.model.set_grain(self.pace.grain(count));
            if after.is_empty() {
                self.step(step, want)?;
            } else {
                // One step in flight: that keeps the page's frames, and lets Stop in between.
                let start = Instant::now();
                self.step(step, Want::Cache)?;
                self.gpu.finish().await?;
                self.pace.learn(step.len() as u32, start.elapsed().as_secs_f64());
            }
            rest = after;
            progress((prompt.len() - rest.len()) as u32, prompt.len() as u32);
        }
        Ok(())
    }

    /// Appends one token and returns the logits after it.
    ///
    /// # Errors
    /// `ContextFull`, `BadRequest` for an unknown id, and the GPU's.
    pub async fn decode(&mut self, token: u32) -> Result<Vec<f32>> {
        self.step(&[token], Want::Logits)?;
        self.model.logits(&self.gpu).await
    }

    /// Continues `prompt` until the model ends, the limits are reached or `cancel` says so.
    ///
    /// # Errors
    /// Those of [`Session::read`] and of the sampler; what was emitted before remains valid. A cancelled answer is no
    /// error.
    pub async fn generate(
        &mut self,
        prompt: &[u32],
        options: &GenerateOptions,
        cancel: &Cancel,
        emit: &mut dyn FnMut(Emitted),
    ) -> Result<(FinishReason, GenerationStats)> {
        let gpu = self.gpu.clone();
        let mut draws = Draws::new(&gpu, &self.model, options, fresh_seed(), prompt)?;
        let start = Instant::now();
        let mut stats = GenerationStats {
            prompt_tokens: prompt.len() as u32,
            cached_tokens: self.cached(prompt).min(prompt.len().saturating_sub(1)) as u32,
            seed: draws.seed(),
            ..Default::default()
        };
        let want = draws.want();
        let read = self.read_for(prompt, want, cancel, &mut |done, of| emit(Emitted::Prefill(done, of))).await;
        match read {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Cancelled => {
                stats.context_used = self.model.length();
                return Ok((FinishReason::Cancelled, stats));
            }
            Err(error) => return self.distrust(Err(error)),
        }
        let pending = draws.fetch(&self.model, want);
        let mut answer = Answer::new(draws, pending);
        let reason = self.follow(&mut answer, options, (start, &mut stats), cancel, emit).await;
        answer.end(self).await;
        let reason = self.distrust(reason)?;
        stats.context_used = self.model.length();
        Ok((reason, stats))
    }

    /// Takes the tokens of `answer` as they come.
    async fn follow(
        &mut self,
        answer: &mut Answer<'_>,
        options: &GenerateOptions,
        (start, stats): (Instant, &mut GenerationStats),
        cancel: &Cancel,
        emit: &mut dyn FnMut(Emitted),
    ) -> Result<FinishReason> {
        let limit = options.max_tokens.unwrap_or(u32::MAX);
        let context = self.model.context() as usize;
        let tokenizer = self.tokenizer.clone();
        let vocabulary = tokenizer.vocabulary();
        let mut decoder = StreamDecoder::new(vocabulary, Shown::TextOnly);
        let mut first_at = None;
        let reason = loop {
            if stats.generated_tokens >= limit {
                break FinishReason::Length;
            }
            if cancel.is_cancelled() {
                break FinishReason::Cancelled;
            }
            let more = stats.generated_tokens + 1 < limit && self.tokens.len() < context;
            let token = answer.next(self, more).await?;
            let now = *first_at.get_or_insert_with(Instant::now);
            if stats.first_token_ms == 0.0 {
                stats.first_token_ms = (now - start).as_secs_f64() * 1e3;
                stats.prefill_tok_s = rate(stats.prompt_tokens - stats.cached_tokens, (now - start).as_secs_f64());
            }
            if vocabulary.stop_ids().contains(&token) {
                break FinishReason::Stop;
            }
            stats.generated_tokens += 1;
            let text = decoder.push(token)?;
            if !text.is_empty() {
                emit(Emitted::Text(text));
            }
            if stats.generated_tokens >= limit {
                break FinishReason::Length;
            }
            if self.tokens.len() >= context {
                break FinishReason::ContextFull;
            }
            answer.go_on(self, token)?;
        };
        let rest = decoder.flush();
        if !rest.is_empty() {
            emit(Emitted::Text(rest));
        }
        if let Some(first) = first_at {
            stats.decode_tok_s = rate(stats.generated_tokens.saturating_sub(1), first.elapsed().as_secs_f64());
        }
        Ok(reason)
    }

    /// Decodes `count` tokens from `token` on, as an answer does, for benchmarks: the seconds of CPU work.
    ///
    /// # Errors
    /// As [`Session::decode`], and `Cancelled`.
    pub(super) async fn decode_some(&mut self, token: u32, count: u32, cancel: &Cancel) -> Result<f64> {
        let gpu = self.gpu.clone();
        let mut draws = Draws::new(&gpu, &self.model, &GenerateOptions::by_heart(), 0, &[])?;
        let (pending, busy) = draws.step(&mut self.model, Input::Tokens(&[token]))?;
        self.tokens.push(token);
        let mut answer = Answer::new(draws, pending);
        let done = self.follow_all(&mut answer, count, cancel).await;
        let busy = busy.as_secs_f64() + answer.busy_seconds();
        answer.end(self).await;
        done.map(|()| busy)
    }

    /// Takes `count` tokens of `answer`, whatever they are.
    async fn follow_all(&mut self, answer: &mut Answer<'_>, count: u32, cancel: &Cancel) -> Result<()> {
        for left in (0..count).rev() {
            cancel.check()?;
            let next = answer.next(self, left > 0).await?;
            if left > 0 {
                answer.go_on(self, next)?;
            }
        }
        Ok(())
    }

    /// Forgets the conversation where `result` says that what is in the cache may not be what was meant.
    fn distrust<T>(&mut self, result: Result<T>) -> Result<T> {
        if let Err(error) = &result
            && matches!(error.kind(), ErrorKind::Gpu | ErrorKind::GpuOutOfMemory | ErrorKind::NotFinite)
        {
            self.clear();
        }
        result
    }

    /// How many tokens at the beginning of `prompt` are in the cache.
    fn cached(&self, prompt: &[u32]) -> usize {
        prompt.iter().zip(&self.tokens).take_while(|(a, b)| a == b).count()
    }

    /// Forgets all but the first `length` tokens.
    pub(super) fn keep(&mut self, length: usize) {
        self.tokens.truncate(length);
        self.model.truncate(length as u32);
    }

    fn step(&mut self, tokens: &[u32], want: Want) -> Result<()> {
        self.model.forward(&self.gpu, Input::Tokens(tokens), want)?;
        self.tokens.extend_from_slice(tokens);
        Ok(())
    }
}

/// A seed from the system's randomness; small enough to be a number in JavaScript. Without randomness, a fixed one.
fn fresh_seed() -> u64 {
    u64::from(getrandom::u32().unwrap_or(1))
}

fn rate(count: u32, seconds: f64) -> f64 {
    if seconds > 0.0 { f64::from(count) / seconds } else { 0.0 }
}
