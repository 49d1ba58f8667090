// One of several stretches: sums for combine.wgsl.
@group(0) @binding(6) var<storage, read_write> peaks: array<vec2<f32>>; // [stretches, HEADS]: highest score, sum of weights

fn finish(stretch: u32, head: u32, column: u32, sum: vec4<f32>, total: f32, maximum: f32) {
    out[(stretch * HEADS + head) * VECTORS + column] = sum;
    if (column == 0u) {
        peaks[stretch * HEADS + head] = vec2<f32>(maximum, total);
    }
}
