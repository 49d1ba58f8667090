// out = silu(gate) * up, with silu(g) = g / (1 + exp(-g)). One invocation four numbers: x over columns, y over tokens.

@group(0) @binding(0) var<storage, read> gate_up: array<vec4<f32>>;    // [count, 2 WIDTH / 4]: gates, then ups
@group(0) @binding(1) var<storage, read_write> out: array<vec4<f32>>;  // [count, WIDTH / 4]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= WIDTH / 4u) {
        return;
    }
    let at = id.y * (WIDTH / 2u) + id.x;
    let g = gate_up[at];
    out[id.y * (WIDTH / 4u) + id.x] = g / (vec4<f32>(1.0) + exp(-g)) * gate_up[at + WIDTH / 4u];
}
