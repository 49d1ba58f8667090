// x[t, :] = the row of token t in the embedding matrix, for tokens whose rows are in this piece.
// One invocation writes the 32 columns of a unit of one token: x over units, y over tokens.

@group(0) @binding(0) var<storage, read> weights: array<vec4<u32>, VECTORS>; // [ROWS, COLS] packed
@group(0) @binding(1) var<storage, read> step: Step;
@group(0) @binding(2) var<storage, read_write> x: array<vec4<f32>>; // [count, COLS / 4]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = step.tokens[id.y] - FIRST_ROW; // wraps for rows before this piece
    if (id.x >= COLS / 32u || row >= ROWS) {
        return;
    }
    let span = row * (COLS / SPAN) + id.x / UNITS;
    let m = id.x % UNITS;
    let packed = unit(span, m);
    let s = scales(span);
    let first = id.y * COLS + (id.x / UNITS) * SPAN + column(m);
    //: each k
    {
        let w = group(packed, s, m, {k}u);
        let at = (first + {k}u * APART) / 4u;
        x[at] = w[0];
        x[at + 1u] = w[1];
        x[at + 2u] = w[2];
        x[at + 3u] = w[3];
    }
    //: end
}
