//! The operator's commands, on a host that runs and on its database alone: the real program against a sandbox.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use transload_sandbox::{
    Control, Fault, FaultKind, Json, PlaceOrder, Sandbox, SandboxOptions, System, Target,
};

use crate::program::{self, transload};
use crate::stage::order;

/// How long anything may take to happen. A first start compiles the connector.
const PATIENCE: Duration = Duration::from_secs(60);

/// A sandbox, a configuration for it, and perhaps a host that runs on that.
pub(crate) struct Station {
    directory: TempDir,
    sandbox: Sandbox,
    host: Option<Child>,
}

/// The bundled connector.
fn bundled() -> Vec<u8> {
    transload_bundle::find("ghl-track-pod").unwrap().component.to_vec()
}

/// The bundled connector with a remark at its end: another digest, the same behaviour.
pub(crate) fn remarked(remark: u8) -> Vec<u8> {
    // A custom section: its id 0, the length of what follows, the length of its name, the name, and its content.
    [bundled(), vec![0, 6, 4, b'n', b'o', b't', b'e', remark]].concat()
}

pub(crate) fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

impl Station {
    pub(crate) async fn new(module: &str) -> Station {
        let options = SandboxOptions { pacing: false, ..SandboxOptions::default() };
        let sandbox = Sandbox::start(options).await.unwrap();
        let directory = tempfile::tempdir().unwrap();
        let station = Station { directory, sandbox, host: None };
        let options = station.sandbox.options();
        station.write("ghl.token", &options.ghl_token);
        station.write("ghl.pem", station.sandbox.ghl_public_key_pem());
        station.write("track-pod.key", &options.track_pod_key);
        station.write("track-pod.secret", station.sandbox.track_pod_secret());
        let config = format!(
            concat!(
                include_str!("../../host/src/cli/sandbox/host.toml.in"),
                include_str!("../../host/src/cli/sandbox/shop.toml.in"),
            ),
            host = "127.0.0.1:0",
            poll = "1h",
            address = station.sandbox.address(),
            location = options.ghl_location,
            ghl = station.sandbox.ghl_url(),
            track_pod = station.sandbox.track_pod_url(),
            header = options.track_pod_signature_header,
        );
        station.write("transload.toml", config.replace("bundled:ghl-track-pod", module));
        station.write("other.wasm", remarked(1));
        station.write("courier.wasm", transload_tests::COURIER_NEXT_GUEST);
        station.write("broken.wasm", transload_tests::COURIER_BAD_GUEST);
        station
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    fn control(&self) -> Control {
        self.sandbox.control()
    }

    /// Starts a host, and has the sandbox's webhooks go to it.
    pub(crate) async fn start(&mut self) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_transload"))
            .arg("run")
            .current_dir(self.directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        self.host = Some(child);
        let mut hooks = 0;
        while hooks < 2 {
            let line = lines.next().unwrap().unwrap();
            let system = match line.rsplit_once('/') {
                Some((_, "ghl")) => System::Ghl,
                Some((_, "track-pod")) => System::TrackPod,
                _ => continue,
            };
            let target = Target { url: line.trim().to_owned(), events: Vec::new() };
            self.control().set_target(system, Some(&target)).await.unwrap();
            hooks += 1;
        }
        // The rest has to go somewhere, or the host could not write it.
        std::thread::spawn(move || lines.for_each(drop));
    }

    /// Ends the host as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        let mut host = self.host.take().unwrap();
        host.kill().unwrap();
        host.wait().unwrap();
    }

    /// Ends the host as an operator does.
    fn stop(&mut self) {
        let mut host = self.host.take().unwrap();
        let id = rustix::process::Pid::from_child(&host);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        assert!(host.wait().unwrap().success());
    }

    pub(crate) fn json(&self, arguments: &[&str], code: i32) -> Value {
        program::answer(self.directory.path(), arguments, code)
    }

    pub(crate) fn said(&self, arguments: &[&str], code: i32) -> String {
        program::said(self.directory.path(), arguments, code)
    }

    /// Places an order of this contact, and waits until its event stands as `state`; answers the event.
    pub(crate) async fn place(&self, contact: &str, state: &str) -> Value {
        let order = Json::parse(&order(contact, "USD", "20", &[("p1", "2", "10")])).unwrap();
        let id =
            self.control().place_order(&PlaceOrder { order: Some(order), webhook: true }).await.unwrap().id;
        self.awaited(&["events", "--subject", &id, "--state", state], |list| {
            list["events"].as_array().unwrap().last().cloned()
        })
    }

