//! The shapes of OpenAI's API: requests read from JSON, answers made as JSON. Pure.
//!
//! A parameter that would change the answer and is not known here is refused rather than ignored: a script that asks
//! for `stop` strings must not get text that runs past them.

use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{FinishReason, GenerateOptions, GenerationStats, Message, ModelId, StoredModel};
use serde::Deserialize;
use serde_json::{Value, json};

/// Parameters that change nothing when they have one of these values, and are refused otherwise.
const REFUSED: [(&str, &[&str]); 10] = [
    ("n", &["1"]),
    ("stop", &["null", "[]"]),
    ("tools", &["null", "[]"]),
    ("tool_choice", &["null", "\"none\"", "\"auto\""]),
    ("logprobs", &["null", "false"]),
    ("logit_bias", &["null", "{}"]),
    ("response_format", &["null", "{\"type\":\"text\"}"]),
    ("frequency_penalty", &["null", "0", "0.0"]),
    ("presence_penalty", &["null", "0", "0.0"]),
    ("best_of", &["1"]),
];

/// Whether an answer comes in pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// As one object.
    Whole,
    /// As an async iterable of chunks.
    Stream,
}

/// Which of the two kinds of completion is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `chat.completions`.
    Chat,
    /// `completions`.
    Text,
}

/// What is to be completed.
#[derive(Debug, Clone, PartialEq)]
pub enum Prompt {
    /// A conversation.
    Chat(Vec<Message>),
    /// A text.
    Text(String),
}

/// A request for a completion.
#[derive(Debug, Clone, PartialEq)]
pub struct CompletionRequest {
    /// What to complete.
    pub prompt: Prompt,
    /// Sampling and limits.
    pub options: GenerateOptions,
    /// In one piece or in many.
    pub delivery: Delivery,
}

/// The names under which parameters arrive.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Parameters {
    messages: Option<Vec<Message>>,
    prompt: Option<String>,
    stream: Option<bool>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    top_k: Option<u32>,
    min_p: Option<f32>,
    repetition_penalty: Option<f32>,
    seed: Option<u64>,
    max_tokens: Option<u32>,
    max_completion_tokens: Option<u32>,
}

/// Reads a request.
pub fn parse(kind: Kind, json: &str) -> Result<CompletionRequest> {
    let bad = |message: String| Error::new(ErrorKind::BadRequest, message);
    let value: Value = serde_json::from_str(json).map_err(|error| bad(format!("no JSON: {error}")))?;
    for (name, harmless) in REFUSED {
        if let Some(found) = value.get(name).map(Value::to_string).filter(|found| !harmless.contains(&found.as_str())) {
            return Err(bad(format!("{name}: {found} is not supported; leave it out")));
        }
    }
    let given: Parameters = serde_json::from_value(value).map_err(|error| bad(error.to_string()))?;
    let prompt = match (kind, given.messages, given.prompt) {
        (Kind::Chat, Some(messages), _) => Prompt::Chat(messages),
        (Kind::Text, _, Some(prompt)) => Prompt::Text(prompt),
        (Kind::Chat, ..) => return Err(bad("messages: missing; expected [{role, content}, …]".into())),
        (Kind::Text, ..) => return Err(bad("prompt: missing; expected a string".into())),
    };
    let usual = GenerateOptions::default();
    let options = GenerateOptions {
        temperature: given.temperature.unwrap_or(usual.temperature),
        top_k: given.top_k.unwrap_or(usual.top_k),
        top_p: given.top_p.unwrap_or(usual.top_p),
        min_p: given.min_p.unwrap_or(usual.min_p),
        repetition_penalty: given.repetition_penalty.unwrap_or(usual.repetition_penalty),
        seed: given.seed,
        max_tokens: given.max_completion_tokens.or(given.max_tokens),
    };
    let delivery = if given.stream == Some(true) { Delivery::Stream } else { Delivery::Whole };
    Ok(CompletionRequest { prompt, options, delivery })
}

/// What every object of one completion has in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// Which kind it is.
    pub kind: Kind,
    /// Number of the request.
    pub number: u64,
    /// Seconds since 1970.
    pub created: u64,
    /// Id of the loaded model.
    pub model: String,
}

impl Envelope {
    /// The whole answer.
    pub fn answer(&self, text: &str, reason: FinishReason, stats: &GenerationStats) -> Value {
        let choice = match self.kind {
            Kind::Chat => json!({"index": 0, "message": {"role": "assistant", "content": text}}),
            Kind::Text => json!({"index": 0, "text": text}),
        };
        self.wrap(
            if self.kind == Kind::Chat { "chat.completion" } else { "text_completion" },
            choice,
            Some((reason, stats)),
        )
    }

    /// A piece of an answer.
    pub fn chunk(&self, delta: &str) -> Value {
        self.wrap(self.chunk_name(), self.piece(delta), None)
    }

    /// The last piece: why it ended, and what it took.
    pub fn last_chunk(&self, reason: FinishReason, stats: &GenerationStats) -> Value {
        self.wrap(self.chunk_name(), self.piece(""), Some((reason, stats)))
    }

