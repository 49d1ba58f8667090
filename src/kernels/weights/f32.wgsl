fn weights16(g: u32) -> mat4x4<f32> {
    let at = g * 4u;
    return mat4x4<f32>(
        bitcast<vec4<f32>>(weights[at]),
        bitcast<vec4<f32>>(weights[at + 1u]),
        bitcast<vec4<f32>>(weights[at + 2u]),
        bitcast<vec4<f32>>(weights[at + 3u]),
    );
}
