//! `lab perplexity`: how well a model predicts a text.

use super::DeviceArguments;
use super::file::ModelFile;
use crate::error::{Error, ErrorKind, Result};
use crate::source::Cancel;
use crate::tokenizer::Specials;
use serde_json::json;
use std::path::Path;

/// Prints the perplexity over windows of `context` tokens. As in llama.cpp's tool of that name, each window begins with
/// `<s>`, and only its second half is scored, so that every scored token has some context.
pub async fn perplexity(path: &Path, text: &Path, context: u32, device: DeviceArguments) -> Result<()> {
    let text = std::fs::read_to_string(text).map_err(|error| {
        Error::new(ErrorKind::NotFound, format!("cannot read {} as UTF-8 text: {error}", text.display()))
    })?;
    if context < 4 {
        return Err(Error::new(
            ErrorKind::BadRequest,
            format!("a window of {context} tokens is too short; take 4 or more"),
        ));
    }
    let (mut session, _) = ModelFile::open(path)?.session(Some(context), device).await?;
    let bos = session.tokenizer().vocabulary().bos();
    let tokens = session.tokenizer().encode(&text, Specials::PlainText)?;
    let window = context as usize - 1;
    let (mut sum, mut squares, mut count, mut windows) = (0.0, 0.0, 0u64, 0u64);
    for rest in tokens.chunks_exact(window) {
        session.clear();
        windows += 1;
        let half = window / 2;
        let mut prompt = vec![bos];
        prompt.extend(rest.iter().take(half));
        let mut logits = session.read(&prompt, &Cancel::new(), &mut |_, _| ()).await?;
        for token in rest.iter().skip(half) {
            let loss = -log_probability(&logits, *token)?;
            sum += loss;
            squares += loss * loss;
            count += 1;
            if session.model().length() < session.model().context() {
                logits = session.decode(*token).await?;
            }
        }
    }
    if count == 0 {
        let message = format!(
            "the text has {} tokens, one window needs {window}; use a longer text or a smaller --ctx",
            tokens.len()
        );
        return Err(Error::new(ErrorKind::BadRequest, message));
    }
    let mean = sum / count as f64;
    let variance = (squares / count as f64 - mean * mean).max(0.0);
    let perplexity = mean.exp();
    // The error of exp(mean) to first order.
    let error = perplexity * (variance / (count.max(2) - 1) as f64).sqrt();
    super::print(&json!({ "perplexity": perplexity, "error": error, "tokens": count, "windows": windows }))
}

/// log softmax(logits)\[token\], in f64.
fn log_probability(logits: &[f32], token: u32) -> Result<f64> {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f64 = logits.iter().map(|logit| f64::from(logit - highest).exp()).sum();
    let own = logits.get(token as usize).copied().filter(|_| total.is_finite());
    own.map(|own| f64::from(own - highest) - total.ln()).ok_or_else(|| {
        let message = format!("the logits have no finite probability for token {token}");
        Error::new(ErrorKind::NotFinite, message)
    })
}
