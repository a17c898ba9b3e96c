//! Modules from registries and servers: pushed, pulled, pinned, kept, run and swapped by the program itself.

mod program;
mod registry;
mod servers;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use transload::config::RegistryConfig;
use transload::distribution::{FetchError, Fetched, Fetcher, FetcherOptions, ModuleSource, Remote};
use transload::egress::Secret;
use transload::engine::Digest;

use crate::operate::{Station, digest, remarked};
use crate::tools::tool;
use registry::Registry;

/// A digest that nothing has.
const NOTHING: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

fn remote(text: &str) -> Remote {
    match text.parse() {
        Ok(ModuleSource::Remote(remote)) => remote,
        other => panic!("{text}: {other:?}"),
    }
}

/// Fetches the module with this digest.
async fn fetch(fetcher: &Fetcher, source: &str, pin: &str) -> Result<Vec<u8>, FetchError> {
    fetcher.fetch(&remote(source), &pin.parse().unwrap(), &|_, _| {}).await
}

/// What is there.
async fn look(fetcher: &Fetcher, source: &str) -> Result<Fetched, FetchError> {
    fetcher.look(&remote(source), &|_, _| {}).await
}

/// Has the station's connection run on this module.
fn configure(station: &Station, module: &str, digest: Option<&str>, rest: &str) {
    let path = station.path("transload.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let kept = text.lines().filter(|line| !line.starts_with("digest = ")).map(|line| {
        let pin = digest.map(|digest| format!("\ndigest = \"{digest}\"")).unwrap_or_default();
        if line.starts_with("module = ") { format!("module = \"{module}\"{pin}") } else { line.to_owned() }
    });
    std::fs::write(path, kept.collect::<Vec<_>>().join("\n") + rest).unwrap();
}