    /// Runs a command until its JSON has what is looked for.
    pub(crate) fn awaited(&self, arguments: &[&str], find: impl Fn(&Value) -> Option<Value>) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let list = self.json(arguments, 0);
            if let Some(found) = find(&list) {
                return found;
            }
            assert!(Instant::now() < deadline, "{arguments:?}: {list:#}\n{}", self.json(&["events"], 0));
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// A vendor's next answer to this request is a 400.
    async fn refuse(&self, method: &str, path: &str) {
        let kind = FaultKind::Status { status: 400, retry_after: None };
        let (method, path) = (Some(method.to_owned()), path.to_owned());
        let fault = Fault { system: System::TrackPod, method, path, skip: 0, times: 1, kind };
        self.control().add_fault(&fault).await.unwrap();
    }

    /// What the host's file says of where it answers.
    fn door(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.path("transload.sqlite.admin")).unwrap()).unwrap()
    }

    /// Asks the host itself, with this token.
    fn ask(&self, path: &str, token: &str) -> (String, Value) {
        let door = self.door();
        let mut tcp = TcpStream::connect(door["address"].as_str().unwrap()).unwrap();
        let head = "Host: localhost\r\nConnection: close";
        write!(tcp, "GET /admin/v1/{path} HTTP/1.1\r\n{head}\r\nAuthorization: Bearer {token}\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.lines().next().unwrap().to_owned(), serde_json::from_str(body).unwrap())
    }

    /// Digest of the module that the connection runs on.
    fn running_module(&self) -> String {
        let (status, body) = self.ask("connections", self.door()["token"].as_str().unwrap());
        assert_eq!(status, "HTTP/1.1 200 OK");
        body["connections"][0]["module"].as_str().unwrap().to_owned()
    }
}

