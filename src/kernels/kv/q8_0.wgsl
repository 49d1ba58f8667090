// Block of 32: 8 words of signed bytes; behind all blocks, at SCALES, one f32 scale a block.
fn CACHE_four(i: u32) -> vec4<f32> {
    let bytes = bitcast<vec4<i32>>(vec4<u32>(CACHE[i]) << vec4<u32>(24u, 16u, 8u, 0u)) >> vec4<u32>(24u);
    return bitcast<f32>(CACHE[SCALES + i / 8u]) * vec4<f32>(bytes);
}
