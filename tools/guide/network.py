"""InternLM2's network in JAX, at the guide's size. Tensors are named as in a GGUF file, matrices [out, in]."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp


@dataclass(frozen=True)
class Shape:
    """Sizes of the network."""

    vocabulary: int
    hidden: int = 256
    layers: int = 4
    heads: int = 4
    kv_heads: int = 2
    ffn: int = 768
    context: int = 2048
    theta: float = 10_000.0
    eps: float = 1e-5

    @property
    def head_dim(self):
        return self.hidden // self.heads


def init(shape, key):
    """Random weights; projections back into the residual stream start smaller, as in GPT-2."""
    kv = shape.kv_heads * shape.head_dim
    sizes = {"token_embd": (shape.vocabulary, shape.hidden), "output": (shape.vocabulary, shape.hidden)}
    for i in range(shape.layers):
        sizes |= {
            f"blk.{i}.attn_q": (shape.hidden, shape.hidden), f"blk.{i}.attn_k": (kv, shape.hidden),
            f"blk.{i}.attn_v": (kv, shape.hidden), f"blk.{i}.attn_output": (shape.hidden, shape.hidden),
            f"blk.{i}.ffn_gate": (shape.ffn, shape.hidden), f"blk.{i}.ffn_up": (shape.ffn, shape.hidden),
            f"blk.{i}.ffn_down": (shape.hidden, shape.ffn),
        }
    weights = {}
    for name, size in sizes.items():
        key, part = jax.random.split(key)
        back = name.endswith(("attn_output", "ffn_down"))
        weights[name] = jax.random.normal(part, size) * (0.02 / (2 * shape.layers) ** 0.5 if back else 0.02)
    for i in range(shape.layers):
        weights[f"blk.{i}.attn_norm"] = jnp.ones(shape.hidden)
        weights[f"blk.{i}.ffn_norm"] = jnp.ones(shape.hidden)
    weights["output_norm"] = jnp.ones(shape.hidden)
    return weights


@jax.custom_vjp
def project(x, weight):
    """`weight` [out, in] applied to x [..., in]. The gradient is written out, over flat matrices and behind a barrier: what
    XLA makes of it on a CPU otherwise takes twice as long."""
    return (x.reshape(-1, x.shape[-1]) @ weight.T).reshape(*x.shape[:-1], -1)


def project_forward(x, weight):
    return project(x, weight), (x, weight)


def project_backward(kept, grad):
    x, weight = kept
    flat = jax.lax.optimization_barrier(grad.reshape(-1, weight.shape[0]))
    return (flat @ weight).reshape(x.shape), flat.T @ x.reshape(-1, weight.shape[1])


project.defvjp(project_forward, project_backward)


def norm(x, weight, eps):
    return x * jax.lax.rsqrt(jnp.mean(x * x, -1, keepdims=True) + eps) * weight


def rotate(x, shape):
    """Interleaved RoPE: pairs (2j, 2j + 1) of x [batch, tokens, heads, head_dim]."""
    angles = jnp.arange(x.shape[1])[:, None] * shape.theta ** (-jnp.arange(0, shape.head_dim, 2) / shape.head_dim)
    cos, sin = jnp.cos(angles)[:, None, :], jnp.sin(angles)[:, None, :]
    a, b = x[..., 0::2], x[..., 1::2]
    return jnp.stack([a * cos - b * sin, a * sin + b * cos], -1).reshape(x.shape)


def drop(x, rate, key):
    return x if key is None else jnp.where(jax.random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0)


def forward(weights, ids, shape, key=None, dropout=0.1):
    """The normed last hidden state [batch, tokens, hidden] of ids [batch, tokens]; with `key`, with dropout at both ends."""
    w = weights
    first, last = (None, None) if key is None else jax.random.split(key)
    batch, tokens = ids.shape
    group = shape.heads // shape.kv_heads
    mask = jnp.where(jnp.tril(jnp.ones((tokens, tokens), bool)), 0.0, -1e9)
    x = drop(w["token_embd"][ids], dropout, first)
    for i in range(shape.layers):
        b = f"blk.{i}."
        h = norm(x, w[b + "attn_norm"], shape.eps)
        q = rotate(project(h, w[b + "attn_q"]).reshape(batch, tokens, shape.heads, shape.head_dim), shape)
        k = rotate(project(h, w[b + "attn_k"]).reshape(batch, tokens, shape.kv_heads, shape.head_dim), shape)
        v = project(h, w[b + "attn_v"]).reshape(batch, tokens, shape.kv_heads, shape.head_dim)
        q = q.reshape(batch, tokens, shape.kv_heads, group, shape.head_dim)
        scores = jnp.einsum("btkgd,bskd->bkgts", q, k) * shape.head_dim**-0.5 + mask
        attended = jnp.einsum("bkgts,bskd->btkgd", jax.nn.softmax(scores), v).reshape(batch, tokens, shape.hidden)
        x = x + project(attended, w[b + "attn_output"])
        h = norm(x, w[b + "ffn_norm"], shape.eps)
        h = jax.nn.silu(project(h, w[b + "ffn_gate"])) * project(h, w[b + "ffn_up"])
        x = x + project(jax.lax.optimization_barrier(h), w[b + "ffn_down"])
    return drop(norm(x, w["output_norm"], shape.eps), dropout, last)
