//! Which addresses a model may be fetched from, and the proof of it: a [`ModelUrl`] exists only once it was checked.
//!
//! The first request goes nowhere else; where a host then redirects to is for the page's content security policy to
//! limit. Nothing here may touch the network. The checks are made on the text itself, and anything that browsers
//! repair silently (tabs, backslashes, a user name before the host) is refused rather than interpreted, so that what
//! was checked is what is fetched.

use crate::error::{Error, ErrorKind, Result};

/// Hosts that publish the official models, beside the page's own.
pub const HOSTS: [&str; 3] = ["huggingface.co", "hf-mirror.com", "modelscope.cn"];

/// The longest address that is looked at.
const LONGEST: usize = 2048;

/// An address that [`check_url`] let pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelUrl {
    url: String,
    /// The last part of the path.
    file_name: String,
}

impl ModelUrl {
    /// The address, without a fragment.
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// The last part of its path, which ends in `.gguf`.
    pub fn file_name(&self) -> &str {
        &self.file_name
    }
}

/// Whether [`check_url`] lets `url` pass.
pub fn allowed(url: &str, page_origin: &str) -> bool {
    check_url(url, page_origin).is_ok()
}

/// Checks that `url` is one of a `.gguf` file on an allowed host, over https, or on the page's own origin.
///
/// `page_origin` is what `location.origin` gives, such as `https://example.org` or `http://127.0.0.1:8080`. A
/// relative address is for the caller to complete first.
pub fn check_url(url: &str, page_origin: &str) -> Result<ModelUrl> {
    check(url, page_origin, ".gguf")
}

/// The same of a list of chunk digests, whose name ends in `.json`.
pub fn check_digests_url(url: &str, page_origin: &str) -> Result<ModelUrl> {
    check(url, page_origin, ".json")
}

fn check(url: &str, page_origin: &str, ending: &str) -> Result<ModelUrl> {
    let refuse = |why: String| {
        let shown: String = url.chars().take(200).collect();
        Err(Error::new(ErrorKind::UrlNotAllowed, format!("{shown:?} cannot be downloaded: {why}")))
    };
    if url.len() > LONGEST {
        return refuse(format!("it is {} bytes long, at most {LONGEST} are read", url.len()));
    }
    if let Some(c) = url.chars().find(|c| !c.is_ascii_graphic() || *c == '\\') {
        return refuse(format!("it contains {c:?}; spaces and letters beyond ASCII must be percent-encoded"));
    }
    let Some((scheme, rest)) = url.split_once("://") else {
        return refuse("it is not a whole address; expected https://host/…/name.gguf".to_owned());
    };
    let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
    let (authority, path_and_query) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let path = path_and_query.split_once('?').map_or(path_and_query, |(path, _)| path);
    let file_name = path.rsplit('/').next().unwrap_or_default();

    let scheme = scheme.to_ascii_lowercase();
    let authority = authority.to_ascii_lowercase();
    let origin = format!("{scheme}://{authority}");
    let own = origin == page_origin.to_ascii_lowercase() && matches!(scheme.as_str(), "http" | "https");
    if !own {
        if scheme != "https" {
            return refuse(format!("its scheme is {scheme}; expected https"));
        }
        // A user name or a port makes this unequal to every host, and so is refused too.
        if !HOSTS.contains(&authority.as_str()) {
            return refuse(format!(
                "models are fetched from {} or from this site itself, not from {authority:?}; \
                 download the file with the browser and add it from disk",
                HOSTS.join(", ")
            ));
        }
    }
    let named = file_name.len() > ending.len() && file_name.to_ascii_lowercase().ends_with(ending);
    if !named {
        return refuse(format!("its path ends in {file_name:?}; expected the name of a {ending} file"));
    }
    Ok(ModelUrl { url: format!("{origin}{path_and_query}"), file_name: file_name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "https://inkstone.example";
    const LOCAL: &str = "http://127.0.0.1:8080";

    #[test]
    fn the_listed_hosts_and_the_own_site_pass() {
        for (url, page) in [
            ("https://huggingface.co/a/b/resolve/main/x.gguf", PAGE),
            ("https://hf-mirror.com/a/b/resolve/main/x.gguf?download=true", PAGE),
            ("https://modelscope.cn/models/a/b/resolve/master/x.GGUF", LOCAL),
            ("https://inkstone.example/models/x.gguf", PAGE),
            ("http://127.0.0.1:8080/x.gguf#part", LOCAL),
            ("HTTPS://HuggingFace.co/a/x.gguf", PAGE),
        ] {
            assert!(allowed(url, page), "{url}");
        }
    }

    #[test]
    fn all_else_is_refused() {
        for url in [
            "",
            "x.gguf",
            "/models/x.gguf",
            "//huggingface.co/x.gguf",
            "http://huggingface.co/x.gguf",
            "ftp://huggingface.co/x.gguf",
            "file:///x.gguf",
            "data:application/octet-stream,x.gguf",
            "javascript://huggingface.co/x.gguf",
            "https://huggingface.co.evil.example/x.gguf",
            "https://evil.example/huggingface.co/x.gguf",
            "https://huggingface.co@evil.example/x.gguf",
            "https://user:pass@huggingface.co/x.gguf",
            "https://huggingface.co:8443/x.gguf",
            "https://huggingface.co./x.gguf",
            "https://huggingface.co\\@evil.example/x.gguf",
            "https://evil.example\\.huggingface.co/x.gguf",
            "https://hugging\tface.co/x.gguf",
            "https://huggingface.co/x y.gguf",
            "https://huggingface.co/浦语.gguf",
            "https://huggingface.co/x.bin",
            "https://huggingface.co/x.gguf/",
            "https://huggingface.co/.gguf",
            "https://huggingface.co",
            "https://huggingface.co?x.gguf",
            "https://huggingface.co/x?file=y.gguf",
            "https://huggingface.co/x#y.gguf",
            "https:///x.gguf",
            "http://127.0.0.1:8080/x.gguf",
            "https://sub.huggingface.co/x.gguf",
        ] {
            let error = check_url(url, PAGE).expect_err(url);
            assert_eq!(error.kind(), ErrorKind::UrlNotAllowed, "{url}");
        }
    }

    #[test]
    fn another_port_of_the_own_host_is_another_site() {
        assert!(allowed("http://127.0.0.1:8080/x.gguf", LOCAL));
        assert!(!allowed("http://127.0.0.1:9090/x.gguf", LOCAL));
        assert!(!allowed("http://localhost:8080/x.gguf", LOCAL));
    }

    #[test]
    fn an_opaque_page_origin_allows_nothing_of_its_own() {
        assert!(!allowed("null://x/x.gguf", "null://x"));
        assert!(!allowed("file:///x.gguf", "file://"));
    }

    #[test]
    fn what_was_checked_is_what_is_fetched() {
        let url = check_url("HTTPS://HuggingFace.co/A/x.gguf?download=true#top", PAGE).expect("allowed");
        assert_eq!(url.as_str(), "https://huggingface.co/A/x.gguf?download=true");
        assert_eq!(url.file_name(), "x.gguf");
    }

    #[test]
    fn a_long_address_is_shown_short() {
        let url = format!("https://huggingface.co/{}.gguf", "x".repeat(LONGEST));
        let error = check_url(&url, PAGE).expect_err("too long");
        assert!(error.message().len() < 400, "{error}");
    }
}
