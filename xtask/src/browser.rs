//! What the tests and the benchmark in Chromium need: Node.js, playwright-core and Chromium itself.

use crate::shell::{self, say};
use crate::{Failure, Outcome, tools};
use std::path::PathBuf;
use std::process::Command;
use std::time::SystemTime;

/// Node.js has `--test-concurrency` from this version.
const NODE: (u32, u32) = (20, 10);
const CHROMIUM_NAMES: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
const CHROME_ON_MACOS: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/// A browser that can be driven.
pub struct Browser {
    chromium: PathBuf,
}

impl Browser {
    /// Node.js in the root of the working tree, told where Chromium is.
    pub fn node(&self) -> Command {
        let mut node = shell::command("node");
        node.env("CHROMIUM", &self.chromium);
        node
    }
}

/// Installs or names what is missing.
pub fn prepare() -> Outcome<Browser> {
    if tools::find("node").is_none() || tools::find("npm").is_none() {
        system_install(&["nodejs", "npm"])?;
    }
    let version = shell::output(shell::command("node").arg("--version")).unwrap_or_default();
    if node_version(&version) < Some(NODE) {
        let (major, minor) = NODE;
        let found = if version.is_empty() { "none".into() } else { format!("{version} was found") };
        let message = format!("the tests in Chromium need Node.js {major}.{minor} or newer with npm ({found})");
        return Err(Failure::needs(message));
    }
    if find_chromium().is_none() {
        system_install(&["chromium"])?;
    }
    let chromium = find_chromium().ok_or_else(|| {
        Failure::needs(
            "the tests in the browser need Chromium or Chrome: install one, or name it: CHROMIUM=/path/to/it",
        )
    })?;
    // npm writes the first file after it has installed what the second one names.
    let installed =
        modified("node_modules/.package-lock.json").filter(|_| folder().join("node_modules/playwright-core").is_dir());
    if installed.is_none() || installed < modified("package-lock.json") {
        say("Installing playwright-core, which drives Chromium, into tests/e2e");
        shell::run(shell::command("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder()))?;
    }
    Ok(Browser { chromium })
}

/// All test files for `node --test`, in order.
pub fn test_files() -> Outcome<Vec<PathBuf>> {
    let failed = |error: std::io::Error| Failure::new(format!("cannot list {}: {error}", folder().display()));
    let entries = std::fs::read_dir(folder()).map_err(failed)?;
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.to_string_lossy().ends_with(".test.mjs"));
    files.sort();
    Ok(files)
}

/// Installs system packages where that can be done without asking: as root, with apt. Elsewhere it does nothing, and
/// the caller names what is missing.
pub fn system_install(packages: &[&str]) -> Outcome {
    let root = shell::output(shell::command("id").arg("-u")).is_some_and(|user| user == "0");
    if !root || tools::find("apt-get").is_none() {
        return Ok(());
    }
    say(format!("Installing {}", packages.join(", ")));
    let apt = || {
        let mut apt = shell::command("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    shell::run(apt().args(["update", "-qq"]))?;
    shell::run(apt().args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages))
}

fn modified(file: &str) -> Option<SystemTime> {
    std::fs::metadata(folder().join(file)).ok()?.modified().ok()
}

fn folder() -> PathBuf {
    shell::root().join("tests/e2e")
}

fn find_chromium() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let on_path = || CHROMIUM_NAMES.iter().find_map(|name| tools::find(name));
    named.or_else(on_path).or_else(|| Some(PathBuf::from(CHROME_ON_MACOS)).filter(|file| file.is_file()))
}

/// "v20.11.1" → (20, 11)
fn node_version(answer: &str) -> Option<(u32, u32)> {
    let mut numbers = answer.strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_node_are_compared_as_numbers() {
        assert!(node_version("v20.9.0") < Some(NODE));
        assert!(node_version("v100.0.0") > Some(NODE));
        assert!(node_version("") < Some(NODE));
    }
}
