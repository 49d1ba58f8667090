// Clamped: what f16 cannot hold would be indeterminate.
fn CACHE_pack(block: u32, numbers: array<f32, BLOCK>) {
    let limit = vec2<f32>(65504.0);
    CACHE[block] = pack2x16float(clamp(vec2<f32>(numbers[0], numbers[1]), -limit, limit));
}
