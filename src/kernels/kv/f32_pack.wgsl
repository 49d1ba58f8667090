fn CACHE_pack(block: u32, numbers: array<f32, BLOCK>) {
    CACHE[block * 2u] = bitcast<u32>(numbers[0]);
    CACHE[block * 2u + 1u] = bitcast<u32>(numbers[1]);
}
