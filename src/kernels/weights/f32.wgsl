struct Unit {
    q: array<vec4<u32>, 8>,
}

fn unit(span: u32, m: u32) -> Unit {
    var u: Unit;
    for (var i = 0u; i < 8u; i += 1u) {
        u.q[i] = weights[span * 8u + i];
    }
    return u;
}

fn numbers(u: Unit, m: u32, k: u32) -> mat4x4<f32> {
    return mat4x4<f32>(
        bitcast<vec4<f32>>(select(u.q[0], u.q[4], k == 1u)),
        bitcast<vec4<f32>>(select(u.q[1], u.q[5], k == 1u)),
        bitcast<vec4<f32>>(select(u.q[2], u.q[6], k == 1u)),
        bitcast<vec4<f32>>(select(u.q[3], u.q[7], k == 1u)),
    );
}
