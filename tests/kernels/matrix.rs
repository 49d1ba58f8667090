//! Packed matrices: lookup and products, of every type.

use super::gpu::{floats, run, words};
use super::random::{Matrix, Random, step_of, step_words};
use super::{bound, report::Report};
use inkstone::gpu::Workgroups;
use inkstone::kernels::{
    Accumulate, Input, MatmulVariant, MatvecVariant, Output, Rows, Variant, embed, matmul, matvec, twin,
};
use inkstone::quant::DType;

/// Around the 64 rows of a tile, odd, and one.
const ROWS: [u32; 6] = [1, 3, 63, 64, 65, 131];

/// Around the 32 tokens of a tile, odd, and the two ends.
const TOKENS: [u32; 6] = [1, 2, 31, 32, 33, 128];

/// Columns that a type can have: one, two and five times the least.
fn columns(dtype: DType) -> [u32; 3] {
    [1, 2, 5].map(|blocks| blocks * dtype.block_len().max(32) as u32)
}

/// Calls `test` with pieces of every type. Heights, widths, where they begin and what becomes of the former y take turns:
/// a software adapter takes much longer to compile a kernel than to run it.
fn each_matrix(seed: u64, mut test: impl FnMut(&Matrix, Accumulate, &mut Random)) {
    let mut random = Random::new(seed);
    for dtype in DType::ALL {
        for (i, rows) in ROWS.into_iter().enumerate() {
            let cols = columns(dtype)[i % 3];
            let first_row = [0, 7, 64, 0][i % 4];
            let accumulate = [Accumulate::Replace, Accumulate::Add][i % 2];
            let matrix = random.matrix(dtype, rows, cols, first_row);
            test(&matrix, accumulate, &mut random);
        }
    }
}

#[test]
fn embedding_rows_are_the_dequantised_ones() {
    let mut report = Report::new("embed");
    each_matrix(1, |matrix, _, random| {
        let packed = &matrix.packed;
        let (kernel, columns) = embed(packed);
        for count in TOKENS {
            // Some before and some behind the piece: rows of x that must stay as they are.
            let end = u64::from(packed.first_row + packed.rows + 2);
            let mut tokens: Vec<u32> = (0..count).map(|_| random.below(end) as u32).collect();
            tokens[0] = packed.first_row + packed.rows - 1;
            let before = random.floats((count * packed.cols) as usize);
            let mut expected = before.clone();
            twin::embed(packed, &matrix.weights, &tokens, &mut expected);
            let buffers = [&matrix.words[..], &step_words(3, &tokens), &words(&before)];
            let x = run((&kernel, Workgroups(columns, count, 1)), &buffers, 2);
            let bounds: Vec<f64> = expected.iter().map(|w| bound::weight(packed.dtype) * f64::from(w.abs())).collect();
            report.check(format_args!("{packed:?}, {count} tokens"), &floats(&x), &expected, &bounds);
        }
    });
    report.finish();
}

#[test]
fn a_product_with_one_vector_is_the_twins() {
    let mut report = Report::new("matvec");
    each_matrix(2, |matrix, accumulate, random| matvec_case(matrix, accumulate, random, &mut report));
    report.finish();
}

#[test]
fn a_product_of_more_workgroups_than_one_dimension_holds_is_the_twins() {
    let mut random = Random::new(3);
    let mut report = Report::new("matvec of many rows");
    let matrix = random.matrix(DType::Q8_0, 4 * 32_768 + 131, 32, 1);
    matvec_case(&matrix, Accumulate::Replace, &mut random, &mut report);
    report.finish();
}

fn matvec_case(matrix: &Matrix, accumulate: Accumulate, random: &mut Random, report: &mut Report) {
    let packed = &matrix.packed;
    let x = random.floats(packed.cols as usize);
    let stride = packed.first_row + packed.rows + 2;
    let before = random.floats(stride as usize);
    let bounds = bound::matmul(packed, &matrix.magnitudes, accumulate, stride, &x, &before);
    let mut expected = before.clone();
    twin::matmul(packed, &matrix.weights, accumulate, stride, &x, &mut expected);
    for variant in MatvecVariant::ALL {
        let (kernel, workgroups) = matvec(packed, Input::Plain, Output::Rows(accumulate), *variant);
        let y = run((&kernel, workgroups), &[&matrix.words, &words(&x), &words(&before)], 2);
        report.check(format!("{packed:?}, {accumulate:?}, {variant:?}"), &floats(&y), &expected, &bounds);
    }
}

