// Q4_K with a fifth bit: plane 1 has 32 bytes, bit j of byte l belongs to weight l of the 32 weights number j.
fn weights16(g: u32) -> mat4x4<f32> {
    let block = g >> 4u;
    let j = (g >> 1u) & 7u;
    let low = (weights[PLANE0 / 4u + block * 8u + (j >> 1u) * 2u + (g & 1u)] >> vec4<u32>((j & 1u) * 4u))
        & vec4<u32>(0x0f0f0f0fu);
    let fifth = (weights[PLANE1 / 4u + block * 2u + (g & 1u)] >> vec4<u32>(j)) & vec4<u32>(0x01010101u);
    let sm = scale_min(PLANE2, block, j);
    let dm = word(PLANE3 + block);
    return affine(
        bytes16(low | (fifth << vec4<u32>(4u))),
        f16_to_f32(dm & 0xffffu) * sm.x,
        -f16_to_f32(dm >> 16u) * sm.y,
    );
}
