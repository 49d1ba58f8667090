// y = W x for one token, 16 lanes a row and 4 rows a workgroup: for graphics processors, where neighbouring lanes
// should read neighbouring bytes and many workgroups should be in flight.

@group(0) @binding(0) var<storage, read> weights: array<vec4<u32>>; // [ROWS, COLS] packed
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;       // [COLS / 4]
@group(0) @binding(2) var<storage, read_write> y: array<f32>;       // [FIRST_ROW + ROWS ..]

const LANES = 16u;
var<workgroup> partial: array<f32, 64>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) i: u32,
) {
    let lane = i % LANES;
    let row = (workgroup.y * workgroups.x + workgroup.x) * (64u / LANES) + i / LANES;
    var sum = vec4<f32>(0.0);
    if (row < ROWS) {
        for (var g = lane; g < COLS / 16u; g += LANES) {
            let w = weights16(row * (COLS / 16u) + g);
            sum += w[0] * x[g * 4u];
            sum += w[1] * x[g * 4u + 1u];
            sum += w[2] * x[g * 4u + 2u];
            sum += w[3] * x[g * 4u + 3u];
        }
    }
    partial[i] = sum.x + sum.y + sum.z + sum.w;
    workgroupBarrier();
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
        if (lane < half) {
            partial[i] += partial[i + half];
        }
        workgroupBarrier();
    }
    if (lane == 0u && row < ROWS) {
        store(FIRST_ROW + row, partial[i]);
    }
}
