//! The conformance kit: connectors that come with Transload pass it, and each of a set of wrong ones fails it, with a message
//! that names the fault.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tokio::sync::OnceCell;
use transload::conformance::{self, Check, FIXTURE_BYTES_MAX, Fixture, Options, Report, Weight};
use transload::engine::{Engine, EngineOptions};
use transload_tests::{GHL_LABELRY, WRONG_GUEST};

use crate::program::{answer, said};

async fn engine() -> &'static Engine {
    static ENGINE: OnceCell<Engine> = OnceCell::const_new();
    ENGINE
        .get_or_init(async || {
            Engine::new(EngineOptions { instances_max: 8, ..EngineOptions::default() }).unwrap()
        })
        .await
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The fixtures in a directory of the workspace.
fn fixtures(directory: &str) -> Vec<Fixture> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(root().join(directory)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: &PathBuf| Fixture::read(&std::fs::read_to_string(path).unwrap()).unwrap();
    paths.iter().map(read).collect()
}

/// What the kit finds, a line each: the check, its weight, the object, the message.
fn lines(report: &Report) -> Vec<String> {
    let of = |checked: &conformance::Checked| {
        let name = checked.check.name();
        let line =
            |it: &conformance::Finding| format!("{name} {:?} {}: {}", it.weight, it.object, it.message);
        checked.findings.iter().map(line).collect::<Vec<_>>()
    };
    report.checks.iter().flat_map(of).collect()
}

fn failed(report: &Report) -> Vec<&'static str> {
    report.checks.iter().filter(|it| it.failed()).map(|it| it.check.name()).collect()
}

/// The wrong connector with a fault in its manifest.
fn marked(fault: &str) -> Vec<u8> {
    let mark = b"conformance fault:none";
    let mut bytes = WRONG_GUEST.to_vec();
    let at = bytes.windows(mark.len()).position(|window| window == mark).unwrap();
    let name = format!("{fault:<30}");
    bytes[at + 18..at + 48].copy_from_slice(name.as_bytes());
    bytes
}

