//! The self-test's stored results are those of the plain-Rust twins, and the GPU at hand passes it.
//!
//! `INKSTONE_WRITE=1 cargo test --release --test selftest` writes them anew, after a change of the inputs.

#![cfg(feature = "lab")]

#[path = "kernels/bound.rs"]
#[allow(dead_code, reason = "shared with the tests of the kernels, which use all of it")]
mod bound;

use inkstone::engine::selftest::check::{Check, EPS, FFN, GATES, POSITION, TOKENS, WIDTH, draws, sample};
use inkstone::engine::selftest::inputs::Inputs;
use inkstone::engine::selftest::inputs::side_by_side;
use inkstone::engine::selftest::stored::{Expected, Stored, stored};
use inkstone::engine::selftest::{Scope, SelfTest, verdict};
use inkstone::gpu::{Gpu, GpuOptions};
use inkstone::kernels::step::Unit;
use inkstone::kernels::{Accumulate, DrawSettings, KvSide, Packed, Ranking, Rows, twin};
use inkstone::protocol::{GenerateOptions, KvType};
use inkstone::quant::{DType, dequantize};
use inkstone::sampler::Sampler;

/// The result of a check and how far each number of it may be off.
fn twin_of(check: Check) -> (Vec<f32>, Vec<f64>) {
    let mut inputs = Inputs::new(check);
    let tokens = inputs.tokens();
    match check {
        Check::Weights(dtype) => {
            let weights = dequantized(dtype, &inputs.blocks(&Check::matrix(dtype)));
            let mut x = vec![0.0; (TOKENS * WIDTH) as usize];
            twin::embed(&Check::matrix(dtype), &weights, &tokens, &mut x);
            let bounds = x.iter().map(|w| bound::weight(dtype) * f64::from(w.abs())).collect();
            (x, bounds)
        }
        Check::Matvec(dtype, _) => product(&mut inputs, dtype, 1, Accumulate::Add),
        Check::Gated(dtype, _) => gated(&mut inputs, &Check::gates(dtype)),
        Check::Matmul(dtype, _) => product(&mut inputs, dtype, TOKENS, Accumulate::Replace),
        Check::RmsNorm => {
            let (x, weight) = (inputs.floats(TOKENS * WIDTH), inputs.floats(WIDTH));
            let out = twin::rms_norm(&x, &weight, EPS, Rows::All);
            let bounds = bound::rms_norm(WIDTH as usize, &out);
            (out, bounds)
        }
        Check::Rope => {
            let sizes = Check::attention(KvType::F16, u64::MAX);
            let (rotation, mut out) = (inputs.rotation(), inputs.floats(TOKENS * sizes.width()));
            twin::rope(&sizes, POSITION, &rotation, &mut out);
            // Quarter turns are exact, whatever the order of the sum.
            let bounds = vec![0.0; out.len()];
            (out, bounds)
        }
        Check::Attention(kv_type, _) => attended(&mut inputs, kv_type, TOKENS),
        Check::DecodeAttention(kv_type) => {
            let (out, bounds) = attended(&mut inputs, kv_type, 1);
            (out.repeat(2), bounds.repeat(2))
        }
        Check::SiluMul => {
            let gate_up = inputs.floats(TOKENS * 2 * FFN);
            let bounds = gate_up.chunks_exact(2 * FFN as usize).flat_map(|row| {
                let (gate, up) = row.split_at(FFN as usize);
                gate.iter().zip(up).map(|(gate, up)| bound::silu_mul(*gate, *up))
            });
            (twin::silu_mul(FFN, &gate_up), bounds.collect())
        }
        Check::Draw => {
            let logits = inputs.logits();
            let ids: Vec<f32> = draws().map(|(way, unit)| id_drawn(&logits, way, unit) as f32).collect();
            // Rounding moves no boundary across a number that lies in the middle between two.
            let bounds = vec![0.0; ids.len()];
            (ids, bounds)
        }
    }
}

fn id_drawn(logits: &[f32], way: DrawSettings, unit: Unit) -> u32 {
    let DrawSettings { temperature, top_p, min_p, penalty: repetition_penalty, top_k } = way;
    let options = GenerateOptions { temperature, top_k, top_p, min_p, repetition_penalty, ..Default::default() };
    let mut sampler = Sampler::new(&options, 0).expect("in range");
    sampler.sample_at(&mut logits.to_vec(), unit.value()).expect("finite")
}

#[test]
fn every_cut_and_the_temperature_decide_a_draw_of_the_check() {
    let mut inputs = Inputs::new(Check::Draw);
    inputs.tokens();
    let logits = inputs.logits();
    let changed = |change: &dyn Fn(DrawSettings) -> DrawSettings| {
        draws().filter(|(way, unit)| id_drawn(&logits, *way, *unit) != id_drawn(&logits, change(*way), *unit)).count()
    };
    assert!(changed(&|way| DrawSettings { temperature: 1.0, ..way }) > 0);
    assert!(changed(&|way| DrawSettings { top_p: 1.0, ..way }) > 0);
    assert!(changed(&|way| DrawSettings { min_p: 0.0, ..way }) > 0);
    assert!(changed(&|way| DrawSettings { top_k: 0, ..way }) > 0);
}

fn dequantized(dtype: DType, blocks: &[u8]) -> Vec<f32> {
    let mut weights = vec![0.0; blocks.len() / dtype.block_bytes() * dtype.block_len()];
    dequantize(dtype, blocks, &mut weights).expect("whole blocks");
    weights
}

