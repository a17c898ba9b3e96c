//! The control API itself: information, refusals, reset, and the sandbox's start and stop.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use transload_sandbox::{
    CONNECTIONS_MAX, Control, ControlError, Fault, FaultKind, Json, PlaceOrder, Sandbox, SandboxError,
    SandboxOptions, System, Target,
};

use crate::support::{Fixture, at, unpaced};

fn status(error: ControlError) -> u16 {
    match error {
        ControlError::Refused { status, .. } => status,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn information_says_where_everything_is() {
    let (fixture, _) = Fixture::with_order().await;
    let info = fixture.control.info().await.unwrap();
    assert_eq!(info.ghl_url, fixture.sandbox.ghl_url());
    assert_eq!(info.track_pod_url, fixture.sandbox.track_pod_url());
    assert_eq!(info.ghl_public_key_pem, fixture.sandbox.ghl_public_key_pem());
    assert_eq!(info.track_pod_secret, fixture.sandbox.track_pod_secret());
    assert_eq!(info.track_pod_signature_header, "X-TrackPod-Signature");
    assert_eq!((info.counts.ghl_orders, info.counts.track_pod_orders), (1, 0));
}

#[tokio::test]
async fn an_order_of_one_s_own_keeps_its_members() {
    let fixture = Fixture::start(unpaced()).await;
    let order = r#"{"_id":"660ed43bfdf9fc05a0de7a40","amount":150.10,"altId":"elsewhere","createdAt":"2024-04-04T16:24:27.036Z"}"#;
    let order = PlaceOrder { order: Some(Json::parse(order).unwrap()), webhook: true };
    let placed = fixture.control.place_order(&order).await.unwrap();
    assert_eq!((placed.id.as_str(), placed.contact_id), ("660ed43bfdf9fc05a0de7a40", None));
    let state = fixture.control.snapshot().await.unwrap().ghl.orders.remove(0).order;
    for (member, value) in [
        ("amount", "150.10"),
        ("createdAt", "2024-04-04T16:24:27.036Z"),
        ("altId", &fixture.sandbox.options().ghl_location),
        ("status", "pending"),
    ] {
        assert_eq!(at(&state, member), value, "{member}");
    }
    assert_eq!(status(fixture.control.place_order(&order).await.unwrap_err()), 409);
    for bad in ["{}", r#"{"amount":"150.10"}"#] {
        let bad = PlaceOrder { order: Some(Json::parse(bad).unwrap()), webhook: true };
        assert_eq!(status(fixture.control.place_order(&bad).await.unwrap_err()), 409);
    }
}

#[tokio::test]
async fn senseless_calls_are_refused() {
    let (fixture, order) = Fixture::with_order().await;
    let control = &fixture.control;
    assert_eq!(status(control.pay("nothing", &Default::default()).await.unwrap_err()), 404);
    assert_eq!(status(control.refund("nothing", &Default::default()).await.unwrap_err()), 404);
    assert_eq!(status(control.drive("nothing", &transload_sandbox::Step::Load).await.unwrap_err()), 404);
    control.pay(&order, &Default::default()).await.unwrap();
    assert_eq!(status(control.pay(&order, &Default::default()).await.unwrap_err()), 409);
    for url in ["https://127.0.0.1/", "nowhere"] {
        let target = Target { url: url.to_owned(), events: Vec::new() };
        assert_eq!(status(control.set_target(System::Ghl, Some(&target)).await.unwrap_err()), 400, "{url}");
    }
    let base = fixture.sandbox.control_url();
    for (method, path, body, expected) in [
        ("GET", "/nothing", "", 404),
        ("POST", "/ghl/orders", r#"{"oder":{}}"#, 400),
        ("PUT", "/webhooks/nobody", r#"{"url":"http://127.0.0.1/"}"#, 404),
        ("POST", "/faults", r#"{"system":"ghl","kind":{"type":"explode"}}"#, 400),
        ("GET", "/ledger?after=x", "", 400),
    ] {
        let answer = fixture.send(method, &format!("{base}{path}"), &[], body).await.unwrap();
        assert_eq!(answer.status, expected, "{method} {path}: {}", answer.text);
        assert_ne!(at(&answer.json(), "error"), "-");
    }
}

#[tokio::test]
async fn contacts_are_set_member_by_member() {
    let (fixture, _) = Fixture::with_order().await;
    let members = Json::parse(r#"{"address1":"9 Mill Road","companyName":"Mill"}"#).unwrap();
    for id in ["Kq7mTz2VbN4xWc9RdLpE", "new"] {
        fixture.control.put_contact(id, members.as_object().unwrap()).await.unwrap();
        let shown = fixture.ghl("GET", &format!("/contacts/{id}"), "").await.json();
        assert_eq!(at(&shown, "contact.address1"), "9 Mill Road");
        assert_eq!(at(&shown, "contact.id"), id);
    }
    let shown = fixture.ghl("GET", "/contacts/Kq7mTz2VbN4xWc9RdLpE", "").await.json();
    assert_eq!(at(&shown, "contact.city"), "Portland");
}

#[tokio::test]
async fn a_reset_forgets_data_and_keeps_keys() {
    let (fixture, _) = Fixture::with_order().await;
    fixture.delivery("o1").await;
    let kind = FaultKind::DropBefore;
    let fault = Fault { system: System::Ghl, method: None, path: String::new(), skip: 0, times: 1, kind };
    fixture.control.add_fault(&fault).await.unwrap();
    let before = fixture.control.info().await.unwrap();
    fixture.control.reset().await.unwrap();
    let after = fixture.control.info().await.unwrap();
    assert_eq!(after.ghl_public_key_pem, before.ghl_public_key_pem);
    assert_eq!(
        (after.counts.ghl_orders, after.counts.track_pod_orders, after.counts.ledger_entries),
        (0, 0, 0)
    );
    assert!(fixture.control.faults().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_ledger_is_read_from_a_place_and_emptied() {
    let fixture = Fixture::start(unpaced()).await;
    for id in ["o1", "o2", "o3"] {
        fixture.delivery(id).await;
    }
    let rest = fixture.control.ledger(2).await.unwrap();
    assert_eq!(rest.entries.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [3]);
    assert_eq!(rest.entries[0].method, "POST");
    assert!(rest.entries[0].body.contains(r#""Id":"o3""#));
    assert!(rest.entries[0].headers.iter().all(|(name, _)| name != "x-api-key"));
    fixture.control.clear_ledger().await.unwrap();
    assert!(fixture.control.ledger(0).await.unwrap().entries.is_empty());
}

#[tokio::test]
async fn a_taken_address_and_a_bad_header_name_are_told() {
    let first = Sandbox::start(unpaced()).await.unwrap();
    let taken = Sandbox::start(SandboxOptions { listen: first.address(), ..unpaced() }).await;
    assert!(matches!(taken.unwrap_err(), SandboxError::Listen { .. }));
    let header = SandboxOptions { track_pod_signature_header: "X Signature".into(), ..unpaced() };
    assert!(matches!(Sandbox::start(header).await.unwrap_err(), SandboxError::Header(_)));
}

#[tokio::test]
async fn a_sandbox_that_was_shut_down_answers_no_more() {
    let sandbox = Sandbox::start(unpaced()).await.unwrap();
    let (address, control) = (sandbox.address(), sandbox.control());
    control.info().await.unwrap();
    sandbox.shutdown().await;
    assert!(matches!(control.info().await.unwrap_err(), ControlError::NoAnswer { .. }));
    assert!(TcpStream::connect(address).await.is_err());
    let again = Sandbox::start(SandboxOptions { listen: address, ..unpaced() }).await.unwrap();
    Control::new(&again.control_url()).info().await.unwrap();
}

#[tokio::test]
async fn a_connection_too_many_waits_for_another_to_close() {
    let sandbox = Sandbox::start(unpaced()).await.unwrap();
    let mut buffer = [0; 4_096];
    let mut open = Vec::new();
    for _ in 0..=CONNECTIONS_MAX {
        let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
        stream.write_all(b"GET /control/faults HTTP/1.1\r\nHost: sandbox\r\n\r\n").await.unwrap();
        open.push(stream);
    }
    let mut last = open.pop().unwrap();
    for stream in &mut open {
        assert_ne!(stream.read(&mut buffer).await.unwrap(), 0);
    }
    assert!(timeout(Duration::from_millis(100), last.read(&mut buffer)).await.is_err());
    open.pop();
    assert_ne!(timeout(Duration::from_secs(10), last.read(&mut buffer)).await.unwrap().unwrap(), 0);
}
