//! Versions of the contract: what was built for one runs for ever. That two versions run side by side is tested in the host,
//! which knows a second one in its own tests alone (`host/src/runtime/tests/versions.rs`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use transload::engine::{Engine, EngineOptions};
use transload::storage::State;
use transload_tests::target::{Behaviour, Target};

use crate::paths::{run, spec, start, written};
use crate::program::answer;
use crate::tools::root;

/// A courier (`tests/guests/courier`) as it was when 0.1.0 was frozen, and its SHA-256. It is never built again.
const COURIER: (&str, &str) =
    ("0.1.0/courier.wasm", "sha256:314cd46f0f7318aaab511aba95a008040a4d681a8c5deac3672928d84b16fb09");

/// The contract's interfaces whose text is the same in the version that exists for tests as in 0.1.0.
const UNCHANGED: [&str; 8] = [
    "actions.wit",
    "events.wit",
    "intake.wit",
    "log.wit",
    "manifest.wit",
    "reconciliation.wit",
    "settings.wit",
    "world.wit",
];

fn frozen() -> PathBuf {
    root().join("tests/contract").join(COURIER.0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_was_built_for_0_1_0_runs_as_it_did() {
    let engine = Engine::new(EngineOptions { instances_max: 8, ..EngineOptions::default() }).unwrap();
    let module = engine.load(std::fs::read(frozen()).unwrap()).await.unwrap();
    assert_eq!((module.digest(), module.contract_version()), (COURIER.1, "0.1.0"));

    let (target, directory) =
        (Target::start(Behaviour::default()).await.unwrap(), tempfile::tempdir().unwrap());
    let host = start(directory.path(), spec(&target, &module, "{}")).await.unwrap();
    let steps = "put-store k v\ncount n\nget a\nensure x\ncreate y\nput z\nfollow e2 count n";
    let event = run(&host, "e1", steps).await;
    assert_eq!(event.state, State::Done, "{:?}", event.reason);
    let things = "https://target.example/things";
    // The target has every thing that it is asked for, so `x` need not be made.
    let expected = [format!("POST {things}"), format!("PUT {things}/z")];
    assert_eq!(written(&host, &event).await, expected);
    // Settings, a failure of each kind, and what a poll finds.
    for (id, steps, state) in [("e3", "reject", State::Dead), ("e4", "attention", State::Parked)] {
        assert_eq!(run(&host, id, steps).await.state, state, "{id}");
    }
    host.shutdown().await;
}

#[test]
fn the_program_inspects_it() {
    let (directory, frozen) = (tempfile::tempdir().unwrap(), frozen());
    let report = answer(directory.path(), &["inspect", frozen.to_str().unwrap()], 0);
    assert_eq!(
        (&report["contract_version"], &report["manifest"]["name"]),
        (&"0.1.0".into(), &"courier".into())
    );
}

/// The interfaces of a version, without the line that names it.
fn interfaces(directory: &Path) -> BTreeMap<String, String> {
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let (first, rest) = text.split_once('\n').unwrap();
        assert!(first.starts_with("package transload:connector@"), "{}", path.display());
        (path.file_name().unwrap().to_string_lossy().into_owned(), rest.to_owned())
    };
    std::fs::read_dir(directory).unwrap().map(read).collect()
}

#[test]
fn the_version_for_tests_differs_where_it_says_so() {
    let (older, newer) =
        (interfaces(&root().join("wit/0.1.0")), interfaces(&root().join("tests/contract/0.2.0")));
    assert!(older.keys().eq(newer.keys()));
    let same: Vec<&str> =
        older.iter().filter(|(name, text)| newer[*name] == **text).map(|(name, _)| name.as_str()).collect();
    assert_eq!(same, UNCHANGED);
}
