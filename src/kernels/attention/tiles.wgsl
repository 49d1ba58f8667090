// Causal attention with grouped queries: out[t, h, :] = softmax(q[t, h] . K[h / GROUP] / sqrt(HEAD_DIM)) V[h / GROUP],
// over the positions up to the token's own. One workgroup a query: x over heads, y over tokens.
// It walks the keys 64 at a time: a key a lane for the scores, four columns a lane for the values, and keeps the running
// maximum and sum of the online softmax (Milakov and Gimelshein, 2018).

@group(0) @binding(0) var<storage, read> step: Step;
@group(0) @binding(1) var<storage, read> qkv: array<vec4<f32>>;            // [count, HEADS + 2 KV_HEADS, HEAD_DIM / 4]
@group(0) @binding(2) var<storage, read> k_cache: array<u32>;              // [KV_HEADS, CONTEXT, HEAD_DIM] packed
@group(0) @binding(3) var<storage, read> v_cache: array<u32>;              // the same
@group(0) @binding(4) var<storage, read_write> out: array<vec4<f32>>;      // [count, HEADS, HEAD_DIM / 4]

const VECTORS = HEAD_DIM / 4u;
const SPLITS = 64u / VECTORS; // lanes that share a column vector, each takes every SPLITS-th key

var<workgroup> query: array<vec4<f32>, VECTORS>;
var<workgroup> scores: array<f32, 64>;
var<workgroup> weights: array<f32, 64>;
var<workgroup> parts: array<vec4<f32>, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) i: u32) {
    let head = workgroup.x;
    let first = (head / GROUP) * CONTEXT; // row of the head's position 0 in the cache
    let at = (workgroup.y * HEADS + head) * VECTORS;
    let query_at = (workgroup.y * (HEADS + 2u * KV_HEADS) + head) * VECTORS;
    let visible = step.position + workgroup.y + 1u;
    for (var c = i; c < VECTORS; c += 64u) {
        query[c] = qkv[query_at + c] * SCALE;
    }
    workgroupBarrier();

    let column = i % VECTORS;
    let split = i / VECTORS;
    var maximum = -3.0e38;
    var total = 0.0;
    var sum = vec4<f32>(0.0);
    for (var tile = 0u; tile < visible; tile += 64u) {
        let keys = min(64u, visible - tile);
        var score = -3.0e38;
        if (i < keys) {
            var products = vec4<f32>(0.0);
            for (var c = 0u; c < VECTORS; c += 1u) {
                products += query[c] * k_cache_four((first + tile + i) * VECTORS + c);
            }
            score = products.x + products.y + products.z + products.w;
        }
        scores[i] = score;
        workgroupBarrier();
        var highest = maximum;
        for (var s = 0u; s < 64u; s += 1u) {
            highest = max(highest, scores[s]);
        }
        weights[i] = select(0.0, exp(score - highest), i < keys);
        workgroupBarrier();
        let shrink = exp(maximum - highest);
        maximum = highest;
        total *= shrink;
        sum *= shrink;
        if (split < SPLITS) {
            for (var s = split; s < keys; s += SPLITS) {
                total += weights[s];
                sum += weights[s] * v_cache_four((first + tile + s) * VECTORS + column);
            }
        }
    }
    // The lanes that share a column hold sums over different keys.
    parts[i] = sum;
    scores[i] = total;
    workgroupBarrier();
    if (i < VECTORS) {
        for (var s = 1u; s < SPLITS; s += 1u) {
            sum += parts[s * VECTORS + i];
            total += scores[s * VECTORS + i];
        }
        out[at + i] = sum / total;
    }
}