    fn piece(&self, delta: &str) -> Value {
        match self.kind {
            Kind::Chat if delta.is_empty() => json!({"index": 0, "delta": {}}),
            Kind::Chat => json!({"index": 0, "delta": {"role": "assistant", "content": delta}}),
            Kind::Text => json!({"index": 0, "text": delta}),
        }
    }

    const fn chunk_name(&self) -> &'static str {
        match self.kind {
            Kind::Chat => "chat.completion.chunk",
            Kind::Text => "text_completion",
        }
    }

    fn wrap(&self, object: &str, mut choice: Value, end: Option<(FinishReason, &GenerationStats)>) -> Value {
        let prefix = if self.kind == Kind::Chat { "chatcmpl" } else { "cmpl" };
        choice["finish_reason"] = end.map_or(Value::Null, |(reason, _)| finish_reason(reason).into());
        let mut value = json!({
            "id": format!("{prefix}-{}", self.number),
            "object": object,
            "created": self.created,
            "model": self.model,
            "choices": [choice],
        });
        if let Some((_, stats)) = end {
            value["usage"] = json!({
                "prompt_tokens": stats.prompt_tokens,
                "completion_tokens": stats.generated_tokens,
                "total_tokens": stats.prompt_tokens.saturating_add(stats.generated_tokens),
                "prompt_tokens_details": {"cached_tokens": stats.cached_tokens},
            });
            value["stats"] = json!(stats);
        }
        value
    }
}

/// OpenAI's names, and one more for what it does not have.
const fn finish_reason(reason: FinishReason) -> &'static str {
    match reason {
        FinishReason::Stop => "stop",
        FinishReason::Length | FinishReason::ContextFull => "length",
        FinishReason::Cancelled => "cancelled",
    }
}

/// The list of the models that can be loaded: the stored ones, and the guide by its name in the page's language.
pub fn models(stored: &[StoredModel], guide: &str) -> Value {
    let all: Vec<Value> = stored.iter().map(model).chain([built_in(guide)]).collect();
    json!({"object": "list", "data": all})
}

/// The model that comes with the page, which is not stored: OpenAI's fields and its name.
fn built_in(name: &str) -> Value {
    json!({"id": ModelId::GUIDE, "name": name, "object": "model", "created": 0, "owned_by": "inkstone"})
}

/// One stored model: OpenAI's fields, and all that is known of it.
pub fn model(stored: &StoredModel) -> Value {
    let mut value = json!(stored);
    value["object"] = "model".into();
    value["created"] = ((stored.stored_at / 1000.0) as u64).into();
    value["owned_by"] = stored.origin.as_str().into();
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Role;

    fn envelope(kind: Kind) -> Envelope {
        Envelope { kind, number: 3, created: 9, model: "tiny.gguf".into() }
    }

    #[test]
    fn a_request_is_read_by_openai_names() {
        let request = parse(
            Kind::Chat,
            r#"{"model": "x", "messages": [{"role": "user", "content": "hi"}], "stream": true, "temperature": 0, "max_tokens": 5}"#,
        )
        .expect("a request");
        assert_eq!(request.delivery, Delivery::Stream);
        assert_eq!(request.options, GenerateOptions { temperature: 0.0, max_tokens: Some(5), ..Default::default() });
        assert_eq!(request.prompt, Prompt::Chat(vec![Message { role: Role::User, content: "hi".into() }]));
    }

    #[test]
    fn what_cannot_be_honoured_is_refused_and_what_changes_nothing_is_not() {
        for json in [r#"{"prompt": "a", "stop": ["b"]}"#, r#"{"prompt": "a", "n": 2}"#, r#"{"messages": []}"#, "[", "3"]
        {
            assert_eq!(parse(Kind::Text, json).expect_err(json).kind(), ErrorKind::BadRequest, "{json}");
        }
        parse(Kind::Text, r#"{"prompt": "a", "stop": null, "n": 1, "presence_penalty": 0, "user": "u"}"#)
            .expect("harmless");
    }

    #[test]
    fn chunks_and_answers_have_openai_shapes() {
        let stats = GenerationStats { prompt_tokens: 4, generated_tokens: 2, ..Default::default() };
        let chunk = envelope(Kind::Chat).chunk("a");
        assert_eq!(chunk["choices"][0]["delta"]["content"], "a");
        assert_eq!(chunk["choices"][0]["finish_reason"], Value::Null);
        let last = envelope(Kind::Chat).last_chunk(FinishReason::Length, &stats);
        assert_eq!(last["object"], "chat.completion.chunk");
        assert_eq!(last["choices"][0]["finish_reason"], "length");
        assert_eq!(last["usage"]["total_tokens"], 6);
        let whole = envelope(Kind::Text).answer("ab", FinishReason::Stop, &stats);
        assert_eq!(whole["object"], "text_completion");
        assert_eq!(whole["choices"][0]["text"], "ab");
    }

    #[test]
    fn the_guide_is_always_in_the_list() {
        let list = models(&[], "Guide");
        assert_eq!(list["data"][0]["id"], "built-in:guide");
        assert_eq!(list["data"][0]["object"], "model");
        assert_eq!(list["data"][0]["owned_by"], "inkstone");
    }
}
