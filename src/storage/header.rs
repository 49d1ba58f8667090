//! Judges a model by its header while it arrives, so that a wrong file is refused before gigabytes are fetched.
//!
//! All that the header alone can tell is checked here, by the same code that will load the model. What needs the
//! weights themselves (a NaN among them) shows only then. Keeps no byte beyond the header.

use crate::error::{Error, ErrorKind, Result};
use crate::gguf::{self, File, Parsed};
use crate::model::config::Config;
use crate::model::tensors::TensorSet;
use crate::protocol::ModelShape;
use crate::tokenizer::Vocabulary;
use std::collections::BTreeMap;

/// How many bytes of a chunk to look at in one go while the header is incomplete.
pub const PIECE_BYTES: u32 = 1 << 20;

/// What a good header says.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// The beginning of the file as far as it was read for the header; at least all of the header.
    pub bytes: Vec<u8>,
    /// `general.name`.
    pub name: Option<String>,
    /// Sizes of the model.
    pub shape: ModelShape,
    /// The most frequent type of its matrices.
    pub quantisation: String,
    /// Where the last tensor ends.
    end: u64,
    /// To how many bytes the end may be padded.
    alignment: u32,
}

impl Header {
    /// Checks a length of the whole file against what the header announces.
    pub fn check_length(&self, length: u64) -> Result<()> {
        // Some writers pad the last tensor as they do all others.
        let longest = self.end.checked_next_multiple_of(u64::from(self.alignment)).unwrap_or(self.end);
        if length < self.end {
            let message = format!(
                "the file has {length} bytes, but its tensors end at byte {}; fetch or copy the file again",
                self.end
            );
            return Err(Error::new(ErrorKind::GgufTruncated, message));
        }
        if length > longest {
            let message = format!(
                "the file has {length} bytes, but its tensors end at byte {}: something else was appended; choose \
                 another file",
                self.end
            );
            return Err(Error::new(ErrorKind::GgufMalformed, message));
        }
        Ok(())
    }
}

/// Collects the beginning of a file until its header is complete.
#[derive(Debug)]
pub struct HeaderReader {
    bytes: Vec<u8>,
    /// Not worth parsing again below this length.
    wanted: u64,
    /// Length of the whole file, if known.
    total: Option<u64>,
}

impl HeaderReader {
    /// Nothing read yet.
    pub fn new(total: Option<u64>) -> Self {
        Self { bytes: Vec::new(), wanted: 1, total }
    }

    /// Takes the next bytes; gives the header once it is complete and good.
    pub fn feed(&mut self, piece: &[u8]) -> Result<Option<Header>> {
        self.bytes.extend_from_slice(piece);
        let length = self.bytes.len() as u64;
        if length < self.wanted {
            return Ok(None);
        }
        match gguf::parse(&self.bytes, self.total)? {
            Parsed::Done(file) => judge(&file, std::mem::take(&mut self.bytes), self.total).map(Some),
            Parsed::NeedMore { at_least } => {
                // Parsing starts anew each time: to wait for twice as much keeps the work linear.
                self.wanted = length.saturating_mul(2).max(at_least);
                Ok(None)
            }
        }
    }

    /// Takes what there is as the whole file.
    pub fn finish(self) -> Result<Header> {
        let length = self.bytes.len() as u64;
        let file = gguf::parse_all(&self.bytes, length)?;
        judge(&file, self.bytes, Some(length))
    }
}

/// Checks all that will be checked again when the model is loaded.
fn judge(file: &File, bytes: Vec<u8>, total: Option<u64>) -> Result<Header> {
    let config = Config::from_gguf(file)?;
    TensorSet::from_gguf(file, &config)?;
    Vocabulary::from_gguf(file, Some(config.vocabulary))?;
    let header = Header {
        bytes,
        name: config.name.clone().filter(|name| !name.trim().is_empty()),
        shape: ModelShape {
            layers: config.layers,
            hidden: config.hidden,
            heads: config.heads,
            kv_heads: config.kv_heads,
            vocabulary: config.vocabulary,
            trained_context: config.trained_context,
            parameters: config.parameters(),
        },
        quantisation: quantisation(file),
        end: file.tensors().iter().map(|tensor| tensor.offset.saturating_add(tensor.bytes)).max().unwrap_or_default(),
        alignment: file.alignment(),
    };
    if let Some(total) = total {
        header.check_length(total)?;
    }
    Ok(header)
}

