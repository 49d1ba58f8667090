// Planes of a block of 256: 128 bytes of the low 4 bits; 64 bytes of the high 2 bits; 16 signed scales; d.
// Of each 128 weights, the four 32s number `quarter` share bytes: quarters 0 and 1 have the low nibbles of bytes 0..31
// and 32..63, quarters 2 and 3 the high ones; their high bits are bits 2 quarter of 32 bytes. w = d scale (q - 32).
fn weights16(g: u32) -> mat4x4<f32> {
    let block = g >> 4u;
    let n = (g >> 3u) & 1u;
    let quarter = (g >> 1u) & 3u;
    let low = (weights[PLANE0 / 4u + block * 8u + n * 4u + (quarter & 1u) * 2u + (g & 1u)]
        >> vec4<u32>((quarter >> 1u) * 4u)) & vec4<u32>(0x0f0f0f0fu);
    let high = (weights[PLANE1 / 4u + block * 4u + n * 2u + (g & 1u)] >> vec4<u32>(2u * quarter))
        & vec4<u32>(0x03030303u);
    let scale = bitcast<i32>(byte_at(PLANE2, g) << 24u) >> 24u;
    let d = half_at(PLANE3, block) * f32(scale);
    return affine(bytes16(low | (high << vec4<u32>(4u))), d, -32.0 * d);
}
