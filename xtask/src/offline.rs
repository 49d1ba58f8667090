//! The service worker, `sw.js`, which opens the page without a network: `static/sw.js` with the list of the site's
//! files in it.
//!
//! Must never name a file that a host may not serve, or serve otherwise: one such file, and no visitor gets the page
//! offline.

use crate::{Failure, Outcome, compress, hosting};
use sha2::{Digest, Sha256};
use std::path::Path;

/// Beside `index.html`: a service worker reaches no further up than its own folder.
pub const SCRIPT: &str = "sw.js";

/// The one model that belongs to the page itself.
const GUIDE: &str = "guide.gguf";

/// As they stand in the template.
const BUILD: &str = "\"{build}\"";
const FILES: &str = "[[\"{files}\", \"\"]]";

/// The script for a site of these files: their places in the site's folder, and their contents.
pub fn script(template: &str, files: &[(&Path, Vec<u8>)]) -> Outcome<String> {
    let mut list = String::new();
    for (path, bytes) in files {
        if let Some(address) = address(path)? {
            list.push_str(&format!("  [\"{address}\", \"{}\"],\n", hex(bytes)));
        }
    }
    // Names and digests of all files are in the list.
    let build = &hex(list.as_bytes())[..16];
    let script = fill(template, BUILD, &format!("\"{build}\""))?;
    fill(&script, FILES, &format!("[\n{list}]"))
}

/// Where the page asks for a file; `None` for one that no visitor needs.
fn address(path: &Path) -> Outcome<Option<String>> {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    let address = parts.join("/");
    // Hosts keep such files to themselves: .nojekyll, _headers.
    let hidden = parts.iter().any(|part| part.starts_with(['.', '_']));
    let unasked = address.ends_with(".map") || compress::is_form(path);
    let other_model = address.ends_with(".gguf") && address != GUIDE;
    if hidden || unasked || other_model || hosting::is_editable(path) || address == SCRIPT {
        return Ok(None);
    }
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
    if !address.chars().all(plain) {
        let message =
            format!("the site has a file {address:?}: only letters, digits and . _ - are allowed in its name");
        return Err(Failure::new(message));
    }
    Ok(Some(if address == "index.html" { "./".into() } else { format!("./{address}") }))
}

/// The SHA-256 of `bytes`, as browsers compute it, too.
fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn fill(template: &str, place: &str, value: &str) -> Outcome<String> {
    match template.matches(place).count() {
        1 => Ok(template.replace(place, value)),
        count => Err(Failure::new(format!("static/{SCRIPT} has {place} {count} times, not once"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = include_str!("../../static/sw.js");

    fn made(files: &[(&str, &str)]) -> Outcome<String> {
        let files: Vec<_> = files.iter().map(|(path, text)| (Path::new(*path), text.as_bytes().to_vec())).collect();
        script(TEMPLATE, &files)
    }

    /// The addresses that a script lists.
    fn listed(script: &str) -> Vec<&str> {
        script.lines().filter_map(|line| line.strip_prefix("  [\"")?.split('"').next()).collect()
    }

    fn build(script: &str) -> &str {
        let line = script.lines().find(|line| line.starts_with("const BUILD")).expect("the build");
        line.split('"').nth(1).expect("a value")
    }

    #[test]
    fn the_list_has_the_files_that_the_page_asks_for() {
        let names = [
            ".nojekyll",
            "_headers",
            "app-1.js",
            "app-1.js.br",
            "app-1.js.gz",
            "app-1.js.map",
            "guide.gguf",
            "icons/a.png",
            "index.html",
            "models.json",
            "models/guide.gguf",
            "models/guide.gguf.digests.json",
            "other.gguf",
            "sw.js",
        ];
        let script = made(&names.map(|name| (name, "text"))).expect("a script");
        assert_eq!(listed(&script), ["./app-1.js", "./guide.gguf", "./icons/a.png", "./"]);
        let digest = "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1";
        assert!(script.contains(&format!("  [\"./guide.gguf\", \"{digest}\"],\n")), "{script}");
    }

    #[test]
    fn a_build_is_known_by_names_and_contents() {
        let of = |files: &[(&str, &str)]| build(&made(files).expect("a script")).to_owned();
        let first = of(&[("index.html", "page"), ("worker.js", "work")]);
        assert_eq!(first.len(), 16);
        assert_eq!(first, of(&[("index.html", "page"), ("worker.js", "work"), ("sw.js", "old")]));
        assert_ne!(first, of(&[("index.html", "page"), ("worker.js", "word")]));
        assert_ne!(first, of(&[("index.html", "page"), ("walker.js", "work")]));
    }

    #[test]
    fn names_that_addresses_would_have_to_escape_are_refused() {
        assert!(made(&[("a b.png", "")]).is_err());
        assert!(made(&[("书生.png", "")]).is_err());
    }

    #[test]
    fn a_template_without_its_places_is_refused() {
        assert!(script("const BUILD = \"{build}\";", &[]).is_err());
    }
}
