// Y = X W^T for the tokens of a step. A workgroup of 64 computes a tile of 64 rows of W by 32 tokens; it dequantises
// 64 x 32 weights at a time into workgroup memory (8 KiB) beside 32 x 32 activations (4 KiB).
// Each invocation keeps 4 rows x 8 tokens of sums in registers.

@group(0) @binding(0) var<storage, read> weights: array<vec4<u32>>; // [ROWS, COLS] packed
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;       // [count, COLS / 4]
@group(0) @binding(2) var<storage, read_write> y: array<f32>;       // [count, STRIDE]
@group(0) @binding(3) var<storage, read> step: Step;

var<workgroup> w_tile: array<f32, 2048>; // [32 columns, 64 rows]
var<workgroup> x_tile: array<f32, 1024>; // [32 columns, 32 tokens]

// Indices into matrices and vectors are constants throughout: a variable one would force them into memory.
fn put4(row: u32, column: u32, w: vec4<f32>) {
    let at = column * 64u + row;
    w_tile[at] = w.x;
    w_tile[at + 64u] = w.y;
    w_tile[at + 128u] = w.z;
    w_tile[at + 192u] = w.w;
}

fn put16(row: u32, column: u32, w: mat4x4<f32>) {
    put4(row, column, w[0]);
    put4(row, column + 4u, w[1]);
    put4(row, column + 8u, w[2]);
    put4(row, column + 12u, w[3]);
}

fn store4(token: u32, row: u32, sums: vec4<f32>) {
    if (token < step.count) {
        let at = token * STRIDE + FIRST_ROW + row;
        if (row < ROWS) { store(at, sums.x); }
        if (row + 1u < ROWS) { store(at + 1u, sums.y); }
        if (row + 2u < ROWS) { store(at + 2u, sums.z); }
        if (row + 3u < ROWS) { store(at + 3u, sums.w); }
    }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) workgroup: vec3<u32>, @builtin(local_invocation_index) i: u32) {
    let first_row = workgroup.x * 64u;
    let first_token = workgroup.y * 32u;
    let load_row = min(first_row + i, ROWS - 1u); // rows past the end repeat the last one and are not stored
    let load_token = min(first_token + i / 2u, step.count - 1u);
    let load_column = (i % 2u) * 16u;
    let rows = (i % 16u) * 4u;   // of the tile, this invocation's 4
    let tokens = (i / 16u) * 8u; // of the tile, this invocation's 8

    // For each of the 8 tokens, over the 4 rows.
    var s0 = vec4<f32>(0.0);
    var s1 = vec4<f32>(0.0);
    var s2 = vec4<f32>(0.0);
    var s3 = vec4<f32>(0.0);
    var s4 = vec4<f32>(0.0);
    var s5 = vec4<f32>(0.0);
    var s6 = vec4<f32>(0.0);
    var s7 = vec4<f32>(0.0);
    for (var column = 0u; column < COLS; column += 32u) {
        let g = load_row * (COLS / 16u) + column / 16u;
        put16(i, 0u, weights16(g));
        put16(i, 16u, weights16(g + 1u));
        let x_at = (load_token * COLS + column + load_column) / 4u;
        for (var c = 0u; c < 4u; c += 1u) {
            let four = x[x_at + c];
            let at = (load_column + c * 4u) * 32u + i / 2u;
            x_tile[at] = four.x;
            x_tile[at + 32u] = four.y;
            x_tile[at + 64u] = four.z;
            x_tile[at + 96u] = four.w;
        }
        workgroupBarrier();
        for (var c = 0u; c < 32u; c += 1u) {
            let at_w = c * 64u + rows;
            let w = vec4<f32>(w_tile[at_w], w_tile[at_w + 1u], w_tile[at_w + 2u], w_tile[at_w + 3u]);
            let at_x = c * 32u + tokens;
            s0 += w * x_tile[at_x];
            s1 += w * x_tile[at_x + 1u];
            s2 += w * x_tile[at_x + 2u];
            s3 += w * x_tile[at_x + 3u];
            s4 += w * x_tile[at_x + 4u];
            s5 += w * x_tile[at_x + 5u];
            s6 += w * x_tile[at_x + 6u];
            s7 += w * x_tile[at_x + 7u];
        }
        workgroupBarrier();
    }
    let token = first_token + tokens;
    let row = first_row + rows;
    store4(token, row, s0);
    store4(token + 1u, row, s1);
    store4(token + 2u, row, s2);
    store4(token + 3u, row, s3);
    store4(token + 4u, row, s4);
    store4(token + 5u, row, s5);
    store4(token + 6u, row, s6);
    store4(token + 7u, row, s7);
}
