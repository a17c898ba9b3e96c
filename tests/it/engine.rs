//! What the engine keeps of a module from one start to the next, and what it gives a call of time and chance.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use transload::contract::Scope;
use transload::engine::{CallError, Engine, EngineError, EngineOptions, JobLimits, Limits, Module, Ports};

use crate::guests::{HOSTILE_GUEST, hostile, offline, tight};

fn caching(directory: &Path) -> EngineOptions {
    EngineOptions {
        limits: tight(),
        instances_max: 2,
        cache_dir: Some(directory.to_owned()),
        ..EngineOptions::default()
    }
}

async fn load(directory: &Path) -> Module {
    Engine::new(caching(directory)).unwrap().load(HOSTILE_GUEST).await.unwrap()
}

async fn works(module: &Module) {
    let answer = module.instance(offline(&Arc::default())).await.unwrap().run_action("ok", "").await;
    assert_eq!(answer, Ok(Ok(r#"{"settings":{"a":1}}"#.to_owned())));
}

/// The files of a directory, each with what would be another if it were written again: a file is moved to its place, so
/// one that was written anew is another file.
#[cfg(unix)]
fn files(directory: &Path) -> Vec<(std::path::PathBuf, u64)> {
    use std::os::unix::fs::MetadataExt;
    let entries = std::fs::read_dir(directory).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.path(), entry.metadata().unwrap().ino())).collect()
}

/// Compiling takes seconds without optimisation and most of one with it, so what was compiled is kept.
#[cfg(unix)]
#[tokio::test]
async fn a_compiled_module_is_kept_and_used_again() {
    let directory = tempfile::tempdir().unwrap();
    let cache = directory.path().join("compiled");
    let compiled = load(&cache).await;
    let first = files(&cache);
    assert_eq!(first.len(), 1);
    let again = load(&cache).await;
    assert_eq!(files(&cache), first, "it was compiled again");
    assert_eq!(again.digest(), compiled.digest());
    assert_eq!(again.imports(), compiled.imports());
    assert_eq!(again.bytes().as_ref(), HOSTILE_GUEST);
    works(&again).await;

    // Half of it is as good as none: it is compiled again, and kept again.
    let (path, _) = &first[0];
    let half = std::fs::read(path).unwrap();
    std::fs::write(path, &half[..half.len() / 2]).unwrap();
    works(&load(&cache).await).await;
    assert_ne!(files(&cache), first, "the damaged file was left");
    assert!(std::fs::read(path).unwrap() == half, "the file is not what it was");
}

/// Whoever can write to the cache can run code in the host.
#[cfg(unix)]
#[tokio::test]
async fn a_cache_that_others_may_write_to_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o775)).unwrap();
    let error = Engine::new(caching(directory.path())).err().unwrap();
    assert!(matches!(&error, EngineError::Cache { directory: at, .. } if at == directory.path()), "{error}");
    assert!(error.to_string().contains("chmod go-w"), "{error}");
}

/// What the connector saw, part by part: see the behaviour `given`.
async fn given(now: u64, seed: u64) -> Vec<String> {
    let ports = Ports { now, seed, ..offline(&Arc::default()) };
    let mut instance = hostile().await.instance(ports).await.unwrap();
    let answer = instance.run_action("given", "").await.unwrap().unwrap();
    answer.split(' ').map(str::to_owned).collect()
}

#[tokio::test]
async fn a_call_sees_the_time_it_is_given() {
    // 4 April 2024, 16:24:27.036 UTC; and the millisecond is as fine as it gets.
    assert_eq!(given(1_712_247_867_036, 0).await[..2], ["1712247867036", "1000000"]);
    assert_eq!(given(0, 0).await[0], "0");
}

#[tokio::test]
async fn a_call_makes_its_randomness_from_its_seed() {
    let zero = given(0, 0).await;
    // ChaCha20 with the key zero and the nonce 1, whose words begin ef3fdfd6 c61578fb f5cf35bd 3dd33b80: see
    // draft-agl-tls-chacha20poly1305-04, section 7. The runtime makes each byte from a word, of which it takes the lowest:
    // the first. Should it do otherwise one day, calls recorded before are not replayed as they were.
    assert_eq!(&zero[2][..32], "efc6f53d09d233381123a8195d0b6b1b");
    assert_eq!(given(1, 0).await[2..], zero[2..], "the same seed, other randomness");
    let other = given(0, 1).await;
    for (part, name) in [(2, "random"), (3, "insecure"), (4, "insecure-seed"), (5, "the hash of a key")] {
        assert_ne!(other[part], zero[part], "{name} does not depend on the seed");
    }
    let distinct: BTreeSet<&String> = zero[2..].iter().collect();
    assert_eq!(distinct.len(), 4, "{zero:?}");
}

/// Computes for 500 ms where 100 ms are allowed. Interrupted, it is stopped; never interrupted, it is not.
#[tokio::test]
async fn a_tick_is_how_often_limits_are_looked_at() {
    let limits = Limits { cpu: Duration::from_millis(100), ..tight() };
    let compute = async |tick| {
        let options =
            EngineOptions { limits: limits.clone(), instances_max: 1, tick, ..EngineOptions::default() };
        let module = Engine::new(options).unwrap().load(HOSTILE_GUEST).await.unwrap();
        let mut instance = module.instance(offline(&Arc::default())).await.unwrap();
        instance.run_action("compute", "500").await
    };
    let stopped = compute(Duration::from_millis(10)).await;
    assert_eq!(stopped, Err(CallError::CpuExhausted { call: "run", limit: limits.cpu }));
    assert_eq!(compute(Duration::MAX).await, Ok(Ok("computed".to_owned())));
}

#[tokio::test]
async fn a_page_of_a_job_has_limits_of_its_own() {
    let jobs = JobLimits { call_timeout: Duration::from_secs(60), ..JobLimits::default() };
    let limits = Limits { call_timeout: Duration::from_millis(300), jobs, ..Limits::default() };
    let engine = Engine::new(EngineOptions { limits, ..EngineOptions::default() }).unwrap();
    let module = engine.load(transload_tests::LEDGER_GUEST).await.unwrap();
    let ports = || Ports { settings: Arc::from(r#"{"pause_ms":600}"#), ..offline(&Arc::default()) };
    let scope = Scope { start: 0, end: 1, kinds: Vec::new() };
    let timeout = CallError::Timeout { call: "reconcile", limit: Duration::from_millis(300) };
    assert_eq!(module.instance(ports()).await.unwrap().reconcile(&scope, None).await, Err(timeout));
    let page = module.job_instance(ports()).await.unwrap().reconcile(&scope, None).await.unwrap().unwrap();
    assert_eq!((page.checked, page.findings.len()), (100, 6));
}