fn product(inputs: &mut Inputs, dtype: DType, count: u32, accumulate: Accumulate) -> (Vec<f32>, Vec<f64>) {
    let packed = Check::matrix(dtype);
    let (blocks, x) = (inputs.blocks(&packed), inputs.floats(count * WIDTH));
    let weights = dequantized(dtype, &blocks);
    let before = match accumulate {
        Accumulate::Replace => vec![0.0; (count * WIDTH) as usize],
        Accumulate::Add => inputs.floats(count * WIDTH),
    };
    let mut y = before.clone();
    twin::matmul(&packed, &weights, accumulate, WIDTH, &x, &mut y);
    let magnitudes = bound::magnitudes(dtype, &blocks, &weights);
    let bounds = bound::matmul(&packed, &magnitudes, accumulate, WIDTH, &x, &before);
    (y, bounds)
}

fn gated(inputs: &mut Inputs, packed: &Packed) -> (Vec<f32>, Vec<f64>) {
    let (blocks, x, norm) = (inputs.blocks(packed), inputs.floats(WIDTH), inputs.gentle(WIDTH));
    let weights = dequantized(packed.dtype, &blocks);
    let magnitudes = bound::magnitudes(packed.dtype, &blocks, &weights);
    let normed = twin::rms_norm(&x, &norm, EPS, Rows::All);
    let mut rows = vec![0.0; packed.rows as usize];
    twin::matmul(packed, &weights, Accumulate::Replace, packed.rows, &normed, &mut rows);
    let errors = bound::normed(packed, &magnitudes, &normed);
    (twin::silu_mul(GATES, &rows), bound::gated(&rows, &errors))
}

/// Attention over a cache whose integers are equal to the twin's, because no input lies near a tie. The scales of the
/// quantised ones may be off by 2.5 units of their division and one of the twin's: so may be every key and value.
fn attended(inputs: &mut Inputs, kv_type: KvType, count: u32) -> (Vec<f32>, Vec<f64>) {
    let sizes = Check::attention(kv_type, u64::MAX);
    let rotation = inputs.rotation();
    let mut caches = [KvSide::Keys, KvSide::Values].map(|side| (side, vec![0; (sizes.kv.bytes() / 4) as usize]));
    let mut qkv = Vec::new();
    for (position, count) in [(0, POSITION), (POSITION, count)] {
        let [q, k, v] = inputs.projections(count);
        qkv = side_by_side(count, &[&q, &k, &v]);
        for (side, cache) in &mut caches {
            twin::kv_write(&sizes, *side, position, &rotation, &qkv, cache);
        }
    }
    if count == 1 {
        twin::rope(&sizes, POSITION, &rotation, &mut qkv);
    }
    let [keys, values] = caches.map(|(_, cache)| twin::kv_read(&sizes.kv, &cache));
    let out = twin::attention(&sizes, POSITION, &qkv, &keys, &values);
    let mut bounds = bound::attention(&sizes, POSITION, &qkv, &keys, &values);
    if matches!(kv_type, KvType::Q8_0 | KvType::Q4_0) {
        // |q k| / √d is at most 64 · 2 · 2 / 8; an error of a score moves every weight by twice its share.
        let (score, value) = (32.0, 2.0);
        bounds.iter_mut().for_each(|bound| *bound += 4.0 * bound::U * (2.0 * score + 1.0) * value);
    }
    (out, bounds)
}

/// All that is to be stored.
fn computed() -> Stored {
    let results = Check::all().into_iter().map(|check| {
        let (values, bounds) = twin_of(check);
        let tolerance = sample(&bounds).into_iter().fold(0.0, f64::max);
        // Rounded up: what is stored is read again as f32.
        (check.key(), Expected { tolerance: (tolerance * 1.000_001) as f32, values: sample(&values) })
    });
    results.collect()
}

#[test]
fn stored_results_are_the_twins() {
    let computed = computed();
    if std::env::var_os("INKSTONE_WRITE").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/engine/selftest/stored.json");
        let json = serde_json::to_string(&computed).expect("plain data").replace("},", "},\n");
        std::fs::write(path, json + "\n").expect("the source tree can be written");
    } else {
        assert_eq!(stored().expect("readable"), computed);
    }
}

#[test]
fn the_gpu_at_hand_passes_and_a_broken_kernel_or_a_wrong_result_is_found() {
    if std::env::var_os("INKSTONE_WRITE").is_some() {
        return;
    }
    // One after the other, since burn has one device in a process: the faults that need no device of their own here,
    // broken kernels in the browser (`tests/e2e/selftest.test.mjs`).
    let gpu = pollster::block_on(Gpu::open(GpuOptions::default())).expect("a Vulkan driver");
    let test = |wrong: &[String], verified| {
        let test = SelfTest::new(&gpu, verified, wrong).expect("stored results");
        pollster::block_on(test.run(&Scope::everything(), &Ranking::suited_to(&gpu)))
            .expect("no fault of the GPU itself")
    };
    let (right, clean) = test(&[], None);
    let right = right.expect("every kernel has a variant that is right");
    assert_eq!(right.describe(&DType::ALL), Ranking::suited_to(&gpu).first().describe(&DType::ALL));
    assert!(clean.is_clean(), "{:?}", clean.failed);
    assert_eq!(clean.passed.len(), Check::all().len());
    assert_eq!(clean.ran as usize, Check::all().len());

    let (right, known) = test(&[], Some(clean.verified()));
    assert!(right.is_some() && known.is_clean());
    assert_eq!((known.ran, known.passed.len()), (0, clean.passed.len()), "nothing runs twice on one adapter");

    let (right, wrong) = test(&["rms_norm".to_owned()], None);
    let named: Vec<&str> = wrong.failed.iter().map(|fault| fault.check.as_str()).collect();
    assert!(matches!(named[..], [name] if name.starts_with("rms_norm")), "{named:?}");
    assert!(verdict(right, &wrong).is_err());
}
