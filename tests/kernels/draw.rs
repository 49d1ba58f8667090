//! Draws on the GPU against the sampler, which is their twin.
//!
//! Both add up the same weights, the sampler in f64, the kernels in f32: a sum of n ≤ 192 weights is off by n roundings
//! of 2^-24, and each weight by those of `exp`, (3 + 2 |x|) · 2^-24 (WGSL, accuracy of built-in functions). So a draw may
//! differ only where it would change within [`SLACK`] of its number, of top-p or of min-p.

use super::gpu::{buffer, with, words};
use super::random::{Random, step_of};
use inkstone::kernels::step::Unit;
use inkstone::kernels::{CANDIDATES, Draw, DrawSettings, Drawn, draw};
use inkstone::protocol::GenerateOptions;
use inkstone::sampler::Sampler;
use std::collections::BTreeSet;

const SLACK: f64 = (192 + 64) as f64 / (1 << 24) as f64;

/// What to draw from and how.
#[derive(Clone)]
struct Case {
    logits: Vec<f32>,
    seen: Vec<u32>,
    settings: DrawSettings,
    unit: Unit,
}

/// What the GPU left behind.
struct Left {
    drawn: Drawn,
    /// The token for the next step.
    next: u32,
    seen: Vec<u32>,
}

fn on_gpu(case: Case) -> Left {
    with(move |gpu| {
        let vocabulary = case.logits.len() as u32;
        let kernels = draw(vocabulary);
        let empty = |bytes: u64| buffer(gpu, &vec![0xdead_beef; (bytes / 4) as usize]);
        let settings = buffer(gpu, &case.settings.words(vocabulary));
        let seen = buffer(gpu, &bits(&case.seen, vocabulary));
        let mut step = step_of(7, 1);
        step[2] = case.unit.single().to_bits();
        let step = buffer(gpu, &step);
        let logits = buffer(gpu, &words(&case.logits));
        let [maxima, masses] = [Draw::MAXIMA_BYTES, Draw::MASSES_BYTES].map(empty);
        let [found, candidates, drawn] =
            [Draw::FOUND_BYTES, Draw::CANDIDATES_BYTES, 4 * Drawn::WORDS as u64].map(empty);
        gpu.launch(&kernels.maxima.0, kernels.maxima.1, &[&settings, &seen, &logits, &maxima]);
        gpu.launch(&kernels.threshold.0, kernels.threshold.1, &[&maxima, &found]);
        gpu.launch(&kernels.gather.0, kernels.gather.1, &[&settings, &logits, &found, &candidates, &masses]);
        let bindings = [&settings, &found, &candidates, &masses, &seen, &step, &drawn];
        gpu.launch(&kernels.draw.0, kernels.draw.1, &bindings);
        let read = |buffer, count| pollster::block_on(gpu.read(buffer, count)).expect("the kernels have run");
        Left {
            drawn: Drawn::from_words(&read(&drawn, Drawn::WORDS)).expect("one of the outcomes"),
            next: read(&step, 4)[3],
            seen: read(&seen, vocabulary.div_ceil(32) as usize),
        }
    })
}

fn bits(tokens: &[u32], vocabulary: u32) -> Vec<u32> {
    let mut words = vec![0; vocabulary.div_ceil(32) as usize];
    tokens.iter().for_each(|token| words[*token as usize / 32] |= 1 << (token % 32));
    words
}

/// What the sampler may draw within the slack.
fn allowed(case: &Case) -> BTreeSet<u32> {
    let around = |value: f64| [value, value - SLACK, value + SLACK];
    let mut ids = BTreeSet::new();
    let DrawSettings { temperature, top_p, min_p, penalty, top_k } = case.settings;
    for unit in around(case.unit.value()) {
        for top_p in around(top_p.into()) {
            for min_p in [1.0 - SLACK, 1.0, 1.0 + SLACK].map(|factor| f64::from(min_p) * factor) {
                let options = GenerateOptions {
                    temperature,
                    top_k,
                    // 1 is off, and stays so.
                    top_p: if case.settings.top_p == 1.0 { 1.0 } else { top_p.clamp(0.0, 1.0) as f32 },
                    min_p: min_p.clamp(0.0, 1.0) as f32,
                    repetition_penalty: penalty,
                    seed: Some(1),
                    max_tokens: None,
                };
                let mut sampler = Sampler::new(&options, 0).expect("in range");
                case.seen.iter().for_each(|token| sampler.accept(*token));
                let mut logits = case.logits.clone();
                ids.insert(sampler.sample_at(&mut logits, unit.clamp(0.0, 1.0 - 1e-9)).expect("finite"));
            }
        }
    }
    ids
}

/// How many tokens top-p and min-p leave.
fn width(case: &Case) -> usize {
    let penalised = case.logits.iter().enumerate().map(|(id, logit)| match case.seen.contains(&(id as u32)) {
        true if *logit > 0.0 => logit / case.settings.penalty,
        true => logit * case.settings.penalty,
        false => *logit,
    });
    let mut weights: Vec<f64> = penalised.map(|logit| f64::from(logit).exp()).collect();
    weights.sort_by(|a, b| b.total_cmp(a));
    let (total, top) = (weights.iter().sum::<f64>(), weights[0]);
    let wanted = f64::from(case.settings.top_p) * total;
    let mut sum = 0.0;
    let below = |weight: &&f64| {
        sum += **weight;
        sum - **weight < wanted && **weight >= f64::from(case.settings.min_p) * top
    };
    weights.iter().take_while(below).count()
}

