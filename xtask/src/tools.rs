//! The programs that a build needs, and how they get onto a bare machine.
//!
//! A program on PATH is used when its version fits. Otherwise it is installed into `target/tools`, so that nothing the
//! user has is overwritten.

use crate::shell::{self, say};
use crate::{Failure, Outcome};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The target of both binaries of the site.
pub const WASM: &str = "wasm32-unknown-unknown";

const TRUNK: &str = "0.21.14";
const CARGO_DENY: &str = "0.20.2";

/// A program that cargo can install.
struct Tool {
    /// The program.
    program: &'static str,
    /// The package that has it.
    package: &'static str,
    version: String,
    /// Whether the lock file in the package is to be used. That of a recent wasm-bindgen-cli may name versions that
    /// were withdrawn.
    locked: bool,
    /// What it is for, and how long installing it takes on two cores.
    purpose: &'static str,
}

/// Makes sure of all that turns the sources into the site.
pub fn for_site() -> Outcome {
    wasm_target()?;
    install(&Tool {
        program: "wasm-bindgen",
        package: "wasm-bindgen-cli",
        version: locked_version("wasm-bindgen")?,
        locked: false,
        purpose: "writes the JavaScript around the wasm modules; about 3 minutes, once",
    })?;
    install(&Tool {
        program: "trunk",
        package: "trunk",
        version: TRUNK.into(),
        locked: true,
        purpose: "puts the site together; about 5 minutes, once",
    })
}

/// Makes sure of cargo-deny.
pub fn cargo_deny() -> Outcome {
    install(&Tool {
        program: "cargo-deny",
        package: "cargo-deny",
        version: CARGO_DENY.into(),
        locked: true,
        purpose: "reads the licences of all dependencies; about 5 minutes, once",
    })
}

/// A command that runs a tool of this project, which finds the other ones on its PATH.
pub fn command(program: &str) -> Command {
    let file = find(program).unwrap_or_else(|| program.into());
    let mut command = shell::command(file);
    command.env("PATH", path());
    command
}

/// PATH with the tools of this project in front.
fn path() -> OsString {
    let mut folders = vec![tools_root().join("bin")];
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    // Only a folder with a separator in its name cannot be joined; PATH alone is then the best there is.
    std::env::join_paths(folders).unwrap_or_else(|_| std::env::var_os("PATH").unwrap_or_default())
}

/// Where on PATH a program is.
pub fn find(program: &str) -> Option<PathBuf> {
    let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&path()).map(|folder| folder.join(&name)).find(|file| file.is_file())
}

fn tools_root() -> PathBuf {
    shell::root().join("target/tools")
}

fn install(tool: &Tool) -> Outcome {
    if installed_version(tool).as_deref() == Some(&tool.version) {
        return Ok(());
    }
    say(format!("Installing {} {} into target/tools: {}", tool.package, tool.version, tool.purpose));
    let locked = tool.locked && shell::run(&mut cargo_install(tool, true)).is_ok();
    if !locked {
        shell::run(&mut cargo_install(tool, false))?;
    }
    match installed_version(tool) {
        Some(version) if version == tool.version => Ok(()),
        found => Err(Failure::new(format!(
            "{} {} was installed, but the one on PATH answers with version {}",
            tool.program,
            tool.version,
            found.as_deref().unwrap_or("none")
        ))),
    }
}

fn installed_version(tool: &Tool) -> Option<String> {
    let answer = shell::output(Command::new(find(tool.program)?).arg("--version"))?;
    // "trunk 0.21.14", "wasm-bindgen 0.2.130"
    Some(answer.split_whitespace().nth(1)?.to_owned())
}

fn cargo_install(tool: &Tool, locked: bool) -> Command {
    let root = tools_root();
    let mut install = shell::cargo();
    install.args(["install", tool.package, "--version", &tool.version, "--force"]);
    install.arg("--root").arg(&root).arg("--target-dir").arg(root.join("build"));
    if locked {
        install.arg("--locked");
    }
    // The time to build such a tool exceeds all the time that it will ever run.
    install.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    install.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
    install
}

/// The version of a package in Cargo.lock.
fn locked_version(package: &str) -> Outcome<String> {
    let file = shell::root().join("Cargo.lock");
    let text = std::fs::read_to_string(&file)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", file.display())))?;
    version_in(&text, package).ok_or_else(|| Failure::new(format!("{package} is not in Cargo.lock")))
}

fn version_in(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| **line != name);
    let version = lines.nth(1)?.strip_prefix("version = \"")?;
    Some(version.trim_end_matches('"').to_owned())
}

/// Makes sure that Rust can compile for the browser.
pub fn wasm_target() -> Outcome {
    let sysroot = shell::output(shell::command("rustc").args(["--print", "sysroot"]))
        .ok_or_else(|| Failure::needs("rustc does not run: install Rust with rustup (https://rustup.rs)"))?;
    if Path::new(&sysroot).join("lib/rustlib").join(WASM).join("lib").is_dir() {
        return Ok(());
    }
    if find("rustup").is_none() {
        let message = format!(
            "this Rust has no {WASM} target and there is no rustup to add it: install Rust with rustup (https://rustup.rs), or install your system's package of that target"
        );
        return Err(Failure::needs(message));
    }
    say(format!("Adding the {WASM} target to the Rust toolchain"));
    shell::run(shell::command("rustup").args(["target", "add", WASM]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_the_lock_file() {
        let lock =
            "[[package]]\nname = \"ab\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"a\"\nversion = \"2.3.4\"\n";
        assert_eq!(version_in(lock, "a").as_deref(), Some("2.3.4"));
        assert_eq!(version_in(lock, "b"), None);
    }

    #[test]
    fn the_lock_file_names_wasm_bindgen() {
        assert!(locked_version("wasm-bindgen").is_ok());
    }
}
