// Block of 32: 4 words of nibbles (q + 8, eight neighbours to a word); behind all blocks, at SCALES, one f32 scale a block.
fn CACHE_four(i: u32) -> vec4<f32> {
    let nibbles = (vec4<u32>(CACHE[i / 2u] >> ((i & 1u) * 16u)) >> vec4<u32>(0u, 4u, 8u, 12u)) & vec4<u32>(15u);
    return bitcast<f32>(CACHE[SCALES + i / 8u]) * (vec4<f32>(nibbles) - vec4<f32>(8.0));
}