/// The type that most matrices have; of two as frequent, the one with more bytes.
fn quantisation(file: &File) -> String {
    let mut tally: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for tensor in file.tensors().iter().filter(|tensor| tensor.dims.len() > 1) {
        let (count, bytes) = tally.entry(tensor.dtype.to_string()).or_default();
        *count = count.saturating_add(1);
        *bytes = bytes.saturating_add(tensor.bytes);
    }
    tally.into_iter().max_by_key(|(_, weight)| *weight).map(|(name, _)| name).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> Vec<u8> {
        let path = format!("{}/tests/fixtures/bad/{name}.gguf", env!("CARGO_MANIFEST_DIR"));
        std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Feeds `bytes` in pieces as storage does; the length is told beforehand or not.
    fn arrive(bytes: &[u8], piece: usize, total: Option<u64>) -> Result<Header> {
        let mut reader = HeaderReader::new(total);
        for piece in bytes.chunks(piece) {
            if let Some(header) = reader.feed(piece)? {
                header.check_length(bytes.len() as u64)?;
                return Ok(header);
            }
        }
        reader.finish()
    }

    #[test]
    fn a_good_file_is_known_in_any_pieces_before_its_end() {
        let bytes = fixture("valid");
        let length = bytes.len() as u64;
        for piece in [1, 7, 1000, 4096, bytes.len()] {
            for total in [None, Some(length)] {
                let header = arrive(&bytes, piece, total).expect("good");
                assert!(header.bytes.len() <= bytes.len());
                assert_eq!(header.bytes, bytes[..header.bytes.len()]);
                assert!(header.shape.layers > 0 && header.shape.parameters > 0);
                assert!(!header.quantisation.is_empty());
            }
        }
    }

    #[test]
    fn what_is_no_model_is_refused_at_its_first_byte() {
        let error = HeaderReader::new(None).feed(b"<").expect_err("a web page");
        assert_eq!(error.kind(), ErrorKind::NotGguf);
        let error = HeaderReader::new(None).feed(&fixture("architecture_llama")).expect_err("a llama");
        assert_eq!(error.kind(), ErrorKind::UnsupportedArchitecture);
    }

    #[test]
    fn a_length_that_the_header_does_not_announce_is_refused() {
        let bytes = fixture("valid");
        let length = bytes.len() as u64;
        // The file ends with padding after its last tensor, which may be absent: 31 bytes at most.
        for (total, kind) in [(length - 32, ErrorKind::GgufTruncated), (length + 1, ErrorKind::GgufMalformed)] {
            let told = HeaderReader::new(Some(total)).feed(&bytes[..bytes.len() - 32]).map(drop);
            assert_eq!(told.expect_err("told beforehand").kind(), kind);
            let header = arrive(&bytes, 4096, None).expect("good so far");
            assert_eq!(header.check_length(total).expect_err("seen at the end").kind(), kind);
        }
    }

    #[test]
    fn a_header_that_never_ends_is_an_error() {
        let bytes = fixture("valid");
        for cut in [0, 3, 100, 5000] {
            assert!(arrive(&bytes[..cut], 64, None).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn every_fault_of_the_header_is_found_whatever_the_pieces() {
        let index = format!("{}/tests/fixtures/bad/index.json", env!("CARGO_MANIFEST_DIR"));
        let index: serde_json::Value = serde_json::from_slice(&std::fs::read(index).expect("index")).expect("json");
        for (name, entry) in index.as_object().expect("an object") {
            let name = name.trim_end_matches(".gguf");
            let bytes = fixture(name);
            // Poisoned weights show only when they are loaded.
            let good = matches!(entry["stage"].as_str(), Some("none" | "poison"));
            for piece in [64, 1 << 20] {
                for total in [None, Some(bytes.len() as u64)] {
                    let arrived = arrive(&bytes, piece, total).map(drop);
                    assert_eq!(arrived.is_ok(), good, "{name} in pieces of {piece} of {total:?}: {arrived:?}");
                    if let Err(error) = arrived {
                        assert_ne!(error.kind(), ErrorKind::Internal, "{name}: {error}");
                    }
                }
            }
        }
    }
}
