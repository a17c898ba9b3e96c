//! Payments, refunds and request rates of the GHL fake.

use transload_sandbox::{Json, Pay, PlaceOrder, Refund, SandboxOptions};

use crate::support::{Fixture, at, number};

async fn total(fixture: &Fixture, path: &str, filter: &str) -> String {
    let answer = fixture.ghl("GET", &format!("{path}?{}&{filter}", fixture.location()), "").await;
    at(&answer.json(), "totalCount")
}

async fn payment_status(fixture: &Fixture) -> Vec<&'static str> {
    let mut found = Vec::new();
    for status in ["unpaid", "partially_paid", "paid", "refunded"] {
        if total(fixture, "/payments/orders", &format!("paymentStatus={status}")).await == "1" {
            found.push(status);
        }
    }
    found
}

#[tokio::test]
async fn payments_and_refunds_move_the_order_and_lose_no_cent() {
    let (fixture, order) = Fixture::with_order().await;
    assert_eq!(payment_status(&fixture).await, ["unpaid"]);
    let pay = |amount: Option<&str>| Pay { amount: amount.map(number), status: None };
    let first = fixture.control.pay(&order, &pay(Some("100.10"))).await.unwrap();
    assert_eq!(payment_status(&fixture).await, ["partially_paid"]);
    assert_eq!(total(&fixture, "/payments/orders", "status=pending").await, "1");
    let second = fixture.control.pay(&order, &pay(None)).await.unwrap();
    assert_eq!(payment_status(&fixture).await, ["paid"]);
    assert_eq!(total(&fixture, "/payments/orders", "status=completed").await, "1");

    let detail = async |id: &str| {
        let path = format!("/payments/transactions/{id}?{}", fixture.location());
        fixture.ghl("GET", &path, "").await.json()
    };
    // What came in as 100.10 goes out as 100.10; the rest is 150.1 - 100.10.
    assert_eq!(at(&detail(&first).await, "amount"), "100.10");
    assert_eq!(at(&detail(&second).await, "amount"), "50.00");

    let refunded = fixture.control.refund(&first, &Refund { amount: Some(number("0.1")) }).await.unwrap();
    assert_eq!(at(&refunded, "amountRefunded"), "0.1");
    let too_much = fixture.control.refund(&first, &Refund { amount: Some(number("100.01")) }).await;
    assert!(too_much.unwrap_err().to_string().contains("at most 100.00"));
    assert_eq!(payment_status(&fixture).await, ["paid"]);
    fixture.control.refund(&first, &Refund::default()).await.unwrap();
    fixture.control.refund(&second, &Refund::default()).await.unwrap();
    assert_eq!(payment_status(&fixture).await, ["refunded"]);
    let state = &fixture.control.snapshot().await.unwrap().ghl.orders[0];
    assert_eq!(state.captured.decimal(), "150.1".parse().ok());
    assert_eq!(state.refunded.decimal(), "150.1".parse().ok());
}

