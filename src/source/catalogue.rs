//! The official InternLM2.5 GGUF repositories: every file they publish, so that a person can pick one by name.
//!
//! A list of facts and nothing else: it fetches nothing, and it must never offer a file of anybody else's (those come
//! from disk or by an address the person gives). Where a fact is not known it says so in its type: a size is
//! [`Size::About`] until it has been seen in full, a hash is `None` until it is known for the file at its revision.

pub mod fit;
mod list;

use crate::protocol::DownloadPlan;
use list::{CHAT_1_8B, CHAT_7B, CHAT_7B_1M, CHAT_20B, ENTRIES};
use serde::{Deserialize, Serialize};

/// Who publishes the official models on ModelScope, and the branch that it serves.
const MODELSCOPE_OWNER: &str = "Shanghai_AI_Laboratory";
const MODELSCOPE_BRANCH: &str = "master";

/// Context length for which [`Entry::gpu_bytes`] is meant to be asked first: the default of a load.
pub const USUAL_CONTEXT: u32 = 4096;

/// The length of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Seen in full.
    Exact(u64),
    /// Computed from the tensor shapes, or read from a page that rounds: within one per cent.
    About(u64),
}

impl Size {
    /// The number, exact or not.
    pub const fn bytes(self) -> u64 {
        match self {
            Self::Exact(bytes) | Self::About(bytes) => bytes,
        }
    }
}

/// Which state of a repository an address names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revision {
    /// A commit, all forty digits (the hub's documentation rules out shorter ones). What it names never changes.
    Commit(&'static str),
    /// A branch: what it names may change.
    Branch(&'static str),
}

impl Revision {
    /// As it stands in an address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Commit(name) | Self::Branch(name) => name,
        }
    }
}

/// How the file names of a family are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// From the repository's own list of files.
    Listed,
    /// By analogy with its sister repositories: a file may turn out not to exist (HTTP status 404).
    Inferred,
}

/// Whether a file is the one to propose to a person who has no preference within its family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// Propose it.
    Recommended,
    /// Offer it.
    Offered,
}

/// A site that serves the official repositories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mirror {
    /// huggingface.co.
    HuggingFace,
    /// hf-mirror.com, the same paths for where the former cannot be reached.
    HfMirror,
    /// modelscope.cn, the laboratory's own uploads.
    ModelScope,
}

impl Mirror {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::HuggingFace, Self::HfMirror, Self::ModelScope];

    /// The host that answers first; the bytes may come from elsewhere, by redirection.
    pub const fn host(self) -> &'static str {
        match self {
            Self::HuggingFace => "huggingface.co",
            Self::HfMirror => "hf-mirror.com",
            Self::ModelScope => "modelscope.cn",
        }
    }
}

/// One model in one repository, published in several quantisations.
#[derive(Debug, PartialEq, Eq)]
pub struct Family {
    /// For people.
    pub name: &'static str,
    /// File names begin with it.
    pub stem: &'static str,
    /// Owner and name of the repository.
    pub repository: &'static str,
    /// What downloads are pinned to.
    pub revision: Revision,
    /// How its file names are known.
    pub naming: Naming,
    /// SPDX name.
    pub licence: &'static str,
    /// Number of weights.
    pub parameters: u64,
    /// Transformer blocks.
    pub layers: u32,
    /// Width of the residual stream.
    pub hidden: u32,
    /// Width of the feed-forward layer.
    pub ffn: u32,
    /// Context length it was trained for.
    pub trained_context: u32,
}

impl Family {
    /// Vocabulary entries: the same in every InternLM2.5.
    pub const fn vocabulary(&self) -> u64 {
        92_544
    }

    /// Bytes of keys and values for one token in f16: two tensors, eight heads of 128, two bytes each.
    pub const fn kv_bytes_per_token(&self) -> u64 {
        self.layers as u64 * 2 * 8 * 128 * 2
    }
}

/// How the weights of a file are stored; a file is named after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(non_camel_case_types, reason = "the names under which everybody knows them")]
pub enum Quantisation {
    /// 2-bit blocks: small and visibly worse.
    Q2_K,
    /// 3-bit blocks, with some tensors in more.
    Q3_K_M,
    /// 4-bit blocks of the first generation.
    Q4_0,
    /// 4-bit blocks, with some tensors in 6 bits: the usual choice.
    Q4_K_M,
    /// 5-bit blocks of the first generation.
    Q5_0,
    /// 5-bit blocks, with some tensors in 6 bits.
    Q5_K_M,
    /// 6-bit blocks.
    Q6_K,
    /// 8-bit blocks: nearly lossless.
    Q8_0,
    /// 16-bit floats: as trained.
    F16,
}

