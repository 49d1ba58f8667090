// One token from the candidates: the best where the temperature is 0, otherwise top-k, top-p, min-p and a draw with
// probability proportional to exp(logit / temperature), in that order, as `sampler` does it. The token becomes the next
// step's. Where the candidates do not decide it, that is told: the host has to look at all logits.

@group(0) @binding(0) var<storage, read> settings: Settings;
@group(0) @binding(1) var<storage, read_write> found: Found;
@group(0) @binding(2) var<storage, read> candidates: array<vec2<u32>>;  // [ROOM]
@group(0) @binding(3) var<storage, read> masses: array<f32>;            // [GROUPS]
@group(0) @binding(4) var<storage, read_write> seen: array<u32>;        // [VOCABULARY / 32] bits
@group(0) @binding(5) var<storage, read_write> step: Step;
@group(0) @binding(6) var<storage, read_write> drawn: array<u32>;       // id, and what came of it

const DECIDED = 0u;
const UNDECIDED = 1u;
const BROKEN = 2u; // a logit is not finite

// Software adapters clear workgroup memory word by word in code: it is kept small.
var<workgroup> keys: array<u32, ROOM>;
var<workgroup> ids: array<u32, ROOM>;
var<workgroup> sorted: array<u32, ROOM>; // places of candidates, the likeliest first
var<workgroup> partial: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) i: u32) {
    let all = atomicLoad(&found.count);
    let count = min(all, ROOM);
    for (var c = i; c < count; c += 64u) {
        let candidate = candidates[c];
        keys[c] = candidate.x;
        ids[c] = candidate.y;
    }
    var mass = 0.0;
    for (var g = i; g < GROUPS; g += 64u) {
        mass += masses[g];
    }
    partial[i] = mass;
    workgroupBarrier();
    for (var c = i; c < count; c += 64u) {
        let key = keys[c];
        let own = ids[c];
        var rank = 0u; // how many are likelier; of equals, the lower id is
        for (var other = 0u; other < count; other += 1u) {
            if (keys[other] > key || (keys[other] == key && ids[other] < own)) {
                rank += 1u;
            }
        }
        sorted[rank] = c;
    }
    workgroupBarrier();
    if (i == 0u) {
        choose(all, count);
    }
}

// exp((logit - top) / temperature) of the candidate at place c of the order.
fn weight(c: u32, temperature: f32) -> f32 {
    return exp((logit_of(keys[sorted[c]]) - logit_of(found.top)) / temperature);
}

fn choose(all: u32, count: u32) {
    var outcome = DECIDED;
    if (all > ROOM) {
        outcome = UNDECIDED;
    }
    if (found.top == NOT_FINITE) {
        outcome = BROKEN;
    }
    var place = 0u;
    if (settings.temperature > 0.0 && outcome == DECIDED) {
        var kept = count;
        let cuts_k = settings.top_k < VOCABULARY;
        // Whether what is kept ends among the candidates.
        var ends = false;
        if (cuts_k) {
            ends = settings.top_k <= count;
            kept = min(kept, settings.top_k);
        }
        if (settings.top_p < 1.0) {
            var total = 0.0;
            if (cuts_k) {
                for (var c = 0u; c < kept; c += 1u) { total += weight(c, 1.0); }
            } else {
                for (var g = 0u; g < 64u; g += 1u) { total += partial[g]; }
            }
            let wanted = settings.top_p * total;
            var sum = 0.0;
            for (var c = 0u; c < kept; c += 1u) {
                sum += weight(c, 1.0);
                if (sum >= wanted) {
                    kept = c + 1u;
                    ends = ends || !cuts_k;
                }
            }
        }
        if (settings.min_p > 0.0) {
            for (var c = 0u; c < kept; c += 1u) {
                if (weight(c, 1.0) < settings.min_p) {
                    kept = c;
                    ends = true;
                }
            }
        }
        if (!ends) {
            outcome = UNDECIDED;
        }
        var total = 0.0;
        for (var c = 0u; c < kept; c += 1u) { total += weight(c, settings.temperature); }
        var left = step.unit * total;
        for (var c = 0u; c < kept; c += 1u) {
            let own = weight(c, settings.temperature);
            if (own > 0.0) {
                place = c;
                if (left < own) { break; }
                left -= own;
            }
        }
    }
    let chosen = ids[sorted[place]];
    drawn[0] = chosen;
    drawn[1] = outcome;
    step.tokens[0] = chosen;
    seen[chosen / 32u] |= 1u << (chosen % 32u);
}
