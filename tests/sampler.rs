//! The sampler from outside: what each parameter keeps, how often each token is drawn, and what is refused.

use inkstone::error::ErrorKind;
use inkstone::protocol::GenerateOptions;
use inkstone::sampler::Sampler;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Options that leave the distribution as it is.
const OPEN: GenerateOptions = GenerateOptions {
    temperature: 1.0,
    top_k: 0,
    top_p: 1.0,
    min_p: 0.0,
    repetition_penalty: 1.0,
    seed: Some(1),
    max_tokens: None,
};

fn sampler(options: &GenerateOptions) -> Sampler {
    Sampler::new(options, 0).expect("the options are in range")
}

fn draw(sampler: &mut Sampler, logits: &[f32]) -> u32 {
    sampler.sample(&mut logits.to_vec()).expect("the logits are finite")
}

/// The distinct tokens of many draws.
fn drawn(options: &GenerateOptions, logits: &[f32]) -> BTreeSet<u32> {
    let mut sampler = sampler(options);
    (0..2_000).map(|_| draw(&mut sampler, logits)).collect()
}

/// Softmax at a temperature, in f64.
fn softmax(logits: &[f32], temperature: f64) -> Vec<f64> {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<f64> = logits.iter().map(|logit| (f64::from(logit - top) / temperature).exp()).collect();
    let total: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / total).collect()
}

/// Logits whose softmax at temperature 1 is `probabilities`.
fn logits_of(probabilities: &[f32]) -> Vec<f32> {
    probabilities.iter().map(|p| p.ln()).collect()
}

#[test]
fn temperature_zero_takes_the_best_and_the_lowest_id_in_a_tie() {
    let options = GenerateOptions { temperature: 0.0, ..OPEN };
    assert_eq!(draw(&mut sampler(&options), &[1.0, 3.0, 2.0, 3.0]), 1);
    assert_eq!(draw(&mut sampler(&options), &[0.0, -0.0, 0.0]), 0);
    assert_eq!(draw(&mut sampler(&options), &[-7.5]), 0);
    assert_eq!(draw(&mut sampler(&options), &[f32::MIN, f32::MAX]), 1);
}

