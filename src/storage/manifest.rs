//! The record beside a model's file: what it is and whether it is whole. Pure text, no I/O.
//!
//! A record outlives the program that wrote it, so its form is its own and versioned: a change of the protocol must
//! not make stored gigabytes unreadable. A record that cannot be read is an error of that model alone.

use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{ModelId, ModelShape, StoredModel};
use crate::storage::names;
use serde::{Deserialize, Serialize};

/// Raised when an older Inkstone could misread what a newer one writes.
pub const VERSION: u32 = 1;

/// No record comes near this length.
pub const LONGEST_BYTES: u64 = 64 << 10;

/// The record of one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    version: u32,
    /// The data file; one of [`names::data_files`].
    pub file: String,
    /// Where it came from: a URL, or the name of the user's file.
    pub origin: String,
    /// Whether it is whole.
    pub state: State,
}

/// How far a model has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// On its way, or left unfinished.
    Partial {
        /// Bytes known to be stored and durable.
        received: u64,
    },
    /// Whole, and its header found good.
    Complete(Facts),
}

/// What is told of a complete model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// For people.
    pub name: String,
    /// Length of the file.
    pub bytes: u64,
    /// The most frequent type of its matrices.
    pub quantisation: String,
    /// Milliseconds since 1970 when it became complete.
    pub stored_at: f64,
    /// Sizes of the model.
    #[serde(with = "Shape")]
    pub shape: ModelShape,
}

/// The sizes as they are written; the fields are the protocol's of record version 1.
#[derive(Serialize, Deserialize)]
#[serde(remote = "ModelShape")]
struct Shape {
    layers: u32,
    hidden: u32,
    heads: u32,
    kv_heads: u32,
    vocabulary: u32,
    trained_context: u32,
    parameters: u64,
}

impl Manifest {
    /// A record of today's version.
    pub fn new(file: String, origin: String, state: State) -> Self {
        Self { version: VERSION, file, origin, state }
    }

    /// Reads the record of the model `id`.
    pub fn parse(id: &ModelId, bytes: &[u8]) -> Result<Self> {
        /// Read first and alone: the rest may have any form in another version.
        #[derive(Deserialize)]
        struct Head {
            version: u32,
        }
        let damaged = |why: &dyn std::fmt::Display| {
            let message = format!("the record of the stored model {:?} is damaged ({why}); remove the model", id.0);
            Error::new(ErrorKind::Storage, message)
        };
        let head: Head = serde_json::from_slice(bytes).map_err(|e| damaged(&e))?;
        if head.version != VERSION {
            let message = format!(
                "the record of the stored model {:?} has version {}, this Inkstone reads {VERSION}; reload the page to \
                 get the newest one, or remove the model",
                id.0, head.version
            );
            return Err(Error::new(ErrorKind::Storage, message));
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(|e| damaged(&e))?;
        if !names::data_files(id).contains(&manifest.file) {
            return Err(damaged(&format_args!("it names the file {:?}", manifest.file)));
        }
        Ok(manifest)
    }

    /// As it is written.
    pub fn to_json(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(|e| {
            Error::new(ErrorKind::Internal, format!("the record of {:?} cannot be written: {e}", self.file))
        })
    }

    /// The model, if it is complete.
    pub fn stored(&self, id: &ModelId) -> Option<StoredModel> {
        match &self.state {
            State::Partial { .. } => None,
            State::Complete(facts) => Some(StoredModel {
                id: id.clone(),
                name: facts.name.clone(),
                bytes: facts.bytes,
                shape: facts.shape,
                quantisation: facts.quantisation.clone(),
                origin: self.origin.clone(),
                stored_at: facts.stored_at,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id() -> ModelId {
        ModelId("tiny".into())
    }

    fn complete() -> Manifest {
        let shape = ModelShape {
            layers: 2,
            hidden: 256,
            heads: 4,
            kv_heads: 2,
            vocabulary: 92_544,
            trained_context: 32_768,
            parameters: 48_000_000,
        };
        let facts = Facts { name: "Tiny".into(), bytes: 123, quantisation: "Q4_K".into(), stored_at: 1.5e12, shape };
        Manifest::new("tiny.gguf".into(), "https://huggingface.co/x/tiny.gguf".into(), State::Complete(facts))
    }

    #[test]
    fn a_record_survives_being_written() {
        let partial = Manifest::new("tiny.gguf.2".into(), "tiny.gguf".into(), State::Partial { received: 7 });
        for manifest in [complete(), partial] {
            let json = manifest.to_json().expect("writes");
            assert_eq!(Manifest::parse(&id(), &json).expect("reads"), manifest);
        }
    }

    #[test]
    fn the_written_form_of_version_1_stays_readable() {
        let json = br#"{"version":1,"file":"tiny.gguf","origin":"https://huggingface.co/x/tiny.gguf",
            "state":{"complete":{"name":"Tiny","bytes":123,"quantisation":"Q4_K","stored_at":1500000000000.0,
            "shape":{"layers":2,"hidden":256,"heads":4,"kv_heads":2,"vocabulary":92544,"trained_context":32768,
            "parameters":48000000}}}}"#;
        assert_eq!(Manifest::parse(&id(), json).expect("reads"), complete());
    }

    #[test]
    fn only_a_complete_record_is_a_stored_model() {
        assert_eq!(complete().stored(&id()).map(|model| model.bytes), Some(123));
        assert_eq!(
            Manifest::new("tiny.gguf".into(), String::new(), State::Partial { received: 123 }).stored(&id()),
            None
        );
    }

    #[test]
    fn damage_at_any_byte_is_an_error_or_still_a_record_never_a_panic() {
        let json = complete().to_json().expect("writes");
        for cut in 0..json.len() {
            assert!(Manifest::parse(&id(), &json[..cut]).is_err(), "cut at {cut}");
        }
        for i in 0..json.len() {
            let mut damaged = json.clone();
            damaged[i] ^= 0x15;
            let _ = Manifest::parse(&id(), &damaged);
        }
    }

    #[test]
    fn another_version_is_named_whatever_its_form() {
        let error = Manifest::parse(&id(), br#"{"version":2,"chunks":[]}"#).expect_err("newer");
        assert!(error.message().contains("version 2"), "{error}");
    }

    #[test]
    fn a_record_cannot_point_at_another_models_file() {
        for file in ["other.gguf", "../tiny.gguf", "tiny.gguf/x", "", "tiny.json"] {
            let manifest = Manifest::new(file.into(), String::new(), State::Partial { received: 0 });
            let json = manifest.to_json().expect("writes");
            assert!(Manifest::parse(&id(), &json).is_err(), "{file}");
        }
    }
}
