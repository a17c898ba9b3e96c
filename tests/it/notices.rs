//! What the host tells the outside: the real program, a receiver on this machine, and a kill in between.

use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::routing::post;
use axum::{Router, body::Bytes};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, Mac as _};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;

use crate::operate::Station;

/// A receiver that checks signatures by the specification, and answers as it is told.
#[derive(Default)]
struct Receiver {
    key: Vec<u8>,
    /// What it answers; 0 stands for 204.
    status: AtomicU16,
    /// `webhook-id`, answer and body of all that came.
    came: Mutex<Vec<(String, u16, Value)>>,
}

async fn take(State(receiver): State<Arc<Receiver>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let (id, time) = (header("webhook-id"), header("webhook-timestamp"));
    let mut mac = Hmac::<Sha256>::new_from_slice(&receiver.key).unwrap();
    mac.update(&[id.as_bytes(), b".", time.as_bytes(), b".", &body].concat());
    let genuine = header("webhook-signature") == format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()));
    let status = match receiver.status.load(Ordering::SeqCst) {
        _ if !genuine => 401,
        0 => 204,
        status => status,
    };
    receiver.came.lock().unwrap().push((id, status, serde_json::from_slice(&body).unwrap()));
    StatusCode::from_u16(status).unwrap()
}

impl Receiver {
    /// The ids of what it took of a type.
    fn took(&self, topic: &str) -> Vec<String> {
        let came = self.came.lock().unwrap();
        let taken = came.iter().filter(|(_, status, body)| *status == 204 && body["type"] == topic);
        taken.map(|(id, ..)| id.clone()).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_happens_is_told_once_however_the_host_and_the_receiver_fail() {
    let mut station = Station::new("bundled:ghl-track-pod").await;
    let secret = station.said(&["receivers", "secret"], 0);
    let key = BASE64.decode(secret.trim().strip_prefix("whsec_").unwrap()).unwrap();
    let receiver = Arc::new(Receiver { key, ..Receiver::default() });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/in", post(take)).with_state(Arc::clone(&receiver));
    tokio::spawn(async { axum::serve(listener, router).await });
    station.write("ops.secret", &secret);
    let config = std::fs::read_to_string(station.path("transload.toml")).unwrap();
    let told = format!(
        "[[receivers]]\nname = \"ops\"\nurl = \"http://{address}/in\"\nallow_private = [\"{address}\"]\n\
         secret = \"file:ops.secret\"\nrules = [{{ types = [\"order.handled\"], connections = [\"shop\"] }}]\n"
    );
    station.write("transload.toml", format!("{config}\n{told}"));

    let check = station.json(&["check"], 0);
    assert_eq!((&check["receivers"][0]["name"], &check["receivers"][0]["ok"]), (&json!("ops"), &json!(true)));
    assert_eq!(receiver.came.lock().unwrap().len(), 0, "a check sends nothing");
    let test = station.json(&["receivers", "test", "ops"], 0);
    assert_eq!((&test["ok"], &test["status"]), (&json!(true), &json!(204)));
    assert_eq!(receiver.took("test").len(), 1);

    station.start().await;
    station.place("c1", "done").await;
    station.awaited(&["outbox", "--state", "delivered"], |list| list["outbox"].get(0).cloned());
    let first = receiver.took("order.handled");
    assert_eq!(first.len(), 1);
    let notice = station.json(&["notices", "--type", "order.*"], 0)["notices"][0].clone();
    assert_eq!(notice["data"]["order"]["total"], json!({"amount": "20", "currency": "USD"}));
    let created = &notice["data"]["effects"][0];
    assert_eq!((&created["verb"], &created["system"]), (&json!("created"), &json!("track-pod")));

    receiver.status.store(503, Ordering::SeqCst);
    assert_eq!(station.json(&["receivers", "test", "ops"], 1)["status"], json!(503));
    station.place("c2", "done").await;
    let waiting = station.awaited(&["outbox", "--state", "waiting"], |list| {
        list["outbox"].get(0).filter(|posting| posting["status"] == 503).cloned()
    });
    station.kill();
    receiver.status.store(0, Ordering::SeqCst);
    station.start().await;
    let number = waiting["number"].to_string();
    station.awaited(&["outbox", "--receiver", "ops", "--state", "delivered"], |list| {
        let delivered = list["outbox"].as_array().unwrap().iter();
        delivered.into_iter().find(|posting| posting["number"] == waiting["number"]).cloned()
    });
    // The new host polls, and may have more to tell of the same orders; what it had to tell before, it tells once.
    let took = receiver.took("order.handled");
    for id in [first[0].as_str(), waiting["webhook_id"].as_str().unwrap()] {
        assert_eq!(took.iter().filter(|took| *took == id).count(), 1, "{id} in {took:?}");
    }
    let late = station.json(&["outbox", "retry", &number], 1);
    assert!(late["failed"][0]["error"].as_str().unwrap().contains("has ended"), "{late}");
}
