fn CACHE_pack(block: u32, numbers: array<f32, BLOCK>) {
    var n = numbers;
    var largest = 0.0;
    for (var i = 0u; i < BLOCK; i += 1u) {
        largest = max(largest, abs(n[i]));
    }
    let scale = largest / 127.0;
    let inverse = select(0.0, 127.0 / largest, largest > 0.0);
    for (var w = 0u; w < BLOCK / 4u; w += 1u) {
        let four = vec4<f32>(n[4u * w], n[4u * w + 1u], n[4u * w + 2u], n[4u * w + 3u]);
        let q = vec4<i32>(round(four * inverse));
        let bytes = bitcast<vec4<u32>>(q) & vec4<u32>(0xffu);
        CACHE[block * 8u + w] = bytes.x | (bytes.y << 8u) | (bytes.z << 16u) | (bytes.w << 24u);
    }
    CACHE[SCALES + block] = bitcast<u32>(scale);
}
