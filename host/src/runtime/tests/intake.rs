//! Deliveries, through the library and over HTTP.

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use hmac::{Hmac, Mac as _};
use http::HeaderMap;
use sha2::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::super::{BODY_BYTES_MAX, Clock, DeliveryOutcome, Happening, HostLimits};
use super::fake::{Fake, Reply, Setup, TOKEN, description, start, start_with};
use crate::contract::{DeliveryId, Failure, Signature, Webhook};

#[tokio::test(start_paused = true)]
async fn a_delivery_is_accepted_once() {
    let setup = start().await;
    let mut happenings = setup.host.observe();
    let accepted = setup.deliver("d-1", "").await;
    assert_eq!(accepted, DeliveryOutcome::Accepted { sequence: 1, id: "d-1".to_owned() });
    assert_eq!(setup.deliver("d-1", "").await, DeliveryOutcome::Duplicate { id: "d-1".to_owned() });
    let first = happenings.recv().await.unwrap();
    assert_eq!(first.connection, "shop");
    assert!(matches!(
        first.happening,
        Happening::DeliveryAccepted { sequence: 1, .. } | Happening::DeliveryRead { .. }
    ));
}

#[tokio::test(start_paused = true)]
async fn a_forged_delivery_is_refused_and_burns_no_id() {
    let setup = start().await;
    let mut headers = HeaderMap::new();
    headers.insert("x-id", "d-1".parse().unwrap());
    headers.insert("x-token", "guess".parse().unwrap());
    let outcome = setup.host.deliver("shop", "ghl", &headers, Bytes::new()).await;
    assert!(matches!(outcome, DeliveryOutcome::Refused { .. }), "{outcome:?}");
    assert!(matches!(setup.deliver("d-1", "").await, DeliveryOutcome::Accepted { .. }));
}

#[tokio::test(start_paused = true)]
async fn the_token_is_not_stored() {
    let setup = start().await;
    setup.deliver("d-1", "").await;
    let stored = setup.storage.delivery(1).await.unwrap().unwrap();
    let names: Vec<&str> = stored.delivery.headers.iter().map(|header| header.name.as_str()).collect();
    assert_eq!(names, ["x-id"]);
}

#[tokio::test(start_paused = true)]
async fn bodies_are_bounded() {
    let setup = start().await;
    let body = "x".repeat(BODY_BYTES_MAX);
    assert!(matches!(setup.deliver("d-1", &body).await, DeliveryOutcome::Accepted { .. }));
    let body = "x".repeat(BODY_BYTES_MAX + 1);
    assert_eq!(setup.deliver("d-2", &body).await, DeliveryOutcome::TooLarge);
}