impl Quantisation {
    /// For people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Q2_K => "Q2_K",
            Self::Q3_K_M => "Q3_K_M",
            Self::Q4_0 => "Q4_0",
            Self::Q4_K_M => "Q4_K_M",
            Self::Q5_0 => "Q5_0",
            Self::Q5_K_M => "Q5_K_M",
            Self::Q6_K => "Q6_K",
            Self::Q8_0 => "Q8_0",
            Self::F16 => "F16",
        }
    }

    /// As file names spell it.
    const fn suffix(self) -> &'static str {
        match self {
            Self::Q2_K => "q2_k",
            Self::Q3_K_M => "q3_k_m",
            Self::Q4_0 => "q4_0",
            Self::Q4_K_M => "q4_k_m",
            Self::Q5_0 => "q5_0",
            Self::Q5_K_M => "q5_k_m",
            Self::Q6_K => "q6_k",
            Self::Q8_0 => "q8_0",
            Self::F16 => "fp16",
        }
    }
}

/// One file of a repository.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// The model and its repository.
    pub family: &'static Family,
    /// How its weights are stored.
    pub quantisation: Quantisation,
    /// Its length.
    pub size: Size,
    /// SHA-256 of the file at the family's revision, in lower-case hexadecimal, where known.
    pub sha256: Option<&'static str>,
    /// Whether to propose it.
    pub advice: Advice,
}

impl Entry {
    /// The file's name, unique in the catalogue.
    pub fn file_name(&self) -> String {
        format!("{}-{}.gguf", self.family.stem, self.quantisation.suffix())
    }

    /// Where `mirror` serves the file.
    pub fn url(&self, mirror: Mirror) -> String {
        let Family { repository, revision, .. } = self.family;
        let (host, file) = (mirror.host(), self.file_name());
        match mirror {
            Mirror::HuggingFace | Mirror::HfMirror => {
                format!("https://{host}/{repository}/resolve/{}/{file}", revision.name())
            }
            // It has revisions of its own, and another name for the owner.
            Mirror::ModelScope => {
                let name = repository.rsplit('/').next().unwrap_or_default();
                format!("https://{host}/models/{MODELSCOPE_OWNER}/{name}/resolve/{MODELSCOPE_BRANCH}/{file}")
            }
        }
    }

    /// Where `mirror` serves the file's Git LFS pointer, if it does.
    fn pointer(&self, mirror: Mirror) -> Option<String> {
        let Family { repository, revision, .. } = self.family;
        let (host, file) = (mirror.host(), self.file_name());
        match mirror {
            Mirror::HuggingFace | Mirror::HfMirror => {
                Some(format!("https://{host}/{repository}/raw/{}/{file}", revision.name()))
            }
            Mirror::ModelScope => None,
        }
    }

    /// How to fetch the file from these mirrors, in this order.
    pub fn plan(&self, order: &[Mirror]) -> DownloadPlan {
        let pointers = order.iter().filter_map(|mirror| self.pointer(*mirror)).collect();
        DownloadPlan {
            urls: order.iter().map(|mirror| self.url(*mirror)).collect(),
            bytes: match self.size {
                Size::Exact(bytes) => Some(bytes),
                Size::About(_) => None,
            },
            sha256: self.sha256.map(str::to_owned),
            pointers: if self.sha256.is_none() { pointers } else { Vec::new() },
            digests: None,
        }
    }

    /// GPU memory for the weights and an f16 KV cache of `context` tokens; add a tenth for everything else.
    pub const fn gpu_bytes(&self, context: u32) -> u64 {
        self.size.bytes().saturating_add(self.family.kv_bytes_per_token().saturating_mul(context as u64))
    }
}

/// Every file, smallest family first, smallest file first within a family.
pub fn entries() -> &'static [Entry] {
    &ENTRIES
}

/// Every family, smallest first.
pub fn families() -> [&'static Family; 4] {
    [&CHAT_1_8B, &CHAT_7B, &CHAT_7B_1M, &CHAT_20B]
}

