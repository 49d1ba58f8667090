//! Measuring speed: a prompt of given length, then decoding, several times, after one round that warms up and is not
//! counted.

use super::Session;
use super::figures::kernel_figures;
use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{BenchPlan, BenchmarkReport, LoadedModel, Spread};
use crate::source::Cancel;
use web_time::Instant;

/// Runs `plan` on `session`, of which `model` tells; its conversation is forgotten.
///
/// # Errors
/// `BadRequest` for a plan that does not fit the context or measures nothing, `Cancelled`, and the GPU's.
pub async fn bench(
    session: &mut Session,
    model: LoadedModel,
    plan: BenchPlan,
    cancel: &Cancel,
) -> Result<BenchmarkReport> {
    check(&plan, session.model().context())?;
    let BenchPlan { prompt, generate, depth, repeats, kernels } = plan;
    let (mut prefill, mut decode, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
    let mut cold = 0.0;
    for round in 0..=repeats {
        session.clear();
        let read = read(session, prompt, cancel).await?;
        let (decoded, busy) = decode_some(session, generate, cancel).await?;
        if round == 0 {
            cold = read;
            continue;
        }
        prefill.push(read);
        decode.push(decoded);
        cpu.push(busy);
    }
    let before = session.gpu().counts();
    session.decode_some(token(session, 0), 1, cancel).await?;
    let after = session.gpu().counts();
    let depth_tok_s = if depth == 0 { None } else { Some(at_depth(session, &plan, cancel).await?) };
    let figures = if kernels { Some(kernel_figures(session, prompt, cancel).await?) } else { None };
    session.clear();

    let (prefill, decode, cpu) = (Seconds(prefill), Seconds(decode), Seconds(cpu));
    let weight_bytes_per_token = session.model().weight_bytes_per_token();
    Ok(BenchmarkReport {
        model,
        plan,
        prefill_tok_s: prefill.rate(prompt),
        prefill_gflop_s: session.model().products_per_prompt(prompt) as f64 * 2e-9 / prefill.median(),
        decode_tok_s: decode.rate(1),
        weight_bytes_per_token,
        gb_per_s: weight_bytes_per_token as f64 * 1e-9 / decode.median(),
        depth_tok_s,
        first_token_ms: prefill.milliseconds(),
        cold_first_token_ms: cold * 1e3,
        dispatches_per_token: (after.launches - before.launches) as f64,
        submissions_per_token: (after.submissions - before.submissions) as f64,
        read_bytes_per_token: (after.read_bytes - before.read_bytes) as f64,
        cpu_ms_per_token: cpu.milliseconds(),
        gpu_peak_bytes: after.peak_bytes,
        wasm_heap_bytes: wasm_heap_bytes(),
        kernels: figures,
    })
}

fn check(plan: &BenchPlan, context: u32) -> Result<()> {
    let BenchPlan { prompt, generate, depth, repeats, .. } = *plan;
    // One more is decoded, to be counted.
    let fits = |tokens: u32| tokens.checked_add(generate)?.checked_add(1).filter(|all| *all <= context);
    if prompt > 0 && generate > 0 && repeats > 0 && fits(prompt).is_some() && fits(depth).is_some() {
        return Ok(());
    }
    let message = format!(
        "cannot measure a prompt of {prompt} and {generate} more tokens, at a depth of {depth}, {repeats} times; prompt, \
         tokens and repeats must be at least 1, and prompt or depth with the tokens less than the context of {context}"
    );
    Err(Error::new(ErrorKind::BadRequest, message))
}

/// Any ids will do; these differ, so that no embedding row stays in a cache. 7919 is prime.
fn token(session: &Session, i: u32) -> u32 {
    let vocabulary = session.model().config().vocabulary;
    (u64::from(i) * 7919 % u64::from(vocabulary.max(1))) as u32
}

/// Seconds to the logits after a prompt.
async fn read(session: &mut Session, length: u32, cancel: &Cancel) -> Result<f64> {
    let tokens: Vec<u32> = (0..length).map(|i| token(session, i)).collect();
    let start = Instant::now();
    session.read(&tokens, cancel, &mut |_, _| ()).await?;
    Ok(start.elapsed().as_secs_f64())
}

/// Seconds for each of `count` tokens, and of CPU work for each.
async fn decode_some(session: &mut Session, count: u32, cancel: &Cancel) -> Result<(f64, f64)> {
    let start = Instant::now();
    let busy = session.decode_some(token(session, 1), count, cancel).await?;
    Ok((start.elapsed().as_secs_f64() / f64::from(count), busy / f64::from(count)))
}

/// Decoded tokens a second after a conversation of the plan's depth, which is read once.
async fn at_depth(session: &mut Session, plan: &BenchPlan, cancel: &Cancel) -> Result<Spread> {
    session.clear();
    read(session, plan.depth, cancel).await?;
    let mut decode = Vec::new();
    for round in 0..=plan.repeats {
        let (decoded, _) = decode_some(session, plan.generate, cancel).await?;
        if round > 0 {
            decode.push(decoded);
        }
        session.keep(plan.depth as usize);
    }
    Ok(Seconds(decode).rate(1))
}

/// What several rounds took.
struct Seconds(Vec<f64>);

impl Seconds {
    fn median(&self) -> f64 {
        spread(self.0.clone()).median
    }

    /// Of `count` things in each round, how many a second.
    fn rate(&self, count: u32) -> Spread {
        spread(self.0.iter().map(|seconds| f64::from(count) / seconds).collect())
    }

    fn milliseconds(&self) -> Spread {
        spread(self.0.iter().map(|seconds| seconds * 1e3).collect())
    }
}

/// Bytes of wasm memory; 0 natively.
pub fn wasm_heap_bytes() -> u64 {
    #[cfg(target_arch = "wasm32")]
    return core::arch::wasm32::memory_size(0) as u64 * 65_536;
    #[cfg(not(target_arch = "wasm32"))]
    0
}

/// Least, most and middle value; the mean of the two middle ones of an even count.
fn spread(mut values: Vec<f64>) -> Spread {
    values.sort_by(f64::total_cmp);
    let at = |i: usize| values.get(i).copied().unwrap_or_default();
    let last = values.len().saturating_sub(1);
    Spread { median: (at(last / 2) + at(last.div_ceil(2))) / 2.0, least: at(0), most: at(last) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_odd_and_even_counts() {
        assert_eq!(spread(vec![3.0, 1.0, 2.0]), Spread { median: 2.0, least: 1.0, most: 3.0 });
        assert_eq!(spread(vec![4.0, 1.0, 2.0, 3.0]).median, 2.5);
        assert_eq!(spread(vec![]), Spread::default());
    }

    #[test]
    fn plans_that_do_not_fit_are_refused() {
        let plan = BenchPlan { prompt: 8, generate: 3, depth: 0, repeats: 1, kernels: false };
        assert!(check(&plan, 12).is_ok());
        assert!(check(&plan, 11).is_err());
        assert!(check(&BenchPlan { depth: 9, ..plan }, 12).is_err());
        for plan in [
            BenchPlan { prompt: 0, ..plan },
            BenchPlan { generate: 0, ..plan },
            BenchPlan { repeats: 0, ..plan },
            BenchPlan { generate: u32::MAX, ..plan },
        ] {
            assert!(check(&plan, 12).is_err());
        }
    }
}
