// Q4_K and Q5_K: scale and min j (0..7) of a block, 6 bits each, in 12 bytes of the plane at word `plane`:
// bytes 0..3 hold scales 0..3 and 4..7 mins 0..3 in their low 6 bits; bytes 8..11 hold the low nibbles of scales and
// mins 4..7, whose high 2 bits are on top of bytes 0..7.
fn scale_min(plane: u32, block: u32, j: u32) -> vec2<f32> {
    let a = word(plane + block * 3u) >> ((j & 3u) * 8u);
    let b = word(plane + block * 3u + 1u) >> ((j & 3u) * 8u);
    let c = word(plane + block * 3u + 2u) >> ((j & 3u) * 8u);
    let low = vec2<u32>(a & 63u, b & 63u);
    let high = vec2<u32>((c & 15u) | ((a >> 2u) & 48u), ((c >> 4u) & 15u) | ((b >> 2u) & 48u));
    return vec2<f32>(select(high, low, j < 4u));
}
