//! Attention over caches of every type.

use super::gpu::{floats, run, words};
use super::random::{Random, step_of};
use super::{bound, report::Report};
use inkstone::gpu::Workgroups;
use inkstone::kernels::{Attention, KvShape, attention, twin};
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
    let kernel = attention(sizes);
    let (kv, head_dim) = (&sizes.kv, sizes.kv.head_dim);
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
            let q = random.floats((count * sizes.heads * head_dim) as usize);
            let q: Vec<f32> = q.iter().map(|q| q * size).collect();
            let expected = twin::attention(sizes, position, &q, &keys, &values);
            let bounds = bound::attention(sizes, position, &q, &keys, &values);
            let out = vec![f32::NAN; q.len()];
            let buffers = [&step_of(position, count)[..], &words(&q), &key_words, &value_words, &words(&out)];
            let out = run((&kernel, Workgroups(sizes.heads, count, 1)), &buffers, 4);
            report.check(format!("{sizes:?}, {count} from position {position}"), &floats(&out), &expected, &bounds);
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
        let q = [sign * 30.0; 8];
        let expected = twin::attention(&sizes, 129, &q, &keys, &values);
        let bounds: Vec<f64> = expected.iter().map(|out| 5.0 * bound::U * f64::from(*out)).collect();
        let buffers = [&step_of(129, 1)[..], &words(&q), &words(&keys), &words(&values), &[0; 8]];
        let out = run((&attention(&sizes), Workgroups(1, 1, 1)), &buffers, 4);
        report.check(format_args!("sign {sign}"), &floats(&out), &expected, &bounds);
    }
    report.finish();
}
