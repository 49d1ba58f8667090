// Block of 2 floats, as they are.
fn CACHE_four(i: u32) -> vec4<f32> {
    let at = i * 4u;
    return bitcast<vec4<f32>>(vec4<u32>(CACHE[at], CACHE[at + 1u], CACHE[at + 2u], CACHE[at + 3u]));
}
