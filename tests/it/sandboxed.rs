//! The sandbox as a process of its own, and a host on what it writes: two connections that share GoHighLevel.

use std::collections::BTreeSet;
use std::io::{BufRead as _, Read as _};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::Value;
use transload_sandbox::{Control, PlaceOrder};

use crate::program::answer;
use crate::reconciling::program::start;

/// How long an order may take to both. A first start compiles the connectors.
const PATIENCE: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_sandbox_writes_is_in_order_and_serves_both_connectors() {
    let scratch = tempfile::tempdir().unwrap();
    let host = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let (_sandbox, mut said) = start(
        scratch.path(),
        &["sandbox", "--listen", "127.0.0.1:0", "--host", &host, "--write", "both", "--json"],
    );
    let mut documents = serde_json::Deserializer::from_reader(&mut said).into_iter::<Value>();
    let control = Control::new(documents.next().unwrap().unwrap()["control"].as_str().unwrap());
    let both = scratch.path().join("both");
    let check = answer(&both, &["check"], 0);
    assert_eq!((&check["ok"], &check["warnings"]), (&true.into(), &Value::Array(Vec::new())));
    let tried: BTreeSet<_> = check["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|probe| (probe["connection"].as_str().unwrap(), probe["api"].as_str().unwrap()))
        .collect();
    let all = [("rank", "ghl"), ("rank", "rankr"), ("shop", "ghl"), ("shop", "track-pod")];
    assert!(all.iter().all(|api| tried.contains(api)), "{tried:?}");

    let (_host, mut said) = start(&both, &["run"]);
    let up = said.by_ref().lines().map(Result::unwrap).any(|line| line.contains("Webhooks go to"));
    assert!(up, "the host did not start");
    let order = control.place_order(&PlaceOrder::default()).await.unwrap().id;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let snapshot = control.snapshot().await.unwrap();
        let deliveries = snapshot.track_pod.orders.iter().map(|delivery| delivery.get("Id"));
        let held = snapshot.rankr.orders.iter().map(|state| state.order.get("orderId"));
        let of_both: Vec<_> = deliveries.chain(held).flatten().filter_map(|id| id.as_str()).collect();
        if of_both == [order.as_str(), order.as_str()] {
            break;
        }
        assert!(Instant::now() < deadline, "{of_both:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
