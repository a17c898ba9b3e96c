//! Notices as server-sent events.

use std::time::Duration;

use axum::body::Body;
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower_service::Service as _;

use super::super::STREAMS_MAX;
use super::fake::Setup;
use super::notices::{a_moment, handle, setup};
use crate::egress::Secret;

/// A stream's pieces, as far as they have come.
struct Stream(Body);

impl Stream {
    async fn open(setup: &Setup, query: &str, last: Option<u64>) -> Stream {
        let response = Stream::ask(setup, query, last).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        let mut stream = Stream(response.into_body());
        assert_eq!(stream.piece().await, "retry: 1000\n\n");
        stream
    }

    async fn ask(setup: &Setup, query: &str, last: Option<u64>) -> Response<Body> {
        let mut request = Request::builder()
            .uri(format!("/admin/v1/notices/stream{query}"))
            .header(header::AUTHORIZATION, "Bearer t");
        if let Some(last) = last {
            request = request.header("last-event-id", last.to_string());
        }
        let mut router = setup.host.admin_router(Secret::new("t"));
        router.call(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    /// The next piece; empty at the end.
    async fn piece(&mut self) -> String {
        let frame = self.0.frame().await.map(|frame| frame.unwrap().into_data().unwrap());
        String::from_utf8(frame.unwrap_or_default().to_vec()).unwrap()
    }

    /// The number and the topic of the next notice.
    async fn notice(&mut self) -> (u64, String) {
        loop {
            let piece = self.piece().await;
            if piece == ":\n\n" {
                continue;
            }
            let mut lines = piece.lines();
            let id = lines.next().unwrap().strip_prefix("id: ").unwrap().parse().unwrap();
            let topic = lines.next().unwrap().strip_prefix("event: ").unwrap().to_owned();
            let data: Value =
                serde_json::from_str(lines.next().unwrap().strip_prefix("data: ").unwrap()).unwrap();
            assert_eq!(data["type"], json!(topic));
            return (id, topic);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_goes_on_from_any_place_without_gap_or_double() {
    let (setup, _) = setup(Vec::new()).await;
    handle(&setup, "a").await;
    let mut live = Stream::open(&setup, "", None).await;
    let mut resumed = Stream::open(&setup, "", Some(1)).await;
    assert_eq!(resumed.notice().await, (2, "alert".to_owned()));
    handle(&setup, "b").await;
    for stream in [&mut live, &mut resumed] {
        assert_eq!(stream.notice().await, (3, "transaction.handled".to_owned()));
        assert_eq!(stream.notice().await, (4, "alert".to_owned()));
    }
    // A number of another database leads to what happens next.
    let mut stray = Stream::open(&setup, "", Some(999)).await;
    handle(&setup, "c").await;
    assert_eq!(stray.notice().await.0, 5);
    assert_eq!(live.notice().await.0, 5);
}

#[tokio::test(start_paused = true)]
async fn a_stream_shows_what_is_asked_for() {
    let (setup, _) = setup(Vec::new()).await;
    handle(&setup, "a").await;
    let mut urgent = Stream::open(&setup, "?severity=warning&after=0", None).await;
    let mut handled = Stream::open(&setup, "?type=*.handled&connection=shop&after=0", None).await;
    let mut elsewhere = Stream::open(&setup, "?connection=depot&after=0", None).await;
    assert_eq!(urgent.notice().await, (2, "alert".to_owned()));
    assert_eq!(handled.notice().await, (1, "transaction.handled".to_owned()));
    assert_eq!(elsewhere.piece().await, ":\n\n", "nothing but a heartbeat");
    for wrong in ["?severity=grave", "?kind=x", "?after=x"] {
        assert_eq!(Stream::ask(&setup, wrong, None).await.status(), StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test(start_paused = true)]
async fn streams_are_bounded_in_number_and_in_time_and_end_with_the_host() {
    let (setup, _) = setup(Vec::new()).await;
    let mut open = Vec::new();
    for _ in 0..STREAMS_MAX {
        open.push(Stream::open(&setup, "", None).await);
    }
    assert_eq!(Stream::ask(&setup, "", None).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    drop(open.pop());
    a_moment().await;
    let mut last = Stream::open(&setup, "", None).await;
    let started = tokio::time::Instant::now();
    while !last.piece().await.is_empty() {}
    assert!(started.elapsed() <= Duration::from_secs(9 * 60 + 15), "{:?}", started.elapsed());
    let mut until_stop = Stream::open(&setup, "", None).await;
    setup.host.shutdown().await;
    assert_eq!(until_stop.piece().await, "");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_does_not_read_is_let_go_and_may_come_back() {
    let (setup, _) = setup(Vec::new()).await;
    let mut slow = Stream::open(&setup, "", None).await;
    for number in 0..40 {
        handle(&setup, &number.to_string()).await;
    }
    // Eighty notices, of which sixty-four wait for the reader.
    tokio::time::sleep(Duration::from_mins(1)).await;
    let mut seen = 0;
    loop {
        let piece = slow.piece().await;
        if piece.is_empty() {
            break;
        }
        seen += usize::from(piece.starts_with("id: "));
    }
    assert!((1..80).contains(&seen), "{seen}");
    let mut again = Stream::open(&setup, "", Some(seen as u64)).await;
    assert_eq!(again.notice().await.0, seen as u64 + 1);
}
