//! The tokens of one answer, each drawn from the logits after the one before.
//!
//! Where the settings allow it they are drawn on the GPU, and the next step begins before the host knows the token. The
//! host draws where the GPU's candidates do not decide; the outcome is the same.

use crate::error::{Error, ErrorKind, Result};
use crate::gpu::{Gpu, Reading};
use crate::kernels::step::Unit;
use crate::kernels::{DrawSettings, Drawn};
use crate::model::{Input, Model, Want};
use crate::protocol::GenerateOptions;
use crate::sampler::Sampler;
use web_time::{Duration, Instant};

/// Draws the tokens of one answer.
pub struct Draws<'a> {
    gpu: &'a Gpu,
    sampler: Sampler,
    place: Place,
    /// Of a draw that was given up: the next one has it, so that a seed means the same whether steps run ahead or not.
    returned: Option<Unit>,
}

/// Where tokens are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Gpu,
    Host,
}

/// A token that is being drawn.
pub enum Pending<'a> {
    /// On the GPU, with this number.
    Drawn(Reading<'a>, Unit),
    /// From all logits, by the host.
    Logits(Reading<'a>),
}

impl<'a> Pending<'a> {
    /// What is on its way.
    pub fn into_reading(self) -> Reading<'a> {
        match self {
            Self::Drawn(reading, _) | Self::Logits(reading) => reading,
        }
    }

    /// The number of the draw, where it is made already.
    pub fn unit(&self) -> Option<Unit> {
        match self {
            Self::Drawn(_, unit) => Some(*unit),
            Self::Logits(_) => None,
        }
    }
}

impl<'a> Draws<'a> {
    /// Draws after the tokens of `prompt`, by `model`.
    ///
    /// # Errors
    /// `BadRequest` for options out of range.
    pub fn new(gpu: &'a Gpu, model: &Model, options: &GenerateOptions, seed: u64, prompt: &[u32]) -> Result<Self> {
        let mut sampler = Sampler::new(options, seed)?;
        prompt.iter().for_each(|token| sampler.accept(*token));
        let [temperature, top_p, min_p, penalty] = sampler.numbers();
        let top_k = u32::try_from(sampler.top_k()).unwrap_or(u32::MAX);
        let settings = DrawSettings { temperature, top_p, min_p, penalty, top_k };
        let place = if settings.may_be_decided(model.config().vocabulary) { Place::Gpu } else { Place::Host };
        if place == Place::Gpu {
            model.begin_draws(gpu, &settings, sampler.seen());
        }
        Ok(Self { gpu, sampler, place, returned: None })
    }

    /// The seed in use.
    pub fn seed(&self) -> u64 {
        self.sampler.seed()
    }

    /// Whether the next step can begin before the token is known.
    pub fn can_run_ahead(&self) -> bool {
        self.place == Place::Gpu
    }

    /// What the last step before a draw is to want.
    pub fn want(&mut self) -> Want {
        match self.place {
            Place::Gpu => Want::Draw(self.unit()),
            Place::Host => Want::Logits,
        }
    }

    /// Begins to fetch the token after a step that wanted `want`.
    pub fn fetch(&self, model: &Model, want: Want) -> Pending<'a> {
        match want {
            Want::Draw(unit) => Pending::Drawn(model.start_drawn(self.gpu), unit),
            Want::Cache | Want::Logits => Pending::Logits(model.start_logits(self.gpu)),
        }
    }

    /// Sends `input`, one token, through `model` and begins to draw the one after it. Also the CPU work for that. A software
    /// driver outside of browsers computes while it takes a submission, so there it counts up to that only.
    ///
    /// # Errors
    /// Those of [`Model::forward`].
    pub fn step(&mut self, model: &mut Model, input: Input<'_>) -> Result<(Pending<'a>, Duration)> {
        let want = self.want();
        let start = Instant::now();
        model.forward(self.gpu, input, want)?;
        let queued = start.elapsed();
        let pending = self.fetch(model, want);
        Ok((pending, if cfg!(target_arch = "wasm32") { start.elapsed() } else { queued }))
    }

    /// The token; `None` if all logits must be looked at: see [`Draws::draw_from`].
    ///
    /// # Errors
    /// The GPU's, and the sampler's.
    pub async fn token(&mut self, pending: Pending<'a>) -> Result<Option<u32>> {
        match pending {
            Pending::Logits(reading) => {
                let mut logits = reading.finish_f32().await?;
                let unit = self.unit();
                Ok(Some(self.sampler.sample_at(&mut logits, unit.value())?))
            }
            Pending::Drawn(reading, _) => {
                let words = reading.finish().await?;
                match Drawn::from_words(&words) {
                    Some(Drawn::Token(token)) => Ok(Some(token)),
                    Some(Drawn::Undecided | Drawn::NotFinite) => Ok(None),
                    None => {
                        Err(Error::new(ErrorKind::Gpu, format!("a draw ended with {words:?}, which means nothing")))
                    }
                }
            }
        }
    }

    /// Draws with `unit` from the logits of `model`'s last step, which wanted them. The host draws from now on.
    ///
    /// # Errors
    /// The GPU's, and `NotFinite`.
    pub async fn draw_from(&mut self, model: &Model, unit: Unit) -> Result<u32> {
        self.place = Place::Host;
        let mut logits = model.logits(self.gpu).await?;
        self.sampler.sample_at(&mut logits, unit.value())
    }

    /// Takes back the number of a draw that was given up.
    pub fn give_back(&mut self, unit: Unit) {
        self.returned = Some(unit);
    }

    fn unit(&mut self) -> Unit {
        self.returned.take().unwrap_or_else(|| Unit::new(self.sampler.unit()))
    }

    /// Notes a token of the answer.
    pub fn accept(&mut self, token: u32) {
        self.sampler.accept(token);
    }
}
