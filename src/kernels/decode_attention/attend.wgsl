// Attention of a single token, from its projections: rotates the queries and the key, writes key and value into the
// cache, and attends to a stretch of SPLIT positions. One workgroup for the GROUP queries that share a key/value head (x)
// and a stretch (y), so that each key is read once for all of them; the one whose stretch has the token writes to the cache.
// It walks the keys 64 at a time as attention.wgsl does, and keeps the running maximum and sum of the online softmax.

@group(0) @binding(0) var<storage, read> step: Step;
@group(0) @binding(1) var<storage, read> rotation: array<vec2<f32>>;    // [context, HEAD_DIM / 2]: cos, sin
@group(0) @binding(2) var<storage, read> qkv: array<vec2<f32>>;         // [HEADS + 2 KV_HEADS, HEAD_DIM / 2]
@group(0) @binding(3) var<storage, read_write> k_cache: array<u32>;     // [KV_HEADS, CONTEXT, HEAD_DIM] packed
@group(0) @binding(4) var<storage, read_write> v_cache: array<u32>;     // the same
@group(0) @binding(5) var<storage, read_write> out: array<vec4<f32>>;   // [stretches, HEADS, HEAD_DIM / 4]

const PAIRS = HEAD_DIM / 2u;
const VECTORS = HEAD_DIM / 4u;
const SHARES = 64u / VECTORS; // lanes that share a column vector, each takes every SHARES-th key

var<workgroup> queries: array<vec4<f32>, VECTORS * GROUP>;
var<workgroup> scores: array<array<f32, 64>, GROUP>;  // then the weights
var<workgroup> highest: array<array<f32, 8>, GROUP>;  // of 8 scores each
var<workgroup> parts: array<vec4<f32>, 64>;
var<workgroup> totals: array<f32, 64>;

// Pair p of row `row` of the projections, turned by the angle of `position`.
fn turned(row: u32, p: u32, position: u32) -> vec2<f32> {
    let v = qkv[row * PAIRS + p];
    let turn = rotation[position * PAIRS + p];
    return vec2<f32>(v.x * turn.x - v.y * turn.y, v.x * turn.y + v.y * turn.x);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) i: u32) {
    let kv_head = workgroup.x;
    let position = step.position;
    let begin = workgroup.y * SPLIT;
    if (begin > position) {
        return;
    }
    let end = min(position + 1u, begin + SPLIT);
    for (var v = i; v < VECTORS * GROUP; v += 64u) {
        let row = kv_head * GROUP + v / VECTORS;
        let p = (v % VECTORS) * 2u;
        queries[v] = SCALE * vec4<f32>(turned(row, p, position), turned(row, p + 1u, position));
    }
    if (end > position) {
        const BLOCKS = HEAD_DIM / BLOCK; // of a head
        let first = (kv_head * CONTEXT + position) * BLOCKS;
        for (var b = i; b < BLOCKS; b += 64u) {
            var key: array<f32, BLOCK>;
            var value: array<f32, BLOCK>;
            for (var n = 0u; n < BLOCK / 2u; n += 1u) {
                let p = b * (BLOCK / 2u) + n;
                let k = turned(HEADS + kv_head, p, position);
                let v = qkv[(HEADS + KV_HEADS + kv_head) * PAIRS + p];
                key[2u * n] = k.x;
                key[2u * n + 1u] = k.y;
                value[2u * n] = v.x;
                value[2u * n + 1u] = v.y;
            }
            k_cache_pack(first + b, key);
            v_cache_pack(first + b, value);
        }
    }
    storageBarrier();
    workgroupBarrier();

    let row = kv_head * CONTEXT; // of the head's position 0 in the cache
    let column = i % VECTORS;
    let share = i / VECTORS;
    //: each g
    var maximum{g} = -3.0e38;
    var total{g} = 0.0;
    var sum{g} = vec4<f32>(0.0);
    //: end
    for (var tile = begin; tile < end; tile += 64u) {
        let keys = min(64u, end - tile);
        //: each g
        var products{g} = vec4<f32>(0.0);
        //: end
        if (i < keys) {
            for (var c = 0u; c < VECTORS; c += 1u) {
                let key = k_cache_four((row + tile + i) * VECTORS + c);
                //: each g
                products{g} += queries[{g}u * VECTORS + c] * key;
                //: end
            }
        }
        //: each g
        let score{g} = select(-3.0e38, products{g}.x + products{g}.y + products{g}.z + products{g}.w, i < keys);
        scores[{g}][i] = score{g};
        //: end
        workgroupBarrier();
        for (var j = i; j < 8u * GROUP; j += 64u) {
            var high = scores[j / 8u][(j % 8u) * 8u];
            for (var s = 1u; s < 8u; s += 1u) {
                high = max(high, scores[j / 8u][(j % 8u) * 8u + s]);
            }
            highest[j / 8u][j % 8u] = high;
        }
        workgroupBarrier();
        //: each g
        var high{g} = maximum{g};
        for (var s = 0u; s < 8u; s += 1u) {
            high{g} = max(high{g}, highest[{g}][s]);
        }
        scores[{g}][i] = select(0.0, exp(score{g} - high{g}), i < keys);
        let shrink{g} = exp(maximum{g} - high{g});
        maximum{g} = high{g};
        total{g} *= shrink{g};
        sum{g} *= shrink{g};
        //: end
        workgroupBarrier();
        if (share < SHARES) {
            for (var s = share; s < keys; s += SHARES) {
                let value = v_cache_four((row + tile + s) * VECTORS + column);
                //: each g
                total{g} += scores[{g}][s];
                sum{g} += scores[{g}][s] * value;
                //: end
            }
        }
        workgroupBarrier();
    }
    // The lanes that share a column hold sums over different keys.
    //: each g
    parts[i] = sum{g};
    totals[i] = total{g};
    workgroupBarrier();
    if (i < VECTORS) {
        for (var s = 1u; s < SHARES; s += 1u) {
            sum{g} += parts[s * VECTORS + i];
            total{g} += totals[s * VECTORS + i];
        }
        finish(workgroup.y, kv_head * GROUP + {g}u, i, sum{g}, total{g}, maximum{g});
    }
    workgroupBarrier();
    //: end
}
