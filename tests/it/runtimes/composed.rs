//! `wasmtime serve` and wasmCloud run what `transload compose` makes of the component.

mod platforms;

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use transload_sandbox::{PlaceOrder, System, Tamper};

use super::{PATIENCE, Process, Stand};
use crate::tools::root;

/// What the requests other than webhooks have to show.
const ADMIN_TOKEN: &str = "a token of the operator";

/// A connector that is composed and served, on a stand.
struct Served {
    stand: Stand,
    url: String,
    _process: Process,
}

/// How a runtime is started: the component, its configuration and the directory it may use; answers where it listens.
type Start = fn(&Stand, PathBuf, &Value) -> Option<(Process, String)>;

impl Served {
    /// None where the runtime is not installed.
    async fn new(start: Start, change: impl FnOnce(&mut Value)) -> Option<Served> {
        let stand = Stand::new().await;
        let mut config = configuration(&stand).await;
        change(&mut config);
        let component = compose(&stand);
        // It may take a minute to compile the component, and the sandbox answers meanwhile.
        let (process, url) = tokio::task::block_in_place(|| start(&stand, component, &config))?;
        Some(Served { stand, url, _process: process })
    }

    /// Posts with a token; answers the status, and the answer as it came.
    async fn post(&self, path: &str, token: &str) -> (u16, String) {
        let address = self.url.trim_start_matches("http://");
        let head = format!("POST {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\n");
        let request = format!("{head}content-length: 0\r\nconnection: close\r\n\r\n");
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
    }

    /// What a webhook was first answered.
    async fn status_of(&self, id: u64) -> u16 {
        let answered = async {
            loop {
                let webhooks = self.stand.control.webhooks().await.unwrap();
                let webhook = webhooks.deliveries.iter().find(|webhook| webhook.id == id).unwrap();
                if let Some(status) = webhook.attempts.first().and_then(|attempt| attempt.status) {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, answered).await.unwrap()
    }

    async fn deliveries(&self) -> usize {
        self.stand.control.snapshot().await.unwrap().track_pod.orders.len()
    }
}

/// `transload compose`, as a person runs it.
fn compose(stand: &Stand) -> PathBuf {
    let output = stand.directory.path().join("shop.wasm");
    let mut command = Command::new(env!("CARGO_BIN_EXE_transload"));
    let composed = command.arg("compose").arg(stand.module()).arg("-o").arg(&output).output().unwrap();
    assert!(composed.status.success(), "{}", String::from_utf8_lossy(&composed.stderr));
    output
}

/// The stand's configuration in the adapter's flat form.
async fn configuration(stand: &Stand) -> Value {
    let nested = stand.config().await;
    let listed = |value: &Value| -> String {
        let parts: Vec<&str> = value.as_array().unwrap().iter().map(|part| part.as_str().unwrap()).collect();
        parts.join(" ")
    };
    let mut flat = json!({"admin-token": ADMIN_TOKEN, "settings": nested["settings"]});
    for (name, api) in nested["apis"].as_object().unwrap() {
        let mut set = |key: &str, value: String| flat[format!("api.{name}.{key}")] = Value::String(value);
        let base_url = api["base_url"].as_str().unwrap();
        let place = base_url.split('/').nth(2).unwrap();
        set("base-url", base_url.to_owned());
        set("allow-private", place.to_owned());
        set("credential", api["credential"].as_str().unwrap().to_owned());
        set("scopes", listed(&api["scopes"]));
        if api["webhook"]["public_keys"].is_array() {
            set("public-keys", listed(&api["webhook"]["public_keys"]));
        }
        if let Some(header) = api["webhook"]["signatures"][0]["hmac-sha256"].as_str() {
            set("secrets", listed(&api["webhook"]["secrets"]));
            set("signatures", format!("hmac-sha256:{header}"));
        }
    }
    flat
}

async fn the_story_ends_as_on_the_host_and_strangers_are_refused(start: Start) {
    let Some(served) = Served::new(start, |_| {}).await else { return };
    let control = &served.stand.control;
    served.stand.tell(&served.url).await;
    let before = control.snapshot().await.unwrap();
    let told = control.webhooks().await.unwrap().deliveries;
    for tamper in [Tamper::Body, Tamper::Signature, Tamper::Unsigned] {
        let ids = control.resend(told[0].id, 1, tamper).await.unwrap();
        assert_eq!(served.status_of(ids[0]).await, 401, "{tamper:?}");
    }
    assert_eq!(served.post("/hooks/ghl", ADMIN_TOKEN).await.0, 401, "a token is no signature");
    assert_eq!(served.post("/poll/order-list", "another token").await.0, 401);
    assert_eq!(control.snapshot().await.unwrap(), before);
    assert_eq!(served.post("/poll/order-list", ADMIN_TOKEN).await.0, 200);
}

async fn what_is_not_granted_is_not_sent(start: Start) {
    let without = |config: &mut Value| config["api.track-pod.scopes"] = json!("account.read, orders.read");
    let Some(served) = Served::new(start, without).await else { return };
    served.stand.control.place_order(&PlaceOrder { order: None, webhook: false }).await.unwrap();
    let (status, answer) = served.post("/poll/order-list", ADMIN_TOKEN).await;
    assert_eq!(status, 503, "it waits for a person: {answer}");
    let ledger = served.stand.control.ledger(0).await.unwrap();
    let writes: Vec<_> = ledger.entries.iter().filter(|entry| entry.system == System::TrackPod).collect();
    assert!(writes.is_empty(), "{writes:#?}");
    assert_eq!(served.deliveries().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn wasmtime_ends_the_story_as_the_host_does_and_refuses_strangers() {
    the_story_ends_as_on_the_host_and_strangers_are_refused(platforms::wasmtime).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_wasmtime_a_call_without_its_scope_is_not_sent() {
    what_is_not_granted_is_not_sent(platforms::wasmtime).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wasmcloud_ends_the_story_as_the_host_does_and_refuses_strangers() {
    the_story_ends_as_on_the_host_and_strangers_are_refused(platforms::wasmcloud).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_wasmcloud_a_call_without_its_scope_is_not_sent() {
    what_is_not_granted_is_not_sent(platforms::wasmcloud).await;
}
