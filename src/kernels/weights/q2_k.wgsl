// Planes of a block of 256: 64 bytes of 2-bit quants; 16 bytes, scale and min nibble of each 16 weights; d and dmin.
// 128 weights share 32 bytes: bits 0-1 of the bytes are weights 0..31, bits 2-3 the next 32, and so on.
fn weights16(g: u32) -> mat4x4<f32> {
    let block = g >> 4u;
    let n = (g >> 3u) & 1u; // which 128
    let j = (g >> 1u) & 3u; // which 32 of them
    let q = (weights[PLANE0 / 4u + block * 4u + n * 2u + (g & 1u)] >> vec4<u32>(2u * j)) & vec4<u32>(0x03030303u);
    let scale = byte_at(PLANE1, g);
    let dm = word(PLANE2 + block);
    return affine(
        bytes16(q),
        f16_to_f32(dm & 0xffffu) * f32(scale & 15u),
        -f16_to_f32(dm >> 16u) * f32(scale >> 4u),
    );
}