#[tokio::test(start_paused = true)]
async fn a_paused_connection_takes_deliveries_in_up_to_its_limit() {
    let limits = HostLimits { deliveries_waiting: 3, ..Default::default() };
    let setup = start_with(Fake::default(), limits, tempfile::TempDir::new().unwrap()).await;
    setup.fake.script("a", &[Reply::Fail(Failure::NeedsAttention("bad key".to_owned()))]);
    setup.submit("a", "order-1").await;
    setup.settle().await;
    for id in ["d-1", "d-2", "d-3"] {
        assert!(matches!(setup.deliver(id, "").await, DeliveryOutcome::Accepted { .. }));
    }
    assert!(matches!(setup.deliver("d-4", "").await, DeliveryOutcome::Busy { .. }));
    setup.host.resume("shop").unwrap();
    setup.settle().await;
    assert!(matches!(setup.deliver("d-4", "").await, DeliveryOutcome::Accepted { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_stopping_host_takes_nothing_in() {
    let setup = start().await;
    setup.host.shutdown().await;
    assert!(matches!(setup.deliver("d-1", "").await, DeliveryOutcome::Busy { .. }));
    assert!(setup.host.poll_now("shop", "transactions").await.is_err(), "nothing starts after the stop");
}

/// A secret of a sender of Standard Webhooks, and the key in it.
const STANDARD: (&str, &[u8]) = ("whsec_dGhlIHNlY3JldCBvZiAyNCBieXRlcy4u", b"the secret of 24 bytes..");

/// A host whose vendor sends Standard Webhooks.
async fn standard() -> Setup {
    let mut description = description();
    description.apis[0].webhook = Some(Webhook {
        signatures: vec![Signature::StandardWebhooks],
        public_keys: Vec::new(),
        delivery_id: DeliveryId::Header("webhook-id".to_owned()),
    });
    let fake = Fake { description: description.into(), secret: Some(STANDARD.0), ..Fake::default() };
    start_with(fake, HostLimits::default(), tempfile::TempDir::new().unwrap()).await
}

/// Deliver a body that was signed so many seconds from now.
async fn deliver_signed(setup: &Setup, id: &str, after: i64, body: &'static str) -> DeliveryOutcome {
    let now = i64::try_from(Clock::system().now() / 1_000).unwrap();
    let timestamp = (now + after).to_string();
    let mac = Hmac::<Sha256>::new_from_slice(STANDARD.1).unwrap();
    let mac = mac.chain_update(format!("{id}.{timestamp}.{body}")).finalize().into_bytes();
    let tag = format!("v1,{}", base64::engine::general_purpose::STANDARD.encode(mac));
    let pairs =
        [("webhook-id", id), ("webhook-timestamp", timestamp.as_str()), ("webhook-signature", tag.as_str())];
    let headers: HeaderMap =
        pairs.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
    setup.host.deliver("shop", "ghl", &headers, Bytes::from_static(body.as_bytes())).await
}

#[tokio::test(start_paused = true)]
async fn a_standard_webhook_is_told_by_its_id_and_refused_when_it_is_old() {
    let setup = standard().await;
    let accepted = DeliveryOutcome::Accepted { sequence: 1, id: "msg_1".to_owned() };
    assert_eq!(deliver_signed(&setup, "msg_1", 0, "e1 order-1").await, accepted);
    // The sender's next attempt has another time and another signature, and is the same all the same.
    let known = DeliveryOutcome::Duplicate { id: "msg_1".to_owned() };
    assert_eq!(deliver_signed(&setup, "msg_1", 60, "e1 order-1").await, known);
    for (after, what) in [(-400, "seconds ago"), (400, "seconds from now")] {
        let DeliveryOutcome::Refused { reason } = deliver_signed(&setup, "msg_2", after, "e2 order-1").await
        else {
            panic!("{after} s")
        };
        assert!(reason.contains(what), "{reason}");
    }
    setup.settle().await;
    assert_eq!(setup.fake.ids(), ["e1"]);
}

/// A server of the host, its address, and what ends it.
async fn serving(setup: &Setup) -> (tokio::task::JoinHandle<()>, SocketAddr, oneshot::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let host = setup.host.clone();
    let server = tokio::spawn(async move { host.serve(listener, async { drop(stopped.await) }).await });
    (server, address, stop)
}

/// Send one request to the host's routes and answer the status line, headers and body. The connection is the sender's to
/// end, or the host's.
async fn exchange(setup: &Setup, request: &[u8]) -> String {
    let (_server, address, _stop) = serving(setup).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    tokio::time::timeout(Duration::from_mins(1), stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    String::from_utf8(answer).unwrap()
}

fn hook(path: &str, token: &str, length: usize, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-token: {token}\r\nx-id: d-1\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

async fn status(setup: &Setup, request: &[u8]) -> u16 {
    exchange(setup, request).await.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn the_routes_answer_with_the_documented_statuses() {
    let setup = start().await;
    assert_eq!(status(&setup, &hook("/hooks/shop/ghl", TOKEN, 2, "{}")).await, 200);
    assert_eq!(status(&setup, &hook("/hooks/shop/ghl", TOKEN, 2, "{}")).await, 200);
    assert_eq!(status(&setup, &hook("/hooks/shop/ghl", "guess", 2, "{}")).await, 401);
    assert_eq!(status(&setup, &hook("/hooks/depot/ghl", TOKEN, 2, "{}")).await, 404);
    assert_eq!(status(&setup, &hook("/hooks/shop/track-pod", TOKEN, 2, "{}")).await, 404);
    let health = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    assert_eq!(status(&setup, health).await, 200);
    let get = b"GET /hooks/shop/ghl HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    assert_eq!(status(&setup, get).await, 405);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_by_the_route() {
    let setup = start().await;
    let body = "x".repeat(BODY_BYTES_MAX + 1);
    assert_eq!(status(&setup, &hook("/hooks/shop/ghl", TOKEN, body.len(), &body)).await, 413);
}

#[tokio::test]
async fn a_host_without_room_says_when_to_come_back() {
    let limits = HostLimits { deliveries_waiting: 0, ..Default::default() };
    let setup = start_with(Fake::default(), limits, tempfile::TempDir::new().unwrap()).await;
    let answer = exchange(&setup, &hook("/hooks/shop/ghl", TOKEN, 2, "{}")).await;
    assert!(answer.starts_with("HTTP/1.1 429"), "{answer}");
    assert!(answer.contains("retry-after: 30"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_body_for_nobody_is_not_waited_for() {
    let setup = start().await;
    for path in ["/hooks/depot/ghl", "/hooks/shop/track-pod"] {
        assert_eq!(status(&setup, &hook(path, TOKEN, 1_000, "")).await, 404, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_dawdles_is_cut_off() {
    let setup = start().await;
    assert_eq!(exchange(&setup, b"").await, "");
    assert_eq!(exchange(&setup, b"POST /hooks/shop/ghl HTTP/1.1\r\nhost: x\r\nx-tok").await, "");
    let idle = exchange(&setup, b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(idle.starts_with("HTTP/1.1 200"), "{idle}");
    assert_eq!(status(&setup, &hook("/hooks/shop/ghl", TOKEN, 2, "{")).await, 408);
}

#[tokio::test]
async fn a_server_that_stops_finishes_what_is_under_way() {
    let setup = start().await;
    let (server, address, stop) = serving(&setup).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = String::from_utf8(hook("/hooks/shop/ghl", TOKEN, 2, "")).unwrap();
    let head = head.replace("host: x", "host: x\r\nexpect: 100-continue");
    stream.write_all(head.as_bytes()).await.unwrap();
    // The interim answer tells that the request is being handled.
    let mut interim = [0; 12];
    stream.read_exact(&mut interim).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100");
    stop.send(()).unwrap();
    stream.write_all(b"{}").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("HTTP/1.1 200"), "{answer}");
    server.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stops_does_not_wait_for_a_sender_that_dawdles() {
    let setup = start().await;
    let (server, address, stop) = serving(&setup).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"POST /hooks/shop").await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    stop.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(20), server).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_head_has_a_limit() {
    let setup = start().await;
    let (_server, address, _stop) = serving(&setup).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-long: ").await.unwrap();
    // Four times the limit, without an end. Either side may be the first to notice that the other is gone.
    let refused = async {
        let _ = stream.write_all(&vec![b'x'; 256 << 10]).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
    };
    tokio::time::timeout(Duration::from_secs(10), refused).await.unwrap();
}
