//! Tests of the client against scripted answers.

use serde_json::{Value, json};
use transload_model::{Entity, Instant, Money};
use transload_wire::HttpError;
use transload_wire::fakes::Script;

use super::*;
use crate::VERSION_MAX;
use crate::record::Record;
use crate::samples::{example, example_text};

const STALE: &str = r#"{"type":"https://api.rankr.example/problems/stale-version","title":"Stale","status":409,"detail":"1 < 2"}"#;
const NOT_FOUND: &str =
    r#"{"type":"https://api.rankr.example/problems/not-found","title":"Not found","status":404}"#;

fn order() -> SinkOrder {
    SinkOrder::read(example_text("Order").as_bytes()).unwrap()
}

fn fulfillment() -> SinkFulfillment {
    SinkFulfillment::read(example_text("Fulfillment").as_bytes()).unwrap()
}

/// Makes one call of a sink that speaks the contract.
fn ask<T>(
    call: &str,
    status: u16,
    body: &str,
    ask: impl Fn(&Client<'_>) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    let http = Script::default().answer(call, status, body);
    let shape = Shape::default();
    ask(&Client::new(&http, &shape))
}

#[test]
fn the_token_is_tried() {
    assert_eq!(ask("GET /health", 200, r#"{"status":"ok"}"#, |client| client.health()), Ok(()));
    let error = ask("GET /health", 401, r#"{"title":"No","detail":"bad token"}"#, |client| client.health());
    let error = error.unwrap_err();
    assert!(error.needs_attention());
    assert_eq!(error.to_string(), "GET /health answered 401: No: bad token");
}

#[test]
fn an_order_is_there_or_not() {
    let get = |status, body: &str| ask("GET /orders/a%2F1", status, body, |client| client.order("a/1"));
    let order = get(200, &example_text("Order")).unwrap().unwrap();
    assert_eq!((order.version, order.order.total.to_string().as_str()), (1_767_600_000_000, "150.10 USD"));
    assert_eq!(order.refunded, Some(Money::zero("USD".parse().unwrap())));
    // 2026-01-05T08:00:01.500Z by `date -ud … +%s`.
    assert_eq!(order.received_at, Some(Instant(1_767_600_001_500)));
    assert_eq!(get(404, NOT_FOUND), Ok(None));
    // A wrong base URL must not look like a sink without orders.
    for page in ["", "<html>404</html>", "[]"] {
        assert_eq!(get(404, page).unwrap_err().status(), Some(404), "{page}");
    }
    assert!(get(200, "{\"orderId\":").unwrap_err().is_transient());
    assert!(get(404, &NOT_FOUND[..40]).unwrap_err().is_transient(), "what was cut may come whole");
    let error = get(200, r#"{"orderId":"a/1","amount":"many"}"#).unwrap_err().to_string();
    assert!(error.starts_with("GET /orders/a%2F1 answered something unexpected: amount: "), "{error}");
}

#[test]
fn what_decides_something_is_not_guessed() {
    let get = |member: &str, value: Value| {
        let mut body = example("Order");
        *body.pointer_mut(member).unwrap() = value;
        ask("GET /orders/1", 200, &body.to_string(), |client| client.order("1")).unwrap_err().to_string()
    };
    for (member, value, said) in [
        ("/orderId", json!(null), "order : orderId is missing"),
        ("/version", json!(null), "order 5f0d4e8ab3c1: version is missing"),
        ("/version", json!(-1), "order 5f0d4e8ab3c1: version is not between 0 and 9007199254740991"),
        (
            "/version",
            json!(VERSION_MAX + 1),
            "order 5f0d4e8ab3c1: version is not between 0 and 9007199254740991",
        ),
        ("/status", json!(""), "order 5f0d4e8ab3c1: status is missing"),
        ("/amount", json!(null), "order 5f0d4e8ab3c1: amount is missing"),
        ("/amount", json!("-1"), "order 5f0d4e8ab3c1: amount is below zero"),
        ("/currency", json!(null), "order 5f0d4e8ab3c1: currency is missing"),
        ("/lines/1/lineId", json!(null), "order 5f0d4e8ab3c1: lines[1].lineId is missing"),
        ("/lines/1/quantity", json!(null), "order 5f0d4e8ab3c1: lines[1].quantity is missing"),
        ("/lines/0/quantity", json!("-2"), "order 5f0d4e8ab3c1: lines[0].quantity is below zero"),
    ] {
        let error = get(member, value);
        assert_eq!(error, format!("GET /orders/1 answered something unexpected: {said}"));
    }
}

#[test]
fn what_does_not_decide_is_read_tolerantly() {
    let mut body = example("Order");
    for member in ["customer", "shipTo", "lines", "live", "createdAt", "extra", "note"] {
        body[member] = Value::Null;
    }
    body["version"] = json!("1767600000000");
    body["amount"] = json!(150.5);
    body["amountPaid"] = json!("-0.01");
    let order = ask("GET /orders/1", 200, &body.to_string(), |client| client.order("1")).unwrap().unwrap();
    assert_eq!((order.version, order.order.live), (1_767_600_000_000, true));
    assert_eq!(order.order.total.to_string(), "150.50 USD");
    assert_eq!(order.order.paid.unwrap().to_string(), "-0.01 USD");
    assert_eq!(order.order.customer.unwrap().id.as_deref(), Some("c-77"));
    assert!(order.order.ship_to.is_none() && order.order.lines.is_empty() && order.extra.is_empty());
}

#[test]
fn a_write_creates_updates_or_is_too_old() {
    let put = |status, body: &str| {
        ask("PUT /orders/5f0d4e8ab3c1", status, body, |client| client.put_order(&order()))
    };
    assert_eq!(put(201, ""), Ok(Put::Created));
    assert_eq!(put(200, "whatever the sink stored"), Ok(Put::Updated));
    assert_eq!(put(409, STALE), Ok(Put::Stale { message: "Stale: 1 < 2".to_owned() }));
    assert_eq!(put(409, ""), Ok(Put::Stale { message: "what is stored is newer".to_owned() }));
    assert_eq!(put(409, "<html>busy</html>").unwrap_err().status(), Some(409));
    let other = put(409, r#"{"type":"https://x/problems/locked","title":"Locked"}"#).unwrap_err();
    assert_eq!(other.to_string(), "PUT /orders/5f0d4e8ab3c1 answered 409: Locked");
    let invalid = put(422, r#"{"title":"Invalid","detail":"lines[0].quantity"}"#).unwrap_err();
    assert!(!invalid.is_transient() && invalid.to_string().ends_with("422: Invalid: lines[0].quantity"));
    assert_eq!(put(404, NOT_FOUND).unwrap_err().status(), Some(404));
    let http = Script::default().fail("PUT /orders/5f0d4e8ab3c1", HttpError::Timeout);
    let shape = Shape::default();
    assert!(Client::new(&http, &shape).put_order(&order()).unwrap_err().is_transient());
    let sent = http.sent();
    assert_eq!(sent[0].url, "https://api.rankr.example/orders/5f0d4e8ab3c1");
    assert!(sent[0].headers.contains(&("content-type", "application/json".to_owned())));
    // The host chooses the key; one of ours would be refused.
    assert!(!sent[0].headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("idempotency-key")));
}

#[test]
fn what_the_wire_has_no_room_for_is_not_sent() {
    let shape = Shape::default();
    let http = Script::default();
    let client = Client::new(&http, &shape);
    let euro = Some(Money::zero("EUR".parse().unwrap()));
    let with = |change: &dyn Fn(&mut SinkOrder)| {
        let mut order = order();
        change(&mut order);
        client.put_order(&order).unwrap_err().to_string()
    };
    let call = "PUT /orders/5f0d4e8ab3c1 was not sent: order 5f0d4e8ab3c1:";
    let other = "is not in the currency of the object's amount";
    assert_eq!(with(&|order| order.order.paid = euro), format!("{call} amountPaid {other}"));
    assert_eq!(with(&|order| order.refunded = euro), format!("{call} amountRefunded {other}"));
    assert_eq!(
        with(&|order| order.order.lines[1].unit_price = euro),
        format!("{call} lines[1].unitPrice {other}")
    );
    assert_eq!(
        with(&|order| order.order.lines[0].quantity = "-1".parse().unwrap()),
        format!("{call} lines[0].quantity is below zero")
    );
    assert_eq!(
        with(&|order| order.version = VERSION_MAX + 1),
        format!("{call} version is not between 0 and 9007199254740991")
    );
    let below = Money::new("-1".parse().unwrap(), "USD".parse().unwrap());
    assert_eq!(with(&|order| order.order.total = below), format!("{call} amount is below zero"));
    assert!(with(&|order| order.order.id.clear()).ends_with("order : orderId is missing"));
    // 10000-01-01T00:00:00Z by `date -ud … +%s`.
    let late = Some(Instant(253_402_300_800_000));
    assert!(with(&|order| order.order.updated_at = late).ends_with("is beyond the year 9999"));
    let mut transaction = SinkTransaction::read(example_text("Transaction").as_bytes()).unwrap();
    transaction.transaction.created_at = None;
    let error = client.put_transaction(&transaction).unwrap_err().to_string();
    assert!(error.ends_with("transaction t-31: timestamp is missing"), "{error}");
    assert!(http.sent().is_empty());
}

#[test]
fn a_fulfilment_is_stored_known_or_of_no_order() {
    let post = |status, body: &str| {
        let mut mine = fulfillment();
        mine.notify_customer = true;
        ask("POST /payments/orders/5f0d4e8ab3c1/fulfillments", status, body, |client| {
            client.post_fulfillment(&mine)
        })
    };
    assert_eq!(post(201, ""), Ok(Posted::Created));
    assert_eq!(post(200, &example_text("Fulfillment")), Ok(Posted::Known(Box::new(fulfillment()))));
    assert_eq!(post(404, NOT_FOUND), Ok(Posted::NoOrder));
    assert_eq!(post(404, "<html>").unwrap_err().status(), Some(404));
    assert!(post(200, "{}").unwrap_err().to_string().ends_with("fulfillment : fulfillmentId is missing"));
    assert!(fulfillment().is_ours());
}

#[test]
fn the_sink_is_asked_to_tell_the_customer_once_it_shall() {
    let shape = Shape::default();
    for notify in [true, false] {
        let http = Script::default().answer("POST /payments/orders/5f0d4e8ab3c1/fulfillments", 201, "");
        let mine = SinkFulfillment { notify_customer: notify, ..fulfillment() };
        Client::new(&http, &shape).post_fulfillment(&mine).unwrap();
        let mut expected = example("Fulfillment");
        if !notify {
            expected.as_object_mut().unwrap().remove("notifyCustomer");
        }
        assert_eq!(serde_json::from_str::<Value>(&http.last_body()).unwrap(), expected);
    }
}

#[test]
fn fulfilments_are_listed_by_their_order() {
    let list = |status, body: &str| {
        ask("GET /payments/orders/o1/fulfillments", status, body, |client| client.fulfillments("o1"))
    };
    let body = json!({"items": [example("Fulfillment")]}).to_string();
    assert_eq!(list(200, &body), Ok(Some(vec![fulfillment()])));
    assert_eq!(list(200, r#"{"items":[]}"#), Ok(Some(Vec::new())));
    assert_eq!(list(404, NOT_FOUND), Ok(None));
    let sinks = r#"{"items":[{"fulfillmentId":"f","orderId":"o1","status":"delivered"}]}"#;
    assert!(!list(200, sinks).unwrap().unwrap()[0].is_ours());
    for (body, said) in [
        (r#"{"items":[{"fulfillmentId":"f","status":"x"}]}"#, "items[0]: fulfillment f: orderId is missing"),
        (r#"{"items":[{"fulfillmentId":"f","orderId":"o1"}]}"#, "items[0]: fulfillment f: status is missing"),
        (
            r#"{"items":[{"fulfillmentId":"f","orderId":"o1","status":"x","lines":[{"lineId":"l","quantity":"-1"}]}]}"#,
            "items[0]: fulfillment f: lines[0].quantity is below zero",
        ),
        ("{}", "items is missing"),
        (r#"{"items":null}"#, "items is missing"),
    ] {
        assert!(list(200, body).unwrap_err().to_string().ends_with(said), "{body}");
    }
}

#[test]
fn lists_are_followed_by_their_cursors() {
    let page = |name: &str| json!({"items": [example(name)], "nextCursor": "c/2"}).to_string();
    let http = Script::default()
        .answer("GET /orders?updated_since=2026-01-05T08%3A00%3A00.000Z&limit=100", 200, &page("Order"))
        .answer("GET /orders?cursor=c%2F2&limit=1", 200, r#"{"items":[]}"#)
        .answer("GET /orders?cursor=c%2F2", 200, &page("Order"))
        .answer("GET /payments/transactions", 200, &page("Transaction"))
        .answer("GET /payments/subscriptions", 200, &page("Subscription"))
        .answer("GET /invoices", 200, &page("Invoice"));
    let shape = Shape::default();
    let client = Client::new(&http, &shape);
    let since = Some(Instant(1_767_600_000_000));
    // More than a sink answers is not asked for.
    let first =
        client.orders(&Query { updated_since: since, limit: Some(PAGE_ROWS_MAX + 1), ..Query::default() });
    let first = first.unwrap();
    assert_eq!((first.items, first.next_cursor.as_deref()), (vec![order()], Some("c/2")));
    let last = Query { cursor: first.next_cursor.as_deref(), limit: Some(0), ..Query::default() };
    assert_eq!(client.orders(&last), Ok(Page { items: Vec::new(), next_cursor: None }));
    let error = client.orders(&Query { limit: None, ..last }).unwrap_err().to_string();
    assert!(error.ends_with("nextCursor is the cursor that was asked with"), "{error}");
    let late = Query { updated_since: Some(Instant(u64::MAX)), ..Query::default() };
    assert!(matches!(client.orders(&late), Err(ApiError::Unsendable { .. })));
    let transactions = client.transactions(&Query::default()).unwrap();
    assert_eq!(transactions.items[0].transaction.settles.len(), 3);
    assert_eq!(transactions.items[0].transaction.settles[1], Entity::Invoice("i-12".to_owned()));
    let subscriptions = client.subscriptions(&Query::default()).unwrap();
    assert_eq!(subscriptions.items[0].last_transaction_id.as_deref(), Some("t-31"));
    assert_eq!(
        client.invoices(&Query::default()).unwrap().items[0].invoice.due.unwrap().to_string(),
        "100.10 USD"
    );
    assert!(http.unanswered().is_empty());
}

#[test]
fn transactions_subscriptions_and_invoices_are_read_and_written() {
    let http = Script::default()
        .answer("GET /payments/transactions/t-31", 200, &example_text("Transaction"))
        .answer("PUT /payments/transactions/t-31", 201, "")
        .answer("GET /payments/subscriptions/s-4", 200, &example_text("Subscription"))
        .answer("PUT /payments/subscriptions/s-4", 409, STALE)
        .answer("GET /invoices/i-12", 200, &example_text("Invoice"))
        .answer("PUT /invoices/i-12", 200, "")
        .answer("GET /invoices/none", 404, NOT_FOUND);
    let shape = Shape::default();
    let client = Client::new(&http, &shape);
    let transaction = client.transaction("t-31").unwrap().unwrap();
    assert_eq!(client.put_transaction(&transaction), Ok(Put::Created));
    let subscription = client.subscription("s-4").unwrap().unwrap();
    assert!(matches!(client.put_subscription(&subscription), Ok(Put::Stale { .. })));
    let invoice = client.invoice("i-12").unwrap().unwrap();
    assert_eq!(client.put_invoice(&invoice), Ok(Put::Updated));
    assert_eq!(client.invoice("none"), Ok(None));
    assert!(http.unanswered().is_empty());
}

#[test]
fn a_sink_with_other_paths_names_and_words_is_spoken_to_by_settings_alone() {
    let shape: Shape = serde_json::from_str(
        r#"{"paths": {"put_order": "/v2/sales/{orderId}", "get_order": "/v2/sales/{orderId}", "list_orders": "/v2/sales",
                "post_fulfillment": "/v2/sales/{orderId}/shipments"},
            "fields": {"order": {"orderId": "external_id", "amount": "/total/value", "currency": "/total/unit"},
                "fulfillment": {"fulfillmentId": "shipment"},
                "page": {"items": "data", "nextCursor": "/meta/next"}, "query": {"updated_since": "since", "cursor": "after"}},
            "statuses": {"order": {"completed": "done"}}}"#,
    )
    .unwrap();
    let sinks =
        r#"{"external_id":"o 1","version":1,"status":"done","total":{"value":"7","unit":"EUR"},"live":true}"#;
    let page = format!(r#"{{"data":[{sinks}],"meta":{{"next":"n2"}}}}"#);
    let http = Script::default()
        .answer("GET /v2/sales/o%201", 200, sinks)
        .answer("PUT /v2/sales/o%201", 201, sinks)
        .answer("GET /v2/sales?since=1970-01-01T00%3A00%3A00.001Z&after=x", 200, &page)
        .answer(
            "POST /v2/sales/o%201/shipments",
            200,
            r#"{"shipment":"f-9","orderId":"o 1","status":"delivered"}"#,
        );
    let client = Client::new(&http, &shape);
    let order = client.order("o 1").unwrap().unwrap();
    assert_eq!(order.order.status, transload_model::OrderStatus::Completed);
    assert_eq!(client.put_order(&order), Ok(Put::Created));
    let sent: Value = serde_json::from_str(&http.last_body()).unwrap();
    assert_eq!(sent, serde_json::from_str::<Value>(sinks).unwrap());
    let query = Query { updated_since: Some(Instant(1)), cursor: Some("x"), limit: None };
    let listed = client.orders(&query).unwrap();
    assert_eq!(listed, Page { items: vec![order], next_cursor: Some("n2".to_owned()) });
    let mut mine = fulfillment();
    mine.fulfillment.order_id = "o 1".to_owned();
    let Ok(Posted::Known(stored)) = client.post_fulfillment(&mine) else { panic!("not known") };
    assert_eq!(stored.fulfillment.id, "f-9");
}
