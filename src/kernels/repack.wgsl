// Moves one field of every block from the file's layout into its plane (quant::layout) and, for fields that hold
// floating-point numbers, looks for NaN and infinity. One invocation writes one 32-bit word of the plane.
//
// BLOCK_BYTES, FIELD_OFFSET and FIELD_BYTES are the block's layout; fields are 2 bytes or a multiple of 4 long and
// begin at even offsets. PLANE is the plane's first word in the packed tensor. CHECK is 0: integers, 1: f16, 2: bf16, 3: f32.

struct Chunk {
    blocks: u32,      // blocks in this chunk
    first_block: u32, // the number of the first one in the packed tensor
    tensor: u32,      // which count of `faults` is the tensor's
    unused: u32,
}

@group(0) @binding(0) var<storage, read> raw: array<u32>;                 // the chunk, as in the file
@group(0) @binding(1) var<storage, read> chunk: Chunk;
@group(0) @binding(2) var<storage, read_write> packed: array<u32>;
@group(0) @binding(3) var<storage, read_write> faults: array<atomic<u32>>; // [tensors], words that are not finite

fn half_word(byte: u32) -> u32 {
    return (raw[byte >> 2u] >> ((byte & 2u) * 8u)) & 0xffffu;
}

// The word at an even byte offset.
fn unaligned_word(byte: u32) -> u32 {
    let low = raw[byte >> 2u];
    if ((byte & 2u) == 0u) {
        return low;
    }
    return (low >> 16u) | (raw[(byte >> 2u) + 1u] << 16u);
}

fn is_finite(value: u32) -> bool {
    if (CHECK == 1u) {
        return (value & 0x7c00u) != 0x7c00u && ((value >> 16u) & 0x7c00u) != 0x7c00u;
    }
    if (CHECK == 2u) {
        return (value & 0x7f80u) != 0x7f80u && ((value >> 16u) & 0x7f80u) != 0x7f80u;
    }
    if (CHECK == 3u) {
        return (value & 0x7f800000u) != 0x7f800000u;
    }
    return true;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
    let w = id.y * workgroups.x * 64u + id.x;
    if (w >= (chunk.blocks * FIELD_BYTES + 3u) / 4u) {
        return;
    }
    var value = 0u;
    if (FIELD_BYTES == 2u) {
        value = half_word(2u * w * BLOCK_BYTES + FIELD_OFFSET);
        if (2u * w + 1u < chunk.blocks) {
            value |= half_word((2u * w + 1u) * BLOCK_BYTES + FIELD_OFFSET) << 16u;
        }
    } else {
        let words = max(FIELD_BYTES / 4u, 1u); // of one block
        value = unaligned_word((w / words) * BLOCK_BYTES + FIELD_OFFSET + (w % words) * 4u);
    }
    packed[PLANE + chunk.first_block / 4u * FIELD_BYTES + w] = value;
    if (!is_finite(value)) {
        atomicAdd(&faults[chunk.tensor], 1u);
    }
}