/// The wrong connector with a fault in what it does.
async fn behaving(fault: &str) -> Report {
    let options = Options { settings: Some(format!(r#"{{"fault":"{fault}"}}"#)), ..Options::default() };
    conformance::test(engine().await, WRONG_GUEST, options).await
}

/// Fails unless exactly `checks` fail, and a message has all of `words` in it.
fn assert_fails(fault: &str, report: &Report, checks: &[&str], words: &[&str]) {
    let lines = lines(report);
    assert_eq!(failed(report), checks, "{fault}:\n{}", lines.join("\n"));
    let names = |line: &String| words.iter().all(|word| line.contains(word));
    assert!(lines.iter().any(names), "{fault}: no finding names {words:?}\n{}", lines.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_fault_the_wrong_connector_passes_and_every_kind_of_check_is_made() {
    let report = behaving("").await;
    assert!(lines(&report).is_empty(), "{:#?}", lines(&report));
    let idle: Vec<&str> =
        report.checks.iter().filter(|it| it.applied == 0).map(|it| it.check.name()).collect();
    assert_eq!(idle, ["fixtures/replay"], "there are no fixtures, and all else is exercised");
    assert!(report.gaps.iter().any(|gap| gap.contains("--fixture")), "{:?}", report.gaps);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_of_a_manifest_is_named() {
    for (fault, checks, words) in [
        ("random-summary", &["contract/constant"][..], ["another one", "seed"]),
        ("looks-at-the-store", &["contract/needless"], ["the store", "needs nothing"]),
        ("version", &["manifest/version"], ["\"one\"", "1.4.0"]),
        ("two-of-a-name", &["manifest/names"], ["sync-thing", "two of this name"]),
        ("plain-http", &["manifest/apis", "honesty/calls"], ["api target", "not https"]),
        ("ambiguous", &["manifest/apis"], ["/things/search", "ambiguous"]),
        ("schema", &["manifest/schemas"], ["settings", "no JSON Schema"]),
        ("sample", &["manifest/samples"], ["action sync-thing", "/id"]),
        ("subject", &["manifest/samples"], ["/order_id", "subject"]),
        ("template", &["manifest/settings"], ["template plain", "no_such"]),
        ("no-webhooks", &["manifest/triggers"], ["trigger thing-made", "webhook"]),
        ("put-declared-read", &["honesty/access"], ["PUT /things/{id}", "as write"]),
    ] {
        let report = conformance::test(engine().await, marked(fault), Options::default()).await;
        assert_fails(fault, &report, checks, &words);
    }
}

#[tokio::test]
async fn a_write_that_is_sent_again_without_a_key_is_a_warning() {
    let report = conformance::test(engine().await, marked("resend-without-a-key"), Options::default()).await;
    assert!(report.passed(), "{:?}", lines(&report));
    let found = &report.of(Check::InDoubt).unwrap().findings[0];
    assert_eq!(found.weight, Weight::Warning);
    assert!(found.object.contains("POST /things") && found.message.contains("idempotency"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_of_what_a_connector_does_is_named() {
    const ERRORS: [&str; 4] = ["errors/credential", "errors/busy", "errors/connection", "errors/denied"];
    const TWICE: [&str; 2] = ["idempotence/rerun", "idempotence/lost-answer"];
    for (fault, checks, words) in [
        ("undeclared-call", &["honesty/calls"][..], ["/secrets", "does not declare"]),
        ("poll-writes", &["honesty/access"], ["poll things", "only read"]),
        ("undeclared-system", &["honesty/effects"], ["\"elsewhere\"", "neither an API"]),
        ("undeclared-kind", &["honesty/kinds"], ["kind transaction", "no trigger"]),
        ("trap-on-unknown-action", &["honesty/unknown"], ["unknown action", "trapped"]),
        ("random-body", &TWICE, ["POST https://target.example/things", "on chance"]),
        ("time-in-body", &TWICE, ["POST https://target.example/things", "on the time"]),
        ("writes-without-a-look", &["idempotence/lost-answer"], ["without a look", "verify"]),
        ("trap-on-junk-delivery", &["limits/junk-deliveries"], ["delivery of target", "trapped"]),
        ("trap-on-html", &["limits/junk-answers"], ["answered with HTML", "trapped"]),
        ("endless-cursor", &["limits/pages"], ["\"the same\"", "never ends"]),
        ("retry-on-401", &["errors/credential"], ["answered 401", "needs-attention"]),
        ("rejected-on-429", &["errors/busy"], ["answered 429", "rejected, not retry"]),
        ("attention-on-503", &["errors/busy"], ["answered 503", "needs-attention, not retry"]),
        ("trap-on-503", &["errors/busy"], ["answered 503", "trapped"]),
        (
            "rejected-without-an-answer",
            &["errors/connection"],
            ["with no answer in time", "rejected, not retry"],
        ),
        ("retry-when-denied", &["errors/denied"], ["denied by the host", "needs-attention"]),
        ("claims-what-failed", &ERRORS, ["created thing in target", "did not happen"]),
        ("goes-on", &ERRORS[..3], ["as if nothing had happened", "raise an alert"]),
    ] {
        let report = behaving(fault).await;
        assert_fails(fault, &report, checks, &words);
    }
}

/// What was measured differs from run to run, and so does what is written of it; by chance it may not.
#[tokio::test]
async fn a_connector_that_writes_what_it_measured_is_not_deterministic() {
    let report = behaving("measured-time-in-body").await;
    let failed = failed(&report);
    assert!(failed.contains(&"determinism/same"), "{failed:?}");
    assert!(
        lines(&report).iter().any(|line| line.contains("how long something took")),
        "{:?}",
        lines(&report)
    );
}

#[tokio::test]
async fn what_does_not_load_says_why() {
    let report = conformance::test(engine().await, &b"\0asm\x0d\0\x01\0"[..], Options::default()).await;
    assert_fails("an empty component", &report, &["contract/loads"], &["exports no interface"]);
    assert_eq!(report.connector, None);
}

async fn passes(component: &[u8], directory: &str) {
    let fixtures = fixtures(directory);
    let count = fixtures.len();
    let report = conformance::test(engine().await, component, Options { settings: None, fixtures }).await;
    assert!(report.passed(), "{directory}:\n{}", lines(&report).join("\n"));
    assert_eq!(report.of(Check::Fixtures).unwrap().applied, count);
    for check in [Check::Rerun, Check::LostAnswer, Check::Effects] {
        assert!(report.of(check).unwrap().applied > 0, "{directory}: {} is not exercised", check.name());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_connectors_that_come_with_it_pass() {
    for name in ["ghl-track-pod", "ghl-rankr"] {
        let component = transload_bundle::find(name).unwrap().component;
        passes(component, &format!("connector/{name}/fixtures")).await;
    }
}

#[tokio::test]
async fn the_example_passes() {
    passes(GHL_LABELRY, "examples/ghl-labelry/fixtures").await;
}

#[tokio::test]
async fn a_fixture_that_no_longer_holds_is_shown_as_a_difference() {
    let mut fixtures = fixtures("connector/ghl-track-pod/fixtures");
    let fixture = fixtures.iter_mut().find(|it| it.title.contains("order")).unwrap();
    fixture.trace.outcome = Some(transload::runtime::Outcome::Error("it was otherwise".to_owned()));
    let component = transload_bundle::find("ghl-track-pod").unwrap().component;
    let report = conformance::test(engine().await, component, Options { settings: None, fixtures }).await;
    assert_fails(
        "a fixture",
        &report,
        &["fixtures/replay"],
        &["- failed: it was otherwise", "record it anew"],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_tests_a_module_and_says_so_by_its_exit() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    std::fs::write(path("right.wasm"), WRONG_GUEST).unwrap();
    std::fs::write(path("wrong.wasm"), marked("version")).unwrap();
    std::fs::write(path("settings.json"), r#"{"fault":"endless-cursor"}"#).unwrap();
    std::fs::create_dir(path("empty")).unwrap();

    let passed = said(directory.path(), &["test", "right.wasm"], 0);
    assert!(passed.contains("passed, 0 warnings") && passed.contains("not exercised"), "{passed}");
    let failed = said(directory.path(), &["test", "wrong.wasm"], 1);
    assert!(failed.contains("FAIL manifest/version") && failed.contains("1 faults"), "{failed}");
    let report = answer(directory.path(), &["test", "right.wasm", "--settings", "settings.json"], 1);
    assert_eq!(report["passed"], false);
    let checks: BTreeMap<&str, &Value> =
        report["checks"].as_array().unwrap().iter().map(|it| (it["check"].as_str().unwrap(), it)).collect();
    assert_eq!(checks["limits/pages"]["findings"][0]["weight"], "fault");

    let listed = said(directory.path(), &["test", "--list"], 0);
    assert_eq!(listed.lines().count(), Check::ALL.len());
    said(directory.path(), &["test"], 2);
    said(directory.path(), &["test", "missing.wasm"], 2);
    said(directory.path(), &["test", "right.wasm", "--fixtures", "empty"], 2);
    said(directory.path(), &["test", "right.wasm", "--settings", "right.wasm"], 2);

    let large = std::fs::File::create(path("empty").join("0.json")).unwrap();
    large.set_len(FIXTURE_BYTES_MAX + 1).unwrap();
    let refused = said(directory.path(), &["test", "right.wasm", "--fixtures", "empty"], 2);
    assert!(refused.contains("8388608 are the most"), "{refused}");
    for number in 1..=500 {
        std::fs::write(path("empty").join(format!("{number}.json")), "{}").unwrap();
    }
    let refused = said(directory.path(), &["test", "right.wasm", "--fixtures", "empty"], 2);
    assert!(refused.contains("501 fixtures; 500 are the most"), "{refused}");
}
