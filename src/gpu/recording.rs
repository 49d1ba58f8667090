//! Launches that are recorded once and run again: a decoded token's are the same each time.
//!
//! Everything that burn looks up for a launch (pipeline, buffers, bindings) is looked up at the recording. What differs
//! from run to run must be read from buffers that are written in between.

use super::{Buffer, Gpu, Launch, device::device_error};
use crate::error::Result;
use cubecl::client::Graph;

/// Recorded launches, and the buffers that they use.
pub struct Recording {
    graph: Graph,
    launched: Launched,
}

/// What becomes of a launch.
#[derive(Default)]
pub(super) enum Mode {
    /// It runs.
    #[default]
    Run,
    /// It is recorded.
    Record(Launched),
    /// It is told.
    Trace(Vec<Launch>),
}

/// What has been launched while recording.
#[derive(Default)]
pub(super) struct Launched {
    pub(super) count: u64,
    /// Kept alive: a replay is handed the memory itself.
    pub(super) buffers: Vec<Buffer>,
}

impl Gpu {
    /// Runs what `launch` launches, and records it. `launch` must neither write nor read nor allocate, and launch the same
    /// when it is called again.
    ///
    /// # Errors
    /// `GpuLost` or `Gpu`.
    pub fn record(&self, launch: impl Fn()) -> Result<Recording> {
        let failed = |error| device_error("recording launches", &error);
        self.client.graph_prepare().map_err(failed)?;
        launch();
        self.client.start_capture().map_err(failed)?;
        self.mode.replace(Mode::Record(Launched::default()));
        launch();
        let launched = match self.mode.take() {
            Mode::Record(launched) => launched,
            _ => Launched::default(),
        };
        let graph = self.client.stop_capture().map_err(failed)?;
        Ok(Recording { graph, launched })
    }

    /// What `launch` would launch; nothing runs.
    pub fn trace(&self, launch: impl FnOnce()) -> Vec<Launch> {
        self.mode.replace(Mode::Trace(Vec::new()));
        launch();
        match self.mode.take() {
            Mode::Trace(launches) => launches,
            _ => Vec::new(),
        }
    }

    /// Queues what was recorded.
    ///
    /// # Errors
    /// `GpuLost` or `Gpu`.
    #[allow(unsafe_code, reason = "burn cannot know that the buffers live; the recording has them")]
    pub fn replay(&self, recording: &Recording) -> Result<()> {
        self.counters.launched(recording.launched.count);
        // SAFETY: the buffers are alive, since the recording holds their handles; and everything in this program that
        // touches them goes through the one client, so that it is ordered with the replay.
        unsafe { recording.graph.replay() }.map_err(|error| device_error("running recorded launches", &error))
    }
}
