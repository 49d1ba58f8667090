//! Speed and time left of something that counts up.
//!
//! A moving average over seconds rather than over samples, so that bursts of small reports do not make it jump.

/// Weight of the past fades to a third in this many milliseconds.
const MEMORY_MS: f64 = 4000.0;
/// Reports closer than this are taken together.
const SPACING_MS: f64 = 200.0;

/// Measures a count that grows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rate {
    last: Option<(f64, u64)>,
    per_second: Option<f64>,
}

impl Rate {
    /// Takes the count `done` at `now` milliseconds and returns units a second, once there is a figure.
    pub fn observe(&mut self, now: f64, done: u64) -> Option<f64> {
        let Some((then, before)) = self.last else {
            self.last = Some((now, done));
            return None;
        };
        let elapsed = now - then;
        if done < before {
            // A restart: what is known of the speed still holds.
            self.last = Some((now, done));
        } else if elapsed >= SPACING_MS {
            let current = (done - before) as f64 * 1000.0 / elapsed;
            let keep = (-elapsed / MEMORY_MS).exp();
            self.per_second = Some(match self.per_second {
                Some(average) => average * keep + current * (1.0 - keep),
                None => current,
            });
            self.last = Some((now, done));
        }
        self.per_second
    }
}

/// Seconds until `total` at this speed; `None` while that cannot be told.
pub fn seconds_left(done: u64, total: u64, per_second: f64) -> Option<f64> {
    let seconds = total.checked_sub(done)? as f64 / per_second;
    (seconds.is_finite() && seconds < 7.0 * 86_400.0).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_count_has_a_steady_rate() {
        let mut rate = Rate::default();
        assert_eq!(rate.observe(0.0, 0), None);
        for step in 1..100u64 {
            let seen = rate.observe(step as f64 * 500.0, step * 1000).expect("a figure");
            assert!((seen - 2000.0).abs() < 1e-6, "{seen}");
        }
    }

    #[test]
    fn a_burst_moves_the_rate_only_a_little() {
        let mut rate = Rate::default();
        rate.observe(0.0, 0);
        rate.observe(1000.0, 1000);
        let seen = rate.observe(1200.0, 3000).expect("a figure");
        assert!(seen > 1000.0 && seen < 1600.0, "{seen}");
    }

    #[test]
    fn a_restart_does_not_make_it_negative() {
        let mut rate = Rate::default();
        rate.observe(0.0, 5000);
        rate.observe(1000.0, 6000);
        assert_eq!(rate.observe(2000.0, 0), Some(1000.0));
        assert!(rate.observe(3000.0, 1000).expect("a figure") > 0.0);
    }

    #[test]
    fn time_left_is_told_only_when_it_means_something() {
        assert_eq!(seconds_left(500, 1000, 100.0), Some(5.0));
        assert_eq!(seconds_left(500, 1000, 0.0), None);
        assert_eq!(seconds_left(2000, 1000, 100.0), None);
        assert_eq!(seconds_left(1000, 1000, 100.0), Some(0.0));
    }
}