#[test]
fn the_same_seed_gives_the_same_tokens_and_another_seed_others() {
    let logits: Vec<f32> =
        (0..1_000u32).map(|i| f32::from(u16::try_from(i * 7919 % 1000).expect("small")) / 200.0).collect();
    let run = |seed| {
        let mut sampler = sampler(&GenerateOptions { seed: Some(seed), ..GenerateOptions::default() });
        (0..50).map(|_| draw(&mut sampler, &logits)).collect::<Vec<_>>()
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

#[test]
fn a_seed_left_open_is_the_callers_and_can_be_asked_for() {
    let open = GenerateOptions { seed: None, ..OPEN };
    assert_eq!(Sampler::new(&open, 42).expect("in range").seed(), 42);
    assert_eq!(Sampler::new(&GenerateOptions { seed: Some(9), ..open }, 42).expect("in range").seed(), 9);
}

#[test]
fn top_k_keeps_the_k_likeliest() {
    let logits = logits_of(&[0.1, 0.3, 0.05, 0.35, 0.2]);
    assert_eq!(drawn(&GenerateOptions { top_k: 1, ..OPEN }, &logits), [3].into());
    assert_eq!(drawn(&GenerateOptions { top_k: 3, ..OPEN }, &logits), [1, 3, 4].into());
    for all in [0, 5, 6, u32::MAX] {
        assert_eq!(drawn(&GenerateOptions { top_k: all, ..OPEN }, &logits), (0..5).collect());
    }
}

#[test]
fn a_tie_at_the_edge_of_top_k_goes_to_the_lower_ids() {
    // More than the bounded selection holds at once, so that it is thinned out on the way.
    let mut logits = vec![1.0; 5_000];
    logits[4_999] = 2.0;
    assert_eq!(drawn(&GenerateOptions { top_k: 4, ..OPEN }, &logits), [0, 1, 2, 4_999].into());
}

#[test]
fn top_p_keeps_the_fewest_likeliest_that_reach_the_sum() {
    let logits = logits_of(&[0.1, 0.3, 0.05, 0.35, 0.2]);
    assert_eq!(drawn(&GenerateOptions { top_p: 0.0, ..OPEN }, &logits), [3].into());
    assert_eq!(drawn(&GenerateOptions { top_p: 0.34, ..OPEN }, &logits), [3].into());
    assert_eq!(drawn(&GenerateOptions { top_p: 0.36, ..OPEN }, &logits), [1, 3].into());
    assert_eq!(drawn(&GenerateOptions { top_p: 0.84, ..OPEN }, &logits), [1, 3, 4].into());
    assert_eq!(drawn(&GenerateOptions { top_p: 1.0, ..OPEN }, &logits), (0..5).collect());
    // After top-k the sum is that of what top-k left: 0.35 of 0.65 already reaches one half.
    assert_eq!(drawn(&GenerateOptions { top_k: 2, top_p: 0.5, ..OPEN }, &logits), [3].into());
}

#[test]
fn top_p_keeps_its_share_of_a_flat_distribution() {
    let logits = vec![0.0; 3_000];
    let kept = drawn(&GenerateOptions { top_p: 0.5, ..OPEN }, &logits);
    assert!(kept.last().is_some_and(|last| (1_300..1_500).contains(last)), "{:?}", kept.last());
}

#[test]
fn min_p_keeps_what_is_likely_enough_beside_the_best() {
    let logits = logits_of(&[0.1, 0.3, 0.05, 0.35, 0.2]);
    assert_eq!(drawn(&GenerateOptions { min_p: 0.5, ..OPEN }, &logits), [1, 3, 4].into());
    assert_eq!(drawn(&GenerateOptions { min_p: 1.0, ..OPEN }, &logits), [3].into());
    assert_eq!(drawn(&GenerateOptions { min_p: 0.0, ..OPEN }, &logits), (0..5).collect());
}

#[test]
fn truncation_comes_before_temperature() {
    // At temperature 1 only the best reaches 0.8; flattened first, it would not.
    let logits = logits_of(&[0.85, 0.1, 0.05]);
    assert_eq!(drawn(&GenerateOptions { top_p: 0.8, temperature: 10.0, ..OPEN }, &logits), [0].into());
}

#[test]
fn the_penalty_divides_positive_and_multiplies_negative_logits_once() {
    let mut sampler = sampler(&GenerateOptions { repetition_penalty: 2.0, temperature: 0.0, ..OPEN });
    for token in [0, 1, 1, 4_000_000_000] {
        sampler.accept(token);
    }
    let mut logits = [3.0, -3.0, 2.0];
    assert_eq!(sampler.sample(&mut logits), Ok(2));
    assert_eq!(logits, [1.5, -6.0, 2.0]);
}

#[test]
fn an_extreme_penalty_makes_no_infinity() {
    for penalty in [f32::MIN_POSITIVE, f32::MAX] {
        let mut sampler = sampler(&GenerateOptions { repetition_penalty: penalty, ..OPEN });
        sampler.accept(0);
        sampler.accept(1);
        let mut logits = [f32::MAX, f32::MIN, 0.0];
        sampler.sample(&mut logits).expect("finite logits");
        assert!(logits.iter().all(|logit| logit.is_finite()));
    }
}

#[test]
fn nan_and_infinity_are_errors_wherever_they_are() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for options in [OPEN, GenerateOptions { temperature: 0.0, ..OPEN }, GenerateOptions { top_k: 1, ..OPEN }] {
            let error = sampler(&options).sample(&mut [9.0, 1.0, bad]).expect_err("not finite");
            assert_eq!(error.kind(), ErrorKind::NotFinite);
            assert!(error.to_string().contains("logit 2 of 3"), "{error}");
        }
    }
}

#[test]
fn no_logits_are_an_error() {
    assert_eq!(sampler(&OPEN).sample(&mut []).expect_err("no logits").kind(), ErrorKind::Internal);
}

#[test]
fn parameters_out_of_range_are_refused_by_name() {
    let bad = [
        ("temperature", GenerateOptions { temperature: -0.1, ..OPEN }),
        ("temperature", GenerateOptions { temperature: f32::NAN, ..OPEN }),
        ("temperature", GenerateOptions { temperature: f32::INFINITY, ..OPEN }),
        ("top_p", GenerateOptions { top_p: 1.1, ..OPEN }),
        ("top_p", GenerateOptions { top_p: -0.1, ..OPEN }),
        ("min_p", GenerateOptions { min_p: 1.5, ..OPEN }),
        ("min_p", GenerateOptions { min_p: f32::NAN, ..OPEN }),
        ("repetition_penalty", GenerateOptions { repetition_penalty: 0.0, ..OPEN }),
        ("repetition_penalty", GenerateOptions { repetition_penalty: f32::INFINITY, ..OPEN }),
    ];
    for (name, options) in bad {
        let error = Sampler::new(&options, 0).expect_err(name);
        assert_eq!(error.kind(), ErrorKind::BadRequest);
        assert!(error.to_string().starts_with(name), "{error}");
    }
    assert!(Sampler::new(&GenerateOptions::default(), 0).is_ok());
}

