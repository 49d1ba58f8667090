//! The facts of the catalogue: families, and one line per file. Copied from the repositories' own pages; a number that
//! was computed or rounded is marked by the function that makes its line.

use super::{Advice, Entry, Family, Naming, Quantisation, Revision, Size};

/// Metadata before the tensors of an official quantised file: 2,138,880 bytes in both 1.8B files whose exact length
/// is known, and the vocabulary, which is nearly all of it, is the same in every size.
const METADATA: u64 = 2_138_880;

/// A decimal gigabyte, as model pages count.
const GB: u64 = 1_000_000_000;

/// The licence of all official GGUF repositories, as an SPDX name.
const LICENCE: &str = "Apache-2.0";

pub(super) static CHAT_1_8B: Family = Family {
    name: "InternLM2.5 1.8B Chat",
    stem: "internlm2_5-1_8b-chat",
    repository: "internlm/internlm2_5-1_8b-chat-gguf",
    revision: Revision::Commit("916410ad25d03d5dee11b451fe2b6e0353913b64"),
    naming: Naming::Listed,
    licence: LICENCE,
    parameters: 1_889_110_016,
    layers: 24,
    hidden: 2048,
    ffn: 8192,
    trained_context: 32_768,
};

pub(super) static CHAT_7B: Family = Family {
    name: "InternLM2.5 7B Chat",
    stem: "internlm2_5-7b-chat",
    repository: "internlm/internlm2_5-7b-chat-gguf",
    // The hashes below are those of the commit that begins with 6edda48; its other digits are not known here, and an
    // abbreviated commit is not a valid revision. An older upload (8261bfe) had other hashes.
    revision: Revision::Branch("main"),
    naming: Naming::Listed,
    licence: LICENCE,
    parameters: 7_737_708_544,
    layers: 32,
    hidden: 4096,
    ffn: 14336,
    trained_context: 32_768,
};

pub(super) static CHAT_7B_1M: Family = Family {
    name: "InternLM2.5 7B Chat 1M",
    stem: "internlm2_5-7b-chat-1m",
    repository: "internlm/internlm2_5-7b-chat-1m-gguf",
    // No commit of this repository is known here.
    revision: Revision::Branch("main"),
    naming: Naming::Inferred,
    licence: LICENCE,
    parameters: 7_737_708_544,
    layers: 32,
    hidden: 4096,
    ffn: 14336,
    trained_context: 262_144,
};

pub(super) static CHAT_20B: Family = Family {
    name: "InternLM2.5 20B Chat",
    stem: "internlm2_5-20b-chat",
    repository: "internlm/internlm2_5-20b-chat-gguf",
    // No commit of this repository is known here.
    revision: Revision::Branch("main"),
    naming: Naming::Listed,
    licence: LICENCE,
    parameters: 19_861_149_696,
    layers: 48,
    hidden: 6144,
    ffn: 16384,
    trained_context: 32_768,
};

/// A file whose length is its tensors' plus the usual metadata.
const fn entry(family: &'static Family, quantisation: Quantisation, tensor_bytes: u64) -> Entry {
    let advice = match quantisation {
        Quantisation::Q4_K_M => Advice::Recommended,
        _ => Advice::Offered,
    };
    Entry { family, quantisation, size: Size::About(tensor_bytes + METADATA), sha256: None, advice }
}

/// A file whose length is known from a page that rounds.
const fn rounded(family: &'static Family, quantisation: Quantisation, bytes: u64) -> Entry {
    Entry { family, quantisation, size: Size::About(bytes), sha256: None, advice: Advice::Offered }
}

impl Entry {
    /// The same entry with its hash.
    const fn hashed(self, sha256: &'static str) -> Self {
        Self { sha256: Some(sha256), ..self }
    }

    /// The same entry with its length seen in full.
    const fn exactly(self, bytes: u64) -> Self {
        Self { size: Size::Exact(bytes), ..self }
    }
}

