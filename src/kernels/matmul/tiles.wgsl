// Y = X W^T for the tokens of a step: for graphics processors. A workgroup of 64 computes a tile of 64 rows of W by 32
// tokens; it dequantises a unit of each row, 64 x 32 weights, at a time into workgroup memory (8 KiB) beside 32 x 32
// activations (4 KiB). Each invocation keeps 4 rows x 8 tokens of sums in registers.

@group(0) @binding(0) var<storage, read> weights: array<vec4<u32>, VECTORS>; // [ROWS, COLS] packed
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
    let load_group = i % 2u;
    let rows = (i % 16u) * 4u;   // of the tile, this invocation's 4
    let tokens = (i / 16u) * 8u; // of the tile, this invocation's 8

    // For each of the 8 tokens, over the 4 rows.
    //: each t
    var s{t} = vec4<f32>(0.0);
    //: end
    for (var u = 0u; u < COLS / 32u; u += 1u) {
        let m = u % UNITS;
        let span = load_row * (COLS / SPAN) + u / UNITS;
        let packed = unit(span, m);
        let scale_bits = scales(span);
        put16(i, 0u, group(packed, scale_bits, m, 0u));
        put16(i, 16u, group(packed, scale_bits, m, 1u));
        let x_at = (load_token * COLS + (u / UNITS) * SPAN + column(m) + load_group * APART) / 4u;
        for (var c = 0u; c < 4u; c += 1u) {
            let four = x[x_at + c];
            let at = (load_group * 16u + c * 4u) * 32u + i / 2u;
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
            //: each t
            s{t} += w * x_tile[at_x + {t}u];
            //: end
        }
        workgroupBarrier();
    }
    //: each t
    store4(first_token + tokens + {t}u, first_row + rows, s{t});
    //: end
}
