// Planes: 128 bytes of nibbles, low ones first; 32 bytes of fifth bits, bit j of byte l belongs to weight l of the 32
// weights number j; 12 bytes of scales and mins; d and dmin.
fn scales(span: u32) -> Scales {
    return scales_at(PLANE2 + span * 3u, PLANE3 + span);
}

struct Unit {
    low: vec4<u32>,
    fifth: vec4<u32>,
}

fn unit(span: u32, m: u32) -> Unit {
    return Unit(weights[PLANE0 / 4u + span * 8u + m], weights[PLANE1 / 4u + span * 2u + (m & 1u)]);
}

fn numbers(u: Unit, m: u32, k: u32) -> mat4x4<f32> {
    var low = u.low;
    if (k == 1u) {
        low = low >> vec4<u32>(4u);
    }
    let fifth = (u.fifth >> vec4<u32>((m & 6u) + k)) & vec4<u32>(0x01010101u);
    return bytes16((low & vec4<u32>(0x0f0f0f0fu)) | (fifth * vec4<u32>(16u)), 0x1fu);
}

fn places(m: u32, k: u32) -> vec4<f32> {
    return BYTES;
}
