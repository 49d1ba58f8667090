// One stretch has all positions: what it found is the result.
fn finish(stretch: u32, head: u32, column: u32, sum: vec4<f32>, total: f32, maximum: f32) {
    out[head * VECTORS + column] = sum / total;
}
