// Blocks of 256: 64 weights share 32 bytes, and a unit takes 16 of these bytes.
const UNITS = 8u;
const APART = 32u;

fn column(m: u32) -> u32 {
    return (m >> 1u) * 64u + (m & 1u) * 16u;
}
