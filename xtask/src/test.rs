//! `cargo xtask test`: the tests on the host, then those in Chromium, with all that they need.
//!
//! The kernels run natively on Mesa's software Vulkan driver, in Chromium on its own software adapter, so no GPU is
//! needed and results are the same everywhere.

use crate::browser::{self, Browser};
use crate::shell::{self, cargo, say};
use crate::{Failure, Outcome, dist};
use lexopt::prelude::*;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Host,
    Browser,
}

/// Runs the tests; a failure in one part does not keep the other from running.
pub fn run(mut arguments: lexopt::Parser) -> Outcome {
    let mut parts = vec![Part::Host, Part::Browser];
    let (mut build, mut gpu, mut extra) = (true, false, Vec::new());
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("only") => parts = vec![part(&arguments.value()?.string()?)?],
            Long("no-build") => build = false,
            Long("gpu") => gpu = true,
            Value(value) => {
                extra.push(value);
                extra.extend(arguments.raw_args()?);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    if !extra.is_empty() && parts.len() > 1 {
        return Err(Failure::needs("arguments for the tests need --only host or --only e2e, to know whose they are"));
    }

    // What is missing is found out before the long builds.
    let driver = if parts.contains(&Part::Host) && !gpu { software_vulkan()? } else { None };
    let browser = if parts.contains(&Part::Browser) { Some(browser::prepare()?) } else { None };
    let mut failed = Vec::new();
    if parts.contains(&Part::Host) {
        failed.extend(host(driver, &extra).err());
    }
    if let Some(browser) = browser {
        failed.extend(in_browser(&browser, build, &extra).err());
    }
    match failed.len() {
        0 => Ok(()),
        1 => Err(failed.remove(0)),
        _ => Err(Failure::new(failed.iter().map(|failure| failure.message.as_str()).collect::<Vec<_>>().join("; "))),
    }
}

fn part(name: &str) -> Outcome<Part> {
    match name {
        "host" => Ok(Part::Host),
        "e2e" => Ok(Part::Browser),
        other => Err(Failure::needs(format!("--only takes host or e2e, not {other:?}"))),
    }
}

fn host(driver: Option<PathBuf>, extra: &[OsString]) -> Outcome {
    say("Tests on the host: about 15 minutes to build the first time on two cores");
    let mut test = cargo();
    test.args(["test", "--release"]).args(extra);
    if let Some(driver) = driver {
        say(format!("The GPU of these tests is the software driver {}", driver.display()));
        // The older and the newer name of the same setting.
        test.env("VK_ICD_FILENAMES", &driver).env("VK_DRIVER_FILES", &driver);
    }
    // The driver complains on every start without it.
    let runtime = std::env::temp_dir().join(format!("inkstone-test-{}", std::process::id()));
    let made = std::env::var_os("XDG_RUNTIME_DIR").is_none() && make_private(&runtime);
    if made {
        test.env("XDG_RUNTIME_DIR", &runtime);
    }
    let outcome = shell::run(cargo().args(["test", "--package", "xtask"])).and(shell::run(&mut test));
    if made {
        // A folder left behind in the system's temporary folder harms nobody.
        let _ = std::fs::remove_dir_all(&runtime);
    }
    outcome
}

/// Makes a folder that only its owner may enter; whether that worked.
fn make_private(folder: &std::path::Path) -> bool {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).is_ok()
}

/// The description of Mesa's software driver for Vulkan; `None` where the user or the system has chosen a driver.
fn software_vulkan() -> Outcome<Option<PathBuf>> {
    let chosen = ["VK_ICD_FILENAMES", "VK_DRIVER_FILES"].iter().any(|name| std::env::var_os(name).is_some());
    if chosen || !cfg!(target_os = "linux") {
        return Ok(None);
    }
    if find_lavapipe().is_none() {
        browser::system_install(&["mesa-vulkan-drivers"])?;
    }
    match find_lavapipe() {
        Some(driver) => Ok(Some(driver)),
        None => Err(Failure::needs(
            "the tests of the GPU kernels need Mesa's software Vulkan driver (lavapipe): install the package \
             mesa-vulkan-drivers (Debian, Ubuntu, Fedora) or vulkan-swrast (Arch), or give --gpu to use this \
             machine's own GPU",
        )),
    }
}

fn find_lavapipe() -> Option<PathBuf> {
    let folders = ["/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/etc/vulkan/icd.d"];
    let files = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    files.map(|file| file.path()).find(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("lvp_icd") && name.ends_with(".json")
    })
}

fn in_browser(browser: &Browser, build: bool, extra: &[OsString]) -> Outcome {
    if build {
        dist::build()?;
    }
    dist::must_exist()?;
    say("Tests in Chromium");
    let mut node: Command = browser.node();
    // One file at a time: each drives a browser that computes on all cores.
    node.args(["--test", "--test-concurrency=1", "--test-reporter=spec"]);
    if extra.iter().any(|argument| argument.to_string_lossy().ends_with(".mjs")) {
        node.args(extra);
    } else {
        node.args(extra).args(browser::test_files()?);
    }
    shell::run(&mut node)
}
