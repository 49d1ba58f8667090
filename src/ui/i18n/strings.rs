//! The texts that a language must supply.
//!
//! Texts with something inserted are functions, since word order differs; what they insert is formatted already.

use super::parts::{CheckStrings, FitStrings, GuideStrings, KernelStrings, LibraryStrings, RenewalStrings};

/// A setting: its name and one line on what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub label: &'static str,
    /// What it does.
    pub hint: &'static str,
}

/// A prompt to begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suggestion {
    /// As shown.
    pub title: &'static str,
    /// As put into the composer.
    pub prompt: &'static str,
}

/// The text of a kind of error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorText {
    /// What happened.
    pub title: &'static str,
    /// What to do.
    pub advice: &'static str,
}

/// A text with one thing inserted.
pub type With = fn(&str) -> String;

/// A text with two things inserted.
pub type WithTwo = fn(&str, &str) -> String;

/// Every text of the page but those of the errors.
#[derive(Debug)]
pub struct Strings {
    // The frame.
    /// Title of the browser's tab.
    pub page_title: &'static str,
    /// The name in the header.
    pub brand: &'static str,
    /// The name of the other language, in that language.
    pub other_language: &'static str,
    /// Tooltip of the language button, in the other language.
    pub switch_language: &'static str,
    /// Theme follows the system.
    pub theme_system: &'static str,
    /// Light theme.
    pub theme_light: &'static str,
    /// Dark theme.
    pub theme_dark: &'static str,
    /// Button to begin a conversation.
    pub new_chat: &'static str,
    /// Button and title of the settings.
    pub settings: &'static str,
    /// Button to the models.
    pub models: &'static str,
    /// Button back to the conversation.
    pub back_to_chat: &'static str,
    /// Closes a panel.
    pub close: &'static str,
    /// A new version of the page.
    pub renewal: RenewalStrings,

    // The engine's state.
    /// The worker is starting.
    pub state_starting: &'static str,
    /// The page cannot work here.
    pub state_unsupported: &'static str,
    /// No model is loaded.
    pub state_idle: &'static str,
    /// A model is being loaded.
    pub state_loading: &'static str,
    /// A model is ready.
    pub state_ready: &'static str,
    /// An answer is being written.
    pub state_generating: &'static str,
    /// Loading failed or the GPU was lost.
    pub state_failed: &'static str,

    // The first screen.
    /// Heading.
    pub hero_title: &'static str,
    /// What this is.
    pub hero_lead: &'static str,
    /// Private.
    pub fact_private: Setting,
    /// Offline.
    pub fact_kept: Setting,
    /// On the GPU.
    pub fact_gpu: Setting,

    // Models.
    /// Heading of the stored models.
    pub stored_heading: &'static str,
    /// Heading of the catalogue.
    pub catalogue_heading: &'static str,
    /// Below that heading.
    pub catalogue_lead: &'static str,
    /// Heading of the file picker.
    pub file_heading: &'static str,
    /// Below that heading.
    pub file_lead: &'static str,
    /// Opens the file picker.
    pub file_choose: &'static str,
    /// While a file is dragged over the page.
    pub file_drop: &'static str,
    /// Which site to download from.
    pub mirror: &'static str,
    /// The one to propose.
    pub recommended: &'static str,
    /// Opens the list of all files of a model.
    pub more_files: With,
    /// Licence with its name.
    pub licence: With,
    /// Memory that a model takes.
    pub gpu_memory: With,
    /// What a model of the catalogue is good for, by the number of its weights in 10^9 and its context.
    pub good_for: fn(Size) -> &'static str,
    /// What a quantisation is like.
    pub quality: fn(Quality) -> &'static str,
    /// Starts a download of a size.
    pub download: With,
    /// Same, for a small button whose row tells the size.
    pub download_short: &'static str,
    /// Is stored already.
    pub stored_already: &'static str,
    /// Loads a stored model.
    pub load: &'static str,
    /// Loads the model of last time.
    pub continue_with: With,
    /// Above that button when the last load did not come to an end.
    pub continue_after_crash: &'static str,
    /// This model is loaded.
    pub loaded: &'static str,
    /// Takes the loaded model off the GPU.
    pub unload: &'static str,
    /// Deletes a stored model.
    pub delete: &'static str,
    /// Storage in use, of how much.
    pub storage_used: WithTwo,
    /// Layers of a model.
    pub layers: With,
    /// Width of a model.
    pub width: With,
    /// Number of weights.
    pub weights: fn(u64) -> String,
    /// Context it was trained for.
    pub trained_context: With,

    /// The library.
    pub library: LibraryStrings,

    // Progress.
    /// A model is being downloaded.
    pub downloading: With,
    /// A file is being copied into storage.
    pub importing: With,
    /// A model is being loaded.
    pub loading: With,
    /// Waiting for the first byte.
    pub stage_waiting: &'static str,
    /// Uploading to the GPU.
    pub stage_upload: &'static str,
    /// Tokenizer and kernels.
    pub stage_prepare: &'static str,
    /// Done of total.
    pub of: WithTwo,
    /// Per second.
    pub per_second: With,
    /// Time left.
    pub left: With,
    /// Cancels.
    pub cancel: &'static str,
    /// The engine is starting.
    pub engine_starting: &'static str,
    /// A duration in seconds.
    pub duration: fn(f64) -> String,

