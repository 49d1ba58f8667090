//! `lab logits`, `greedy` and `bench`: token ids in, numbers out.

use super::DeviceArguments;
use super::file::ModelFile;
use crate::engine::bench as measure;
use crate::error::{Error, ErrorKind, Result};
use crate::model::reference::Reference;
use crate::protocol::BenchPlan;
use crate::source::Cancel;
use serde_json::json;
use std::path::Path;

/// Prints the logits after the last of `tokens`.
pub async fn logits(path: &Path, tokens: &[u32], device: DeviceArguments) -> Result<()> {
    let (mut session, _) = ModelFile::open(path)?.session(Some(tokens.len() as u32), device).await?;
    let logits = session.read(tokens, &Cancel::new(), &mut |_, _| ()).await?;
    print_logits(&logits)
}

/// The same by the reference on the CPU.
pub fn reference_logits(path: &Path, tokens: &[u32]) -> Result<()> {
    let mut file = ModelFile::open(path)?;
    let header = file.header()?;
    let mut reference = Reference::load(&header, |tensor| file.read(tensor.offset, tensor.bytes))?;
    let rows = reference.forward(tokens)?;
    match rows.last() {
        Some(row) => print_logits(row),
        None => Err(Error::new(ErrorKind::BadRequest, "there are no tokens; give at least one")),
    }
}

fn print_logits(logits: &[f32]) -> Result<()> {
    check_finite(logits)?;
    super::print(&json!({ "logits": logits }))
}

/// Prints the `count` best tokens after `tokens`, one after the other.
pub async fn greedy(path: &Path, tokens: &[u32], count: u32, device: DeviceArguments) -> Result<()> {
    let needed = (tokens.len() as u32).saturating_add(count);
    let (mut session, _) = ModelFile::open(path)?.session(Some(needed), device).await?;
    let mut logits = session.read(tokens, &Cancel::new(), &mut |_, _| ()).await?;
    let mut ids = Vec::new();
    for i in 0..count {
        let best = best(&logits)?;
        ids.push(best);
        if i + 1 < count {
            logits = session.decode(best).await?;
        }
    }
    super::print(&json!({ "ids": ids }))
}

/// The id of the largest logit; the lowest of equals.
fn best(logits: &[f32]) -> Result<u32> {
    check_finite(logits)?;
    let best = logits.iter().enumerate().rev().max_by(|(_, a), (_, b)| a.total_cmp(b));
    Ok(best.map_or(0, |(id, _)| id as u32))
}

fn check_finite(logits: &[f32]) -> Result<()> {
    match logits.iter().position(|logit| !logit.is_finite()) {
        None => Ok(()),
        Some(id) => Err(Error::new(ErrorKind::NotFinite, format!("the logit of token {id} is {}", logits[id]))),
    }
}

/// Prints figures of speed.
pub async fn bench(path: Option<&Path>, plan: BenchPlan, device: DeviceArguments) -> Result<()> {
    // One more is decoded, to be counted.
    let needed = plan.prompt.max(plan.depth).saturating_add(plan.generate).saturating_add(1);
    let (mut session, loaded) = ModelFile::open_or_guide(path)?.session(Some(needed), device).await?;
    super::print(&measure(&mut session, loaded, plan, &Cancel::new()).await?)
}
