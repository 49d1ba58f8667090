// Planes of a block: nibbles; d. w = d (q - 8).
struct Scales {
    d: f32,
}

fn scales(span: u32) -> Scales {
    return Scales(half_at(PLANE1, span));
}

fn scale(s: Scales, m: u32, k: u32) -> vec2<f32> {
    return vec2<f32>(s.d, -8.0 * s.d);
}

fn unit(span: u32, m: u32) -> Unit {
    return Unit(weights[PLANE0 / 4u + span]);
}
