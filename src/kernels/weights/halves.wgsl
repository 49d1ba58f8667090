// Weights of two bytes: a unit is four vectors.
struct Unit {
    q: array<vec4<u32>, 4>,
}

fn unit(span: u32, m: u32) -> Unit {
    let at = PLANE0 / 4u + span * 4u;
    return Unit(array<vec4<u32>, 4>(weights[at], weights[at + 1u], weights[at + 2u], weights[at + 3u]));
}

fn numbers(u: Unit, m: u32, k: u32) -> mat4x4<f32> {
    let a = select(u.q[0], u.q[2], k == 1u);
    let b = select(u.q[1], u.q[3], k == 1u);
    return mat4x4<f32>(two(a.x, a.y), two(a.z, a.w), two(b.x, b.y), two(b.z, b.w));
}
