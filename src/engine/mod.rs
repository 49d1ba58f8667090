//! The engine: a loaded model with its tokenizer, generating text, measured, and served to the page.
//!
//! The same code runs natively and in the worker. It touches no DOM; what it tells goes through [`protocol`](crate::protocol).

mod bench;
pub mod choice;
mod figures;
mod guide;
mod load;
mod measure;
pub mod selftest;
#[cfg(all(feature = "worker", target_arch = "wasm32"))]
mod serve;
mod session;
mod trial;
#[cfg(all(feature = "worker", target_arch = "wasm32"))]
mod weights_file;

pub use bench::bench;
pub use guide::{ANSWER as GUIDE_ANSWER, KNOWN_ANSWER_CONTEXT, PROMPT as GUIDE_PROMPT, known_answer};
pub use load::{DEFAULT_CONTEXT, Prepared, Upload};
pub use measure::measure;
#[cfg(all(feature = "worker", target_arch = "wasm32"))]
pub use serve::serve;
pub use session::{Emitted, Session};
