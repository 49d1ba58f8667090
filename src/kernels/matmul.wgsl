// Y = X W^T for the tokens of a step. A workgroup of 64 computes a tile of 64 rows of W by 32 tokens; it dequantises
// 64 x 32 weights at a time into workgroup memory (8 KiB) beside 32 x 32 activations (4 KiB).
// Each invocation keeps 4 rows x 8 tokens of sums in registers.

@group(0) @binding(0) var<storage, read> weights: array<vec4<u32>>; // [ROWS, COLS] packed
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;       // [count, COLS / 4]
@group(0) @binding(2) var<storage, read_write> y: array<f32>;       // [count, STRIDE]
@group(0) @binding(3) var<storage, read> step: Step;

var<workgroup> w_tile: array<f32, 2048>; // [32 columns, 64 rows]
var<workgroup> x_tile: array<f32, 1024>; // [32 columns, 32 tokens]

fn put_weights(row: u32, column: u32, w: mat4x4<f32>) {
    for (var c = 0u; c < 4u; c += 1u) {
        let four = w[c];
        let at = (column + c * 4u) * 64u + row;
        w_tile[at] = four.x;
        w_tile[at + 64u] = four.y;
        w_tile[at + 128u] = four.z;
        w_tile[at + 192u] = four.w;
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

    var sums: array<vec4<f32>, 8>; // [token] over 4 rows
    for (var column = 0u; column < COLS; column += 32u) {
        let g = load_row * (COLS / 16u) + column / 16u;
        put_weights(i, 0u, weights16(g));
        put_weights(i, 16u, weights16(g + 1u));
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
            sums[0] += w * x_tile[at_x];
            sums[1] += w * x_tile[at_x + 1u];
            sums[2] += w * x_tile[at_x + 2u];
            sums[3] += w * x_tile[at_x + 3u];
            sums[4] += w * x_tile[at_x + 4u];
            sums[5] += w * x_tile[at_x + 5u];
            sums[6] += w * x_tile[at_x + 6u];
            sums[7] += w * x_tile[at_x + 7u];
        }
        workgroupBarrier();
    }
    for (var t = 0u; t < 8u; t += 1u) {
        let token = first_token + tokens + t;
        if (token < step.count) {
            for (var r = 0u; r < 4u; r += 1u) {
                let row = first_row + rows + r;
                if (row < ROWS) {
                    store(token * STRIDE + FIRST_ROW + row, sums[t][r]);
                }
            }
        }
    }
}
