// y = W norm(x) for one token, with norm(x) = x / sqrt(mean(x^2) + EPS) * norm. The root is the same for every column, so
// it divides the sum; who has loaded all of x also has its squares.

@group(0) @binding(0) var<storage, read> weights: array<vec4<u32>, VECTORS>; // [ROWS, COLS] packed
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;       // [COLS / 4]
@group(0) @binding(2) var<storage, read_write> y: array<f32>;       // [FIRST_ROW + ROWS ..]
@group(0) @binding(3) var<storage, read> norm: array<vec4<f32>>;    // [COLS / 4]

var<private> squares: f32; // of what this invocation has loaded

fn load(at: u32) -> vec4<f32> {
    let v = x[at];
    squares += dot(v, v);
    return v * norm[at];
}

fn normed(sum: f32, squares: f32) -> f32 {
    return sum / sqrt(squares / f32(COLS) + EPS);
}
