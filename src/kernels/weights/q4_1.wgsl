// Planes: nibbles as in Q4_0; d and m in one word. w = d q + m.
fn weights16(g: u32) -> mat4x4<f32> {
    let block = g >> 1u;
    let q = (weights[PLANE0 / 4u + block] >> vec4<u32>((g & 1u) * 4u)) & vec4<u32>(0x0f0f0f0fu);
    let dm = word(PLANE1 + block);
    return affine(bytes16(q), f16_to_f32(dm & 0xffffu), f16_to_f32(dm >> 16u));
}
