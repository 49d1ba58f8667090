// Each invocation loads what it needs of x by itself.

fn inputs(at: u32, lane: u32) -> mat4x4<f32> {
    return mat4x4<f32>(load(at), load(at + 1u), load(at + 2u), load(at + 3u));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) i: u32) {
    let first = workgroup.x * (STEP * OUTPUTS) + i;
    let sums = products(first, 0u);
    put(first, sums, squares);
}
