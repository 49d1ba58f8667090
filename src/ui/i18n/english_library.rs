//! The texts of the library, in English.

use super::parts::LibraryStrings;

/// All of them.
pub const LIBRARY: LibraryStrings = LibraryStrings {
    pause: "Pause",
    resume: "Resume",
    heal: |size| format!("Fetch {size} again"),
    discard: "Cancel",
    paused: |done, total| format!("Paused · {done} of {total} are here"),
    interrupted: |done, total| format!("Interrupted · {done} of {total} are here"),
    elsewhere: |done, total| format!("Another tab is fetching it · {done} of {total}"),
    damaged: |done, total| format!("Damaged · {done} of {total} are sound"),
    damaged_file: "Part of this file is damaged. It came from your disk: add it again.",
    checking: "Checking what has arrived",
    retry_in: |time| format!("Trying again in {time}"),
    retry_online: "Going on when the network is back",
    try_now: "Try now",
    in_line: |name| format!("{name} is next"),
    leave_line: "Not any more",
    other_tab: |name| format!("{name} runs in another tab"),
    other_tab_lead: "A model needs the graphics processor to itself, so one tab has it at a time. The guide answers here \
        meanwhile.",
    use_here: "Use it here",
    published: "Official file",
    published_hint: |hash| format!("Its SHA-256 is the published one: {hash}"),
    recorded: "Hash recorded",
    recorded_hint: |hash| {
        format!("Nothing was published to compare with. From now on it is compared with what arrived: {hash}")
    },
    unchecked: "Not checked",
    unchecked_hint: "This file has not been hashed as a whole yet. Checking reads it once.",
    verify: "Check",
    verdict_published: "Checked: it is the official file, byte for byte.",
    verdict_unchanged: "Checked: it is what was stored, byte for byte.",
    verdict_first: "Read and hashed. From now on it is compared with this.",
    verdict_damaged: |size| format!("{size} of it are damaged and have to be fetched again."),
    export: "Save as a file",
    on_disk: "On your disk",
    on_disk_hint: "Used where it is, without a copy. Do not move or change the file.",
    last_used: |time| format!("used {time}"),
    stored_at: |time| format!("added {time}"),
    removed: |name| format!("{name} is deleted"),
    removed_hint: "It can come back until its space is needed, for a day at most.",
    undo: "Undo",
    free_now: "Free the space now",
    meter_models: |size| format!("Models {size}"),
    meter_removed: |size| format!("Deleted {size}"),
    meter_other: |size| format!("Inkstone itself {size}"),
    meter_free: |size| format!("Free {size}"),
    kept: "The browser keeps all this until you delete it.",
    not_kept: "The browser may clear this by itself when the disk is nearly full.",
    ask_to_keep: "Ask it to keep it",
    file_in_place: "Use a file where it is",
    file_copy: "Copy a file into the browser",
    file_lead_in_place: "A .gguf file on your disk can be used where it is, without a copy: on the next visit one click \
        is enough. Or drop it anywhere on this page. All parts of a split model go together.",
    split_missing: |given, all| {
        format!("This model was split into {all} files, and {given} were given. Choose all of them together.")
    },
    beside_heading: "From this site",
    memory: |small, medium, large| format!("GPU memory {small} (4k), {medium} (8k), {large} (32k context)"),
    pinned: "hash known",
    not_pinned: "hash not known beforehand",
    sources_hint: "Tried from left to right. Click one to try it first.",
};
