// Planes of a block of 256: 64 bytes of the low 2 bits, as in Q2_K; 32 bytes of the high bit (bit j of byte l belongs to
// weight l of the 32 weights number j); 12 bytes of 6-bit scales; d. w = d (scale - 32) (q - 4), where q has the high bit
// as its third.
struct Scales {
    packed: vec3<u32>,
    d: f32,
}

fn scales(span: u32) -> Scales {
    let at = PLANE2 + span * 3u;
    return Scales(vec3<u32>(word(at), word(at + 1u), word(at + 2u)), half_at(PLANE3, span));
}

// Of scale i, the low 4 bits are a nibble of byte i mod 8, the high 2 bits a pair of byte 8 + i mod 4.
fn scale(s: Scales, m: u32, k: u32) -> vec2<f32> {
    let i = column(m) / 16u + 2u * k;
    let low = (select(s.packed.x, s.packed.y, (i & 4u) != 0u) >> (8u * (i & 3u) + 4u * (i >> 3u))) & 15u;
    let high = (s.packed.z >> (8u * (i & 3u) + 2u * (i >> 2u))) & 3u;
    let d = s.d * (float(low | (high << 4u)) - 32.0);
    return vec2<f32>(d, -4.0 * d);
}

struct Unit {
    low: vec4<u32>,
    high: vec4<u32>,
}

fn unit(span: u32, m: u32) -> Unit {
    return Unit(weights[PLANE0 / 4u + span * 4u + (m >> 2u) * 2u + (m & 1u)], weights[PLANE1 / 4u + span * 2u + (m & 1u)]);
}

fn numbers(u: Unit, m: u32, k: u32) -> mat4x4<f32> {
    let low = (u.low >> vec4<u32>(2u * ((m & 2u) + k))) & vec4<u32>(0x03030303u);
    let high = (u.high >> vec4<u32>((m & 6u) + k)) & vec4<u32>(0x01010101u);
    return bytes16(low | (high * vec4<u32>(4u)), 0x07u);
}

fn places(m: u32, k: u32) -> vec4<f32> {
    return BYTES;
}
