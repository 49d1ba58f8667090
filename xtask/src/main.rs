//! Inkstone's own commands, run as `cargo xtask COMMAND`. Each has a file; this one reads the arguments.
//!
//! Everything that a command needs and that is missing is installed into `target/tools` or named with the way to get
//! it. Nothing outside the working tree is changed, except that `test` may install system packages when it runs as
//! root on Debian or Ubuntu.

mod bench;
mod browser;
mod check;
mod compress;
mod constructors;
mod dist;
mod hosting;
mod offline;
mod serve;
mod shell;
mod test;
mod tools;

use std::io::Write;
use std::process::ExitCode;

/// A message for the person at the terminal, and the exit code to end with.
#[derive(Debug)]
pub struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// Something went wrong: exit code 1.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 1 }
    }

    /// The person has to do something first (install a program, mend an argument): exit code 2.
    pub fn needs(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 2 }
    }
}

impl From<lexopt::Error> for Failure {
    fn from(error: lexopt::Error) -> Self {
        Self::needs(format!("{error}\n\n{HELP}"))
    }
}

/// What every command returns.
pub type Outcome<T = ()> = Result<T, Failure>;

const HELP: &str = "\
cargo xtask COMMAND

  serve [--port 8080] [--no-build]          build the site, then serve it on 127.0.0.1
  dist                                      build the site into dist/, compress its files and show their sizes
  test [--only host|e2e] [--no-build] [--gpu] [-- ARGUMENTS]
                                            all tests: on the host, then in Chromium
                                            --gpu: use the real GPU natively, not Mesa's software one
                                            ARGUMENTS go to cargo test or node --test, whichever --only names
  check                                     format, lints for host and wasm32, documentation, licences
  bench [--model FILE.gguf] [--prompt 128] [--generate 32] [--depth 0] [--repeats 5] [--kernels] [--no-build]
                                            speed in Chromium
                                            --depth: decoding behind so many tokens, too
                                            --kernels: each kernel by itself, too";

fn main() -> ExitCode {
    match dispatch() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {}", failure.message);
            ExitCode::from(failure.code)
        }
    }
}

fn dispatch() -> Outcome {
    use lexopt::prelude::*;

    let mut arguments = lexopt::Parser::from_env();
    match arguments.next()? {
        Some(Value(command)) => match command.to_string_lossy().as_ref() {
            "serve" => serve::run(arguments),
            "dist" => dist::run(arguments),
            "test" => test::run(arguments),
            "check" => check::run(arguments),
            "bench" => bench::run(arguments),
            "help" => help(),
            other => Err(Failure::needs(format!("there is no command {other:?}\n\n{HELP}"))),
        },
        Some(Short('h') | Long("help")) => help(),
        Some(other) => Err(other.unexpected().into()),
        None => Err(Failure::needs(HELP)),
    }
}

fn help() -> Outcome {
    // Whoever reads this may stop reading at any line.
    let _ = writeln!(std::io::stdout(), "{HELP}");
    Ok(())
}
