// Q4_K and Q5_K: d, dmin and a scale and a min of 6 bits for each 32 weights, in 12 bytes: bytes 0..3 hold scales 0..3
// and 4..7 mins 0..3 in their low 6 bits; bytes 8..11 hold the low nibbles of scales and mins 4..7, whose high 2 bits are
// on top of bytes 0..7. w = d scale q - dmin min.
struct Scales {
    packed: vec3<u32>,
    dm: vec2<f32>,
}

fn scales_at(packed: u32, dm: u32) -> Scales {
    return Scales(vec3<u32>(word(packed), word(packed + 1u), word(packed + 2u)), halves(word(dm)));
}

fn scale(s: Scales, m: u32, k: u32) -> vec2<f32> {
    let j = (m & 6u) + k; // which 32
    let byte = 1u << (8u * (j & 3u)); // times a mask: the mask in that byte
    let low = vec2<f32>(float(s.packed.x & (0x3fu * byte)), float(s.packed.y & (0x3fu * byte)));
    let nibble = vec2<f32>(float(s.packed.z & (0x0fu * byte)), 0.0625 * f32(s.packed.z & (0xf0u * byte)));
    let top = vec2<f32>(f32(s.packed.x & (0xc0u * byte)), f32(s.packed.y & (0xc0u * byte)));
    let sm = byte_place(j & 3u) * select(nibble + 0.25 * top, low, j < 4u);
    return vec2<f32>(s.dm.x * sm.x, -s.dm.y * sm.y);
}
