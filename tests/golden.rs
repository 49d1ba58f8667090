//! The whole engine against the independent oracle: logits and greedy tokens of every model fixture, on the GPU at hand.
//!
//! The fixtures say what an exact computation of the dequantised weights gives (`tests/fixtures/README.md`). What is
//! compared: the last logits of a short and of a 300-token prompt with keys and values in f32 (2e-3) and in f16 (0.05),
//! the greedy continuation, and the best id at every prompt position, computed one token at a time.

#![cfg(feature = "lab")]

#[path = "golden/fixture.rs"]
mod fixture;

use fixture::{Fixture, fixtures};
use inkstone::engine::{Prepared, Session, Upload};
use inkstone::gpu::{Gpu, GpuOptions};
use inkstone::kernels::Variants;
use inkstone::lab::file::ModelFile;
use inkstone::model::reference::Reference;
use inkstone::protocol::{KvType, LoadOptions, ModelId};
use inkstone::source::Cancel;
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
        variants: Variants::suited_to(gpu),
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
            "{:18} {:>9} | {:>9} {:>9} | {:>9} {:>9}",
            "largest difference", "CPU", "f32", "f32, 300", "f16", "f16, 300"
        );
        for fixture in &fixtures {
            let reference = check_reference(fixture);
            let exact = check(&gpu, fixture, KvType::F32, EXACT).await;
            let half = check(&gpu, fixture, KvType::F16, HALF).await;
            println!(
                "{:18} {reference:9.1e} | {:9.1e} {:9.1e} | {:9.1e} {:9.1e}",
                fixture.name, exact.0, exact.1, half.0, half.1
            );
        }
    });
}
