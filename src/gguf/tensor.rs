//! One line of the tensor table: name, shape, type, and where the data is.

use super::cursor::{Cursor, Stop};
use super::{limits, quoted};
use crate::error::{Error, ErrorKind};
use crate::quant::DType;

/// A tensor of a validated file. Its data lies inside the file (if the file's length is known), its shape and size
/// agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// The name, unique in its file.
    pub name: String,
    /// The shape as ggml writes it, fastest dimension first: `[in, out]` for a matrix, `[length]` for a vector.
    pub dims: Vec<u64>,
    /// How the weights are stored.
    pub dtype: DType,
    /// The first byte of the data, counted from the beginning of the file.
    pub offset: u64,
    /// Bytes of data.
    pub bytes: u64,
}

impl TensorInfo {
    /// Weights in a row, which are contiguous: the inputs of a matrix.
    pub fn cols(&self) -> u64 {
        self.dims.first().copied().unwrap_or(0)
    }

    /// Number of rows: the outputs of a matrix, 1 for a vector.
    pub fn rows(&self) -> u64 {
        // Cannot saturate: the product of all dimensions was checked when the file was read.
        self.dims.iter().skip(1).fold(1, |rows: u64, dim| rows.saturating_mul(*dim))
    }

    /// Number of weights.
    pub fn elements(&self) -> u64 {
        self.rows().saturating_mul(self.cols())
    }
}

/// A line of the tensor table as it stands in the file: the offset counts from the beginning of the data.
pub(super) struct Entry<'a> {
    pub(super) name: &'a str,
    pub(super) dims: Vec<u64>,
    pub(super) dtype: DType,
    pub(super) bytes: u64,
    pub(super) relative_offset: u64,
}

/// Reads the line of tensor number `i`.
pub(super) fn read<'a>(cursor: &mut Cursor<'a>, i: u64) -> Result<Entry<'a>, Stop> {
    let name = cursor.string(limits::TENSOR_NAME_BYTES, "the name");
    let name = name.map_err(|stop| stop.at(|| format!("tensor {i}")))?;
    if name.is_empty() {
        return Err(Stop::malformed(format!("tensor {i} has an empty name")));
    }
    read_after_name(cursor, name).map_err(|stop| stop.at(|| format!("tensor {}", quoted(name))))
}

/// Reads the rest of the line.
fn read_after_name<'a>(cursor: &mut Cursor<'a>, name: &'a str) -> Result<Entry<'a>, Stop> {
    let dimensions = cursor.u32("the number of dimensions")?;
    if !(1..=limits::DIMENSIONS).contains(&dimensions) {
        return Err(Stop::malformed(format!(
            "it has {dimensions} dimensions; 1 to {} are possible",
            limits::DIMENSIONS
        )));
    }
    let mut dims = Vec::new();
    for _ in 0..dimensions {
        dims.push(cursor.u64("a dimension")?);
    }
    let id = cursor.u32("the type")?;
    let relative_offset = cursor.u64("the offset")?;
    if dims.contains(&0) {
        return Err(Stop::malformed(format!("its shape is {dims:?}; a dimension of 0 makes no sense")));
    }
    let dtype = DType::from_ggml(id).ok_or_else(|| unsupported_type(id))?;
    let bytes = size_in_bytes(dtype, &dims)?;
    Ok(Entry { name, dims, dtype, bytes, relative_offset })
}

/// Bytes of data of a tensor with this shape.
fn size_in_bytes(dtype: DType, dims: &[u64]) -> Result<u64, Stop> {
    let (cols, outer) = dims.split_first().ok_or_else(|| Stop::malformed("it has no shape"))?;
    if !cols.is_multiple_of(dtype.block_len() as u64) {
        return Err(Stop::malformed(format!(
            "a row has {cols} weights, but {dtype} stores whole blocks of {}",
            dtype.block_len()
        )));
    }
    let row_bytes = dtype.row_bytes(*cols);
    let bytes = row_bytes.and_then(|bytes| outer.iter().try_fold(bytes, |bytes, dim| bytes.checked_mul(*dim)));
    bytes
        .filter(|bytes| *bytes <= limits::FILE_BYTES)
        .ok_or_else(|| Stop::malformed(format!("the shape {dims:?} is larger than any file")))
}

/// Why there is no [`DType`] for `id`: a type of ggml that cannot be computed with here, or no type at all.
fn unsupported_type(id: u32) -> Error {
    let name = match id {
        4 => "Q4_2",
        5 => "Q4_3",
        9 => "Q8_1",
        15 => "Q8_K",
        16 => "IQ2_XXS",
        17 => "IQ2_XS",
        18 => "IQ3_XXS",
        19 => "IQ1_S",
        20 => "IQ4_NL",
        21 => "IQ3_S",
        22 => "IQ2_S",
        23 => "IQ4_XS",
        24 => "I8",
        25 => "I16",
        26 => "I32",
        27 => "I64",
        28 => "F64",
        29 => "IQ1_M",
        31 => "Q4_0_4_4",
        32 => "Q4_0_4_8",
        33 => "Q4_0_8_8",
        34 => "TQ1_0",
        35 => "TQ2_0",
        36 => "IQ4_NL_4_4",
        37 => "IQ4_NL_4_8",
        38 => "IQ4_NL_8_8",
        39 => "MXFP4",
        40 => "NVFP4",
        41 => "Q1_0",
        _ => {
            return Error::new(ErrorKind::GgufMalformed, format!("its type is {id}, which is no type of weights"));
        }
    };
    let supported = DType::ALL.map(DType::name).join(", ");
    Error::new(
        ErrorKind::UnsupportedModel,
        format!("its type is {name} ({id}), which cannot be computed with here; choose a file with {supported}"),
    )
}