/// Of high matrices an invocation has more rows.
#[test]
fn products_with_high_matrices_are_the_twins() {
    let (mut random, mut report) = (Random::new(6), Report::new("high matrices"));
    for (dtype, rows) in [(DType::Q4K, 2051), (DType::Q8_0, 2048), (DType::Q6K, 1027)] {
        let matrix = random.matrix(dtype, rows, 256, 3);
        matvec_case(&matrix, Accumulate::Add, &mut random, &mut report);
        matmul_case(&matrix, Accumulate::Add, &[33], &mut random, &mut report);
    }
    report.finish();
}

#[test]
fn a_product_with_the_vectors_of_a_step_is_the_twins() {
    let mut report = Report::new("matmul");
    each_matrix(4, |matrix, accumulate, random| matmul_case(matrix, accumulate, &TOKENS, random, &mut report));
    report.finish();
}

fn matmul_case(matrix: &Matrix, accumulate: Accumulate, tokens: &[u32], random: &mut Random, report: &mut Report) {
    let packed = &matrix.packed;
    let stride = packed.first_row + packed.rows + random.below(3) as u32;
    let kernels = MatmulVariant::ALL.iter().map(|variant| matmul(packed, accumulate, stride, *variant));
    let kernels: Vec<_> = kernels.collect();
    for count in tokens.iter().copied() {
        let x = random.floats((count * packed.cols) as usize);
        // A row more than the step has: it must stay as it is.
        let before = random.floats(((count + 1) * stride) as usize);
        let mut expected = before.clone();
        twin::matmul(packed, &matrix.weights, accumulate, stride, &x, &mut expected);
        let bounds = bound::matmul(packed, &matrix.weights, accumulate, stride, &x, &before);
        let buffers = [&matrix.words[..], &words(&x), &words(&before), &step_of(5, count)];
        for matmul in &kernels {
            let y = run((&matmul.kernel, matmul.workgroups(count)), &buffers, 2);
            let name = matmul.kernel.name();
            let case = format!("{name}: {packed:?}, {accumulate:?}, {count} tokens, stride {stride}");
            report.check(case, &floats(&y), &expected, &bounds);
        }
    }
}

#[test]
fn gates_of_one_normed_vector_are_the_twins() {
    const EPS: f32 = 1e-5;
    let (mut random, mut report) = (Random::new(5), Report::new("gated"));
    for dtype in DType::ALL {
        for (rows, cols) in [1, 3, 63, 64, 65, 131].into_iter().zip(columns(dtype).into_iter().cycle()) {
            let matrix = random.matrix(dtype, 2 * rows, cols, 0);
            let packed = &matrix.packed;
            let x = random.floats(cols as usize);
            // So small that gates are where silu bends.
            let norm: Vec<f32> = random.floats(cols as usize).iter().map(|n| n / 256.0).collect();
            let normed = twin::rms_norm(&x, &norm, EPS, Rows::All);
            let mut products = vec![0.0; 2 * rows as usize];
            twin::matmul(packed, &matrix.weights, Accumulate::Replace, 2 * rows, &normed, &mut products);
            let errors = bound::normed(packed, &matrix.magnitudes, &normed);
            for variant in MatvecVariant::ALL {
                let buffers = [&matrix.words[..], &words(&x), &vec![u32::MAX; 2 * rows as usize], &words(&norm)];
                let (kernel, workgroups) = matvec(packed, Input::Normed { eps: EPS }, Output::Gated, *variant);
                let gated = run((&kernel, workgroups), &buffers, 2);
                let expected = twin::silu_mul(rows, &products);
                let found = floats(&gated[..rows as usize]);
                report.check(format!("{packed:?}, {variant:?}"), &found, &expected, &bound::gated(&products, &errors));
                assert!(gated[rows as usize..].iter().all(|word| *word == u32::MAX), "only half as many are written");
                let output = Output::Rows(Accumulate::Replace);
                let (kernel, workgroups) = matvec(packed, Input::Normed { eps: EPS }, output, *variant);
                let found = floats(&run((&kernel, workgroups), &buffers, 2));
                report.check(format!("normed: {packed:?}, {variant:?}"), &found, &products, &errors);
            }
        }
    }
    report.finish();
}
