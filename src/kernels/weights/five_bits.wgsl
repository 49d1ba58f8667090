// Nibbles, and one word with the fifth bit of each weight.
struct Unit {
    q: vec4<u32>,
    fifth: u32,
}

fn unit(span: u32, m: u32) -> Unit {
    return Unit(weights[PLANE0 / 4u + span], word(PLANE1 + span));
}

fn numbers(u: Unit, m: u32, k: u32) -> mat4x4<f32> {
    let low = (u.q >> vec4<u32>(4u * k)) & vec4<u32>(0x0f0f0f0fu);
    let fifth = u.fifth >> (16u * k);
    // Four bits spread to bit 4 of four bytes: multiplied, each lands there, and nothing else does.
    let spread = (vec4<u32>(fifth, fifth >> 4u, fifth >> 8u, fifth >> 12u) & vec4<u32>(15u)) * vec4<u32>(0x02040810u);
    return bytes16(low | (spread & vec4<u32>(0x10101010u)), 0x1fu);
}

fn places(m: u32, k: u32) -> vec4<f32> {
    return BYTES;
}
