// Block of 2 numbers in one word.
fn CACHE_four(i: u32) -> vec4<f32> {
    return vec4<f32>(unpack2x16float(CACHE[i * 2u]), unpack2x16float(CACHE[i * 2u + 1u]));
}
