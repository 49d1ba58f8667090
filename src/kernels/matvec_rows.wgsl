// y = W x for one token, one invocation a row: for software adapters, where a lane likes a long run of bytes of its own
// and a barrier is dear.

@group(0) @binding(0) var<storage, read> weights: array<vec4<u32>>; // [ROWS, COLS] packed
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;       // [COLS / 4]
@group(0) @binding(2) var<storage, read_write> y: array<f32>;       // [FIRST_ROW + ROWS ..]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = id.x;
    if (row >= ROWS) {
        return;
    }
    var sum = vec4<f32>(0.0);
    for (var g = 0u; g < COLS / 16u; g += 1u) {
        let w = weights16(row * (COLS / 16u) + g);
        sum += w[0] * x[g * 4u];
        sum += w[1] * x[g * 4u + 1u];
        sum += w[2] * x[g * 4u + 2u];
        sum += w[3] * x[g * 4u + 3u];
    }
    store(FIRST_ROW + row, sum.x + sum.y + sum.z + sum.w);
}
