//! Tests of the client against scripted answers.

use transload_model::{Instant, LineQuantity};
use transload_wire::fakes::Script;
use transload_wire::{HttpError, Method, Response};

use super::payments::ENTITY_PAGES_MAX;
use super::*;
use crate::{NewFulfillment, Note, TransactionQuery};

const ORDER: &str = include_str!("../fixtures/order.json");
const TRANSACTION: &str = include_str!("../fixtures/transaction.json");
const TRANSACTIONS: &str = include_str!("../fixtures/transactions.json");

#[test]
fn every_call_has_the_headers_that_the_document_asks_for() {
    let http = Script::default().answer("GET /payments/orders/o1?altId=loc", 200, ORDER);
    let order = Client::new(&http, "loc").order("o1").unwrap().unwrap();
    assert_eq!(order.id, "653f5e0cde5a1314e62a837c");
    let sent = http.sent();
    assert_eq!(sent[0].url, "https://services.leadconnectorhq.com/payments/orders/o1?altId=loc");
    let headers = [("accept", "application/json".to_owned()), ("Version", "2021-07-28".to_owned())];
    assert_eq!(sent[0].headers, headers);

    let http = Script::default().answer("GET /payments/orders/o1?altId=loc", 200, ORDER);
    Client::new(&http, "loc").version("v3").order("o1").unwrap();
    assert_eq!(http.sent()[0].headers[1], ("Version", "v3".to_owned()));
}

