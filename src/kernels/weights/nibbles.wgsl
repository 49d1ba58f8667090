// 16 bytes of nibbles: the low ones are the first group, the high ones the second.
struct Unit {
    q: vec4<u32>,
}

fn numbers(u: Unit, m: u32, k: u32) -> mat4x4<f32> {
    return bytes16(u.q, select(0x0fu, 0xf0u, k == 1u));
}

fn places(m: u32, k: u32) -> vec4<f32> {
    return BYTES * select(1.0, 0.0625, k == 1u);
}
