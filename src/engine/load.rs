//! From a file's header to a session that can answer.

use super::Session;
use crate::error::{Context, Error, ErrorKind, Result};
use crate::gguf::File;
use crate::gpu::{ByteSource, Gpu};
use crate::model::{Config, Model, TensorSet};
use crate::protocol::{LoadOptions, LoadedModel, ModelId, Stage};
use crate::source::Cancel;
use crate::tokenizer::{Tokenizer, Vocabulary};
use std::rc::Rc;
use web_time::Instant;

/// Tokens of context where none are asked for: a long conversation, and memory that fits beside any model that fits.
pub const DEFAULT_CONTEXT: u32 = 4096;

/// What a load needs besides the GPU.
pub struct Loading<'a> {
    /// The model's id, for the report.
    pub id: ModelId,
    /// The parsed header.
    pub file: &'a File,
    /// The file's bytes.
    pub source: &'a mut dyn ByteSource,
    /// Context and type of the cache.
    pub options: LoadOptions,
    /// Ends the load between two chunks.
    pub cancel: &'a Cancel,
}

/// Loads a model. `progress(stage, done, of)` reports bytes.
///
/// # Errors
/// Those of the header's semantics, of the vocabulary, of [`Model::load`]; `Cancelled`; `BadRequest` for a context of 0
/// or beyond the trained length.
pub async fn load(
    gpu: Rc<Gpu>,
    loading: Loading<'_>,
    progress: &mut dyn FnMut(Stage, u64, Option<u64>),
) -> Result<(Session, LoadedModel)> {
    let Loading { id, file, source, options, cancel } = loading;
    let start = Instant::now();
    progress(Stage::Prepare, 0, None);
    let config = Config::from_gguf(file)?;
    let set = TensorSet::from_gguf(file, &config)?;
    let context = context_length(&options, &config)?;
    let tokenizer = Tokenizer::new(Vocabulary::from_gguf(file, Some(config.vocabulary))?)?;
    let tokenizer_ms = start.elapsed().as_secs_f64() * 1e3;
    let name = config.name.clone().unwrap_or_else(|| id.0.clone());
    let mut upload = |done, total| {
        progress(Stage::Upload, done, Some(total));
        cancel.check()
    };
    let model = Model::load(&gpu, config, &set, source, (context, options.kv_type), &mut upload)
        .await
        .with_context(|| format!("loading {}", id.0))?;
    let loaded = LoadedModel {
        id,
        name,
        context_length: context,
        kv_type: options.kv_type,
        chat: tokenizer.vocabulary().is_chat(),
        adapter: gpu.name().to_owned(),
        weight_bytes: model.weight_bytes(),
        kv_bytes: model.kv_bytes(),
        load_ms: start.elapsed().as_secs_f64() * 1e3,
        tokenizer_ms,
    };
    Ok((Session::new(gpu, model, tokenizer), loaded))
}

fn context_length(options: &LoadOptions, config: &Config) -> Result<u32> {
    let trained = config.trained_context;
    match options.context_length {
        None => Ok(DEFAULT_CONTEXT.min(trained)),
        Some(context) if (1..=trained).contains(&context) => Ok(context),
        Some(context) => {
            let message = format!("a context of {context} tokens was asked for; this model takes 1 to {trained}");
            Err(Error::new(ErrorKind::BadRequest, message))
        }
    }
}
