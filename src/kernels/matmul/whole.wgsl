// Y = X W^T for the tokens of a step: for software adapters. An invocation keeps the sums of EACH rows and TOKENS tokens;
// nothing goes through workgroup memory, which is no nearer there than any other. Of x, a token's 16 numbers are loaded
// for all rows at once, and `inputs` may share the loads of four neighbours. Sums are added up one number after the other,
// from the left: that needs the fewest registers.

@group(0) @binding(0) var<storage, read> weights: array<vec4<u32>, VECTORS>; // [ROWS, COLS] packed
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;       // [count, COLS / 4]
@group(0) @binding(2) var<storage, read_write> y: array<f32>;       // [count, STRIDE]
@group(0) @binding(3) var<storage, read> step: Step;

fn products(workgroup: vec3<u32>, i: u32, lane: u32) {
    let row = workgroup.x * (64u * EACH) + i;
    let token = workgroup.y * TOKENS;
    let last = step.count - 1u; // tokens past it repeat it and are not stored
    //: each r
    let first{r} = min(row + {r}u * 64u, ROWS - 1u) * (COLS / SPAN);
    //: each t
    var sum{r}_{t} = 0.0;
    //: end
    //: end
    //: each t
    let base{t} = min(token + {t}u, last) * (COLS / 4u);
    //: end
    for (var span = 0u; span < COLS / SPAN; span += 1u) {
        //: each r
        let scales{r} = scales(first{r} + span);
        //: end
        //: loop m
            //: each r
            let unit{r} = unit(first{r} + span, m);
            //: end
            //: each k
            {
                //: each r
                let w{r} = group(unit{r}, scales{r}, m, {k}u);
                //: end
                let at = (span * SPAN + column(m) + {k}u * APART) / 4u;
                //: each t
                {
                    let v = inputs(base{t} + at, lane);
                    //: each r
                    sum{r}_{t} = sum{r}_{t}
                        + w{r}[0].x * v[0].x + w{r}[0].y * v[0].y + w{r}[0].z * v[0].z + w{r}[0].w * v[0].w
                        + w{r}[1].x * v[1].x + w{r}[1].y * v[1].y + w{r}[1].z * v[1].z + w{r}[1].w * v[1].w
                        + w{r}[2].x * v[2].x + w{r}[2].y * v[2].y + w{r}[2].z * v[2].z + w{r}[2].w * v[2].w
                        + w{r}[3].x * v[3].x + w{r}[3].y * v[3].y + w{r}[3].z * v[3].z + w{r}[3].w * v[3].w;
                    //: end
                }
                //: end
            }
            //: end
        //: end
    }
    //: each r
    if (row + {r}u * 64u < ROWS) {
        //: each t
        if (token + {t}u <= last) {
            store((token + {t}u) * STRIDE + FIRST_ROW + row + {r}u * 64u, sum{r}_{t});
        }
        //: end
    }
    //: end
}
