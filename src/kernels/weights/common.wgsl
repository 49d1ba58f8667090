// Shared by all weight formats. `weights` is the packed tensor: planes of 16-byte vectors, see quant::layout.
// PLANEn is the first 32-bit word of plane n. A span is a run of weights whose scales are stored together; a unit is 32
// weights of it that are unpacked together: two groups of 16 neighbours each. Every format defines
//   const UNITS                                        units of a span
//   const APART                                        columns from a unit's first group to its second
//   fn column(m: u32) -> u32                           the first column of unit m in the span
//   fn unit(span: u32, m: u32) -> Unit                 its packed numbers
//   fn numbers(u: Unit, m: u32, k: u32) -> mat4x4<f32> those of its group k, four to a column, in the places where they lie
//   fn places(m: u32, k: u32) -> vec4<f32>             what to multiply these with, one for each row
//   fn scales(span: u32) -> Scales                     what is stored for the span
//   fn scale(s: Scales, m: u32, k: u32) -> vec2<f32>   (scale, offset) of group k of unit m
// and a weight is scale · number · place + offset. Where speed matters, kernels call these with constant m and k, and
// multiply x with the places instead, once for all rows: so that numbers are cut out of a word, but not moved. Software
// adapters shift a vector in a dozen instructions and more.

const SPAN = 32u * UNITS; // weights of a span
const BYTES = vec4<f32>(1.0, 0.00390625, 1.52587890625e-5, 5.9604644775390625e-8); // 2^0, 2^-8, 2^-16, 2^-24

fn word(i: u32) -> u32 {
    return weights[i >> 2u][i & 3u];
}

// A small integer. By way of i32: software adapters convert u32 in five times as many instructions.
fn float(v: u32) -> f32 {
    return f32(bitcast<i32>(v));
}

// A multiple of 2^24, whose highest bit may be set.
fn float_top(v: u32) -> f32 {
    return f32(bitcast<i32>(v ^ 0x80000000u)) + 2147483648.0;
}

// f16 in the upper half of u. Exact for subnormals too, which scales of K-quants often are and which unpack2x16float may
// flush to zero.
fn upper_half(u: u32) -> f32 {
    let magnitude = u & 0x7fff0000u;
    let normal = bitcast<f32>((magnitude >> 3u) + 0x38000000u);
    let subnormal = float(magnitude) * 9.094947017729282379150390625e-13; // 2^-40
    let value = select(normal, subnormal, magnitude < 0x04000000u);
    return select(value, -value, u != magnitude);
}

// The two f16 of a word.
fn halves(w: u32) -> vec2<f32> {
    return vec2<f32>(upper_half(w * 65536u), upper_half(w & 0xffff0000u));
}

// Number i of a plane of f16.
fn half_at(plane: u32, i: u32) -> f32 {
    let w = word(plane + (i >> 1u));
    return upper_half(select(w * 65536u, w & 0xffff0000u, (i & 1u) == 1u));
}

// Of each byte of w the bits of `mask`: as they lie, so times 2^0, 2^8, 2^16 and 2^24.
fn bytes4(w: u32, mask: u32) -> vec4<f32> {
    return vec4<f32>(
        float(w & mask),
        float(w & (mask << 8u)),
        float(w & (mask << 16u)),
        select(float(w & (mask << 24u)), float_top(w & (mask << 24u)), mask > 127u),
    );
}

fn bytes16(w: vec4<u32>, mask: u32) -> mat4x4<f32> {
    return mat4x4<f32>(bytes4(w.x, mask), bytes4(w.y, mask), bytes4(w.z, mask), bytes4(w.w, mask));
}

// 2^-8 i, for i in 0..3.
fn byte_place(i: u32) -> f32 {
    return bitcast<f32>((127u - 8u * i) * 8388608u);
}

// Weights of group k of unit m.
fn group(u: Unit, s: Scales, m: u32, k: u32) -> mat4x4<f32> {
    let q = numbers(u, m, k);
    let so = scale(s, m, k);
    let p = so.x * places(m, k);
    let offset = vec4<f32>(so.y);
    return mat4x4<f32>(p * q[0] + offset, p * q[1] + offset, p * q[2] + offset, p * q[3] + offset);
}
