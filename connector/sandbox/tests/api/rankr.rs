//! The order sink over HTTP: every operation, every refusal that its contract names, keys, pages, rates and faults.

use transload_sandbox::{Fault, FaultKind, SandboxOptions, System};

use crate::support::{Answer, Fixture, at, unpaced};

const TRANSACTION: &str = r#"{"transactionId":"t1","version":7,"amount":"50.10","currency":"USD",
    "status":"succeeded","timestamp":"2026-01-05T08:00:00.000Z","orderId":"o1","live":true}"#;
const SUBSCRIPTION: &str = r#"{"subscriptionId":"s1","version":7,"status":"active","amount":"9.00","currency":"USD",
    "period":"P1M","nextChargeAt":"2026-02-05T08:00:00.000Z","live":true}"#;
const INVOICE: &str = r#"{"invoiceId":"i1","version":7,"status":"sent","amount":"50.10","currency":"USD",
    "amountPaid":"0.00","amountDue":"50.10","live":true}"#;

pub fn order(id: &str, version: u64, amount: &str) -> String {
    format!(
        r#"{{"orderId":"{id}","version":{version},"status":"pending","amount":"{amount}","currency":"USD","live":true,
        "customer":{{"name":"Nora"}},"lines":[{{"lineId":"a","quantity":"2"}}]}}"#
    )
}

fn fulfillment(id: &str, order: &str) -> String {
    format!(
        r#"{{"fulfillmentId":"{id}","orderId":"{order}","status":"created","origin":"ghl","trackingNumber":"T-1",
        "notifyCustomer":true,"lines":[{{"lineId":"a","quantity":"1"}}]}}"#
    )
}

fn assert_problem(answer: &Answer, status: u16, name: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let problem = answer.json();
    assert_eq!(at(&problem, "type"), format!("https://api.rankr.example/problems/{name}"));
    assert_eq!(at(&problem, "status"), status.to_string());
    assert!(!at(&problem, "title").is_empty() && !at(&problem, "detail").is_empty());
}

#[tokio::test]
async fn an_order_is_created_then_updated_and_an_older_version_is_stale() {
    let fixture = Fixture::start(unpaced()).await;
    let made = fixture.rankr("PUT", "/orders/o1", &order("o1", 5, "150.10")).await;
    assert_eq!((made.status, at(&made.json(), "amount").as_str()), (201, "150.10"));
    let equal = fixture.rankr("PUT", "/orders/o1", &order("o1", 5, "151.00")).await;
    assert_eq!((equal.status, at(&equal.json(), "amount").as_str()), (200, "151.00"));
    let newer = fixture.rankr("PUT", "/orders/o1", &order("o1", 6, "152.00")).await;
    assert_eq!(newer.status, 200);
    let stale = fixture.rankr("PUT", "/orders/o1", &order("o1", 5, "1.00")).await;
    assert_problem(&stale, 409, "stale-version");
    let stored = fixture.rankr("GET", "/orders/o1", "").await;
    assert_eq!((stored.status, at(&stored.json(), "amount").as_str()), (200, "152.00"));
    let received = at(&stored.json(), "receivedAt");
    assert_eq!((received.len(), received.ends_with('Z')), (24, true), "{received}");
}

#[tokio::test]
async fn an_update_replaces_all_members() {
    let fixture = Fixture::start(unpaced()).await;
    fixture.rankr("PUT", "/orders/o1", &order("o1", 5, "1")).await;
    let short = r#"{"orderId":"o1","version":6,"status":"completed","amount":"1","currency":"USD","live":true,
        "customer":null,"receivedAt":"2020-01-01T00:00:00.000Z"}"#;
    let answer = fixture.rankr("PUT", "/orders/o1", short).await.json();
    assert_eq!((at(&answer, "customer"), at(&answer, "lines")), ("-".to_owned(), "-".to_owned()));
    assert_ne!(at(&answer, "receivedAt"), "2020-01-01T00:00:00.000Z");
}

