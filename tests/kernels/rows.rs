//! The kernels between the products: norms, rotations, the gate.

use super::gpu::{floats, run, words};
use super::random::{Random, step_of};
use super::{bound, report::Report};
use inkstone::gpu::Workgroups;
use inkstone::kernels::{Attention, KvShape, Rows, rms_norm, rope, silu_mul, twin};
use inkstone::protocol::KvType;

/// Tokens of a step: one, odd, the most.
const TOKENS: [u32; 4] = [1, 3, 33, 128];

#[test]
fn norms_are_the_twins() {
    let (mut random, mut report) = (Random::new(21), Report::new("rms_norm"));
    for width in [4, 32, 96, 260, 2048, 4096] {
        for (rows, eps) in [(Rows::All, 1e-5), (Rows::Last, 1e-5), (Rows::All, 1e-6)] {
            let kernel = rms_norm(width, eps, rows);
            for count in TOKENS {
                let mut x = random.floats((width * count) as usize);
                // A row of zeros, which only eps keeps from dividing by zero, and one with an outlier, as real ones have.
                x[..width as usize].fill(if count > 1 { 0.0 } else { 0.5 });
                *x.last_mut().expect("not empty") = 3000.0;
                let weight = random.floats(width as usize);
                let expected = twin::rms_norm(&x, &weight, eps, rows);
                let workgroups = Workgroups(if rows == Rows::All { count } else { 1 }, 1, 1);
                let out = vec![f32::NAN; expected.len()];
                let buffers = [&words(&x)[..], &words(&weight), &words(&out), &step_of(9, count)];
                let out = run((&kernel, workgroups), &buffers, 2);
                let case = format!("width {width}, eps {eps:e}, {rows:?} of {count}");
                report.check(case, &floats(&out), &expected, &bound::rms_norm(width as usize, &expected));
            }
        }
    }
    report.finish();
}

#[test]
fn rotated_queries_are_the_twins() {
    const CONTEXT: u32 = 140;
    let (mut random, mut report) = (Random::new(22), Report::new("rope"));
    for head_dim in [4, 8, 64, 96, 128] {
        for (heads, kv_heads) in [(1, 1), (3, 1), (16, 8)] {
            let kv = KvShape { kv_type: KvType::F32, kv_heads, context: CONTEXT, head_dim };
            let sizes = Attention { heads, kv };
            let (kernel, pairs) = rope(&sizes);
            let rotation = random.rotation((CONTEXT * head_dim / 2) as usize);
            for (position, count) in [(0, 1), (0, 5), (1, 1), (7, 33), (12, 128), (139, 1)] {
                let width = sizes.width() as usize;
                // One token more than the step has: it must stay as it is.
                let before = random.floats(width * (count as usize + 1));
                let mut expected = before.clone();
                let rotated = width * count as usize;
                twin::rope(&sizes, position, &rotation, &mut expected[..rotated]);
                let mut bounds = vec![0.0; before.len()];
                for (t, token) in before.chunks_exact(width).take(count as usize).enumerate() {
                    let turns = &rotation[((position as usize + t) * head_dim as usize)..][..head_dim as usize];
                    let queries = (heads * head_dim) as usize;
                    bounds[t * width..][..queries].copy_from_slice(&bound::rope(&token[..queries], turns));
                }
                let buffers = [&step_of(position, count)[..], &words(&rotation), &words(&before)];
                let q = run((&kernel, Workgroups(pairs, count, 1)), &buffers, 2);
                let case = format!("{heads} heads of {head_dim}, {count} from position {position}");
                report.check(case, &floats(&q), &expected, &bounds);
            }
        }
    }
    report.finish();
}

#[test]
fn gates_are_the_twins_and_never_nan() {
    // Where exp overflows, underflows, and turns over.
    const EDGES: [f32; 16] =
        [0.0, -0.0, 1e-30, -1e-30, 16.6, -16.6, 86.0, -86.0, -87.5, 89.0, -89.0, -104.0, 104.0, 1e4, -1e4, -3e38];
    let (mut random, mut report) = (Random::new(23), Report::new("silu_mul"));
    for width in [4, 36, 260, 1000] {
        let (kernel, columns) = silu_mul(width);
        for count in TOKENS {
            let mut gate_up = random.floats((2 * width * count) as usize);
            for row in gate_up.chunks_exact_mut(2 * width as usize) {
                row[..width as usize].iter_mut().for_each(|gate| *gate *= 4.0);
                row[random.below(u64::from(width)) as usize] = EDGES[random.below(EDGES.len() as u64) as usize];
            }
            let expected = twin::silu_mul(width, &gate_up);
            let rows = gate_up.chunks_exact(2 * width as usize).map(|row| row.split_at(width as usize));
            let pairs = rows.flat_map(|(gate, up)| gate.iter().zip(up));
            let bounds: Vec<f64> = pairs.map(|(g, u)| bound::silu_mul(*g, *u)).collect();
            let out = vec![f32::NAN; expected.len()];
            let out = run((&kernel, Workgroups(columns, count, 1)), &[&words(&gate_up), &words(&out)], 1);
            report.check(format_args!("width {width}, {count} tokens"), &floats(&out), &expected, &bounds);
        }
    }
    report.finish();
}
