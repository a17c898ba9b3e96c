//! Node-RED runs the component (`examples/node-red`).

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use transload_sandbox::{PlaceOrder, System, Target};

use super::node::{forge, install, unit_tests, withhold};
use super::{PATIENCE, Process, Stand, scopes, settled};
use crate::tools;

/// Node-RED with the package installed, a flow, and where its log goes.
struct Red {
    _process: Process,
    /// What `/hooks/API` follows in the address of webhooks.
    url: String,
    log: PathBuf,
}

/// Starts Node-RED with `flow`; none if the tools are not installed.
async fn start(stand: &Stand, flow: Value, withheld: Option<&str>) -> Option<Red> {
    let (node, _) = install(stand)?;
    let program = tools::tool("node/node_modules/node-red/red.js")?;
    let directory = stand.directory.path();
    let write = |name: &str, value: &Value| std::fs::write(directory.join(name), value.to_string()).unwrap();
    let mut nodes = flow.as_array().unwrap().clone();
    for node in &mut nodes {
        // Node-RED takes a node without a place for a configuration node.
        node["x"] = 100.into();
        node["y"] = 100.into();
    }
    nodes.extend([json!({"id": "tab", "type": "tab", "label": "Orders"}), connector(stand, withheld).await]);
    write("flows.json", &Value::Array(nodes));
    write("flows_cred.json", &credentials(stand));
    let log = directory.join("log");
    std::fs::write(directory.join("settings.js"), settings(&log)).unwrap();
    let mut command = Command::new(node);
    command.env("HOME", directory).arg(program);
    command.arg("--userDir").arg(directory).arg("--settings").arg(directory.join("settings.js"));
    let (process, url) = stand.start(command);
    Some(Red { _process: process, url: format!("{url}/transload/shop"), log })
}

/// Credentials lie beside the flow in plain text, as Node-RED allows it, so that a test can write them.
fn settings(log: &Path) -> String {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let log = json!(log);
    format!(
        r#"const {{ appendFileSync }} = require('node:fs');
const handler = () => ({{ msg }}) => {{
  appendFileSync({log}, `${{msg?.message ?? msg}}\n`);
  if (String(msg).startsWith('Started flows')) process.stdout.write('listening on {url}\n');
}};
module.exports = {{
  flowFile: 'flows.json', credentialSecret: false, uiHost: '127.0.0.1', uiPort: {port}, disableEditor: true,
  telemetry: {{ enabled: false, updateNotification: false }}, externalModules: {{ autoInstall: false }},
  logging: {{ console: {{ level: 'off' }}, file: {{ level: 'debug', handler }} }},
}};
"#
    )
}

/// The configuration node, as the editor saves it.
async fn connector(stand: &Stand, withheld: Option<&str>) -> Value {
    let mut track_pod = scopes("track-pod").await;
    track_pod.retain(|scope| Some(scope.as_str()) != withheld);
    json!({
        "id": "connector",
        "type": "transload-connector",
        "module": stand.module(),
        "path": "shop",
        "settings": {"/location_id": stand.sandbox.options().ghl_location, "/mode": "all"},
        "apis": [
            {
                "name": "ghl",
                "base_url": stand.sandbox.ghl_url(),
                "public_key": stand.sandbox.ghl_public_key_pem(),
                "scopes": scopes("ghl").await,
            },
            {"name": "track-pod", "base_url": stand.sandbox.track_pod_url(), "scopes": track_pod},
        ],
    })
}

fn credentials(stand: &Stand) -> Value {
    let options = stand.sandbox.options();
    let (token, key) = (&options.ghl_token, &options.track_pod_key);
    let secret = stand.sandbox.track_pod_secret();
    json!({"connector": {"credential0": token, "credential1": key, "secret1": secret}})
}

/// Both triggers that have webhooks, into one node that handles, whose output goes to `next`.
fn handling(next: &[&str]) -> Vec<Value> {
    let trigger = |name: &str| {
        json!({
            "id": name, "type": "transload-trigger", "z": "tab", "connector": "connector", "trigger": name,
            "answer": "handled", "wires": [["handle"]],
        })
    };
    let handle = json!({
        "id": "handle", "type": "transload-handle", "z": "tab", "connector": "connector", "wires": [next],
    });
    vec![trigger("orders"), trigger("deliveries"), handle]
}

#[tokio::test]
async fn node_red_runs_an_order_as_the_host_does() {
    let stand = Stand::new().await;
    let Some(red) = start(&stand, Value::Array(handling(&[])), None).await else { return };
    stand.play(&red.url).await;
}

#[tokio::test]
async fn a_forged_webhook_does_nothing_in_node_red() {
    let stand = Stand::new().await;
    let Some(red) = start(&stand, Value::Array(handling(&[])), None).await else { return };
    forge(&stand, &red.url).await;
    stand.sandbox.shutdown().await;
}

#[tokio::test]
async fn what_is_not_granted_is_not_sent_from_node_red() {
    let stand = Stand::new().await;
    let flow = Value::Array(handling(&[]));
    let Some(red) = start(&stand, flow, Some("orders.write")).await else { return };
    withhold(&stand, &red.url, &red.log).await;
    stand.sandbox.shutdown().await;
}

#[tokio::test]
async fn an_action_answers_within_a_flow() {
    let stand = Stand::new().await;
    let answer = stand.directory.path().join("answer.json");
    let mut flow = handling(&["ask"]);
    flow.extend([
        json!({
            "id": "ask", "type": "function", "z": "tab", "wires": [["action"]],
            "func": "return { payload: { order_id: msg.topic } };", "outputs": 1,
        }),
        json!({
            "id": "action", "type": "transload-action", "z": "tab", "connector": "connector",
            "action": "order-status", "wires": [["file"]],
        }),
        json!({
            "id": "file", "type": "file", "z": "tab", "filename": answer, "filenameType": "str",
            "overwriteFile": "true", "wires": [[]],
        }),
    ]);
    let Some(red) = start(&stand, Value::Array(flow), None).await else { return };
    let target = Target { url: format!("{}/hooks/ghl", red.url), events: Vec::new() };
    stand.control.set_target(System::Ghl, Some(&target)).await.unwrap();
    let placed = stand.control.place_order(&PlaceOrder { order: None, webhook: true }).await.unwrap();
    settled(&stand.control).await;
    let answered = written(&answer).await;
    assert_eq!(answered["order"]["id"], json!(placed.id), "{answered:#}");
    stand.sandbox.shutdown().await;
}

/// The JSON in a file that the flow is about to write.
async fn written(path: &Path) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = std::fs::read(path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()) {
            return value;
        }
        assert!(Instant::now() < deadline, "{} is not written", path.display());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_unit_tests_of_the_node_red_package_pass() {
    let stand = Stand::new().await;
    let Some((node, modules)) = install(&stand) else { return };
    unit_tests(&stand, &node, &modules.join("node-red-contrib-transload"));
    stand.sandbox.shutdown().await;
}
