//! `cargo xtask check`: everything that is judged without running the program.
//!
//! All checks run, even after one has failed, so that one run shows all there is to mend.

use crate::shell::{self, cargo, say};
use crate::tools::{self, WASM};
use crate::{Failure, Outcome};
use std::process::Command;
use std::time::Duration;

/// Runs all checks and lists those that failed.
pub fn run(mut arguments: lexopt::Parser) -> Outcome {
    if let Some(argument) = arguments.next()? {
        return Err(argument.unexpected().into());
    }
    tools::wasm_target()?;
    let mut failed = Vec::new();
    let mut check = |what: &str, command: &mut Command| {
        say(what);
        if let Err(failure) = shell::run(command) {
            eprintln!("error: {}", failure.message);
            failed.push(what.to_owned());
        }
    };

    check("Format", cargo().args(["fmt", "--all", "--check"]));
    // The profiles are those of the tests and of the site, so that dependencies' build scripts are built only once.
    check("Lints, host", &mut clippy(&["--workspace", "--release", "--all-targets"]));
    for (feature, profile) in [("worker", "web"), ("page", "page")] {
        let what = format!("Lints, wasm32, {feature}");
        check(
            &what,
            &mut clippy(&["--profile", profile, "--target", WASM, "--no-default-features", "--features", feature]),
        );
    }
    let mut doc = cargo();
    doc.args(["doc", "--workspace", "--release", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
    check("Documentation", &mut doc);

    tools::cargo_deny()?;
    check(
        "Licences, duplicates and sources of dependencies",
        &mut deny(&["check", "--hide-inclusion-graph", "licenses", "bans", "sources"]),
    );
    if shell::succeeds_within(&mut deny(&["fetch", "db"]), Duration::from_secs(120)) {
        check("Known vulnerabilities", &mut deny(&["check", "--disable-fetch", "advisories"]));
    } else {
        say("Known vulnerabilities: SKIPPED, the advisory database cannot be fetched");
    }

    if failed.is_empty() {
        say("All checks passed");
        return Ok(());
    }
    Err(Failure::new(format!("these checks failed: {}", failed.join("; "))))
}

fn clippy(arguments: &[&str]) -> Command {
    let mut clippy = cargo();
    clippy.arg("clippy").args(arguments).args(["--", "-D", "warnings"]);
    clippy
}

fn deny(arguments: &[&str]) -> Command {
    let mut deny = tools::command("cargo-deny");
    deny.arg("--workspace").args(arguments);
    deny
}
