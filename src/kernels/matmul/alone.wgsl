// Each invocation loads what it needs of x by itself.

fn inputs(at: u32, lane: u32) -> mat4x4<f32> {
    return mat4x4<f32>(x[at], x[at + 1u], x[at + 2u], x[at + 3u]);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) i: u32) {
    products(workgroup, i, 0u);
}
