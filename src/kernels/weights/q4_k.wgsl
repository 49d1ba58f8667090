// Planes: 128 bytes of nibbles, low ones first; 12 bytes of scales and mins; d and dmin.
fn scales(span: u32) -> Scales {
    return scales_at(PLANE1 + span * 3u, PLANE2 + span);
}

fn unit(span: u32, m: u32) -> Unit {
    return Unit(weights[PLANE0 / 4u + span * 8u + m]);
}
