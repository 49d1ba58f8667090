//! All that crosses between the page and the engine: [`Command`] one way, [`Event`] the other, as JSON.
//!
//! Every request has an id; every event names the request it answers, and a request ends with exactly one final
//! event ([`Event::is_final`]). The one thing JSON cannot carry, `File`s picked by the user, travels beside it in the
//! same message (`{json, files}`). Nothing of the GPU and nothing of the DOM may appear here.

mod command;
mod event;
mod fit;
mod generation;
mod library;
mod models;
mod reports;
mod selftest;

pub use command::{Command, EvaluateMode};
pub use event::{ErrorReport, Event, Stage};
pub use fit::{Measurement, Processor};
pub use generation::{FinishReason, GenerateOptions, GenerationStats, Message, Role};
pub use library::{
    Claim, DownloadPlan, Halt, Intake, Integrity, Place, Resource, StorageUse, StoredModel, Unfinished, Verdict,
    Verification, Wait,
};
pub use models::{KvType, LoadOptions, LoadedModel, ModelShape};
pub use reports::{BenchPlan, BenchmarkReport, DiagnosticsReport, KernelFigures, KernelPart, Spread};
pub use selftest::{Faults, KernelSpeed, KnownAnswer, SelfTestFault, SelfTestReport, Verified};

use serde::{Deserialize, Serialize};

/// Raised when a command or an event changes its meaning; page and worker compare it in [`Event::Ready`].
pub const VERSION: u32 = 4;

/// Names a request of this page; chosen by the page, unique while the worker lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(pub u64);

/// Names a stored model: the name of its file in browser storage.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ModelId(pub String);

impl ModelId {
    /// The model that comes with the page. No file can have this name, so no stored model has.
    pub const GUIDE: &str = "built-in:guide";

    /// The model that comes with the page.
    pub fn guide() -> Self {
        Self(Self::GUIDE.to_owned())
    }

    /// Whether this is the model that comes with the page.
    pub fn is_guide(&self) -> bool {
        self.0 == Self::GUIDE
    }
}

/// A command with the id that its events will carry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Chosen by the page.
    pub id: RequestId,
    /// What to do.
    pub command: Command,
}

/// An event with the id of the request that it answers; `None` for what the engine tells unasked, such as
/// [`Event::Ready`] and [`Event::GpuLost`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The request that this answers.
    pub id: Option<RequestId>,
    /// What happened.
    pub event: Event,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_survives_the_crossing() {
        let request = Request {
            id: RequestId(7),
            command: Command::Chat {
                messages: vec![Message { role: Role::User, content: "<|im_end|> 你好\n".into() }],
                options: GenerateOptions { seed: Some(1), ..Default::default() },
            },
        };
        let json = serde_json::to_string(&request).expect("serialises");
        assert_eq!(serde_json::from_str::<Request>(&json).expect("parses"), request);
    }

    #[test]
    fn options_left_out_take_their_defaults() {
        let json = r#"{"id":1,"command":{"type":"chat","messages":[],"options":{"temperature":0}}}"#;
        let request: Request = serde_json::from_str(json).expect("parses");
        let Command::Chat { options, .. } = request.command else { panic!("not a chat") };
        assert_eq!(options, GenerateOptions { temperature: 0.0, ..Default::default() });
    }
}
