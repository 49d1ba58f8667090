// Whole rows an invocation: for software adapters, where a lane likes a long run of bytes of its own, a barrier is dear,
// and so is every word that is loaded: x is loaded once for all rows, and `inputs` may share the loads of neighbours.

const STEP = 64u; // from one row of an invocation to its next

fn products(first: u32, lane: u32) -> array<f32, EACH> {
    //: each r
    var sum{r} = 0.0;
    let row{r} = row_of(first, {r}u) * (COLS / SPAN);
    //: end
    for (var span = 0u; span < COLS / SPAN; span += 1u) {
        //: each r
        let scales{r} = scales(row{r} + span);
        //: end
        //: each m
        {
            //: each r
            let unit{r} = unit(row{r} + span, {m}u);
            //: end
            //: each k
            {
                let v = inputs((span * SPAN + column({m}u) + {k}u * APART) / 4u, lane);
                let all = v[0] + v[1] + v[2] + v[3];
                let total = all.x + all.y + all.z + all.w;
                let place = places({m}u, {k}u);
                let z0 = v[0] * place;
                let z1 = v[1] * place;
                let z2 = v[2] * place;
                let z3 = v[3] * place;
                //: each r
                {
                    let q = numbers(unit{r}, {m}u, {k}u);
                    let s = scale(scales{r}, {m}u, {k}u);
                    let p = q[0] * z0 + q[1] * z1 + q[2] * z2 + q[3] * z3;
                    sum{r} += s.x * (p.x + p.y + p.z + p.w) + s.y * total;
                }
                //: end
            }
            //: end
        }
        //: end
    }
    var sums: array<f32, EACH>;
    //: each r
    sums[{r}] = sum{r};
    //: end
    return sums;
}
