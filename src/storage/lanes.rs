//! How many requests to have under way at once: one, unless more are seen to be faster. Pure.
//!
//! One connection is enough where the line is the limit; where each connection is (long distances, hosts that throttle),
//! several add up. So each number is tried for a while, and kept only where it pays.

/// Never more: what a browser opens to a host anyway is six.
pub const MOST: usize = 4;

/// How long a number is tried, in milliseconds; the first half of it is for the connection to get going.
const TRIAL_MS: f64 = 4_000.0;

/// How much faster one more must be.
const GAIN: f64 = 1.15;

/// Finds the number by trying.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lanes {
    allowed: usize,
    /// Bytes a millisecond with one fewer.
    before: f64,
    trial: Option<Trial>,
    search: Search,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Trial {
    began_ms: f64,
    /// Time and bytes at half of the trial.
    half: Option<(f64, u64)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Search {
    Climbing,
    Settled,
}

impl Lanes {
    /// One, to begin with.
    pub fn new() -> Self {
        Self { allowed: 1, before: 0.0, trial: None, search: Search::Climbing }
    }

    /// How many may be under way now.
    pub fn allowed(&self) -> usize {
        self.allowed
    }

    /// Tells how many bytes have arrived in all, while `running` requests are under way.
    pub fn observe(&mut self, now_ms: f64, bytes: u64, running: usize) {
        // Fewer than allowed: the file is nearly there, and nothing can be learned.
        if self.search == Search::Settled || running < self.allowed {
            self.trial = None;
            return;
        }
        let Some(trial) = &mut self.trial else {
            self.trial = Some(Trial { began_ms: now_ms, half: None });
            return;
        };
        let age = now_ms - trial.began_ms;
        match trial.half {
            None if age >= TRIAL_MS / 2.0 => trial.half = Some((now_ms, bytes)),
            Some((since, had)) if age >= TRIAL_MS => {
                let rate = bytes.saturating_sub(had) as f64 / (now_ms - since).max(1.0);
                self.judge(rate);
            }
            _ => (),
        }
    }

    /// The host has asked for less, or a connection has failed: stay with one.
    pub fn be_modest(&mut self) {
        *self = Self { allowed: 1, search: Search::Settled, ..Self::new() };
    }

    fn judge(&mut self, rate: f64) {
        self.trial = None;
        if self.allowed > 1 && rate < self.before * GAIN {
            self.allowed -= 1;
            self.search = Search::Settled;
        } else if self.allowed < MOST {
            self.allowed += 1;
            self.before = rate;
        } else {
            self.search = Search::Settled;
        }
    }
}

impl Default for Lanes {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number that is found where `rate` gives bytes a millisecond by number of lanes.
    fn found(rate: impl Fn(usize) -> f64) -> usize {
        let mut lanes = Lanes::new();
        let (mut now, mut bytes) = (0.0, 0.0);
        for _ in 0..600 {
            now += 100.0;
            bytes += rate(lanes.allowed()) * 100.0;
            lanes.observe(now, bytes as u64, lanes.allowed());
        }
        lanes.allowed()
    }

    #[test]
    fn a_line_that_is_full_has_one_lane() {
        assert_eq!(found(|_| 10_000.0), 1);
        assert_eq!(found(|lanes| 10_000.0 + lanes as f64 * 500.0), 1);
    }

    #[test]
    fn throttled_connections_are_added_up() {
        assert_eq!(found(|lanes| lanes as f64 * 1_000.0), MOST);
        assert_eq!(found(|lanes| lanes.min(2) as f64 * 1_000.0), 2);
    }

    #[test]
    fn nothing_is_learned_while_lanes_are_idle() {
        let mut lanes = Lanes::new();
        for step in 0..200 {
            lanes.observe(f64::from(step) * 100.0, step as u64 * 1000, 0);
        }
        assert_eq!(lanes, Lanes::new());
    }

    #[test]
    fn a_host_that_asks_for_less_gets_less() {
        let mut lanes = Lanes { allowed: 4, ..Lanes::new() };
        lanes.be_modest();
        for step in 0..200 {
            lanes.observe(f64::from(step) * 100.0, step as u64 * 1_000_000, 1);
        }
        assert_eq!(lanes.allowed(), 1);
    }
}
