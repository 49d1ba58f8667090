//! Models that the site has beside the page, as `models.json` lists them: for closed networks, and for who hosts their own.
//!
//! The list is the operator's, but it is text from outside: an entry that makes no sense is left out.

use crate::protocol::DownloadPlan;
use serde::Deserialize;

/// Beside the page.
pub const LIST: &str = "models.json";

/// More are not shown.
const MOST: usize = 100;

/// A model beside the page.
#[derive(Debug, Clone, PartialEq)]
pub struct Beside {
    /// For people.
    pub name: String,
    /// How to fetch it.
    pub plan: DownloadPlan,
}

#[derive(Deserialize)]
struct Entry {
    name: Option<String>,
    url: String,
    bytes: Option<u64>,
    sha256: Option<String>,
    digests: Option<String>,
}

/// Reads the list; nothing from a text that is none.
pub fn parse(text: &str) -> Vec<Beside> {
    let entries: Vec<serde_json::Value> = serde_json::from_str(text).unwrap_or_default();
    let read = |entry| serde_json::from_value::<Entry>(entry).ok();
    entries.into_iter().filter_map(read).filter(is_sensible).take(MOST).map(model).collect()
}

/// Whether the parts of an entry can be what they should be; the engine checks the address again.
fn is_sensible(entry: &Entry) -> bool {
    let hash = entry.sha256.as_ref().is_none_or(|hash| hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()));
    hash && entry.url.to_ascii_lowercase().ends_with(".gguf") && entry.bytes != Some(0)
}

fn model(entry: Entry) -> Beside {
    let Entry { name, url, bytes, sha256, digests } = entry;
    let file = url.rsplit('/').next().unwrap_or_default();
    let name = name.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| file.to_owned());
    Beside { name, plan: DownloadPlan { urls: vec![url], bytes, sha256, pointers: Vec::new(), digests } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_becomes_a_plan() {
        let hash = "ab".repeat(32);
        let text = format!(
            r#"[{{"name": "7B", "url": "models/x.gguf", "bytes": 5, "sha256": "{hash}", "digests": "models/x.json"}},
                {{"url": "https://site/y.gguf"}}]"#
        );
        let [first, second] = &parse(&text)[..] else { panic!("two entries") };
        assert_eq!((first.name.as_str(), first.plan.bytes), ("7B", Some(5)));
        assert_eq!(first.plan.sha256, Some(hash));
        assert_eq!(first.plan.digests.as_deref(), Some("models/x.json"));
        assert_eq!((second.name.as_str(), second.plan.urls[0].as_str()), ("y.gguf", "https://site/y.gguf"));
    }

    #[test]
    fn what_makes_no_sense_is_left_out() {
        for text in [
            "",
            "{}",
            "<html>",
            r#"["x.gguf"]"#,
            r#"[{"name": "x"}]"#,
            r#"[{"url": "x.bin"}]"#,
            r#"[{"url": "x.gguf", "sha256": "ab"}]"#,
            r#"[{"url": "x.gguf", "bytes": -1}]"#,
            r#"[{"url": "x.gguf", "bytes": 0}]"#,
        ] {
            assert_eq!(parse(text), [], "{text}");
        }
        assert_eq!(parse(r#"[{"url": "x.bin"}, {"url": "x.gguf"}]"#).len(), 1);
        assert_eq!(parse(&format!("[{}]", vec![r#"{"url": "x.gguf"}"#; 1000].join(","))).len(), MOST);
    }
}
