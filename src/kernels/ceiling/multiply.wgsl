// Multiplies and adds in registers: how fast arithmetic can be at all. Four sums of four numbers are independent of each
// other, few enough for any processor's registers.

@group(0) @binding(0) var<storage, read> source: array<f32>;
@group(0) @binding(1) var<storage, read_write> found: array<f32>; // [INVOCATIONS]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let w = vec4<f32>(source[0]); // the compiler must not know it
    var a = vec4<f32>(f32(id.x));
    var b = a + 1.0;
    var c = a + 2.0;
    var d = a + 3.0;
    for (var i = 0u; i < EACH; i += 1u) {
        //: each r
        a = a * w + w;
        b = b * w + w;
        c = c * w + w;
        d = d * w + w;
        //: end
    }
    let sum = a + b + c + d;
    found[id.x] = sum.x + sum.y + sum.z + sum.w;
}