#[test]
fn draws_follow_softmax_at_every_temperature() {
    const DRAWS: u32 = 20_000;
    let logits = [2.0, -1.0, 0.5, 1.5, 0.0, -0.5, 1.0, 2.2];
    for temperature in [0.5, 0.8, 1.0, 2.0] {
        let mut sampler = sampler(&GenerateOptions { temperature, seed: Some(2024), ..OPEN });
        let mut counts = [0u32; 8];
        for _ in 0..DRAWS {
            counts[draw(&mut sampler, &logits) as usize] += 1;
        }
        let expected = softmax(&logits, f64::from(temperature)).into_iter().map(|p| p * f64::from(DRAWS));
        let chi_square: f64 = counts.iter().zip(expected).map(|(&n, e)| (f64::from(n) - e).powi(2) / e).sum();
        // Seven degrees of freedom: 24.3 is passed once in a thousand times. The seed is fixed.
        assert!(chi_square < 24.3, "chi-square is {chi_square} at temperature {temperature}: {counts:?}");
    }
}

#[test]
fn extreme_temperatures_are_well_defined() {
    let logits = [0.0, 1.0, f32::MIN, f32::MAX];
    for temperature in [f32::MIN_POSITIVE, 1e-3, 1e30, f32::MAX] {
        drawn(&GenerateOptions { temperature, ..OPEN }, &logits);
    }
    assert_eq!(drawn(&GenerateOptions { temperature: 1e-6, ..OPEN }, &[0.0, 1.0, 0.9]), [1].into());
}

/// What the parameters allow, by the definition: sort everything, cut, cut, cut.
fn allowed(logits: &[f32], options: &GenerateOptions) -> BTreeSet<u32> {
    let mut order: Vec<u32> = (0u32..).take(logits.len()).collect();
    order.sort_by(|&a, &b| logits[b as usize].total_cmp(&logits[a as usize]));
    if options.top_k > 0 {
        order.truncate(options.top_k as usize);
    }
    let kept: Vec<f32> = order.iter().map(|&id| logits[id as usize]).collect();
    let probabilities = softmax(&kept, 1.0);
    let mut sum = 0.0;
    let mut allowed = BTreeSet::new();
    for (&id, p) in order.iter().zip(&probabilities) {
        // Room for rounding at the two thresholds.
        if sum > f64::from(options.top_p) + 1e-5 && options.top_p < 1.0 {
            break;
        }
        if *p >= probabilities[0] * f64::from(options.min_p) * (1.0 - 1e-5) {
            allowed.insert(id);
        }
        sum += p;
    }
    allowed
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_token_outside_the_allowed_set_is_ever_drawn(
        logits in prop::collection::vec(prop_oneof![-20.0f32..20.0, Just(1.0f32)], 1..1_500),
        top_k in prop_oneof![Just(0u32), 1u32..60],
        top_p in prop_oneof![Just(1.0f32), 0.0f32..1.0],
        min_p in prop_oneof![Just(0.0f32), 0.0f32..1.0],
        temperature in prop_oneof![Just(0.0f32), 0.05f32..3.0],
        seed in any::<u64>(),
    ) {
        let options = GenerateOptions { temperature, top_k, top_p, min_p, seed: Some(seed), ..OPEN };
        let allowed = allowed(&logits, &options);
        let mut sampler = sampler(&options);
        for _ in 0..20 {
            let token = draw(&mut sampler, &logits);
            prop_assert!(allowed.contains(&token), "{} is not in {:?}", token, allowed);
        }
    }

    #[test]
    fn any_finite_logits_give_a_token_of_the_vocabulary(
        bits in prop::collection::vec(any::<u32>(), 1..400),
        temperature in 0.0f32..5.0,
        penalty in 0.1f32..10.0,
    ) {
        let logits: Vec<f32> = bits.into_iter().map(f32::from_bits).filter(|logit| logit.is_finite()).collect();
        prop_assume!(!logits.is_empty());
        let options = GenerateOptions { temperature, repetition_penalty: penalty, ..GenerateOptions::default() };
        let mut sampler = sampler(&options);
        for _ in 0..5 {
            let token = draw(&mut sampler, &logits);
            prop_assert!((token as usize) < logits.len());
            sampler.accept(token);
        }
    }
}
