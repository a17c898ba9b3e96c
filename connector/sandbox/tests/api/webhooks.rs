//! Webhooks: envelope, signature, retries, resends.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::pkcs8::DecodePublicKey as _;
use ed25519_dalek::{Signature, VerifyingKey};
use hmac::{Hmac, Mac as _};
use http::HeaderMap;
use http_body_util::{BodyExt as _, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use sha2::Sha256;
use tokio::net::TcpListener;
use transload_sandbox::{
    Deliver, GHL_SIGNATURE_HEADER, Json, Outcome, Pay, PlaceOrder, Schedule, Step, System, Tamper, Target,
};

use crate::support::{Fixture, at, number, unpaced};

pub type Received = Arc<Mutex<Vec<(HeaderMap, String)>>>;

/// A receiver that answers with these statuses one after another, then with 200.
async fn receiver(statuses: &'static [u16]) -> (String, Received) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    let received = Received::default();
    let seen = Arc::clone(&received);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let seen = Arc::clone(&seen);
            tokio::spawn(async move {
                let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                    let seen = Arc::clone(&seen);
                    async move {
                        let (head, body) = request.into_parts();
                        let body = body.collect().await?.to_bytes();
                        let mut seen = seen.lock().unwrap();
                        let status = statuses.get(seen.len()).copied().unwrap_or(200);
                        seen.push((head.headers, String::from_utf8(body.to_vec()).unwrap()));
                        let response = hyper::Response::builder().status(status);
                        Ok::<_, hyper::Error>(response.body(Full::new(bytes::Bytes::new())).unwrap())
                    }
                });
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
    (url, received)
}

pub async fn hooked(system: System, statuses: &'static [u16]) -> (Fixture, Received) {
    let options = transload_sandbox::SandboxOptions {
        webhook_attempts: 3,
        webhook_pause: Duration::from_millis(5),
        ..unpaced()
    };
    let fixture = Fixture::start(options).await;
    let (url, received) = receiver(statuses).await;
    fixture.control.set_target(system, Some(&Target { url, events: Vec::new() })).await.unwrap();
    (fixture, received)
}

pub async fn settled(fixture: &Fixture, received: &Received) -> Vec<(HeaderMap, String)> {
    assert!(fixture.control.webhooks_settled(Duration::from_secs(10)).await.unwrap());
    std::mem::take(&mut *received.lock().unwrap())
}

fn ghl_signature_holds(fixture: &Fixture, headers: &HeaderMap, body: &str) -> bool {
    let key = VerifyingKey::from_public_key_pem(&fixture.sandbox.ghl_public_key_pem()).unwrap();
    let Ok(bytes) = STANDARD.decode(&headers[GHL_SIGNATURE_HEADER]) else { return false };
    let Ok(signature) = Signature::from_slice(&bytes) else { return false };
    key.verify_strict(body.as_bytes(), &signature).is_ok()
}

fn track_pod_signature_holds(fixture: &Fixture, headers: &HeaderMap, body: &str) -> bool {
    let Some(signature) = headers.get(&fixture.sandbox.options().track_pod_signature_header) else {
        return false;
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(fixture.sandbox.track_pod_secret().as_bytes()).unwrap();
    mac.update(body.as_bytes());
    mac.verify_slice(&hex::decode(signature).unwrap()).is_ok()
}

#[tokio::test]
async fn ghl_sends_a_flat_signed_envelope() {
    let (fixture, received) = hooked(System::Ghl, &[]).await;
    let order = fixture.control.place_order(&PlaceOrder::default()).await.unwrap();
    let webhooks = settled(&fixture, &received).await;
    let [(headers, body)] = webhooks.as_slice() else { panic!("{} webhooks", webhooks.len()) };
    assert!(ghl_signature_holds(&fixture, headers, body));
    assert!(!ghl_signature_holds(&fixture, headers, &format!("{body} ")));
    assert!(headers.contains_key("deliveryid"));
    let json = Json::parse(body).unwrap();
    let location = fixture.sandbox.options().ghl_location.as_str();
    for (member, value) in [
        ("type", "OrderCreate"),
        ("locationId", location),
        ("altId", location),
        ("_id", &order.id),
        ("status", "pending"),
        ("amount", "150.1"),
        ("amountSummary.tax", "12.1"),
        ("items.1.price.amount", "121"),
        ("data", "-"),
    ] {
        assert_eq!(at(&json, member), value, "{member}");
    }
    assert!(at(&json, "timestamp").parse::<jiff::Timestamp>().is_ok());
    assert!(uuid::Uuid::parse_str(&at(&json, "webhookId")).is_ok());
}

#[tokio::test]
async fn only_a_full_payment_and_a_change_of_status_are_told() {
    let (fixture, received) = hooked(System::Ghl, &[]).await;
    let order = fixture.control.place_order(&PlaceOrder { order: None, webhook: false }).await.unwrap();
    fixture.control.pay(&order.id, &Pay { amount: Some(number("100")), status: None }).await.unwrap();
    assert!(settled(&fixture, &received).await.is_empty());
    fixture.control.pay(&order.id, &Pay::default()).await.unwrap();
    let webhooks = settled(&fixture, &received).await;
    let json = Json::parse(&webhooks[0].1).unwrap();
    assert_eq!((at(&json, "type"), at(&json, "status")), ("OrderStatusUpdate".into(), "completed".into()));
    let order = fixture.control.set_order_status(&order.id, "cancelled").await.unwrap();
    assert_eq!(at(&order, "status"), "cancelled");
    assert_eq!(settled(&fixture, &received).await.len(), 1);
}

#[tokio::test]
async fn track_pod_sends_metadata_and_an_order_without_what_was_delivered() {
    let (fixture, received) = hooked(System::TrackPod, &[]).await;
    fixture.delivery("o1").await;
    let created = settled(&fixture, &received).await;
    let change = r#"{"Id":"o1","Client":"Maxima","Address":"2 Quay Lane"}"#;
    fixture.track_pod("PUT", "/Order", change).await;
    let updated = settled(&fixture, &received).await;
    fixture.control.drive("o1", &Step::Schedule(Schedule::default())).await.unwrap();
    settled(&fixture, &received).await;
    fixture.control.drive("o1", &Step::Deliver(Deliver::default())).await.unwrap();
    let delivered = settled(&fixture, &received).await;
    for (webhooks, event) in
        [(created, "OrderCreated"), (updated, "OrderUpdated"), (delivered, "OrderStatusUpdated")]
    {
        let [(headers, body)] = webhooks.as_slice() else { panic!("{event}: {} webhooks", webhooks.len()) };
        assert!(track_pod_signature_holds(&fixture, headers, body));
        let json = Json::parse(body).unwrap();
        assert_eq!(at(&json, "Metadata.Event"), event);
        assert!(at(&json, "Metadata.Date").parse::<jiff::Timestamp>().is_ok());
        assert_eq!(at(&json, "Data.Id"), "o1");
        assert_eq!(at(&json, "Data.StatusId"), if event == "OrderStatusUpdated" { "3" } else { "-" });
        assert_eq!(at(&json, "Data.GoodsList.0.Quantity"), "2");
        assert_eq!(at(&json, "Data.GoodsList.0.QuantityFact"), "-");
        assert_eq!(at(&json, "Data.GoodsList.0.OrderLineId"), "-");
    }
}

#[tokio::test]
async fn a_deletion_is_told_with_what_is_left() {
    let (fixture, received) = hooked(System::TrackPod, &[]).await;
    fixture.delivery("o1").await;
    settled(&fixture, &received).await;
    fixture.track_pod("DELETE", "/Order/Id/o1", "").await;
    let webhooks = settled(&fixture, &received).await;
    let json = Json::parse(&webhooks[0].1).unwrap();
    assert_eq!(at(&json, "Metadata.Event"), "OrderDeleted");
    assert_eq!((at(&json, "Data.Number"), at(&json, "Data.COD")), ("N-o1".into(), "20.45".into()));
    assert_ne!(at(&json, "Data.DeletedDate"), "-");
    assert_eq!(at(&json, "Data.GoodsList"), "-");
}

#[tokio::test]
async fn a_refused_webhook_is_tried_again_with_the_same_bytes() {
    let (fixture, received) = hooked(System::Ghl, &[500, 429]).await;
    fixture.control.place_order(&PlaceOrder::default()).await.unwrap();
    let webhooks = settled(&fixture, &received).await;
    assert_eq!(webhooks.len(), 3);
    assert!(webhooks.iter().all(|(_, body)| *body == webhooks[0].1));
    let all = fixture.control.webhooks().await.unwrap();
    let statuses: Vec<_> = all.deliveries[0].attempts.iter().map(|attempt| attempt.status).collect();
    assert_eq!(statuses, [Some(500), Some(429), Some(200)]);
    assert_eq!(all.deliveries[0].outcome, Outcome::Delivered);
}

#[tokio::test]
async fn each_of_several_targets_gets_what_it_wants() {
    let (fixture, first) = hooked(System::Ghl, &[]).await;
    let (url, second) = receiver(&[]).await;
    let target = Target { url, events: vec!["OrderStatusUpdate".to_owned()] };
    fixture.control.add_target(System::Ghl, &target).await.unwrap();
    let order = fixture.control.place_order(&PlaceOrder::default()).await.unwrap();
    fixture.control.set_order_status(&order.id, "completed").await.unwrap();
    let (first, second) = (settled(&fixture, &first).await, settled(&fixture, &second).await);
    assert_eq!((first.len(), second.len()), (2, 1));
    assert_eq!(first[1].1, second[0].1);
}

#[tokio::test]
async fn a_webhook_that_nobody_takes_has_failed() {
    let (fixture, received) = hooked(System::Ghl, &[500, 500, 500, 200]).await;
    fixture.control.place_order(&PlaceOrder::default()).await.unwrap();
    assert_eq!(settled(&fixture, &received).await.len(), 3);
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let target = Target { url: format!("http://{closed}/"), events: vec!["OrderCreate".into()] };
    fixture.control.set_target(System::Ghl, Some(&target)).await.unwrap();
    fixture.control.place_order(&PlaceOrder::default()).await.unwrap();
    settled(&fixture, &received).await;
    let all = fixture.control.webhooks().await.unwrap();
    assert!(all.deliveries.iter().all(|delivery| delivery.outcome == Outcome::Failed));
    assert!(
        all.deliveries[1].attempts.iter().all(|attempt| attempt.status.is_none() && attempt.error.is_some())
    );
}

#[tokio::test]
async fn a_resend_repeats_or_breaks_a_webhook() {
    let (fixture, received) = hooked(System::Ghl, &[]).await;
    fixture.control.place_order(&PlaceOrder::default()).await.unwrap();
    let original = settled(&fixture, &received).await.remove(0);
    assert_eq!(fixture.control.resend(1, 3, Tamper::None).await.unwrap(), [2, 3, 4]);
    for (headers, body) in settled(&fixture, &received).await {
        assert_eq!(body, original.1);
        assert_eq!(headers[GHL_SIGNATURE_HEADER], original.0[GHL_SIGNATURE_HEADER]);
    }
    for tamper in [Tamper::Body, Tamper::Signature, Tamper::Unsigned] {
        fixture.control.resend(1, 1, tamper).await.unwrap();
        let (headers, body) = settled(&fixture, &received).await.remove(0);
        assert!(!ghl_signature_holds(&fixture, &headers, &body), "{tamper:?}");
        assert_eq!(body != original.1, tamper == Tamper::Body);
        assert_eq!(at(&Json::parse(&body).unwrap(), "type"), "OrderCreate");
        assert_eq!(headers[GHL_SIGNATURE_HEADER] == "N/A", tamper == Tamper::Unsigned);
    }
    assert!(fixture.control.resend(99, 1, Tamper::None).await.is_err());
    assert!(fixture.control.resend(1, transload_sandbox::RESEND_MAX + 1, Tamper::None).await.is_err());
}

#[tokio::test]
async fn a_broken_track_pod_webhook_does_not_verify() {
    let (fixture, received) = hooked(System::TrackPod, &[]).await;
    fixture.delivery("o1").await;
    settled(&fixture, &received).await;
    for tamper in [Tamper::Body, Tamper::Signature, Tamper::Unsigned] {
        fixture.control.resend(1, 1, tamper).await.unwrap();
        let (headers, body) = settled(&fixture, &received).await.remove(0);
        assert!(!track_pod_signature_holds(&fixture, &headers, &body), "{tamper:?}");
    }
}