/// How to fetch `url`: with all that is known, and the other mirrors behind it, if it is a file of the catalogue's.
pub fn plan_for(url: &str) -> DownloadPlan {
    let known = entries().iter().find_map(|entry| {
        let asked = Mirror::ALL.into_iter().find(|mirror| entry.url(*mirror) == url)?;
        let others = Mirror::ALL.into_iter().filter(|mirror| *mirror != asked);
        Some(entry.plan(&[asked].into_iter().chain(others).collect::<Vec<_>>()))
    });
    known.unwrap_or_else(|| DownloadPlan { urls: vec![url.to_owned()], ..Default::default() })
}

/// The files of one family, smallest first.
pub fn entries_of(family: &Family) -> impl Iterator<Item = &'static Entry> {
    entries().iter().filter(move |entry| entry.family == family)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::address;
    use std::collections::HashSet;

    #[test]
    fn file_names_are_unique_and_every_address_is_allowed() {
        let mut names = HashSet::new();
        for entry in entries() {
            assert!(names.insert(entry.file_name()), "{}", entry.file_name());
            for mirror in Mirror::ALL {
                let url = address::check_url(&entry.url(mirror), "https://example.org").expect("allowed");
                assert_eq!(url.file_name(), entry.file_name());
            }
        }
    }

    #[test]
    fn hashes_and_commits_are_whole() {
        let hexadecimal = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        for hash in entries().iter().filter_map(|entry| entry.sha256) {
            assert!(hash.len() == 64 && hexadecimal(hash), "{hash}");
        }
        for family in families() {
            if let Revision::Commit(commit) = family.revision {
                assert!(commit.len() == 40 && hexadecimal(commit), "{commit}");
            }
        }
    }

    #[test]
    fn each_family_lists_nine_files_by_size_and_recommends_one() {
        assert_eq!(entries().len(), families().len() * 9);
        for family in families() {
            let files: Vec<_> = entries_of(family).collect();
            assert_eq!(files.len(), 9);
            assert!(files.is_sorted_by_key(|entry| entry.size.bytes()), "{}", family.name);
            assert_eq!(files.iter().filter(|entry| entry.advice == Advice::Recommended).count(), 1);
        }
    }

    #[test]
    fn an_address_names_repository_revision_and_file() {
        let entry = entries_of(&CHAT_1_8B).find(|entry| entry.advice == Advice::Recommended).expect("one");
        assert_eq!(
            entry.url(Mirror::HuggingFace),
            "https://huggingface.co/internlm/internlm2_5-1_8b-chat-gguf/resolve/\
             916410ad25d03d5dee11b451fe2b6e0353913b64/internlm2_5-1_8b-chat-q4_k_m.gguf"
        );
    }

    #[test]
    fn a_plan_has_every_mirror_in_order_and_asks_for_what_is_not_pinned() {
        for entry in entries() {
            let plan = entry.plan(&[Mirror::ModelScope, Mirror::HuggingFace]);
            assert!(plan.urls[0].starts_with("https://modelscope.cn/models/Shanghai_AI_Laboratory/internlm2_5-"));
            assert!(plan.urls[1].starts_with("https://huggingface.co/internlm/internlm2_5-"));
            assert_eq!(plan.sha256.is_none(), plan.pointers.len() == 1, "{}", entry.file_name());
        }
    }

    #[test]
    fn an_address_of_the_catalogue_brings_its_facts() {
        let entry = entries_of(&CHAT_7B).find(|entry| entry.quantisation == Quantisation::Q4_0).expect("one");
        let plan = plan_for(&entry.url(Mirror::HfMirror));
        assert_eq!(plan.urls.len(), Mirror::ALL.len());
        assert_eq!(plan.urls[0], entry.url(Mirror::HfMirror));
        assert_eq!(plan.sha256.as_deref(), entry.sha256);
        assert_eq!(plan_for("https://x/y.gguf").urls, ["https://x/y.gguf"]);
        assert_eq!(plan_for("https://x/y.gguf").sha256, None);
    }

    #[test]
    fn memory_is_weights_and_cache() {
        // 7B Q4_K_M at 4k: 4.39 GiB and 0.5 GiB.
        let entry = entries_of(&CHAT_7B).find(|entry| entry.advice == Advice::Recommended).expect("one");
        assert_eq!(entry.gpu_bytes(USUAL_CONTEXT) - entry.size.bytes(), 512 << 20);
    }
}
