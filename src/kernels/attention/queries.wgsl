// Causal attention with grouped queries, a query an invocation: for software adapters. Nothing goes through workgroup
// memory; a quad has four tokens of one head, which need the same keys and values, so each loads a fourth of them and they
// tell each other. x over four heads, y over 16 tokens.

@group(0) @binding(0) var<storage, read> step: Step;
@group(0) @binding(1) var<storage, read> qkv: array<vec4<f32>>;            // [count, HEADS + 2 KV_HEADS, HEAD_DIM / 4]
@group(0) @binding(2) var<storage, read> k_cache: array<u32>;              // [KV_HEADS, CONTEXT, HEAD_DIM] packed
@group(0) @binding(3) var<storage, read> v_cache: array<u32>;              // the same
@group(0) @binding(4) var<storage, read_write> out: array<vec4<f32>>;      // [count, HEADS, HEAD_DIM / 4]

const VECTORS = HEAD_DIM / 4u;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) i: u32,
    @builtin(subgroup_invocation_id) subgroup_lane: u32,
) {
    let lane = subgroup_lane & 3u;
    let head = workgroup.x * 4u + i / 16u;
    let token = workgroup.y * 16u + i % 16u;
    // Those past the end compute what another one does, and do not store it.
    let h = min(head, HEADS - 1u);
    let t = min(token, step.count - 1u);
    let visible = step.position + t + 1u;
    let end = step.position + min(step.count, workgroup.y * 16u + 16u);
    let row = (h / GROUP) * CONTEXT; // of the head's position 0 in the cache
    let query = (t * (HEADS + 2u * KV_HEADS) + h) * VECTORS;
    //: each b
    //: each w
    let q{b}_{w} = qkv[query + {b}u * 4u + {w}u] * SCALE;
    var sum{b}_{w} = vec4<f32>(0.0);
    //: end
    //: end
    var maximum = -3.0e38;
    var total = 0.0;
    for (var s = 0u; s < end; s += 1u) {
        let at = (row + s) * VECTORS + lane;
        var p = vec4<f32>(0.0);
        //: each b
        let k{b} = k_cache_four(at + {b}u * 4u);
        //: each w
        p += q{b}_{w} * quadBroadcast(k{b}, {w}u);
        //: end
        //: end
        let seen = s < visible;
        let score = select(-3.0e38, p.x + p.y + p.z + p.w, seen);
        let high = max(maximum, score);
        let shrink = exp(maximum - high);
        let weight = select(0.0, exp(score - high), seen);
        maximum = high;
        total = total * shrink + weight;
        //: each b
        let v{b} = v_cache_four(at + {b}u * 4u);
        //: each w
        sum{b}_{w} = sum{b}_{w} * shrink + weight * quadBroadcast(v{b}, {w}u);
        //: end
        //: end
    }
    if (head < HEADS && token < step.count) {
        let at = (token * HEADS + head) * VECTORS;
        //: each b
        //: each w
        out[at + {b}u * 4u + {w}u] = sum{b}_{w} / total;
        //: end
        //: end
    }
}
