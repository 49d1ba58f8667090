// Planes of a block: nibbles; fifth bits; d. w = d (q - 16).
struct Scales {
    d: f32,
}

fn scales(span: u32) -> Scales {
    return Scales(half_at(PLANE2, span));
}

fn scale(s: Scales, m: u32, k: u32) -> vec2<f32> {
    return vec2<f32>(s.d, -16.0 * s.d);
}
