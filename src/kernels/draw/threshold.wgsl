// The WANTED-th highest of the groups' maxima: at least so many logits are as high, and few are that are not among the
// best. A radix selection, eight bits of the keys at a time, in one workgroup.

@group(0) @binding(0) var<storage, read> maxima: array<u32>;        // [GROUPS]
@group(0) @binding(1) var<storage, read_write> found: Found;

var<workgroup> bins: array<atomic<u32>, 256>; // how many keys go on with each value of the eight bits
var<workgroup> sums: array<u32, 64>;          // of four bins each, the highest values first
var<workgroup> digit: u32;
var<workgroup> left: u32;
var<workgroup> tops: array<u32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) i: u32) {
    var highest = 0u;
    for (var g = i; g < GROUPS; g += 64u) {
        highest = max(highest, maxima[g]);
    }
    tops[i] = highest;
    var prefix = 0u;
    var rank = WANTED; // among the keys that begin with the prefix, from the highest on
    for (var round = 0u; round < 4u; round += 1u) {
        let shift = 24u - 8u * round;
        for (var b = i; b < 256u; b += 64u) {
            atomicStore(&bins[b], 0u);
        }
        workgroupBarrier();
        for (var g = i; g < GROUPS; g += 64u) {
            let key = maxima[g];
            // A shift by 32 would be none.
            if (round == 0u || ((key >> shift) >> 8u) == prefix) {
                atomicAdd(&bins[(key >> shift) & 255u], 1u);
            }
        }
        workgroupBarrier();
        let first = 255u - 4u * i;
        sums[i] = atomicLoad(&bins[first]) + atomicLoad(&bins[first - 1u])
            + atomicLoad(&bins[first - 2u]) + atomicLoad(&bins[first - 3u]);
        workgroupBarrier();
        var above = 0u;
        for (var j = 0u; j < i; j += 1u) {
            above += sums[j];
        }
        if (above < rank && rank <= above + sums[i]) {
            var b = first;
            for (var j = 0u; j < 3u; j += 1u) {
                let here = atomicLoad(&bins[b]);
                if (above + here >= rank) {
                    break;
                }
                above += here;
                b -= 1u;
            }
            digit = b;
            left = rank - above;
        }
        workgroupBarrier();
        prefix = (prefix << 8u) | digit;
        rank = left;
        workgroupBarrier();
    }
    if (i == 0u) {
        var top = 0u;
        for (var j = 0u; j < 64u; j += 1u) {
            top = max(top, tops[j]);
        }
        found.threshold = prefix;
        found.top = top;
        atomicStore(&found.count, 0u);
    }
}
