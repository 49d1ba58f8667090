//! Writing keys and values into the packed cache.

use super::gpu::{run, words};
use super::random::{Random, step_of};
use super::{bound, report::Report};
use inkstone::gpu::Workgroups;
use inkstone::kernels::{Attention, KvShape, KvSide, kv_write, twin};
use inkstone::protocol::KvType;

const CONTEXT: u32 = 141;

#[test]
fn written_keys_and_values_are_the_twins() {
    let (mut random, mut report) = (Random::new(41), Report::new("kv_write"));
    for kv_type in [KvType::F32, KvType::F16, KvType::Q8_0, KvType::Q4_0] {
        for head_dim in [8, 64, 96, 128] {
            for kv_heads in [1, 3, 8] {
                let shape = KvShape { kv_type, kv_heads, context: CONTEXT, head_dim };
                if head_dim % shape.block() == 0 {
                    for side in [KvSide::Keys, KvSide::Values] {
                        written(&shape, side, &mut random, &mut report);
                    }
                }
            }
        }
    }
    report.finish();
}

fn written(shape: &KvShape, side: KvSide, random: &mut Random, report: &mut Report) {
    let sizes = Attention { heads: 2 * shape.kv_heads, kv: *shape };
    let (kernel, blocks) = kv_write(&sizes, side);
    let [kv_heads, head_dim] = [shape.kv_heads, shape.head_dim].map(|n| n as usize);
    let rotation = random.rotation(CONTEXT as usize * head_dim / 2);
    for (position, count) in [(0, 1), (5, 1), (13, 128), (140, 1), (64, 33)] {
        let source = source(count as usize * kv_heads * head_dim, random);
        // Other numbers at other positions: they must stay as they are.
        let before = random.cache(shape);
        let mut expected = before.clone();
        // The keys or values are among the rest of the projections.
        let first_head = if side == KvSide::Keys { 2 * kv_heads } else { 3 * kv_heads };
        let mut qkv = random.floats((count * sizes.width()) as usize);
        for (token, source) in
            qkv.chunks_exact_mut(sizes.width() as usize).zip(source.chunks_exact(kv_heads * head_dim))
        {
            token[first_head * head_dim..][..source.len()].copy_from_slice(source);
        }
        twin::kv_write(&sizes, side, position, &rotation, &qkv, &mut expected);
        let mut bounds = vec![0.0; (shape.kv_heads * CONTEXT * shape.head_dim) as usize];
        for (i, head) in source.chunks_exact(head_dim).enumerate() {
            let at = position as usize + i / kv_heads;
            let turns = (side == KvSide::Keys).then(|| &rotation[at * head_dim..][..head_dim]);
            let first = (i % kv_heads * CONTEXT as usize + at) * head_dim;
            bounds[first..][..head_dim].copy_from_slice(&head_bounds(shape, head, turns));
        }
        let buffers = [&step_of(position, count)[..], &words(&rotation), &words(&qkv), &before];
        let cache = run((&kernel, Workgroups(blocks, count, 1)), &buffers, 3);
        let case = format!("{shape:?}, {side:?}, {count} from position {position}");
        report.check(case, &twin::kv_read(shape, &cache), &twin::kv_read(shape, &expected), &bounds);
    }
}

/// Random numbers with a block of zeros, a large and a small block among them, and what f16 cannot hold.
fn source(size: usize, random: &mut Random) -> Vec<f32> {
    let mut source = random.floats(size);
    for (i, block) in source.chunks_mut(32).enumerate() {
        match i % 7 {
            0 => {}
            1 => block.fill(0.0),
            2 => block.iter_mut().for_each(|n| *n *= 1e6),
            3 => block.iter_mut().for_each(|n| *n *= 1e-7),
            // The largest of either sign alone, in either order.
            4 => (block[0], block[1]) = (9.0, -9.0),
            5 => (block[2], block[7]) = (-9.0, 9.0),
            _ => block.fill(-1.5),
        }
    }
    source
}

/// How far the numbers of one head, as read from the cache, may be from the twin's.
///
/// A rotated number n is off by [`bound::rope`], a value not at all: its products with 1 and 0 are exact. Call the
/// largest of these errors in a block D.
/// - f32 adds nothing.
/// - f16: WGSL lets both neighbours be taken, the twin takes the nearer: a unit and a half of f16, whose unit is n / 2^10
///   at most; f16 subnormals, below 2^-14, may be flushed.
/// - Blocks: t = n · inverse is off by D · inverse for n, as much again for the largest number in the inverse, and by
///   division (2.5 units), product (1) and the twin's two: below 2 D inverse + 8 u |t|. Where t is that near to the
///   middle between two integers, it may be rounded to the other, a step of the scale away. Otherwise the integers are
///   equal; the scale is off by D / range, 2.5 units and the twin's one, the product by 1 and the twin's 1.
/// - Q4_0, whose scale has the sign of the largest number: where the largest of the other sign is within 2 D of it, the
///   kernel may take that one; both results are within a step of n.
fn head_bounds(shape: &KvShape, head: &[f32], turns: Option<&[f32]>) -> Vec<f64> {
    let mut numbers = head.to_vec();
    let mut errors = vec![0.0; head.len()];
    if let Some(turns) = turns {
        twin::rotate(&mut numbers, turns);
        errors = bound::rope(head, turns);
    }
    let numbers: Vec<f64> = numbers.iter().map(|n| f64::from(*n)).collect();
    let range = match shape.kv_type {
        KvType::F32 => return errors,
        KvType::F16 => {
            let half = |(n, error): (&f64, &f64)| error + n.abs().min(65504.0) * 1.5 / 1024.0 + 1.0 / 16384.0;
            return numbers.iter().zip(&errors).map(half).collect();
        }
        KvType::Q8_0 => 127.0,
        KvType::Q4_0 => 8.0,
    };
    let mut bounds = Vec::with_capacity(head.len());
    for (numbers, errors) in numbers.chunks_exact(32).zip(errors.chunks_exact(32)) {
        let largest = numbers.iter().fold(0.0_f64, |largest, n| if n.abs() > largest.abs() { *n } else { largest });
        let error = errors.iter().copied().fold(0.0, f64::max);
        let step = largest.abs() / range;
        let rival = |n: &f64| n * largest < 0.0 && n.abs() + 2.0 * error >= largest.abs();
        if shape.kv_type == KvType::Q4_0 && error > 0.0 && numbers.iter().any(rival) {
            bounds.extend([2.0 * (step + error); 32]);
            continue;
        }
        bounds.extend(numbers.iter().map(|n| {
            let t = if step > 0.0 { n / step } else { 0.0 };
            let slack = if step > 0.0 { 2.0 * error / step } else { 0.0 } + 8.0 * bound::U * t.abs();
            let other = if ((t - t.floor()) - 0.5).abs() <= slack { step } else { 0.0 };
            other + error + 6.0 * bound::U * n.abs().max(step)
        }));
    }
    bounds
}
