//! Attention over caches of every type.

use super::gpu::{buffer, floats, run, with, words};
use super::random::{Random, step_of};
use super::{bound, report::Report};
use inkstone::gpu::Buffer;
use inkstone::gpu::Workgroups;
use inkstone::kernels::{
    Attention, AttentionVariant, KvShape, KvSide, Stretches, Variant, attention, combine, decode_attention, stretch,
    twin,
};
use inkstone::protocol::KvType;

/// Positions of every cache; those behind the step hold what must never be seen.
const CONTEXT: u32 = 207;

/// Positions that a step's last token sees: around the 64 keys of a tile, one, and several tiles.
const VISIBLE: [u32; 5] = [1, 63, 64, 65, 200];

#[test]
fn attention_is_the_twins() {
    let (mut random, mut report) = (Random::new(31), Report::new("attention"));
    for kv_type in [KvType::F32, KvType::F16, KvType::Q8_0, KvType::Q4_0] {
        for head_dim in [4, 8, 48, 64, 128, Attention::MAX_HEAD_DIM] {
            for (group, kv_heads) in [(1, 3), (2, 1), (4, 2), (6, 2)] {
                let kv = KvShape { kv_type, kv_heads, context: CONTEXT, head_dim };
                if head_dim % kv.block() == 0 {
                    heads_of(&Attention { heads: group * kv_heads, kv }, &mut random, &mut report);
                }
            }
        }
    }
    report.finish();
}

fn heads_of(sizes: &Attention, random: &mut Random, report: &mut Report) {
    let kernels: Vec<_> = AttentionVariant::ALL.iter().map(|variant| attention(sizes, *variant)).collect();
    let kv = &sizes.kv;
    let (key_words, value_words) = (random.cache(kv), random.cache(kv));
    let (keys, values) = (twin::kv_read(kv, &key_words), twin::kv_read(kv, &value_words));
    for visible in VISIBLE {
        for count in [1, 3, 33] {
            if count > visible {
                continue;
            }
            let position = visible - count;
            // From nearly equal weights to one that takes all.
            let size = [0.05, 1.0, 6.0][random.below(3) as usize];
            let qkv = random.floats((count * sizes.width()) as usize);
            let qkv: Vec<f32> = qkv.iter().map(|q| q * size).collect();
            let expected = twin::attention(sizes, position, &qkv, &keys, &values);
            let bounds = bound::attention(sizes, position, &qkv, &keys, &values);
            let out = vec![f32::NAN; expected.len()];
            let buffers = [&step_of(position, count)[..], &words(&qkv), &key_words, &value_words, &words(&out)];
            for attention in &kernels {
                let out = run((&attention.kernel, attention.workgroups(count)), &buffers, 4);
                let case = format!("{} of {sizes:?}, {count} from position {position}", attention.kernel.name());
                report.check(case, &floats(&out), &expected, &bounds);
            }
        }
    }
}

#[test]
fn a_maximum_that_jumps_with_every_key_takes_all_the_weight() {
    let mut report = Report::new("attention with jumps");
    let kv = KvShape { kv_type: KvType::F32, kv_heads: 1, context: 130, head_dim: 8 };
    let sizes = Attention { heads: 1, kv };
    // Each score is 85 above or below the one before: all other weights are less than u, and what is left to round is
    // a product with 1 and a division by 1.
    let keys: Vec<f32> = (0..130 * 8).map(|i| (i / 8) as f32).collect();
    let values: Vec<f32> = (1..=130 * 8).map(|i| i as f32).collect();
    for sign in [1.0, -1.0] {
        let qkv = [sign * 30.0; 24];
        let expected = twin::attention(&sizes, 129, &qkv, &keys, &values);
        let bounds: Vec<f64> = expected.iter().map(|out| 5.0 * bound::U * f64::from(*out)).collect();
        let buffers = [&step_of(129, 1)[..], &words(&qkv), &words(&keys), &words(&values), &[0; 8]];
        let attention = attention(&sizes, AttentionVariant::Tiles);
        let out = run((&attention.kernel, attention.workgroups(1)), &buffers, 4);
        report.check(format_args!("sign {sign}"), &floats(&out), &expected, &bounds);
    }
    report.finish();
}

/// Positions of a single token: the first, around a tile, around a stretch, in the third.
const POSITIONS: [u32; 7] = [0, 1, 63, 64, 255, 256, 600];

#[test]
fn attention_of_one_token_is_the_twins_in_one_stretch_and_in_several() {
    let (mut random, mut report) = (Random::new(32), Report::new("decode_attention"));
    for kv_type in [KvType::F32, KvType::F16, KvType::Q8_0, KvType::Q4_0] {
        for (head_dim, group, kv_heads) in [(32, 1, 3), (64, 2, 1), (96, 4, 2), (128, 6, 2), (128, 12, 1)] {
            let kv = KvShape { kv_type, kv_heads, context: 610, head_dim };
            let sizes = Attention { heads: group * kv_heads, kv };
            for position in POSITIONS {
                one_token(&sizes, position, &mut random, &mut report);
            }
        }
    }
    report.finish();
}

