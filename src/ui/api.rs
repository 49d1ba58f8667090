//! `globalThis.inkstone`: the engine for scripts, shaped like OpenAI's client and on the same protocol as the page.
//!
//! Loading and storing go through [`loading`] and [`library`], so the page shows what a script does. A promise is
//! rejected with an `Error` whose `code` is the stable name of its kind. Leaving a `for await` early stops the answer.

use super::cargo::Wanted;
use super::engine::Events;
use super::library::{self, client, unexpected};
use super::openai::{self, CompletionRequest, Delivery, Envelope, Kind, Prompt};
use super::state::State;
use super::transfer;
use super::{checkup, loading, plan};
use crate::error::{Error, ErrorKind};
use crate::protocol::{Claim, Command, ErrorReport, EvaluateMode, Event, Intake, LoadOptions, ModelId};
use crate::source::catalogue::plan_for;
use js_sys::{Array, Function, JSON, Object, Promise, Reflect, Symbol};
use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::closure::{Closure, IntoWasmClosure, WasmClosure};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::future_to_promise;
use web_sys::{AbortSignal, File};

type Answer = Result<JsValue, JsValue>;

/// Puts the object in its place.
pub fn install(state: State) -> Answer {
    let models = Object::new();
    method(&models, "list", move |_: JsValue, _: JsValue| async move {
        library::refresh(state).await.map_err(thrown)?;
        state.library.with_untracked(|library| {
            to_js(&openai::models(library.models(), &library::name(state, &ModelId::guide())))
        })
    })?;
    method(&models, "add", move |from: JsValue, _| add(state, from))?;
    method(&models, "remove", move |id, _| async move {
        library::remove(state, model_id(&id)?).await.map_err(thrown)?;
        Ok(JsValue::UNDEFINED)
    })?;

    method(&models, "restore", move |id, _| async move {
        library::restore(state, model_id(&id)?).await.map_err(thrown)?;
        Ok(JsValue::UNDEFINED)
    })?;
    method(&models, "verify", move |id, _| async move {
        to_js(&library::verify(state, model_id(&id)?).await.map_err(thrown)?)
    })?;

    let chat = Object::new();
    let chat_completions = Object::new();
    method(&chat_completions, "create", move |request, _| create(state, Kind::Chat, request))?;
    set(&chat, "completions", &chat_completions)?;
    let completions = Object::new();
    method(&completions, "create", move |request, _| create(state, Kind::Text, request))?;

    let inkstone = Object::new();
    set(&inkstone, "models", &models)?;
    set(&inkstone, "chat", &chat)?;
    set(&inkstone, "completions", &completions)?;
    method(&inkstone, "load", move |id, options| async move {
        let options: LoadOptions = from_js(&options)?;
        let loaded = loading::load(state, model_id(&id)?, options, Claim::IfFree).await.map_err(thrown)?;
        to_js(&loaded)
    })?;
    method(&inkstone, "bench", move |options, _| bench(state, options))?;
    method(&inkstone, "selfTest", move |_, _| async move { to_js(&checkup::self_test(state).await.map_err(thrown)?) })?;
    method(&inkstone, "measure", move |_, _| async move { to_js(&checkup::measure(state).await.map_err(thrown)?) })?;
    method(&inkstone, "diagnostics", move |_, _| ask(state, Command::Diagnose))?;
    method(&inkstone, "tokenize", move |text, options| tokenize(state, text, options))?;
    method(&inkstone, "evaluate", move |tokens, options| evaluate(state, tokens, options))?;
    set(&js_sys::global(), "inkstone", &inkstone)?;
    Ok(inkstone.into())
}

