//! Which rows of which tensors share a buffer.
//!
//! Matrices that are multiplied with the same vector lie one below the other, so that one launch does for all of them. A
//! buffer has one type of weights, and at most as many bytes as the device can bind: what is larger is cut by rows.

use super::tensors::MatrixSource;
use crate::error::{Error, ErrorKind, Result};
use crate::kernels::{Packed, Repack};

/// Rows of one source that go into one piece.
#[derive(Debug, PartialEq, Eq)]
pub struct Part {
    /// The first byte in the file.
    pub offset: u64,
    /// The block of the piece at which they begin: a multiple of [`Repack::BLOCKS`].
    pub first_block: u64,
    /// How many blocks.
    pub blocks: u64,
}

/// `sources`, which have the same columns, in runs that can be in one buffer.
pub fn runs<'a>(sources: &'a [&'a MatrixSource]) -> impl Iterator<Item = &'a [&'a MatrixSource]> {
    // Repacking begins at whole words of every plane, also for the second matrix.
    let joins = |a: &&MatrixSource, b: &&MatrixSource| {
        a.dtype() == b.dtype() && (a.rows * blocks_per_row(a)).is_multiple_of(Repack::BLOCKS)
    };
    sources.chunk_by(joins)
}

/// The pieces into which a run must be cut so that each fits a binding of `limit` bytes. `first_row`: of the run in the
/// whole.
///
/// # Errors
/// `UnsupportedModel` for more rows or columns than can be counted, `GpuLimits` where a few rows are too large.
pub fn cut(run: &[&MatrixSource], first_row: u32, limit: u64) -> Result<Vec<Packed>> {
    let Some(source) = run.first() else { return Ok(Vec::new()) };
    let (dtype, cols) = (source.dtype(), u32::try_from(source.cols()).map_err(|_| too_large(name(run)))?);
    let rows: u64 = run.iter().map(|source| source.rows).sum();
    let rows = u32::try_from(rows).ok().filter(|rows| first_row.checked_add(*rows).is_some());
    let rows = rows.ok_or_else(|| too_large(name(run)))?;
    let packed = |start, rows| Packed { dtype, rows, cols, first_row: first_row + start };
    if packed(0, rows).bytes() <= limit {
        return Ok(vec![packed(0, rows)]);
    }
    // Planes are padded, so a piece may be a few bytes larger than its rows; whole tiles of rows leave no seam.
    const TILE: u32 = 64;
    let mut height = rows / TILE * TILE;
    while height > TILE && packed(0, height).bytes() > limit {
        let estimate = u64::from(height) * limit / packed(0, height).bytes();
        height = (u32::try_from(estimate).unwrap_or(height) / TILE * TILE).clamp(TILE, height - TILE);
    }
    if height == 0 || packed(0, height).bytes() > limit {
        let message = format!("{TILE} rows of {} are larger than the {limit} bytes that this GPU can bind", name(run));
        return Err(Error::new(ErrorKind::GpuLimits, message));
    }
    let starts = (0..rows).step_by(height as usize);
    Ok(starts.map(|start| packed(start, height.min(rows - start))).collect())
}

/// The rows of `source`, whose first is row `first_row` of the whole, that lie in `piece`.
pub fn overlap(piece: &Packed, source: &MatrixSource, first_row: u64) -> Option<Part> {
    let [begin, rows] = [piece.first_row, piece.rows].map(u64::from);
    let (from, to) = (begin.max(first_row), (begin + rows).min(first_row + source.rows));
    let per_row = blocks_per_row(source);
    (from < to).then(|| Part {
        offset: source.offset() + (from - first_row) * source.row_bytes(),
        first_block: (from - begin) * per_row,
        blocks: (to - from) * per_row,
    })
}

/// The name of a run's first tensor, for messages.
pub fn name<'a>(run: &[&'a MatrixSource]) -> &'a str {
    run.first().map_or("", |source| &source.tensor.name)
}

/// What is said of a tensor that cannot be counted.
pub fn too_large(name: &str) -> Error {
    Error::new(ErrorKind::UnsupportedModel, format!("{name} has more rows or columns than a GPU can index"))
}

fn blocks_per_row(source: &MatrixSource) -> u64 {
    source.cols() / source.dtype().block_len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gguf::TensorInfo;
    use crate::quant::DType;

    fn source(dtype: DType, cols: u64, rows: u64) -> MatrixSource {
        let bytes = rows * dtype.row_bytes(cols).unwrap_or(0);
        let tensor = TensorInfo { name: "output.weight".into(), dims: vec![cols, rows], dtype, offset: 0, bytes };
        MatrixSource { tensor, first_row: 0, rows }
    }

    #[test]
    fn pieces_cover_every_row_once_and_fit() {
        for dtype in DType::ALL {
            for limit in [1 << 20, 3_000_017, 128 << 20] {
                let pieces = cut(&[&source(dtype, 2048, 92_544)], 7, limit).expect("fits");
                let mut next = 7;
                for piece in &pieces {
                    assert_eq!(piece.first_row, next);
                    assert!(piece.bytes() <= limit, "{dtype} {limit}");
                    next += piece.rows;
                }
                assert_eq!(next, 92_551);
            }
        }
    }

    #[test]
    fn rows_larger_than_a_binding_are_refused() {
        let error = cut(&[&source(DType::F32, 2048, 64)], 0, 65_536).expect_err("too large");
        assert_eq!(error.kind(), ErrorKind::GpuLimits);
    }

    #[test]
    fn only_equal_types_share_a_run() {
        let [q, k, v] =
            [(DType::Q4K, 2048), (DType::Q4K, 1024), (DType::Q6K, 1024)].map(|(t, rows)| source(t, 2048, rows));
        let lengths = |sources: &[&MatrixSource]| runs(sources).map(<[_]>::len).collect::<Vec<_>>();
        assert_eq!(lengths(&[&q, &k, &v]), [2, 1]);
        assert_eq!(lengths(&[&q, &k, &k]), [3]);
        // A first matrix of 3 blocks: the second would begin inside a word of its scales.
        assert_eq!(lengths(&[&source(DType::Q8_0, 32, 3), &source(DType::Q8_0, 32, 4)]), [1, 1]);
    }

    #[test]
    fn the_parts_of_a_piece_are_its_rows() {
        let [q, k] = [128, 64].map(|rows| source(DType::Q8_0, 64, rows));
        let pieces = cut(&[&q, &k], 10, Packed { dtype: DType::Q8_0, rows: 64, cols: 64, first_row: 0 }.bytes());
        let pieces = pieces.expect("fits");
        assert_eq!(
            pieces.iter().map(|piece| (piece.first_row, piece.rows)).collect::<Vec<_>>(),
            [(10, 64), (74, 64), (138, 64)]
        );
        assert_eq!(overlap(&pieces[1], &q, 10), Some(Part { offset: 64 * 68, first_block: 0, blocks: 128 }));
        assert_eq!(overlap(&pieces[1], &k, 138), None);
        let whole = Packed { dtype: DType::Q8_0, rows: 192, cols: 64, first_row: 10 };
        assert_eq!(overlap(&whole, &k, 138), Some(Part { offset: 0, first_block: 256, blocks: 128 }));
    }
}
