//! From a file's header to a session that can answer: first what needs no GPU, so that a wrong file costs nothing.

use super::Session;
use super::choice::Demand;
use super::selftest::{Coverage, Scope};
use crate::error::{Context, Error, ErrorKind, Result};
use crate::gguf::File;
use crate::gpu::{ByteSource, Gpu};
use crate::kernels::{Attention, KvShape, Packed, Variants};
use crate::model::{Config, Model, Setup, TensorSet};
use crate::protocol::{KvType, LoadOptions, LoadedModel, ModelId};
use crate::source::Cancel;
use crate::tokenizer::{Tokenizer, Vocabulary};
use std::rc::Rc;
use web_time::Instant;

/// Tokens of context where none are asked for: a long conversation, and memory that fits beside any model that fits.
pub const DEFAULT_CONTEXT: u32 = 4096;

/// Positions of the cache on which variants of attention are compared.
const TRIAL_CONTEXT: u32 = 512;

/// A model whose header has been checked and whose tokenizer is built: all that can be had without a GPU.
pub struct Prepared {
    config: Config,
    set: TensorSet,
    tokenizer: Tokenizer,
    context: u32,
    kv_type: KvType,
    start: Instant,
    tokenizer_ms: f64,
}

/// Where a model's weights come from, and what ends their upload.
pub struct Upload<'a> {
    /// The model's id, for the report.
    pub id: ModelId,
    /// The file's bytes.
    pub source: &'a mut dyn ByteSource,
    /// Ends the load between two chunks.
    pub cancel: &'a Cancel,
    /// The kernel variants to use.
    pub variants: Variants,
    /// Milliseconds that choosing them took, for the report.
    pub choice_ms: f64,
}

impl Prepared {
    /// Checks the header in `file` and builds the tokenizer.
    ///
    /// # Errors
    /// Those of the model's semantics and of the vocabulary; `BadRequest` for a context of 0 or beyond the trained length.
    pub fn new(file: &File, options: &LoadOptions) -> Result<Self> {
        let start = Instant::now();
        let config = Config::from_gguf(file)?;
        let set = TensorSet::from_gguf(file, &config)?;
        let context = context_length(options, &config)?;
        let before = start.elapsed();
        let tokenizer = Tokenizer::new(Vocabulary::from_gguf(file, Some(config.vocabulary))?)?;
        let tokenizer_ms = (start.elapsed() - before).as_secs_f64() * 1e3;
        Ok(Self { config, set, tokenizer, context, kv_type: options.kv_type, start, tokenizer_ms })
    }

    /// The kernels that the model needs, for the self-test.
    pub fn scope(&self) -> Scope {
        Scope { dtypes: self.set.matrix_types(), kv_types: vec![self.kv_type], coverage: Coverage::UntilRight }
    }

    /// What the model asks of the GPU, for the choice of variants.
    pub fn demand(&self) -> Demand {
        let mut shapes: Vec<(Packed, u64)> = Vec::new();
        // Of the embedding a token reads one row.
        for matrix in self.set.matrices().skip(1) {
            let (Ok(rows), Ok(cols)) = (u32::try_from(matrix.rows), u32::try_from(matrix.cols())) else { continue };
            let packed = Packed { dtype: matrix.dtype(), rows, cols, first_row: 0 };
            match shapes.iter_mut().find(|(known, _)| *known == packed) {
                Some((_, bytes)) => *bytes += matrix.bytes(),
                None => shapes.push((packed, matrix.bytes())),
            }
        }
        shapes.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
        let bytes = shapes.iter().map(|(_, bytes)| bytes).sum();
        let mut matrices: Vec<Packed> = Vec::new();
        for (packed, _) in shapes {
            if matrices.iter().all(|known| known.dtype != packed.dtype) {
                matrices.push(packed);
            }
        }
        let Config { heads, kv_heads, head_dim, .. } = self.config;
        let kv = KvShape { kv_type: self.kv_type, kv_heads, context: self.context.min(TRIAL_CONTEXT), head_dim };
        Demand { matrices, attention: Attention { heads, kv }, bytes }
    }

    /// Uploads the weights. `progress(bytes done, of)` reports.
    ///
    /// # Errors
    /// Those of [`Model::load`], and `Cancelled`.
    pub async fn load(
        self,
        gpu: Rc<Gpu>,
        upload: Upload<'_>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(Session, LoadedModel)> {
        let Upload { id, source, cancel, variants, choice_ms } = upload;
        let Self { config, set, tokenizer, context, kv_type, start, tokenizer_ms } = self;
        let name = config.name.clone().unwrap_or_else(|| id.0.clone());
        let mut report = |done, total| {
            progress(done, total);
            cancel.check()
        };
        let kernels = variants.describe(&set.matrix_types());
        let setup = Setup { context, kv_type, variants };
        let model = Model::load(&gpu, config, &set, source, setup, &mut report)
            .await
            .with_context(|| format!("loading {}", id.0))?;
        let loaded = LoadedModel {
            id,
            name,
            context_length: context,
            kv_type,
            chat: tokenizer.vocabulary().is_chat(),
            adapter: gpu.name().to_owned(),
            weight_bytes: model.weight_bytes(),
            kv_bytes: model.kv_bytes(),
            load_ms: start.elapsed().as_secs_f64() * 1e3,
            tokenizer_ms,
            choice_ms,
            kernels,
        };
        Ok((Session::new(gpu, model, tokenizer), loaded))
    }
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
