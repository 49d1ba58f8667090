// Planes: nibbles as in Q4_0; one word with the fifth bit of each weight; d. w = d (q - 16).
fn weights16(g: u32) -> mat4x4<f32> {
    let block = g >> 1u;
    let q = bytes16((weights[PLANE0 / 4u + block] >> vec4<u32>((g & 1u) * 4u)) & vec4<u32>(0x0f0f0f0fu));
    let fifth = word(PLANE1 + block) >> ((g & 1u) * 16u);
    let d = half_at(PLANE2, block);
    let q5 = mat4x4<f32>(
        q[0] + 16.0 * bits4(fifth, 0u),
        q[1] + 16.0 * bits4(fifth, 4u),
        q[2] + 16.0 * bits4(fifth, 8u),
        q[3] + 16.0 * bits4(fifth, 12u),
    );
    return affine(q5, d, -16.0 * d);
}
