// Each row is a number of y.

// The r-th row of an invocation whose first is `first`; past the end the last one, whose sum is not stored.
fn row_of(first: u32, r: u32) -> u32 {
    return min(first + r * STEP, ROWS - 1u);
}

fn put(first: u32, sums: array<f32, EACH>, squares: f32) {
    //: each r
    if (first + {r}u * STEP < ROWS) {
        store(FIRST_ROW + first + {r}u * STEP, normed(sums[{r}], squares));
    }
    //: end
}
