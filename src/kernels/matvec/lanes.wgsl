// LANES lanes for each EACH rows: for graphics processors, where neighbouring lanes should read neighbouring vectors and
// many loads should be in flight. `main` adds up what the lanes have.

const STEP = 1u; // from one row of a lane to its next

// The lane's share of the products: of each row the unit number `lane`, and every LANES-th after it.
fn products(first: u32, lane: u32) -> array<f32, EACH> {
    //: each r
    var sum{r} = 0.0;
    let row{r} = row_of(first, {r}u) * (COLS / SPAN);
    //: end
    for (var u = lane; u < COLS / 32u; u += LANES) {
        let m = u % UNITS;
        let span = u / UNITS;
        //: each r
        let unit{r} = unit(row{r} + span, m);
        let scales{r} = scales(row{r} + span);
        //: end
        //: each k
        {
            let at = (span * SPAN + column(m) + {k}u * APART) / 4u;
            let v0 = load(at);
            let v1 = load(at + 1u);
            let v2 = load(at + 2u);
            let v3 = load(at + 3u);
            let all = v0 + v1 + v2 + v3;
            let total = all.x + all.y + all.z + all.w;
            let place = places(m, {k}u);
            let z0 = v0 * place;
            let z1 = v1 * place;
            let z2 = v2 * place;
            let z3 = v3 * place;
            //: each r
            {
                let q = numbers(unit{r}, m, {k}u);
                let s = scale(scales{r}, m, {k}u);
                let p = q[0] * z0 + q[1] * z1 + q[2] * z2 + q[3] * z3;
                sum{r} += s.x * (p.x + p.y + p.z + p.w) + s.y * total;
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
