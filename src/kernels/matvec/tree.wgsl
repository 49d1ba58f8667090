// Sixteen lanes for EACH rows, added up through workgroup memory.

const LANES = 16u;
var<workgroup> partial: array<array<f32, 64>, EACH + 1u>; // the last: squares

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) i: u32,
) {
    let lane = i % LANES;
    let first = ((workgroup.y * workgroups.x + workgroup.x) * (64u / LANES) + i / LANES) * OUTPUTS;
    var sums = products(first, lane);
    //: each r
    partial[{r}][i] = sums[{r}];
    //: end
    partial[EACH][i] = squares;
    workgroupBarrier();
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
        if (lane < half) {
            //: each r
            partial[{r}][i] += partial[{r}][i + half];
            //: end
            partial[EACH][i] += partial[EACH][i + half];
        }
        workgroupBarrier();
    }
    if (lane == 0u) {
        //: each r
        sums[{r}] = partial[{r}][i];
        //: end
        put(first, sums, partial[EACH][i]);
    }
}
