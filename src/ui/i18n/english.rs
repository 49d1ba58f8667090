//! English.

use super::english_library::LIBRARY;
use super::parts::{CheckStrings, FitStrings, GuideStrings, KernelStrings, RenewalStrings};
use super::strings::{ErrorText, Quality, Setting, Size, Strings, Suggestion};
use crate::ui::format;

/// The page in English.
pub const STRINGS: Strings = Strings {
    page_title: "Inkstone: InternLM2.5 on your own device",
    brand: "Inkstone",
    other_language: "中文",
    switch_language: "切换到中文",
    theme_system: "Theme: as the system",
    theme_light: "Theme: light",
    theme_dark: "Theme: dark",
    new_chat: "New chat",
    settings: "Settings",
    models: "Models",
    back_to_chat: "Back to the chat",
    close: "Close",
    renewal: RenewalStrings {
        ready: "A new version of this page is ready.",
        waiting: "The new version opens when what is under way, here or in another tab, is finished.",
        reload: "Reload now",
        reload_later: "Reload when finished",
        later: "Later",
    },

    state_starting: "Starting",
    state_unsupported: "Not running",
    state_idle: "No model",
    state_loading: "Loading",
    state_ready: "Ready",
    state_generating: "Answering",
    state_failed: "Needs attention",

    hero_title: "InternLM2.5, on your own device",
    hero_lead: "Inkstone runs the language model in this page, on your GPU. No account, no server, nothing to install.",
    fact_private: Setting { label: "Private", hint: "What you type stays on this device." },
    fact_kept: Setting { label: "Yours to keep", hint: "Download once; it stays in this browser." },
    fact_gpu: Setting { label: "On your GPU", hint: "WebGPU computes right in this tab." },

    stored_heading: "On this device",
    catalogue_heading: "Download a model",
    catalogue_lead: "Official files of the Shanghai AI Laboratory. Not sure? Begin with the first.",
    file_heading: "Use a file you have",
    file_lead: "Drop any InternLM2 or InternLM2.5 GGUF anywhere on this page.",
    file_choose: "Choose a .gguf file",
    file_drop: "Drop the file to add it to this browser",
    mirror: "Download from",
    recommended: "Recommended",
    more_files: |count| format!("all {count} sizes"),
    licence: |name| format!("licence {name}"),
    gpu_memory: |size| format!("about {size} of GPU memory"),
    good_for: |size| match size {
        Size::Small => "Quick, and fits almost any computer. For questions, drafts and translation.",
        Size::Medium => "The balance of quality and speed. For reasoning, code and longer texts.",
        Size::MediumLong => "The 7B, trained further for very long documents.",
        Size::Large => "The strongest of the family. For a workstation with a large GPU.",
    },
    quality: |quality| match quality {
        Quality::Poor => "smallest, visibly worse",
        Quality::Fair => "small, some loss",
        Quality::Good => "good balance",
        Quality::Better => "close to the original",
        Quality::NearlyLossless => "nearly lossless",
        Quality::Original => "as trained",
    },
    download: |size| format!("Download · {size}"),
    download_short: "Download",
    stored_already: "On this device",
    load: "Load",
    continue_with: |name| format!("Continue with {name}"),
    continue_after_crash: "The last time, this model did not finish loading. If it happens again, try a shorter context \
        or a smaller file.",
    loaded: "Loaded",
    unload: "Unload",
    delete: "Delete",
    storage_used: |used, quota| format!("{used} of {quota} browser storage in use"),
    layers: |n| format!("{n} layers"),
    width: |n| format!("{n} wide"),
    weights: |n| format!("{} weights", format::weights(n)),
    trained_context: |n| format!("{n} tokens of context"),

    library: LIBRARY,

    downloading: |name| format!("Downloading {name}"),
    importing: |name| format!("Adding {name}"),
    loading: |name| format!("Loading {name}"),
    stage_waiting: "Waiting for the first bytes…",
    stage_upload: "To the GPU",
    stage_prepare: "Preparing tokenizer and kernels…",
    of: |done, total| format!("{done} of {total}"),
    per_second: |amount| format!("{amount}/s"),
    left: |time| format!("{time} left"),
    cancel: "Cancel",
    engine_starting: "Starting the engine…",
    duration: |seconds| {
        let seconds = seconds.round() as u64;
        match seconds {
            0..60 => format!("{seconds} s"),
            60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
            _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        }
    },

    transcript: "Conversation",
    empty_heading: "What shall we write?",
    empty_lead: |model, adapter| format!("{model} runs on {adapter}. Nothing leaves this device."),
    empty_lead_base: |model| format!("{model} is a base model: it continues your text instead of answering."),
    suggestions: [
        Suggestion {
            title: "Explain an idea simply",
            prompt: "Explain why the sky is blue so that a ten-year-old understands it.",
        },
        Suggestion {
            title: "Polish a message",
            prompt: "Make this message polite and brief: \"I need the report today, you are late again.\"",
        },
        Suggestion {
            title: "Write some code",
            prompt: "Write a Python function that finds the longest palindrome in a string, and explain how it works.",
        },
        Suggestion {
            title: "Translate into Chinese",
            prompt: "Translate into Chinese: \"A journey of a thousand miles begins with a single step.\"",
        },
    ],
    composer: "Message InternLM",
    composer_base: "Text to be continued",
    composer_note: "Answers are made on this device and can be wrong. Check what matters.",
    composer_needs_model: "No model is loaded yet.",
    choose_model: "Choose a model",
    send: "Send",
    stop: "Stop",
    you: "You",
    model: "InternLM",
    jump: "Jump to the latest",
    copy: "Copy",
    copied: "Copied",
    regenerate: "Answer again",
    waiting: "Waiting until the model is ready…",
    reading: "Reading…",
    reading_count: |done, total| format!("Reading {done} / {total}"),
    speed: |rate| format!("{rate} tok/s"),
    first_token: |time| format!("first token {time}"),
    context_use: |used, total| format!("{used} / {total} tokens"),
    context_use_hint: "Tokens of the context in use, of those there are",
    ended_stopped: "Stopped.",
    ended_length: "The limit of tokens from the settings was reached.",
    ended_context: "The context is full. Start a new chat, or load the model with a longer context.",
    ended_interrupted: "Interrupted when the page was closed.",
    context_nearly_full: |share| {
        format!("{share} of the context is used. A new chat will be faster and have more room.")
    },
    announce_start: "InternLM is answering.",
    announce_end: |answer| format!("InternLM has answered: {answer}"),
    announce_loaded: |name| format!("{name} is ready."),

    system_prompt: Setting {
        label: "System prompt",
        hint: "Instructions that come before every conversation. Leave it empty to send none.",
    },
    system_prompt_preset: "Use InternLM's own",
    system_prompt_clear: "Clear",
    sampling: "Answers",
    temperature: Setting {
        label: "Temperature",
        hint: "Higher is more varied, lower more predictable; 0 always takes the likeliest.",
    },
    top_p: Setting { label: "Top-p", hint: "Keeps the likeliest tokens until their probabilities add up to this." },
    top_k: Setting { label: "Top-k", hint: "Keeps this many of the likeliest tokens; 0 keeps all." },
    min_p: Setting {
        label: "Min-p",
        hint: "Drops tokens less likely than this fraction of the likeliest; 0 drops none.",
    },
    repetition: Setting { label: "Repetition penalty", hint: "Above 1, words used before become less likely." },
    max_tokens: Setting { label: "Longest answer", hint: "In tokens; a token is about a word or a Chinese character." },
    max_tokens_none: "no limit",
    seed: Setting { label: "Seed", hint: "The same seed, settings and text give the same answer." },
    seed_none: "random",
    memory: "Memory",
    memory_lead: "These take effect when the model is loaded again.",
    context_length: Setting {
        label: "Context length",
        hint: "Tokens the model can see at once. Longer takes more GPU memory.",
    },
    context_length_none: "4096",
    kv_type: Setting {
        label: "Cache precision",
        hint: "How the conversation is kept on the GPU. Less takes less memory.",
    },
    kv_types: ["32-bit, exact", "16-bit, usual", "8-bit, half the memory", "4-bit, a quarter"],
    reload_model: "Load again with these",
    reset: "Reset all to defaults",
    diagnostics: "Copy diagnostics",

    guide: GuideStrings {
        name: "Guide",
        built_in: "built-in",
        built_in_hint: "A tiny helper that comes with the page; it only knows Inkstone",
        introduction: "I am the guide, a tiny built-in helper, not InternLM2.5. Ask me about Inkstone, or choose a model.",
        questions: [
            "Is my data sent anywhere?",
            "Which model should I choose?",
            "What is Inkstone?",
            "Does it work offline?",
        ],
        composer: "Ask the guide about Inkstone",
        note: "The guide only knows Inkstone, and can be wrong.",
        choose: "The guide only knows Inkstone. For everything else there is InternLM2.5.",
        loading: "Waking the guide…",
        ask: "Ask the guide",
        settings: "The guide is at work, which always answers in its own way. These settings are for your models.",
        announce_start: "The guide is answering.",
        announce_end: |answer| format!("The guide has answered: {answer}"),
    },
    fit: FitStrings {
        measuring: "Measuring what this GPU can run…",
        measured: |adapter| format!("Estimated for {adapter}."),
        failed: "This GPU could not be measured.",
        again: "Measure again",
        bench: "Measure speed",
        fits: |context, rate| format!("up to {context} tokens · about {rate} tok/s"),
        too_large: |needed, free| format!("needs {needed} of GPU memory; {free} can be had"),
        best: "Recommended for this GPU",
        software_title: "This browser offers only a software GPU",
        software_speed: |model, rate| {
            format!("On it InternLM2.5 is very slow: {model} would write about {rate} tokens a second.")
        },
        software_advice: "If this computer has a graphics processor, switch on hardware acceleration in the browser's \
            settings, update the graphics driver, or try another browser; then measure again.",
    },
    check: CheckStrings {
        start: "Test the GPU",
        underway: "Checking this GPU…",
        passed: |count, adapter, time| format!("All {count} checks passed on {adapter} in {time}."),
        failed: |wrong, all| format!("{wrong} of {all} checks failed"),
        found: |expected, found| format!("expected {expected}, found {found}"),
        found_nothing: |expected| format!("expected {expected}, found no number"),
        answer: "the guide's known answer",
        advice: "Update the graphics driver and the browser, then test again. If that does not help, use another \
            browser or another GPU.",
        replaced: "On this GPU one way of computing gave wrong results, so another one is used. Answers are right; \
            they may be slower. An update of the graphics driver may help.",
    },
    kernels: KernelStrings {
        title: "Kernels",
        lead: "Automatic measures for a second at the first load of a model, and remembers the fastest. Choose one \
            only to compare, or to work round a faulty driver; it takes effect when the model is loaded again.",
        automatic: "Automatic (fastest)",
        decode: Setting { label: "Writing", hint: "Computes the answer, one token at a time." },
        prompt: Setting { label: "Reading prompts", hint: "Computes what the model is given, many tokens at once." },
        in_use: |names| format!("In use: {names}"),
        comparing: "Comparing kernels…",
    },

    details: "Details",
    copy_details: "Copy details",
    try_again: "Try again",
    load_again: "Load again",
    dismiss: "Dismiss",
    reload_page: "Reload the page",
    no_webgpu: ErrorText {
        title: "This browser cannot run the model",
        advice: "Inkstone computes on your graphics processor through WebGPU, and this browser does not offer it. \
            Open this page in one of these, up to date:",
    },
    no_webgpu_browsers: [
        "Chrome or Edge 113 and later on Windows, macOS and ChromeOS; 121 and later on Android",
        "Safari 26 on macOS, iPhone and iPad",
        "Firefox 141 and later on Windows, 145 and later on Macs with Apple silicon",
        "On Linux: a recent Chrome; if it still says so, switch on chrome://flags/#enable-unsafe-webgpu",
    ],
    insecure: ErrorText {
        title: "This page needs a secure address",
        advice: "Browsers offer WebGPU and storage only to pages that come through https:// or from localhost. \
            Open the same page with https:// in front.",
    },
    worker_failed: ErrorText {
        title: "The engine did not start",
        advice: "A part of the page could not be loaded or was blocked. Check the connection, switch off \
            extensions that block scripts, and reload the page.",
    },
    worker_died: ErrorText {
        title: "The engine has stopped",
        advice: "Something went wrong in the part that runs the model. The conversation is kept. Reload the page; \
            if it happens again, try a shorter context or a smaller file.",
    },
    worker_slow: ErrorText {
        title: "The engine is taking unusually long",
        advice: "The connection may be slow, or a file of this page did not arrive. It goes on by itself if it \
            can; otherwise reload the page.",
    },
    version_mismatch: ErrorText {
        title: "This page has been updated",
        advice: "Half of it is still the earlier version. Reload the page; if that does not help, close its other tabs first.",
    },
};