/// Logits as models have them: most in a bell, a few that stand out by `peak`.
fn logits(random: &mut Random, vocabulary: usize, peak: f32) -> Vec<f32> {
    let mut uniform = || random.below(1 << 20) as f32 / (1 << 20) as f32;
    let mut logits: Vec<f32> = (0..vocabulary).map(|_| 4.0 * (uniform() + uniform() + uniform()) - 6.0).collect();
    for _ in 0..vocabulary.min(12) {
        logits[(uniform() * vocabulary as f32) as usize % vocabulary] += peak * uniform();
    }
    logits
}

#[test]
fn draws_are_the_samplers() {
    let mut random = Random::new(41);
    let (mut cases, mut undecided) = (0, 0);
    let usual = DrawSettings { temperature: 0.8, top_p: 0.8, min_p: 0.0, penalty: 1.005, top_k: 40 };
    let ways = [
        usual,
        DrawSettings { temperature: 0.0, ..usual },
        DrawSettings { temperature: 0.0, penalty: 1.0, ..usual },
        DrawSettings { temperature: 1.7, top_p: 1.0, top_k: CANDIDATES, penalty: 1.3, ..usual },
        DrawSettings { temperature: 0.01, ..usual },
        DrawSettings { top_k: 1, ..usual },
        DrawSettings { top_k: 0, top_p: 0.5, ..usual },
        DrawSettings { top_k: 0, top_p: 0.9, min_p: 0.05, ..usual },
        DrawSettings { top_k: 0, top_p: 1.0, min_p: 0.1, temperature: 1.2, penalty: 0.9 },
        DrawSettings { top_p: 0.0, ..usual },
    ];
    for vocabulary in [1, 5, 64, 129, 3072, 4096, 9001, 92_544] {
        for peak in [0.0, 9.0] {
            for settings in ways {
                let logits = logits(&mut random, vocabulary, peak);
                let best = (0..vocabulary).max_by(|a, b| logits[*a].total_cmp(&logits[*b])).expect("not empty") as u32;
                let seen = vec![best, random.below(vocabulary as u64) as u32];
                let unit = Unit::new(random.below(1 << 24) as f64 / (1 << 24) as f64);
                let case = Case { logits, seen, settings, unit };
                let left = on_gpu(case.clone());
                cases += 1;
                let place = format!("{vocabulary} tokens, peak {peak}, {settings:?}, {unit:?}");
                match left.drawn {
                    Drawn::Token(token) => {
                        let allowed = allowed(&case);
                        assert!(allowed.contains(&token), "{place}: drew {token}, the sampler {allowed:?}");
                        assert_eq!(left.next, token, "{place}: the next step's token");
                        let seen = bits(&[&case.seen[..], &[token]].concat(), vocabulary as u32);
                        assert_eq!(left.seen, seen, "{place}: the tokens seen");
                    }
                    Drawn::Undecided => {
                        // Only where neither the temperature nor top-k bounds the choice, and it is a wide one.
                        let cuts_k = (1..vocabulary as u32).contains(&settings.top_k);
                        assert!(settings.temperature > 0.0 && !cuts_k, "{place}: undecided");
                        let kept = width(&case);
                        assert!(kept >= vocabulary.min(CANDIDATES as usize), "{place}: undecided among {kept}");
                        undecided += 1;
                    }
                    Drawn::NotFinite => panic!("{place}: all logits are finite"),
                }
            }
        }
    }
    println!("{cases} draws, {undecided} undecided");
    assert!(undecided > 0, "flat logits leave some draws to the host");
}

#[test]
fn ties_go_to_the_lower_id_and_too_many_of_them_to_the_host() {
    let settings = DrawSettings { temperature: 0.0, top_p: 1.0, min_p: 0.0, penalty: 1.0, top_k: 0 };
    let case = |logits: Vec<f32>| Case { logits, seen: vec![], settings, unit: Unit::default() };
    assert_eq!(on_gpu(case(vec![1.0, 3.0, 2.0, 3.0])).drawn, Drawn::Token(1));
    assert_eq!(on_gpu(case(vec![-1.0, -0.0, 0.0])).drawn, Drawn::Token(1));
    assert_eq!(on_gpu(case(vec![f32::MIN, f32::MAX])).drawn, Drawn::Token(1));
    assert_eq!(on_gpu(case(vec![2.0; 192])).drawn, Drawn::Token(0));
    assert_eq!(on_gpu(case(vec![2.0; 5000])).drawn, Drawn::Undecided);
}

#[test]
fn logits_that_are_not_finite_are_told() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for at in [0, 77, 4999] {
            let mut logits = logits(&mut Random::new(42), 5000, 9.0);
            logits[at] = bad;
            let settings = DrawSettings { temperature: 0.8, top_p: 0.8, min_p: 0.0, penalty: 1.3, top_k: 40 };
            let case = Case { logits, seen: vec![at as u32], settings, unit: Unit::default() };
            assert_eq!(on_gpu(case).drawn, Drawn::NotFinite, "{bad} at {at}");
        }
    }
}
