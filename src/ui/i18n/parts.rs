//! The texts of parts of the page: a new version, the library, the guide, what fits the GPU, the check of it, and the kernels that it runs.

use super::strings::{Setting, With, WithTwo};

/// A new version of the page.
#[derive(Debug)]
pub struct RenewalStrings {
    /// It is there.
    pub ready: &'static str,
    /// It was asked for while something is under way.
    pub waiting: &'static str,
    /// Brings it in at once.
    pub reload: &'static str,
    /// Brings it in when what is under way has ended.
    pub reload_later: &'static str,
    /// Hides it until the next visit.
    pub later: &'static str,
}

/// The built-in guide.
#[derive(Debug)]
pub struct GuideStrings {
    /// Its name.
    pub name: &'static str,
    /// Beside its name.
    pub built_in: &'static str,
    /// Explains that.
    pub built_in_hint: &'static str,
    /// How it introduces itself on the first screen.
    pub introduction: &'static str,
    /// Questions that it can answer.
    pub questions: [&'static str; 4],
    /// Placeholder of the composer.
    pub composer: &'static str,
    /// Below the composer.
    pub note: &'static str,
    /// Above the composer, before the button to the models.
    pub choose: &'static str,
    /// While it is being loaded.
    pub loading: &'static str,
    /// Loads it.
    pub ask: &'static str,
    /// In the settings: they are not for it.
    pub settings: &'static str,
    /// Announced when it begins to answer.
    pub announce_start: &'static str,
    /// Announced with its finished answer.
    pub announce_end: With,
}

/// Which models fit this GPU.
#[derive(Debug)]
pub struct FitStrings {
    /// It is being measured.
    pub measuring: &'static str,
    /// It was measured; its name.
    pub measured: With,
    /// It could not be measured.
    pub failed: &'static str,
    /// Measures again.
    pub again: &'static str,
    /// Leads to the page that measures models.
    pub bench: &'static str,
    /// A file fits: with how many tokens of context, and tokens a second.
    pub fits: WithTwo,
    /// It does not: what it needs, and what is to be had.
    pub too_large: WithTwo,
    /// The file to take on this GPU.
    pub best: &'static str,
    /// There is only a software GPU.
    pub software_title: &'static str,
    /// How slow the smallest model is on it: its name, and tokens a second.
    pub software_speed: WithTwo,
    /// What to do about that.
    pub software_advice: &'static str,
}

/// Whether this GPU computes right.
#[derive(Debug)]
pub struct CheckStrings {
    /// Starts the check.
    pub start: &'static str,
    /// It is running.
    pub underway: &'static str,
    /// All is right: number of checks, adapter, time.
    pub passed: fn(&str, &str, &str) -> String,
    /// Something is wrong, with how many of how many checks.
    pub failed: WithTwo,
    /// A check: what was expected, and what was found.
    pub found: WithTwo,
    /// A check that found no number, with what was expected.
    pub found_nothing: With,
    /// The guide's known answer.
    pub answer: &'static str,
    /// What to do.
    pub advice: &'static str,
    /// A kernel was replaced, without harm.
    pub replaced: &'static str,
}

/// Which kernel variants compute.
#[derive(Debug)]
pub struct KernelStrings {
    /// Heading in the settings.
    pub title: &'static str,
    /// Below that heading.
    pub lead: &'static str,
    /// Leaves the choice to the engine.
    pub automatic: &'static str,
    /// For decoding.
    pub decode: Setting,
    /// For reading a prompt.
    pub prompt: Setting,
    /// Those that the loaded model uses.
    pub in_use: With,
    /// Their speed is being compared.
    pub comparing: &'static str,
}

/// The library: what is stored, on its way, deleted, and beside the page.
#[derive(Debug)]
pub struct LibraryStrings {
    /// Stops a download, and keeps what has arrived.
    pub pause: &'static str,
    /// Goes on with it.
    pub resume: &'static str,
    /// Fetches only the damaged part again; its size.
    pub heal: With,
    /// Ends a download and deletes what has arrived.
    pub discard: &'static str,
    /// Says so.
    pub discard_hint: &'static str,
    /// Says that a pause loses nothing.
    pub pause_hint: &'static str,
    /// A download that was paused: bytes there, of how many.
    pub paused: WithTwo,
    /// One that was interrupted.
    pub interrupted: WithTwo,
    /// One that has begun and waits for its turn.
    pub queued: WithTwo,
    /// One that another tab is at.
    pub elsewhere: WithTwo,
    /// A model some of which is damaged.
    pub damaged: WithTwo,
    /// A damaged model that came from a file.
    pub damaged_file: &'static str,
    /// What has arrived is being read back.
    pub checking: &'static str,
    /// It will be tried again in a time.
    pub retry_in: With,
    /// That time is over.
    pub retrying: &'static str,
    /// It will be tried again when the network is back.
    pub retry_online: &'static str,
    /// Tries again at once.
    pub try_now: &'static str,
    /// A download that waits for its turn.
    pub in_line: With,
    /// The same, while another tab downloads something.
    pub in_line_elsewhere: With,
    /// Begins with it.
    pub begin_now: &'static str,
    /// Downloads it in this tab, in place of what the other one downloads.
    pub fetch_here: &'static str,
    /// Takes it out of the line.
    pub leave_line: &'static str,
    /// A model runs in another tab.
    pub other_tab: &'static str,
    /// Below that.
    pub other_tab_lead: &'static str,
    /// Loads a model here in its place; the name.
    pub use_here: With,
    /// Has the published hash.
    pub published: &'static str,
    /// Explains that; the hash.
    pub published_hint: With,
    /// Has a recorded hash.
    pub recorded: &'static str,
    /// Explains that; the hash.
    pub recorded_hint: With,
    /// Has never been hashed.
    pub unchecked: &'static str,
    /// Explains that.
    pub unchecked_hint: &'static str,
    /// Reads a file back.
    pub verify: &'static str,
    /// Found right: it is the published file.
    pub verdict_published: &'static str,
    /// Found right: it is what was stored.
    pub verdict_unchanged: &'static str,
    /// Hashed for the first time.
    pub verdict_first: &'static str,
    /// Found damaged; how much.
    pub verdict_damaged: With,
    /// Saves a model as a file.
    pub export: &'static str,
    /// Its file is on the user's disk.
    pub on_disk: &'static str,
    /// Explains that.
    pub on_disk_hint: &'static str,
    /// Copies that file into the browser.
    pub bring_in: &'static str,
    /// That file is not to be had any more.
    pub lost: &'static str,
    /// Lets the user pick it again.
    pub pick_again: &'static str,
    /// When it was last used.
    pub last_used: With,
    /// When it was stored.
    pub stored_at: With,
    /// A deleted model.
    pub removed: With,
    /// Explains that.
    pub removed_hint: &'static str,
    /// Brings it back.
    pub undo: &'static str,
    /// Frees the space of deleted models.
    pub free_now: &'static str,
    /// In the meter: models.
    pub meter_models: With,
    /// In the meter: deleted models.
    pub meter_removed: With,
    /// In the meter: what else the page keeps.
    pub meter_other: With,
    /// In the meter: free.
    pub meter_free: With,
    /// Beside the downloads: how much is free.
    pub free_here: With,
    /// The browser has promised to keep it.
    pub kept: &'static str,
    /// It has not.
    pub not_kept: &'static str,
    /// Asks it.
    pub ask_to_keep: &'static str,
    /// Uses a file where it is.
    pub file_in_place: &'static str,
    /// Copies a file.
    pub file_copy: &'static str,
    /// Below the heading of the file picker, where files can be used in place.
    pub file_lead_in_place: &'static str,
    /// A part of a split model is missing: how many were given, of how many.
    pub split_missing: WithTwo,
    /// Heading of the models beside the page.
    pub beside_heading: &'static str,
    /// Memory by context: three sizes.
    pub memory: fn(&str, &str, &str) -> String,
    /// The hash is pinned.
    pub pinned: &'static str,
    /// There is none.
    pub not_pinned: &'static str,
    /// It is asked of the site before the download.
    pub looked_up: &'static str,
    /// Explains the order of the sites.
    pub sources_hint: &'static str,
}
