//! Records as they are written and read.

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
    let facts = Facts {
        name: "Tiny".into(),
        bytes: 123,
        quantisation: "Q4_K".into(),
        stored_at: 1.5e12,
        shape,
        hash: Hash::Unknown,
        modified: None,
    };
    let recipe = Recipe::default();
    Manifest::new("tiny.gguf".into(), "https://huggingface.co/x/tiny.gguf".into(), recipe, State::Complete(facts))
}

fn plan() -> DownloadPlan {
    DownloadPlan {
        urls: vec!["https://a/tiny.gguf".into(), "https://b/tiny.gguf".into()],
        bytes: Some(123),
        sha256: Some("ab".repeat(32)),
        pointers: vec!["https://a/raw/tiny.gguf".into()],
        digests: Some("https://a/tiny.gguf.digests.json".into()),
    }
}

fn partial(rest: Rest) -> Manifest {
    let origin = Origin { url: "https://a/tiny.gguf".into(), validator: Some("\"1\"".into()) };
    let state = Partial { total: Some(123), rest, versions: vec![origin], was: None };
    Manifest::new("tiny.gguf.2".into(), "https://a/tiny.gguf".into(), plan().into(), State::Partial(state))
}

#[test]
fn a_record_survives_being_written() {
    let removed = Manifest { removed_at: Some(5.0), last_used: Some(4.0), ..complete() };
    for manifest in [complete(), removed, partial(Rest::Paused), partial(Rest::Interrupted)] {
        let json = manifest.to_json().expect("writes");
        assert_eq!(Manifest::parse(&id(), &json).expect("reads"), manifest);
    }
}

#[test]
fn the_first_written_form_stays_readable() {
    let json = br#"{"version":1,"file":"tiny.gguf","origin":"https://huggingface.co/x/tiny.gguf",
        "state":{"complete":{"name":"Tiny","bytes":123,"quantisation":"Q4_K","stored_at":1500000000000.0,
        "shape":{"layers":2,"hidden":256,"heads":4,"kv_heads":2,"vocabulary":92544,"trained_context":32768,
        "parameters":48000000}}}}"#;
    assert_eq!(Manifest::parse(&id(), json).expect("reads"), complete());
    let json = br#"{"version":1,"file":"tiny.gguf","origin":"tiny.gguf","state":{"partial":{"received":7}}}"#;
    assert!(!Manifest::parse(&id(), json).expect("reads").is_worth_keeping());
}

#[test]
fn a_record_is_a_model_or_a_download() {
    let model = complete().stored(&id(), "models").expect("a model");
    assert_eq!((model.bytes, model.place), (123, Place::Browser { path: "models/tiny.gguf".into() }));
    assert_eq!(complete().unfinished(&id(), 0), None);
    assert_eq!(partial(Rest::Paused).stored(&id(), "models"), None);
    for (rest, halt) in
        [(Rest::Paused, Halt::Paused), (Rest::Interrupted, Halt::Interrupted), (Rest::Damaged, Halt::Damaged)]
    {
        let expected = Unfinished { id: id(), plan: plan(), received: 7, total: Some(123), halt };
        assert_eq!(partial(rest).unfinished(&id(), 7), Some(expected));
    }
}

#[test]
fn the_same_file_is_known_by_its_hash_or_its_address() {
    let stored = |hash| {
        let mut manifest = Manifest { origin: "https://c/tiny.gguf".into(), ..complete() };
        if let State::Complete(facts) = &mut manifest.state {
            facts.hash = hash;
        }
        manifest
    };
    let mut unpinned = plan();
    unpinned.sha256 = None;
    // By hash, wherever it is from.
    assert!(stored(Hash::Published("AB".repeat(32))).is_of(&plan()));
    assert!(!stored(Hash::Recorded("cd".repeat(32))).is_of(&plan()));
    // By address where a hash is missing.
    assert!(!stored(Hash::Published("ab".repeat(32))).is_of(&unpinned));
    assert!(partial(Rest::Paused).is_of(&unpinned));
    assert!(
        partial(Rest::Paused).is_of(&DownloadPlan { urls: vec!["https://b/tiny.gguf".into()], ..Default::default() })
    );
    assert!(!partial(Rest::Paused).is_of(&DownloadPlan { bytes: Some(124), ..unpinned.clone() }));
    assert!(!complete().is_of(&unpinned));
}

#[test]
fn damage_at_any_byte_is_an_error_or_still_a_record_never_a_panic() {
    for manifest in [complete(), partial(Rest::Damaged)] {
        let json = manifest.to_json().expect("writes");
        for cut in 0..json.len() {
            assert!(Manifest::parse(&id(), &json[..cut]).is_err(), "cut at {cut}");
        }
        for i in 0..json.len() {
            let mut damaged = json.clone();
            damaged[i] ^= 0x15;
            let _ = Manifest::parse(&id(), &damaged);
        }
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
        let manifest = Manifest { file: file.into(), ..complete() };
        let json = manifest.to_json().expect("writes");
        assert!(Manifest::parse(&id(), &json).is_err(), "{file}");
    }
}
