//! The program itself, as a person runs it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

/// Runs `transload` with these arguments in `directory`.
pub(crate) fn transload(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_transload"))
        .args(arguments)
        .current_dir(directory)
        .env("GOOD", "secret-value")
        .env_remove("UNSET")
        .output()
        .unwrap()
}

fn scratch() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

pub(crate) fn json(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}\n{text}\n{}", String::from_utf8_lossy(&output.stderr)))
}

/// What a command with `--json` answers, which has to end with `code`.
pub(crate) fn answer(directory: &Path, arguments: &[&str], code: i32) -> Value {
    let output = transload(directory, &[arguments, &["--json"]].concat());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    json(&output)
}

/// All that a command says, which has to end with `code`.
pub(crate) fn said(directory: &Path, arguments: &[&str], code: i32) -> String {
    let output = transload(directory, arguments);
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert!(!said.contains('\u{1b}'), "a pipe gets no colour: {said}");
    said
}

#[test]
fn the_demo_of_each_connector_holds() {
    let directory = scratch();
    for connector in ["ghl-track-pod", "ghl-rankr"] {
        let output = transload(directory.path(), &["demo", "--connector", connector, "--json"]);
        let report = json(&output);
        let told = &report["connectors"][connector];
        let checks = told["checks"].as_array().unwrap();
        let failed: Vec<&Value> = checks.iter().filter(|check| check["ok"] != true).collect();
        assert!(failed.is_empty(), "{connector}: {failed:#?}");
        assert!(checks.len() >= 15 && told["orders"].as_array().unwrap().len() == 3, "{told}");
        assert_eq!((&report["ok"], &told["ok"], output.status.code()), (&true.into(), &true.into(), Some(0)));
    }
}

