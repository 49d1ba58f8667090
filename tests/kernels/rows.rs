//! The kernels between the products: norms, rotations, the gate.

use super::gpu::{floats, run, words};
use super::random::{Random, step_of};
use super::{bound, report::Report};
use inkstone::gpu::Workgroups;
use inkstone::kernels::{Rows, rms_norm, rope, silu_mul, twin};

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
    for head_dim in [2, 8, 64, 96, 128] {
        for heads in [1, 3, 16] {
            let (kernel, pairs) = rope(heads, head_dim);
            let rotation = random.rotation((CONTEXT * head_dim / 2) as usize);
            for (position, count) in [(0, 1), (0, 5), (1, 1), (7, 33), (12, 128), (139, 1)] {
                let width = heads * head_dim;
                // One token more than the step has: it must stay as it is.
                let before = random.floats((width * (count + 1)) as usize);
                let mut expected = before.clone();
                let rotated = (width * count) as usize;
                twin::rope(heads, head_dim, position, &rotation, &mut expected[..rotated]);
                let mut bounds = Vec::with_capacity(before.len());
                for (t, token) in before.chunks_exact(width as usize).take(count as usize).enumerate() {
                    let turns = &rotation[((position as usize + t) * head_dim as usize)..][..head_dim as usize];
                    bounds.extend(bound::rope(token, turns));
                }
                bounds.resize(before.len(), 0.0);
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
            let size = (width * count) as usize;
            let mut gate: Vec<f32> = random.floats(size).iter().map(|g| g * 4.0).collect();
            for edge in EDGES {
                gate[random.below(size as u64) as usize] = edge;
            }
            let up = random.floats(size);
            let mut expected = gate.clone();
            twin::silu_mul(&mut expected, &up);
            let bounds: Vec<f64> = gate.iter().zip(&up).map(|(g, u)| bound::silu_mul(*g, *u)).collect();
            let out = run((&kernel, Workgroups(columns, count, 1)), &[&words(&gate), &words(&up)], 0);
            report.check(format_args!("width {width}, {count} tokens"), &floats(&out), &expected, &bounds);
        }
    }
    report.finish();
}
