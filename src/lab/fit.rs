//! `lab selftest` and `lab fit`: what this GPU computes rightly, what it can hold, and how fast.

use super::DeviceArguments;
use super::file::ModelFile;
use crate::engine::selftest::{Scope, SelfTest, verdict};
use crate::engine::{bench, known_answer, measure};
use crate::error::{Error, ErrorKind, Result};
use crate::kernels::Ranking;
use crate::protocol::{BenchPlan, Measurement};
use crate::source::Cancel;
use crate::source::catalogue::{self, fit};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Positions enough for what is asked here.
const CONTEXT: u32 = 128;

fn device() -> DeviceArguments {
    DeviceArguments { context: Some(CONTEXT), ..Default::default() }
}

/// Prints the report of the self-test; an error if a kernel has no variant that is right, or the guide's answer is wrong.
pub async fn selftest() -> Result<()> {
    let (mut session, _) = ModelFile::guide().session(None, device()).await?;
    let gpu = session.gpu().clone();
    let (right, mut report) =
        SelfTest::new(&gpu, None, &[])?.run(&Scope::everything(), &Ranking::suited_to(&gpu)).await?;
    let answer = known_answer(&mut session, &Cancel::new()).await?;
    let known = answer.is_right();
    report.answer = Some(answer);
    super::print(&report)?;
    verdict(right, &report)?;
    if known {
        return Ok(());
    }
    Err(Error::new(ErrorKind::SelfTestFailed, "the guide's answer is not the known one; update the graphics driver"))
}

/// Prints what was measured, what of the catalogue fits, and for each of `files` the predicted and the measured speed.
pub async fn fit(files: &[PathBuf], generate: u32) -> Result<()> {
    let (mut session, _) = ModelFile::guide().session(None, device()).await?;
    let (gpu, variants) = (session.gpu().clone(), session.model().variants().clone());
    let measured = measure(&gpu, Some(&mut session), &variants.matvec, fit::worth_probing()).await?;
    drop(session);
    let entries: Vec<Value> = catalogue::entries().iter().map(|entry| expected(entry, &measured)).collect();
    let mut compared = vec![compare(None, generate, &measured).await?];
    for file in files {
        compared.push(compare(Some(file), generate, &measured).await?);
    }
    let recommended = fit::recommend(&measured).map(catalogue::Entry::file_name);
    super::print(&json!({
        "measured": measured, "catalogue": entries, "recommended": recommended, "compared": compared,
    }))
}

fn expected(entry: &catalogue::Entry, measured: &Measurement) -> Value {
    match fit::fit(entry, measured) {
        fit::Fit::Fits { context, tok_s } => {
            json!({"file": entry.file_name(), "fits": true, "context": context, "tok_s": tok_s})
        }
        fit::Fit::TooLarge { needed, free } => {
            json!({"file": entry.file_name(), "fits": false, "needed": needed, "free": free})
        }
    }
}

/// Predicted and measured tokens a second of a file.
async fn compare(path: Option<&Path>, generate: u32, measured: &Measurement) -> Result<Value> {
    let (mut session, loaded) = ModelFile::open_or_guide(path)?.session(None, device()).await?;
    let bytes: Vec<(String, u64)> =
        session.model().weight_bytes_by_type().iter().map(|(dtype, bytes)| (dtype.to_string(), *bytes)).collect();
    let layers = session.model().config().layers;
    let predicted = measured.decode_tok_s(layers, bytes.iter().map(|(dtype, bytes)| (dtype.as_str(), *bytes)));
    let plan = BenchPlan { prompt: 8, generate: generate.min(CONTEXT - 9), repeats: 3, ..Default::default() };
    let id = loaded.id.clone();
    let found = bench(&mut session, loaded, plan, &Cancel::new()).await?.decode_tok_s.median;
    Ok(json!({"file": id, "predicted_tok_s": predicted, "measured_tok_s": found, "ratio": predicted / found}))
}