/// Runs the program with these arguments and variables; nobody has logged in with docker.
fn transload(directory: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_transload"))
        .args(arguments)
        .current_dir(directory)
        .env("DOCKER_CONFIG", directory)
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

/// The same, for what it says; it has to end with `code`.
fn said(directory: &Path, arguments: &[&str], variables: &[(&str, &str)], code: i32) -> String {
    let output = transload(directory, arguments, variables);
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    said
}

/// The program `wash`, if it is installed.
fn wash() -> Option<PathBuf> {
    let libraries = tool("python/lib")?;
    let version = std::fs::read_dir(libraries).unwrap().next().unwrap().unwrap().file_name();
    tool(&format!("python/lib/{}/site-packages/wash_cli/wash", version.to_str().unwrap()))
}

#[tokio::test]
async fn a_pinned_module_is_fetched_once_and_checked_at_every_use() {
    let Some(registry) = Registry::start(None) else { return };
    let directory = tempfile::tempdir().unwrap();
    let cache_dir = Some(directory.path().join("cache"));
    let fetcher = Fetcher::new(FetcherOptions { cache_dir, ..FetcherOptions::default() });
    let (module, source) = (remarked(1), registry.reference("pinned:1"));
    registry.put("pinned", "1", &module).await;
    let pin = digest(&module);
    assert_eq!(fetch(&fetcher, &source, &pin).await.unwrap(), module);

    let kept: Vec<PathBuf> = std::fs::read_dir(directory.path().join("cache"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let [kept] = kept.as_slice() else { panic!("{kept:?}") };
    std::fs::write(kept, b"damaged").unwrap();
    assert_eq!(fetch(&fetcher, &source, &pin).await.unwrap(), module, "fetched anew");
    assert_eq!(std::fs::read(kept).unwrap(), module, "and kept anew");

    registry.stop();
    assert_eq!(fetch(&fetcher, &source, &pin).await.unwrap(), module, "without the registry");
    std::fs::write(kept, b"damaged").unwrap();
    let error = fetch(&fetcher, &source, &pin).await.unwrap_err();
    assert!(matches!(&error, FetchError::Failed { .. }), "what is damaged is never used: {error}");
    let without_cache = Fetcher::new(FetcherOptions::default());
    assert!(fetch(&without_cache, &source, &pin).await.is_err());
}

#[tokio::test]
async fn the_pin_wins_over_a_tag_that_moved() {
    let Some(registry) = Registry::start(None) else { return };
    let fetcher = Fetcher::new(FetcherOptions::default());
    let (old, new, source) = (b"old".to_vec(), b"new".to_vec(), registry.reference("moved:1"));
    let first = registry.put("moved", "1", &old).await;
    let second = registry.put("moved", "1", &new).await;
    let found = look(&fetcher, &source).await.unwrap();
    assert_eq!((found.bytes, found.manifest.unwrap().to_string()), (new.clone(), second));
    assert_eq!(fetch(&fetcher, &source, &digest(&old)).await.unwrap(), old);
    assert_eq!(fetch(&fetcher, &source, &digest(&new)).await.unwrap(), new);

    // What the tag leads to is named beside what is wanted.
    let error = fetch(&fetcher, &source, NOTHING).await.unwrap_err().to_string();
    assert!(error.contains(NOTHING) && error.contains(&digest(&new)), "{error}");
    // A manifest's own digest leads to one module for ever.
    let by_manifest = format!("{source}@{first}");
    assert_eq!(look(&fetcher, &by_manifest).await.unwrap().bytes, old);
    let error = fetch(&fetcher, &by_manifest, &digest(&new)).await.unwrap_err();
    assert!(
        matches!(&error, FetchError::NotThePinned { found, .. } if *found == Digest::of(&old)),
        "{error}"
    );
    assert!(matches!(look(&fetcher, &registry.reference("moved:2")).await, Err(FetchError::NotFound { .. })));
    assert!(matches!(look(&fetcher, &registry.reference("none:1")).await, Err(FetchError::NotFound { .. })));
}

#[tokio::test]
async fn a_module_over_the_limit_is_refused_before_it_has_come() {
    let Some(registry) = Registry::start(None) else { return };
    let source = registry.reference("large:1");
    registry.put("large", "1", b"0123456789").await;
    for (bytes_max, fits) in [(10, true), (9, false)] {
        let fetcher = Fetcher::new(FetcherOptions { bytes_max, ..FetcherOptions::default() });
        let outcome = look(&fetcher, &source).await;
        let refused = matches!(&outcome, Err(FetchError::TooLarge { limit, .. }) if *limit == bytes_max);
        assert_eq!((outcome.is_ok(), refused), (fits, !fits), "{bytes_max}");
    }
}

#[tokio::test]
async fn a_registry_asks_who_is_there() {
    let Some(registry) = Registry::start(Some(("someone", "right-password"))) else { return };
    let source = registry.reference("closed:1");
    let with = |password: Option<&str>| {
        let username = password.map(|_| "someone".to_owned());
        let config = RegistryConfig { username, password: password.map(Secret::new), plain_http: None };
        let registries = [(registry.address(), config)].into();
        Fetcher::new(FetcherOptions { registries, ..FetcherOptions::default() })
    };
    for (password, word) in [(None, "a request without credentials"), (Some("wrong"), "that it was given")] {
        let error = look(&with(password), &source).await.unwrap_err();
        assert!(matches!(error, FetchError::Unauthorized { .. }), "{error}");
        let said = error.to_string();
        let line = format!("[registries.\"{}\"]", registry.address());
        assert!(said.contains(word) && said.contains(&line) && !said.contains("wrong"), "{said}");
    }
    assert!(matches!(look(&with(Some("right-password")), &source).await, Err(FetchError::NotFound { .. })));
}

/// What the program prints as JSON.
fn json(directory: &Path, arguments: &[&str]) -> Value {
    let output = transload(directory, &[arguments, &["--json"]].concat(), &[]);
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}
