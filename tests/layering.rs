//! The shape of the source tree, held by a test: which module may use which, how long a file may be, and that no text
//! ever becomes HTML.
//!
//! It reads the sources as text, so it sees both targets and every feature at once, which no single build does.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[path = "layering/paths.rs"]
mod paths;

/// Every module with all that it may use. `module` allows the whole module, `module::part` that part alone.
/// A module stands below all that it uses as a whole, so the table cannot hold a circle.
///
/// The flow of data is `source → storage → gguf → gpu → model → sampler → tokenizer → protocol → ui`; an arrow in the
/// other direction would let the engine reach into the page, or the page into the GPU.
const ALLOWED: &[(&str, &[&str])] = &[
    // Leaves: pure, and known to everyone who needs them.
    ("error", &[]),
    ("protocol", &["error"]),
    ("markdown", &[]),
    ("chat", &["error", "protocol"]),
    ("sampler", &["error", "protocol"]),
    // Bytes: from where they come to what they mean.
    ("quant", &["error"]),
    ("gguf", &["error", "quant"]),
    ("tokenizer", &["error", "gguf", "chat"]),
    ("source", &["error", "protocol"]),
    // Storage checks a header while the rest of the file is still to come.
    ("storage", &["error", "protocol", "source", "gguf", "tokenizer", "model::config", "model::tensors"]),
    // The GPU and what it computes.
    ("gpu", &["error", "quant", "gguf"]),
    ("kernels", &["error", "protocol", "quant", "gpu"]),
    ("model", &["error", "protocol", "gguf", "quant", "gpu", "kernels"]),
    // What drives all of it, in the worker and natively.
    (
        "engine",
        &[
            "error",
            "protocol",
            "source",
            "storage",
            "gguf",
            "quant",
            "gpu",
            "kernels",
            "model",
            "sampler",
            "tokenizer",
            "chat",
        ],
    ),
    (
        "lab",
        &[
            "error",
            "protocol",
            "source",
            "gguf",
            "quant",
            "gpu",
            "kernels",
            "model",
            "sampler",
            "tokenizer",
            "chat",
            "engine",
        ],
    ),
    // The page: neither GPU nor engine, only the protocol.
    ("ui", &["error", "protocol", "source::catalogue", "chat", "markdown"]),
];

/// Lines of a source file, and of a program in `src/bin`.
const LONGEST_FILE: usize = 400;
const LONGEST_PROGRAM: usize = 30;

/// Ways by which a text could become HTML, and so a script.
const HTML_SINKS: [&str; 5] = ["inner_html", "innerHTML", "outerHTML", "insertAdjacentHTML", "insert_adjacent_html"];

