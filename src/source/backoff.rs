//! How long to wait before a host is asked again: longer after each failure, never at the same moment as everybody else.

/// The first wait, in milliseconds.
const FIRST_MS: f64 = 1_000.0;

/// The longest that is chosen here.
const LONGEST_MS: f64 = 30_000.0;

/// The longest that a host may ask for; more, and the person had better be told.
const LONGEST_ASKED_MS: f64 = 300_000.0;

/// Counts failures since something last arrived.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Something arrived.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// Failures since then.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Notes a failure; returns the milliseconds to wait. `random` is from 0 to 1: half of the wait is left to chance, so
    /// that those whom one fault has hit do not come back together. What the host has asked for is waited at least.
    pub fn fail(&mut self, random: f64, asked_ms: Option<f64>) -> f64 {
        let full = (FIRST_MS * f64::from(1_u32 << self.failures.min(16))).min(LONGEST_MS);
        self.failures = self.failures.saturating_add(1);
        let own = full * (0.5 + 0.5 * random.clamp(0.0, 1.0));
        asked_ms.filter(|asked| asked.is_finite()).map_or(own, |asked| own.max(asked.min(LONGEST_ASKED_MS)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_half_a_minute_and_begin_anew() {
        let mut backoff = Backoff::default();
        let waits: Vec<f64> = (0..8).map(|_| backoff.fail(1.0, None)).collect();
        assert_eq!(waits, [1000.0, 2000.0, 4000.0, 8000.0, 16000.0, 30000.0, 30000.0, 30000.0]);
        backoff.reset();
        assert_eq!((backoff.failures(), backoff.fail(0.0, None)), (0, 500.0));
    }

    #[test]
    fn what_the_host_asks_for_is_respected_within_reason() {
        let wait = |asked| Backoff::default().fail(0.0, Some(asked));
        assert_eq!(wait(7_000.0), 7_000.0);
        assert_eq!(wait(1.0), 500.0);
        assert_eq!(wait(1e12), LONGEST_ASKED_MS);
        assert_eq!(wait(f64::NAN), 500.0);
        let mut late = Backoff { failures: u32::MAX };
        assert_eq!(late.fail(f64::INFINITY, None), LONGEST_MS);
    }
}
