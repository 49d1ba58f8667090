// Planes: 16 bytes, low nibbles are weights 0..15, high ones 16..31; d. w = d (q - 8).
fn weights16(g: u32) -> mat4x4<f32> {
    let block = g >> 1u;
    let q = (weights[PLANE0 / 4u + block] >> vec4<u32>((g & 1u) * 4u)) & vec4<u32>(0x0f0f0f0fu);
    let d = half_at(PLANE1, block);
    return affine(bytes16(q), d, -8.0 * d);
}
