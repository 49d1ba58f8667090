// y = W x for one token. x as it is.

@group(0) @binding(0) var<storage, read> weights: array<vec4<u32>, VECTORS>; // [ROWS, COLS] packed
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;       // [COLS / 4]
@group(0) @binding(2) var<storage, read_write> y: array<f32>;       // [FIRST_ROW + ROWS ..]

var<private> squares: f32; // not needed here

fn load(at: u32) -> vec4<f32> {
    return x[at];
}

fn normed(sum: f32, squares: f32) -> f32 {
    return sum;
}
