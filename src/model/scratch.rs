//! The activations of a step, and the kernels between the products, which every block shares.

use super::matrix::Norm;
use super::{Config, KvCache, rotation_table};
use crate::error::Result;
use crate::gpu::{Buffer, Gpu, Kernel, Workgroups};
use crate::kernels::{
    Attention, KvSide, MAX_STEP_TOKENS, PrefillAttention, Rows, Stretches, Variants, attention, combine,
    decode_attention, kv_write, rms_norm, rope, silu_mul, step, stretch,
};

/// Activations of a step of n tokens.
pub struct Scratch {
    /// The most that n may be.
    pub tokens: u32,
    /// Position, n and ids.
    pub step: Buffer,
    /// \[context, head_dim / 2\] pairs of cos and sin.
    rotation: Buffer,
    /// The residual stream, \[n, hidden\].
    pub x: Buffer,
    /// Normed, \[n, hidden\].
    pub h: Buffer,
    /// Queries, keys and values, \[n, heads + 2 kv_heads, head_dim\].
    pub qkv: Buffer,
    /// \[n, heads, head_dim\]
    pub attended: Buffer,
    /// What each stretch of a long conversation adds to it, \[stretches, heads, head_dim\].
    sums: Buffer,
    /// And how much that counts, \[stretches, heads\] pairs.
    peaks: Buffer,
    /// \[n, 2 ffn\]
    pub gate_up: Buffer,
    /// \[n, ffn\]
    pub gated: Buffer,
    /// \[vocabulary\]
    pub logits: Buffer,
}

impl Scratch {
    /// Activations for steps of at most [`MAX_STEP_TOKENS`] tokens.
    ///
    /// # Errors
    /// `GpuLimits`.
    pub fn new(gpu: &Gpu, config: &Config, context: u32) -> Result<Self> {
        // As many tokens as the widest activations leave room for in a binding.
        let qkv = config.hidden + 2 * config.kv_width();
        let widest = 4 * u64::from(qkv.max(2 * config.ffn));
        let fit = u32::try_from(gpu.limits().max_binding_bytes / widest).unwrap_or(u32::MAX);
        let tokens = MAX_STEP_TOKENS.min(context).min(fit).max(1);
        let floats = |count: u32, width: u32| gpu.allocate(4 * u64::from(count) * u64::from(width), "the activations");
        let table = rotation_table(config, context);
        let rotation = gpu.allocate(4 * table.len() as u64, "the table of rotations")?;
        gpu.write_f32(&rotation, &table);
        let stretches = context.div_ceil(stretch(context));
        Ok(Self {
            tokens,
            step: gpu.allocate(step::BYTES, "the step")?,
            rotation,
            x: floats(tokens, config.hidden)?,
            h: floats(tokens, config.hidden)?,
            qkv: floats(tokens, qkv)?,
            attended: floats(tokens, config.hidden)?,
            sums: floats(stretches, config.hidden)?,
            peaks: floats(stretches, 2 * config.heads)?,
            gate_up: floats(tokens, 2 * config.ffn)?,
            gated: floats(tokens, config.ffn)?,
            logits: floats(1, config.vocabulary)?,
        })
    }
}

/// Kernels that every block shares; numbers are workgroups along x.
pub struct Shared {
    norm: Kernel,
    /// The norm of a step's last token.
    pub last_norm: Kernel,
    rope: (Kernel, u32),
    write_keys: (Kernel, u32),
    write_values: (Kernel, u32),
    attention: PrefillAttention,
    decode_attention: Kernel,
    stretch_attention: Kernel,
    combine: Kernel,
    silu_mul: (Kernel, u32),
    heads: u32,
    kv_heads: u32,
    stretch: u32,
}

impl Shared {
    /// Those for the model's sizes.
    pub fn new(config: &Config, cache: &KvCache, variants: &Variants) -> Self {
        let sizes = Attention { heads: config.heads, kv: cache.shape };
        Self {
            norm: rms_norm(config.hidden, config.rms_eps, Rows::All),
            last_norm: rms_norm(config.hidden, config.rms_eps, Rows::Last),
            rope: rope(&sizes),
            write_keys: kv_write(&sizes, KvSide::Keys),
            write_values: kv_write(&sizes, KvSide::Values),
            attention: attention(&sizes, variants.attention),
            decode_attention: decode_attention(&sizes, Stretches::One),
            stretch_attention: decode_attention(&sizes, Stretches::Several),
            combine: combine(&sizes),
            silu_mul: silu_mul(config.ffn),
            heads: config.heads,
            kv_heads: config.kv_heads,
            stretch: stretch(cache.shape.context),
        }
    }

    /// h = norm(x) for `n` tokens.
    pub fn norm(&self, gpu: &Gpu, s: &Scratch, n: u32, norm: &Norm) {
        gpu.launch(&self.norm, Workgroups(n, 1, 1), &[&s.x, &norm.weight, &s.h, &s.step]);
    }

    /// Turns the queries of `n` tokens.
    pub fn rope(&self, gpu: &Gpu, s: &Scratch, n: u32) {
        gpu.launch(&self.rope.0, Workgroups(self.rope.1, n, 1), &[&s.step, &s.rotation, &s.qkv]);
    }

    /// Keys, turned, and values of `n` tokens into the cache.
    pub fn kv_write(&self, gpu: &Gpu, s: &Scratch, n: u32, keys: &Buffer, values: &Buffer) {
        for ((kernel, blocks), cache) in [(&self.write_keys, keys), (&self.write_values, values)] {
            gpu.launch(kernel, Workgroups(*blocks, n, 1), &[&s.step, &s.rotation, &s.qkv, cache]);
        }
    }

    /// attended = attention of `n` tokens over the cache.
    pub fn attention(&self, gpu: &Gpu, s: &Scratch, n: u32, keys: &Buffer, values: &Buffer) {
        let bindings = [&s.step, &s.qkv, keys, values, &s.attended];
        gpu.launch(&self.attention.kernel, self.attention.workgroups(n), &bindings);
    }

    /// The stretches of attention for the one token at `position`.
    pub fn stretches(&self, position: u32) -> u32 {
        position / self.stretch + 1
    }

    /// Rotation, cache and attention of one token.
    pub fn decode_attention(&self, gpu: &Gpu, s: &Scratch, stretches: u32, keys: &Buffer, values: &Buffer) {
        let workgroups = Workgroups(self.kv_heads, stretches, 1);
        if stretches == 1 {
            let bindings = [&s.step, &s.rotation, &s.qkv, keys, values, &s.attended];
            gpu.launch(&self.decode_attention, workgroups, &bindings);
        } else {
            let bindings = [&s.step, &s.rotation, &s.qkv, keys, values, &s.sums, &s.peaks];
            gpu.launch(&self.stretch_attention, workgroups, &bindings);
            let bindings = [&s.step, &s.sums, &s.peaks, &s.attended];
            gpu.launch(&self.combine, Workgroups(self.heads, 1, 1), &bindings);
        }
    }

    /// gated = silu(gate) · up for `n` tokens.
    pub fn silu_mul(&self, gpu: &Gpu, s: &Scratch, n: u32) {
        gpu.launch(&self.silu_mul.0, Workgroups(self.silu_mul.1, n, 1), &[&s.gate_up, &s.gated]);
    }
}
