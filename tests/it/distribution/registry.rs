//! A real registry, in a process of its own.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use super::digest;
use crate::tools::program;

/// `right-password` as the registry keeps it: bcrypt of the lowest cost.
const RIGHT_PASSWORD: &str = "$2b$04$J67ry9UjuAf26fxDv2EbW.LOZo6pv0yd0oB1fGqHc195xJ3WHlCti";

/// How long the registry may take to answer.
const STARTING: Duration = Duration::from_secs(30);

/// A registry that ends with its test.
pub(super) struct Registry {
    child: Mutex<Child>,
    address: String,
    _directory: TempDir,
}

impl Registry {
    /// Starts one on a free port; with `login`, it lets in whoever has that. None if it is not installed.
    pub(super) fn start(login: Option<(&str, &str)>) -> Option<Registry> {
        let program = program("docker-registry")?;
        // What `put` asks with takes its cryptography from the process.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let directory = tempfile::tempdir().unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let auth = login.map_or(serde_json::Value::Null, |(username, password)| {
            assert_eq!(password, "right-password");
            let path = directory.path().join("htpasswd");
            std::fs::write(&path, format!("{username}:{RIGHT_PASSWORD}\n")).unwrap();
            json!({"htpasswd": {"realm": "test", "path": path}})
        });
        // JSON is YAML.
        let config = json!({
            "version": 0.1,
            "log": {"level": "error", "accesslog": {"disabled": true}},
            "storage": {"filesystem": {"rootdirectory": directory.path().join("data")}},
            "http": {"addr": address},
            "auth": auth,
        });
        let file = directory.path().join("config.yml");
        std::fs::write(&file, config.to_string()).unwrap();
        let child = Command::new(program)
            .arg("serve")
            .arg(file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let registry = Registry { child: Mutex::new(child), address, _directory: directory };
        let deadline = Instant::now() + STARTING;
        while registry.answers().is_none() {
            assert!(Instant::now() < deadline, "the registry does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(registry)
    }

    /// What it answers to whoever asks whether it is there.
    fn answers(&self) -> Option<String> {
        let mut tcp = TcpStream::connect(&self.address).ok()?;
        tcp.write_all(b"GET /v2/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").ok()?;
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).ok()?;
        (!answer.is_empty()).then_some(answer)
    }

    /// Its `HOST:PORT`.
    pub(super) fn address(&self) -> String {
        self.address.clone()
    }

    /// A source in it.
    pub(super) fn reference(&self, name: &str) -> String {
        format!("oci://{}/{name}", self.address)
    }

    /// Puts any bytes into it, as a module that other tools have pushed; answers the manifest's digest.
    pub(super) async fn put(&self, repository: &str, tag: &str, bytes: &[u8]) -> String {
        self.blob(repository, b"{}").await;
        self.blob(repository, bytes).await;
        let descriptor = |kind: &str, bytes: &[u8]| json!({"mediaType": kind, "digest": digest(bytes), "size": bytes.len()});
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": descriptor("application/vnd.wasm.config.v0+json", b"{}"),
            "layers": [descriptor("application/wasm", bytes)],
        });
        let body = manifest.to_string();
        let url = format!("http://{}/v2/{repository}/manifests/{tag}", self.address);
        let answer = reqwest::Client::new()
            .put(url)
            .header("content-type", "application/vnd.oci.image.manifest.v1+json")
            .body(body.clone())
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 201);
        digest(body.as_bytes())
    }

    async fn blob(&self, repository: &str, bytes: &[u8]) {
        let client = reqwest::Client::new();
        let url = format!("http://{}/v2/{repository}/blobs/uploads/", self.address);
        let begun = client.post(url).send().await.unwrap();
        let place = begun.headers()["location"].to_str().unwrap();
        let place = format!("{place}&digest={}", digest(bytes));
        let answer = client.put(place).body(bytes.to_vec()).send().await.unwrap();
        assert_eq!(answer.status(), 201);
    }

    /// Ends it.
    pub(super) fn stop(&self) {
        let mut child = self.child.lock().unwrap();
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.stop();
    }
}
