//! Model fixtures and what the oracle expects of them.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A model file and its expectations.
pub struct Fixture {
    pub name: String,
    pub path: PathBuf,
    pub prompt: Vec<u32>,
    /// After the prompt, one per token id.
    pub logits: Vec<f32>,
    pub greedy: Vec<u32>,
    /// For each prompt position the best id and its margin over the second.
    pub teacher_forced: Vec<(u32, f32)>,
    pub long_prompt: Vec<u32>,
    /// After the long prompt: some ids with their logits.
    pub long_logits: Vec<(u32, f32)>,
    pub long_greedy: Vec<u32>,
}

/// All fixtures in `INKSTONE_FIXTURES`, or in `../shared/fixtures` beside the checkout, or in `tests/fixtures/models`.
pub fn fixtures() -> Vec<Fixture> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named = std::env::var_os("INKSTONE_FIXTURES").map(PathBuf::from);
    let shared = Some(root.join("../shared/fixtures")).filter(|folder| folder.is_dir());
    let folder = named.or(shared).unwrap_or_else(|| root.join("tests/fixtures/models"));
    let mut paths: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "gguf"))
        .collect();
    paths.sort();
    paths.iter().map(|path| Fixture::read(path)).collect()
}

impl Fixture {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path.with_extension("json")).expect("a fixture has a JSON file");
        let json: Value = serde_json::from_str(&text).expect("which is JSON");
        let raw = fs::read(path.with_extension("logits.f32")).expect("and its logits");
        let (forced, long) = (&json["teacher_forced"], &json["long"]);
        Self {
            name: path.file_stem().expect("a name").to_string_lossy().into_owned(),
            path: path.to_owned(),
            prompt: ids(&json["prompt"]),
            logits: raw.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
            greedy: ids(&json["greedy"]["ids"]),
            teacher_forced: ids(&forced["argmax"]).into_iter().zip(floats(&forced["margins"])).collect(),
            long_prompt: ids(&long["prompt"]),
            long_logits: (0..).zip(floats(&long["logits"]["first_64"])).collect(),
            long_greedy: ids(&long["greedy"]["ids"]),
        }
    }

    /// The largest difference from the expected logits of the prompt.
    pub fn difference(&self, logits: &[f32]) -> f32 {
        assert_eq!(logits.len(), self.logits.len(), "{}: one logit per token id", self.name);
        logits.iter().zip(&self.logits).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    /// The same for the long prompt, where only some are known.
    pub fn long_difference(&self, logits: &[f32]) -> f32 {
        self.long_logits.iter().map(|(id, expected)| (logits[*id as usize] - expected).abs()).fold(0.0, f32::max)
    }
}

fn ids(json: &Value) -> Vec<u32> {
    json.as_array().expect("a list").iter().map(|id| id.as_u64().expect("an id") as u32).collect()
}

fn floats(json: &Value) -> Vec<f32> {
    json.as_array().expect("a list").iter().map(|number| number.as_f64().expect("a number") as f32).collect()
}