/// `models.add({url})`, `models.add({file})` or, for the parts of a split model, `models.add({files})`.
async fn add(state: State, from: JsValue) -> Answer {
    let files = get(&from, "files");
    let files = if files.is_object() { Array::from(&files) } else { Array::of1(&get(&from, "file")) };
    let files: Vec<File> = files.iter().filter_map(|file| file.dyn_into().ok()).collect();
    let stored = if files.is_empty() {
        let url = get(&from, "url").as_string().ok_or_else(|| bad("expected {url: string} or {file: File}"))?;
        let name = url.rsplit('/').next().unwrap_or_default().to_owned();
        transfer::download(state, Wanted { name, plan: plan_for(&url) }, Claim::IfFree).await
    } else {
        transfer::import(state, files, Intake::Copy).await
    };
    to_js(&openai::model(&stored.map_err(thrown)?))
}

/// `bench({prompt, generate, depth, repeats, kernels})`.
async fn bench(state: State, options: JsValue) -> Answer {
    let options: Value = from_js(&options)?;
    let plan = plan::read(&options).map_err(|message| bad(&message))?;
    ask(state, Command::Bench { plan }).await
}

/// `tokenize(text, {special})`: the ids.
async fn tokenize(state: State, text: JsValue, options: JsValue) -> Answer {
    let text = text.as_string().ok_or_else(|| bad("expected a string"))?;
    ask(state, Command::Tokenize { text, parse_special: get(&options, "special").is_truthy() }).await
}

/// `evaluate(tokens, {mode: "prefill" | "decode"})`: logits, for tests.
async fn evaluate(state: State, tokens: JsValue, options: JsValue) -> Answer {
    let mode = get(&options, "mode");
    let mode: EvaluateMode = if mode.is_undefined() { EvaluateMode::Prefill } else { from_js(&mode)? };
    ask(state, Command::Evaluate { tokens: from_js(&tokens)?, mode }).await
}

/// Gives a command and returns what its final event carries.
async fn ask(state: State, command: Command) -> Answer {
    // Needs no model, and tells most when something hangs.
    if command != Command::Diagnose {
        at_rest(state).await;
    }
    match client(state).map_err(thrown)?.send(command, &[]).last().await.map_err(thrown)? {
        Event::Benchmark { report } => to_js(&report),
        Event::Diagnostics { report } => to_js(&report),
        Event::Tokens { ids } => to_js(&json!({"ids": ids})),
        Event::Logits { logits, argmax } => to_js(&json!({"logits": logits, "argmax": argmax})),
        other => Err(thrown(unexpected(&other))),
    }
}

/// Waits for a load or a check that is under way; not for an answer of the page's, during which a script learns that the
/// engine is busy.
async fn at_rest(state: State) {
    if state.answering.with_untracked(Option::is_none) {
        drop(state.queue.get_value().pass().await);
    }
}

/// `create(request)`: the answer, or an async iterable of its chunks.
async fn create(state: State, kind: Kind, request: JsValue) -> Answer {
    let signal = get(&request, "signal").dyn_into::<AbortSignal>().ok();
    let json = JSON::stringify(&request)?.as_string().unwrap_or_default();
    let CompletionRequest { prompt, options, delivery } =
        openai::parse(kind, &json).map_err(|error| thrown((&error).into()))?;
    let command = match prompt {
        Prompt::Chat(messages) => Command::Chat { messages, options },
        Prompt::Text(prompt) => Command::Complete { prompt, options },
    };
    at_rest(state).await;
    let client = client(state).map_err(thrown)?;
    let events = client.send(command, &[]);
    let id = events.id();
    if let Some(signal) = signal {
        if signal.aborted() {
            client.cancel(id);
        }
        let on_abort = Closure::once_into_js(move || client.cancel(id));
        signal.add_event_listener_with_callback("abort", on_abort.unchecked_ref())?;
    }
    let envelope = Envelope {
        kind,
        number: id.0,
        created: (js_sys::Date::now() / 1000.0) as u64,
        model: untrack(|| state.loaded()).map(|model| model.id.0).unwrap_or_default(),
    };
    match delivery {
        Delivery::Whole => whole(events, envelope).await,
        Delivery::Stream => stream(events, envelope),
    }
}

