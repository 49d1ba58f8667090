//! What is still to be asked for, cut into requests. Pure.
//!
//! A request covers as much as comes in some seconds: each costs a round trip or two, and hosts count them. But not the
//! whole file, so that several can share it without ever asking for the same byte.

use crate::source::digests::CHUNK_BYTES;
use std::collections::VecDeque;
use std::ops::Range;

const CHUNK: u64 = CHUNK_BYTES as u64;

/// How long a request should take, in seconds.
const SECONDS: f64 = 8.0;

/// The length of a request while no speed is known, which is also the least.
pub const FIRST_BYTES: u64 = 4 * CHUNK;

/// The longest request.
const LONGEST_BYTES: u64 = 64 * CHUNK;

/// Ranges of a file that nobody fetches yet, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Segments {
    waiting: VecDeque<Range<u64>>,
}

impl Segments {
    /// Begins with the missing ranges.
    pub fn new(missing: Vec<Range<u64>>) -> Self {
        Self { waiting: missing.into_iter().filter(|range| !range.is_empty()).collect() }
    }

    /// The next range to fetch with one request, where `rate` is the speed of a request in bytes a second, if known, and
    /// `lanes` of them are to share what is left. It ends where a chunk does.
    pub fn take(&mut self, rate: Option<f64>, lanes: usize) -> Option<Range<u64>> {
        let share = self.bytes() / lanes.max(1) as u64;
        let wished = rate.map_or(FIRST_BYTES, |rate| ((rate * SECONDS) as u64).clamp(FIRST_BYTES, LONGEST_BYTES));
        let range = self.waiting.pop_front()?;
        // Short shares are not worth a request of their own.
        let length = wished.min(share.max(CHUNK));
        let cut = range.start.saturating_add(length).div_ceil(CHUNK).saturating_mul(CHUNK);
        if cut < range.end {
            self.waiting.push_front(cut..range.end);
        }
        Some(range.start..cut.min(range.end))
    }

    /// Takes back what was not fetched of a segment; to its place, for the whole is hashed from the beginning on.
    pub fn give_back(&mut self, rest: Range<u64>) {
        if !rest.is_empty() {
            let place = self.waiting.partition_point(|waiting| waiting.start < rest.start);
            self.waiting.insert(place, rest);
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Forgets all of it: somebody has begun to bring the whole file.
    pub fn clear(&mut self) {
        self.waiting.clear();
    }

    fn bytes(&self) -> u64 {
        self.waiting.iter().map(|range| range.end.saturating_sub(range.start)).sum()
    }
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init, reason = "a list of ranges that has one")]
mod tests {
    use super::*;

    fn all(mut segments: Segments, rate: Option<f64>, lanes: usize) -> Vec<Range<u64>> {
        std::iter::from_fn(|| segments.take(rate, lanes)).collect()
    }

    #[test]
    fn segments_cover_what_is_missing_once_and_end_where_chunks_do() {
        let missing = vec![5..7, CHUNK - 1..9 * CHUNK + 3, 20 * CHUNK..70 * CHUNK];
        for rate in [None, Some(1.0), Some(1e7), Some(1e12), Some(f64::NAN)] {
            for lanes in [0, 1, 4] {
                let mut at = 0;
                let mut left = missing.clone();
                for segment in all(Segments::new(missing.clone()), rate, lanes) {
                    assert!(segment.start >= at && !segment.is_empty());
                    at = segment.end;
                    assert_eq!(left[0].start, segment.start);
                    assert!(segment.end == left[0].end || segment.end % CHUNK == 0);
                    left[0].start = segment.end;
                    if left[0].is_empty() {
                        left.remove(0);
                    }
                }
                assert!(left.is_empty());
            }
        }
    }

    #[test]
    fn a_fast_line_has_longer_requests() {
        let first = |rate, lanes| Segments::new(vec![0..1000 * CHUNK]).take(rate, lanes).expect("a segment").end;
        assert_eq!(first(None, 1), 4 * CHUNK);
        assert_eq!(first(Some(1000.0), 1), 4 * CHUNK);
        assert_eq!(first(Some(CHUNK as f64), 1), 8 * CHUNK);
        assert_eq!(first(Some(1e12), 1), 64 * CHUNK);
    }

    #[test]
    fn what_is_left_is_shared() {
        let mut segments = Segments::new(vec![0..8 * CHUNK]);
        assert_eq!(segments.take(Some(1e12), 4), Some(0..2 * CHUNK));
    }

    #[test]
    fn the_rest_of_a_segment_goes_back_to_its_place() {
        let mut segments = Segments::new(vec![0..12 * CHUNK]);
        let first = segments.take(None, 1).expect("a segment");
        segments.give_back(first.start + 9..first.end);
        segments.give_back(7..7);
        assert_eq!(segments.take(None, 1), Some(9..4 * CHUNK));
        assert_eq!(segments.take(None, 1), Some(4 * CHUNK..8 * CHUNK));
    }
}
