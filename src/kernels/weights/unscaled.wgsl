// F32, F16 and BF16: the numbers are the weights.
struct Scales {
    one: f32,
}

fn scales(span: u32) -> Scales {
    return Scales(1.0);
}

fn scale(s: Scales, m: u32, k: u32) -> vec2<f32> {
    return vec2<f32>(s.one, 0.0);
}

fn places(m: u32, k: u32) -> vec4<f32> {
    return vec4<f32>(1.0);
}
