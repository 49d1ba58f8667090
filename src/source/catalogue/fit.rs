//! Whether a file of the catalogue fits the GPU at hand, with how much context, and how fast it will be.
//!
//! Decoding reads every weight but the embedding once a token, so the time is that of reading, at the rate that was
//! measured for each type, and that of the launches. What a file is made of follows from how llama.cpp quantises.

use super::{Entry, Family, Quantisation, entries_of, families};
use crate::protocol::{Measurement, Processor};
use std::collections::BTreeMap;

/// Context lengths that are worth telling apart, longest first.
pub const CONTEXTS: [u32; 5] = [32_768, 16_384, 8_192, 4_096, 2_048];

/// Below this rate nobody wants to wait for an answer.
pub const SLOWEST_TOK_S: f64 = 4.0;

/// What to expect of a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fit {
    /// It fits.
    Fits {
        /// The longest of [`CONTEXTS`] for which there is memory, with an f16 cache.
        context: u32,
        /// Decoded tokens a second.
        tok_s: f64,
    },
    /// It does not.
    TooLarge {
        /// Bytes that the shortest context takes.
        needed: u64,
        /// Bytes at hand.
        free: u64,
    },
}

/// What to expect of `entry` on the GPU that was measured.
pub fn fit(entry: &Entry, measured: &Measurement) -> Fit {
    let family = entry.family;
    // One layer's keys, which are not split, must fit a binding.
    let cache_binding = |context: u32| family.kv_bytes_per_token() / 2 / u64::from(family.layers) * u64::from(context);
    let fits = |context: &u32| {
        *context <= family.trained_context
            && needed(entry, *context) <= measured.free_bytes
            && cache_binding(*context) <= measured.max_binding_bytes
    };
    match CONTEXTS.into_iter().find(fits) {
        Some(context) => {
            let bytes = bytes_per_token(entry);
            Fit::Fits {
                context,
                tok_s: measured.decode_tok_s(family.layers, bytes.iter().map(|(name, n)| (*name, *n))),
            }
        }
        None => Fit::TooLarge { needed: needed(entry, *CONTEXTS.last().unwrap_or(&0)), free: measured.free_bytes },
    }
}

/// GPU memory for `context` tokens: weights, cache and a tenth for activations and tables.
fn needed(entry: &Entry, context: u32) -> u64 {
    let bytes = entry.gpu_bytes(context);
    bytes + bytes / 10
}

/// What to probe for: the most that any recommended file takes with the shortest context worth having.
pub fn worth_probing() -> u64 {
    let recommended = families().into_iter().filter_map(recommended_of);
    recommended.map(|entry| needed(entry, 8_192)).max().unwrap_or(0)
}

/// The file to recommend: the largest model whose usual file fits and is not too slow. None on a software adapter, and
/// where nothing fits.
pub fn recommend(measured: &Measurement) -> Option<&'static Entry> {
    if measured.processor == Processor::Software {
        return None;
    }
    // Of two models of one size, the one for long texts is not for everybody.
    let usual = families().into_iter().filter(|family| family.trained_context <= 32_768).filter_map(recommended_of);
    let good = |entry: &&Entry| match fit(entry, measured) {
        Fit::Fits { context, tok_s } => context >= 4_096 && tok_s >= SLOWEST_TOK_S,
        Fit::TooLarge { .. } => false,
    };
    usual.filter(good).max_by_key(|entry| entry.family.parameters)
}

fn recommended_of(family: &'static Family) -> Option<&'static Entry> {
    entries_of(family).find(|entry| entry.advice == super::Advice::Recommended)
}

/// Bytes read for a decoded token, by type.
pub fn bytes_per_token(entry: &Entry) -> BTreeMap<&'static str, u64> {
    let mut all = file_bytes(entry);
    // The embedding is looked up, not multiplied.
    let family = entry.family;
    let embedding = packed(main_type(entry.quantisation), family.vocabulary() * u64::from(family.hidden));
    if let Some(bytes) = all.get_mut(main_type(entry.quantisation)) {
        *bytes = bytes.saturating_sub(embedding);
    }
    all
}

/// Bytes of all matrices of a file, by type.
fn file_bytes(entry: &Entry) -> BTreeMap<&'static str, u64> {
    let Family { hidden, ffn, layers, .. } = *entry.family;
    let [hidden, ffn, layers] = [hidden, ffn, layers].map(u64::from);
    let main = main_type(entry.quantisation);
    let embedding = entry.family.vocabulary() * hidden;
    let key_value = 8 * 128 * hidden;
    let block = 2 * hidden * hidden + 2 * key_value + 3 * hidden * ffn;
    let mut weights = BTreeMap::from([(main, embedding + layers * block)]);
    *weights.entry(head_type(entry.quantisation)).or_default() += embedding;
    if let Quantisation::Q4_K_M | Quantisation::Q5_K_M = entry.quantisation {
        // Values and the way down are kept in 6 bits in the first and last eighth of the blocks, and in every third of
        // the others (llama.cpp's `use_more_bits`).
        let more = (0..layers).filter(|i| *i < layers / 8 || *i >= 7 * layers / 8 || (i - layers / 8) % 3 == 2).count();
        let moved = more as u64 * (key_value + hidden * ffn);
        *weights.entry(main).or_default() -= moved;
        *weights.entry("Q6_K").or_default() += moved;
    }
    let mut bytes: BTreeMap<_, _> = weights.into_iter().map(|(name, count)| (name, packed(name, count))).collect();
    if let Quantisation::Q2_K | Quantisation::Q3_K_M = entry.quantisation {
        // Mixtures of many types: what the file has beyond its head is taken for the main one.
        let head = packed("Q6_K", embedding);
        bytes.insert(main, entry.size.bytes().saturating_sub(head));
        bytes.insert("Q6_K", head);
    }
    bytes
}

