//! Node runs the component (`examples/node`).

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use transload_sandbox::{Outcome, PlaceOrder, System, Tamper, Target};

use super::{Process, Stand, settled};
use crate::guests::HOSTILE_GUEST;
use crate::tools::{self, root};

/// The program and a directory in which the examples for Node are installed as npm would do it. None if Node is not here.
pub(super) fn install(stand: &Stand) -> Option<(PathBuf, PathBuf)> {
    let (node, tools) = tools::node()?;
    let modules = stand.directory.path().join("node_modules");
    for (example, name) in [("node", "transload"), ("node-red", "node-red-contrib-transload")] {
        copy(&root().join("examples").join(example), &modules.join(name));
    }
    symlink(tools.join("node_modules/@bytecodealliance"), modules.join("@bytecodealliance")).unwrap();
    Some((node, modules))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match entry.file_name().to_str() {
            Some("node_modules") => {}
            _ if from.is_dir() => copy(&from, &to),
            _ => drop(std::fs::copy(from, to).unwrap()),
        }
    }
}

/// Starts the platform with `config`. What it logs goes to the file that is answered last.
fn serve(stand: &Stand, node: &Path, modules: &Path, config: &Value) -> (Process, String, PathBuf) {
    let (file, log) = (stand.directory.path().join("config.json"), stand.directory.path().join("log"));
    std::fs::write(&file, config.to_string()).unwrap();
    let mut command = Command::new("sh");
    // A cache of its own, and a file for what it logs, which the shell opens.
    command.env("HOME", stand.directory.path()).args(["-c", "exec \"$1\" \"$2\" \"$3\" 2> \"$4\"", "sh"]);
    command.args([node, &modules.join("transload/serve.mjs"), &file, &log]);
    let (process, url) = stand.start(command);
    (process, url, log)
}

#[tokio::test]
async fn node_runs_an_order_as_the_host_does() {
    let stand = Stand::new().await;
    let Some((node, modules)) = install(&stand) else { return };
    let mut config = stand.config().await;
    config["store"] = stand.directory.path().join("store.json").to_str().unwrap().into();
    let (_process, url, _) = serve(&stand, &node, &modules, &config);
    stand.play(&url).await;
}

/// Sends forged webhooks to the runtime at `url`, which must refuse them.
pub(super) async fn forge(stand: &Stand, url: &str) {
    let control = &stand.control;
    let target = Target { url: format!("{url}/hooks/ghl"), events: Vec::new() };
    control.set_target(System::Ghl, Some(&target)).await.unwrap();
    control.place_order(&PlaceOrder { order: None, webhook: true }).await.unwrap();
    settled(control).await;
    let before = control.ledger(0).await.unwrap().writes;
    assert!(before > 0, "the genuine webhook did something");
    let genuine = control.webhooks().await.unwrap().deliveries[0].id;
    for tamper in [Tamper::Body, Tamper::Signature, Tamper::Unsigned] {
        let ids = control.resend(genuine, 1, tamper).await.unwrap();
        settled(control).await;
        let webhooks = control.webhooks().await.unwrap();
        let forged = webhooks.deliveries.iter().find(|delivery| ids.contains(&delivery.id)).unwrap();
        assert_eq!(forged.outcome, Outcome::Failed, "{tamper:?}");
        assert!(forged.attempts.iter().all(|attempt| attempt.status == Some(401)), "{forged:?}");
    }
    assert_eq!(control.ledger(0).await.unwrap().writes, before);
}

/// Has an order placed at a runtime at `url` that may write no orders to Track-POD, and looks into its `log`.
pub(super) async fn withhold(stand: &Stand, url: &str, log: &Path) {
    let target = Target { url: format!("{url}/hooks/ghl"), events: Vec::new() };
    stand.control.set_target(System::Ghl, Some(&target)).await.unwrap();
    stand.control.place_order(&PlaceOrder { order: None, webhook: true }).await.unwrap();
    settled(&stand.control).await;
    let log = std::fs::read_to_string(log).unwrap();
    let line = r#"POST /Order is not granted; add "orders.write" to apis.track-pod.scopes"#;
    assert!(log.contains(line), "{log}");
    let ledger = stand.control.ledger(0).await.unwrap();
    assert!(ledger.entries.iter().all(|entry| entry.system != System::TrackPod), "{ledger:?}");
}

/// Runs the unit tests of an example that is installed.
pub(super) fn unit_tests(stand: &Stand, node: &Path, package: &Path) {
    let mut command = Command::new(node);
    let hostile = stand.directory.path().join("hostile.wasm");
    std::fs::write(&hostile, HOSTILE_GUEST).unwrap();
    command.env("HOME", stand.directory.path()).env("COMPONENT", stand.module()).env("HOSTILE", hostile);
    let output = command.args(["--test", "test/"]).current_dir(package).output().unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}");
    // A runner that finds no file would be content, and so would a test that finds no component.
    assert!(!report.contains("# pass 0") && report.contains("# skipped 0"), "{report}");
}

#[tokio::test]
async fn a_forged_webhook_does_nothing_in_node() {
    let stand = Stand::new().await;
    let Some((node, modules)) = install(&stand) else { return };
    let (_process, url, _) = serve(&stand, &node, &modules, &stand.config().await);
    forge(&stand, &url).await;
    stand.sandbox.shutdown().await;
}

#[tokio::test]
async fn what_is_not_granted_is_not_sent_from_node() {
    let stand = Stand::new().await;
    let Some((node, modules)) = install(&stand) else { return };
    let mut config = stand.config().await;
    let scopes = config["apis"]["track-pod"]["scopes"].as_array_mut().unwrap();
    scopes.retain(|scope| scope != "orders.write");
    let (_process, url, log) = serve(&stand, &node, &modules, &config);
    withhold(&stand, &url, &log).await;
    stand.sandbox.shutdown().await;
}

#[tokio::test]
async fn the_unit_tests_of_the_node_package_pass() {
    let stand = Stand::new().await;
    let Some((node, modules)) = install(&stand) else { return };
    unit_tests(&stand, &node, &modules.join("transload"));
    stand.sandbox.shutdown().await;
}
