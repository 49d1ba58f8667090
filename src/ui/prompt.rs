//! What a model is asked: the conversation, and the choices made for the answer.

use super::state::State;
use super::turn::Speaker;
use crate::protocol::{Command, GenerateOptions, LoadedModel, Message, Role};
use leptos::prelude::*;

/// The guide's answers are a sentence or two; this ends one that went astray.
const LONGEST_OF_GUIDE: u32 = 200;
/// Bytes of earlier talk that the guide is reminded of: an exchange or two. More of them distract it.
const MEMORY_OF_GUIDE: usize = 450;

/// The conversation as `model` takes it. A base model has no turns: it continues the last text.
pub fn command(state: State, model: &LoadedModel) -> Command {
    let said: Vec<(Speaker, Message)> = state.turns.with_untracked(|turns| {
        let said = turns.iter().map(|turn| {
            let message = Message { role: turn.role, content: turn.text.get_untracked() };
            (turn.speaker.get_untracked(), message)
        });
        said.filter(|(_, message)| !message.content.is_empty()).collect()
    });
    if model.id.is_guide() {
        let options = GenerateOptions { max_tokens: Some(LONGEST_OF_GUIDE), ..GenerateOptions::by_heart() };
        return Command::Chat { messages: talk_with_guide(said), options };
    }
    let settings = state.settings.get_untracked();
    let options = settings.generate;
    let mut messages: Vec<Message> = said.into_iter().map(|(_, message)| message).collect();
    if !model.chat {
        let prompt = messages.pop().map(|message| message.content).unwrap_or_default();
        return Command::Complete { prompt, options };
    }
    if !settings.system_prompt.trim().is_empty() {
        messages.insert(0, Message { role: Role::System, content: settings.system_prompt });
    }
    Command::Chat { messages, options }
}

/// The last question, after as much of the talk with the guide right before it as the guide can hold. What other models
/// have said would only confuse it.
fn talk_with_guide(mut said: Vec<(Speaker, Message)>) -> Vec<Message> {
    let Some((_, question)) = said.pop() else { return Vec::new() };
    let mut left = MEMORY_OF_GUIDE;
    let mut from = said.len();
    while let Some([(_, asked), (speaker, answered)]) = from.checked_sub(2).and_then(|at| said.get(at..from)) {
        let bytes = asked.content.len() + answered.content.len();
        let exchange = asked.role == Role::User && answered.role == Role::Assistant && *speaker == Speaker::Guide;
        if !exchange || bytes > left {
            break;
        }
        left -= bytes;
        from -= 2;
    }
    said.drain(from..).map(|(_, message)| message).chain([question]).collect()
}
