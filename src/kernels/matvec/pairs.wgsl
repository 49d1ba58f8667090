// The first half of the rows are gates, the second what they let through: y = silu(gate) * up, with silu(g) =
// g / (1 + exp(-g)) (SwiGLU: Shazeer, 2020).

const PAIRS = ROWS / 2u;
const HALF = EACH / 2u;

// The r-th row of an invocation: first its gates, then their partners.
fn row_of(first: u32, r: u32) -> u32 {
    return min(first + (r % HALF) * STEP, PAIRS - 1u) + (r / HALF) * PAIRS;
}

fn put(first: u32, sums: array<f32, EACH>, squares: f32) {
    //: each p
    if (first + {p}u * STEP < PAIRS) {
        let gate = normed(sums[{p}], squares);
        let up = normed(sums[{p}u + HALF], squares);
        store(first + {p}u * STEP, gate / (1.0 + exp(-gate)) * up);
    }
    //: end
}
