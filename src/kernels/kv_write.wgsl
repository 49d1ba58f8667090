// Writes the keys (ROTATE: after RoPE) or values of a step into the cache, packed.
// One invocation packs BLOCK neighbouring numbers of one head: x over the blocks of a token, y over tokens.

@group(0) @binding(0) var<storage, read> step: Step;
@group(0) @binding(1) var<storage, read> rotation: array<vec2<f32>>;  // [context, HEAD_DIM / 2]: cos, sin
@group(0) @binding(2) var<storage, read> qkv: array<vec2<f32>>;       // [count, HEADS + 2 KV_HEADS, HEAD_DIM / 2]
@group(0) @binding(3) var<storage, read_write> cache: array<u32>;     // [KV_HEADS, CONTEXT, HEAD_DIM] packed

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let blocks = HEAD_DIM / BLOCK; // of one head
    if (id.x >= KV_HEADS * blocks || id.y >= step.count) {
        return;
    }
    let head = id.x / blocks;
    let pair = (id.x % blocks) * (BLOCK / 2u); // first pair of the block in the head
    let position = step.position + id.y;
    let first = (id.y * (HEADS + 2u * KV_HEADS) + FIRST_HEAD + head) * (HEAD_DIM / 2u) + pair;
    var numbers: array<f32, BLOCK>;
    for (var p = 0u; p < BLOCK / 2u; p += 1u) {
        let v = qkv[first + p];
        let turn = select(vec2<f32>(1.0, 0.0), rotation[position * (HEAD_DIM / 2u) + pair + p], ROTATE);
        numbers[2u * p] = v.x * turn.x - v.y * turn.y;
        numbers[2u * p + 1u] = v.x * turn.y + v.y * turn.x;
    }
    cache_pack((head * CONTEXT + position) * blocks + id.x % blocks, numbers);
}
