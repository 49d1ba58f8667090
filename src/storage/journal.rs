//! The journal beside a download's file: how much of each chunk has arrived, and the digest of it. Pure, no I/O.
//!
//! A fixed place for every chunk, so that noting one is one small write however large the file is. After the download
//! it stays, to tell later which chunk has been damaged. Nothing it says is believed without its digest: a chunk whose
//! bytes do not match has not arrived.
//!
//! Form: `INKJ`, version, bytes of a chunk (u32 each), length of the file (u64), 12 bytes of zeros; then for each chunk its
//! filled bytes (u32), the version of the file that they are of (u32), and their SHA-256. All little-endian.

use crate::source::digests::CHUNK_BYTES;
use crate::source::hash::Sha256;
use std::ops::Range;

const MAGIC: [u8; 4] = *b"INKJ";
const VERSION: u32 = 1;
/// Bytes before the first entry.
pub const HEADER_BYTES: usize = 32;
/// Bytes of an entry.
pub const ENTRY_BYTES: usize = 40;

/// What has arrived of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrived {
    /// Bytes from the chunk's beginning on; never 0.
    pub filled: u32,
    /// Which of the versions in the record they are of.
    pub version: u32,
    /// Their digest.
    pub digest: Sha256,
}

/// The journal of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    total: u64,
    chunks: Vec<Option<Arrived>>,
}

impl Journal {
    /// Of a file of `total` bytes of which nothing has arrived.
    pub fn new(total: u64) -> Self {
        let count = total.div_ceil(u64::from(CHUNK_BYTES));
        Self { total, chunks: vec![None; usize::try_from(count).unwrap_or_default()] }
    }

    /// Reads what was written for a file of `total` bytes. Entries that make no sense count as not arrived; `None` if
    /// it is the journal of another file, or none.
    pub fn parse(bytes: &[u8], total: u64) -> Option<Self> {
        let (head, entries) = bytes.split_at_checked(HEADER_BYTES)?;
        if head != header(total) {
            return None;
        }
        let mut journal = Self::new(total);
        for (index, entry) in entries.chunks_exact(ENTRY_BYTES).enumerate().take(journal.chunks.len()) {
            let arrived = read_entry(entry).filter(|arrived| u64::from(arrived.filled) <= length(&journal.span(index)));
            if let Some(chunk) = journal.chunks.get_mut(index) {
                *chunk = arrived;
            }
        }
        Some(journal)
    }

    /// Length of the file.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Number of chunks.
    pub fn len(&self) -> usize {
        self.chunks.len()
    }

    /// Whether the file has no bytes.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Where a chunk is in the file.
    pub fn span(&self, index: usize) -> Range<u64> {
        let start = (index as u64).saturating_mul(u64::from(CHUNK_BYTES)).min(self.total);
        start..start.saturating_add(u64::from(CHUNK_BYTES)).min(self.total)
    }

    /// The chunk that a position is in.
    pub fn chunk_at(&self, position: u64) -> usize {
        usize::try_from(position / u64::from(CHUNK_BYTES)).unwrap_or(usize::MAX)
    }

    /// What has arrived of a chunk.
    pub fn arrived(&self, index: usize) -> Option<Arrived> {
        self.chunks.get(index).copied().flatten()
    }

    /// The first position of a chunk that has not arrived; its end if all has.
    pub fn front(&self, index: usize) -> u64 {
        let filled = self.arrived(index).map_or(0, |arrived| arrived.filled);
        self.span(index).start.saturating_add(u64::from(filled))
    }

    /// Whether all of a chunk has arrived.
    pub fn is_whole(&self, index: usize) -> bool {
        index < self.len() && self.front(index) == self.span(index).end
    }

    /// Whether all of every chunk has.
    pub fn is_complete(&self) -> bool {
        (0..self.len()).all(|index| self.is_whole(index))
    }

    /// Bytes that have arrived.
    pub fn received(&self) -> u64 {
        self.chunks.iter().flatten().map(|arrived| u64::from(arrived.filled)).sum()
    }

    /// Notes what has arrived of a chunk, or that nothing has.
    pub fn note(&mut self, index: usize, arrived: Option<Arrived>) {
        if let Some(chunk) = self.chunks.get_mut(index) {
            *chunk = arrived.filter(|arrived| arrived.filled > 0);
        }
    }

    /// The ranges that have not arrived, in order; neighbours are one.
    pub fn missing(&self) -> Vec<Range<u64>> {
        let mut missing: Vec<Range<u64>> = Vec::new();
        for index in 0..self.len() {
            let range = self.front(index)..self.span(index).end;
            match missing.last_mut() {
                _ if range.is_empty() => (),
                Some(last) if last.end == range.start => last.end = range.end,
                _ => missing.push(range),
            }
        }
        missing
    }

    /// All of it as it is written.
    pub fn to_bytes(&self) -> Vec<u8> {
        let entries = (0..self.len()).flat_map(|index| self.entry(index).1);
        header(self.total).into_iter().chain(entries).collect()
    }

