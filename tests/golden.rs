//! The whole engine against the independent oracle: logits and greedy tokens of every model fixture, on the GPU at hand.
//!
//! The fixtures say what an exact computation of the dequantised weights gives (`tests/fixtures/README.md`). What is
//! compared: the last logits of a short and of a 300-token prompt with keys and values in f32 (2e-3) and in f16 (0.05),
//! the greedy continuation, and the best id at every prompt position, computed one token at a time.

#![cfg(feature = "lab")]

#[path = "golden/fixture.rs"]
mod fixture;

use fixture::{Fixture, fixtures};
use inkstone::engine::{Emitted, Prepared, Session, Upload};
use inkstone::gpu::{Gpu, GpuOptions};
use inkstone::kernels::step::Unit;
use inkstone::kernels::{AttentionVariant, ByType, MatmulVariant, MatvecVariant, Ranking, Variant, Variants};
use inkstone::lab::file::ModelFile;
use inkstone::model::reference::Reference;
use inkstone::protocol::{GenerateOptions, KvType, LoadOptions, ModelId};
use inkstone::sampler::Sampler;
use inkstone::source::Cancel;
use inkstone::tokenizer::{Shown, decode};
use std::rc::Rc;

/// Largest difference of a logit that exact keys and values allow: f32 sums in another order.
const EXACT: f32 = 2e-3;
/// The same where keys and values are rounded to 11 bits.
const HALF: f32 = 0.05;
/// Margins below this are not decided by the models' weights but by rounding.
const SAFE_MARGIN: f32 = 0.01;

/// Positions: the longest fixture prompt is 300, and some are generated.
const CONTEXT: u32 = 512;

async fn session(gpu: &Rc<Gpu>, fixture: &Fixture, kv_type: KvType) -> Session {
    let mut file = ModelFile::open(&fixture.path).expect("opens");
    let header = file.header().expect("parses");
    let options = LoadOptions { context_length: Some(CONTEXT), kv_type, ..Default::default() };
    let prepared = Prepared::new(&header, &options).expect("is sound");
    let upload = Upload {
        id: ModelId(fixture.name.clone()),
        source: &mut file,
        cancel: &Cancel::new(),
        variants: Ranking::suited_to(gpu).first(),
        choice_ms: 0.0,
    };
    prepared.load(gpu.clone(), upload, &mut |_, _| ()).await.expect("loads").0
}

async fn read(session: &mut Session, tokens: &[u32]) -> Vec<f32> {
    session.clear();
    session.read(tokens, &Cancel::new(), &mut |_, _| ()).await.expect("reads")
}

fn best(logits: &[f32]) -> u32 {
    (0..logits.len()).rev().max_by(|a, b| logits[*a].total_cmp(&logits[*b])).expect("not empty") as u32
}

/// The `count` best tokens after `logits`, each fed back.
async fn greedy(session: &mut Session, mut logits: Vec<f32>, count: usize) -> Vec<u32> {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(best(&logits));
        logits = session.decode(*ids.last().expect("just pushed")).await.expect("decodes");
    }
    ids
}

/// Everything about one fixture and one type of cache; returns the largest differences of the two prompts.
async fn check(gpu: &Rc<Gpu>, fixture: &Fixture, kv_type: KvType, tolerance: f32) -> (f32, f32) {
    let place = format!("{} {kv_type:?}", fixture.name);
    let mut session = session(gpu, fixture, kv_type).await;
    let logits = read(&mut session, &fixture.prompt).await;
    let short = fixture.difference(&logits);
    assert!(short <= tolerance, "{place}: the logits of the prompt differ by {short}, allowed {tolerance}");
    assert_eq!(greedy(&mut session, logits, fixture.greedy.len()).await, fixture.greedy, "{place}: greedy ids");

    let logits = read(&mut session, &fixture.long_prompt).await;
    let long = fixture.long_difference(&logits);
    assert!(long <= tolerance, "{place}: the logits of the long prompt differ by {long}, allowed {tolerance}");
    assert_eq!(
        greedy(&mut session, logits, fixture.long_greedy.len()).await,
        fixture.long_greedy,
        "{place}: long greedy"
    );

    session.clear();
    for (i, token) in fixture.prompt.iter().enumerate() {
        let logits = session.decode(*token).await.expect("decodes");
        let (expected, margin) = fixture.teacher_forced[i];
        assert!(best(&logits) == expected || margin < SAFE_MARGIN, "{place}: position {i} one token at a time");
    }
    (short, long)
}

/// Every variant of every kernel, each in some combination; returns the largest difference.
async fn check_variants(gpu: &Rc<Gpu>, fixture: &Fixture) -> f32 {
    let mut session = session(gpu, fixture, KvType::F32).await;
    let (matvec, matmul) = (MatvecVariant::by_preference(gpu), MatmulVariant::by_preference(gpu));
    let attention = AttentionVariant::by_preference(gpu);
    let mut worst: f32 = 0.0;
    for i in 0..matvec.len().max(matmul.len()).max(attention.len()) {
        let variants = Variants {
            matvec: ByType::all(matvec[i % matvec.len()]),
            matmul: ByType::all(matmul[i % matmul.len()]),
            attention: attention[i % attention.len()],
        };
        let place = format!("{} with {variants:?}", fixture.name);
        session.set_variants(variants);
        let logits = read(&mut session, &fixture.prompt).await;
        let short = fixture.difference(&logits);
        assert_eq!(greedy(&mut session, logits, fixture.greedy.len()).await, fixture.greedy, "{place}: greedy ids");
        let long = fixture.long_difference(&read(&mut session, &fixture.long_prompt).await);
        worst = worst.max(short).max(long);
        assert!(worst <= EXACT, "{place}: the logits differ by {short} and {long}, allowed {EXACT}");
    }
    worst
}

