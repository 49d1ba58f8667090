// What changes from one step to the next; written once per submission.
struct Step {
    position: u32,      // of the first token of this step
    count: u32,         // tokens of this step, at least 1
    unit: f32,          // what the token after it is drawn with, from 0 to below 1
    tokens: array<u32>, // their ids, [count]
}
