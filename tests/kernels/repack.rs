//! From the file's blocks to planes, chunk by chunk, and the search for numbers that are not finite.

use super::gpu::{buffer, with};
use super::random::Random;
use super::report::Report;
use inkstone::kernels::{Packed, Repack, repack, twin};
use inkstone::quant::DType;

/// Sends `bytes` through the kernels in chunks of `chunk_blocks`; the packed words and the fault count.
fn repacked(packed: Packed, bytes: &[u8], chunk_blocks: u64) -> (Vec<u32>, u32) {
    // Which of several tensors' counts is this one's.
    const TENSOR: u32 = 2;
    let bytes = bytes.to_vec();
    with(move |gpu| {
        let kernels = repack(&packed);
        let out = buffer(gpu, &vec![0; (packed.bytes() / 4) as usize]);
        let faults = buffer(gpu, &[0; 4]);
        let (blocks, block_bytes) = (packed.blocks(), packed.dtype.block_bytes());
        let mut first = 0;
        while first < blocks {
            let count = chunk_blocks.min(blocks - first);
            let mut raw = bytes[first as usize * block_bytes..][..count as usize * block_bytes].to_vec();
            // What lies behind a chunk is left over from an earlier one.
            raw.resize(raw.len().next_multiple_of(4), 0xff);
            let raw: Vec<u32> = raw.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)).collect();
            let (raw, chunk) = (buffer(gpu, &raw), buffer(gpu, &Repack::chunk(first, count, TENSOR)));
            for plane in &kernels {
                gpu.launch(&plane.kernel, plane.workgroups(count), &[&raw, &chunk, &out, &faults]);
            }
            first += count;
        }
        let words = pollster::block_on(gpu.read(&out, (packed.bytes() / 4) as usize)).expect("planes");
        let faults = pollster::block_on(gpu.read(&faults, 4)).expect("fault counts");
        assert_eq!((faults[0], faults[1], faults[3]), (0, 0, 0), "counts of other tensors");
        (words, faults[TENSOR as usize])
    })
}

/// Pieces of one block, of odd numbers of blocks, and of more words than a workgroup has invocations.
fn pieces(dtype: DType) -> [Packed; 4] {
    let least = dtype.block_len().max(32) as u32;
    [(1, 1), (3, 1), (5, 5), (67, 3)].map(|(rows, n)| Packed { dtype, rows, cols: n * least, first_row: 0 })
}

#[test]
fn planes_are_the_twins_whatever_the_chunks() {
    let (mut random, mut report) = (Random::new(11), Report::new("repack"));
    for dtype in DType::ALL {
        for packed in pieces(dtype) {
            let bytes = random.blocks(dtype, packed.blocks() as usize);
            let (expected, _) = twin::repack(&packed, &bytes);
            for chunk_blocks in [Repack::BLOCKS, 5 * Repack::BLOCKS, 32 * Repack::BLOCKS, 1 << 20] {
                // Chunks of four blocks of a float are a launch for every four numbers; a few dozen will do.
                if packed.blocks() / chunk_blocks > 60 {
                    continue;
                }
                let (words, faults) = repacked(packed, &bytes, chunk_blocks);
                let case = format!("{packed:?}, chunks of {chunk_blocks}");
                report.check_words(&case, &words, &expected);
                assert_eq!(faults, 0, "{case}: all is finite");
            }
        }
    }
    report.finish();
}

#[test]
fn planes_of_more_workgroups_than_one_dimension_holds_are_the_twins() {
    let (mut random, mut report) = (Random::new(12), Report::new("repack of a large chunk"));
    // 64 words a workgroup, 32,768 workgroups along x, and then some.
    let packed = Packed { dtype: DType::F32, rows: 1, cols: 64 * 32_768 + 96, first_row: 0 };
    let bytes = random.blocks(packed.dtype, packed.blocks() as usize);
    let (words, faults) = repacked(packed, &bytes, packed.blocks());
    report.check_words(format_args!("{packed:?}"), &words, &twin::repack(&packed, &bytes).0);
    assert_eq!(faults, 0);
    report.finish();
}

#[test]
fn a_number_that_is_not_finite_is_counted_in_every_scale() {
    let (mut random, mut cases) = (Random::new(13), 0);
    for dtype in DType::ALL {
        let least = dtype.block_len().max(32) as u32;
        let packed = Packed { dtype, rows: 7, cols: least, first_row: 0 };
        let blocks = packed.blocks() as usize;
        for (plane, field) in dtype.planes().iter().enumerate() {
            for at in field.range().step_by(2) {
                // Infinities and NaNs of f16 and of bf16; as the upper half of an f32, which is the second.
                for poison in [0x7c00_u16, 0xfc00, 0x7e01, 0x7f80, 0xff80, 0x7fff] {
                    let mut bytes = random.blocks(dtype, blocks);
                    for block in [0, random.below(blocks as u64) as usize, blocks - 1] {
                        bytes[block * dtype.block_bytes() + at..][..2].copy_from_slice(&poison.to_le_bytes());
                    }
                    let (expected_words, expected) = twin::repack(&packed, &bytes);
                    let (words, faults) = repacked(packed, &bytes, 2 * Repack::BLOCKS);
                    let case = format!("{dtype}, plane {plane}, byte {at}, {poison:04x}");
                    assert_eq!(words, expected_words, "{case}: planes");
                    assert_eq!(faults, expected, "{case}: count");
                    let poisonous = match dtype {
                        DType::F32 => at == 2 && poison & 0x7f80 == 0x7f80,
                        DType::BF16 => poison & 0x7f80 == 0x7f80,
                        _ => poison & 0x7c00 == 0x7c00,
                    };
                    assert_eq!(faults > 0, field.scale && poisonous, "{case}: {faults} counted");
                    cases += 1;
                }
            }
        }
    }
    println!("repack, numbers that are not finite: {cases} cases");
}
