//! `cargo xtask dist`: the static site in `dist/`, ready for any static host.

use crate::compress::{self, Forms};
use crate::shell::{self, say};
use crate::{Failure, Outcome, constructors, hosting, offline, tools};
use std::fs;
use std::path::{Path, PathBuf};

/// Files whose compressed size has a limit: the beginning and end of the name, and the bytes of the brotli form.
const BUDGETS: [(&str, &str, usize); 2] = [("app", ".wasm", 450_000), ("worker", ".wasm", 2_500_000)];

/// Builds the site with the smaller forms of its files, and shows what each weighs.
pub fn run(mut arguments: lexopt::Parser) -> Outcome {
    if let Some(argument) = arguments.next()? {
        return Err(argument.unexpected().into());
    }
    build()?;
    write_forms()
}

/// The folder with the finished site.
pub fn folder() -> PathBuf {
    shell::root().join("dist")
}

/// Builds the site into [`folder`], with what hosts read and the service worker that knows all its files, and refuses a
/// module whose exports run all constructors on every call.
pub fn build() -> Outcome {
    tools::for_site()?;
    say("Building the site: about 10 minutes the first time on two cores, seconds when little has changed");
    // Trunk works offline, so that it takes its programs from PATH and downloads none; the crates must be there.
    shell::run(shell::cargo().args(["fetch", "--quiet"]))?;
    // Trunk reads NO_COLOR as a boolean, and stops at the usual NO_COLOR=1.
    shell::run(tools::command("trunk").args(["build", "--release", "--offline"]).env_remove("NO_COLOR"))?;
    check_modules()?;
    write_for_hosts()?;
    write_service_worker()
}

/// Fails with a clear message if the site has not been built.
pub fn must_exist() -> Outcome {
    if folder().join("index.html").is_file() {
        return Ok(());
    }
    Err(Failure::needs("there is no dist/index.html: leave out --no-build, or run `cargo xtask dist` first"))
}

fn check_modules() -> Outcome {
    for file in files()?.iter().filter(|file| file.extension().is_some_and(|ending| ending == "wasm")) {
        let wrapped = constructors::wrapped_exports(&read(file)?)
            .map_err(|fault| Failure::new(format!("{} is no wasm module: {fault}", name(file))))?;
        if let Some(first) = wrapped.first() {
            return Err(Failure::new(format!(
                "{}: {} exports, {first} among them, run all constructors again on every call. Call \
                 `__wasm_call_ctors` once when the module starts",
                name(file),
                wrapped.len()
            )));
        }
    }
    Ok(())
}

fn write_for_hosts() -> Outcome {
    let files = files()?;
    write(hosting::NO_JEKYLL, "")?;
    write(hosting::HEADERS, hosting::headers(files.iter().map(|file| place(file)).chain([Path::new(offline::SCRIPT)])))
}

/// Last of all, because it holds the digests of the other files.
fn write_service_worker() -> Outcome {
    let template = shell::root().join("static").join(offline::SCRIPT);
    let template = fs::read_to_string(&template)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", template.display())))?;
    let paths = files()?;
    let files: Vec<_> = paths.iter().map(|path| Ok((place(path), read(path)?))).collect::<Outcome<_>>()?;
    let script = offline::script(&template, &files)?;
    write(offline::SCRIPT, script)
}

/// Writes the smaller forms and the table of sizes.
fn write_forms() -> Outcome {
    let files = files()?;
    println!("\n{:>12} {:>12} {:>12}   file in dist/ (sizes in bytes)", "plain", "gzip", "brotli");
    let forms: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = files.iter().map(|file| scope.spawn(|| forms(file))).collect();
        threads.into_iter().map(|thread| thread.join()).collect()
    });
    let mut total = [0; 3];
    let mut over = Vec::new();
    for (file, forms) in files.iter().zip(forms) {
        let forms = forms.map_err(|_| Failure::new(format!("compressing {} failed", name(file))))??;
        let sizes = [forms.plain, forms.gzip_bytes(), forms.brotli_bytes()];
        for (sum, size) in total.iter_mut().zip(sizes) {
            *sum += size;
        }
        println!("{:>12} {:>12} {:>12}   {}", sizes[0], sizes[1], sizes[2], name(file));
        over.extend(over_budget(file, sizes[2]));
    }
    println!("{:>12} {:>12} {:>12}   in all", total[0], total[1], total[2]);
    if over.is_empty() { Ok(()) } else { Err(Failure::new(over.join("; "))) }
}

/// What is to be said of a file that is larger than it may be.
fn over_budget(file: &Path, brotli: usize) -> Option<String> {
    let name = name(file);
    let fits = |&&(start, end, _): &&(&str, &str, usize)| name.starts_with(start) && name.ends_with(end);
    let &(_, _, budget) = BUDGETS.iter().find(fits)?;
    (brotli > budget).then(|| format!("{name} has {brotli} bytes (brotli), its budget is {budget}"))
}

/// Compresses a file, and writes what that gave beside it.
fn forms(file: &Path) -> Outcome<Forms> {
    let forms = Forms::of(place(file), &read(file)?);
    let written = forms.and_then(|forms| forms.write(file).map(|()| forms));
    written.map_err(|error| Failure::new(format!("cannot compress {}: {error}", name(file))))
}

/// All files of the site but the smaller forms of others, in order.
fn files() -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder()];
    while let Some(folder) = folders.pop() {
        let failed = |error: std::io::Error| Failure::new(format!("cannot list {}: {error}", folder.display()));
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.is_dir() {
                folders.push(path);
            } else if !compress::is_form(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn write(place: &str, text: impl AsRef<[u8]>) -> Outcome {
    let file = folder().join(place);
    fs::write(&file, text).map_err(|error| Failure::new(format!("cannot write {}: {error}", file.display())))
}

fn read(file: &Path) -> Outcome<Vec<u8>> {
    fs::read(file).map_err(|error| Failure::new(format!("cannot read {}: {error}", file.display())))
}

fn name(file: &Path) -> String {
    place(file).display().to_string()
}

/// Where a file is in the site.
fn place(file: &Path) -> &Path {
    file.strip_prefix(folder()).unwrap_or(file)
}
