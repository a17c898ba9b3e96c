//! The same by the program itself, against a sandbox that is a process of its own.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use transload_sandbox::{Control, History, Removal, Seed, SeededOrder};

use crate::program::{json, transload};

/// How long repairs may take. A first start compiles the connector.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process that does not outlive its test.
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn start(directory: &Path, arguments: &[&str]) -> (Running, BufReader<std::process::ChildStdout>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_transload"))
        .args(arguments)
        .current_dir(directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let said = BufReader::new(child.stdout.take().unwrap());
    (Running(child), said)
}

/// Compares the day; answers the run, and the findings as kind and subject.
fn reconcile(directory: &Path, more: &[&str]) -> (Value, Vec<(String, String)>) {
    let scope = ["reconcile", "shop", "--from", "2026-01-01", "--to", "2026-01-01", "--share", "1", "--json"];
    let output = transload(directory, &[scope.as_slice(), more].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let report = json(&output);
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    let mut findings: Vec<_> =
        findings.map(|finding| (text(finding, "kind"), text(finding, "subject"))).collect();
    findings.sort_unstable();
    (report, findings)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_compares_and_repairs_with_and_without_a_running_host() {
    let scratch = tempfile::tempdir().unwrap();
    let host = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let (_sandbox, mut said) = start(
        scratch.path(),
        &["sandbox", "--listen", "127.0.0.1:0", "--host", &host, "--write", "shop", "--json"],
    );
    let mut documents = serde_json::Deserializer::from_reader(&mut said).into_iter::<Value>();
    let control = Control::new(documents.next().unwrap().unwrap()["control"].as_str().unwrap());
    let seeded = control.seed(&Seed { days: 1, ..Seed::new(10, "2026-01-01") }).await.unwrap().orders;
    let shop = scratch.path().join("shop");
    assert_eq!(reconcile(&shop, &[]).1, [], "all is in order");

    let of = |history: History| seeded.iter().find(|order| order.history == history).unwrap();
    let planted =
        [("fulfillment-missing", of(History::Paid)), ("order-without-delivery", of(History::Planned))];
    control.set_fulfillments(&planted[0].1.id, &[]).await.unwrap();
    let removal = Removal { forget: true, webhook: false };
    control.delete_delivery(&planted[1].1.delivery, removal).await.unwrap();
    let told = |planted: &[(&str, &SeededOrder)]| -> Vec<(String, String)> {
        planted.iter().map(|(kind, order)| ((*kind).to_owned(), order.id.clone())).collect()
    };
    assert_eq!(reconcile(&shop, &[]).1, told(&planted));

    let (_host, mut said) = start(&shop, &["run"]);
    // It is read on while the host runs: one whose output nobody takes ends.
    let up = said.by_ref().lines().map(Result::unwrap).any(|line| line.contains("Webhooks go to"));
    assert!(up, "the host did not start");
    let (report, findings) = reconcile(&shop, &["--repair"]);
    assert_eq!((findings, &report["repairs"]["submitted"]), (told(&planted), &2.into()));
    let deadline = Instant::now() + PATIENCE;
    while !reconcile(&shop, &[]).1.is_empty() {
        assert!(Instant::now() < deadline, "the repairs do not help");
    }
    let (report, _) = reconcile(&shop, &["--repair"]);
    assert_eq!(report["repairs"]["submitted"], 0);
    let deliveries = control.snapshot().await.unwrap().track_pod.orders.len();
    assert_eq!(deliveries, seeded.len(), "each order has one delivery");
}
