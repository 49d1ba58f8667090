// What the kernels of a draw share: the settings of the answer, and logits as keys that sort like them.

struct Settings {
    temperature: f32, // 0: the best one
    top_p: f32,
    min_p: f32,
    penalty: f32,     // 1: none
    top_k: u32,       // at least VOCABULARY: all
}

struct Found {
    count: atomic<u32>, // of logits at or above the threshold
    threshold: u32,     // a key
    top: u32,           // the key of the highest logit
}

const NOT_FINITE = 0xffffffffu; // no finite number has this key

fn key_of(logit: f32) -> u32 {
    let bits = bitcast<u32>(logit);
    if ((bits & 0x7f800000u) == 0x7f800000u) {
        return NOT_FINITE;
    }
    if ((bits & 0x7fffffffu) == 0u) {
        return 0x80000000u; // -0 is 0
    }
    return select(bits | 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
}

fn logit_of(key: u32) -> f32 {
    return bitcast<f32>(select(~key, key & 0x7fffffffu, (key & 0x80000000u) != 0u));
}