/// A test that fails must not leave its host behind.
impl Drop for Station {
    fn drop(&mut self) {
        if let Some(mut host) = self.host.take() {
            let _ = host.kill();
            let _ = host.wait();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_dead_event_is_found_looked_at_and_retried() {
    let mut station = Station::new("bundled:ghl-track-pod").await;
    station.start().await;
    let done = station.place("c1", "done").await;
    station.refuse("POST", "/Order").await;
    let dead = station.place("c2", "dead").await;
    let number = dead["number"].to_string();

    let list = station.json(&["events", "--state", "dead", "--connection", "shop"], 0);
    assert_eq!(list["events"].as_array().unwrap().len(), 1, "{list:#}");
    assert_eq!((&dead["running"], &dead["failed_attempts"]), (&Value::Bool(false), &1.into()));
    let module = digest(&bundled());
    assert_eq!(dead["module"], module.as_str());
    let short = &module["sha256:".len()..][..12];
    assert!(!station.json(&["events", "--module", short], 0)["events"].as_array().unwrap().is_empty());
    let line = station.said(&["events", "--state", "dead"], 0);
    for part in [number.as_str(), "\tshop\t", "\tdead\t1\t", short, "400"] {
        assert!(line.contains(part), "{part:?} is missing in {line}");
    }
    assert_eq!(line.lines().count(), 1, "a pipe gets a line for each: {line}");
    let deliveries = station.json(&["events", "--deliveries", "--state", "done"], 0);
    assert!(deliveries["deliveries"].as_array().unwrap().len() >= 2, "{deliveries:#}");

    let detail = station.json(&["events", &number], 0);
    let steps = detail["attempts"][0]["trace"]["steps"].as_array().unwrap();
    let refused = steps.iter().find(|step| step["call"]["method"] == "POST").unwrap();
    assert_eq!(refused["call"]["reply"]["answer"]["response"]["status"], 400);
    assert_eq!(
        (&detail["writes"][0]["state"], &detail["writes"][0]["status"]),
        (&"refused".into(), &400.into())
    );
    let said = station.said(&["events", &number], 0);
    for part in [
        "Attempt 1",
        "POST https://api.track-pod.com/Order → 400",
        "→ rejected: POST /Order",
        "Writes on record",
        "refused 400",
    ] {
        assert!(said.contains(part), "{part:?} is missing in\n{said}");
    }
    assert!(!said.contains("\"Number\""), "bodies are shown with --full only:\n{said}");
    assert!(station.said(&["events", &number, "--full"], 0).contains("\"Number\""));
    for secret in ["pit-sandbox", "sandbox-track-pod-key"] {
        assert!(!station.json(&["events", &number], 0).to_string().contains(secret));
    }

    let replay = station.json(&["replay", &number], 0);
    assert_eq!((&replay["identical"], &replay["deterministic"]), (&true.into(), &true.into()), "{replay:#}");

    let retried = station.json(&["retry", &number], 0);
    assert_eq!(retried["decided"][0]["was"], "dead");
    let event = station.awaited(&["events", &number], |detail| {
        (detail["event"]["state"] == "done").then(|| detail["event"].clone())
    });
    assert_eq!(event["id"], dead["id"]);
    assert_eq!(station.control().snapshot().await.unwrap().track_pod.orders.len(), 2);

    let failed = station.json(&["discard", &number, "9999", "--reason", "late"], 1);
    assert_eq!(failed["failed"].as_array().unwrap().len(), 2, "{failed:#}");
    assert!(failed["failed"][0]["error"].as_str().unwrap().contains("ended already"), "{failed:#}");
    assert!(station.said(&["retry", "9999"], 1).contains("there is no event 9999"));
    assert!(station.said(&["events", "9999"], 1).contains("there is no event 9999"));
    assert_eq!(station.said(&["retry", "--state", "dead"], 0).trim(), "nothing is selected");
    assert_eq!(station.json(&["resume", "shop"], 0)["was_paused"], false);
    assert!(station.said(&["resume", "shoe"], 1).contains("there are: shop"));
    assert_ne!(done["number"], dead["number"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_a_host_the_file_alone_serves() {
    let mut station = Station::new("bundled:ghl-track-pod").await;
    station.start().await;
    for contact in ["c1", "c2"] {
        station.refuse("POST", "/Order").await;
        station.place(contact, "dead").await;
    }
    station.kill();
    assert!(station.path("transload.sqlite.admin").is_file(), "a killed host leaves its file behind");

    let list = station.json(&["events", "--state", "dead", "--database", "transload.sqlite"], 0);
    let dead: Vec<String> =
        list["events"].as_array().unwrap().iter().map(|event| event["number"].to_string()).collect();
    assert_eq!(dead.len(), 2, "{list:#}");
    assert_eq!(station.json(&["replay", &dead[0], "--database", "transload.sqlite"], 0)["identical"], true);
    assert!(station.said(&["resume", "shop"], 1).contains("no host is running"));
    let given_up = station.json(&["discard", &dead[1], "--reason", "by hand"], 0);
    assert_eq!(given_up["decided"][0]["state"], "discarded");
    assert_eq!(station.json(&["events", &dead[1]], 0)["event"]["reason"], "by hand");
    let said = station.said(&["retry", "--state", "dead", "--connection", "shop"], 0);
    assert!(said.contains("was dead and is received") && said.contains("when one is started"), "{said}");

    station.start().await;
    station
        .awaited(&["events", &dead[0]], |detail| (detail["event"]["state"] == "done").then(Value::default));
    assert_eq!(station.json(&["events", &dead[1]], 0)["event"]["state"], "discarded");
    station.stop();
    assert!(!station.path("transload.sqlite.admin").exists(), "a host that ends takes its file away");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_connection_is_swapped_and_rolled_back_while_it_runs() {
    let mut station = Station::new("bundled:ghl-track-pod").await;
    station.start().await;
    assert_eq!(station.place("c1", "done").await["module"], digest(&bundled()).as_str());

    let same = station.json(&["preview", "shop", "other.wasm", "--events", "5"], 0);
    assert!(same["events"].as_u64().unwrap() >= 1 && same["different"] == 0, "{same:#}");
    assert!(station.said(&["preview", "shop", "courier.wasm"], 0).contains("- effect"));
    assert!(station.said(&["preview", "shop", "broken.wasm"], 1).contains("broken"));
    assert!(station.json(&["preview", "shop", "broken.wasm"], 1)["broken"].as_u64().unwrap() >= 1);
    assert!(station.said(&["preview", "shoe", "other.wasm"], 2).contains("shop"));
    assert!(station.said(&["preview", "shop", "transload.toml"], 1).contains("not a WebAssembly component"));

    let refused = station.json(&["swap", "shop", "broken.wasm"], 1);
    assert!(refused["error"].as_str().unwrap().contains("module"), "{refused:#}");
    assert!(station.said(&["swap", "shoe", "other.wasm"], 1).contains("there are: shop"));
    let swap = station.json(&["swap", "shop", "other.wasm", "--reason", "a test"], 0);
    let other = digest(&remarked(1));
    assert_eq!((swap["module"].as_str(), swap["was"].as_str()), (Some(&*other), Some(&*digest(&bundled()))));
    assert!(station.said(&["swap", "shop", "other.wasm"], 0).contains("as before"));
    assert_eq!(station.running_module(), other);
    assert_eq!(station.place("c2", "done").await["module"], other.as_str());

    station.kill();
    station.start().await;
    assert_eq!(station.running_module(), other, "a restart keeps the module");

    let back = station.json(&["rollback", "shop"], 0);
    assert_eq!(back["module"].as_str(), Some(&*digest(&bundled())));
    assert_eq!(station.place("c3", "done").await["module"], digest(&bundled()).as_str());

    let token = station.door()["token"].as_str().unwrap().to_owned();
    let (_, history) = station.ask("connections/shop/activations", &token);
    let by: Vec<&str> =
        history["activations"].as_array().unwrap().iter().map(|it| it["by"].as_str().unwrap()).collect();
    assert_eq!(by, ["command", "command", "config"]);
    assert_eq!(history["activations"][1]["reason"], "a test");
    let (status, body) = station.ask("connections", "wrong");
    assert_eq!(status, "HTTP/1.1 401 Unauthorized");
    assert!(body["error"].is_string() && body["connections"].is_null());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_connection_is_swapped_and_rolled_back_on_the_file_alone() {
    let mut station = Station::new("bundled:ghl-track-pod").await;
    let said = station.said(&["swap", "shop", "other.wasm"], 2);
    assert!(said.contains("transload.sqlite"), "there is no database yet: {said}");
    assert!(!station.path("transload.sqlite").exists(), "and none was made");
    station.start().await;
    station.place("c1", "done").await;
    station.stop();

    let refused = station.json(&["swap", "shop", "broken.wasm"], 1);
    assert!(refused["error"].as_str().unwrap().contains("module"), "{refused:#}");
    assert!(
        station
            .said(&["swap", "shop", "other.wasm", "--database", "transload.sqlite"], 2)
            .contains("--config")
    );
    assert!(station.said(&["rollback", "shop"], 1).contains("has run on no other module"));
    let swap = station.json(&["swap", "shop", "other.wasm"], 0);
    let other = digest(&remarked(1));
    assert_eq!(swap["module"], other.as_str());
    assert_eq!(swap["preview"]["skipped"], 0);
    station.start().await;
    assert_eq!(station.running_module(), other);
    assert_eq!(station.place("c2", "done").await["module"], other.as_str());
    station.stop();
    assert_eq!(station.json(&["rollback", "shop"], 0)["module"], digest(&bundled()).as_str());
    station.start().await;
    assert_eq!(station.running_module(), digest(&bundled()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_module_that_is_a_file_is_swapped_when_the_file_changes() {
    let mut station = Station::new("connector.wasm").await;
    station.write("connector.wasm", bundled());
    station.start().await;
    assert_eq!(station.running_module(), digest(&bundled()));
    station.write("connector.wasm", "half a module");
    station.write("next.wasm", remarked(2));
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(station.running_module(), digest(&bundled()), "what cannot be used is left");
    std::fs::rename(station.path("next.wasm"), station.path("connector.wasm")).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while station.running_module() != digest(&remarked(2)) {
        assert!(Instant::now() < deadline, "the changed file is not taken up");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(station.path("transload-cache").is_dir());
    station.kill();
    station.start().await;
    assert_eq!(station.running_module(), digest(&remarked(2)));
}

#[test]
fn what_is_wrong_with_the_usage_is_said() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(
        directory.path().join("no.sqlite"),
        "this is no database, but long enough to be one".repeat(99),
    )
    .unwrap();
    let said = |arguments: &[&str], part: &str| {
        let output = transload(directory.path(), arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(part), "{arguments:?}: {part:?} is missing in {said}");
    };
    for command in [
        &["events"][..],
        &["replay", "1"],
        &["retry", "1"],
        &["discard", "1", "--reason", "x"],
        &["resume", "shop"],
        &["rollback", "shop"],
        &["preview", "shop", "bundled:ghl-track-pod"],
        &["swap", "shop", "bundled:ghl-track-pod"],
    ] {
        said(command, "transload.toml: cannot read it");
        said(&[command, &["--database", "no.sqlite"]].concat(), "is not a transload database");
        said(&[command, &["--database", "gone.sqlite"]].concat(), "cannot open gone.sqlite");
        said(&[command, &["--database", "a", "--config", "b"]].concat(), "cannot be used with");
    }
    said(&["events", "--state", "asleep"], "the states are received, waiting");
    said(&["events", "1", "--state", "dead"], "cannot be used with");
    said(&["retry"], "required");
    said(&["retry", "x"], "delivery:N");
    said(&["retry", "--state", "done"], "has ended for good");
    said(&["discard", "1"], "--reason");
    said(&["discard", "1", "--reason", &"x".repeat(1001)], "1001 bytes, more than 1000");
    said(&["preview", "shop", "x.wasm", "--events", "1001"], "1..=1000");
    assert!(!Path::new(&directory.path().join("gone.sqlite")).exists());
}