fn one_token(sizes: &Attention, position: u32, random: &mut Random, report: &mut Report) {
    let kv = &sizes.kv;
    let rotation = random.rotation((kv.context * kv.head_dim / 2) as usize);
    let qkv = random.floats(sizes.width() as usize);
    let before = [random.cache(kv), random.cache(kv)];
    let found = on_gpu(*sizes, position, &rotation, &qkv, before.clone());
    // The cache is tested in `cache.rs`: here the twin attends over what the kernel has written, at one position only.
    let [mut keys, mut values] = before;
    twin::kv_write(sizes, KvSide::Keys, position, &rotation, &qkv, &mut keys);
    twin::kv_write(sizes, KvSide::Values, position, &rotation, &qkv, &mut values);
    let mut turned = qkv.clone();
    twin::rope(sizes, position, &rotation, &mut turned);
    for (stretches, found) in found {
        let [found_keys, found_values] = found.caches.map(|cache| twin::kv_read(kv, &cache));
        for (side, found, expected) in [("keys", &found_keys, &keys), ("values", &found_values, &values)] {
            let expected = twin::kv_read(kv, expected);
            // A number of the token's may be a step of the cache away, the others must be equal.
            let head = kv.head_dim as usize;
            let of_token = |i: usize| i / head % kv.context as usize == position as usize;
            let largest = qkv.iter().fold(0.0_f64, |largest, n| largest.max(f64::from(n.abs())));
            let bounds =
                (0..expected.len()).map(|i| if of_token(i) { 1.5 * largest / 4.0 } else { 0.0 }).collect::<Vec<_>>();
            report.check(format!("{side} of {sizes:?} at {position}"), found, &expected, &bounds);
        }
        let expected = twin::attention(sizes, position, &turned, &found_keys, &found_values);
        let mut bounds = bound::attention(sizes, position, &turned, &found_keys, &found_values);
        // The queries are turned by the kernel: two products and a sum more, in every score.
        // With numbers up to 4 that is at most 32 √d u of a score, which moves each weight by twice its share.
        let turn = bound::gamma(4) * f64::from(kv.head_dim).sqrt() * 32.0;
        bounds.iter_mut().for_each(|bound| *bound += 2.0 * turn * 5.0);
        report.check(format!("{stretches:?} of {sizes:?} at {position}"), &found.out, &expected, &bounds);
    }
}

/// What decode_attention leaves.
struct Found {
    out: Vec<f32>,
    caches: [Vec<u32>; 2],
}

/// Runs it in several stretches, and in one.
fn on_gpu(
    sizes: Attention,
    position: u32,
    rotation: &[f32],
    qkv: &[f32],
    caches: [Vec<u32>; 2],
) -> Vec<(Stretches, Found)> {
    let (rotation, qkv) = (words(rotation), words(qkv));
    with(move |gpu| {
        let run = |stretches| {
            let kernel = decode_attention(&sizes, stretches);
            let count = position / stretch(sizes.kv.context) + 1;
            let width = (sizes.heads * sizes.kv.head_dim) as usize;
            let empty = |count: usize| buffer(gpu, &vec![f32::NAN.to_bits(); count]);
            let [step, rotation, qkv] = [&step_of(position, 1)[..], &rotation, &qkv].map(|words| buffer(gpu, words));
            let [keys, values] = caches.each_ref().map(|cache| buffer(gpu, cache));
            let out = empty(width);
            let bindings = [&step, &rotation, &qkv, &keys, &values];
            match stretches {
                Stretches::One => {
                    let bindings = [&bindings[..], &[&out]].concat();
                    gpu.launch(&kernel, Workgroups(sizes.kv.kv_heads, 1, 1), &bindings);
                }
                Stretches::Several => {
                    let (sums, peaks) = (empty(width * count as usize), empty((2 * sizes.heads * count) as usize));
                    let bindings = [&bindings[..], &[&sums, &peaks]].concat();
                    gpu.launch(&kernel, Workgroups(sizes.kv.kv_heads, count, 1), &bindings);
                    gpu.launch(&combine(&sizes), Workgroups(sizes.heads, 1, 1), &[&step, &sums, &peaks, &out]);
                }
            }
            let read = |buffer: &Buffer| {
                pollster::block_on(gpu.read(buffer, (buffer.bytes() / 4) as usize)).expect("the kernel has run")
            };
            (stretches, Found { out: floats(&read(&out)), caches: [read(&keys), read(&values)] })
        };
        vec![run(Stretches::Several), run(Stretches::One)]
    })
}
