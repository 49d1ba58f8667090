"""Quantises to Q6_K and Q4_K, which the gguf library can only read. Formats: `block_q6_K` and `block_q4_K` of ggml.

Each small group takes the scale, out of a few, that loses least; nothing is weighed by what the weights are used for.
"""

import numpy as np

SHRINKS = np.linspace(0.8, 1.05, 11, dtype=np.float32)  # of the scale that just reaches the largest weight


def q6_k(matrix):
    """Bytes [rows, cols / 256 * 210] of matrix [rows, cols], cols a multiple of 256: w ≈ d · scale · q, q in -32..31,
    one scale for 16 weights."""
    groups = matrix.reshape(-1, 16, 16).astype(np.float32)
    largest = np.take_along_axis(groups, np.abs(groups).argmax(-1)[..., None], -1)
    scale = least_loss(groups, [largest / -32 * shrink for shrink in SHRINKS], -32, 31)
    d = (np.abs(scale).max(1, keepdims=True) / 127).astype(np.float16)
    scales = np.clip(np.round(divide(scale, d)), -128, 127).astype(np.int8)
    q = np.clip(np.round(divide(groups, d * scales.astype(np.float32))), -32, 31) + 32
    # Of each 128 weights, four rows of 32: low halves of rows 0 and 2, 1 and 3 share bytes; the high bits of all four do.
    rows = q.astype(np.uint8).reshape(-1, 2, 4, 32)
    low = (rows[:, :, :2] & 15) | (rows[:, :, 2:] & 15) << 4
    high = sum((rows[:, :, i] >> 4) << 2 * i for i in range(4))
    count = len(groups)
    parts = [low.reshape(count, -1), high.reshape(count, -1), scales.reshape(count, -1).view(np.uint8), d.reshape(count, 1).view(np.uint8)]
    return np.hstack(parts).reshape(len(matrix), -1)


def q4_k(matrix):
    """Bytes [rows, cols / 256 * 144] of matrix [rows, cols], cols a multiple of 256: w ≈ d · scale · q - dmin · min,
    q in 0..15, one scale and one min for 32 weights."""
    groups = matrix.reshape(-1, 8, 32).astype(np.float32)
    lowest = np.maximum(-groups.min(-1, keepdims=True), 0)
    dmin = (lowest.max(1, keepdims=True) / 63).astype(np.float16)
    mins = np.clip(np.round(divide(lowest, dmin)), 0, 63)
    lifted = groups + dmin.astype(np.float32) * mins
    scale = least_loss(lifted, [lifted.max(-1, keepdims=True).clip(0) / 15 * shrink for shrink in SHRINKS], 0, 15)
    d = (scale.max(1, keepdims=True) / 63).astype(np.float16)
    scales = np.clip(np.round(divide(scale, d)), 0, 63)
    q = np.clip(np.round(divide(lifted, d.astype(np.float32) * scales)), 0, 15).astype(np.uint8)
    # Twelve bytes of six-bit numbers: the scales and mins of groups 4 to 7 lie in four bits here and two there.
    s, m = scales.reshape(-1, 8).astype(np.uint8), mins.reshape(-1, 8).astype(np.uint8)
    packed = [s[:, :4] | (s[:, 4:] >> 4) << 6, m[:, :4] | (m[:, 4:] >> 4) << 6, (s[:, 4:] & 15) | (m[:, 4:] & 15) << 4]
    pairs = q.reshape(-1, 4, 2, 32)
    nibbles = (pairs[:, :, 0] | pairs[:, :, 1] << 4).reshape(len(groups), -1)
    half = [x.reshape(-1, 1).view(np.uint8) for x in (d, dmin)]
    return np.hstack([*half, *packed, nibbles]).reshape(len(matrix), -1)


def divide(a, b):
    """a / b, and nothing where b is nothing."""
    b = np.asarray(b, np.float32)
    return np.divide(a, b, out=np.zeros(np.broadcast_shapes(a.shape, b.shape), np.float32), where=b != 0)


def least_loss(groups, candidates, low, high):
    """For each group the scale, of the candidates, that loses least when rounded to low..high."""
    def loss(scale):
        return ((np.clip(np.round(divide(groups, scale)), low, high) * scale - groups) ** 2).sum(-1, keepdims=True)

    losses = np.stack([loss(scale) for scale in candidates])
    return np.take_along_axis(np.stack(candidates), losses.argmin(0)[None], 0)[0]
