//! What happened and what to do, in English; one text for each kind of error.

use super::strings::ErrorText;
use crate::error::ErrorKind;

const fn say(title: &'static str, advice: &'static str) -> ErrorText {
    ErrorText { title, advice }
}

/// The text of a kind.
pub const fn text(kind: ErrorKind) -> ErrorText {
    use ErrorKind as K;
    match kind {
        K::NotGguf => say(
            "This is not a GGUF file",
            "Inkstone reads models in GGUF form; their names end in .gguf. A page saved in place of the file looks like this too: download it again.",
        ),
        K::GgufVersion => say(
            "This GGUF version cannot be read",
            "Versions 2 and 3 in little-endian order are read. Take a newer file of the same model.",
        ),
        K::GgufTruncated => say(
            "The file is incomplete",
            "It ends before what its header announces, as after an interrupted download. Download it again in full.",
        ),
        K::GgufMalformed => say(
            "The file is damaged",
            "It breaks the rules of the GGUF format. Download it again, or take another file.",
        ),
        K::UnsupportedArchitecture => say(
            "This is a model of another family",
            "Inkstone runs InternLM2 and InternLM2.5. Choose one of the list, or another file.",
        ),
        K::UnsupportedModel => say(
            "This variant of the model cannot be run",
            "Its tensors are stored in a way that has no kernel here. Take a common quantisation, such as Q4_K_M or Q8_0.",
        ),
        K::ModelInvalid => say(
            "The model in this file is not whole",
            "Parts that an InternLM2 needs are missing or contradict each other. Take the official file.",
        ),
        K::VocabularyInvalid => say(
            "The vocabulary in this file is not usable",
            "It is missing or does not fit the model. Take the official file, or one converted after July 2024.",
        ),
        K::NotFinite => say(
            "The computation left the range of numbers",
            "Either the file is damaged or the graphics driver computes wrongly. Delete the model and get it again; update the driver if it stays.",
        ),
        K::NoWebGpu => say(
            "WebGPU is missing",
            "Open this page in an up-to-date Chrome, Edge, Safari or Firefox on a supported system.",
        ),
        K::NoAdapter => say(
            "No usable graphics processor was found",
            "Switch on hardware acceleration in the browser's settings, update the graphics driver, and restart the browser.",
        ),
        K::GpuLimits => say(
            "The model is too large for this graphics processor",
            "Take a shorter context in the settings, a smaller file, or a smaller model.",
        ),
        K::GpuOutOfMemory => say(
            "The graphics processor ran out of memory",
            "Close other tabs and programs that use it; or take a shorter context, a lower cache precision, or a smaller file.",
        ),
        K::GpuLost => say(
            "The connection to the graphics processor was lost",
            "This happens after sleep, a driver update, or when memory is short. Load the model again; the conversation is kept.",
        ),
        K::SelfTestFailed => say(
            "This graphics processor computes wrong results",
            "Its answers would be nonsense. Update the graphics driver and the browser, then try again; or use another browser or another GPU.",
        ),
        K::Gpu => say(
            "The graphics processor reported a fault",
            "Load the model again. If it stays, update the graphics driver and restart the browser.",
        ),
        K::StorageUnavailable => say(
            "The browser does not let this page store files",
            "Private windows and blocked site data do this. Open the page in a normal window and allow it to store data.",
        ),
        K::StorageFull => say(
            "There is not enough storage",
            "Delete a model you no longer need, free space on the disk, or take a smaller file; then try again. What has arrived is kept, and nothing stored before was harmed. Private windows have little room: use a normal one.",
        ),
        K::Storage => {
            say("The browser's storage failed", "Try again. If it stays, restart the browser and check the disk.")
        }
        K::NotFound => say(
            "The model is no longer there",
            "It may have been deleted in another tab, or its file on your disk was moved. Choose another, or add it again.",
        ),
        K::Busy => say(
            "Something else is at work",
            "Another tab or task is using the engine or this file. Let it finish, or close it, and try again.",
        ),
        K::OtherTab => say(
            "Another tab is at work",
            "Inkstone runs one model and one download at a time, in all its tabs. Go on in the other tab, or take over here.",
        ),
        K::HttpStatus => say(
            "The server refused the file",
            "It may have moved, or the server is busy. Try again later or from the other source.",
        ),
        K::HttpContent => say(
            "The server sent something that is no model",
            "A login page of the network is the usual cause. Open another site to get past it, then try again.",
        ),
        K::HashMismatch => say(
            "This is not the published file",
            "What arrived differs from what was published, also after the parts in doubt were fetched again. Try another source, or delete what has arrived and begin anew.",
        ),
        K::Network => say(
            "The network failed",
            "Check the connection and try again, or use the other source; what has arrived is kept.",
        ),
        K::UrlNotAllowed => say(
            "Files from this address are not accepted",
            "Use the list, or download the file yourself and add it from the disk.",
        ),
        K::ContextFull => say(
            "The conversation no longer fits the context",
            "Start a new chat, shorten the text, or load the model with a longer context.",
        ),
        K::NotLoaded => say("No model is loaded", "Choose a model first."),
        K::Cancelled => say("Cancelled", "Nothing was changed."),
        K::BadRequest => {
            say("The request makes no sense", "A setting is out of its range. Reset the settings and try again.")
        }
        K::Internal => say(
            "Something went wrong in Inkstone",
            "This is a bug. Reload the page; if you report it, copy the details.",
        ),
    }
}
