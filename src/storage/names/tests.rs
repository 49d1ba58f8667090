//! Ids, places and leftovers.

use super::*;
use crate::protocol::ModelShape;
use crate::storage::manifest::{Facts, Hash, Partial, Recipe};

const SHAPE: ModelShape =
    ModelShape { layers: 1, hidden: 1, heads: 1, kv_heads: 1, vocabulary: 1, trained_context: 1, parameters: 1 };

/// A complete record, or one of a copy that was never finished.
fn manifest(file: &str, origin: &str, bytes: Option<u64>) -> Result<Manifest> {
    let state = match bytes {
        None => State::Partial(Partial::default()),
        Some(bytes) => State::Complete(Facts {
            name: "n".into(),
            bytes,
            quantisation: "F16".into(),
            stored_at: 0.0,
            shape: SHAPE,
            hash: Hash::Unknown,
            modified: None,
        }),
    };
    Ok(Manifest::new(file.into(), origin.into(), Recipe::default(), state))
}

fn plan(url: &str) -> DownloadPlan {
    DownloadPlan { urls: vec![url.into()], ..Default::default() }
}

/// A download that can go on.
fn download(file: &str, url: &str) -> Result<Manifest> {
    let partial = Partial { total: Some(5), ..Default::default() };
    Ok(Manifest::new(file.into(), url.into(), plan(url).into(), State::Partial(partial)))
}

/// A model on the user's disk.
fn on_disk(file: &str) -> Result<Manifest> {
    let mut manifest = manifest(file, "o", Some(5))?;
    if let State::Complete(facts) = &mut manifest.state {
        facts.modified = Some(1.0);
    }
    Ok(manifest)
}