pub(super) static ENTRIES: [Entry; 36] = {
    use Quantisation as Q;
    [
        rounded(&CHAT_1_8B, Q::Q2_K, 772 * GB / 1000),
        rounded(&CHAT_1_8B, Q::Q3_K_M, 964 * GB / 1000),
        entry(&CHAT_1_8B, Q::Q4_0, 1_111_832_576),
        entry(&CHAT_1_8B, Q::Q4_K_M, 1_170_225_152).exactly(1_172_364_032),
        entry(&CHAT_1_8B, Q::Q5_0, 1_324_267_520),
        entry(&CHAT_1_8B, Q::Q5_K_M, 1_354_348_544),
        entry(&CHAT_1_8B, Q::Q6_K, 1_549_979_648),
        entry(&CHAT_1_8B, Q::Q8_0, 2_007_474_176)
            .exactly(2_009_613_056)
            .hashed("8526cc24717fcab32b20540c546f8c23a6ea3ff40b86f421a0cd060c8123e8b2"),
        entry(&CHAT_1_8B, Q::F16, 3_778_420_736),
        rounded(&CHAT_7B, Q::Q2_K, 301 * GB / 100)
            .hashed("7c61ec5054f4396e45e918d79ab7c69142a1de3bab5d6e0cdfd8d69743841778"),
        rounded(&CHAT_7B, Q::Q3_K_M, 383 * GB / 100),
        entry(&CHAT_7B, Q::Q4_0, 4_451_102_720)
            .hashed("de1b8fef5373d6977345a5133def71c8ead427c27ef36232627f0d6365d4e277"),
        entry(&CHAT_7B, Q::Q4_K_M, 4_710_625_280)
            .hashed("450ef0b157ee10586bb8fce4c5173ae1799345c43c537a6a7353518df1079f55"),
        entry(&CHAT_7B, Q::Q5_0, 5_370_900_480)
            .hashed("3d8456f5744f6854c15ba91923a54bbf589eb742b55910c35ba7f2467d5fc893"),
        entry(&CHAT_7B, Q::Q5_K_M, 5_504_593_920),
        entry(&CHAT_7B, Q::Q6_K, 6_348_185_600),
        entry(&CHAT_7B, Q::Q8_0, 8_222_097_408)
            .hashed("5c17cb397a27875b584a00fd77a07c7ac401f749117f02e79a7610b6cf8ba855"),
        entry(&CHAT_7B, Q::F16, 15_475_949_568),
        // The same shapes as the 7B above, so the same lengths.
        rounded(&CHAT_7B_1M, Q::Q2_K, 301 * GB / 100),
        rounded(&CHAT_7B_1M, Q::Q3_K_M, 383 * GB / 100),
        entry(&CHAT_7B_1M, Q::Q4_0, 4_451_102_720),
        entry(&CHAT_7B_1M, Q::Q4_K_M, 4_710_625_280),
        entry(&CHAT_7B_1M, Q::Q5_0, 5_370_900_480),
        entry(&CHAT_7B_1M, Q::Q5_K_M, 5_504_593_920),
        entry(&CHAT_7B_1M, Q::Q6_K, 6_348_185_600),
        entry(&CHAT_7B_1M, Q::Q8_0, 8_222_097_408),
        entry(&CHAT_7B_1M, Q::F16, 15_475_949_568),
        rounded(&CHAT_20B, Q::Q2_K, 755 * GB / 100),
        rounded(&CHAT_20B, Q::Q3_K_M, 972 * GB / 100),
        entry(&CHAT_20B, Q::Q4_0, 11_320_535_040),
        entry(&CHAT_20B, Q::Q4_K_M, 11_982_317_568),
        entry(&CHAT_20B, Q::Q5_0, 13_732_030_464),
        entry(&CHAT_20B, Q::Q5_K_M, 14_072_948_736),
        entry(&CHAT_20B, Q::Q6_K, 16_294_244_352),
        entry(&CHAT_20B, Q::Q8_0, 21_104_222_208),
        entry(&CHAT_20B, Q::F16, 39_723_491_328),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computed_lengths_agree_with_those_seen_in_full() {
        assert_eq!(entry(&CHAT_1_8B, Quantisation::Q8_0, 2_007_474_176).size.bytes(), 2_009_613_056);
        assert_eq!(entry(&CHAT_1_8B, Quantisation::Q4_K_M, 1_170_225_152).size.bytes(), 1_172_364_032);
    }
}
