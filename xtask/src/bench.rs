//! `cargo xtask bench`: the speed of a model in Chromium.

use crate::{Failure, Outcome, browser, dist, shell};
use lexopt::prelude::*;
use std::path::PathBuf;

/// Builds the site and measures; the script in `tests/e2e` prints the tables.
pub fn run(mut arguments: lexopt::Parser) -> Outcome {
    let mut build = true;
    let mut options = Vec::new();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("no-build") => build = false,
            Long("model") => {
                let model = PathBuf::from(arguments.value()?);
                let model = model
                    .canonicalize()
                    .map_err(|error| Failure::needs(format!("cannot read the model {}: {error}", model.display())))?;
                options.extend(["--model".into(), model.into_os_string()]);
            }
            Long("kernels") => options.push("--kernels".into()),
            Long(name @ ("prompt" | "generate" | "depth" | "repeats")) => {
                let name = format!("--{name}");
                let number: u32 = arguments.value()?.parse()?;
                options.extend([name.into(), number.to_string().into()]);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let browser = browser::prepare()?;
    if build {
        dist::build()?;
    }
    dist::must_exist()?;
    shell::say("Measuring in Chromium");
    shell::run(browser.node().arg("tests/e2e/bench.mjs").args(options))
}