#[tokio::test]
async fn transactions_subscriptions_and_invoices_are_stored_as_orders_are() {
    let fixture = Fixture::start(unpaced()).await;
    for (path, body) in [
        ("/payments/transactions/t1", TRANSACTION),
        ("/payments/subscriptions/s1", SUBSCRIPTION),
        ("/invoices/i1", INVOICE),
    ] {
        assert_eq!(fixture.rankr("GET", path, "").await.status, 404, "{path}");
        assert_eq!(fixture.rankr("PUT", path, body).await.status, 201, "{path}");
        assert_eq!(fixture.rankr("PUT", path, body).await.status, 200, "{path}");
        let older = body.replace(r#""version":7"#, r#""version":6"#);
        assert_problem(&fixture.rankr("PUT", path, &older).await, 409, "stale-version");
        let stored = fixture.rankr("GET", path, "").await.json();
        assert_eq!(at(&stored, "version"), "7", "{path}");
        let (list, _) = path.rsplit_once('/').unwrap();
        let page = fixture.rankr("GET", list, "").await.json();
        assert_eq!((at(&page, "items.0.version"), at(&page, "nextCursor")), ("7".to_owned(), "-".to_owned()));
    }
}

#[tokio::test]
async fn a_fulfillment_is_stored_once_and_the_same_id_again_answers_what_is_stored() {
    let fixture = Fixture::start(unpaced()).await;
    let path = "/payments/orders/o1/fulfillments";
    assert_problem(&fixture.rankr("POST", path, &fulfillment("f1", "o1")).await, 404, "not-found");
    assert_problem(&fixture.rankr("GET", path, "").await, 404, "not-found");
    fixture.rankr("PUT", "/orders/o1", &order("o1", 5, "1")).await;
    let made = fixture.rankr("POST", path, &fulfillment("f1", "o1")).await;
    assert_eq!((made.status, at(&made.json(), "notifyCustomer").as_str()), (201, "-"));
    let other = fulfillment("f1", "o1").replace("T-1", "T-2");
    let again = fixture.rankr("POST", path, &other).await;
    assert_eq!((again.status, at(&again.json(), "trackingNumber").as_str()), (200, "T-1"));
    fixture.rankr("POST", path, &fulfillment("f2", "o1")).await;
    let list = fixture.rankr("GET", path, "").await.json();
    assert_eq!(at(&list, "items.0.fulfillmentId"), "f1");
    assert_eq!(at(&list, "items.1.fulfillmentId"), "f2");
    let state = fixture.control.snapshot().await.unwrap().rankr;
    assert_eq!((state.orders[0].fulfillments.len(), state.orders[0].notices), (2, 2));
}

#[tokio::test]
async fn bodies_that_do_not_fit_are_refused_by_name() {
    let fixture = Fixture::start(unpaced()).await;
    fixture.rankr("PUT", "/orders/o1", &order("o1", 5, "1")).await;
    for (method, path, body, named) in [
        ("PUT", "/orders/o2", "[]".to_owned(), "an object"),
        ("PUT", "/orders/o2", "{".to_owned(), "not JSON"),
        ("PUT", "/orders/o2", "{}".to_owned(), "orderId: is required"),
        ("PUT", "/orders/o2", order("o1", 5, "1"), "orderId: must be o2"),
        ("PUT", "/orders/o2", order("o2", 5, "1,5"), "amount: must be"),
        ("PUT", "/orders/o2", order("o2", 5, "-1"), "amount: must be"),
        ("PUT", "/orders/o2", order("o2", 5, "1").replace(r#""1""#, "1"), "amount: must be"),
        ("PUT", "/orders/o2", order("o2", 5, "1").replace("USD", "usd"), "currency: must be"),
        ("PUT", "/orders/o2", order("o2", 5, "1").replace("pending", ""), "status: must be"),
        ("PUT", "/orders/o2", order("o2", 5, "1").replace("live", "life"), "life: is not a member"),
        ("PUT", "/orders/o2", order("o2", 5, "1").replace(r#":"2""#, ":2"), "lines[0].quantity: must be"),
        ("PUT", "/payments/transactions/t1", TRANSACTION.replace(".000Z", "Z"), "timestamp: must be"),
        ("PUT", "/payments/subscriptions/s1", SUBSCRIPTION.replace("P1M", "monthly"), "period: must be"),
        ("PUT", "/payments/subscriptions/s1", SUBSCRIPTION.replace(r#""currency":"USD","#, ""), "currency:"),
        ("PUT", "/invoices/i1", INVOICE.replace(":7", ":7.5"), "version: must be"),
        ("POST", "/payments/orders/o1/fulfillments", fulfillment("f", "o2"), "orderId: must be o1"),
        ("POST", "/payments/orders/o1/fulfillments", fulfillment("", "o1"), "fulfillmentId: must be"),
    ] {
        let answer = fixture.rankr(method, path, &body).await;
        assert_problem(&answer, 422, "invalid-body");
        assert!(answer.text.contains(named), "{named}: {}", answer.text);
    }
    let ledger = fixture.control.ledger(0).await.unwrap();
    assert_eq!(ledger.entries.iter().filter(|entry| entry.object.is_some()).count(), 1);
}

#[tokio::test]
async fn the_token_the_path_and_the_method_are_checked() {
    let fixture = Fixture::start(unpaced()).await;
    let health = fixture.rankr("GET", "/health", "").await;
    assert_eq!((health.status, at(&health.json(), "status").as_str()), (200, "ok"));
    let url = format!("{}/health", fixture.sandbox.rankr_url());
    for headers in
        [&[][..], &[("authorization", "Bearer other")], &[("authorization", "sandbox-rankr-token")]]
    {
        assert_problem(&fixture.send("GET", &url, headers, "").await.unwrap(), 401, "unauthorized");
    }
    for (method, path) in [("GET", "/payments/orders"), ("GET", "/v2/sales"), ("PUT", "/orders/o1/lines")] {
        assert_problem(&fixture.rankr(method, path, "").await, 404, "not-found");
    }
    for (method, path) in
        [("POST", "/orders"), ("DELETE", "/orders/o1"), ("PUT", "/payments/orders/o1/fulfillments")]
    {
        assert_problem(&fixture.rankr(method, path, "{}").await, 405, "method");
    }
}

#[tokio::test]
async fn a_key_answers_the_same_request_once_more_and_refuses_another() {
    let fixture = Fixture::start(unpaced()).await;
    let body = order("o1", 5, "1");
    let first = fixture.keyed_rankr("k1", "PUT", "/orders/o1", &body).await;
    let again = fixture.keyed_rankr("k1", "PUT", "/orders/o1", &body).await;
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.text, again.text);
    for (path, body) in [("/orders/o1", order("o1", 6, "1")), ("/orders/o2", order("o2", 5, "1"))] {
        assert_problem(&fixture.keyed_rankr("k1", "PUT", path, &body).await, 422, "idempotency-key-reused");
    }
    let ledger = fixture.control.ledger(0).await.unwrap();
    let objects: Vec<_> = ledger.entries.iter().map(|entry| entry.object.as_deref()).collect();
    assert_eq!(objects, [Some("o1"), None, None, None]);
    let long = "k".repeat(256);
    assert_problem(&fixture.keyed_rankr(&long, "PUT", "/orders/o1", &body).await, 422, "invalid-parameter");
}

#[tokio::test]
async fn a_refusal_is_not_remembered_for_its_key() {
    let fixture = Fixture::start(unpaced()).await;
    let path = "/payments/orders/o1/fulfillments";
    assert_eq!(fixture.keyed_rankr("k1", "POST", path, &fulfillment("f1", "o1")).await.status, 404);
    fixture.rankr("PUT", "/orders/o1", &order("o1", 5, "1")).await;
    assert_eq!(fixture.keyed_rankr("k1", "POST", path, &fulfillment("f1", "o1")).await.status, 201);
}

#[tokio::test]
async fn pages_follow_each_other_and_begin_where_they_are_asked_to() {
    let fixture = Fixture::start(unpaced()).await;
    for number in 0..7 {
        fixture.rankr("PUT", &format!("/orders/o{number}"), &order(&format!("o{number}"), 1, "1")).await;
    }
    let (mut path, mut found) = ("/orders?limit=3".to_owned(), Vec::new());
    for _ in 0..3 {
        let page = fixture.rankr("GET", &path, "").await.json();
        let items = page.get("items").unwrap().as_array().unwrap();
        found.extend(items.iter().map(|order| at(order, "orderId")));
        path = format!("/orders?limit=3&cursor={}", at(&page, "nextCursor"));
    }
    assert_eq!(found, ["o0", "o1", "o2", "o3", "o4", "o5", "o6"]);
    assert!(path.ends_with("cursor=-"));
    fixture.rankr("PUT", "/orders/o2", &order("o2", 2, "1")).await;
    let changed = fixture.rankr("GET", "/orders/o2", "").await.json();
    let since = format!("/orders?updated_since={}", at(&changed, "receivedAt"));
    let page = fixture.rankr("GET", &since, "").await.json();
    let found = page.get("items").unwrap().as_array().unwrap();
    assert!(found.iter().any(|order| at(order, "orderId") == "o2"));
    let later = fixture.rankr("GET", "/orders?updated_since=2999-01-01T00:00:00.000Z", "").await.json();
    assert_eq!((at(&later, "items"), at(&later, "nextCursor")), ("[]".to_owned(), "-".to_owned()));
    for query in ["limit=0", "limit=101", "limit=x", "cursor=~", "updated_since=yesterday"] {
        let answer = fixture.rankr("GET", &format!("/orders?{query}"), "").await;
        assert_problem(&answer, 422, "invalid-parameter");
    }
}

#[tokio::test]
async fn requests_beyond_the_rate_are_told_when_to_come_again() {
    let fixture = Fixture::start(SandboxOptions { seed: Some(1), ..SandboxOptions::default() }).await;
    let url = format!("{}/health", fixture.sandbox.rankr_url());
    assert_eq!(fixture.send("GET", &url, &[], "").await.unwrap().status, 401);
    for _ in 0..100 {
        assert_eq!(fixture.rankr("GET", "/health", "").await.status, 200);
    }
    let refused = fixture.rankr("GET", "/health", "").await;
    assert_problem(&refused, 429, "too-many-requests");
    let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=10).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn a_lost_answer_leaves_its_effect_and_its_key() {
    let fixture = Fixture::start(unpaced()).await;
    let fault = |kind| Fault {
        system: System::Rankr,
        method: Some("PUT".into()),
        path: "/orders".into(),
        skip: 0,
        times: 1,
        kind,
    };
    fixture.control.add_fault(&fault(FaultKind::DropAfter)).await.unwrap();
    let token = format!("Bearer {}", fixture.sandbox.options().rankr_token);
    let headers = [("authorization", token.as_str()), ("idempotency-key", "k1")];
    let url = format!("{}/orders/o1", fixture.sandbox.rankr_url());
    assert!(fixture.send("PUT", &url, &headers, &order("o1", 1, "1")).await.is_err());
    let again = fixture.keyed_rankr("k1", "PUT", "/orders/o1", &order("o1", 1, "1")).await;
    assert_eq!(again.status, 201);
    let status = FaultKind::Status { status: 503, retry_after: Some(2) };
    fixture.control.add_fault(&fault(status)).await.unwrap();
    let broken = fixture.rankr("PUT", "/orders/o1", &order("o1", 2, "1")).await;
    assert_problem(&broken, 503, "fault");
    assert_eq!(broken.header("retry-after"), Some("2"));
    let ledger = fixture.control.ledger(0).await.unwrap();
    let met: Vec<_> = ledger.entries.iter().map(|entry| (entry.status, entry.fault.as_deref())).collect();
    assert_eq!(met, [(Some(201), Some("drop-after")), (Some(201), None), (Some(503), Some("status"))]);
    let counts = fixture.control.write_counts().await.unwrap();
    assert_eq!((counts.operations[0].path.as_str(), counts.writes), ("/orders/{}", 3));
}
