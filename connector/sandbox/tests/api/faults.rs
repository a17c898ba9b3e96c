//! Every kind of fault, seen from a client and from the ledger.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use transload_sandbox::{Fault, FaultKind, REQUEST_BYTES_MAX, System};

use crate::support::{Fixture, at, unpaced};

const ORDER: &str = r#"{"Id":"o1","Client":"Maxima","Address":"2 Quay Lane"}"#;

async fn with_fault(kind: FaultKind) -> Fixture {
    let fixture = Fixture::start(unpaced()).await;
    let fault = Fault {
        system: System::TrackPod,
        method: Some("POST".into()),
        path: "/Order".into(),
        skip: 0,
        times: 1,
        kind,
    };
    fixture.control.add_fault(&fault).await.unwrap();
    fixture
}

/// How many orders there are, and the status and fault of each write.
async fn outcome(fixture: &Fixture) -> (usize, Vec<(Option<u16>, Option<String>)>) {
    let orders = fixture.control.snapshot().await.unwrap().track_pod.orders.len();
    let ledger = fixture.control.ledger(0).await.unwrap();
    (orders, ledger.entries.into_iter().map(|entry| (entry.status, entry.fault)).collect())
}

fn some(name: &str) -> Option<String> {
    Some(name.to_owned())
}

#[tokio::test]
async fn a_status_has_no_effect_and_may_say_when_to_come_back() {
    let fixture = with_fault(FaultKind::Status { status: 429, retry_after: Some(3) }).await;
    let answer = fixture.track_pod("POST", "/Order", ORDER).await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("3")));
    assert_eq!(at(&answer.json(), "Title"), "Too Many Requests");
    assert_eq!(outcome(&fixture).await, (0, vec![(Some(429), some("status"))]));
    assert_eq!(fixture.track_pod("POST", "/Order", ORDER).await.status, 201);
    assert!(fixture.control.faults().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_fault_in_ghl_has_ghl_s_shape_and_skips_as_told() {
    let (fixture, order) = Fixture::with_order().await;
    let kind = FaultKind::Status { status: 500, retry_after: None };
    let path = "/payments/orders/".to_owned();
    let fault = Fault { system: System::Ghl, method: None, path, skip: 1, times: 2, kind };
    fixture.control.add_fault(&fault).await.unwrap();
    let path = format!("/payments/orders/{order}?{}", fixture.location());
    let mut statuses = Vec::new();
    for _ in 0..4 {
        let answer = fixture.ghl("GET", &path, "").await;
        if answer.status == 500 {
            assert_eq!(at(&answer.json(), "statusCode"), "500");
        }
        statuses.push(answer.status);
    }
    assert_eq!(statuses, [200, 500, 500, 200]);
}

#[tokio::test]
async fn a_drop_before_the_effect_leaves_nothing() {
    let fixture = with_fault(FaultKind::DropBefore).await;
    assert!(fixture.try_track_pod("POST", "/Order", ORDER).await.is_err());
    assert_eq!(outcome(&fixture).await, (0, vec![(None, some("drop-before"))]));
}

#[tokio::test]
async fn a_drop_after_the_effect_leaves_the_effect() {
    let fixture = with_fault(FaultKind::DropAfter).await;
    assert!(fixture.try_track_pod("POST", "/Order", ORDER).await.is_err());
    assert_eq!(outcome(&fixture).await, (1, vec![(Some(201), some("drop-after"))]));
    assert_eq!(fixture.track_pod("GET", "/Order/Id/o1", "").await.status, 200);
}

#[tokio::test]
async fn a_delay_delays_the_answer_and_not_the_effect() {
    let fixture = with_fault(FaultKind::Delay { ms: 300 }).await;
    let started = Instant::now();
    let request = fixture.track_pod("POST", "/Order", ORDER);
    let look = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        outcome(&fixture).await
    };
    let (answer, seen) = tokio::join!(request, look);
    assert_eq!(answer.status, 201);
    assert!(started.elapsed() >= Duration::from_millis(300));
    assert_eq!(seen, (1, vec![(Some(201), some("delay"))]));
}

#[tokio::test]
async fn half_a_body_is_cut_in_the_middle() {
    let fixture = with_fault(FaultKind::HalfBody).await;
    let mut stream = TcpStream::connect(fixture.sandbox.address()).await.unwrap();
    let request = format!(
        "POST /track-pod/Order HTTP/1.1\r\nHost: sandbox\r\nX-API-KEY: {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{ORDER}",
        fixture.sandbox.options().track_pod_key,
        ORDER.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 201 Created"), "{head}");
    let whole = r#"{"Status":201,"Title":"Created","Detail":"Order was created successfully"}"#;
    assert!(head.contains(&format!("content-length: {}", whole.len())), "{head}");
    assert_eq!(body, &whole[..whole.len() / 2]);
    assert_eq!(outcome(&fixture).await, (1, vec![(Some(201), some("half-body"))]));
}

#[tokio::test]
async fn reads_meet_faults_and_stay_out_of_the_ledger() {
    let fixture = Fixture::start(unpaced()).await;
    for kind in [FaultKind::DropBefore, FaultKind::HalfBody] {
        let fault =
            Fault { system: System::TrackPod, method: None, path: String::new(), skip: 0, times: 1, kind };
        fixture.control.add_fault(&fault).await.unwrap();
        assert!(fixture.try_track_pod("GET", "/RejectReason", "").await.is_err());
    }
    assert!(fixture.control.ledger(0).await.unwrap().entries.is_empty());
    assert_eq!(fixture.track_pod("GET", "/RejectReason", "").await.status, 200);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let fixture = Fixture::start(unpaced()).await;
    let body = " ".repeat(REQUEST_BYTES_MAX + 1);
    // The refusal may come while the client still writes; then it sees a broken connection.
    if let Ok(answer) = fixture.try_track_pod("POST", "/Order", &body).await {
        assert_eq!(answer.status, 413);
    }
    assert!(fixture.control.ledger(0).await.unwrap().entries.is_empty());
}
