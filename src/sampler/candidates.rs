//! Which tokens stay in the draw: top-k, top-p, min-p.
//!
//! A vocabulary has 92,544 entries and a draw looks at some forty of them, so nothing here sorts them all: a bounded
//! selection finds the likeliest in one pass. Ties go to the lower id, which makes every step deterministic.

use super::{Candidate, each};
use std::cmp::Ordering;

/// Room that the bounded selection leaves beside the `k` it keeps, so that it is thinned out rarely.
const SLACK: usize = 256;

/// The tokens still in the draw. The memory is kept from one token to the next.
#[derive(Debug, Clone, Default)]
pub(super) struct Candidates {
    kept: Vec<Candidate>,
}

impl Candidates {
    /// Keeps what top-k, then top-p, then min-p leave of `logits` `[vocabulary]`; at least the best token. `top` is the
    /// highest logit.
    pub(super) fn keep(&mut self, logits: &[f32], top: f32, top_k: usize, top_p: f32, min_p: f32) {
        let cuts_k = (1..logits.len()).contains(&top_k);
        if cuts_k {
            self.take_likeliest(logits, top_k);
        }
        if top_p < 1.0 {
            if cuts_k {
                let total = mass(self.kept.iter().copied(), top);
                self.cut_to_mass(top_p, total, top);
            } else {
                self.take_mass(logits, top_p, top);
            }
        } else if !cuts_k {
            self.kept.clear();
            self.kept.extend(each(logits));
        }
        if min_p > 0.0 {
            self.kept.retain(|candidate| weight(candidate.logit, top, 1.0) >= f64::from(min_p));
            // So that a draw goes through them in the same order whatever has cut them.
            self.kept.sort_unstable_by(likelier_first);
        }
    }

    /// Draws one of the kept tokens with probability proportional to exp(logit / `temperature`). `unit` is a uniform
    /// number from 0 to just below 1; `top` is the highest logit. `None` if nothing is kept.
    pub(super) fn draw(&self, top: f32, temperature: f32, unit: f64) -> Option<u32> {
        let weights = || self.kept.iter().map(|candidate| (candidate.id, weight(candidate.logit, top, temperature)));
        let total: f64 = weights().map(|(_, weight)| weight).sum();
        let mut left = unit * total;
        let mut last = None;
        for (id, weight) in weights().filter(|&(_, weight)| weight > 0.0) {
            if left < weight {
                return Some(id);
            }
            left -= weight;
            last = Some(id);
        }
        // Only rounding leads here: the sum, taken again term by term, fell short of the total by a last bit.
        last
    }

    /// Keeps the `k` highest logits, at least one, best first. One pass.
    fn take_likeliest(&mut self, logits: &[f32], k: usize) {
        let k = k.max(1);
        self.kept.clear();
        let room = k.saturating_add(k.max(SLACK));
        // Once k are known, only a logit above the least of them can change the result: an equal one has a higher id.
        let mut least = f32::NEG_INFINITY;
        for candidate in each(logits) {
            if candidate.logit <= least {
                continue;
            }
            self.kept.push(candidate);
            if self.kept.len() >= room {
                let (_, kth, _) = self.kept.select_nth_unstable_by(k - 1, likelier_first);
                least = kth.logit;
                self.kept.truncate(k);
            }
        }
        self.kept.sort_unstable_by(likelier_first);
        self.kept.truncate(k);
    }

    /// Keeps the likeliest of all `logits` whose share of the whole softmax reaches `top_p`.
    fn take_mass(&mut self, logits: &[f32], top_p: f32, top: f32) {
        let total = mass(each(logits), top);
        // All tokens below this weight together make up less than 1 - top_p of the total, so the likeliest that reach
        // top_p lie above it, and only those need sorting: a few hundred where the model is sure of itself.
        let least = (1.0 - f64::from(top_p)) * total / logits.len() as f64;
        self.kept.clear();
        self.kept.extend(each(logits).filter(|candidate| weight(candidate.logit, top, 1.0) >= least));
        self.kept.sort_unstable_by(likelier_first);
        self.cut_to_mass(top_p, total, top);
    }

    /// Shortens the kept, which are sorted, to the fewest whose share of `total` reaches `top_p`; at least one. All
    /// stay if they fall short of it, by rounding.
    fn cut_to_mass(&mut self, top_p: f32, total: f64, top: f32) {
        let wanted = f64::from(top_p) * total;
        let mut sum = 0.0;
        for (at, candidate) in self.kept.iter().enumerate() {
            sum += weight(candidate.logit, top, 1.0);
            if sum >= wanted {
                self.kept.truncate(at.saturating_add(1));
                return;
            }
        }
    }
}

/// Best first; the lower id first in a tie. The logits are finite, so the order is total.
fn likelier_first(a: &Candidate, b: &Candidate) -> Ordering {
    b.logit.partial_cmp(&a.logit).unwrap_or(Ordering::Equal).then(a.id.cmp(&b.id))
}

/// Softmax numerator exp((logit - top) / temperature), from 0 to 1. Subtracting the top first keeps exp in range, and
/// keeps any temperature above 0 well defined for the top itself.
fn weight(logit: f32, top: f32, temperature: f32) -> f64 {
    f64::from(((logit - top) / temperature).exp())
}

fn mass(candidates: impl Iterator<Item = Candidate>, top: f32) -> f64 {
    candidates.map(|candidate| weight(candidate.logit, top, 1.0)).sum()
}
