// Blocks of 32: a block is a span and its one unit.
const UNITS = 1u;
const APART = 16u;

fn column(m: u32) -> u32 {
    return 0u;
}
