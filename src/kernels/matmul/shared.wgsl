// The four invocations of a quad need the same of x: each loads a fourth, and they tell each other.

fn inputs(at: u32, lane: u32) -> mat4x4<f32> {
    let own = x[at + lane];
    return mat4x4<f32>(quadBroadcast(own, 0u), quadBroadcast(own, 1u), quadBroadcast(own, 2u), quadBroadcast(own, 3u));
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) i: u32,
    @builtin(subgroup_invocation_id) lane: u32,
) {
    products(workgroup, i, lane & 3u);
}
