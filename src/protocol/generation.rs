//! Conversations, the choices made for an answer, and what it took.

use serde::{Deserialize, Serialize};

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Instructions for the model.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said; plain text, special tokens included.
    pub content: String,
}

/// Sampling and limits of one answer. Defaults as suggested for InternLM2.5 (chat/web_demo.py and chat/lmdeploy.md of
/// InternLM/InternLM).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GenerateOptions {
    /// 0 is greedy; 1 leaves the distribution as it is.
    pub temperature: f32,
    /// Keep the k likeliest tokens; 0 keeps all.
    pub top_k: u32,
    /// Keep the likeliest tokens whose probabilities sum to this; 1 keeps all.
    pub top_p: f32,
    /// Keep tokens at least this fraction as likely as the likeliest; 0 keeps all.
    pub min_p: f32,
    /// Divides positive and multiplies negative logits of tokens seen before; 1 is off.
    pub repetition_penalty: f32,
    /// The same seed gives the same text; `None` draws one.
    pub seed: Option<u64>,
    /// At most this many tokens; `None`: to the end of the context.
    pub max_tokens: Option<u32>,
}

impl GenerateOptions {
    /// For a model that knows its answers by heart, as the guide does: the likeliest token is the right one, repeated or
    /// not.
    pub fn by_heart() -> Self {
        Self { temperature: 0.0, repetition_penalty: 1.0, ..Self::default() }
    }
}

impl Default for GenerateOptions {
    fn default() -> Self {
        Self {
            temperature: 0.8,
            top_k: 40,
            top_p: 0.8,
            min_p: 0.0,
            repetition_penalty: 1.005,
            seed: None,
            max_tokens: None,
        }
    }
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// The model ended it.
    Stop,
    /// `max_tokens` was reached.
    Length,
    /// The context is full.
    ContextFull,
    /// The user stopped it.
    Cancelled,
}

/// What an answer took.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct GenerationStats {
    /// Tokens of the prompt.
    pub prompt_tokens: u32,
    /// Of those, tokens that were still in the KV cache.
    pub cached_tokens: u32,
    /// Tokens generated.
    pub generated_tokens: u32,
    /// Milliseconds from the command to the first token.
    pub first_token_ms: f64,
    /// Prompt tokens a second.
    pub prefill_tok_s: f64,
    /// Generated tokens a second, without the first.
    pub decode_tok_s: f64,
    /// Positions of the context in use.
    pub context_used: u32,
    /// The seed that was used.
    pub seed: u64,
}
