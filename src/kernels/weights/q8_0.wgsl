// Planes: 32 signed bytes; d. w = d q.
fn weights16(g: u32) -> mat4x4<f32> {
    let q = weights[PLANE0 / 4u + g];
    let d = half_at(PLANE1, g >> 1u);
    return mat4x4<f32>(d * signed4(q.x), d * signed4(q.y), d * signed4(q.z), d * signed4(q.w));
}
