// Planes of a block of 256: 64 bytes of the low 2 bits, as in Q2_K; 32 bytes of the high bit (bit 4 n + j);
// 12 bytes of 6-bit scales; d. w = d (scale - 32) (q - 4), where q has the high bit as its third.
fn weights16(g: u32) -> mat4x4<f32> {
    let block = g >> 4u;
    let i = g & 15u;
    let n = i >> 3u;
    let j = (i >> 1u) & 3u;
    let low = (weights[PLANE0 / 4u + block * 4u + n * 2u + (i & 1u)] >> vec4<u32>(2u * j)) & vec4<u32>(0x03030303u);
    let high = (weights[PLANE1 / 4u + block * 2u + (i & 1u)] >> vec4<u32>(4u * n + j)) & vec4<u32>(0x01010101u);
    // Scale i: its low 4 bits are a nibble of byte i mod 8, its high 2 bits a pair of byte 8 + i mod 4.
    let scale_low = (byte_at(PLANE2, block * 12u + (i & 7u)) >> (4u * (i >> 3u))) & 15u;
    let scale_high = (byte_at(PLANE2, block * 12u + 8u + (i & 3u)) >> (2u * (i >> 2u))) & 3u;
    let d = half_at(PLANE3, block) * (f32(scale_low | (scale_high << 4u)) - 32.0);
    return affine(bytes16(low | (high << vec4<u32>(2u))), d, -4.0 * d);
}
