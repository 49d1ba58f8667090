// Reads all vectors and keeps what cannot be left out: how fast memory can be read at all. Neighbouring invocations read
// neighbouring vectors, or, on software adapters, runs of their own.

@group(0) @binding(0) var<storage, read> source: array<vec4<u32>, VECTORS>;
@group(0) @binding(1) var<storage, read_write> found: array<u32>; // [INVOCATIONS]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var sum = vec4<u32>(0u);
    for (var i = 0u; i < EACH; i += 4u) {
        let at = id.x * OWN + i * NEXT;
        sum ^= source[at] ^ source[at + NEXT] ^ source[at + 2u * NEXT] ^ source[at + 3u * NEXT];
    }
    found[id.x] = sum.x ^ sum.y ^ sum.z ^ sum.w;
}
