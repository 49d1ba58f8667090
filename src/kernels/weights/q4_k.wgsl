// Planes of a block of 256: 128 bytes of nibbles (64 weights share 32 bytes, low nibbles first); 12 bytes of scales and
// mins, one pair for 32 weights; d and dmin. w = d scale q - dmin min.
fn weights16(g: u32) -> mat4x4<f32> {
    let block = g >> 4u;
    let j = (g >> 1u) & 7u; // which 32
    let q = (weights[PLANE0 / 4u + block * 8u + (j >> 1u) * 2u + (g & 1u)] >> vec4<u32>((j & 1u) * 4u))
        & vec4<u32>(0x0f0f0f0fu);
    let sm = scale_min(PLANE1, block, j);
    let dm = word(PLANE2 + block);
    return affine(bytes16(q), f16_to_f32(dm & 0xffffu) * sm.x, -f16_to_f32(dm >> 16u) * sm.y);
}