    // The conversation.
    /// The region of the messages.
    pub transcript: &'static str,
    /// Heading of an empty conversation.
    pub empty_heading: &'static str,
    /// Below it: model, then where it runs.
    pub empty_lead: WithTwo,
    /// The same for a model without chat tokens.
    pub empty_lead_base: With,
    /// Prompts to begin with.
    pub suggestions: [Suggestion; 4],
    /// Placeholder of the composer.
    pub composer: &'static str,
    /// Placeholder for a base model.
    pub composer_base: &'static str,
    /// Below the composer.
    pub composer_note: &'static str,
    /// Above the composer while no model is loaded.
    pub composer_needs_model: &'static str,
    /// Opens the models.
    pub choose_model: &'static str,
    /// Sends.
    pub send: &'static str,
    /// Stops.
    pub stop: &'static str,
    /// Who the user is.
    pub you: &'static str,
    /// Who the model is.
    pub model: &'static str,
    /// Scrolls down.
    pub jump: &'static str,
    /// Copies.
    pub copy: &'static str,
    /// Has copied.
    pub copied: &'static str,
    /// Answers again.
    pub regenerate: &'static str,
    /// No model is ready for an answer yet.
    pub waiting: &'static str,
    /// Before the first progress of an answer.
    pub reading: &'static str,
    /// Prompt tokens read, of how many.
    pub reading_count: WithTwo,
    /// Tokens a second.
    pub speed: With,
    /// Time to the first token.
    pub first_token: With,
    /// Positions in use, of how many.
    pub context_use: WithTwo,
    /// Explains that figure.
    pub context_use_hint: &'static str,
    /// Ended by the user.
    pub ended_stopped: &'static str,
    /// Ended by the limit of tokens.
    pub ended_length: &'static str,
    /// Ended by the context.
    pub ended_context: &'static str,
    /// The page was closed during the answer.
    pub ended_interrupted: &'static str,
    /// The context is nearly full, with how much of it is used.
    pub context_nearly_full: With,
    /// Announced when an answer begins.
    pub announce_start: &'static str,
    /// Announced with the finished answer.
    pub announce_end: With,
    /// Announced when a model is ready.
    pub announce_loaded: With,

    // Settings.
    /// Heading of the instructions.
    pub system_prompt: Setting,
    /// Puts InternLM's own text there.
    pub system_prompt_preset: &'static str,
    /// Empties it.
    pub system_prompt_clear: &'static str,
    /// Heading of the sampling.
    pub sampling: &'static str,
    /// Temperature.
    pub temperature: Setting,
    /// Top-p.
    pub top_p: Setting,
    /// Top-k.
    pub top_k: Setting,
    /// Min-p.
    pub min_p: Setting,
    /// Repetition penalty.
    pub repetition: Setting,
    /// Length limit.
    pub max_tokens: Setting,
    /// Placeholder of that.
    pub max_tokens_none: &'static str,
    /// Seed.
    pub seed: Setting,
    /// Placeholder of that.
    pub seed_none: &'static str,
    /// Heading of what takes a reload.
    pub memory: &'static str,
    /// Below that heading.
    pub memory_lead: &'static str,
    /// Context length.
    pub context_length: Setting,
    /// Placeholder of that.
    pub context_length_none: &'static str,
    /// Type of the cache.
    pub kv_type: Setting,
    /// Names of the four types: f32, f16, q8_0, q4_0.
    pub kv_types: [&'static str; 4],
    /// Loads the model again with these.
    pub reload_model: &'static str,
    /// Everything as it was.
    pub reset: &'static str,
    /// Copies figures about the GPU.
    pub diagnostics: &'static str,

    // Parts with a struct of their own.
    /// The built-in guide.
    pub guide: GuideStrings,
    /// Which models fit this GPU.
    pub fit: FitStrings,
    /// Whether this GPU computes right.
    pub check: CheckStrings,
    /// Which kernel variants compute.
    pub kernels: KernelStrings,

    // Faults.
    /// Opens the raw message.
    pub details: &'static str,
    /// Copies it.
    pub copy_details: &'static str,
    /// Does it again.
    pub try_again: &'static str,
    /// Loads the model again.
    pub load_again: &'static str,
    /// Closes the message.
    pub dismiss: &'static str,
    /// Reloads the page.
    pub reload_page: &'static str,
    /// The browser has no WebGPU.
    pub no_webgpu: ErrorText,
    /// Browsers that have it.
    pub no_webgpu_browsers: [&'static str; 4],
    /// The page is not served securely.
    pub insecure: ErrorText,
    /// The worker did not start.
    pub worker_failed: ErrorText,
    /// The worker has died.
    pub worker_died: ErrorText,
    /// The worker takes very long.
    pub worker_slow: ErrorText,
    /// Page and worker are of different versions.
    pub version_mismatch: ErrorText,
}

/// The sizes of the catalogue's models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Up to 3 billion weights.
    Small,
    /// Up to 12 billion weights.
    Medium,
    /// The same, trained for long texts.
    MediumLong,
    /// More than that.
    Large,
}

/// How much a quantisation loses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quality {
    /// 2 bits.
    Poor,
    /// 3 bits.
    Fair,
    /// 4 bits.
    Good,
    /// 5 and 6 bits.
    Better,
    /// 8 bits.
    NearlyLossless,
    /// 16 bits.
    Original,
}