    /// The place and the bytes of a chunk's entry.
    pub fn entry(&self, index: usize) -> (u64, [u8; ENTRY_BYTES]) {
        let at = (index as u64).saturating_mul(ENTRY_BYTES as u64).saturating_add(HEADER_BYTES as u64);
        let mut bytes = [0; ENTRY_BYTES];
        if let Some(arrived) = self.arrived(index) {
            let parts = arrived.filled.to_le_bytes().into_iter().chain(arrived.version.to_le_bytes());
            for (to, from) in bytes.iter_mut().zip(parts.chain(arrived.digest.bytes())) {
                *to = from;
            }
        }
        (at, bytes)
    }
}

fn header(total: u64) -> [u8; HEADER_BYTES] {
    let mut bytes = [0; HEADER_BYTES];
    let parts = MAGIC.into_iter().chain(VERSION.to_le_bytes()).chain(CHUNK_BYTES.to_le_bytes());
    for (to, from) in bytes.iter_mut().zip(parts.chain(total.to_le_bytes())) {
        *to = from;
    }
    bytes
}

fn read_entry(entry: &[u8]) -> Option<Arrived> {
    let (filled, rest) = entry.split_first_chunk::<4>()?;
    let (version, digest) = rest.split_first_chunk::<4>()?;
    let filled = u32::from_le_bytes(*filled);
    let digest = Sha256::new(*digest.first_chunk::<32>()?);
    (filled > 0).then_some(Arrived { filled, version: u32::from_le_bytes(*version), digest })
}

fn length(range: &Range<u64>) -> u64 {
    range.end.saturating_sub(range.start)
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init, reason = "a list of ranges that has one")]
mod tests {
    use super::*;

    const CHUNK: u64 = CHUNK_BYTES as u64;

    fn arrived(filled: u64) -> Option<Arrived> {
        Some(Arrived { filled: filled as u32, version: 3, digest: Sha256::of(&filled.to_le_bytes()) })
    }

    /// Three chunks, the last of 10 bytes.
    fn journal(filled: [u64; 3]) -> Journal {
        let mut journal = Journal::new(2 * CHUNK + 10);
        for (index, filled) in filled.into_iter().enumerate() {
            journal.note(index, arrived(filled));
        }
        journal
    }

    #[test]
    fn a_journal_survives_being_written() {
        for filled in [[0, 0, 0], [CHUNK, 5, 10], [CHUNK, CHUNK, 10], [0, CHUNK, 3]] {
            let journal = journal(filled);
            assert_eq!(Journal::parse(&journal.to_bytes(), journal.total()), Some(journal.clone()));
            assert_eq!(journal.received(), filled.iter().sum::<u64>());
            assert_eq!(journal.is_complete(), journal.missing().is_empty());
        }
    }

    #[test]
    fn an_entry_lies_where_the_whole_has_it() {
        let journal = journal([CHUNK, 5, 10]);
        let bytes = journal.to_bytes();
        for index in 0..journal.len() {
            let (at, entry) = journal.entry(index);
            assert_eq!(bytes[at as usize..at as usize + ENTRY_BYTES], entry);
        }
    }

    #[test]
    fn what_is_missing_is_told_in_as_few_ranges_as_possible() {
        assert_eq!(journal([0, 0, 0]).missing(), [0..2 * CHUNK + 10]);
        assert_eq!(journal([7, 0, 0]).missing(), [7..2 * CHUNK + 10]);
        assert_eq!(journal([7, CHUNK, 3]).missing(), [7..CHUNK, 2 * CHUNK + 3..2 * CHUNK + 10]);
        assert_eq!(journal([CHUNK, 9, 0]).missing(), [CHUNK + 9..2 * CHUNK + 10]);
        assert_eq!(journal([CHUNK, CHUNK, 10]).missing(), []);
        assert_eq!(Journal::new(0).missing(), []);
    }

    #[test]
    fn another_files_journal_is_none_and_damage_costs_chunks_only() {
        let journal = journal([CHUNK, 5, 10]);
        let bytes = journal.to_bytes();
        assert_eq!(Journal::parse(&bytes, journal.total() + 1), None);
        for cut in 0..bytes.len() {
            let part = Journal::parse(&bytes[..cut], journal.total());
            assert_eq!(part.is_some(), cut >= HEADER_BYTES, "cut at {cut}");
            assert!(part.is_none_or(|part| part.len() == 3 && part.received() <= journal.received()));
        }
        // More than a chunk can hold.
        let mut wrong = bytes.clone();
        wrong[HEADER_BYTES + 2 * ENTRY_BYTES] = 11;
        assert_eq!(Journal::parse(&wrong, journal.total()).expect("a journal").arrived(2), None);
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x55;
            let _ = Journal::parse(&damaged, journal.total());
        }
    }

    #[test]
    fn notes_beyond_the_end_change_nothing() {
        let mut journal = journal([0, 0, 0]);
        let before = journal.clone();
        journal.note(3, arrived(1));
        journal.note(1, Some(Arrived { filled: 0, version: 0, digest: Sha256::of(b"") }));
        assert_eq!(journal, before);
        assert!(!journal.is_whole(3) && journal.arrived(9).is_none());
    }
}
