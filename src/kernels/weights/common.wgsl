// Shared by all weight formats. `weights` is the packed tensor: planes of 16-byte vectors, see quant::layout.
// PLANEn is the first 32-bit word of plane n. Every format defines
//   fn weights16(g: u32) -> mat4x4<f32>     the weights 16 g .. 16 g + 15 of the row-major tensor, four to a column.

fn word(i: u32) -> u32 {
    return weights[i >> 2u][i & 3u];
}

// Exact for subnormals too, which scales of K-quants often are and which unpack2x16float may flush to zero.
fn f16_to_f32(bits: u32) -> f32 {
    let magnitude = bits & 0x7fffu;
    let normal = bitcast<f32>((magnitude << 13u) + 0x38000000u);
    let subnormal = f32(magnitude) * 5.9604644775390625e-8;
    let value = select(normal, subnormal, magnitude < 0x400u);
    return select(value, -value, (bits & 0x8000u) != 0u);
}

// Number i of a plane of f16.
fn half_at(plane: u32, i: u32) -> f32 {
    return f16_to_f32((word(plane + (i >> 1u)) >> ((i & 1u) * 16u)) & 0xffffu);
}

// Byte i of a plane of bytes.
fn byte_at(plane: u32, i: u32) -> u32 {
    return (word(plane + (i >> 2u)) >> ((i & 3u) * 8u)) & 0xffu;
}

// The four bytes of a word, first byte first.
fn bytes4(w: u32) -> vec4<f32> {
    return vec4<f32>((vec4<u32>(w) >> vec4<u32>(0u, 8u, 16u, 24u)) & vec4<u32>(0xffu));
}

fn bytes16(w: vec4<u32>) -> mat4x4<f32> {
    return mat4x4<f32>(bytes4(w.x), bytes4(w.y), bytes4(w.z), bytes4(w.w));
}

// The same for signed bytes.
fn signed4(w: u32) -> vec4<f32> {
    return vec4<f32>(bitcast<vec4<i32>>(vec4<u32>(w) << vec4<u32>(24u, 16u, 8u, 0u)) >> vec4<u32>(24u));
}

// Bits i, i + 1, i + 2, i + 3 of w as 0 or 1.
fn bits4(w: u32, i: u32) -> vec4<f32> {
    return vec4<f32>((vec4<u32>(w >> i) >> vec4<u32>(0u, 1u, 2u, 3u)) & vec4<u32>(1u));
}

// scale * q + offset, column by column.
fn affine(q: mat4x4<f32>, scale: f32, offset: f32) -> mat4x4<f32> {
    let o = vec4<f32>(offset);
    return mat4x4<f32>(scale * q[0] + o, scale * q[1] + o, scale * q[2] + o, scale * q[3] + o);
}
