//! Tests of the client against scripted answers.

use transload_wire::HttpError;
use transload_wire::fakes::Script;

use super::*;
use crate::new_order::tests::new_order;

fn lookup(status: u16, body: &str) -> Result<Lookup, ApiError> {
    let http = Script::default().answer("GET /Order/Id/a%2F1", status, body);
    Client::new(&http).order("a/1")
}

fn update(status: u16, body: &str) -> Result<Update, ApiError> {
    let http = Script::default().answer("PUT /Order", status, body);
    Client::new(&http).update(&new_order())
}

#[test]
fn the_key_is_tried() {
    let http = Script::default().answer("GET /Test", 200, "\"ok\"").answer("GET /Test", 401, "");
    let client = Client::new(&http);
    assert_eq!(client.test(), Ok(()));
    assert!(client.test().unwrap_err().needs_attention());
    assert_eq!(http.sent()[0].url, "https://api.track-pod.com/Test");
}

#[test]
fn an_order_is_there_or_not_yet_or_no_longer() {
    let Ok(Lookup::Found(order)) = lookup(200, include_str!("../fixtures/order.json")) else {
        panic!("not found")
    };
    assert_eq!(order.route_number.as_deref(), Some("R000123"));
    assert_eq!(lookup(404, ""), Ok(Lookup::Missing));
    let tombstone = r#"{"Order":{"Id":"a/1","Weight":50.5,"DeletedBy":"patrik@example.com","DeletedDate":"2024-02-01T12:30:41"},
        "Status":410,"Title":"Gone"}"#;
    // 2024-02-01T12:30:41Z by `date -ud … +%s`: the document says UTC.
    let at = Some(Instant(1_706_790_641_000));
    assert_eq!(lookup(410, tombstone), Ok(Lookup::Deleted { by: Some("patrik@example.com".to_owned()), at }));
    assert_eq!(lookup(410, "gone"), Ok(Lookup::Deleted { by: None, at: None }));
    let error = lookup(500, "").unwrap_err();
    assert!(error.is_transient());
    assert_eq!(error.to_string(), "GET /Order/Id/a%2F1 answered 500: an empty body");
    let error = lookup(200, r#"{"GoodsList":[{"Cost":"x"}]}"#).unwrap_err().to_string();
    assert!(error.contains("GoodsList[0].Cost"), "{error}");
}

#[test]
fn an_order_is_created_once_asked() {
    let http = Script::default()
        .answer("POST /Order", 201, r#"{"Status":201,"Title":"Created"}"#)
        .answer(
            "POST /Order",
            400,
            r#"{"title":"One or more validation errors occurred.","errors":{"Client":["required"]}}"#,
        )
        .fail("POST /Order", HttpError::Timeout);
    let client = Client::new(&http);
    let order = new_order();
    assert_eq!(client.create(&order), Ok(()));
    assert_eq!(http.last_body(), serde_json::to_string(&order).unwrap());
    let error = client.create(&order).unwrap_err();
    assert_eq!(
        error.to_string(),
        "POST /Order answered 400: One or more validation errors occurred.; Client: required"
    );
    assert!(!error.is_transient());
    assert!(client.create(&order).unwrap_err().is_transient());
}

#[test]
fn an_update_is_taken_or_too_late() {
    assert_eq!(update(202, "{}"), Ok(Update::Accepted));
    let message = "Not Allowed; Order is processed".to_owned();
    assert_eq!(
        update(405, r#"{"Status":405,"Title":"Not Allowed","Detail":"Order is processed"}"#),
        Ok(Update::TooLate { message })
    );
    let message = "the order has been processed on the mobile application".to_owned();
    assert_eq!(update(405, ""), Ok(Update::TooLate { message }));
    assert_eq!(update(404, ""), Ok(Update::Missing));
    assert_eq!(update(410, ""), Ok(Update::Deleted));
    assert_eq!(update(415, "").unwrap_err().status(), Some(415));
}
