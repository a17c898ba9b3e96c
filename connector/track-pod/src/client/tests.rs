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

#[test]
fn an_order_is_deleted_unless_somebody_has_arrived_with_it() {
    let delete = |status, body| {
        let http = Script::default().answer("DELETE /Order/Id/a%2F1", status, body);
        Client::new(&http).delete("a/1")
    };
    assert_eq!(delete(200, r#"{"Status":200,"Title":"OK"}"#), Ok(Deletion::Deleted));
    assert_eq!(delete(404, ""), Ok(Deletion::Missing));
    assert_eq!(delete(410, ""), Ok(Deletion::Missing));
    let refused = r#"{"Status":400,"Title":"Bad Request","Detail":"Order already has delivery status"}"#;
    let message = "Bad Request; Order already has delivery status".to_owned();
    assert_eq!(delete(400, refused), Ok(Deletion::TooLate { message }));
    let message = "the order has a delivery status".to_owned();
    assert_eq!(delete(405, ""), Ok(Deletion::TooLate { message }));
    assert!(delete(401, "").unwrap_err().needs_attention());
}

#[test]
fn a_planned_order_is_rejected() {
    let reject = |status, body, rejection: &Rejection| {
        let http = Script::default().answer("PUT /Order/Id/a%2F1/Reject", status, body);
        (Client::new(&http).reject("a/1", rejection), http.last_body())
    };
    let rejection = Rejection { comment: "Refunded".to_owned(), reason_id: Some(19) };
    let sent = r#"{"DriverComment":"Refunded","RejectReasonId":19}"#.to_owned();
    assert_eq!(reject(200, "", &rejection), (Ok(Rejected::Accepted), sent.clone()));
    assert_eq!(reject(404, "", &rejection), (Ok(Rejected::Missing), sent.clone()));
    let refused = r#"{"Title":"Bad Request","Detail":"Order is not scheduled"}"#;
    let message = "Bad Request; Order is not scheduled".to_owned();
    assert_eq!(reject(400, refused, &rejection), (Ok(Rejected::NotScheduled { message }), sent));
    let long = Rejection { comment: "é".repeat(256), reason_id: None };
    let (_, sent) = reject(200, "", &long);
    assert_eq!(sent, format!(r#"{{"DriverComment":"{}…"}}"#, "é".repeat(254)));
}

const LIST: &str = r#"[{"Id":"1","StatusId":3},{"Id":"2"}]"#;

#[test]
fn changed_orders_are_asked_for_by_a_time_in_one_segment() {
    // 2024-02-01T10:00:09.250Z.
    let http = Script::default().answer("GET /Order/Status/Date/2024-02-01T10%3A00%3A09", 200, LIST);
    let orders = Client::new(&http).changed_since(Instant(1_706_781_609_250)).unwrap();
    assert_eq!(orders.iter().map(|order| order.status_id).collect::<Vec<_>>(), [Some(3), None]);
}

#[test]
fn orders_are_listed_by_day_route_and_number() {
    let http = Script::default()
        .answer("GET /Order/Date/2024-02-01", 200, LIST)
        .answer("GET /Order/Route/Date/2024-02-01", 200, "null")
        .answer("GET /Order/Number/a%2F1/List", 200, LIST)
        .answer("GET /Order/Number/a%2F1/List", 410, "")
        .answer("GET /Order/Number/a%2F1/List", 404, "")
        .answer("GET /Order/Date/2024-02-01", 404, "");
    let client = Client::new(&http);
    assert_eq!(client.orders_on("2024-02-01").map(|orders| orders.len()), Ok(2));
    assert_eq!(client.orders_routed_on("2024-02-01"), Ok(Vec::new()));
    assert_eq!(client.orders_numbered("a/1").map(|orders| orders.len()), Ok(2));
    assert_eq!(client.orders_numbered("a/1"), Ok(Vec::new()));
    assert_eq!(client.orders_numbered("a/1"), Ok(Vec::new()));
    // No day is documented to be missing, so this is a wrong address.
    assert_eq!(client.orders_on("2024-02-01").unwrap_err().status(), Some(404));
    for date in ["", "today", "2024-02-30", "2024-02-01T00:00:00"] {
        let error = client.orders_on(date).unwrap_err();
        assert!(matches!(error, ApiError::Unsendable { .. }), "{error}");
    }
    assert_eq!(http.sent().len(), 6);
}
