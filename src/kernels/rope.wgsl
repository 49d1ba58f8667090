// Rotates the pairs (2 j, 2 j + 1) of every query head in place: the interleaved form, in which GGUF keeps q and k.
// One invocation a pair: x over the pairs of a token, y over tokens.

@group(0) @binding(0) var<storage, read> step: Step;
@group(0) @binding(1) var<storage, read> rotation: array<vec2<f32>>;   // [context, HEAD_DIM / 2]: cos, sin
@group(0) @binding(2) var<storage, read_write> qkv: array<vec2<f32>>;  // [count, HEADS + 2 KV_HEADS, HEAD_DIM / 2]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let half = HEAD_DIM / 2u;
    if (id.x >= HEADS * half || id.y >= step.count) {
        return;
    }
    let turn = rotation[(step.position + id.y) * half + id.x % half];
    let at = id.y * (HEADS + 2u * KV_HEADS) * half + id.x;
    let pair = qkv[at];
    qkv[at] = vec2<f32>(pair.x * turn.x - pair.y * turn.y, pair.x * turn.y + pair.y * turn.x);
}