#[test]
fn the_demo_shows_both_connectors_in_a_timeline_and_can_be_kept() {
    let directory = scratch();
    let output = transload(directory.path(), &["demo", "--keep", "kept"]);
    let text = String::from_utf8_lossy(&output.stdout);
    for part in [
        "150.10 USD, two lines",
        "POST /Order",
        "PUT /orders/",
        "seen before, dropped",
        "refused with 401",
        "Checks of ghl-track-pod",
        "Checks of ghl-rankr",
        "All checks hold.",
    ] {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "a pipe gets no colour");
    for connector in ["ghl-track-pod", "ghl-rankr"] {
        let kept = directory.path().join("kept").join(connector);
        let recorded = std::fs::read(kept.join("transload.sqlite")).unwrap();
        let signs = std::fs::read_to_string(kept.join("ops.secret")).unwrap();
        for secret in ["pit-sandbox", "sandbox-track-pod-key", "sandbox-rankr-token", &signs] {
            assert!(!contains(&recorded, secret.as_bytes()), "the database holds a credential");
        }
    }
    let again = transload(directory.path(), &["demo", "--keep", "kept", "--connector", "ghl-rankr"]);
    assert_eq!(again.status.code(), Some(2));
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn inspect_shows_what_a_module_is() {
    let directory = scratch();
    let output = transload(directory.path(), &["inspect", "bundled:ghl-track-pod", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let report = json(&output);
    assert_eq!(report["manifest"]["name"], "ghl-track-pod");
    assert_eq!(report["contract_version"], "0.1.0");
    assert_eq!(report["digest"].as_str().unwrap().len(), "sha256:".len() + 64);
    let scopes: Vec<&str> =
        report["scopes"].as_array().unwrap().iter().map(|scope| scope["scope"].as_str().unwrap()).collect();
    assert_eq!(
        scopes,
        [
            "payments/orders.readonly",
            "payments/orders.write",
            "payments/orders.collectPayment",
            "payments/transactions.readonly",
            "payments/subscriptions.readonly",
            "contacts.readonly",
            "contacts.write",
            "conversations/message.write",
            "payments/integration.readonly",
            "payments/integration.write",
            "objects/record.readonly",
            "objects/record.write",
            "opportunities.readonly",
            "opportunities.write",
            "account.read",
            "orders.read",
            "orders.write",
        ]
    );
    let imports = report["imports"].as_array().unwrap();
    assert!(imports.iter().any(|import| import == "transload:connector/store@0.1.0"));

    let text = transload(directory.path(), &["inspect", "bundled:ghl-track-pod"]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    for part in [
        "GoHighLevel ↔ Track-POD",
        "sha256:",
        "/payments/orders/{orderId}/fulfillments",
        "writes contacts.write",
    ] {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
    let text = said(directory.path(), &["inspect", "bundled:ghl-rankr"], 0);
    for part in [
        "GoHighLevel ↔ Rankr",
        "proves its webhooks by Standard Webhooks",
        "PUT    /orders/{orderId}  (or as settings.rankr.paths.put_order says)",
        "\n  sink-order-events        An order was changed in Rankr (webhook of rankr)\n",
        "\n  read-only-monitor  Watch only",
    ] {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
}

#[test]
fn inspect_refuses_what_is_no_module() {
    let directory = scratch();
    std::fs::write(directory.path().join("not.wasm"), "no wasm").unwrap();
    for (module, part) in
        [("not.wasm", "not a WebAssembly component"), ("gone.wasm", "gone.wasm"), ("bundled:x", "ghl-rankr")]
    {
        let output = transload(directory.path(), &["inspect", module]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{module}");
        assert!(text.contains(part), "{module}: {text}");
    }
}

/// A configuration that is right but for its APIs, which nobody answers at.
const CONFIG: &str = r#"
[host]
listen = "127.0.0.1:0"
database = "db.sqlite"

[connections.shop]
module = "bundled:ghl-track-pod"

[connections.shop.settings]
location_id = "loc"

[connections.shop.apis.ghl]
credential = "env:GOOD"
base_url = "http://127.0.0.1:9"
allow_private = ["127.0.0.1:9"]
scopes = ["payments/orders.readonly", "payments/transactions.readonly"]

[connections.shop.apis.track-pod]
credential = "env:GOOD"
base_url = "http://127.0.0.1:9"
allow_private = ["127.0.0.1:9"]
scopes = ["account.read"]

[connections.shop.apis.track-pod.webhook]
secret = "env:GOOD"
"#;

/// Checks the configuration with `from` replaced by `to`, and answers what was said on standard error and output.
fn check(from: &str, to: &str) -> (Option<i32>, String) {
    let directory = scratch();
    assert!(CONFIG.contains(from), "{from}");
    std::fs::write(directory.path().join("transload.toml"), CONFIG.replacen(from, to, 1)).unwrap();
    let output = transload(directory.path(), &["check"]);
    let said = [output.stdout, output.stderr].concat();
    // `run` must not start half-way on what `check` refuses before it calls anyone.
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn check_names_file_key_fault_and_remedy() {
    for (from, to, parts) in [
        (
            "\"env:GOOD\"",
            "\"env:UNSET\"",
            &["connections.shop.apis.ghl.credential", "UNSET is not set", "export UNSET"][..],
        ),
        ("\"env:GOOD\"", "\"pit-1234\"", &["connections.shop.apis.ghl.credential", "env:NAME"]),
        ("location_id = \"loc\"", "location_id = 5", &["connections.shop.settings.location_id", "string"]),
        ("location_id = \"loc\"", "", &["connections.shop.settings", "location_id"]),
        ("listen =", "lisen =", &["host.lisen", "listen"]),
        ("listen = \"127.0.0.1:0\"", "listen = 8787", &["host.listen"]),
        ("bundled:ghl-track-pod", "bundled:ghl-trackpod", &["connections.shop.module", "ghl-track-pod"]),
        ("bundled:ghl-track-pod", "gone.wasm", &["connections.shop.module", "gone.wasm"]),
        ("\"account.read\"", "\"account.reed\"", &["connections.shop.apis.track-pod.scopes", "account.read"]),
        ("\"127.0.0.1:9\"]", "\"127.0.0.1\"]", &["connections.shop.apis.ghl.allow_private", "host:port"]),
    ] {
        let (code, said) = check(from, to);
        assert_eq!(code, Some(2), "{to}: {said}");
        for part in parts.iter().chain(&["transload.toml"]) {
            assert!(said.contains(part), "{to}: {part:?} is missing in\n{said}");
        }
        assert!(!said.contains("secret-value") && !said.contains("pit-1234"), "a secret is shown: {said}");
    }
}

#[test]
fn check_reports_all_problems_at_once() {
    let directory = scratch();
    let broken = CONFIG.replace("env:GOOD", "env:UNSET").replace("listen =", "lisen =");
    std::fs::write(directory.path().join("transload.toml"), broken).unwrap();
    let output = transload(directory.path(), &["check"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said.matches("UNSET is not set").count(), 3, "{said}");
    assert!(said.contains("lisen"), "{said}");
}

#[test]
fn check_answers_in_json_whatever_is_wrong() {
    for (from, to, part) in [
        ("location_id = \"loc\"", "location_id = 5", "connections.shop.settings.location_id"),
        ("listen =", "lisen =", "host.lisen"),
        ("[host]", "[host]", "cannot be reached"),
    ] {
        let directory = scratch();
        std::fs::write(directory.path().join("transload.toml"), CONFIG.replacen(from, to, 1)).unwrap();
        let output = transload(directory.path(), &["check", "--json"]);
        assert_eq!(output.status.code(), Some(2), "{to}");
        let report = json(&output);
        assert_eq!(report["ok"], false);
        assert!(report.to_string().contains(part), "{to}: {report:#}");
    }
}

#[test]
fn check_says_which_api_cannot_be_reached() {
    let (code, said) = check("[host]", "[host]");
    assert_eq!(code, Some(2), "{said}");
    for part in [
        "connections.shop.apis.ghl.base_url",
        "connections.shop.apis.track-pod.base_url",
        "http://127.0.0.1:9",
        "cannot be reached",
    ] {
        assert!(said.contains(part), "{part:?} is missing in\n{said}");
    }
}

#[test]
fn check_warns_of_webhooks_that_nothing_can_verify() {
    let (_, said) = check("[connections.shop.apis.track-pod.webhook]\nsecret = \"env:GOOD\"", "");
    assert!(said.contains("set [connections.shop.apis.track-pod.webhook] secret"), "{said}");
}

#[test]
fn check_says_which_scope_is_not_granted() {
    let (code, said) = check("\"payments/orders.readonly\", ", "");
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("add \"payments/orders.readonly\" to connections.shop.apis.ghl.scopes"), "{said}");
}

#[test]
fn run_starts_nothing_on_a_wrong_configuration() {
    let directory = scratch();
    std::fs::write(
        directory.path().join("transload.toml"),
        CONFIG.replace("location_id = \"loc\"", "location_id = 5"),
    )
    .unwrap();
    let output = transload(directory.path(), &["run"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(!directory.path().join("db.sqlite").exists(), "a database was made");
}

#[test]
fn run_goes_on_when_nobody_reads_what_it_says() {
    let directory = scratch();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = CONFIG.replace("127.0.0.1:0", &free.to_string());
    std::fs::write(directory.path().join("transload.toml"), config).unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut host = Command::new(env!("CARGO_BIN_EXE_transload"))
        .arg("run")
        .current_dir(directory.path())
        .env("GOOD", "secret-value")
        .stdout(writer)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut answer = String::new();
    // It answers only after it has said where it runs.
    while answer.is_empty() && host.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(20));
        if let Ok(mut stream) = TcpStream::connect(free) {
            stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
            stream.read_to_string(&mut answer).unwrap_or_default();
        }
    }
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer:?}, {:?}", host.try_wait());
    host.kill().unwrap();
    host.wait().unwrap();
}

#[test]
fn help_has_examples() {
    for command in [
        "demo",
        "run",
        "check",
        "inspect",
        "sandbox",
        "events",
        "retry",
        "discard",
        "replay",
        "preview",
        "swap",
        "rollback",
        "resume",
        "reconcile",
        "findings",
        "decide",
        "backfill",
        "action",
        "push",
        "pull",
    ] {
        let output = transload(Path::new("."), &[command, "--help"]);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("Examples:"), "{command}: {text}");
    }
    assert_eq!(transload(Path::new("."), &["nonsense"]).status.code(), Some(2));
}
