//! A matrix on the GPU, and what it is used for, as launches of kernels.

use crate::gpu::{Buffer, Gpu, Kernel, Workgroups};
use crate::kernels::{Accumulate, Input, Matmul, Output, Packed, Variants, embed, matmul, matvec};

/// A matrix \[rows, cols\] on the GPU, in pieces by rows.
pub struct Matrix {
    /// Its name in the checkpoint, without the block's.
    pub(super) part: &'static str,
    pub(super) pieces: Vec<Piece>,
}

/// Some rows of a matrix, of one type, in a buffer of their own.
pub(super) struct Piece {
    pub(super) packed: Packed,
    pub(super) buffer: Buffer,
}

impl Matrix {
    /// All rows.
    pub fn rows(&self) -> u32 {
        self.pieces.iter().map(|piece| piece.packed.rows).sum()
    }

    /// Weights in all of them.
    pub fn weights(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.packed.weights()).sum()
    }

    /// Whether it is in one piece.
    pub fn is_whole(&self) -> bool {
        self.pieces.len() == 1
    }

    /// y = W x, or y += W x.
    pub fn product(&self, accumulate: Accumulate, variants: &Variants) -> Product {
        self.products(Input::Plain, Output::Rows(accumulate), None, variants)
    }

    /// y = W norm(x), where a single token's x is normed on the way and several tokens' x must be normed already.
    pub fn normed_product(&self, norm: &Norm, output: Output, variants: &Variants) -> Product {
        self.products(Input::Normed { eps: norm.eps }, output, Some(norm.weight.clone()), variants)
    }

    fn products(&self, input: Input, output: Output, norm: Option<Buffer>, variants: &Variants) -> Product {
        let accumulate = match output {
            Output::Rows(accumulate) => accumulate,
            Output::Gated => Accumulate::Replace,
        };
        let stride = self.rows();
        let factor = |piece: &Piece| {
            let Piece { packed, buffer } = piece;
            let (one, workgroups) = matvec(packed, input, output, *variants.matvec.of(packed.dtype));
            let mut many = matmul(packed, accumulate, stride, *variants.matmul.of(packed.dtype));
            many.kernel = many.kernel.named(self.part);
            Factor { weights: buffer.clone(), matvec: (one.named(self.part), workgroups), matmul: many }
        };
        Product { pieces: self.pieces.iter().map(factor).collect(), norm }
    }

    /// The lookup of embedding rows.
    pub fn lookup(&self) -> Lookup {
        let pieces = self.pieces.iter();
        Lookup { pieces: pieces.map(|piece| (piece.buffer.clone(), embed(&piece.packed))).collect() }
    }
}

/// The weights of a norm, and what keeps its root from zero.
pub struct Norm {
    /// \[hidden\]
    pub weight: Buffer,
    /// The epsilon.
    pub eps: f32,
}

/// A product with a matrix, ready to be launched.
pub struct Product {
    pieces: Vec<Factor>,
    norm: Option<Buffer>,
}

/// One piece of the matrix with its kernels.
struct Factor {
    weights: Buffer,
    matvec: (Kernel, Workgroups),
    matmul: Matmul,
}

impl Product {
    /// For one token: x \[cols\] → y \[rows\], or half as many where the output is gated.
    pub fn one(&self, gpu: &Gpu, x: &Buffer, y: &Buffer) {
        for Factor { weights, matvec: (kernel, workgroups), .. } in &self.pieces {
            match &self.norm {
                None => gpu.launch(kernel, *workgroups, &[weights, x, y]),
                Some(norm) => gpu.launch(kernel, *workgroups, &[weights, x, y, norm]),
            }
        }
    }

    /// For the `count` tokens of a step: x \[count, cols\] → y \[count, rows\]; neither normed nor gated.
    pub fn many(&self, gpu: &Gpu, step: &Buffer, count: u32, x: &Buffer, y: &Buffer) {
        for Factor { weights, matmul, .. } in &self.pieces {
            gpu.launch(&matmul.kernel, matmul.workgroups(count), &[weights, x, y, step]);
        }
    }
}

/// Embedding lookup, ready to be launched.
pub struct Lookup {
    pieces: Vec<(Buffer, (Kernel, u32))>,
}

impl Lookup {
    /// x \[count, hidden\] = the rows of the step's `count` tokens.
    pub fn many(&self, gpu: &Gpu, step: &Buffer, count: u32, x: &Buffer) {
        for (weights, (kernel, columns)) in &self.pieces {
            gpu.launch(kernel, Workgroups(*columns, count, 1), &[weights, step, x]);
        }
    }
}
