// Planes of a block: nibbles; d and m in one word. w = d q + m.
struct Scales {
    dm: vec2<f32>,
}

fn scales(span: u32) -> Scales {
    return Scales(halves(word(PLANE1 + span)));
}

fn scale(s: Scales, m: u32, k: u32) -> vec2<f32> {
    return s.dm;
}

fn unit(span: u32, m: u32) -> Unit {
    return Unit(weights[PLANE0 / 4u + span]);
}
