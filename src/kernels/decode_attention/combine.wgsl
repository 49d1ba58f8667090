// From what decode_attention has found in each stretch of SPLIT positions to the softmax over all of them: every stretch
// counts with exp of its highest score. One workgroup a head, a lane four columns.

@group(0) @binding(0) var<storage, read> step: Step;
@group(0) @binding(1) var<storage, read> sums: array<vec4<f32>>;        // [stretches, HEADS, HEAD_DIM / 4]
@group(0) @binding(2) var<storage, read> peaks: array<vec2<f32>>;       // [stretches, HEADS]: highest score, sum of weights
@group(0) @binding(3) var<storage, read_write> out: array<vec4<f32>>;   // [HEADS, HEAD_DIM / 4]

const VECTORS = HEAD_DIM / 4u;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) i: u32) {
    let head = workgroup.x;
    let stretches = step.position / SPLIT + 1u;
    if (i >= VECTORS) {
        return;
    }
    var highest = peaks[head].x;
    for (var s = 1u; s < stretches; s += 1u) {
        highest = max(highest, peaks[s * HEADS + head].x);
    }
    var total = 0.0;
    var sum = vec4<f32>(0.0);
    for (var s = 0u; s < stretches; s += 1u) {
        let peak = peaks[s * HEADS + head];
        let share = exp(peak.x - highest);
        total += share * peak.y;
        sum += share * sums[(s * HEADS + head) * VECTORS + i];
    }
    out[head * VECTORS + i] = sum / total;
}
