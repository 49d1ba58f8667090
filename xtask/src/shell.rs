//! Running other programs: announced before, explained when they fail.

use crate::{Failure, Outcome};
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The root of the working tree.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Says what happens next.
pub fn say(text: impl AsRef<str>) {
    eprintln!("\n==> {}", text.as_ref());
}

/// A command that runs in the root of the working tree.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// `cargo`, as the one that runs this program.
pub fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The command as one would type it.
pub fn line(command: &Command) -> String {
    let mut words = vec![short_name(command)];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}

fn short_name(command: &Command) -> String {
    let program = Path::new(command.get_program());
    program.file_stem().unwrap_or(program.as_os_str()).to_string_lossy().into_owned()
}

/// Runs a command with its output passed through; a failure names the command.
pub fn run(command: &mut Command) -> Outcome {
    eprintln!("  $ {}", line(command));
    let status = command.status().map_err(|error| cannot_start(command, &error))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{}` ended with {status}", line(command)))) }
}

/// Runs a command and returns what it printed, or `None` if it is missing or failed.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs a command silently for at most `limit`; whether it succeeded in that time.
pub fn succeeds_within(command: &mut Command, limit: Duration) -> bool {
    let Ok(mut child) = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn() else {
        return false;
    };
    let end = Instant::now() + limit;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(100)),
            _ => {
                // Too late or unknowable: neither result matters any more.
                let _ = child.kill();
                let _ = child.wait();
                return false;
            }
        }
    }
}

fn cannot_start(command: &Command, error: &std::io::Error) -> Failure {
    let program = short_name(command);
    match error.kind() {
        ErrorKind::NotFound => Failure::needs(format!("{program} is not installed, or not on PATH")),
        _ => Failure::new(format!("cannot start {program}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named() {
        let failure = run(&mut command("no-such-program-anywhere")).expect_err("cannot run");
        assert_eq!(
            (failure.message.as_str(), failure.code),
            ("no-such-program-anywhere is not installed, or not on PATH", 2)
        );
    }

    #[test]
    fn a_program_that_takes_too_long_is_ended() {
        assert!(!succeeds_within(command("sleep").arg("20"), Duration::from_millis(200)));
    }
}
