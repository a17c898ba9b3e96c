//! Python runs the component (`examples/python`).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use transload_sandbox::{Outcome, PlaceOrder, System, Tamper, Target};

use super::{PATIENCE, Process, Stand};
use crate::tools::{python, root};

/// The configuration, with a place where the compiled module is kept from run to run.
async fn config(stand: &Stand) -> Value {
    let mut config = stand.config().await;
    config["cache"] = json!(root().join("target/python-modules"));
    config
}

/// Writes the configuration beside the module.
fn write(stand: &Stand, config: &Value) -> PathBuf {
    let path = stand.directory.path().join("config.example.json");
    std::fs::write(&path, config.to_string()).unwrap();
    path
}

/// Starts the example's platform with this configuration.
fn serve(stand: &Stand, python: &Path, config: &Value) -> (Process, String) {
    let mut command = Command::new(python);
    command.arg(root().join("examples/python/serve.py")).arg(write(stand, config));
    stand.start(command)
}

/// Runs the README's example with this configuration; answers what it printed.
async fn example(stand: &Stand, python: &Path, config: &Value) -> String {
    let readme = std::fs::read_to_string(root().join("examples/python/README.md")).unwrap();
    let (_, code) = readme.split_once("```python\n").unwrap();
    let (code, _) = code.split_once("```").unwrap();
    write(stand, config);
    let mut command = Command::new(python);
    command.args(["-c", code]).current_dir(stand.directory.path());
    command.env("PYTHONPATH", root().join("examples/python"));
    printed(command).await
}

/// Runs a command that succeeds, beside the sandbox, which has tasks of this thread.
async fn printed(mut command: Command) -> String {
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    printed
}

#[tokio::test]
async fn python_ends_an_orders_story_as_the_host_does() {
    let Some(python) = python() else { return };
    let stand = Stand::new().await;
    let (_platform, url) = serve(&stand, &python, &config(&stand).await);
    stand.play(&url).await;
}

#[tokio::test]
async fn python_works_on_many_orders_at_once_and_delivers_each_once() {
    const ORDERS: usize = 8;
    let Some(python) = python() else { return };
    let stand = Stand::new().await;
    let (_platform, url) = serve(&stand, &python, &config(&stand).await);
    for system in [System::Ghl, System::TrackPod] {
        let target = Target { url: format!("{url}/hooks/{}", system.name()), events: Vec::new() };
        stand.control.set_target(system, Some(&target)).await.unwrap();
    }
    for _ in 0..ORDERS {
        stand.control.place_order(&PlaceOrder { order: None, webhook: true }).await.unwrap();
    }
    assert!(stand.control.webhooks_settled(PATIENCE).await.unwrap());
    let webhooks = stand.control.webhooks().await.unwrap();
    assert!(webhooks.deliveries.iter().all(|it| it.outcome == Outcome::Delivered), "{webhooks:?}");
    let ledger = stand.control.ledger(0).await.unwrap();
    let made = ledger.entries.iter().filter(|it| it.system == System::TrackPod && it.method == "POST");
    let made: Vec<&str> = made.filter_map(|it| it.object.as_deref()).collect();
    assert_eq!((made.len(), made.iter().collect::<BTreeSet<_>>().len()), (ORDERS, ORDERS), "{made:?}");
    stand.sandbox.shutdown().await;
}

#[tokio::test]
async fn python_refuses_a_webhook_with_a_wrong_signature_and_writes_nothing() {
    let Some(python) = python() else { return };
    let stand = Stand::new().await;
    let (_platform, url) = serve(&stand, &python, &config(&stand).await);
    let target = Target { url: format!("{url}/hooks/ghl"), events: Vec::new() };
    stand.control.set_target(System::Ghl, Some(&target)).await.unwrap();
    stand.control.place_order(&PlaceOrder { order: None, webhook: true }).await.unwrap();
    assert!(stand.control.webhooks_settled(PATIENCE).await.unwrap());
    let placed = stand.control.webhooks().await.unwrap().deliveries[0].id;
    let writes = stand.control.ledger(0).await.unwrap().writes;
    for tamper in [Tamper::Body, Tamper::Signature, Tamper::Unsigned] {
        let [sent] = *stand.control.resend(placed, 1, tamper).await.unwrap() else { panic!("one is sent") };
        assert!(stand.control.webhooks_settled(PATIENCE).await.unwrap());
        let webhooks = stand.control.webhooks().await.unwrap();
        let webhook = webhooks.deliveries.iter().find(|it| it.id == sent).unwrap();
        assert_eq!(webhook.attempts.last().unwrap().status, Some(401), "{tamper:?}");
    }
    assert_eq!(stand.control.ledger(0).await.unwrap().writes, writes);
    stand.sandbox.shutdown().await;
}

#[tokio::test]
async fn the_readmes_example_delivers_an_order() {
    let Some(python) = python() else { return };
    let stand = Stand::new().await;
    stand.control.place_order(&PlaceOrder { order: None, webhook: false }).await.unwrap();
    let printed = example(&stand, &python, &config(&stand).await).await;
    for line in ["created order in track-pod 150.1", "noted note in ghl None", "due: 150.1 USD"] {
        assert!(printed.lines().any(|it| it == line), "{line} in {printed}");
    }
    assert_eq!(stand.control.snapshot().await.unwrap().track_pod.orders.len(), 1);
    stand.sandbox.shutdown().await;
}

#[tokio::test]
async fn python_denies_a_scope_that_is_not_granted_by_name_and_sends_nothing() {
    let Some(python) = python() else { return };
    let stand = Stand::new().await;
    stand.control.place_order(&PlaceOrder { order: None, webhook: false }).await.unwrap();
    let mut config = config(&stand).await;
    let scopes = config["apis"]["track-pod"]["scopes"].as_array_mut().unwrap();
    scopes.retain(|scope| scope != "orders.write");
    let printed = example(&stand, &python, &config).await;
    let line = r#"POST /Order is not granted; add "orders.write" to apis.track-pod.scopes"#;
    assert!(printed.contains("a person is needed:") && printed.contains(line), "{printed}");
    assert_eq!(stand.control.ledger(0).await.unwrap().writes, 0);
    stand.sandbox.shutdown().await;
}

#[tokio::test]
async fn the_python_packages_own_tests_pass() {
    let Some(python) = python() else { return };
    let mut command = Command::new(python);
    command.args(["-m", "unittest", "discover", "-t", ".", "-s", "tests"]);
    command.current_dir(root().join("examples/python"));
    printed(command).await;
}
