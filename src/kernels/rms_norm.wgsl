// out[t, :] = x[t, :] / sqrt(mean(x[t, :]^2) + EPS) * weight, one workgroup a token.
// With LAST_ONLY the one workgroup takes the step's last token and writes row 0.

@group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;          // [count, WIDTH / 4]
@group(0) @binding(1) var<storage, read> weight: array<vec4<f32>>;     // [WIDTH / 4]
@group(0) @binding(2) var<storage, read_write> out: array<vec4<f32>>;  // [count, WIDTH / 4]
@group(0) @binding(3) var<storage, read> step: Step;

var<workgroup> partial: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) i: u32) {
    let vectors = WIDTH / 4u;
    let row = select(workgroup.x, step.count - 1u, LAST_ONLY);
    var squares = vec4<f32>(0.0);
    for (var c = i; c < vectors; c += 64u) {
        let v = x[row * vectors + c];
        squares += v * v;
    }
    partial[i] = squares.x + squares.y + squares.z + squares.w;
    workgroupBarrier();
    for (var half = 32u; half > 0u; half /= 2u) {
        if (i < half) {
            partial[i] += partial[i + half];
        }
        workgroupBarrier();
    }
    let scale = 1.0 / sqrt(partial[0] / f32(WIDTH) + EPS);
    for (var c = i; c < vectors; c += 64u) {
        out[workgroup.x * vectors + c] = x[row * vectors + c] * scale * weight[c];
    }
}