#[tokio::test]
async fn awkward_amounts_survive() {
    let (fixture, _) = Fixture::with_order().await;
    for amount in ["0.30000000000000004", "1234567890123456.789", "1500", "12.345", "9223372036854775807"] {
        let order = Json::parse(&format!(r#"{{"amount":{amount},"currency":"USD"}}"#)).unwrap();
        let placed =
            fixture.control.place_order(&PlaceOrder { order: Some(order), webhook: false }).await.unwrap();
        let transaction = fixture.control.pay(&placed.id, &Pay::default()).await.unwrap();
        let path = format!("/payments/orders/{}?{}", placed.id, fixture.location());
        assert_eq!(at(&fixture.ghl("GET", &path, "").await.json(), "amount"), amount);
        let path = format!("/payments/transactions/{transaction}?{}", fixture.location());
        assert_eq!(at(&fixture.ghl("GET", &path, "").await.json(), "amount"), amount);
    }
}

#[tokio::test]
async fn a_failed_payment_is_shown_and_counts_for_nothing() {
    let (fixture, order) = Fixture::with_order().await;
    let failed = Pay { amount: None, status: Some("failed".to_owned()) };
    let id = fixture.control.pay(&order, &failed).await.unwrap();
    assert_eq!(payment_status(&fixture).await, ["unpaid"]);
    let list = fixture.ghl("GET", &format!("/payments/transactions?{}", fixture.location()), "").await.json();
    assert_eq!(at(&list, "data.0.status"), "failed");
    assert!(fixture.control.refund(&id, &Refund::default()).await.is_err());
}

#[tokio::test]
async fn list_and_detail_of_a_transaction_have_different_shapes() {
    let (fixture, order) = Fixture::with_order().await;
    let id = fixture.control.pay(&order, &Pay::default()).await.unwrap();
    let path = format!("/payments/transactions?{}&entityId={order}", fixture.location());
    let list = fixture.ghl("GET", &path, "").await.json();
    let path = format!("/payments/transactions/{id}?{}", fixture.location());
    let detail = fixture.ghl("GET", &path, "").await.json();
    for (member, in_list, in_detail) in [
        ("_id", id.as_str(), id.as_str()),
        ("entityId", &order, &order),
        ("amount", "150.1", "150.1"),
        ("amountRefunded", "0", "0"),
        ("status", "succeeded", "succeeded"),
        ("entitySourceType", "website", "-"),
        ("entitySource.type", "-", "website"),
        ("paymentProviderType", "stripe", "-"),
        ("paymentProvider.type", "-", "stripe"),
        ("contactName", "Nora Lindqvist", "-"),
        ("contactSnapshot.lastName", "-", "Lindqvist"),
        ("isParent", "-", "false"),
    ] {
        assert_eq!(at(&list, &format!("data.0.{member}")), in_list, "list: {member}");
        assert_eq!(at(&detail, member), in_detail, "detail: {member}");
    }
    assert_eq!(at(&list, "data.0.fulfilledAt"), at(&list, "data.0.createdAt"));
    assert_eq!(at(&detail, "fulfilledAt"), "-");
}

#[tokio::test]
async fn lists_are_narrowed_by_their_filters() {
    let (fixture, order) = Fixture::with_order().await;
    fixture.control.pay(&order, &Pay::default()).await.unwrap();
    let old = r#"{"amount":1,"liveMode":false,"createdAt":"2024-02-13T23:59:59.999Z","contactId":"c2"}"#;
    let old = PlaceOrder { order: Some(Json::parse(old).unwrap()), webhook: false };
    fixture.control.place_order(&old).await.unwrap();
    let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    for (filter, orders, transactions) in [
        (String::new(), "2", "1"),
        ("paymentMode=live".to_owned(), "1", "1"),
        ("paymentMode=test".to_owned(), "1", "0"),
        ("contactId=c2".to_owned(), "1", "0"),
        ("startAt=2024-02-13&endAt=2024-02-13".to_owned(), "1", "0"),
        ("startAt=2024-02-14".to_owned(), "1", "1"),
        ("endAt=2024-02-12".to_owned(), "0", "0"),
        (format!("startAt={today}"), "1", "1"),
    ] {
        assert_eq!(total(&fixture, "/payments/orders", &filter).await, orders, "orders: {filter}");
        assert_eq!(
            total(&fixture, "/payments/transactions", &filter).await,
            transactions,
            "transactions: {filter}"
        );
    }
    assert_eq!(total(&fixture, "/payments/transactions", "entityId=other").await, "0");
    assert_eq!(total(&fixture, "/payments/transactions", "subscriptionId=sub_1").await, "0");
}

#[tokio::test]
async fn the_101st_request_in_ten_seconds_is_429() {
    let fixture = Fixture::start(SandboxOptions::default()).await;
    let path = format!("/payments/orders?{}", fixture.location());
    for request in 0..100 {
        let answer = fixture.ghl("GET", &path, "").await;
        assert_eq!(answer.status, 200, "request {request}");
        assert_eq!(answer.header("x-ratelimit-remaining"), Some((99 - request).to_string().as_str()));
    }
    let refused = fixture.ghl("GET", &path, "").await;
    assert_eq!(refused.status, 429);
    for (header, value) in [
        ("x-ratelimit-max", Some("100")),
        ("x-ratelimit-remaining", Some("0")),
        ("x-ratelimit-interval-milliseconds", Some("10000")),
        ("x-ratelimit-limit-daily", Some("200000")),
        ("x-ratelimit-daily-remaining", Some("199900")),
        ("retry-after", None),
    ] {
        assert_eq!(refused.header(header), value, "{header}");
    }
}
