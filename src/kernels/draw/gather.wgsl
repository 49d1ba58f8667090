// The logits at or above the threshold, in any order, and the sum of exp(logit - top) of each group, where top-p asks for
// the mass of all.

@group(0) @binding(0) var<storage, read> settings: Settings;
@group(0) @binding(1) var<storage, read> logits: array<f32>;                    // [VOCABULARY]
@group(0) @binding(2) var<storage, read_write> found: Found;
@group(0) @binding(3) var<storage, read_write> candidates: array<vec2<u32>>;    // [ROOM] keys and ids
@group(0) @binding(4) var<storage, read_write> masses: array<f32>;              // [GROUPS]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let top = logit_of(found.top);
    let weighs = settings.top_k >= VOCABULARY && settings.top_p < 1.0;
    var mass = 0.0;
    for (var i = id.x; i < VOCABULARY; i += GROUPS) {
        let logit = logits[i];
        let key = key_of(logit);
        if (key >= found.threshold) {
            let slot = atomicAdd(&found.count, 1u);
            if (slot < ROOM) {
                candidates[slot] = vec2<u32>(key, i);
            }
        }
        if (weighs) {
            mass += exp(logit - top);
        }
    }
    masses[id.x] = mass;
}
