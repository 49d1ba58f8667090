// As in ggml, the number of largest magnitude becomes -8, the end of the range with one step more.
fn CACHE_pack(block: u32, numbers: array<f32, BLOCK>) {
    var n = numbers;
    var largest = 0.0;
    for (var i = 0u; i < BLOCK; i += 1u) {
        largest = select(largest, n[i], abs(n[i]) > abs(largest));
    }
    let scale = largest / -8.0;
    let inverse = select(0.0, -8.0 / largest, largest != 0.0);
    for (var w = 0u; w < BLOCK / 8u; w += 1u) {
        var packed = 0u;
        for (var i = 0u; i < 8u; i += 1u) {
            let q = clamp(round(n[8u * w + i] * inverse) + 8.0, 0.0, 15.0);
            packed |= u32(q) << (4u * i);
        }
        CACHE[block * 4u + w] = packed;
    }
    CACHE[SCALES + block] = bitcast<u32>(scale);
}
