//! `transload run` as a process of its own, which can be killed.

use std::fs::{File, OpenOptions};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use transload_sandbox::Sandbox;

/// How long a start may take: an unoptimised host compiles the connector in seconds, and keeps it for the next start.
const START_MAX: Duration = Duration::from_secs(60);

/// How long an orderly end may take.
const STOP_MAX: Duration = Duration::from_secs(30);

/// What the host says of itself, over all its lives.
pub(super) const LOG: &str = "host.log";

/// The database of all lives.
pub(super) const DATABASE: &str = "transload.sqlite";

/// A running host.
pub(super) struct Running {
    process: Child,
    address: SocketAddr,
}

impl Running {
    /// Start a host on the configuration in `directory`.
    pub(super) fn start(directory: &Path, address: SocketAddr) -> Running {
        let log = OpenOptions::new().create(true).append(true).open(directory.join(LOG)).unwrap();
        let process = Command::new(env!("CARGO_BIN_EXE_transload"))
            .arg("run")
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        Running { process, address }
    }

    /// Wait until it answers.
    pub(super) async fn up(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + START_MAX;
        while !healthy(self.address).await {
            if let Some(status) = self.process.try_wait().unwrap() {
                return Err(format!("the host did not start: {status}"));
            }
            if Instant::now() >= deadline {
                return Err(format!("the host did not answer within {START_MAX:?}"));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// `kill -9`, and wait until the system has taken everything back.
    pub(super) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Ask it to end, and wait until it has.
    pub(super) async fn stop(mut self) -> Result<(), String> {
        let pid = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let deadline = Instant::now() + STOP_MAX;
        loop {
            match self.process.try_wait().unwrap() {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(format!("the host ended with {status}")),
                None if Instant::now() >= deadline => {
                    return Err(format!("the host did not end within {STOP_MAX:?}"));
                }
                None => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A test that failed leaves no host behind; one that was ended already cannot be killed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn healthy(address: SocketAddr) -> bool {
    let ask = async {
        let mut tcp = TcpStream::connect(address).await?;
        tcp.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await?;
        let mut answer = Vec::new();
        tcp.read_to_end(&mut answer).await?;
        io::Result::Ok(answer)
    };
    let answer = tokio::time::timeout(Duration::from_secs(5), ask).await;
    matches!(answer, Ok(Ok(answer)) if answer.starts_with(b"HTTP/1.1 200"))
}

/// A free port that the system does not hand out by itself. Senders try the host's port while it is dead; were it one of
/// those, such a try could get the same port for its own end, connect to itself, and keep the next host from listening.
pub(super) async fn port() -> SocketAddr {
    loop {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, fastrand::u16(20_000..32_000)));
        if TcpListener::bind(address).await.is_ok() {
            return address;
        }
    }
}

/// Write a configuration against `sandbox`, and the credentials that it names, into `directory`.
pub(super) fn configure(directory: &Path, sandbox: &Sandbox, listen: SocketAddr, poll: &str) {
    let options = sandbox.options();
    let write = |name: &str, text: &str| std::fs::write(directory.join(name), text).unwrap();
    write("ghl.token", &options.ghl_token);
    write("ghl.pem", &sandbox.ghl_public_key_pem());
    write("track-pod.key", &options.track_pod_key);
    write("track-pod.secret", &sandbox.track_pod_secret());
    let address = sandbox.address();
    let config = format!(
        r#"[host]
listen = "{listen}"
database = "{DATABASE}"

[connections.shop]
module = "bundled:ghl-track-pod"
settings = {{ location_id = "{location}", mode = "all" }}
polls = {{ transactions = "{poll}" }}

[connections.shop.apis.ghl]
base_url = "{ghl}"
allow_private = ["{address}"]
credential = "file:ghl.token"
scopes = ["payments/orders.readonly", "payments/orders.write", "payments/transactions.readonly",
          "contacts.readonly", "contacts.write"]
webhook = {{ public_keys = ["file:ghl.pem"] }}

[connections.shop.apis.track-pod]
base_url = "{track_pod}"
allow_private = ["{address}"]
credential = "file:track-pod.key"
scopes = ["account.read", "orders.read", "orders.write"]

[connections.shop.apis.track-pod.webhook]
secret = "file:track-pod.secret"
signatures = [{{ kind = "hmac-sha256", header = "{header}" }}]
"#,
        location = options.ghl_location,
        ghl = sandbox.ghl_url(),
        track_pod = sandbox.track_pod_url(),
        header = options.track_pod_signature_header,
    );
    write("transload.toml", &config);
}

/// The end of what the hosts said, for a person who looks at a failure.
pub(super) fn last_words(directory: &Path) -> String {
    const BYTES: usize = 8_000;
    let mut text = Vec::new();
    if let Ok(mut file) = File::open(directory.join(LOG)) {
        let _ = io::Read::read_to_end(&mut file, &mut text);
    }
    String::from_utf8_lossy(&text[text.len().saturating_sub(BYTES)..]).into_owned()
}
