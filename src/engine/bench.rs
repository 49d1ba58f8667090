//! Measuring speed: a prompt of given length, then decoding, several times; medians.

use super::Session;
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::BenchmarkReport;
use crate::source::Cancel;
use web_time::Instant;

/// What to measure.
#[derive(Debug, Clone, Copy)]
pub struct BenchPlan {
    /// Prompt length in tokens.
    pub prompt: u32,
    /// Tokens to decode.
    pub generate: u32,
    /// How often, after one warm-up that is not counted.
    pub repeats: u32,
}

/// Runs `plan`; the session's conversation is forgotten.
///
/// # Errors
/// `BadRequest` for a plan that does not fit the context or measures nothing, `Cancelled`, and the GPU's.
pub async fn bench(session: &mut Session, plan: BenchPlan, cancel: &Cancel) -> Result<BenchmarkReport> {
    let BenchPlan { prompt, generate, repeats } = plan;
    let context = session.model().context();
    if prompt == 0 || generate == 0 || repeats == 0 || prompt.checked_add(generate).is_none_or(|all| all > context) {
        let message = format!(
            "cannot measure a prompt of {prompt} and {generate} more tokens {repeats} times; each must be at least 1 and \
             the first two together at most the context of {context}"
        );
        return Err(Error::new(ErrorKind::BadRequest, message));
    }
    // Any ids will do; these differ, so that no embedding row stays in a cache. 7919 is prime.
    let vocabulary = session.model().config().vocabulary;
    let id = |i: u32| (u64::from(i) * 7919 % u64::from(vocabulary)) as u32;
    let tokens: Vec<u32> = (0..prompt).map(id).collect();
    let (mut prefill, mut decode, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
    let mut counts = (0, 0);
    for round in 0..=repeats {
        session.clear();
        let start = Instant::now();
        session.read(&tokens, cancel, &mut |_, _| ()).await?;
        let read = start.elapsed().as_secs_f64();
        let before = session.gpu().counts();
        let mut busy = 0.0;
        let start = Instant::now();
        for i in 0..generate {
            cancel.check()?;
            busy += session.decode_timed(id(i)).await?;
        }
        let decoded = start.elapsed().as_secs_f64();
        let after = session.gpu().counts();
        if round > 0 {
            prefill.push(read);
            decode.push(decoded / f64::from(generate));
            cpu.push(busy / f64::from(generate));
            counts = (after.0 - before.0, after.1 - before.1);
        }
    }
    session.clear();
    let (prefill, decode, cpu) = (median(prefill), median(decode), median(cpu));
    let weight_bytes_per_token = session.model().weight_bytes_per_token();
    Ok(BenchmarkReport {
        prefill_tok_s: f64::from(prompt) / prefill,
        decode_tok_s: 1.0 / decode,
        first_token_ms: prefill * 1e3,
        weight_bytes_per_token,
        gb_per_s: weight_bytes_per_token as f64 / decode / 1e9,
        dispatches_per_token: counts.0 / u64::from(generate),
        submissions_per_token: counts.1 as f64 / f64::from(generate),
        cpu_ms_per_token: cpu * 1e3,
        prompt,
        generate,
        repeats,
        adapter: session.gpu().name().to_owned(),
        wasm_heap_bytes: wasm_heap_bytes(),
    })
}

/// Bytes of wasm memory; 0 natively.
pub fn wasm_heap_bytes() -> u64 {
    #[cfg(target_arch = "wasm32")]
    return core::arch::wasm32::memory_size(0) as u64 * 65_536;
    #[cfg(not(target_arch = "wasm32"))]
    0
}

/// The middle value; the mean of the two middle ones of an even count.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (values.get(middle), values.len() % 2) {
        (Some(value), 1) => *value,
        (Some(value), _) => (value + values.get(middle.saturating_sub(1)).unwrap_or(value)) / 2.0,
        (None, _) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn medians_of_odd_and_even_counts() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
