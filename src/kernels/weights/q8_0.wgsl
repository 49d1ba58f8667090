// Planes of a block: 32 signed bytes; d. w = d q, here as d (q + 128) - 128 d: bytes without a sign need not be moved.
struct Scales {
    d: f32,
}

fn scales(span: u32) -> Scales {
    return Scales(half_at(PLANE1, span));
}

fn scale(s: Scales, m: u32, k: u32) -> vec2<f32> {
    return vec2<f32>(s.d, -128.0 * s.d);
}

struct Unit {
    q: array<vec4<u32>, 2>,
}

fn unit(span: u32, m: u32) -> Unit {
    let at = PLANE0 / 4u + span * 2u;
    return Unit(array<vec4<u32>, 2>(weights[at], weights[at + 1u]));
}

fn numbers(u: Unit, m: u32, k: u32) -> mat4x4<f32> {
    return bytes16(select(u.q[0], u.q[1], k == 1u) ^ vec4<u32>(0x80808080u), 0xffu);
}

fn places(m: u32, k: u32) -> vec4<f32> {
    return BYTES;
}
