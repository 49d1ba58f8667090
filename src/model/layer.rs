//! A transformer block as launches of kernels: once for a single token, where what can be fused is, and once for the
//! tokens of a prompt.

use super::matrix::{Norm, Product};
use super::scratch::{Scratch, Shared};
use super::weights::Block;
use crate::gpu::{Buffer, Gpu};
use crate::kernels::{Accumulate, Output, Variants};

/// A transformer block; fields named as in the checkpoint.
pub struct Layer {
    attn_norm: Norm,
    attn_qkv: Product,
    attn_output: Product,
    ffn_norm: Norm,
    ffn_gate_up: GateUp,
    ffn_down: Product,
}

/// The gate and what is gated.
enum GateUp {
    /// In one buffer: for a single token, one launch computes silu(gate) · up.
    Whole(Product),
    /// Of different types, or too large for one.
    Apart(Product),
}

impl Layer {
    /// Launches for one token, where no matrix is cut and the conversation is short.
    pub const LAUNCHES: u32 = 5;

    /// The kernels for a block's weights; `eps` keeps the root of its norms from zero.
    pub fn new(block: &Block, eps: f32, variants: &Variants) -> Self {
        let [attn_norm, ffn_norm] =
            [&block.attn_norm, &block.ffn_norm].map(|weight| Norm { weight: weight.clone(), eps });
        let replace = Output::Rows(Accumulate::Replace);
        let gate_up = &block.ffn_gate_up;
        Self {
            attn_qkv: block.attn_qkv.normed_product(&attn_norm, replace, variants),
            attn_output: block.attn_output.product(Accumulate::Add, variants),
            ffn_gate_up: if gate_up.is_whole() {
                GateUp::Whole(gate_up.normed_product(&ffn_norm, Output::Gated, variants))
            } else {
                GateUp::Apart(gate_up.normed_product(&ffn_norm, replace, variants))
            },
            ffn_down: block.ffn_down.product(Accumulate::Add, variants),
            attn_norm,
            ffn_norm,
        }
    }

    /// For a single token, whose attention has `stretches`.
    pub fn decode(&self, gpu: &Gpu, s: &Scratch, k: &Shared, stretches: u32, (keys, values): (&Buffer, &Buffer)) {
        // 1. Projections of the normed stream
        self.attn_qkv.one(gpu, &s.x, &s.qkv); //                                             [heads + 2 kv_heads, head_dim]
        // 2. Rotated by the position, keys and values into the cache;
        //    softmax(q k^T / sqrt(head_dim)) v over it
        k.decode_attention(gpu, s, stretches, keys, values); //                              [heads, head_dim]
        // 3. x += attn_output(attended)
        self.attn_output.one(gpu, &s.attended, &s.x);
        // 4. x += ffn_down(silu(ffn_gate(norm(x))) * ffn_up(norm(x)))
        match &self.ffn_gate_up {
            GateUp::Whole(gated) => gated.one(gpu, &s.x, &s.gated), //                       [ffn]
            GateUp::Apart(gate_up) => {
                gate_up.one(gpu, &s.x, &s.gate_up);
                k.silu_mul(gpu, s, 1);
            }
        }
        self.ffn_down.one(gpu, &s.gated, &s.x);
    }

    /// For `n` tokens.
    pub fn prefill(&self, gpu: &Gpu, s: &Scratch, k: &Shared, n: u32, (keys, values): (&Buffer, &Buffer)) {
        // 1. Projections of the normed stream
        k.norm(gpu, s, n, &self.attn_norm);
        self.attn_qkv.many(gpu, &s.step, n, &s.h, &s.qkv); //                                [n, heads + 2 kv_heads, head_dim]
        // 2. Positions: rotate q, and k on its way into the cache
        k.rope(gpu, s, n);
        k.kv_write(gpu, s, n, keys, values);
        // 3. softmax(q k^T / sqrt(head_dim)) v, up to each token's own position
        k.attention(gpu, s, n, keys, values); //                                             [n, heads, head_dim]
        // 4. x += attn_output(attended)
        self.attn_output.many(gpu, &s.step, n, &s.attended, &s.x);
        // 5. x += ffn_down(silu(ffn_gate(h)) * ffn_up(h))
        k.norm(gpu, s, n, &self.ffn_norm);
        self.ffn_gate_up.product().many(gpu, &s.step, n, &s.h, &s.gate_up); //               [n, 2 ffn]
        k.silu_mul(gpu, s, n); //                                                            [n, ffn]
        self.ffn_down.many(gpu, &s.step, n, &s.gated, &s.x);
    }
}

impl GateUp {
    fn product(&self) -> &Product {
        match self {
            Self::Whole(product) | Self::Apart(product) => product,
        }
    }
}