/// The type of most matrices.
const fn main_type(quantisation: Quantisation) -> &'static str {
    match quantisation {
        Quantisation::Q2_K => "Q2_K",
        Quantisation::Q3_K_M => "Q3_K",
        Quantisation::Q4_0 => "Q4_0",
        Quantisation::Q4_K_M => "Q4_K",
        Quantisation::Q5_0 => "Q5_0",
        Quantisation::Q5_K_M => "Q5_K",
        Quantisation::Q6_K => "Q6_K",
        Quantisation::Q8_0 => "Q8_0",
        Quantisation::F16 => "F16",
    }
}

/// The type of the head: 6 bits at least.
const fn head_type(quantisation: Quantisation) -> &'static str {
    match quantisation {
        Quantisation::Q8_0 => "Q8_0",
        Quantisation::F16 => "F16",
        _ => "Q6_K",
    }
}

/// Bytes of `count` weights of a type, as in the file and, but for padding, on the GPU.
fn packed(name: &str, count: u64) -> u64 {
    let (bytes, weights) = match name {
        "Q2_K" => (84, 256),
        "Q3_K" => (110, 256),
        "Q4_K" => (144, 256),
        "Q5_K" => (176, 256),
        "Q6_K" => (210, 256),
        "Q4_0" => (18, 32),
        "Q5_0" => (22, 32),
        "Q8_0" => (34, 32),
        _ => (2, 1),
    };
    count / weights * bytes
}

#[cfg(test)]
mod tests {
    use super::super::{Size, entries};
    use super::*;

    fn measurement(free_gb: f64, gb_per_s: f64) -> Measurement {
        let types = ["Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "Q4_0", "Q5_0", "Q8_0", "F16"];
        Measurement {
            adapter: "Test".into(),
            processor: Processor::Gpu,
            max_binding_bytes: 2 << 30,
            free_bytes: (free_gb * 1e9) as u64,
            probed_bytes: 16_000_000_000,
            rates: types.map(|name| (name.to_owned(), gb_per_s * 1e9)).to_vec(),
            seconds_per_launch: 5e-6,
            launches_per_block: 14,
            launches_beside: 3,
            milliseconds: 0.0,
        }
    }

    #[test]
    fn the_parts_of_a_file_are_its_length() {
        for entry in entries() {
            let parts: u64 = file_bytes(entry).values().sum();
            let norms = u64::from(2 * entry.family.layers + 1) * u64::from(entry.family.hidden) * 4;
            let whole = entry.size.bytes();
            let off = whole.abs_diff(parts + norms + 2_138_880);
            // Padding between tensors; where the size itself is rounded or a mixture, that.
            let allowed = match (entry.quantisation, entry.size) {
                (Quantisation::Q2_K | Quantisation::Q3_K_M, _) => whole / 100,
                (_, Size::Exact(_) | Size::About(_)) => 64 * 1024,
            };
            assert!(off <= allowed, "{}: {off} bytes off", entry.file_name());
        }
    }

    #[test]
    fn memory_decides_what_fits_and_speed_what_is_recommended() {
        let name = |measured: &Measurement| recommend(measured).map(|entry| entry.family.name);
        assert_eq!(name(&measurement(24.0, 400.0)), Some("InternLM2.5 20B Chat"));
        assert_eq!(name(&measurement(8.0, 300.0)), Some("InternLM2.5 7B Chat"));
        assert_eq!(name(&measurement(3.0, 50.0)), Some("InternLM2.5 1.8B Chat"));
        assert_eq!(name(&measurement(1.0, 50.0)), None);
        // A slow GPU with much memory, such as an old integrated one.
        assert_eq!(name(&measurement(24.0, 10.0)), Some("InternLM2.5 1.8B Chat"));
        assert_eq!(name(&Measurement { processor: Processor::Software, ..measurement(24.0, 400.0) }), None);
    }

    #[test]
    fn speed_is_bytes_over_bandwidth_and_launches() {
        let entry = families().into_iter().filter_map(recommended_of).nth(1).expect("7B");
        let Fit::Fits { context, tok_s } = fit(entry, &measurement(8.0, 300.0)) else { panic!("fits") };
        assert_eq!(context, 16_384);
        // 4.49 GB without the embedding at 300 GB/s, and 451 launches of 5 µs.
        let seconds = bytes_per_token(entry).values().sum::<u64>() as f64 / 300e9 + 451.0 * 5e-6;
        assert!((tok_s * seconds - 1.0).abs() < 1e-9, "{tok_s}");
        let Fit::TooLarge { needed, free } = fit(entry, &measurement(3.0, 300.0)) else { panic!("too large") };
        assert!(needed > 5_000_000_000 && free == 3_000_000_000);
    }

    #[test]
    fn a_small_binding_shortens_the_context() {
        let entry = families().into_iter().filter_map(recommended_of).next().expect("1.8B");
        let small = Measurement { max_binding_bytes: 16 << 20, ..measurement(24.0, 300.0) };
        // 2 KiB of keys a token and layer.
        assert!(matches!(fit(entry, &small), Fit::Fits { context: 8_192, .. }));
    }
}
