//! What hosts read: `_headers` (Netlify, Cloudflare Pages), which says how long browsers may keep what, and `.nojekyll`
//! (GitHub Pages), without which files whose names begin with `_` would be left out.
//!
//! Nothing that the site needs to work may depend on them: most hosts read neither.

use std::path::Path;

/// The file of headers.
pub const HEADERS: &str = "_headers";

/// An empty file that stops GitHub Pages from making another site of this one.
pub const NO_JEKYLL: &str = ".nojekyll";

/// The list of models beside the page.
const MODELS: &str = "models.json";

/// What the digests of such a model end in.
const DIGESTS: &str = ".digests.json";

/// A year, which is the longest that means anything. Such a name holds a hash of what is in the file.
const FOR_EVER: &str = "Cache-Control: public, max-age=31536000, immutable";

/// To be kept, but asked about each time.
const ASK: &str = "Cache-Control: no-cache";

/// Digits of the hash that Trunk puts into names: sixteen, of which it leaves out zeros at the beginning.
const HASH: std::ops::RangeInclusive<usize> = 12..=16;

/// Whether an operator may edit or replace a file after the build: no digest may be taken of it, and no other form.
pub fn is_editable(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file == Path::new(MODELS) || name.ends_with(DIGESTS)
}

/// The headers for a site of these files, given by their places in it. Each file has one rule: hosts do not agree on
/// which of two rules wins. Cloudflare Pages allows a hundred.
pub fn headers<'a>(files: impl IntoIterator<Item = &'a Path>) -> String {
    let mut text =
        "# Written by `cargo xtask dist`, for Netlify and Cloudflare Pages. In a sub-folder, put it in front of \
                    every path.\n\n/*\n  X-Content-Type-Options: nosniff\n"
            .to_owned();
    let mut rule = |path: &str, headers: &[&str]| {
        text.push_str(&format!("\n/{path}\n"));
        for header in headers {
            text.push_str(&format!("  {header}\n"));
        }
    };
    for file in files {
        let parts: Vec<_> = file.iter().map(|part| part.to_string_lossy()).collect();
        // Hosts keep such files to themselves.
        if parts.iter().any(|part| part.starts_with(['.', '_'])) {
            continue;
        }
        let path = parts.join("/");
        let keep = if parts.last().is_some_and(|name| is_hashed(name)) { FOR_EVER } else { ASK };
        if path.ends_with(".webmanifest") {
            rule(&path, &[keep, "Content-Type: application/manifest+json"]);
        } else {
            rule(&path, &[keep]);
        }
        // Where these hosts send a browser that asks for a page.
        if path == "index.html" {
            rule("", &[keep]);
        } else if let Some(short) = path.strip_suffix(".html") {
            rule(short, &[keep]);
        }
    }
    text
}

/// Whether a file's name changes with its contents: `app-0123456789abcdef_bg.wasm`.
fn is_hashed(name: &str) -> bool {
    let Some((_, rest)) = name.rsplit_once('-') else { return false };
    let digits = rest.chars().take_while(|letter| matches!(letter, '0'..='9' | 'a'..='f')).count();
    HASH.contains(&digits) && rest[digits..].starts_with(['.', '_'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(files: &[&str]) -> Vec<(String, Vec<String>)> {
        let text = headers(files.iter().map(Path::new));
        let mut rules: Vec<(String, Vec<String>)> = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            match line.strip_prefix("  ") {
                Some(header) => rules.last_mut().expect("a path before its headers").1.push(header.to_owned()),
                None => rules.push((line.to_owned(), Vec::new())),
            }
        }
        rules
    }

    #[test]
    fn only_names_with_a_hash_are_kept_for_ever() {
        let files = [
            "app-0123456789abcdef.js",
            "app-0123456789abcdef_bg.wasm",
            "frame-c405e7089c93712.css",
            "worker_bg.wasm",
            "sw.js",
            "models.json",
            "snippets/inkstone-0123456789abcdef/inline0.js",
            "some-0123456789abcdef0.js",
            "a-sentence.js",
        ];
        let rules = rules(&files);
        assert_eq!(rules[0], ("/*".into(), vec!["X-Content-Type-Options: nosniff".into()]));
        let kept: Vec<_> = rules[1..].iter().map(|(path, headers)| (path.as_str(), headers[0] == FOR_EVER)).collect();
        let expected: Vec<_> = files.iter().enumerate().map(|(at, file)| (format!("/{file}"), at < 3)).collect();
        assert_eq!(kept, expected.iter().map(|(path, kept)| (path.as_str(), *kept)).collect::<Vec<_>>());
    }

    #[test]
    fn pages_are_asked_about_under_each_of_their_addresses() {
        let paths: Vec<_> = rules(&["bench.html", "index.html"]).into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["/*", "/bench.html", "/bench", "/index.html", "/"]);
    }

    #[test]
    fn the_manifest_has_its_type_and_hidden_files_no_rule() {
        let rules = rules(&[".nojekyll", "_headers", "manifest.webmanifest"]);
        assert_eq!(rules.len(), 2);
        assert_eq!(rules[1].1, [ASK, "Content-Type: application/manifest+json"]);
    }

    #[test]
    fn the_operators_files_are_known() {
        assert!(is_editable(Path::new("models.json")) && is_editable(Path::new("models/x.gguf.digests.json")));
        assert!(!is_editable(Path::new("other/models.json")) && !is_editable(Path::new("manifest.json")));
    }
}