async fn whole(mut events: Events, envelope: Envelope) -> Answer {
    let mut text = String::new();
    loop {
        match events.next().await {
            Event::Text { delta } => text.push_str(&delta),
            Event::Finished { reason, stats } => return to_js(&envelope.answer(&text, reason, &stats)),
            Event::Failed { error } => return Err(thrown(error)),
            event if event.is_final() => return Err(thrown(unexpected(&event))),
            _ => {}
        }
    }
}

/// An object that `for await` takes.
fn stream(events: Events, envelope: Envelope) -> Answer {
    // Taken while a `next` is under way, and for good at the end; dropping the events stops the answer.
    let place = Rc::new(RefCell::new(Some(events)));
    let iterator = Object::new();
    let from = place.clone();
    method(&iterator, "next", move |_: JsValue, _: JsValue| {
        let (place, envelope) = (from.clone(), envelope.clone());
        async move {
            let taken = place.borrow_mut().take();
            let Some(mut events) = taken else { return step(None) };
            loop {
                match events.next().await {
                    Event::Text { delta } => {
                        place.replace(Some(events));
                        return step(Some(&envelope.chunk(&delta)));
                    }
                    Event::Finished { reason, stats } => return step(Some(&envelope.last_chunk(reason, &stats))),
                    Event::Failed { error } => return Err(thrown(error)),
                    event if event.is_final() => return Err(thrown(unexpected(&event))),
                    _ => {}
                }
            }
        }
    })?;
    method(&iterator, "return", move |_: JsValue, _: JsValue| {
        drop(place.borrow_mut().take());
        async { step(None) }
    })?;
    let this = iterator.clone();
    let itself = closure::<dyn FnMut() -> JsValue>(move || this.clone().into());
    Reflect::set(&iterator, &Symbol::async_iterator(), &itself)?;
    Ok(iterator.into())
}

/// A step of an iterator.
fn step(value: Option<&Value>) -> Answer {
    let result = Object::new();
    set(&result, "done", &value.is_none().into())?;
    if let Some(value) = value {
        set(&result, "value", &to_js(value)?)?;
    }
    Ok(result.into())
}

/// Defines an async method of up to two arguments.
fn method<F>(object: &Object, name: &str, mut body: impl FnMut(JsValue, JsValue) -> F + 'static) -> Result<(), JsValue>
where
    F: Future<Output = Answer> + 'static,
{
    let function = closure::<dyn FnMut(JsValue, JsValue) -> Promise>(move |a, b| future_to_promise(body(a, b)));
    set(object, name, &function)
}

/// A function that JavaScript collects when nobody holds it any more.
fn closure<T: ?Sized + WasmClosure>(body: impl IntoWasmClosure<T> + 'static) -> Function {
    Closure::<T>::new(body).into_js_value().unchecked_into()
}

fn set(object: &JsValue, name: &str, value: &JsValue) -> Result<(), JsValue> {
    Reflect::set(object, &name.into(), value).map(|_| ())
}

/// A property; undefined if there is none.
fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

fn to_js(value: &impl Serialize) -> Answer {
    let text = serde_json::to_string(value).map_err(|error| bad(&error.to_string()))?;
    JSON::parse(&text)
}

/// Reads an argument; a missing one counts as `{}`.
fn from_js<T: DeserializeOwned>(value: &JsValue) -> Result<T, JsValue> {
    let text = JSON::stringify(value).ok().and_then(|text| text.as_string()).unwrap_or_else(|| "{}".into());
    serde_json::from_str(&text).map_err(|error| bad(&error.to_string()))
}

fn model_id(value: &JsValue) -> Result<ModelId, JsValue> {
    value.as_string().map(ModelId).ok_or_else(|| bad("expected the id of a model"))
}

fn bad(message: &str) -> JsValue {
    thrown((&Error::new(ErrorKind::BadRequest, message)).into())
}

/// A report as JavaScript throws it.
fn thrown(report: ErrorReport) -> JsValue {
    let error = js_sys::Error::new(&report.message);
    error.set_name("InkstoneError");
    // A plain object takes any property.
    let _ = Reflect::set(&error, &"code".into(), &report.code.into());
    error.into()
}