fn records(entries: impl IntoIterator<Item = (&'static str, Result<Manifest>)>) -> Records {
    entries.into_iter().map(|(id, manifest)| (ModelId(id.into()), manifest)).collect()
}

fn unreadable() -> Result<Manifest> {
    Err(Error::new(ErrorKind::Storage, "damaged"))
}

#[test]
fn ids_are_safe_names() {
    for (file, id) in [
        ("internlm2_5-7b-chat-q4_k_m.gguf", "internlm2_5-7b-chat-q4_k_m"),
        ("A.GGUF", "A"),
        ("../../etc/passwd", "passwd"),
        ("C:\\models\\x.gguf", "x"),
        ("my model (1).gguf", "my-model-1"),
        ("书生·浦语.gguf", "model"),
        ("书生 7b.gguf", "7b"),
        ("....gguf", "model"),
        (".hidden.gguf", "hidden"),
        ("", "model"),
        (".gguf", "model"),
        ("x.gguf.gguf", "x.gguf"),
        ("语gguf", "gguf"),
    ] {
        assert_eq!(id_for(file), ModelId(id.into()), "{file}");
        assert!(check(&id_for(file)).is_ok(), "{file}");
    }
    assert!(check(&id_for(&format!("{}.gguf", "x".repeat(5000)))).is_ok());
}

#[test]
fn ids_from_outside_cannot_leave_the_directory() {
    for id in ["", ".", "..", "a/b", "../a", "a\\b", "a b", "a\0", "语", ".a", &"x".repeat(500)] {
        assert_eq!(check(&ModelId(id.into())).expect_err(id).kind(), ErrorKind::NotFound);
    }
}

#[test]
fn every_file_has_at_most_one_owner() {
    let ids = ["x", "x.gguf", "x.gguf.2", "x.json", "x.2"].map(|id| ModelId(id.into()));
    let mut seen = BTreeSet::new();
    for id in &ids {
        for file in data_files(id) {
            assert_eq!(data_owner(&file).as_ref(), Some(id), "{file}");
            let journal = journal_file(&file);
            assert_eq!(data_owner(&journal).as_ref(), Some(id), "{journal}");
            assert!(seen.insert(file) && seen.insert(journal));
        }
        assert_eq!(record_owner(&record_file(id)).as_ref(), Some(id));
        assert!(seen.insert(record_file(id)));
    }
}

#[test]
fn the_same_file_again_goes_beside_the_old_copy() {
    let stored = records([("x", manifest("x.gguf", "o", Some(5)))]);
    let place = place(&stored, "x.gguf", "o", 5).expect("place");
    assert_eq!((place.id.0.as_str(), place.file.as_str()), ("x", "x.gguf.2"));
    assert!(place.replaces.is_some());
    let swapped = records([("x", manifest("x.gguf.2", "o", Some(5)))]);
    assert_eq!(super::place(&swapped, "x.gguf", "o", 5).expect("place").file, "x.gguf");
}

#[test]
fn another_file_of_that_name_gets_a_number() {
    let stored = records([
        ("x", manifest("x.gguf", "o", Some(5))),
        ("x-2", unreadable()),
        ("x-3", manifest("x-3.gguf", "p", Some(5))),
    ]);
    let id = |origin, total| place(&stored, "x.gguf", origin, total).expect("place").id.0;
    assert_eq!(id("o", 6), "x-4");
    assert_eq!(id("q", 5), "x-4");
    assert_eq!(id("p", 5), "x-3");
}

#[test]
fn an_unfinished_copy_is_begun_anew() {
    let stored = records([("x", manifest("x.gguf", "o", None))]);
    let again = place(&stored, "x.gguf", "o", 5).expect("place");
    assert_eq!(again, Place { id: ModelId("x".into()), file: "x.gguf".into(), replaces: None });
    assert_eq!(place(&stored, "x.gguf", "other", 5).expect("place").id.0, "x-2");
}

#[test]
fn a_download_goes_on_where_it_was_or_to_a_free_place() {
    let stored = records([
        ("x", manifest("x.gguf", "o", Some(5))),
        ("y", download("y.gguf", "https://a/y.gguf")),
        ("z", unreadable()),
    ]);
    let spot = |url: &str| spot(&stored, url.rsplit('/').next().unwrap_or_default(), &plan(url)).expect("a spot");
    assert!(matches!(spot("https://a/y.gguf"), Spot::Taken(id, _) if id.0 == "y"));
    assert_eq!(spot("https://b/y.gguf"), Spot::Free(ModelId("y-2".into()), "y-2.gguf".into()));
    assert_eq!(spot("https://a/x.gguf"), Spot::Free(ModelId("x-2".into()), "x-2.gguf".into()));
    assert_eq!(spot("https://a/z.gguf"), Spot::Free(ModelId("z-2".into()), "z-2.gguf".into()));
    assert_eq!(spot("https://a/w.gguf"), Spot::Free(ModelId("w".into()), "w.gguf".into()));
}

#[test]
fn only_what_no_record_vouches_for_is_swept() {
    let files = [
        "whole.gguf",
        "whole.gguf.2",
        "whole.gguf.2.journal",
        "whole.gguf.journal",
        "whole.json",
        "part.gguf",
        "part.json",
        "going.gguf",
        "going.gguf.2",
        "going.gguf.journal",
        "going.json",
        "disk.json",
        "lost.gguf.journal",
        "orphan.gguf",
        "newer.gguf",
        "newer.json",
        "gone.json",
        "probe-12",
        "probe-x.gguf",
        "probe-x.json",
        "unknown.txt",
    ]
    .map(String::from);
    let stored = records([
        ("whole", manifest("whole.gguf.2", "o", Some(5))),
        ("part", manifest("part.gguf", "o", None)),
        ("going", download("going.gguf", "https://a/going.gguf")),
        ("disk", on_disk("disk.gguf")),
        ("newer", unreadable()),
        ("gone", manifest("gone.gguf", "o", Some(5))),
        ("probe-x", manifest("probe-x.gguf", "o", Some(5))),
    ]);
    let leftover = |data: &[&str], record: Option<&str>| Leftover {
        data: data.iter().map(|file| file.to_string()).collect(),
        record: record.map(String::from),
    };
    assert_eq!(
        leftovers(&files, &stored),
        [
            leftover(&["probe-12"], None),
            leftover(&["going.gguf.2"], None),
            leftover(&[], Some("gone.json")),
            leftover(&["lost.gguf.journal"], None),
            leftover(&["orphan.gguf"], None),
            leftover(&["part.gguf"], Some("part.json")),
            leftover(&["whole.gguf.journal", "whole.gguf"], None),
        ]
    );
}
