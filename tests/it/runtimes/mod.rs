//! The same component in runtimes other than the host: an order's story goes through the real connector there, against the
//! sandbox, and must end as it does on the host.
//!
//! Each runtime is an example in `examples/`, a small platform that serves `POST /hooks/API` and answers 2xx once all that
//! follows from a webhook is done.

mod composed;
mod node;
mod node_red;
mod python;
mod state;

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use transload_sandbox::{
    Control, Deliver, PlaceOrder, Sandbox, SandboxOptions, Schedule, Step, System, Tamper, Target,
};

use crate::fakes::bundled;
use crate::stage::Stage;
use crate::tools::root;

/// The connector whose story is told.
const CONNECTOR: &str = "ghl-track-pod";

/// How long a runtime may take to start, the compiling of the component included.
const STARTING: Duration = Duration::from_secs(120);

/// How long anything else may take to settle.
const PATIENCE: Duration = Duration::from_secs(60);

/// A sandbox and the component's file, for one runtime.
pub(crate) struct Stand {
    pub(crate) sandbox: Sandbox,
    pub(crate) control: Control,
    pub(crate) directory: TempDir,
}

impl Stand {
    pub(crate) async fn new() -> Stand {
        // A runtime that answers 5xx asks for the webhook once more.
        let options = SandboxOptions { pacing: false, webhook_attempts: 5, ..SandboxOptions::default() };
        let sandbox = Sandbox::start(options).await.unwrap();
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("connector.wasm"), component()).unwrap();
        Stand { control: sandbox.control(), sandbox, directory }
    }

    /// Where the component is.
    pub(crate) fn module(&self) -> PathBuf {
        self.directory.path().join("connector.wasm")
    }

    /// The connection's settings.
    pub(crate) fn settings(&self) -> Value {
        json!({"location_id": self.sandbox.options().ghl_location, "mode": "all"})
    }

    /// The configuration that the examples for Node and Python read.
    pub(crate) async fn config(&self) -> Value {
        let options = self.sandbox.options();
        json!({
            "listen": "127.0.0.1:0",
            "module": self.module(),
            "settings": self.settings(),
            "apis": {
                "ghl": {
                    "base_url": self.sandbox.ghl_url(),
                    "credential": options.ghl_token,
                    "scopes": scopes("ghl").await,
                    "webhook": {"public_keys": [self.sandbox.ghl_public_key_pem()]},
                },
                "track-pod": {
                    "base_url": self.sandbox.track_pod_url(),
                    "credential": options.track_pod_key,
                    "scopes": scopes("track-pod").await,
                    "webhook": {
                        "secrets": [self.sandbox.track_pod_secret()],
                        "signatures": [{"hmac-sha256": options.track_pod_signature_header}],
                    },
                },
            },
        })
    }

    /// Starts `command`, which prints `listening on URL`; answers it with the URL.
    pub(crate) fn start(&self, mut command: Command) -> (Process, String) {
        let mut child =
            command.current_dir(root()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let process = Process(child);
        let (urls, url) = mpsc::channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some((_, url)) = line.split_once("listening on ") {
                    let _ = urls.send(url.trim().to_owned());
                }
            }
        });
        (process, url.recv_timeout(STARTING).unwrap())
    }

    /// Tells the story through the runtime at `url`, and holds the end against the host's.
    pub(crate) async fn play(self, url: &str) {
        self.tell(url).await;
        self.sandbox.shutdown().await;
    }

    /// The same, and the stand stays.
    pub(crate) async fn tell(&self, url: &str) {
        for system in [System::Ghl, System::TrackPod] {
            let url = format!("{url}/hooks/{}", system.name());
            self.control.set_target(system, Some(&Target { url, events: Vec::new() })).await.unwrap();
        }
        let ended = story(&self.control, async || settled(&self.control).await).await;
        assert_eq!(ended, *on_the_host().await);
    }
}

/// A process that ends with its test.
pub(crate) struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn component() -> &'static [u8] {
    transload_bundle::find(CONNECTOR).unwrap().component
}

/// All scopes that the connector's manifest asks for.
pub(crate) async fn scopes(api: &str) -> BTreeSet<String> {
    let module = bundled(CONNECTOR).await;
    let api = module.description().apis.iter().find(|it| it.name == api).unwrap();
    api.endpoints.iter().map(|endpoint| endpoint.scope.clone()).collect()
}

async fn settled(control: &Control) {
    assert!(control.webhooks_settled(PATIENCE).await.unwrap());
}

/// An order is placed and delivered, with cash; a webhook comes twice. Answers what both vendors hold then, without what
/// differs from run to run.
async fn story(control: &Control, settle: impl AsyncFn()) -> Value {
    let placed = control.place_order(&PlaceOrder { order: None, webhook: true }).await.unwrap();
    settle().await;
    let webhooks = control.webhooks().await.unwrap();
    control.resend(webhooks.deliveries[0].id, 1, Tamper::None).await.unwrap();
    settle().await;
    for step in [Step::Schedule(Schedule::default()), Step::Start, Step::Deliver(Deliver::default())] {
        control.drive(&placed.id, &step).await.unwrap();
        settle().await;
    }
    state::of(&control.snapshot().await.unwrap())
}

/// How the story ends on the host.
async fn on_the_host() -> &'static Value {
    static ENDED: OnceCell<Value> = OnceCell::const_new();
    ENDED
        .get_or_init(async || {
            let stage = Stage::new().await;
            let ended = story(&stage.control, async || stage.settle().await).await;
            stage.end().await;
            ended
        })
        .await
}

#[tokio::test]
async fn on_the_host_the_story_ends_with_one_delivery_and_one_fulfilment() {
    let ended = on_the_host().await;
    let [order] = ended["ghl"]["orders"].as_array().unwrap().as_slice() else { panic!("{ended:#}") };
    assert_eq!(order["fulfillments"].as_array().unwrap().len(), 1, "{order:#}");
    assert_eq!(ended["track_pod"]["orders"].as_array().unwrap().len(), 1, "{ended:#}");
    let notes = ended["ghl"]["contacts"][0]["notes"].as_array().unwrap();
    assert_eq!(notes.len(), 2, "planned and delivered: {notes:#?}");
}
