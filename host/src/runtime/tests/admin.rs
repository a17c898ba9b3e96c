//! The admin API, asked without a network.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower_service::Service as _;

use super::fake::{Fake, Reply, Setup, start};
use crate::contract::Failure;
use crate::egress::Secret;
use crate::runtime::admin::REASON_BYTES_MAX;
use crate::storage::{DeliveryFilter, Sequence};

const TOKEN: &str = "open-sesame";

async fn send(mut router: Router, request: Request<Body>) -> (StatusCode, Value) {
    let response = router.call(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

/// Asks with the right token.
async fn ask(setup: &Setup, method: &str, path: &str, body: impl Into<Body>) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(format!("/admin/v1/{path}"))
        .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
        .body(body.into())
        .unwrap();
    send(setup.host.admin_router(Secret::new(TOKEN)), request).await
}

async fn get(setup: &Setup, path: &str) -> (StatusCode, Value) {
    ask(setup, "GET", path, Body::empty()).await
}

/// A host with an event that is dead, and its number.
async fn with_a_dead_event() -> (Setup, Sequence) {
    let setup = start().await;
    setup.fake.script("bad", &[Reply::Fail(Failure::Rejected("no such product".to_owned()))]);
    setup.submit("bad", "o1").await;
    setup.settle().await;
    let number = setup.record("bad").await.sequence;
    (setup, number)
}

#[tokio::test]
async fn without_the_token_nothing_is_told() {
    let setup = start().await;
    for path in ["connections", "events", "nowhere"] {
        for token in
            ["", "Bearer ", "Bearer open-sesam", "Bearer open-sesame1", "open-sesame", "Basic open-sesame"]
        {
            let request =
                Request::builder().uri(format!("/admin/v1/{path}")).header(header::AUTHORIZATION, token);
            let router = setup.host.admin_router(Secret::new(TOKEN));
            let (status, body) = send(router, request.body(Body::empty()).unwrap()).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{path} with {token:?}");
            assert!(body["error"].as_str().unwrap().contains("token"), "{body}");
        }
        let request = Request::builder().uri(format!("/admin/v1/{path}")).body(Body::empty()).unwrap();
        let (status, _) = send(setup.host.admin_router(Secret::new(TOKEN)), request).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path} without any");
    }
    let request = Request::builder().uri("/admin/v1/connections").header(header::AUTHORIZATION, "Bearer ");
    let router = setup.host.admin_router(Secret::new(""));
    let (status, _) = send(router, request.body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "an empty token lets nobody in");
    assert_eq!(get(&setup, "connections").await.0, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_dead_event_is_shown_and_retried() {
    let (setup, number) = with_a_dead_event().await;
    let (status, list) = get(&setup, "events?connection=shop&state=dead&subject=o1&id=bad").await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(list["next"], Value::Null);
    let event = &list["events"][0];
    assert_eq!((&event["number"], &event["reason"]), (&json!(number), &json!("no such product")));
    assert_eq!((&event["running"], &event["module"]), (&json!(false), &json!("sha256:fake")));
    assert!(event["received_at"]["time"].as_str().unwrap().ends_with('Z'), "{event}");
    assert_eq!(get(&setup, "events?state=done").await.1["events"], json!([]));
    assert_eq!(get(&setup, &format!("events?before={number}")).await.1["events"], json!([]));
    assert_eq!(get(&setup, "events?limit=1").await.1["next"], json!(number));

    let (status, detail) = get(&setup, &format!("events/{number}")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(detail["attempts"][0]["outcome"], json!("rejected"));
    assert_eq!(
        detail["attempts"][0]["trace"]["outcome"],
        json!({"failure": {"Rejected": "no such product"}})
    );

    let (status, replay) = ask(&setup, "POST", &format!("events/{number}/replay"), Body::empty()).await;
    assert_eq!(status, StatusCode::OK, "{replay}");

    let (status, decision) = ask(&setup, "POST", &format!("events/{number}/retry"), Body::empty()).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(decision, json!({"work": {"event": number}, "was": "dead", "state": "received"}));
    setup.settle().await;
    assert_eq!(get(&setup, &format!("events/{number}")).await.1["event"]["state"], json!("done"));
    let (status, said) = ask(&setup, "POST", &format!("events/{number}/retry"), Body::empty()).await;
    assert_eq!(status, StatusCode::CONFLICT, "{said}");
}

#[tokio::test(start_paused = true)]
async fn what_is_discarded_keeps_the_reason() {
    let (setup, number) = with_a_dead_event().await;
    let path = format!("events/{number}/discard");
    let long = json!({ "reason": "x".repeat(REASON_BYTES_MAX + 1) }).to_string();
    assert_eq!(ask(&setup, "POST", &path, long).await.0, StatusCode::BAD_REQUEST);
    let huge = json!({ "reason": "x".repeat(9 << 10) }).to_string();
    assert_eq!(ask(&setup, "POST", &path, huge).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(ask(&setup, "POST", &path, r#"{"why":"x"}"#).await.0, StatusCode::BAD_REQUEST);
    let reason = "x".repeat(REASON_BYTES_MAX);
    let (status, decision) = ask(&setup, "POST", &path, json!({ "reason": reason }).to_string()).await;
    assert_eq!((status, &decision["state"]), (StatusCode::OK, &json!("discarded")));
    assert_eq!(setup.record("bad").await.reason, Some(reason));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_is_said_to_be_missing() {
    let setup = start().await;
    for (method, path, status) in [
        ("GET", "nowhere", 404),
        ("GET", "events/7", 404),
        ("GET", "events/seven", 400),
        ("GET", "events?subjekt=o1", 400),
        ("GET", "events?state=asleep", 400),
        ("GET", "connections/other/activations", 404),
        ("POST", "connections", 405),
        ("POST", "connections/other/resume", 404),
        ("POST", "connections/other/swap", 404),
        ("POST", "connections/shop/swap", 400),
        ("POST", "connections/shop/rollback", 409),
        ("POST", "events/7/retry", 404),
        ("POST", "orders/7/retry", 404),
        ("POST", "deliveries/7/discard", 404),
        ("POST", "events/7/replay", 404),
    ] {
        let (found, said) = ask(&setup, method, path, Body::empty()).await;
        assert_eq!(found.as_u16(), status, "{method} {path}: {said}");
        assert!(said["error"].is_string(), "{method} {path}: {said}");
    }
}

#[tokio::test(start_paused = true)]
async fn deliveries_and_connections_are_listed() {
    let setup = start().await;
    setup.deliver("d1", "e1 o1").await;
    setup.settle().await;
    let (_, list) = get(&setup, "deliveries?connection=shop&state=done").await;
    assert_eq!(
        (&list["deliveries"][0]["id"], &list["deliveries"][0]["source"]),
        (&json!("d1"), &json!("ghl"))
    );
    assert_eq!(setup.host.deliveries(DeliveryFilter::default()).await.unwrap().len(), 1);
    let (_, list) = get(&setup, "connections").await;
    assert_eq!(list["connections"][0]["connector"], json!("fake 0.1.0"));
    let (_, resumed) = ask(&setup, "POST", "connections/shop/resume", Body::empty()).await;
    assert_eq!(resumed, json!({"connection": "shop", "was_paused": false}));
}

#[tokio::test(start_paused = true)]
async fn a_module_in_the_body_is_previewed_and_taken_up() {
    let setup = start().await;
    let next = Arc::new(Fake { version: "sha256:next", ..Fake::default() });
    next.script("e1", &[Reply::Trap, Reply::Trap]);
    setup.fake.siblings.lock().unwrap().push(Arc::clone(&next));
    setup.submit("e1", "o1").await;
    setup.settle().await;

    let (status, preview) = ask(&setup, "POST", "connections/shop/preview?events=5", "sha256:next").await;
    assert_eq!(status, StatusCode::OK, "{preview}");
    assert_eq!(preview["replays"][0]["broke"], json!(true));
    let (status, refused) = ask(&setup, "POST", "connections/shop/swap", "sha256:next").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{refused}");
    assert_eq!(refused["preview"]["module"], json!("sha256:next"), "{refused}");
    assert!(refused["error"].as_str().unwrap().contains("fails on 1 of 1"), "{refused}");

    let path = "connections/shop/swap?preview=0&reason=because%20of%20x";
    let (status, swap) = ask(&setup, "POST", path, "sha256:next").await;
    assert_eq!(status, StatusCode::OK, "{swap}");
    assert_eq!((&swap["module"], &swap["was"]), (&json!("sha256:next"), &json!("sha256:fake")));
    let (_, list) = get(&setup, "connections/shop/activations?limit=1").await;
    let activation = &list["activations"][0];
    assert_eq!((&activation["by"], &activation["reason"]), (&json!("command"), &json!("because of x")));

    let (status, said) = ask(&setup, "POST", "connections/shop/swap", vec![b'x'; 1025]).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "a fake's engine takes 1,024 bytes: {said}");
}
