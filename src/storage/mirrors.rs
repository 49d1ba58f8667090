//! Which of a file's addresses to ask, and when. Pure.
//!
//! An address that says no for good is not asked again; one that fails is, later, and the others first. A download that
//! has brought something is never given up for a fault of the network: it waits.

use crate::error::{Error, ErrorKind};
use crate::source::address::ModelUrl;
use crate::source::backoff::Backoff;
use crate::source::refusal::{Hope, Refusal};

/// Rounds over all addresses without a byte, after which a download that never had one is said to have failed.
const ROUNDS: u32 = 4;

/// How often in a row a host must tell the same other length, to be believed that it has another file.
const TELLINGS: u32 = 3;

/// The addresses of one file, in the order of preference.
#[derive(Debug, Clone)]
pub struct Mirrors {
    list: Vec<Mirror>,
    current: usize,
    backoff: Backoff,
    /// Addresses asked in vain since something last arrived.
    vain: u32,
}

#[derive(Debug, Clone)]
struct Mirror {
    url: ModelUrl,
    /// Why it is not asked any more.
    refused: Option<Error>,
    /// Another length of the file, and how often it was told.
    other_length: Option<(u64, u32)>,
}

/// What to do after a failure.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Ask the current address, which may be another one now, after so many milliseconds.
    Ask(f64),
    /// There is nobody left to ask.
    GiveUp(Error),
}

/// Whether bytes of several addresses may come together in one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bond {
    /// The hash of the whole is known, and will tell.
    Free,
    /// It is not, and something has arrived already.
    Bound,
}

impl Mirrors {
    /// All of them to be asked, the first first.
    pub fn new(urls: Vec<ModelUrl>) -> Self {
        let list = urls.into_iter().map(|url| Mirror { url, refused: None, other_length: None }).collect();
        Self { list, current: 0, backoff: Backoff::default(), vain: 0 }
    }

    /// The address to ask; `None` if all have refused.
    pub fn current(&self) -> Option<&ModelUrl> {
        self.list.get(self.current).filter(|mirror| mirror.refused.is_none()).map(|mirror| &mirror.url)
    }

    /// The addresses that may still be asked, the others before the current one.
    pub fn others_first(&self) -> Vec<ModelUrl> {
        let (before, from) = self.list.split_at(self.current.min(self.list.len()));
        let (current, after) = from.split_at(from.len().min(1));
        let order = after.iter().chain(before).chain(current);
        order.filter(|mirror| mirror.refused.is_none()).map(|mirror| mirror.url.clone()).collect()
    }

    /// Asks `url` from now on, if it is one of these.
    pub fn prefer(&mut self, url: &str) {
        if let Some(index) = self.list.iter().position(|mirror| mirror.url.as_str() == url) {
            self.current = index;
        }
    }

    /// Something arrived.
    pub fn arrived(&mut self) {
        self.backoff.reset();
        self.vain = 0;
        if let Some(mirror) = self.list.get_mut(self.current) {
            mirror.other_length = None;
        }
    }

    /// `url` failed, after it had brought something or not. `had_any` is whether any byte of the file is stored; `random`
    /// is from 0 to 1.
    pub fn failed(&mut self, url: &ModelUrl, refusal: Refusal, had_any: bool, bond: Bond, random: f64) -> Next {
        let Refusal { error, hope } = refusal;
        let of_current = self.current() == Some(url);
        match hope {
            Hope::None => {
                if let Some(mirror) = self.list.iter_mut().find(|mirror| mirror.url == *url) {
                    mirror.refused = Some(error.clone());
                }
                // With the bytes of one address no other can help, unless the hash tells right from wrong.
                if bond == Bond::Bound || (of_current && !self.advance()) {
                    return Next::GiveUp(self.list.iter().find_map(|mirror| mirror.refused.clone()).unwrap_or(error));
                }
                Next::Ask(0.0)
            }
            Hope::Later(asked) | Hope::Slower(asked) => {
                if !of_current {
                    return Next::Ask(0.0);
                }
                self.vain = self.vain.saturating_add(1);
                let alive = self.alive();
                if !had_any && self.vain >= ROUNDS.saturating_mul(alive) {
                    return Next::GiveUp(error);
                }
                if bond == Bond::Free {
                    self.advance();
                }
                // The others are asked at once; only when all have failed there is a pause.
                if bond == Bond::Free && !self.vain.is_multiple_of(alive) && asked.is_none() {
                    return Next::Ask(0.0);
                }
                Next::Ask(self.backoff.fail(random, asked))
            }
        }
    }

    /// A connection to `url` broke off after it had brought something: it is asked to go on.
    pub fn broke(&mut self, asked_ms: Option<f64>, random: f64) -> Next {
        Next::Ask(self.backoff.fail(random, asked_ms))
    }

    /// `url` says that the file has another length than it should.
    pub fn told_length(&mut self, url: &ModelUrl, length: u64, error: Error, bond: Bond, random: f64) -> Next {
        let mirror = self.list.iter_mut().find(|mirror| mirror.url == *url);
        let times = mirror.map_or(TELLINGS, |mirror| {
            let times = match mirror.other_length {
                Some((told, times)) if told == length => times.saturating_add(1),
                _ => 1,
            };
            mirror.other_length = Some((length, times));
            times
        });
        if times < TELLINGS {
            return Next::Ask(self.backoff.fail(random, None));
        }
        self.failed(url, Refusal::last(error), true, bond, random)
    }

