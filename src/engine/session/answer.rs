//! The tokens of an answer as they come, where the step after a token may begin before the token is known.
//!
//! On a fast GPU the way of a token to the host and back takes as long as a good part of its step. On a slow one a step
//! that turns out not to be wanted would make whoever asks next wait for it, so there the token is waited for.

use super::Session;
use super::draws::{Draws, Pending};
use crate::error::{Error, ErrorKind, Result};
use crate::kernels::step::Unit;
use crate::model::{Input, Want};
use web_time::{Duration, Instant};

/// Steps longer than this do not begin before they are known to be wanted.
const FAST: Duration = Duration::from_millis(50);

/// An answer under way.
pub struct Answer<'a> {
    draws: Draws<'a>,
    /// The token that comes next.
    pending: Option<Pending<'a>>,
    /// The token after that, whose step has begun with a token that is not known yet.
    ahead: Option<Pending<'a>>,
    /// When the last token came, and how long it took after the one before.
    came: Option<(Instant, Option<Duration>)>,
    busy: Duration,
}

impl<'a> Answer<'a> {
    /// An answer whose first token is `pending`.
    pub fn new(draws: Draws<'a>, pending: Pending<'a>) -> Self {
        Self { draws, pending: Some(pending), ahead: None, came: None, busy: Duration::ZERO }
    }

    /// The next token. `more`: whether there may be another one after it.
    ///
    /// # Errors
    /// The GPU's and the sampler's; `Internal` without [`Answer::go_on`] in between.
    pub async fn next(&mut self, session: &mut Session, more: bool) -> Result<u32> {
        if more && self.is_fast() && self.draws.can_run_ahead() {
            self.ahead = Some(self.step(session, Input::Drawn)?);
        }
        let pending = self.pending.take();
        let pending = pending.ok_or_else(|| Error::new(ErrorKind::Internal, "no token is being drawn"))?;
        let unit = pending.unit().unwrap_or_default();
        let token = match self.draws.token(pending).await? {
            Some(token) => token,
            None => self.draw_again(session, unit).await?,
        };
        let now = Instant::now();
        self.came = Some((now, self.came.map(|(before, _)| now - before)));
        Ok(token)
    }

    /// Takes the token into the conversation; the one after it is begun, if it is not already.
    ///
    /// # Errors
    /// Those of the step.
    pub fn go_on(&mut self, session: &mut Session, token: u32) -> Result<()> {
        self.draws.accept(token);
        let next = match self.ahead.take() {
            Some(ahead) => ahead,
            None => self.step(session, Input::Tokens(&[token]))?,
        };
        session.tokens.push(token);
        self.pending = Some(next);
        Ok(())
    }

    /// Waits for what is being drawn and not wanted, and forgets it.
    pub async fn end(mut self, session: &mut Session) {
        self.settle().await;
        session.keep(session.tokens.len());
    }

    /// Lets every read that has begun come to its end: one that is given up would keep its memory mapped.
    async fn settle(&mut self) {
        for pending in [self.pending.take(), self.ahead.take()].into_iter().flatten() {
            // Whatever it is, whoever wanted it has gone.
            let _ = pending.into_reading().finish().await;
        }
    }

    /// Seconds of CPU work for steps, without waiting.
    pub fn busy_seconds(&self) -> f64 {
        self.busy.as_secs_f64()
    }

    fn step(&mut self, session: &mut Session, input: Input<'_>) -> Result<Pending<'a>> {
        let (pending, busy) = self.draws.step(&mut session.model, input)?;
        self.busy += busy;
        Ok(pending)
    }

    fn is_fast(&self) -> bool {
        self.came.is_some_and(|(_, took)| took.is_some_and(|took| took < FAST))
    }

    /// Draws on the host where the GPU's candidates did not decide. The step is done again for its logits: a step that
    /// ran ahead has taken their place.
    async fn draw_again(&mut self, session: &mut Session, unit: Unit) -> Result<u32> {
        if let Some(unit) = self.ahead.as_ref().and_then(Pending::unit) {
            self.draws.give_back(unit);
        }
        self.settle().await;
        let last = session.tokens.pop();
        let last = last.ok_or_else(|| Error::new(ErrorKind::Internal, "a draw without a conversation"))?;
        session.keep(session.tokens.len());
        session.step(&[last], Want::Logits)?;
        self.draws.draw_from(&session.model, unit).await
    }
}
