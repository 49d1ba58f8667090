// The highest key of each of GROUPS groups of logits, after the penalty on tokens that were seen (CTRL: Keskar et al.,
// 2019), which is applied in place. Group g has the logits g, g + GROUPS, g + 2 GROUPS …

@group(0) @binding(0) var<storage, read> settings: Settings;
@group(0) @binding(1) var<storage, read> seen: array<u32>;            // [VOCABULARY / 32] bits
@group(0) @binding(2) var<storage, read_write> logits: array<f32>;    // [VOCABULARY]
@group(0) @binding(3) var<storage, read_write> maxima: array<u32>;    // [GROUPS]

const LARGEST = 3.4028234e38;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var highest = 0u;
    for (var i = id.x; i < VOCABULARY; i += GROUPS) {
        var logit = logits[i];
        var key = key_of(logit);
        if (key != NOT_FINITE && settings.penalty != 1.0 && ((seen[i / 32u] >> (i % 32u)) & 1u) == 1u) {
            // An extreme penalty must not make infinity of a finite logit.
            let penalised = select(logit * settings.penalty, logit / settings.penalty, logit > 0.0);
            logit = clamp(penalised, -LARGEST, LARGEST);
            logits[i] = logit;
            key = key_of(logit);
        }
        highest = max(highest, key);
    }
    maxima[id.x] = highest;
}