    fn alive(&self) -> u32 {
        self.list.iter().filter(|mirror| mirror.refused.is_none()).count().max(1) as u32
    }

    /// Goes on to the next address that may be asked; whether there is one, be it the same.
    fn advance(&mut self) -> bool {
        let count = self.list.len();
        let next = (1..=count).map(|step| (self.current + step) % count.max(1));
        let found = next.into_iter().find(|index| self.list.get(*index).is_some_and(|mirror| mirror.refused.is_none()));
        if let Some(index) = found {
            self.current = index;
        }
        found.is_some()
    }
}

/// The error of a plan without an address.
pub fn nowhere() -> Error {
    Error::new(ErrorKind::BadRequest, "the download names no address; expected at least one in `urls`")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::address::check_url;

    fn url(host: &str) -> ModelUrl {
        check_url(&format!("https://{host}/x.gguf"), "https://page.example").expect("allowed")
    }

    fn mirrors() -> (Mirrors, [ModelUrl; 3]) {
        let urls = ["huggingface.co", "hf-mirror.com", "modelscope.cn"].map(url);
        (Mirrors::new(urls.to_vec()), urls)
    }

    fn network() -> Refusal {
        Refusal::later(Error::new(ErrorKind::Network, "no network"))
    }

    fn gone() -> Refusal {
        Refusal::last(Error::new(ErrorKind::HttpStatus, "404"))
    }

    #[test]
    fn all_are_asked_before_there_is_a_pause_and_in_the_end_it_fails() {
        let (mut mirrors, urls) = mirrors();
        let mut asked = Vec::new();
        let failure = loop {
            let current = mirrors.current().expect("one").clone();
            let next = mirrors.failed(&current, network(), false, Bond::Free, 1.0);
            match next {
                Next::Ask(wait) => asked.push((urls.iter().position(|url| *url == current).expect("one"), wait)),
                Next::GiveUp(error) => break error,
            }
        };
        assert_eq!(failure.kind(), ErrorKind::Network);
        assert_eq!(asked.len(), 11);
        assert_eq!(asked[..4], [(0, 0.0), (1, 0.0), (2, 1000.0), (0, 0.0)]);
    }

    #[test]
    fn what_has_begun_to_arrive_is_never_given_up_for_the_network() {
        let (mut mirrors, _) = mirrors();
        for _ in 0..1000 {
            let current = mirrors.current().expect("one").clone();
            assert!(matches!(mirrors.failed(&current, network(), true, Bond::Free, 0.5), Next::Ask(_)));
        }
    }

    #[test]
    fn an_address_that_says_no_is_not_asked_again() {
        let (mut mirrors, urls) = mirrors();
        assert_eq!(mirrors.failed(&urls[0], gone(), false, Bond::Free, 0.5), Next::Ask(0.0));
        assert_eq!(mirrors.current(), Some(&urls[1]));
        assert_eq!(mirrors.failed(&urls[2], gone(), false, Bond::Free, 0.5), Next::Ask(0.0));
        assert_eq!(mirrors.others_first(), [urls[1].clone()]);
        assert!(matches!(mirrors.failed(&urls[1], gone(), false, Bond::Free, 0.5), Next::GiveUp(_)));
        assert_eq!(mirrors.current(), None);
    }

    #[test]
    fn without_a_hash_the_bytes_of_one_address_stay_its_own() {
        let (mut mirrors, urls) = mirrors();
        assert!(matches!(mirrors.failed(&urls[0], network(), true, Bond::Bound, 1.0), Next::Ask(wait) if wait > 0.0));
        assert_eq!(mirrors.current(), Some(&urls[0]));
        assert!(matches!(mirrors.failed(&urls[0], gone(), true, Bond::Bound, 1.0), Next::GiveUp(_)));
    }

    #[test]
    fn another_length_is_believed_when_it_was_told_often_enough() {
        let (mut mirrors, urls) = mirrors();
        let odd = || Error::new(ErrorKind::HashMismatch, "another length");
        let mut told = |length| mirrors.told_length(&urls[0], length, odd(), Bond::Bound, 0.5);
        for length in [5, 6, 5, 5] {
            assert!(matches!(told(length), Next::Ask(_)));
        }
        assert!(matches!(told(5), Next::GiveUp(error) if error.kind() == ErrorKind::HashMismatch));
    }

    #[test]
    fn the_host_may_ask_for_patience_and_a_late_failure_of_another_changes_nothing() {
        let (mut mirrors, urls) = mirrors();
        let slower = Refusal { error: Error::new(ErrorKind::HttpStatus, "429"), hope: Hope::Slower(Some(9_000.0)) };
        assert_eq!(mirrors.failed(&urls[0], slower, false, Bond::Free, 0.5), Next::Ask(9_000.0));
        assert_eq!(mirrors.current(), Some(&urls[1]));
        assert_eq!(mirrors.failed(&urls[0], network(), false, Bond::Free, 0.5), Next::Ask(0.0));
        assert_eq!(mirrors.current(), Some(&urls[1]));
        mirrors.prefer(urls[2].as_str());
        assert_eq!(mirrors.others_first(), [urls[0].clone(), urls[1].clone(), urls[2].clone()]);
    }
}
