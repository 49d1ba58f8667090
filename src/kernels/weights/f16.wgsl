fn two(a: u32, b: u32) -> vec4<f32> {
    return vec4<f32>(halves(a), halves(b));
}