/// What is drawn on the GPU, with steps that begin before their token is known, is what the sampler draws from the logits
/// of each step; also where the GPU leaves some of it to the host.
async fn check_draws(gpu: &Rc<Gpu>, fixture: &Fixture) {
    const COUNT: u32 = 24;
    let mut session = session(gpu, fixture, KvType::F32).await;
    let open = GenerateOptions { seed: Some(7), max_tokens: Some(COUNT), ..Default::default() };
    let ways = [
        GenerateOptions { temperature: 0.0, repetition_penalty: 1.0, ..open.clone() },
        GenerateOptions { repetition_penalty: 1.2, ..open.clone() },
        // As wide as the candidates or wider, sooner or later.
        GenerateOptions { temperature: 1.0, top_k: 0, top_p: 0.97, ..open.clone() },
        GenerateOptions { temperature: 1.0, top_k: 0, top_p: 0.995, ..open.clone() },
        GenerateOptions { temperature: 1.0, top_k: 0, top_p: 0.9999, ..open.clone() },
        // Never decided by them.
        GenerateOptions { temperature: 1.0, top_k: 0, top_p: 1.0, ..open },
    ];
    for options in ways {
        let place = format!("{} with {options:?}", fixture.name);
        let mut ids = Vec::new();
        let mut sampler = Sampler::new(&options, 0).expect("in range");
        fixture.prompt.iter().for_each(|token| sampler.accept(*token));
        let on_host = options.top_k == 0 && options.top_p == 1.0;
        let mut logits = read(&mut session, &fixture.prompt).await;
        let stops = session.tokenizer().vocabulary().stop_ids().to_vec();
        while ids.len() < COUNT as usize {
            let unit = if on_host { sampler.unit() } else { f64::from(Unit::new(sampler.unit()).single()) };
            let id = sampler.sample_at(&mut logits, unit).expect("finite");
            if stops.contains(&id) {
                break;
            }
            sampler.accept(id);
            ids.push(id);
            logits = session.decode(id).await.expect("decodes");
        }
        session.clear();
        let mut text = String::new();
        let mut emit = |emitted| {
            if let Emitted::Text(delta) = emitted {
                text.push_str(&delta);
            }
        };
        let (_, stats) =
            session.generate(&fixture.prompt, &options, &Cancel::new(), &mut emit).await.expect("generates");
        let expected = decode(session.tokenizer().vocabulary(), &ids, Shown::TextOnly).expect("known ids");
        assert_eq!(text, expected, "{place}");
        assert_eq!(stats.generated_tokens as usize, ids.len(), "{place}: tokens");
        // The last token of a full answer has not gone through the model, and nothing that ran ahead is left.
        let cached = fixture.prompt.len() + ids.len().min(COUNT as usize - 1);
        assert_eq!(session.model().length() as usize, cached, "{place}: tokens in the cache");
    }
}

/// The reference computes in f32 too.
fn check_reference(fixture: &Fixture) -> f32 {
    let mut file = ModelFile::open(&fixture.path).expect("opens");
    let header = file.header().expect("parses");
    let mut reference =
        Reference::load(&header, |tensor| file.read(tensor.offset, tensor.bytes)).expect("the reference loads");
    let rows = reference.forward(&fixture.prompt).expect("computes");
    let difference = fixture.difference(rows.last().expect("one row a token"));
    assert!(difference <= EXACT, "{}: the reference differs by {difference}", fixture.name);
    difference
}

#[test]
fn every_fixture_agrees_with_the_oracle() {
    let fixtures = fixtures();
    assert!(!fixtures.is_empty(), "no model fixtures were found");
    pollster::block_on(async {
        let gpu = Rc::new(Gpu::open(GpuOptions::default()).await.expect("a GPU, or Mesa's lavapipe"));
        println!("{}", gpu.name());
        println!(
            "{:18} {:>9} | {:>9} {:>9} | {:>9} {:>9} | {:>9}",
            "largest difference", "CPU", "f32", "f32, 300", "f16", "f16, 300", "variants"
        );
        for fixture in &fixtures {
            check_draws(&gpu, fixture).await;
            let reference = check_reference(fixture);
            let exact = check(&gpu, fixture, KvType::F32, EXACT).await;
            let half = check(&gpu, fixture, KvType::F16, HALF).await;
            let others = check_variants(&gpu, fixture).await;
            println!(
                "{:18} {reference:9.1e} | {:9.1e} {:9.1e} | {:9.1e} {:9.1e} | {others:9.1e}",
                fixture.name, exact.0, exact.1, half.0, half.1
            );
        }
    });
}
