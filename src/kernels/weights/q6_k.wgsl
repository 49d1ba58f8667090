// Planes of a block of 256: 128 bytes of the low 4 bits; 64 bytes of the high 2 bits; 16 signed scales; d.
// Of each 128 weights, the four 32s number `quarter` share bytes: quarters 0 and 1 have the low nibbles of bytes 0..31
// and 32..63, quarters 2 and 3 the high ones; their high bits are bits 2 quarter of 32 bytes. w = d scale (q - 32).
const UNITS = 8u;
const APART = 64u;

fn column(m: u32) -> u32 {
    return (m >> 2u) * 128u + (m & 3u) * 16u;
}

struct Scales {
    bytes: vec4<u32>, // with 128 added to each: without sign
    d: f32,
}

fn scales(span: u32) -> Scales {
    return Scales(weights[PLANE2 / 4u + span] ^ vec4<u32>(0x80808080u), half_at(PLANE3, span));
}

fn scale(s: Scales, m: u32, k: u32) -> vec2<f32> {
    let i = column(m) / 16u + 4u * k;
    let byte = byte_place(i & 3u) * f32(s.bytes[i >> 2u] & (0xffu << (8u * (i & 3u)))) - 128.0;
    let d = s.d * byte;
    return vec2<f32>(d, -32.0 * d);
}

struct Unit {
    low: vec4<u32>,
    high: vec4<u32>,
}

fn unit(span: u32, m: u32) -> Unit {
    return Unit(weights[PLANE0 / 4u + span * 8u + m], weights[PLANE1 / 4u + span * 4u + (m >> 2u) * 2u + (m & 1u)]);
}

// Low bits to bits 0..3 of a byte, high ones to 4..5, where those of quarter 2 are already.
fn numbers(u: Unit, m: u32, k: u32) -> mat4x4<f32> {
    var low = u.low;
    var high = u.high;
    if (k == 1u) {
        low = low >> vec4<u32>(4u);
        if ((m & 2u) == 2u) {
            high = high >> vec4<u32>(2u);
        }
        high = high & vec4<u32>(0x30303030u);
    } else if ((m & 2u) == 2u) {
        high = (high & vec4<u32>(0x0c0c0c0cu)) * vec4<u32>(4u);
    } else {
        high = (high & vec4<u32>(0x03030303u)) * vec4<u32>(16u);
    }
    return bytes16((low & vec4<u32>(0x0f0f0f0fu)) | high, 0x3fu);
}

fn places(m: u32, k: u32) -> vec4<f32> {
    return BYTES;
}
