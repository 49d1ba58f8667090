// Planes of a block: nibbles; fifth bits; d and m in one word. w = d q + m.
struct Scales {
    dm: vec2<f32>,
}

fn scales(span: u32) -> Scales {
    return Scales(halves(word(PLANE2 + span)));
}

fn scale(s: Scales, m: u32, k: u32) -> vec2<f32> {
    return s.dm;
}
