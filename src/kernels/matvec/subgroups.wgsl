// The whole workgroup for EACH rows: added up within subgroups, whatever their size, then over them.

const LANES = 64u;
var<workgroup> partial: array<array<f32, 16>, EACH + 1u>; // no subgroup has fewer than 4 invocations; the last: squares

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(num_workgroups) workgroups: vec3<u32>,
    @builtin(local_invocation_index) i: u32,
    @builtin(subgroup_invocation_id) lane: u32,
    @builtin(subgroup_size) size: u32,
) {
    let first = (workgroup.y * workgroups.x + workgroup.x) * OUTPUTS;
    var sums = products(first, i);
    //: each r
    let sum{r} = subgroupAdd(sums[{r}]);
    //: end
    let all = subgroupAdd(squares);
    if (lane == 0u) {
        //: each r
        partial[{r}][i / size] = sum{r};
        //: end
        partial[EACH][i / size] = all;
    }
    workgroupBarrier();
    if (i == 0u) {
        //: each r
        sums[{r}] = 0.0;
        //: end
        var total = 0.0;
        for (var s = 0u; s * size < 64u; s += 1u) {
            //: each r
            sums[{r}] += partial[{r}][s];
            //: end
            total += partial[EACH][s];
        }
        put(first, sums, total);
    }
}
