//! The example of a third connector: the program runs it by the path of its module, between the sandbox's GoHighLevel and a
//! fake of its vendor.

mod walkthrough;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use transload_sandbox::{Json, PlaceOrder, Sandbox, SandboxOptions, System, Target};
use transload_tests::labelry::{KEY, Labelry};

use crate::program::{answer, said};
use crate::stage::order;

/// How long anything may take to happen. A first start compiles the connector.
const PATIENCE: Duration = Duration::from_secs(60);

/// A sandbox, the vendor, and a program with the example's configuration.
pub(crate) struct Stand {
    directory: TempDir,
    pub(crate) sandbox: Sandbox,
    pub(crate) labelry: Labelry,
    host: Option<Child>,
}

/// `text` with `from` replaced by `to`. Panics if `from` is not in it.
pub(crate) fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is not in\n{text}");
    text.replacen(from, to, 1)
}

impl Stand {
    pub(crate) async fn new(change: impl Fn(String) -> String) -> Stand {
        let options = SandboxOptions { pacing: false, ..SandboxOptions::default() };
        let stand = Stand {
            directory: tempfile::tempdir().unwrap(),
            sandbox: Sandbox::start(options).await.unwrap(),
            labelry: Labelry::start().await.unwrap(),
            host: None,
        };
        stand.write("ghl.token", &stand.sandbox.options().ghl_token);
        stand.write("ghl.pem", stand.sandbox.ghl_public_key_pem());
        stand.write("labelry.key", KEY);
        stand.write("connector.wasm", transload_tests::GHL_LABELRY);
        stand.write("transload.toml", change(stand.config()));
        stand
    }

    /// The example's own, with the addresses of this machine.
    fn config(&self) -> String {
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/ghl-labelry/transload.toml");
        let mut config = std::fs::read_to_string(example).unwrap();
        let (ghl, labelry) = (self.sandbox.address(), self.labelry.address());
        for (from, to) in [
            ("../../target/wasm32-wasip2/guest/transload_ghl_labelry.wasm", "connector.wasm".to_owned()),
            ("127.0.0.1:8787", "127.0.0.1:0".to_owned()),
            ("ve9EPM428h8vShlRW1KT", self.sandbox.options().ghl_location.clone()),
            (
                "file:ghl.token\"",
                format!(
                    "file:ghl.token\"\nbase_url = \"{}\"\nallow_private = [\"{ghl}\"]\n\
                     webhook = {{ public_keys = [\"file:ghl.pem\"] }}",
                    self.sandbox.ghl_url()
                ),
            ),
            (
                "file:labelry.key\"",
                format!(
                    "file:labelry.key\"\nbase_url = \"http://{labelry}\"\nallow_private = [\"{labelry}\"]"
                ),
            ),
        ] {
            config = replaced(&config, from, &to);
        }
        config
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.directory.path().join(name), content).unwrap();
    }

    /// Starts the host, and has GoHighLevel's webhooks go to it.
    pub(crate) async fn start(&mut self) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_transload"))
            .arg("run")
            .current_dir(self.directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        self.host = Some(child);
        let url = lines.find(|line| line.ends_with("/hooks/shop/ghl")).unwrap();
        let target = Target { url: url.trim().to_owned(), events: Vec::new() };
        self.sandbox.control().set_target(System::Ghl, Some(&target)).await.unwrap();
        // The rest has to go somewhere, or the host could not write it.
        std::thread::spawn(move || lines.for_each(drop));
    }

    /// Places an order, and waits until its event stands as `state`; answers the order's id and the event.
    pub(crate) async fn place(&self, contact: &str, total: &str, state: &str) -> (String, Value) {
        let id = self.order(contact, total).await;
        let event = self.ends(&id, state).await;
        (id, event)
    }

    /// Places an order, and answers its id.
    pub(crate) async fn order(&self, contact: &str, total: &str) -> String {
        let order = Json::parse(&order(contact, "USD", total, &[("p1", "1", total)])).unwrap();
        let placed = PlaceOrder { order: Some(order), webhook: true };
        self.sandbox.control().place_order(&placed).await.unwrap().id
    }

    /// Waits until the last event of the order stands as `state`; answers the event.
    pub(crate) async fn ends(&self, id: &str, state: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let list = answer(self.directory.path(), &["events", "--subject", id], 0);
            let event = list["events"].as_array().unwrap().last().cloned().unwrap_or_default();
            if event["state"] == state {
                return event;
            }
            assert!(Instant::now() < deadline, "{list:#}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The bodies of the notes on a contact.
    pub(crate) async fn notes(&self, contact: &str) -> Vec<String> {
        let contacts = self.sandbox.control().snapshot().await.unwrap().ghl.contacts;
        let read = |json: &Json| serde_json::from_str::<Value>(&json.to_string()).unwrap();
        let found = contacts.iter().filter(|found| read(&found.contact)["id"] == contact);
        let notes = found.flat_map(|found| &found.notes);
        notes.map(|note| read(note)["body"].as_str().unwrap().to_owned()).collect()
    }
}

/// A test that fails must not leave its host behind.
impl Drop for Stand {
    fn drop(&mut self) {
        if let Some(mut host) = self.host.take() {
            let _ = host.kill();
            let _ = host.wait();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_order_has_one_label_and_one_note_though_the_answer_was_lost() {
    let mut stand = Stand::new(|config| config).await;
    let checked = said(stand.directory.path(), &["check"], 0);
    assert!(checked.contains("labels can be read"), "{checked}");
    stand.start().await;

    stand.labelry.lose_next_answer();
    let (id, event) = stand.place("c1", "12.5", "done").await;
    assert_eq!(event["failed_attempts"], 1);
    let labels = stand.labelry.labels();
    assert_eq!(labels.len(), 1, "{labels:?}");
    let label = &labels[0];
    assert_eq!((label.reference.as_str(), label.name.as_str()), (id.as_str(), "Ada Fuller"));
    assert_eq!(label.address, "7 Mill Lane, Bath, BA1 1AA, GB");
    let note = format!("Address label label-1: https://labelry.example/label-1\n[transload label {id}]");
    assert_eq!(stand.notes("c1").await, [note]);

    stand.place("c2", "9.99", "skipped").await;
    assert_eq!(stand.labelry.labels().len(), 1, "the rule of the settings leaves it out");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_the_permission_no_label_is_made_and_the_event_waits() {
    let withheld = |config: String| replaced(&config, r#", "labels.write""#, "");
    let mut stand = Stand::new(withheld).await;
    stand.start().await;
    let (_, event) = stand.place("c1", "12.5", "parked").await;
    let reason = event["reason"].as_str().unwrap();
    assert!(reason.contains("labels.write"), "{reason}");
    assert_eq!(stand.labelry.labels(), []);
    assert_eq!(stand.notes("c1").await, Vec::<String>::new());
}
