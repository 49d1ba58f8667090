fn f16x4(a: u32, b: u32) -> vec4<f32> {
    return vec4<f32>(f16_to_f32(a & 0xffffu), f16_to_f32(a >> 16u), f16_to_f32(b & 0xffffu), f16_to_f32(b >> 16u));
}

fn weights16(g: u32) -> mat4x4<f32> {
    let a = weights[g * 2u];
    let b = weights[g * 2u + 1u];
    return mat4x4<f32>(f16x4(a.x, a.y), f16x4(a.z, a.w), f16x4(b.x, b.y), f16x4(b.z, b.w));
}
