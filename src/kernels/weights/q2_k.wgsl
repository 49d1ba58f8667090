// Planes of a block of 256: 64 bytes of 2-bit quants; 16 bytes, scale and min nibble of each 16 weights; d and dmin.
// 128 weights share 32 bytes: bits 0-1 of the bytes are weights 0..31, bits 2-3 the next 32, and so on.
// w = d scale q - dmin min.
struct Scales {
    nibbles: vec4<u32>,
    dm: vec2<f32>,
}

fn scales(span: u32) -> Scales {
    return Scales(weights[PLANE1 / 4u + span], halves(word(PLANE2 + span)));
}

fn scale(s: Scales, m: u32, k: u32) -> vec2<f32> {
    let i = column(m) / 16u + 2u * k;
    let w = s.nibbles[i >> 2u];
    let place = byte_place(i & 3u);
    let scale = float(w & (0x0fu << (8u * (i & 3u))));
    let min = f32(w & (0xf0u << (8u * (i & 3u))));
    return vec2<f32>(s.dm.x * (place * scale), -s.dm.y * (0.0625 * place * min));
}

struct Unit {
    q: vec4<u32>,
}

fn unit(span: u32, m: u32) -> Unit {
    return Unit(weights[PLANE0 / 4u + span * 4u + (m >> 2u) * 2u + (m & 1u)]);
}

fn numbers(u: Unit, m: u32, k: u32) -> mat4x4<f32> {
    return bytes16(u.q, 3u << (2u * ((m & 2u) + k)));
}

fn places(m: u32, k: u32) -> vec4<f32> {
    return BYTES * select(1.0, 0.0625, (m & 2u) == 2u) * select(1.0, 0.25, k == 1u);
}