#[test]
fn modules_use_only_what_stands_left_of_them() {
    let mut faults = Vec::new();
    for file in sources("src", &["rs"]) {
        let module = module_path(&file);
        // lib.rs names the modules and src/bin starts them; neither is part of the flow.
        if module.is_empty() || module[0] == "bin" {
            continue;
        }
        faults.extend(edge_faults(&module, &read(&file)).into_iter().map(|fault| format!("{}: {fault}", show(&file))));
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn the_table_goes_one_way() {
    for (row, (module, allowed)) in ALLOWED.iter().enumerate() {
        for target in allowed.iter().filter(|target| !target.contains("::")) {
            let above = ALLOWED[..row].iter().any(|(name, _)| name == target);
            assert!(above, "{target} must stand above {module}, which uses it");
        }
    }
}

#[test]
fn files_are_short_enough_to_read() {
    let mut faults = Vec::new();
    for file in sources("src", &["rs", "wgsl"]) {
        let lines = read(&file).lines().count();
        let longest =
            if file.parent().is_some_and(|folder| folder.ends_with("bin")) { LONGEST_PROGRAM } else { LONGEST_FILE };
        if lines > longest {
            faults.push(format!("{}: {lines} lines, at most {longest}", show(&file)));
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn no_text_becomes_html() {
    let mut files = sources("src", &["rs", "js"]);
    files.extend(sources("static", &["js", "mjs", "html"]));
    files.extend(Some(root().join("index.html")).filter(|file| file.is_file()));
    for file in files {
        let text = read(&file);
        let sink = HTML_SINKS.iter().find(|sink| text.contains(*sink));
        assert_eq!(sink, None, "{} writes HTML", show(&file));
    }
}

#[test]
fn an_edge_the_other_way_is_found() {
    let file = "use crate::error::Error;\nuse crate::{gpu::Device, protocol};\n";
    assert_eq!(edge_faults(&["ui", "app"], file), ["ui may not use gpu::Device"]);
}

#[test]
fn a_part_is_allowed_without_the_whole() {
    assert!(edge_faults(&["storage"], "use crate::model::config::Config;").is_empty());
    assert_eq!(edge_faults(&["storage"], "use crate::model::weights;"), ["storage may not use model::weights"]);
}

#[test]
fn a_path_in_the_code_counts_as_much_as_a_use() {
    let file = "fn f() { let d = crate::engine::Session::new(); }";
    assert_eq!(edge_faults(&["gpu", "device"], file), ["gpu may not use engine::Session"]);
}

#[test]
fn a_path_over_super_is_followed() {
    assert_eq!(edge_faults(&["gguf"], "use super::ui::App;"), ["gguf may not use ui::App"]);
    assert_eq!(edge_faults(&["gguf", "header"], "use super::super::ui;"), ["gguf may not use ui"]);
    assert!(edge_faults(&["gguf", "header"], "use super::limits;").is_empty());
}

#[test]
fn comments_strings_and_tests_do_not_count() {
    let file = "
        //! [`crate::ui`]
        /* crate::ui /* crate::ui */ */
        const A: &str = \"crate::ui\"; const B: &str = r#\"crate::ui \" crate::ui\"#; const C: char = '\"';
        #[cfg(test)]
        mod tests { use crate::ui::App; fn f() { { crate::ui::g(); } } }
        use crate::error::Error;";
    assert!(edge_faults(&["gguf"], file).is_empty());
}

#[test]
fn a_module_that_is_not_in_the_table_is_named() {
    assert_eq!(edge_faults(&["gguf"], "use crate::utils::f;"), ["utils is not in the table of tests/layering.rs"]);
    assert_eq!(edge_faults(&["utils"], ""), ["utils is not in the table of tests/layering.rs"]);
}

/// What is wrong with the paths in `text`, a file of the module `module`.
fn edge_faults(module: &[impl AsRef<str>], text: &str) -> Vec<String> {
    let known = |name: &str| ALLOWED.iter().find(|(module, _)| *module == name).map(|(_, allowed)| *allowed);
    let unknown = |name: &str| format!("{name} is not in the table of tests/layering.rs");
    let from = module[0].as_ref();
    let Some(allowed) = known(from) else { return vec![unknown(from)] };
    let mut faults = BTreeSet::new();
    for path in paths::of_crate(text, module.len()) {
        let to = path[0].as_str();
        // `crate::Name` and `crate::name!` stand in lib.rs itself.
        if to == from || to.starts_with(char::is_uppercase) {
            continue;
        }
        let part = path.get(1).map(|part| format!("{to}::{part}"));
        let fits = |target: &&str| *target == to || part.as_deref() == Some(target);
        if known(to).is_none() {
            faults.insert(unknown(to));
        } else if !allowed.iter().any(fits) {
            faults.insert(format!("{from} may not use {}", part.as_deref().unwrap_or(to)));
        }
    }
    faults.into_iter().collect()
}

/// `src/gguf/header.rs` → `["gguf", "header"]`; `src/gguf/mod.rs` → `["gguf"]`; `src/lib.rs` → `[]`.
fn module_path(file: &Path) -> Vec<String> {
    let path = file.strip_prefix(root().join("src")).unwrap_or(file).with_extension("");
    let names = path.components().map(|name| name.as_os_str().to_string_lossy().into_owned());
    names.filter(|name| name != "mod" && name != "lib").collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn show(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).display().to_string()
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// All files below a folder of the project that have one of the endings, in order.
fn sources(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
