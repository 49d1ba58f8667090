fn pack(block: u32, numbers: array<f32, BLOCK>) {
    cache[block * 2u] = bitcast<u32>(numbers[0]);
    cache[block * 2u + 1u] = bitcast<u32>(numbers[1]);
}
