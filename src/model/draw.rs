//! Drawing the next token on the GPU from the logits of a step.

use crate::error::Result;
use crate::gpu::{Buffer, Gpu, Reading};
use crate::kernels::{Draw, DrawSettings, Drawn, draw};

/// The kernels of a draw and what they work on.
pub struct Drawing {
    kernels: Draw,
    vocabulary: u32,
    settings: Buffer,
    /// A bit for each token that the penalty is for.
    seen: Buffer,
    maxima: Buffer,
    found: Buffer,
    candidates: Buffer,
    masses: Buffer,
    drawn: Buffer,
}

impl Drawing {
    /// For the logits of `vocabulary` tokens.
    ///
    /// # Errors
    /// Those of allocating.
    pub fn new(gpu: &Gpu, vocabulary: u32) -> Result<Self> {
        let bytes = |bytes| gpu.allocate(bytes, "the draw");
        Ok(Self {
            kernels: draw(vocabulary),
            vocabulary,
            settings: bytes(DrawSettings::BYTES)?,
            seen: bytes(Draw::seen_bytes(vocabulary))?,
            maxima: bytes(Draw::MAXIMA_BYTES)?,
            found: bytes(Draw::FOUND_BYTES)?,
            candidates: bytes(Draw::CANDIDATES_BYTES)?,
            masses: bytes(Draw::MASSES_BYTES)?,
            drawn: bytes(4 * Drawn::WORDS as u64)?,
        })
    }

    /// Draws with `settings` from now on, after the tokens `seen`.
    pub fn begin(&self, gpu: &Gpu, settings: &DrawSettings, seen: impl Iterator<Item = u32>) {
        gpu.write(&self.settings, &settings.words(self.vocabulary));
        let mut words = vec![0; (Draw::seen_bytes(self.vocabulary) / 4) as usize];
        for token in seen {
            if let Some(word) = words.get_mut(token as usize / 32) {
                *word |= 1 << (token % 32);
            }
        }
        gpu.write(&self.seen, &words);
    }

    /// Draws a token from `logits`, which the penalty changes, and makes it the first of `step`.
    pub fn launch(&self, gpu: &Gpu, step: &Buffer, logits: &Buffer) {
        let Self { kernels, settings, seen, maxima, found, candidates, masses, drawn, .. } = self;
        gpu.launch(&kernels.maxima.0, kernels.maxima.1, &[settings, seen, logits, maxima]);
        gpu.launch(&kernels.threshold.0, kernels.threshold.1, &[maxima, found]);
        gpu.launch(&kernels.gather.0, kernels.gather.1, &[settings, logits, found, candidates, masses]);
        let bindings = [settings, found, candidates, masses, seen, step, drawn];
        gpu.launch(&kernels.draw.0, kernels.draw.1, &bindings);
    }

    /// Begins to read what came of the last draw: [`Drawn::from_words`].
    pub fn read<'a>(&self, gpu: &'a Gpu) -> Reading<'a> {
        gpu.start_read(&self.drawn, Drawn::WORDS)
    }
}