#[test]
fn not_found_is_none_only_where_the_object_is_named() {
    let order = |status, body| {
        let http = Script::default().answer("GET /payments/orders/o1?altId=loc", status, body);
        Client::new(&http, "loc").order("o1")
    };
    assert_eq!(order(400, r#"{"statusCode":400,"message":"Order not found"}"#), Ok(None));
    assert_eq!(order(404, r#"{"status":404,"message":"Order not found","traceId":"t"}"#), Ok(None));
    for (status, body, text) in [
        (
            404,
            r#"{"statusCode":404,"message":"Cannot GET /payments/orders/o1","error":"Not Found"}"#,
            "GET /payments/orders/o1 answered 404: Cannot GET /payments/orders/o1",
        ),
        (
            400,
            r#"{"statusCode":400,"message":"Location not found"}"#,
            "GET /payments/orders/o1 answered 400: Location not found",
        ),
        (
            401,
            r#"{"statusCode":401,"message":"The token is not authorized for this scope."}"#,
            "GET /payments/orders/o1 answered 401: The token is not authorized for this scope.",
        ),
    ] {
        assert_eq!(order(status, body).unwrap_err().to_string(), text);
    }

    let http =
        Script::default().answer("GET /contacts/c1", 400, r#"{"message":"Contact not found"}"#).answer(
            "GET /payments/transactions/t1?altId=loc&altType=location",
            400,
            r#"{"message":"Transaction not found"}"#,
        );
    let client = Client::new(&http, "loc");
    assert_eq!(client.contact("c1"), Ok(None));
    assert_eq!(client.transaction("t1"), Ok(None));
}

#[test]
fn an_order_that_cannot_be_understood_names_the_member() {
    let order = |body: &str| {
        let http = Script::default().answer("GET /payments/orders/o1?altId=loc", 200, body);
        Client::new(&http, "loc").order("o1").unwrap_err()
    };
    assert_eq!(
        order(&ORDER.replace(r#""currency": "kwd","#, "")),
        ApiError::Unreadable {
            call: "GET /payments/orders/o1".to_owned(),
            reason: "order 653f5e0cde5a1314e62a837c: currency is missing".to_owned(),
        }
    );
    let error = order(&ORDER.replace(r#""qty": 2"#, r#""qty": "two""#)).to_string();
    assert!(error.contains("items[1].qty: \"two\" is not a decimal number"), "{error}");
}

#[test]
fn a_transaction_is_read_alone() {
    let http = Script::default().answer(
        "GET /payments/transactions/t1?altId=loc&altType=location",
        200,
        TRANSACTION,
    );
    let transaction = Client::new(&http, "loc").transaction("t1").unwrap().unwrap();
    assert_eq!(transaction.order_id(), Some("61dd0fe9c077f73e67f78803"));
}

#[test]
fn a_page_of_transactions_starts_at_a_day() {
    let http = Script::default().answer(
        "GET /payments/transactions?altId=loc&altType=location&startAt=2024-02-01&limit=50&offset=150",
        200,
        TRANSACTIONS,
    );
    let start_at = Some(Instant(1_706_781_600_000)); // 2024-02-01T10:00:00Z
    let query = TransactionQuery { start_at, limit: 50, offset: 150, ..TransactionQuery::default() };
    let page = Client::new(&http, "loc").transactions(&query).unwrap();
    assert_eq!((page.rows.len(), page.total), (1, 1));
}

/// A page of transactions with these ids, of `total` in all.
fn page(ids: impl Iterator<Item = u64>, total: u64) -> String {
    let rows: Vec<String> = ids
        .map(|id| format!(r#"{{"_id":"t{id}","status":"succeeded","amount":1.1,"currency":"USD"}}"#))
        .collect();
    format!(r#"{{"data":[{}],"totalCount":{total}}}"#, rows.join(","))
}

fn call(offset: u64) -> String {
    format!("GET /payments/transactions?altId=loc&altType=location&entityId=o1&limit=100&offset={offset}")
}

#[test]
fn all_transactions_of_an_order_are_read_once_each() {
    // The second page begins with the last row of the first, as it does when a row is added in between.
    let http = Script::default().answer(&call(0), 200, &page(0..100, 150)).answer(
        &call(100),
        200,
        &page(99..150, 150),
    );
    let transactions = Client::new(&http, "loc").order_transactions("o1").unwrap();
    assert_eq!(transactions.len(), 150);
    assert!(http.unanswered().is_empty());
}

#[test]
fn an_empty_page_ends_it() {
    let http =
        Script::default().answer(&call(0), 200, &page(0..100, 150)).answer(&call(100), 200, &page(0..0, 150));
    assert_eq!(Client::new(&http, "loc").order_transactions("o1").unwrap().len(), 100);
}

#[test]
fn an_order_with_more_pages_than_an_order_can_have_is_an_error() {
    let total = u64::from(ENTITY_PAGES_MAX) * u64::from(PAGE_ROWS);
    let script = |total: u64| {
        (0..u64::from(ENTITY_PAGES_MAX)).fold(Script::default(), |http, number| {
            http.answer(&call(number * 100), 200, &page(number * 100..number * 100 + 100, total))
        })
    };
    let http = script(total);
    assert_eq!(Client::new(&http, "loc").order_transactions("o1").unwrap().len(), 5000);
    let http = script(total + 1);
    let error = Client::new(&http, "loc").order_transactions("o1").unwrap_err();
    assert!(error.to_string().ends_with("order o1 has 5001 transactions"), "{error}");
}

#[test]
fn a_list_without_a_count_is_no_list() {
    for body in [r#"{"data":[]}"#, r#"{"data":[],"totalCount":-1}"#, r#"{"data":[],"totalCount":0.5}"#] {
        let http = Script::default().answer(&call(0), 200, body);
        let error = Client::new(&http, "loc").order_transactions("o1").unwrap_err();
        assert!(error.to_string().contains("totalCount"), "{error}");
    }
}

#[test]
fn orders_are_counted() {
    let body = r#"{"data":[{"_id":"o1"}],"totalCount":"12"}"#;
    let http = Script::default().answer("GET /payments/orders?altId=loc&limit=1&offset=0", 200, body);
    assert_eq!(Client::new(&http, "loc").orders_total(), Ok(12));
}

#[test]
fn fulfilments_are_listed_and_written() {
    let list = include_str!("../fixtures/fulfillments.json");
    let reply = r#"{"status":true,"data":{"_id":"f1","trackings":[],"items":[]},"traceId":"t"}"#;
    let http = Script::default()
        .answer("GET /payments/orders/o1/fulfillments?altId=loc&altType=location", 200, list)
        .answer("POST /payments/orders/o1/fulfillments", 201, reply);
    let client = Client::new(&http, "loc");
    assert_eq!(client.fulfillments("o1").unwrap().len(), 1);
    let lines = vec![LineQuantity::new("p1", 1.into())];
    let fulfillment = NewFulfillment { lines, tracking: Vec::new(), notify_customer: true };
    assert_eq!(client.create_fulfillment("o1", &fulfillment).as_deref(), Ok("f1"));
    let sent = http.sent();
    assert_eq!(sent[1].method, Method::Post);
    assert!(sent[1].headers.contains(&("content-type", "application/json".to_owned())));
    let expected = r#"{"altId":"loc","altType":"location","trackings":[],"items":[{"priceId":"p1","qty":1}],"notifyCustomer":true}"#;
    assert_eq!(http.last_body(), expected);
}

#[test]
fn notes_are_listed_and_written() {
    let http = Script::default()
        .answer("GET /contacts/c1/notes", 200, r#"{"notes":[{"id":"n1","body":"hello"},{"id":"n2"}]}"#)
        .answer("POST /contacts/c1/notes", 201, r#"{"note":{"id":"n3","body":"bye","contactId":"c1"}}"#)
        .answer("POST /contacts/c1/notes", 201, "{}");
    let client = Client::new(&http, "loc");
    let note = |id: &str, body: &str| Note { id: id.to_owned(), body: body.to_owned() };
    assert_eq!(client.notes("c1"), Ok(vec![note("n1", "hello"), note("n2", "")]));
    assert_eq!(client.create_note("c1", "say \"bye\"\n").as_deref(), Ok("n3"));
    assert_eq!(http.last_body(), r#"{"body":"say \"bye\"\n"}"#);
    let error = client.create_note("c1", "x").unwrap_err().to_string();
    assert_eq!(error, "POST /contacts/c1/notes answered something unexpected: note.id is missing");
}

#[test]
fn a_contact_is_read() {
    let http = Script::default().answer("GET /contacts/c1", 200, include_str!("../fixtures/contact.json"));
    let party = Client::new(&http, "loc").contact("c1").unwrap().unwrap();
    // Contacts are merged: the id that was asked for is the one that the order names.
    assert_eq!(party.id.as_deref(), Some("c1"));
    assert_eq!(party.phone.as_deref(), Some("+27215550100"));
}

#[test]
fn failures_keep_what_can_be_done_about_them() {
    let limited = Response {
        status: 429,
        headers: vec![("x-ratelimit-interval-milliseconds".to_owned(), "10000".to_owned())],
        body: br#"{"statusCode":429,"message":"Too Many Requests"}"#.to_vec(),
    };
    let http = Script::default()
        .respond("GET /contacts/c1/notes", limited)
        .fail("GET /contacts/c1/notes", HttpError::Timeout);
    let client = Client::new(&http, "loc");
    let error = client.notes("c1").unwrap_err();
    assert!(error.is_transient());
    assert!(matches!(error, ApiError::Status { retry_after_ms: Some(10_000), .. }));
    assert!(client.notes("c1").unwrap_err().is_transient());
}

#[test]
fn an_id_stays_in_its_segment() {
    let http = Script::default().answer("GET /contacts/..%2F..%2Foauth%3F/notes", 200, "{}");
    assert_eq!(Client::new(&http, "loc").notes("../../oauth?"), Ok(Vec::new()));
}
